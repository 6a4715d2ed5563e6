//! Version 1, the standard transaction.

use super::body::{Body, DecodeBody, write_parent_ids};
use super::{Input, Output};
use crate::tfchain::amount::Amount;
use crate::tfchain::constants::VERSION_STANDARD;
use crate::tfchain::encoding::{DecodeError, Decoder, Encoder, Encoding};
use crate::tfchain::json::{base64_bytes, empty_as_null, null_as_default};
use std::borrow::Cow;

/// Moves coins and block stakes. Siabin.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct StandardTransaction {
    /// Coins that are spent.
    #[serde(
        rename = "coininputs",
        serialize_with = "empty_as_null",
        deserialize_with = "null_as_default"
    )]
    pub coin_inputs: Vec<Input>,
    /// Where coins go.
    #[serde(
        rename = "coinoutputs",
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "null_as_default"
    )]
    pub coin_outputs: Vec<Output>,
    /// Block stakes that are spent.
    #[serde(
        rename = "blockstakeinputs",
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "null_as_default"
    )]
    pub blockstake_inputs: Vec<Input>,
    /// Where block stakes go.
    #[serde(
        rename = "blockstakeoutputs",
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "null_as_default"
    )]
    pub blockstake_outputs: Vec<Output>,
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

impl Body for StandardTransaction {
    fn version(&self) -> u8 {
        VERSION_STANDARD
    }

    fn encoding(&self) -> Encoding {
        Encoding::Siabin
    }

    fn encode_data(&self, encoder: &mut Encoder) {
        encoder.slice_of(|inner| {
            inner.list(&self.coin_inputs);
            inner.list(&self.coin_outputs);
            inner.list(&self.blockstake_inputs);
            inner.list(&self.blockstake_outputs);
            inner.list(&self.miner_fees);
            inner.slice(&self.arbitrary_data);
        });
    }

    fn write_preimage(&self, _before: &mut Encoder, after: &mut Encoder) {
        write_parent_ids(after, &self.coin_inputs);
        after.list(&self.coin_outputs);
        write_parent_ids(after, &self.blockstake_inputs);
        after.list(&self.blockstake_outputs);
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

    fn blockstake_inputs(&self) -> &[Input] {
        &self.blockstake_inputs
    }

    fn blockstake_inputs_mut(&mut self) -> &mut [Input] {
        &mut self.blockstake_inputs
    }

    fn blockstake_outputs(&self) -> &[Output] {
        &self.blockstake_outputs
    }

    fn miner_fees(&self) -> &[Amount] {
        &self.miner_fees
    }

    fn arbitrary_data(&self) -> &[u8] {
        &self.arbitrary_data
    }
}

impl DecodeBody for StandardTransaction {
    const ENCODING: Encoding = Encoding::Siabin;

    fn decode_data(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        decoder.slice_of(|inner| {
            Ok(Self {
                coin_inputs: inner.list()?,
                coin_outputs: inner.list()?,
                blockstake_inputs: inner.list()?,
                blockstake_outputs: inner.list()?,
                miner_fees: inner.list()?,
                arbitrary_data: inner.slice()?.to_vec(),
            })
        })
    }
}
