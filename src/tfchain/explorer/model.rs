//! The JSON of explorer answers, as far as the client reads it.
//!
//! Go prints empty lists as `null`, so every list here takes null. What is not named is skipped
//! without being parsed, which is what makes large answers fast. Nothing here is trusted:
//! [`super::verify`] turns these shapes into [`super::types`].
use std::fmt;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer};

use super::verify::Checked;
use crate::tfchain::unlockhash::{ADDRESS_LENGTH, UNLOCK_HASH_BYTES};
use crate::tfchain::{Amount, Condition, Hash, Transaction, UnlockHash};

/// Reads null as the default value.
pub(super) fn nullable<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// Only the kind of a hash look-up, to explain a wrong one.
#[derive(Deserialize)]
pub(super) struct WireKind {
    pub(super) hashtype: String,
}

/// The look-up of an address.
#[derive(Deserialize)]
pub(super) struct WireAddressAnswer {
    pub(super) hashtype: String,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) transactions: Checked,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) multisigaddresses: Vec<UnlockHash>,
    #[serde(default)]
    pub(super) erc20info: Option<WireErc20Info>,
}

/// The look-up of an output.
#[derive(Deserialize)]
pub(super) struct WireOutputAnswer {
    pub(super) hashtype: String,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) transactions: Checked,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) blocks: Vec<WireBlock>,
}

/// The look-up of a transaction.
#[derive(Deserialize)]
pub(super) struct WireTransactionAnswer {
    pub(super) hashtype: String,
    pub(super) transaction: WireTransaction,
    #[serde(default)]
    pub(super) unconfirmed: bool,
}

/// The look-up of a block, by id.
#[derive(Deserialize)]
pub(super) struct WireBlockAnswer {
    pub(super) hashtype: String,
    pub(super) block: WireBlock,
}

/// A block, by height.
#[derive(Deserialize)]
pub(super) struct WireBlockByHeight {
    pub(super) block: WireBlock,
}

/// The newest block, in short.
#[derive(Deserialize)]
pub(super) struct WireFacts {
    pub(super) blockid: Hash,
    pub(super) height: u64,
}

#[derive(Deserialize)]
pub(super) struct WireTransaction {
    pub(super) id: Hash,
    pub(super) height: u64,
    pub(super) rawtransaction: Transaction,
    #[serde(default)]
    pub(super) timestamp: u64,
    #[serde(default)]
    pub(super) order: u64,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) coininputoutputs: Vec<WireOutput>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) coinoutputids: Vec<Hash>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) coinoutputunlockhashes: Vec<SaidAddress>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) blockstakeinputoutputs: Vec<WireOutput>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) blockstakeoutputids: Vec<Hash>,
    #[serde(default)]
    pub(super) unconfirmed: bool,
}

#[derive(Deserialize)]
pub(super) struct WireOutput {
    pub(super) value: Amount,
    pub(super) condition: Condition,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) unlockhash: SaidAddress,
}

#[derive(Deserialize)]
pub(super) struct WireBlock {
    pub(super) blockid: Hash,
    pub(super) height: u64,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) minerpayoutids: Vec<Hash>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) transactions: Checked,
    pub(super) rawblock: WireRawBlock,
}

#[derive(Deserialize)]
pub(super) struct WireRawBlock {
    pub(super) parentid: Hash,
    pub(super) timestamp: u64,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) minerpayouts: Vec<WirePayout>,
}

#[derive(Deserialize)]
pub(super) struct WirePayout {
    pub(super) value: Amount,
    pub(super) unlockhash: UnlockHash,
}

#[derive(Deserialize)]
pub(super) struct WireErc20Info {
    pub(super) tftaddress: UnlockHash,
    pub(super) erc20address: String,
    #[serde(default)]
    pub(super) confirmations: u64,
}

#[derive(Deserialize)]
pub(super) struct WireErc20Addresses {
    pub(super) tftaddress: UnlockHash,
    pub(super) erc20address: String,
}

#[derive(Deserialize)]
pub(super) struct WireMintCondition {
    pub(super) mintcondition: Condition,
}

#[derive(Deserialize)]
pub(super) struct WireRecord<T> {
    pub(super) record: T,
}

#[derive(Deserialize)]
pub(super) struct WirePool {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) transactions: Vec<Transaction>,
}

#[derive(Deserialize)]
pub(super) struct WirePosted {
    pub(super) transactionid: Hash,
}

/// An address as a node writes it beside a condition from which it follows: only ever compared,
/// so its checksum need not be computed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct SaidAddress([u8; ADDRESS_LENGTH]);

impl Default for SaidAddress {
    /// The nil address.
    fn default() -> Self {
        Self([b'0'; ADDRESS_LENGTH])
    }
}

impl SaidAddress {
    /// Returns true when the text is that of `address`; its checksum is not looked at.
    pub(super) fn is(&self, address: &UnlockHash) -> bool {
        let mut digits = [0; UNLOCK_HASH_BYTES * 2];
        let said = self.0.get(..digits.len());
        hex::encode_to_slice(address.bytes(), &mut digits).is_ok()
            && said.is_some_and(|said| said.eq_ignore_ascii_case(&digits))
    }

    /// Returns the text.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }
}

impl<'de> Deserialize<'de> for SaidAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl Visitor<'_> for TextVisitor {
            type Value = SaidAddress;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an address of 78 characters")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<SaidAddress, E> {
                match text {
                    "" => Ok(SaidAddress::default()),
                    text => text
                        .as_bytes()
                        .try_into()
                        .map(SaidAddress)
                        .map_err(|_| E::invalid_length(text.len(), &self)),
                }
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}
