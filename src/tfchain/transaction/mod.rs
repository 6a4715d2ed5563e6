//! Transactions of all versions: one enum, one set of accessors.
//!
//! JSON is `{"version": V, "data": {…}}`, printed exactly as the chain prints it; the binary form
//! is the version byte and the data. Ids and signature hashes come from the binary form. The id
//! covers the fulfillments, so it and all output ids change when a signature is added.
mod auth;
mod body;
mod codec;
mod erc20;
mod minting;
mod threebot;
mod unknown;
mod v0;
mod v1;

pub use auth::{AuthAddressUpdate, AuthConditionUpdate};
pub use erc20::{Erc20AddressRegistration, Erc20CoinCreation, Erc20Convert};
pub use minting::{CoinCreation, CoinDestruction, MinterDefinition, Nonce};
pub use threebot::{
    BotNameTransfer, BotRecordUpdate, BotRegistration, BotSignature, Identification, ListChange,
};
pub use unknown::{JsonText, UnknownData, UnknownTransaction};
pub use v0::LegacyTransaction;
pub use v1::StandardTransaction;

use super::amount::Amount;
use super::atomicswap::SwapSecret;
use super::condition::Condition;
use super::constants::{SPECIFIER_BLOCKSTAKE_OUTPUT, SPECIFIER_COIN_OUTPUT};
use super::encoding::{Decode, DecodeError, Decoder, Encode, EncodeError, Encoder};
use super::fulfillment::Fulfillment;
use super::hash::{Hash, OutputId, TransactionId};
use super::json::{json_object, value};
use super::keys::{KeyPair, PublicKey, Signature};
use super::rules::RuleError;
use super::signing::{self, Extra, SignError, SignTarget, SignatureHasher};
use body::{Body, Parts, PartsMut};
use std::borrow::Cow;

/// An input: the output that it spends, and what unlocks it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Input {
    /// Id of the spent output.
    pub parent_id: OutputId,
    /// What unlocks it.
    pub fulfillment: Fulfillment,
}

json_object!(Input {
    "parentid" => parent_id: value,
    "fulfillment" => fulfillment: value,
});

/// A coin or block stake output: how much, and how it is locked.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Output {
    /// Units of coins, or block stakes.
    pub value: Amount,
    /// How it is locked.
    pub condition: Condition,
}

json_object!(Output {
    "value" => value: value,
    "condition" => condition: value,
});

impl Input {
    /// Makes an input that is not signed yet.
    pub fn unsigned(parent_id: OutputId) -> Self {
        Self {
            parent_id,
            fulfillment: Fulfillment::Nil,
        }
    }
}

impl Output {
    /// Makes an output.
    pub fn new(value: Amount, condition: Condition) -> Self {
        Self { value, condition }
    }
}

impl Encode for Input {
    fn encode(&self, encoder: &mut Encoder) {
        encoder.value(&self.parent_id);
        encoder.value(&self.fulfillment);
    }
}

impl Decode for Input {
    fn decode(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            parent_id: decoder.value()?,
            fulfillment: decoder.value()?,
        })
    }
}

impl Encode for Output {
    fn encode(&self, encoder: &mut Encoder) {
        encoder.value(&self.value);
        encoder.value(&self.condition);
    }
}

impl Decode for Output {
    fn decode(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            value: decoder.value()?,
            condition: decoder.value()?,
        })
    }
}

/// A transaction of any version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transaction {
    /// Version 0.
    Legacy(LegacyTransaction),
    /// Version 1.
    Standard(StandardTransaction),
    /// Version 128.
    MinterDefinition(MinterDefinition),
    /// Version 129.
    CoinCreation(CoinCreation),
    /// Version 130.
    CoinDestruction(CoinDestruction),
    /// Version 144.
    BotRegistration(BotRegistration),
    /// Version 145.
    BotRecordUpdate(BotRecordUpdate),
    /// Version 146.
    BotNameTransfer(BotNameTransfer),
    /// Version 176.
    AuthAddressUpdate(AuthAddressUpdate),
    /// Version 177.
    AuthConditionUpdate(AuthConditionUpdate),
    /// Version 208.
    Erc20Convert(Erc20Convert),
    /// Version 209.
    Erc20CoinCreation(Erc20CoinCreation),
    /// Version 210.
    Erc20AddressRegistration(Erc20AddressRegistration),
    /// Any other version: kept and shown, but neither its id nor its parts are known.
    Unknown(UnknownTransaction),
}

