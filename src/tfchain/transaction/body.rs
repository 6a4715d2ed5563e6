//! What every known version has: its layout in binary, and its parts.

use super::{Input, Output};
use crate::tfchain::amount::Amount;
use crate::tfchain::encoding::{DecodeError, Decoder, Encoder, Encoding};
use crate::tfchain::fulfillment::Fulfillment;
use crate::tfchain::keys::{PublicKey, Signature};
use crate::tfchain::signing::SignTarget;
use std::borrow::Cow;
use std::slice::from_ref;

/// What tells the bytes of one version from those of the others.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    /// The version.
    pub(crate) version: u8,
    /// The specifier, of versions from 128 on.
    pub(crate) specifier: Option<[u8; 16]>,
    /// The encoding of the data.
    pub(crate) encoding: Encoding,
    /// The encoding of the signature hash.
    pub(crate) preimage: Encoding,
}

impl Layout {
    /// The layout of a version that has no specifier.
    pub(crate) const fn of(version: u8, encoding: Encoding) -> Self {
        Self {
            version,
            specifier: None,
            encoding,
            preimage: encoding,
        }
    }

    /// The same with a specifier.
    pub(crate) const fn with_specifier(mut self, specifier: [u8; 16]) -> Self {
        self.specifier = Some(specifier);
        self
    }

    /// The same with another encoding of the signature hash.
    pub(crate) const fn with_preimage_in(mut self, encoding: Encoding) -> Self {
        self.preimage = encoding;
        self
    }
}

/// The parts that a version may have; what it does not have is empty.
#[derive(Debug, Default)]
pub(crate) struct Parts<'a> {
    /// The coin inputs.
    pub(crate) coin_inputs: &'a [Input],
    /// The coin outputs.
    pub(crate) coin_outputs: Cow<'a, [Output]>,
    /// The block stake inputs.
    pub(crate) blockstake_inputs: &'a [Input],
    /// The block stake outputs.
    pub(crate) blockstake_outputs: &'a [Output],
    /// The miner fees.
    pub(crate) miner_fees: &'a [Amount],
    /// The arbitrary data.
    pub(crate) arbitrary_data: &'a [u8],
    /// The fulfillment of the mint or auth condition.
    pub(crate) mint_fulfillment: Option<&'a Fulfillment>,
}

impl<'a> Parts<'a> {
    /// The parts of a version that is paid with coins, keeps one fee and gives the rest back.
    pub(crate) fn paid(inputs: &'a [Input], fee: &'a Amount, refund: &'a Option<Output>) -> Self {
        Self {
            coin_inputs: inputs,
            coin_outputs: Cow::Borrowed(refund.as_slice()),
            miner_fees: from_ref(fee),
            ..Self::default()
        }
    }

    /// The parts of a version that somebody appointed signs, without inputs.
    pub(crate) fn appointed(by: &'a Fulfillment, fees: &'a [Amount], data: &'a [u8]) -> Self {
        Self {
            miner_fees: fees,
            arbitrary_data: data,
            mint_fulfillment: Some(by),
            ..Self::default()
        }
    }
}

/// The parts that signatures are put into.
#[derive(Debug, Default)]
pub(crate) struct PartsMut<'a> {
    /// The coin inputs.
    pub(crate) coin_inputs: &'a mut [Input],
    /// The block stake inputs.
    pub(crate) blockstake_inputs: &'a mut [Input],
    /// The fulfillment of the mint or auth condition.
    pub(crate) mint_fulfillment: Option<&'a mut Fulfillment>,
}

impl<'a> PartsMut<'a> {
    /// Coin inputs only.
    pub(crate) fn inputs(coin_inputs: &'a mut [Input]) -> Self {
        Self {
            coin_inputs,
            ..Self::default()
        }
    }

    /// The fulfillment of the mint or auth condition only.
    pub(crate) fn appointed(by: &'a mut Fulfillment) -> Self {
        Self {
            mint_fulfillment: Some(by),
            ..Self::default()
        }
    }
}

/// The data of one version.
pub(crate) trait Body {
    /// Returns the layout.
    fn layout(&self) -> Layout;

    /// Writes the data.
    fn encode_data(&self, encoder: &mut Encoder);

    /// Writes what stands before and after the extra objects; the version byte and the specifier
    /// are there already.
    fn write_preimage(&self, before: &mut Encoder, after: &mut Encoder);

    /// Returns its parts.
    fn parts(&self) -> Parts<'_>;

    /// Returns its parts, to sign them.
    fn parts_mut(&mut self) -> PartsMut<'_> {
        PartsMut::default()
    }

    /// Puts the key in whose own signature the version holds.
    fn set_extension_key(&mut self, _key: PublicKey) {}

    /// Returns a signature besides the inputs'.
    fn extension_signature(&self, _target: SignTarget) -> Option<&Signature> {
        None
    }

    /// Returns the place of a signature besides the inputs'.
    fn extension_signature_mut(&mut self, _target: SignTarget) -> Option<&mut Signature> {
        None
    }
}

/// Reading of the data of one version.
pub(crate) trait DecodeBody: Sized {
    /// The layout.
    const LAYOUT: Layout;

    /// Reads the data.
    fn decode_data(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError>;
}

/// Writes the number of inputs (8 bytes) and their parents' ids, as preimages have them.
pub(crate) fn write_parent_ids(encoder: &mut Encoder, inputs: &[Input]) {
    encoder.count(inputs.len());
    for input in inputs {
        encoder.value(&input.parent_id);
    }
}

/// Writes what most preimages of paid versions have: inputs, fee and refund.
pub(crate) fn write_paid(
    encoder: &mut Encoder,
    inputs: &[Input],
    fee: &Amount,
    refund: &Option<Output>,
) {
    write_parent_ids(encoder, inputs);
    encoder.value(fee);
    encoder.optional(refund.as_ref());
}
