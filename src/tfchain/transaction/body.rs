//! What every known version has: its layout in binary, and its parts.

use super::{Input, Output};
use crate::tfchain::amount::Amount;
use crate::tfchain::encoding::{DecodeError, Decoder, Encoder, Encoding};
use crate::tfchain::fulfillment::Fulfillment;
use crate::tfchain::keys::{PublicKey, Signature};
use crate::tfchain::signing::SignTarget;
use std::borrow::Cow;

/// The data of one version.
pub(crate) trait Body {
    /// Returns the version.
    fn version(&self) -> u8;

    /// Returns the encoding of the data.
    fn encoding(&self) -> Encoding;

    /// Returns the encoding of the signature hash.
    fn preimage_encoding(&self) -> Encoding {
        self.encoding()
    }

    /// Returns the specifier, of versions from 128 on.
    fn specifier(&self) -> Option<[u8; 16]> {
        None
    }

    /// Writes the data.
    fn encode_data(&self, encoder: &mut Encoder);

    /// Writes what stands before and after the extra objects; the version byte and the specifier
    /// are there already.
    fn write_preimage(&self, before: &mut Encoder, after: &mut Encoder);

    /// Returns the coin inputs.
    fn coin_inputs(&self) -> &[Input] {
        &[]
    }

    /// Returns the coin inputs, to sign them.
    fn coin_inputs_mut(&mut self) -> &mut [Input] {
        &mut []
    }

    /// Returns the coin outputs.
    fn coin_outputs(&self) -> Cow<'_, [Output]> {
        Cow::Borrowed(&[])
    }

    /// Returns the block stake inputs.
    fn blockstake_inputs(&self) -> &[Input] {
        &[]
    }

    /// Returns the block stake inputs, to sign them.
    fn blockstake_inputs_mut(&mut self) -> &mut [Input] {
        &mut []
    }

    /// Returns the block stake outputs.
    fn blockstake_outputs(&self) -> &[Output] {
        &[]
    }

    /// Returns the miner fees.
    fn miner_fees(&self) -> &[Amount] {
        &[]
    }

    /// Returns the arbitrary data.
    fn arbitrary_data(&self) -> &[u8] {
        &[]
    }

    /// Returns the fulfillment of the mint or auth condition.
    fn mint_fulfillment(&self) -> Option<&Fulfillment> {
        None
    }

    /// Returns the fulfillment of the mint or auth condition, to sign it.
    fn mint_fulfillment_mut(&mut self) -> Option<&mut Fulfillment> {
        None
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
    /// The encoding of the data.
    const ENCODING: Encoding;

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
