//! Versions 128, 129 and 130: who may create coins, creating them, destroying them. Siabin.
//!
//! 130 is not switched on in node v1.2.0, so its layout was never seen running.

use super::body::{Body, DecodeBody};
use super::{Input, Output};
use crate::tfchain::amount::Amount;
use crate::tfchain::condition::Condition;
use crate::tfchain::constants::{
    SPECIFIER_COIN_CREATION, SPECIFIER_COIN_DESTRUCTION, SPECIFIER_MINTER_DEFINITION,
    VERSION_COIN_CREATION, VERSION_COIN_DESTRUCTION, VERSION_MINTER_DEFINITION,
};
use crate::tfchain::encoding::{Decode, DecodeError, Decoder, Encode, Encoder, Encoding};
use crate::tfchain::fulfillment::Fulfillment;
use crate::tfchain::json::{base64_bytes, empty_as_null, null_as_default, serde_as_text};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// Eight random bytes that make a transaction differ from others like it; base64 as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Nonce(pub [u8; 8]);

impl Nonce {
    /// Returns whether all bytes are zero, which the chain refuses.
    pub fn is_zero(&self) -> bool {
        self.0 == [0; 8]
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&STANDARD.encode(self.0))
    }
}

impl FromStr for Nonce {
    type Err = NonceError;

    fn from_str(text: &str) -> Result<Self, NonceError> {
        let bytes = STANDARD.decode(text).map_err(|_| NonceError)?;
        bytes.try_into().map(Self).map_err(|_| NonceError)
    }
}

/// A text that is no nonce.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a transaction nonce is 8 bytes in base64")]
pub struct NonceError;

serde_as_text!(Nonce);

impl Encode for Nonce {
    fn encode(&self, encoder: &mut Encoder) {
        encoder.raw(&self.0);
    }
}

impl Decode for Nonce {
    fn decode(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self(decoder.array()?))
    }
}

/// Version 128: defines who may create coins from now on.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct MinterDefinition {
    /// Random, not all zero.
    pub nonce: Nonce,
    /// Fulfills the active mint condition.
    #[serde(rename = "mintfulfillment")]
    pub mint_fulfillment: Fulfillment,
    /// The new mint condition.
    #[serde(rename = "mintcondition")]
    pub mint_condition: Condition,
    /// Fees, created too.
    #[serde(
        rename = "minerfees",
        serialize_with = "empty_as_null",
        deserialize_with = "null_as_default"
    )]
    pub miner_fees: Vec<Amount>,
    /// Any bytes, 83 at most.
    #[serde(
        rename = "arbitrarydata",
        skip_serializing_if = "Vec::is_empty",
        with = "base64_bytes"
    )]
    pub arbitrary_data: Vec<u8>,
}

impl Body for MinterDefinition {
    fn version(&self) -> u8 {
        VERSION_MINTER_DEFINITION
    }

    fn encoding(&self) -> Encoding {
        Encoding::Siabin
    }

    fn specifier(&self) -> Option<[u8; 16]> {
        Some(SPECIFIER_MINTER_DEFINITION)
    }

    fn encode_data(&self, encoder: &mut Encoder) {
        encoder.value(&self.nonce);
        encoder.value(&self.mint_fulfillment);
        encoder.value(&self.mint_condition);
        encoder.list(&self.miner_fees);
        encoder.slice(&self.arbitrary_data);
    }

    fn write_preimage(&self, before: &mut Encoder, after: &mut Encoder) {
        before.value(&self.nonce);
        after.value(&self.mint_condition);
        after.list(&self.miner_fees);
        after.slice(&self.arbitrary_data);
    }

    fn miner_fees(&self) -> &[Amount] {
        &self.miner_fees
    }

    fn arbitrary_data(&self) -> &[u8] {
        &self.arbitrary_data
    }

    fn mint_fulfillment(&self) -> Option<&Fulfillment> {
        Some(&self.mint_fulfillment)
    }

    fn mint_fulfillment_mut(&mut self) -> Option<&mut Fulfillment> {
        Some(&mut self.mint_fulfillment)
    }
}

impl DecodeBody for MinterDefinition {
    const ENCODING: Encoding = Encoding::Siabin;

    fn decode_data(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            nonce: decoder.value()?,
            mint_fulfillment: decoder.value()?,
            mint_condition: decoder.value()?,
            miner_fees: decoder.list()?,
            arbitrary_data: decoder.slice()?.to_vec(),
        })
    }
}

/// Version 129: creates coins out of nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct CoinCreation {
    /// Random, not all zero.
    pub nonce: Nonce,
    /// Fulfills the active mint condition.
    #[serde(rename = "mintfulfillment")]
    pub mint_fulfillment: Fulfillment,
    /// Where the new coins go.
    #[serde(
        rename = "coinoutputs",
        serialize_with = "empty_as_null",
        deserialize_with = "null_as_default"
    )]
    pub coin_outputs: Vec<Output>,
    /// Fees, created too.
    #[serde(
        rename = "minerfees",
        serialize_with = "empty_as_null",
        deserialize_with = "null_as_default"
    )]
    pub miner_fees: Vec<Amount>,
    /// Any bytes, 83 at most.
    #[serde(
        rename = "arbitrarydata",
        skip_serializing_if = "Vec::is_empty",
        with = "base64_bytes"
    )]
    pub arbitrary_data: Vec<u8>,
}

