//! Versions 128, 129 and 130: who may create coins, creating them, destroying them. Siabin.
//!
//! 130 is not switched on in node v1.2.0; its layout is that of the code that the node has for it.

use super::body::{Body, DecodeBody, Layout, Parts, PartsMut};
use super::{Input, Output};
use crate::tfchain::amount::Amount;
use crate::tfchain::condition::Condition;
use crate::tfchain::constants::{
    SPECIFIER_COIN_CREATION, SPECIFIER_COIN_DESTRUCTION, SPECIFIER_MINTER_DEFINITION,
    VERSION_COIN_CREATION, VERSION_COIN_DESTRUCTION, VERSION_MINTER_DEFINITION,
};
use crate::tfchain::encoding::{Decode, DecodeError, Decoder, Encode, Encoder, Encoding};
use crate::tfchain::fulfillment::Fulfillment;
use crate::tfchain::json::{
    bytes, json_object, list_or_nothing, list_or_null, serde_as_text, value,
};
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
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MinterDefinition {
    /// Random, not all zero.
    pub nonce: Nonce,
    /// Fulfills the active mint condition.
    pub mint_fulfillment: Fulfillment,
    /// The new mint condition.
    pub mint_condition: Condition,
    /// Fees, created too.
    pub miner_fees: Vec<Amount>,
    /// Any bytes, 83 at most.
    pub arbitrary_data: Vec<u8>,
}

json_object!(MinterDefinition {
    "nonce" => nonce: value,
    "mintfulfillment" => mint_fulfillment: value,
    "mintcondition" => mint_condition: value,
    "minerfees" => miner_fees: list_or_null,
    "arbitrarydata" => arbitrary_data: bytes,
});

impl Body for MinterDefinition {
    fn layout(&self) -> Layout {
        Self::LAYOUT
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

    fn parts(&self) -> Parts<'_> {
        Parts::appointed(
            &self.mint_fulfillment,
            &self.miner_fees,
            &self.arbitrary_data,
        )
    }

    fn parts_mut(&mut self) -> PartsMut<'_> {
        PartsMut::appointed(&mut self.mint_fulfillment)
    }
}

impl DecodeBody for MinterDefinition {
    const LAYOUT: Layout = Layout::of(VERSION_MINTER_DEFINITION, Encoding::Siabin)
        .with_specifier(SPECIFIER_MINTER_DEFINITION);

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
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CoinCreation {
    /// Random, not all zero.
    pub nonce: Nonce,
    /// Fulfills the active mint condition.
    pub mint_fulfillment: Fulfillment,
    /// Where the new coins go.
    pub coin_outputs: Vec<Output>,
    /// Fees, created too.
    pub miner_fees: Vec<Amount>,
    /// Any bytes, 83 at most.
    pub arbitrary_data: Vec<u8>,
}

json_object!(CoinCreation {
    "nonce" => nonce: value,
    "mintfulfillment" => mint_fulfillment: value,
    "coinoutputs" => coin_outputs: list_or_null,
    "minerfees" => miner_fees: list_or_null,
    "arbitrarydata" => arbitrary_data: bytes,
});

impl Body for CoinCreation {
    fn layout(&self) -> Layout {
        Self::LAYOUT
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

    fn parts(&self) -> Parts<'_> {
        let signed = &self.mint_fulfillment;
        Parts {
            coin_outputs: Cow::Borrowed(&self.coin_outputs),
            ..Parts::appointed(signed, &self.miner_fees, &self.arbitrary_data)
        }
    }

    fn parts_mut(&mut self) -> PartsMut<'_> {
        PartsMut::appointed(&mut self.mint_fulfillment)
    }
}

impl DecodeBody for CoinCreation {
    const LAYOUT: Layout =
        Layout::of(VERSION_COIN_CREATION, Encoding::Siabin).with_specifier(SPECIFIER_COIN_CREATION);

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
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CoinDestruction {
    /// Coins that are spent.
    pub coin_inputs: Vec<Input>,
    /// What is not destroyed.
    pub coin_outputs: Vec<Output>,
    /// Fees of the block's creator.
    pub miner_fees: Vec<Amount>,
    /// Any bytes, 83 at most.
    pub arbitrary_data: Vec<u8>,
}

json_object!(CoinDestruction {
    "coininputs" => coin_inputs: list_or_null,
    "coinoutputs" => coin_outputs: list_or_nothing,
    "minerfees" => miner_fees: list_or_null,
    "arbitrarydata" => arbitrary_data: bytes,
});

impl Body for CoinDestruction {
    fn layout(&self) -> Layout {
        Self::LAYOUT
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

    fn parts(&self) -> Parts<'_> {
        Parts {
            coin_inputs: &self.coin_inputs,
            coin_outputs: Cow::Borrowed(&self.coin_outputs),
            miner_fees: &self.miner_fees,
            arbitrary_data: &self.arbitrary_data,
            ..Parts::default()
        }
    }

    fn parts_mut(&mut self) -> PartsMut<'_> {
        PartsMut::inputs(&mut self.coin_inputs)
    }
}

impl DecodeBody for CoinDestruction {
    const LAYOUT: Layout = Layout::of(VERSION_COIN_DESTRUCTION, Encoding::Siabin)
        .with_specifier(SPECIFIER_COIN_DESTRUCTION);

    fn decode_data(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            coin_inputs: decoder.list()?,
            coin_outputs: decoder.list()?,
            miner_fees: decoder.list()?,
            arbitrary_data: decoder.slice()?.to_vec(),
        })
    }
}
