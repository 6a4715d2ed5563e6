//! Versions 208, 209 and 210: coins to and from Ethereum. Rivbin, but for the signature hash of
//! version 209.

use super::body::{Body, DecodeBody, Layout, Parts, PartsMut, write_paid, write_parent_ids};
use super::{Input, Output};
use crate::tfchain::amount::Amount;
use crate::tfchain::condition::Condition;
use crate::tfchain::constants::{
    SPECIFIER_ERC20_ADDRESS_REGISTRATION, SPECIFIER_ERC20_COIN_CREATION, SPECIFIER_ERC20_CONVERT,
    VERSION_ERC20_ADDRESS_REGISTRATION, VERSION_ERC20_COIN_CREATION, VERSION_ERC20_CONVERT,
};
use crate::tfchain::encoding::{DecodeError, Decoder, Encoder, Encoding};
use crate::tfchain::erc20::{Erc20Address, Erc20Hash};
use crate::tfchain::json::{json_object, list_or_null, option, value};
use crate::tfchain::keys::{PublicKey, Signature};
use crate::tfchain::signing::SignTarget;
use crate::tfchain::unlockhash::UnlockHash;
use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};
use std::borrow::Cow;
use std::fmt::Display;
use std::slice::from_ref;

/// Version 208: coins leave for an Ethereum address, at least 1000 TFT.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Erc20Convert {
    /// Where they go.
    pub address: Erc20Address,
    /// How many.
    pub value: Amount,
    /// The miner fee.
    pub transaction_fee: Amount,
    /// Coins that are spent.
    pub coin_inputs: Vec<Input>,
    /// What is left over.
    pub refund: Option<Output>,
}

json_object!(Erc20Convert {
    "address" => address: value,
    "value" => value: value,
    "txfee" => transaction_fee: value,
    "coininputs" => coin_inputs: list_or_null,
    "refundcoinoutput" => refund: option,
});

impl Body for Erc20Convert {
    fn layout(&self) -> Layout {
        Self::LAYOUT
    }

    fn encode_data(&self, encoder: &mut Encoder) {
        encoder.value(&self.address);
        encoder.value(&self.value);
        encoder.value(&self.transaction_fee);
        encoder.list(&self.coin_inputs);
        encoder.optional(self.refund.as_ref());
    }

    fn write_preimage(&self, before: &mut Encoder, after: &mut Encoder) {
        before.value(&self.address);
        before.value(&self.value);
        write_paid(
            after,
            &self.coin_inputs,
            &self.transaction_fee,
            &self.refund,
        );
    }

    fn parts(&self) -> Parts<'_> {
        Parts::paid(&self.coin_inputs, &self.transaction_fee, &self.refund)
    }

    fn parts_mut(&mut self) -> PartsMut<'_> {
        PartsMut::inputs(&mut self.coin_inputs)
    }
}

impl DecodeBody for Erc20Convert {
    const LAYOUT: Layout =
        Layout::of(VERSION_ERC20_CONVERT, Encoding::Rivbin).with_specifier(SPECIFIER_ERC20_CONVERT);

    fn decode_data(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            address: decoder.value()?,
            value: decoder.value()?,
            transaction_fee: decoder.value()?,
            coin_inputs: decoder.list()?,
            refund: decoder.optional()?,
        })
    }
}

/// Version 209: coins come back from Ethereum. Made by bridges; a client only reads these.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Erc20CoinCreation {
    /// Who gets them.
    pub address: UnlockHash,
    /// How many.
    pub value: Amount,
    /// The miner fee.
    pub transaction_fee: Amount,
    /// Ethereum block.
    pub block_id: Erc20Hash,
    /// Ethereum transaction.
    pub transaction_id: Erc20Hash,
}

json_object!(Erc20CoinCreation {
    "address" => address: value,
    "value" => value: value,
    "txfee" => transaction_fee: value,
    "blockid" => block_id: value,
    "txid" => transaction_id: value,
});

impl Erc20CoinCreation {
    fn write(&self, encoder: &mut Encoder) {
        encoder.value(&self.address);
        encoder.value(&self.value);
        encoder.value(&self.transaction_fee);
        encoder.value(&self.block_id);
        encoder.value(&self.transaction_id);
    }
}

impl Body for Erc20CoinCreation {
    fn layout(&self) -> Layout {
        Self::LAYOUT
    }

    fn encode_data(&self, encoder: &mut Encoder) {
        self.write(encoder);
    }

    fn write_preimage(&self, _before: &mut Encoder, after: &mut Encoder) {
        self.write(after);
    }

    fn parts(&self) -> Parts<'_> {
        Parts {
            coin_outputs: Cow::Owned(vec![Output {
                value: self.value.clone(),
                condition: Condition::UnlockHash(self.address),
            }]),
            miner_fees: from_ref(&self.transaction_fee),
            ..Parts::default()
        }
    }
}

impl DecodeBody for Erc20CoinCreation {
    const LAYOUT: Layout = Layout::of(VERSION_ERC20_COIN_CREATION, Encoding::Rivbin)
        .with_specifier(SPECIFIER_ERC20_COIN_CREATION)
        .with_preimage_in(Encoding::Siabin);

    fn decode_data(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            address: decoder.value()?,
            value: decoder.value()?,
            transaction_fee: decoder.value()?,
            block_id: decoder.value()?,
            transaction_id: decoder.value()?,
        })
    }
}