/// All ids of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionIds {
    /// Its own.
    pub transaction: TransactionId,
    /// Those of its coin outputs, in order.
    pub coin_outputs: Vec<OutputId>,
    /// Those of its block stake outputs, in order.
    pub blockstake_outputs: Vec<OutputId>,
}

/// Runs an expression on the body of whichever version it is.
macro_rules! with_body {
    ($transaction:expr, $body:ident => $value:expr, unknown $unknown:ident => $other:expr) => {
        match $transaction {
            Transaction::Legacy($body) => $value,
            Transaction::Standard($body) => $value,
            Transaction::MinterDefinition($body) => $value,
            Transaction::CoinCreation($body) => $value,
            Transaction::CoinDestruction($body) => $value,
            Transaction::BotRegistration($body) => $value,
            Transaction::BotRecordUpdate($body) => $value,
            Transaction::BotNameTransfer($body) => $value,
            Transaction::AuthAddressUpdate($body) => $value,
            Transaction::AuthConditionUpdate($body) => $value,
            Transaction::Erc20Convert($body) => $value,
            Transaction::Erc20CoinCreation($body) => $value,
            Transaction::Erc20AddressRegistration($body) => $value,
            Transaction::Unknown($unknown) => $other,
        }
    };
}
pub(crate) use with_body;

impl Transaction {
    fn body(&self) -> Option<&dyn Body> {
        with_body!(self, body => Some(body), unknown _body => None)
    }

    fn body_mut(&mut self) -> Option<&mut dyn Body> {
        with_body!(self, body => Some(body), unknown _body => None)
    }

