//! Version 1, the standard transaction.

use super::body::{Body, DecodeBody, Layout, Parts, PartsMut, write_parent_ids};
use super::{Input, Output};
use crate::tfchain::amount::Amount;
use crate::tfchain::constants::VERSION_STANDARD;
use crate::tfchain::encoding::{DecodeError, Decoder, Encoder, Encoding};
use crate::tfchain::json::{bytes, json_object, list_or_nothing, list_or_null};
use std::borrow::Cow;

/// Moves coins and block stakes. Siabin.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StandardTransaction {
    /// Coins that are spent.
    pub coin_inputs: Vec<Input>,
    /// Where coins go.
    pub coin_outputs: Vec<Output>,
    /// Block stakes that are spent.
    pub blockstake_inputs: Vec<Input>,
    /// Where block stakes go.
    pub blockstake_outputs: Vec<Output>,
    /// Fees of the block's creator.
    pub miner_fees: Vec<Amount>,
    /// Any bytes, 83 at most.
    pub arbitrary_data: Vec<u8>,
}

json_object!(StandardTransaction {
    "coininputs" => coin_inputs: list_or_null,
    "coinoutputs" => coin_outputs: list_or_nothing,
    "blockstakeinputs" => blockstake_inputs: list_or_nothing,
    "blockstakeoutputs" => blockstake_outputs: list_or_nothing,
    "minerfees" => miner_fees: list_or_null,
    "arbitrarydata" => arbitrary_data: bytes,
});

impl Body for StandardTransaction {
    fn layout(&self) -> Layout {
        Self::LAYOUT
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

    fn parts(&self) -> Parts<'_> {
        Parts {
            coin_inputs: &self.coin_inputs,
            coin_outputs: Cow::Borrowed(&self.coin_outputs),
            blockstake_inputs: &self.blockstake_inputs,
            blockstake_outputs: &self.blockstake_outputs,
            miner_fees: &self.miner_fees,
            arbitrary_data: &self.arbitrary_data,
            ..Parts::default()
        }
    }

    fn parts_mut(&mut self) -> PartsMut<'_> {
        PartsMut {
            coin_inputs: &mut self.coin_inputs,
            blockstake_inputs: &mut self.blockstake_inputs,
            ..PartsMut::default()
        }
    }
}

impl DecodeBody for StandardTransaction {
    const LAYOUT: Layout = Layout::of(VERSION_STANDARD, Encoding::Siabin);

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