/// Version 210: registers a wallet's address for withdrawals from Ethereum.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Erc20AddressRegistration {
    /// Key of the wallet; both addresses follow from it.
    pub public_key: PublicKey,
    /// The key's own signature.
    pub signature: Signature,
    /// Exactly 10 TFT.
    pub registration_fee: Amount,
    /// The miner fee.
    pub transaction_fee: Amount,
    /// Coins that are spent.
    pub coin_inputs: Vec<Input>,
    /// What is left over.
    pub refund: Option<Output>,
}

impl Erc20AddressRegistration {
    /// Returns the wallet's address.
    pub fn tft_address(&self) -> UnlockHash {
        self.public_key.unlock_hash()
    }

    /// Returns the Ethereum address that stands for the wallet.
    pub fn erc20_address(&self) -> Erc20Address {
        Erc20Address::from_unlock_hash(&self.tft_address())
    }
}

impl Body for Erc20AddressRegistration {
    fn layout(&self) -> Layout {
        Self::LAYOUT
    }

    fn encode_data(&self, encoder: &mut Encoder) {
        encoder.value(&self.public_key);
        encoder.value(&self.signature);
        encoder.value(&self.registration_fee);
        encoder.value(&self.transaction_fee);
        encoder.list(&self.coin_inputs);
        encoder.optional(self.refund.as_ref());
    }

    fn write_preimage(&self, before: &mut Encoder, after: &mut Encoder) {
        before.value(&self.public_key);
        write_parent_ids(after, &self.coin_inputs);
        after.value(&self.registration_fee);
        after.value(&self.transaction_fee);
        after.optional(self.refund.as_ref());
    }

    fn parts(&self) -> Parts<'_> {
        Parts::paid(&self.coin_inputs, &self.transaction_fee, &self.refund)
    }

    fn parts_mut(&mut self) -> PartsMut<'_> {
        PartsMut::inputs(&mut self.coin_inputs)
    }

    fn set_extension_key(&mut self, key: PublicKey) {
        self.public_key = key;
    }

    fn extension_signature(&self, target: SignTarget) -> Option<&Signature> {
        (target == SignTarget::Erc20Registration).then_some(&self.signature)
    }

    fn extension_signature_mut(&mut self, target: SignTarget) -> Option<&mut Signature> {
        (target == SignTarget::Erc20Registration).then_some(&mut self.signature)
    }
}

impl DecodeBody for Erc20AddressRegistration {
    const LAYOUT: Layout = Layout::of(VERSION_ERC20_ADDRESS_REGISTRATION, Encoding::Rivbin)
        .with_specifier(SPECIFIER_ERC20_ADDRESS_REGISTRATION);

    fn decode_data(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            public_key: decoder.value()?,
            signature: decoder.value()?,
            registration_fee: decoder.value()?,
            transaction_fee: decoder.value()?,
            coin_inputs: decoder.list()?,
            refund: decoder.optional()?,
        })
    }
}

/// A registration in JSON: with the addresses that follow from the key.
#[derive(Default)]
struct Registration {
    public_key: PublicKey,
    tft_address: Option<UnlockHash>,
    erc20_address: Option<Erc20Address>,
    signature: Signature,
    registration_fee: Amount,
    transaction_fee: Amount,
    coin_inputs: Vec<Input>,
    refund: Option<Output>,
}

json_object!(Registration {
    "pubkey" => public_key: value,
    "tftaddress" => tft_address: option,
    "erc20address" => erc20_address: option,
    "signature" => signature: value,
    "regfee" => registration_fee: value,
    "txfee" => transaction_fee: value,
    "coininputs" => coin_inputs: list_or_null,
    "refundcoinoutput" => refund: option,
});

impl Serialize for Erc20AddressRegistration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let body = self.clone();
        Registration {
            public_key: body.public_key,
            tft_address: Some(self.tft_address()),
            erc20_address: Some(self.erc20_address()),
            signature: body.signature,
            registration_fee: body.registration_fee,
            transaction_fee: body.transaction_fee,
            coin_inputs: body.coin_inputs,
            refund: body.refund,
        }
        .serialize(serializer)
    }
}

/// Refuses an address that is there, but not the one of the key; nil ones count as missing.
fn check_derived<T: PartialEq + Default + Display, E: serde::de::Error>(
    key: &str,
    given: Option<T>,
    expected: &T,
) -> Result<(), E> {
    match given {
        Some(given) if given != T::default() && given != *expected => Err(E::custom(format_args!(
            "{key} is {given}, but {expected} belongs to the public key"
        ))),
        _ => Ok(()),
    }
}

impl<'de> Deserialize<'de> for Erc20AddressRegistration {
    /// The two addresses may be missing; when they are there, they must be the key's.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let data = Registration::deserialize(deserializer)?;
        let registration = Self {
            public_key: data.public_key,
            signature: data.signature,
            registration_fee: data.registration_fee,
            transaction_fee: data.transaction_fee,
            coin_inputs: data.coin_inputs,
            refund: data.refund,
        };
        check_derived("tftaddress", data.tft_address, &registration.tft_address())?;
        let address = registration.erc20_address();
        check_derived("erc20address", data.erc20_address, &address)?;
        Ok(registration)
    }
}
