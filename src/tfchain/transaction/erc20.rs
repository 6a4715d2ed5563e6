//! Versions 208, 209 and 210: coins to and from Ethereum. Rivbin, but for the signature hash of
//! version 209.

use super::body::{Body, DecodeBody, write_parent_ids};
use super::{Input, Output};
use crate::tfchain::amount::Amount;
use crate::tfchain::condition::Condition;
use crate::tfchain::constants::{
    SPECIFIER_ERC20_ADDRESS_REGISTRATION, SPECIFIER_ERC20_COIN_CREATION, SPECIFIER_ERC20_CONVERT,
    VERSION_ERC20_ADDRESS_REGISTRATION, VERSION_ERC20_COIN_CREATION, VERSION_ERC20_CONVERT,
};
use crate::tfchain::encoding::{DecodeError, Decoder, Encoder, Encoding};
use crate::tfchain::erc20::{Erc20Address, Erc20Hash};
use crate::tfchain::json::{empty_as_null, null_as_default};
use crate::tfchain::keys::{PublicKey, Signature};
use crate::tfchain::signing::SignTarget;
use crate::tfchain::unlockhash::UnlockHash;
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};
use std::borrow::Cow;
use std::slice::from_ref;

/// Version 208: coins leave for an Ethereum address, at least 1000 TFT.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Erc20Convert {
    /// Where they go.
    pub address: Erc20Address,
    /// How many.
    pub value: Amount,
    /// The miner fee.
    #[serde(rename = "txfee")]
    pub transaction_fee: Amount,
    /// Coins that are spent.
    #[serde(
        rename = "coininputs",
        serialize_with = "empty_as_null",
        deserialize_with = "null_as_default"
    )]
    pub coin_inputs: Vec<Input>,
    /// What is left over.
    #[serde(rename = "refundcoinoutput", skip_serializing_if = "Option::is_none")]
    pub refund: Option<Output>,
}

impl Body for Erc20Convert {
    fn version(&self) -> u8 {
        VERSION_ERC20_CONVERT
    }

    fn encoding(&self) -> Encoding {
        Encoding::Rivbin
    }

    fn specifier(&self) -> Option<[u8; 16]> {
        Some(SPECIFIER_ERC20_CONVERT)
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
        write_parent_ids(after, &self.coin_inputs);
        after.value(&self.transaction_fee);
        after.optional(self.refund.as_ref());
    }

    fn coin_inputs(&self) -> &[Input] {
        &self.coin_inputs
    }

    fn coin_inputs_mut(&mut self) -> &mut [Input] {
        &mut self.coin_inputs
    }

    fn coin_outputs(&self) -> Cow<'_, [Output]> {
        Cow::Borrowed(self.refund.as_slice())
    }

    fn miner_fees(&self) -> &[Amount] {
        from_ref(&self.transaction_fee)
    }
}

impl DecodeBody for Erc20Convert {
    const ENCODING: Encoding = Encoding::Rivbin;

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
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Erc20CoinCreation {
    /// Who gets them.
    pub address: UnlockHash,
    /// How many.
    pub value: Amount,
    /// The miner fee.
    #[serde(rename = "txfee")]
    pub transaction_fee: Amount,
    /// Ethereum block.
    #[serde(rename = "blockid")]
    pub block_id: Erc20Hash,
    /// Ethereum transaction.
    #[serde(rename = "txid")]
    pub transaction_id: Erc20Hash,
}

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
    fn version(&self) -> u8 {
        VERSION_ERC20_COIN_CREATION
    }

    fn encoding(&self) -> Encoding {
        Encoding::Rivbin
    }

    fn preimage_encoding(&self) -> Encoding {
        Encoding::Siabin
    }

    fn specifier(&self) -> Option<[u8; 16]> {
        Some(SPECIFIER_ERC20_COIN_CREATION)
    }

    fn encode_data(&self, encoder: &mut Encoder) {
        self.write(encoder);
    }

    fn write_preimage(&self, _before: &mut Encoder, after: &mut Encoder) {
        self.write(after);
    }

    fn coin_outputs(&self) -> Cow<'_, [Output]> {
        Cow::Owned(vec![Output {
            value: self.value.clone(),
            condition: Condition::UnlockHash(self.address),
        }])
    }

    fn miner_fees(&self) -> &[Amount] {
        from_ref(&self.transaction_fee)
    }
}

impl DecodeBody for Erc20CoinCreation {
    const ENCODING: Encoding = Encoding::Rivbin;

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
    fn version(&self) -> u8 {
        VERSION_ERC20_ADDRESS_REGISTRATION
    }

    fn encoding(&self) -> Encoding {
        Encoding::Rivbin
    }

    fn specifier(&self) -> Option<[u8; 16]> {
        Some(SPECIFIER_ERC20_ADDRESS_REGISTRATION)
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

    fn coin_inputs(&self) -> &[Input] {
        &self.coin_inputs
    }

    fn coin_inputs_mut(&mut self) -> &mut [Input] {
        &mut self.coin_inputs
    }

    fn coin_outputs(&self) -> Cow<'_, [Output]> {
        Cow::Borrowed(self.refund.as_slice())
    }

    fn miner_fees(&self) -> &[Amount] {
        from_ref(&self.transaction_fee)
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
    const ENCODING: Encoding = Encoding::Rivbin;

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

impl Serialize for Erc20AddressRegistration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        struct Data<'a> {
            pubkey: &'a PublicKey,
            tftaddress: UnlockHash,
            erc20address: Erc20Address,
            signature: &'a Signature,
            regfee: &'a Amount,
            txfee: &'a Amount,
            #[serde(serialize_with = "empty_as_null")]
            coininputs: &'a [Input],
            #[serde(skip_serializing_if = "Option::is_none")]
            refundcoinoutput: Option<&'a Output>,
        }
        Data {
            pubkey: &self.public_key,
            tftaddress: self.tft_address(),
            erc20address: self.erc20_address(),
            signature: &self.signature,
            regfee: &self.registration_fee,
            txfee: &self.transaction_fee,
            coininputs: &self.coin_inputs,
            refundcoinoutput: self.refund.as_ref(),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Erc20AddressRegistration {
    /// The two addresses may be missing; when they are there, they must be the key's.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize, Default)]
        #[serde(default)]
        struct Data {
            pubkey: PublicKey,
            tftaddress: Option<UnlockHash>,
            erc20address: Option<Erc20Address>,
            signature: Signature,
            regfee: Amount,
            txfee: Amount,
            #[serde(deserialize_with = "null_as_default")]
            coininputs: Vec<Input>,
            refundcoinoutput: Option<Output>,
        }
        let data = Data::deserialize(deserializer)?;
        let registration = Self {
            public_key: data.pubkey,
            signature: data.signature,
            registration_fee: data.regfee,
            transaction_fee: data.txfee,
            coin_inputs: data.coininputs,
            refund: data.refundcoinoutput,
        };
        let expected = registration.tft_address();
        if let Some(address) = data.tftaddress
            && address != expected
        {
            return Err(D::Error::custom(format_args!(
                "tftaddress is {address}, but {expected} belongs to the public key"
            )));
        }
        let expected = registration.erc20_address();
        if let Some(address) = data.erc20address
            && address != expected
        {
            return Err(D::Error::custom(format_args!(
                "erc20address is {address}, but {expected} belongs to the public key"
            )));
        }
        Ok(registration)
    }
}