impl Body for CoinCreation {
    fn version(&self) -> u8 {
        VERSION_COIN_CREATION
    }

    fn encoding(&self) -> Encoding {
        Encoding::Siabin
    }

    fn specifier(&self) -> Option<[u8; 16]> {
        Some(SPECIFIER_COIN_CREATION)
    }

    fn encode_data(&self, encoder: &mut Encoder) {
        encoder.value(&self.nonce);
        encoder.value(&self.mint_fulfillment);
        encoder.list(&self.coin_outputs);
        encoder.list(&self.miner_fees);
        encoder.slice(&self.arbitrary_data);
    }

    fn write_preimage(&self, before: &mut Encoder, after: &mut Encoder) {
        before.value(&self.nonce);
        after.list(&self.coin_outputs);
        after.list(&self.miner_fees);
        after.slice(&self.arbitrary_data);
    }

    fn coin_outputs(&self) -> Cow<'_, [Output]> {
        Cow::Borrowed(&self.coin_outputs)
    }

    fn miner_fees(&self) -> &[Amount] {
        &self.miner_fees
    }

    fn arbitrary_data(&self) -> &[u8] {
        &self.arbitrary_data
    }

    fn mint_fulfillment(&self) -> Option<&Fulfillment> {
        Some(&self.mint_fulfillment)
    }

    fn mint_fulfillment_mut(&mut self) -> Option<&mut Fulfillment> {
        Some(&mut self.mint_fulfillment)
    }
}

impl DecodeBody for CoinCreation {
    const ENCODING: Encoding = Encoding::Siabin;

    fn decode_data(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            nonce: decoder.value()?,
            mint_fulfillment: decoder.value()?,
            coin_outputs: decoder.list()?,
            miner_fees: decoder.list()?,
            arbitrary_data: decoder.slice()?.to_vec(),
        })
    }
}

/// Version 130: takes coins out of the world; what the outputs and fees leave is destroyed.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct CoinDestruction {
    /// Coins that are spent.
    #[serde(
        rename = "coininputs",
        serialize_with = "empty_as_null",
        deserialize_with = "null_as_default"
    )]
    pub coin_inputs: Vec<Input>,
    /// What is not destroyed.
    #[serde(
        rename = "coinoutputs",
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "null_as_default"
    )]
    pub coin_outputs: Vec<Output>,
    /// Fees of the block's creator.
    #[serde(
        rename = "minerfees",
        serialize_with = "empty_as_null",
        deserialize_with = "null_as_default"
    )]
    pub miner_fees: Vec<Amount>,
    /// Any bytes, 83 at most.
    #[serde(
        rename = "arbitrarydata",
        skip_serializing_if = "Vec::is_empty",
        with = "base64_bytes"
    )]
    pub arbitrary_data: Vec<u8>,
}

impl Body for CoinDestruction {
    fn version(&self) -> u8 {
        VERSION_COIN_DESTRUCTION
    }

    fn encoding(&self) -> Encoding {
        Encoding::Siabin
    }

    fn specifier(&self) -> Option<[u8; 16]> {
        Some(SPECIFIER_COIN_DESTRUCTION)
    }

    fn encode_data(&self, encoder: &mut Encoder) {
        encoder.list(&self.coin_inputs);
        encoder.list(&self.coin_outputs);
        encoder.list(&self.miner_fees);
        encoder.slice(&self.arbitrary_data);
    }

    fn write_preimage(&self, _before: &mut Encoder, after: &mut Encoder) {
        after.length(self.coin_inputs.len());
        for input in &self.coin_inputs {
            after.value(&input.parent_id);
        }
        after.list(&self.coin_outputs);
        after.list(&self.miner_fees);
        after.slice(&self.arbitrary_data);
    }

    fn coin_inputs(&self) -> &[Input] {
        &self.coin_inputs
    }

    fn coin_inputs_mut(&mut self) -> &mut [Input] {
        &mut self.coin_inputs
    }

    fn coin_outputs(&self) -> Cow<'_, [Output]> {
        Cow::Borrowed(&self.coin_outputs)
    }

    fn miner_fees(&self) -> &[Amount] {
        &self.miner_fees
    }

    fn arbitrary_data(&self) -> &[u8] {
        &self.arbitrary_data
    }
}

impl DecodeBody for CoinDestruction {
    const ENCODING: Encoding = Encoding::Siabin;

    fn decode_data(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            coin_inputs: decoder.list()?,
            coin_outputs: decoder.list()?,
            miner_fees: decoder.list()?,
            arbitrary_data: decoder.slice()?.to_vec(),
        })
    }
}