    fn parts(&self) -> Parts<'_> {
        self.body().map(Body::parts).unwrap_or_default()
    }

    fn parts_mut(&mut self) -> PartsMut<'_> {
        self.body_mut().map(Body::parts_mut).unwrap_or_default()
    }

    fn known(&self) -> Result<&dyn Body, EncodeError> {
        self.body()
            .ok_or(EncodeError::UnknownVersion(self.version()))
    }

    /// Returns the version.
    pub fn version(&self) -> u8 {
        with_body!(self, body => body.layout().version, unknown body => body.version)
    }

    /// Returns what the version is for, in words.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Legacy(_) => "legacy",
            Self::Standard(_) => "standard",
            Self::MinterDefinition(_) => "mint definition",
            Self::CoinCreation(_) => "coin creation",
            Self::CoinDestruction(_) => "coin destruction",
            Self::BotRegistration(_) => "3bot registration",
            Self::BotRecordUpdate(_) => "3bot record update",
            Self::BotNameTransfer(_) => "3bot name transfer",
            Self::AuthAddressUpdate(_) => "address authorization update",
            Self::AuthConditionUpdate(_) => "authorization condition update",
            Self::Erc20Convert(_) => "ERC20 convert",
            Self::Erc20CoinCreation(_) => "ERC20 coin creation",
            Self::Erc20AddressRegistration(_) => "ERC20 address registration",
            Self::Unknown(_) => "unknown",
        }
    }

    /// Returns the coin inputs.
    pub fn coin_inputs(&self) -> &[Input] {
        self.parts().coin_inputs
    }

    /// Returns the coin inputs, to sign them.
    pub fn coin_inputs_mut(&mut self) -> &mut [Input] {
        self.parts_mut().coin_inputs
    }

    /// Returns the coin outputs, with a refund and the one output of version 209.
    pub fn coin_outputs(&self) -> Cow<'_, [Output]> {
        self.parts().coin_outputs
    }

    /// Returns the block stake inputs.
    pub fn blockstake_inputs(&self) -> &[Input] {
        self.parts().blockstake_inputs
    }

    /// Returns the block stake inputs, to sign them.
    pub fn blockstake_inputs_mut(&mut self) -> &mut [Input] {
        self.parts_mut().blockstake_inputs
    }

    /// Returns the block stake outputs.
    pub fn blockstake_outputs(&self) -> &[Output] {
        self.parts().blockstake_outputs
    }

    /// Returns the miner fees.
    pub fn miner_fees(&self) -> &[Amount] {
        self.parts().miner_fees
    }

    /// Returns the arbitrary data.
    pub fn arbitrary_data(&self) -> &[u8] {
        self.parts().arbitrary_data
    }

    /// Returns the fulfillment of the mint (128, 129) or auth (176, 177) condition.
    pub fn mint_fulfillment(&self) -> Option<&Fulfillment> {
        self.parts().mint_fulfillment
    }

    /// Returns that fulfillment, to sign it.
    pub fn mint_fulfillment_mut(&mut self) -> Option<&mut Fulfillment> {
        self.parts_mut().mint_fulfillment
    }

    /// Returns the binary form: version byte and data.
    ///
    /// # Errors
    /// When a part does not fit in its place, or the version is unknown.
    pub fn binary(&self) -> Result<Vec<u8>, EncodeError> {
        match self {
            Self::Unknown(body) => body.binary(),
            _ => codec::binary(self.known()?),
        }
    }

    /// Reads a binary form: version byte and data. Unknown versions are kept byte by byte.
    ///
    /// # Errors
    /// When the bytes are no transaction of their version.
    pub fn from_binary(bytes: &[u8]) -> Result<Self, DecodeError> {
        codec::from_binary(bytes)
    }

    /// Returns the bytes whose hash is the id.
    ///
    /// # Errors
    /// As [`Transaction::binary`].
    pub fn id_input(&self) -> Result<Vec<u8>, EncodeError> {
        codec::id_input(self.known()?)
    }

    /// Returns the id.
    ///
    /// # Errors
    /// As [`Transaction::binary`].
    pub fn id(&self) -> Result<TransactionId, EncodeError> {
        Ok(Hash::of(&self.id_input()?))
    }

    /// Returns the id and the ids of all outputs, reckoned in one go.
    ///
    /// # Errors
    /// As [`Transaction::binary`].
    pub fn ids(&self) -> Result<TransactionIds, EncodeError> {
        let input = self.id_input()?;
        let ids = |specifier: &[u8; 16], count: usize| {
            (0..count)
                .map(|index| output_id(specifier, &input, index))
                .collect()
        };
        Ok(TransactionIds {
            transaction: Hash::of(&input),
            coin_outputs: ids(&SPECIFIER_COIN_OUTPUT, self.coin_outputs().len()),
            blockstake_outputs: ids(
                &SPECIFIER_BLOCKSTAKE_OUTPUT,
                self.blockstake_outputs().len(),
            ),
        })
    }

    /// Returns the id of coin output number `index`.
    ///
    /// # Errors
    /// As [`Transaction::binary`].
    pub fn coin_output_id(&self, index: usize) -> Result<OutputId, EncodeError> {
        Ok(output_id(&SPECIFIER_COIN_OUTPUT, &self.id_input()?, index))
    }

    /// Returns the id of block stake output number `index`.
    ///
    /// # Errors
    /// As [`Transaction::binary`].
    pub fn blockstake_output_id(&self, index: usize) -> Result<OutputId, EncodeError> {
        let input = self.id_input()?;
        Ok(output_id(&SPECIFIER_BLOCKSTAKE_OUTPUT, &input, index))
    }

    /// Returns the signature hashes of the transaction: make it once, use it for every input.
    ///
    /// # Errors
    /// As [`Transaction::binary`].
    pub fn signature_hasher(&self) -> Result<SignatureHasher, EncodeError> {
        codec::signature_hasher(self.known()?)
    }

    /// Returns one signature hash, with these extra objects.
    ///
    /// # Errors
    /// As [`Transaction::binary`].
    pub fn signature_hash(&self, extras: &[Extra<'_>]) -> Result<Hash, EncodeError> {
        Ok(self.signature_hasher()?.hash(extras))
    }

    /// Returns the bytes whose hash is [`Transaction::signature_hash`].
    ///
    /// # Errors
    /// As [`Transaction::binary`].
    pub fn signature_preimage(&self, extras: &[Extra<'_>]) -> Result<Vec<u8>, EncodeError> {
        codec::signature_preimage(self.known()?, extras)
    }

    /// Signs an input or the mint fulfillment for `condition` with `key`; see [`signing::sign`].
    ///
    /// `hasher` is this transaction's own, made after its inputs and outputs were complete.
    ///
    /// # Errors
    /// When there is no such input, or the key cannot sign for the condition.
    pub fn sign(
        &mut self,
        hasher: &SignatureHasher,
        target: SignTarget,
        condition: &Condition,
        key: &KeyPair,
        secret: Option<&SwapSecret>,
    ) -> Result<(), SignError> {
        let fulfillment = match target {
            SignTarget::CoinInput(index) => self
                .coin_inputs_mut()
                .get_mut(index)
                .map(|input| &mut input.fulfillment)
                .ok_or(SignError::NoSuchInput(index))?,
            SignTarget::BlockStakeInput(index) => self
                .blockstake_inputs_mut()
                .get_mut(index)
                .map(|input| &mut input.fulfillment)
                .ok_or(SignError::NoSuchInput(index))?,
            SignTarget::MintFulfillment => self
                .mint_fulfillment_mut()
                .ok_or(SignError::NoSuchSignature(target))?,
            SignTarget::Bot
            | SignTarget::NameSender
            | SignTarget::NameReceiver
            | SignTarget::Erc20Registration => return self.sign_extension(target, key),
        };
        signing::sign(hasher, target, condition, key, secret, fulfillment)
    }

    /// Signs what a version asks for besides its inputs: the bot of 144 or 145, the giver or the
    /// receiver of 146, the registered key of 210. For 144 and 210 the key is put in too; as the
    /// signature hashes cover it, do this before the inputs are signed, or set the key before.
    ///
    /// # Errors
    /// When this version has no such signature.
    pub fn sign_extension(&mut self, target: SignTarget, key: &KeyPair) -> Result<(), SignError> {
        let none = SignError::NoSuchSignature(target);
        self.extension_signature(target).ok_or(none.clone())?;
        if let Some(body) = self.body_mut() {
            body.set_extension_key(*key.public_key());
        }
        let signature = key.sign(&self.signature_hasher()?.single(target));
        let body = self.body_mut().ok_or(none.clone())?;
        *body.extension_signature_mut(target).ok_or(none)? = signature;
        Ok(())
    }

    /// Returns a signature that the version has besides those of its inputs.
    pub fn extension_signature(&self, target: SignTarget) -> Option<&Signature> {
        self.body()
            .and_then(|body| body.extension_signature(target))
    }

    /// Checks such a signature: for 144 and 210 `key` is the one in the transaction, for 145 and
    /// 146 that of the bot's record.
    ///
    /// # Errors
    /// With the node's text, which stands behind `failed to fulfill … condition: ` there.
    pub fn check_extension(
        &self,
        hasher: &SignatureHasher,
        target: SignTarget,
        key: &PublicKey,
    ) -> Result<(), RuleError> {
        match self.extension_signature(target) {
            Some(signature) if key.verify(&hasher.single(target), signature) => Ok(()),
            _ => Err(RuleError::InvalidSignature),
        }
    }
}

fn output_id(specifier: &[u8; 16], id_input: &[u8], index: usize) -> OutputId {
    let index = u64::try_from(index).unwrap_or(u64::MAX).to_le_bytes();
    Hash::of_parts(&[specifier, id_input, &index])
}

macro_rules! from_body {
    ($($variant:ident($body:ty)),* $(,)?) => {
        $(impl From<$body> for Transaction {
            fn from(body: $body) -> Self {
                Self::$variant(body)
            }
        })*
    };
}

from_body!(
    Legacy(LegacyTransaction),
    Standard(StandardTransaction),
    MinterDefinition(MinterDefinition),
    CoinCreation(CoinCreation),
    CoinDestruction(CoinDestruction),
    BotRegistration(BotRegistration),
    BotRecordUpdate(BotRecordUpdate),
    BotNameTransfer(BotNameTransfer),
    AuthAddressUpdate(AuthAddressUpdate),
    AuthConditionUpdate(AuthConditionUpdate),
    Erc20Convert(Erc20Convert),
    Erc20CoinCreation(Erc20CoinCreation),
    Erc20AddressRegistration(Erc20AddressRegistration),
    Unknown(UnknownTransaction),
);
