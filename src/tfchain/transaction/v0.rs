//! Version 0, the legacy transaction: only to read old blocks.
//!
//! The same parts as version 1, in an older form: inputs carry an `unlocker` (a single key or a
//! legacy swap), outputs go to an unlock hash. In memory they are ordinary inputs and outputs.

use super::body::{Body, DecodeBody, Layout, Parts, PartsMut};
use super::{Input, Output};
use crate::tfchain::amount::Amount;
use crate::tfchain::atomicswap::SwapContract;
use crate::tfchain::condition::Condition;
use crate::tfchain::constants::VERSION_LEGACY;
use crate::tfchain::encoding::{DecodeError, Decoder, EncodeError, Encoder, Encoding};
use crate::tfchain::fulfillment::{AtomicSwapFulfillment, Fulfillment, SignaturePair};
use crate::tfchain::hash::{Hash, OutputId};
use crate::tfchain::json::{
    bytes, json_object, list, list_or_nothing, list_or_null, number, read_raw, value,
};
use crate::tfchain::keys::{PublicKey, Signature};
use crate::tfchain::unlockhash::UnlockHash;
use serde::Serialize;
use serde::de::{DeserializeOwned, MapAccess};
use serde::ser::SerializeStruct;
use serde_json::value::{RawValue, to_raw_value};
use std::borrow::Cow;

/// A transaction of version 0. Siabin.
///
/// Inputs hold single signatures or legacy swaps, outputs unlock hash conditions; others have no
/// form in this version.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LegacyTransaction {
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

json_object!(LegacyTransaction {
    "coininputs" => coin_inputs: inputs,
    "coinoutputs" => coin_outputs: outputs_or_nothing,
    "blockstakeinputs" => blockstake_inputs: inputs_or_nothing,
    "blockstakeoutputs" => blockstake_outputs: outputs_or_nothing,
    "minerfees" => miner_fees: list_or_null,
    "arbitrarydata" => arbitrary_data: bytes,
});

const NOT_LEGACY_INPUT: EncodeError = EncodeError::NotInVersion {
    version: VERSION_LEGACY,
    what: "an input that is neither a single signature nor a legacy atomic swap",
};
const NOT_LEGACY_OUTPUT: EncodeError = EncodeError::NotInVersion {
    version: VERSION_LEGACY,
    what: "an output whose condition is not an unlock hash",
};

fn write_inputs(encoder: &mut Encoder, inputs: &[Input]) {
    encoder.length(inputs.len());
    for input in inputs {
        encoder.value(&input.parent_id);
        encoder.byte(input.fulfillment.type_byte());
        match &input.fulfillment {
            Fulfillment::SingleSignature(pair) => {
                encoder.slice_of(|inner| inner.value(&pair.public_key));
                encoder.value(&pair.signature);
            }
            Fulfillment::AtomicSwap(AtomicSwapFulfillment {
                contract: Some(contract),
                public_key,
                signature,
                secret,
            }) => {
                encoder.slice_of(|inner| inner.value(contract.as_ref()));
                encoder.slice_of(|inner| {
                    inner.value(public_key);
                    inner.value(signature);
                    inner.value(secret);
                });
            }
            _ => encoder.fail(NOT_LEGACY_INPUT),
        }
    }
}

fn read_inputs(decoder: &mut Decoder<'_>) -> Result<Vec<Input>, DecodeError> {
    let count = decoder.length()?;
    let mut inputs = Vec::new();
    for _ in 0..count {
        let parent_id = decoder.value()?;
        let fulfillment = match decoder.byte()? {
            1 => Fulfillment::SingleSignature(SignaturePair {
                public_key: decoder.slice_of(|inner| inner.value())?,
                signature: decoder.value()?,
            }),
            2 => {
                let contract: SwapContract = decoder.slice_of(|inner| inner.value())?;
                decoder.slice_of(|inner| {
                    Ok(Fulfillment::AtomicSwap(AtomicSwapFulfillment {
                        contract: Some(Box::new(contract)),
                        public_key: inner.value()?,
                        signature: inner.value()?,
                        secret: inner.value()?,
                    }))
                })?
            }
            other => {
                return Err(DecodeError::UnknownType {
                    what: "unlocker",
                    value: u64::from(other),
                });
            }
        };
        inputs.push(Input {
            parent_id,
            fulfillment,
        });
    }
    Ok(inputs)
}

fn write_outputs(encoder: &mut Encoder, outputs: &[Output]) {
    encoder.length(outputs.len());
    for output in outputs {
        encoder.value(&output.value);
        match &output.condition {
            Condition::UnlockHash(address) => encoder.value(address),
            _ => encoder.fail(NOT_LEGACY_OUTPUT),
        }
    }
}

fn read_outputs(decoder: &mut Decoder<'_>) -> Result<Vec<Output>, DecodeError> {
    let count = decoder.length()?;
    let mut outputs = Vec::new();
    for _ in 0..count {
        outputs.push(Output {
            value: decoder.value()?,
            condition: Condition::UnlockHash(decoder.value()?),
        });
    }
    Ok(outputs)
}

fn write_parents(encoder: &mut Encoder, inputs: &[Input]) {
    for input in inputs {
        encoder.value(&input.parent_id);
        match input.fulfillment.unlock_hash() {
            Some(address) => encoder.value(&address),
            None => encoder.fail(NOT_LEGACY_INPUT),
        }
    }
}

impl Body for LegacyTransaction {
    fn layout(&self) -> Layout {
        Self::LAYOUT
    }

    fn encode_data(&self, encoder: &mut Encoder) {
        write_inputs(encoder, &self.coin_inputs);
        write_outputs(encoder, &self.coin_outputs);
        write_inputs(encoder, &self.blockstake_inputs);
        write_outputs(encoder, &self.blockstake_outputs);
        encoder.list(&self.miner_fees);
        encoder.slice(&self.arbitrary_data);
    }

    fn write_preimage(&self, _before: &mut Encoder, after: &mut Encoder) {
        write_parents(after, &self.coin_inputs);
        write_outputs(after, &self.coin_outputs);
        write_parents(after, &self.blockstake_inputs);
        write_outputs(after, &self.blockstake_outputs);
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

impl DecodeBody for LegacyTransaction {
    const LAYOUT: Layout = Layout::of(VERSION_LEGACY, Encoding::Siabin);

    fn decode_data(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            coin_inputs: read_inputs(decoder)?,
            coin_outputs: read_outputs(decoder)?,
            blockstake_inputs: read_inputs(decoder)?,
            blockstake_outputs: read_outputs(decoder)?,
            miner_fees: decoder.list()?,
            arbitrary_data: decoder.slice()?.to_vec(),
        })
    }
}

/// An input in JSON.
#[derive(Default)]
struct LegacyInput {
    parent_id: OutputId,
    unlocker: Unlocker,
}

json_object!(LegacyInput {
    "parentid" => parent_id: value,
    "unlocker" => unlocker: value,
});

/// What unlocks an input, in JSON: two parts that must be there, read by the type.
#[derive(Default)]
struct Unlocker {
    kind: u8,
    condition: Option<Box<RawValue>>,
    fulfillment: Option<Box<RawValue>>,
}

json_object!(Unlocker {
    "type" => kind: number,
    "condition" => condition: part,
    "fulfillment" => fulfillment: part,
});

/// A part of an unlocker, also when it is null.
mod part {
    use super::*;

    pub(super) use crate::tfchain::json::option::write;

    pub(super) fn read<'de, A: MapAccess<'de>>(
        map: &mut A,
    ) -> Result<Option<Box<RawValue>>, A::Error> {
        map.next_value().map(Some)
    }
}

fn write_part<T, E>(part: &T) -> Result<Option<Box<RawValue>>, E>
where
    T: Serialize,
    E: serde::ser::Error,
{
    to_raw_value(part).map(Some).map_err(E::custom)
}

fn read_part<T, E>(part: Option<Box<RawValue>>) -> Result<T, E>
where
    T: DeserializeOwned,
    E: serde::de::Error,
{
    let part = part.ok_or_else(|| E::custom("an unlocker has a condition and a fulfillment"))?;
    read_raw(&part, |reader| T::deserialize(reader))
}

/// The condition of a single signature.
#[derive(Default)]
struct Key {
    public_key: PublicKey,
}

json_object!(Key {
    "publickey" => public_key: value,
});

/// The fulfillment of a single signature.
#[derive(Default)]
struct Signed {
    signature: Signature,
}

json_object!(Signed {
    "signature" => signature: value,
});

/// The fulfillment of a legacy swap.
#[derive(Default)]
struct Revealed {
    public_key: PublicKey,
    signature: Signature,
    secret: Hash,
}

json_object!(Revealed {
    "publickey" => public_key: value,
    "signature" => signature: value,
    "secret" => secret: value,
});

impl Unlocker {
    fn of<E: serde::ser::Error>(fulfillment: &Fulfillment) -> Result<Self, E> {
        let kind = fulfillment.type_byte();
        let (condition, fulfillment) = match fulfillment {
            Fulfillment::SingleSignature(pair) => {
                let public_key = pair.public_key;
                let signature = pair.signature.clone();
                (
                    write_part(&Key { public_key })?,
                    write_part(&Signed { signature })?,
                )
            }
            Fulfillment::AtomicSwap(AtomicSwapFulfillment {
                contract: Some(contract),
                public_key,
                signature,
                secret,
            }) => {
                let revealed = Revealed {
                    public_key: *public_key,
                    signature: signature.clone(),
                    secret: *secret,
                };
                (write_part(contract.as_ref())?, write_part(&revealed)?)
            }
            _ => return Err(E::custom(NOT_LEGACY_INPUT)),
        };
        Ok(Self {
            kind,
            condition,
            fulfillment,
        })
    }

    fn fulfillment<E: serde::de::Error>(self) -> Result<Fulfillment, E> {
        match self.kind {
            1 => {
                let key: Key = read_part(self.condition)?;
                let signed: Signed = read_part(self.fulfillment)?;
                Ok(Fulfillment::SingleSignature(SignaturePair {
                    public_key: key.public_key,
                    signature: signed.signature,
                }))
            }
            2 => {
                let contract: SwapContract = read_part(self.condition)?;
                let revealed: Revealed = read_part(self.fulfillment)?;
                Ok(Fulfillment::AtomicSwap(AtomicSwapFulfillment {
                    contract: Some(Box::new(contract)),
                    public_key: revealed.public_key,
                    signature: revealed.signature,
                    secret: revealed.secret,
                }))
            }
            _ => Err(E::custom("unknown unlocker type")),
        }
    }
}

/// Inputs in JSON: always written.
mod inputs {
    use super::*;

    pub(super) fn write<M: SerializeStruct>(
        object: &mut M,
        key: &'static str,
        inputs: &[Input],
    ) -> Result<(), M::Error> {
        let write = |input: &Input| {
            Ok(LegacyInput {
                parent_id: input.parent_id,
                unlocker: Unlocker::of(&input.fulfillment)?,
            })
        };
        let inputs = inputs.iter().map(write).collect::<Result<Vec<_>, _>>()?;
        list::write(object, key, &inputs)
    }

    pub(super) fn read<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Vec<Input>, A::Error> {
        let inputs: Vec<LegacyInput> = list::read(map)?;
        let read = |input: LegacyInput| {
            Ok(Input {
                parent_id: input.parent_id,
                fulfillment: input.unlocker.fulfillment()?,
            })
        };
        inputs.into_iter().map(read).collect()
    }
}

/// Inputs in JSON: left out when there are none.
mod inputs_or_nothing {
    use super::*;

    pub(super) use super::inputs::read;

    pub(super) fn write<M: SerializeStruct>(
        object: &mut M,
        key: &'static str,
        inputs: &[Input],
    ) -> Result<(), M::Error> {
        match inputs {
            [] => object.skip_field(key),
            inputs => super::inputs::write(object, key, inputs),
        }
    }
}

/// An output in JSON: to an unlock hash.
#[derive(Default)]
struct LegacyOutput {
    value: Amount,
    unlock_hash: UnlockHash,
}

json_object!(LegacyOutput {
    "value" => value: value,
    "unlockhash" => unlock_hash: value,
});

/// Outputs in JSON: left out when there are none.
mod outputs_or_nothing {
    use super::*;

    pub(super) fn write<M: SerializeStruct>(
        object: &mut M,
        key: &'static str,
        outputs: &[Output],
    ) -> Result<(), M::Error> {
        let write = |output: &Output| match &output.condition {
            Condition::UnlockHash(address) => Ok(LegacyOutput {
                value: output.value.clone(),
                unlock_hash: *address,
            }),
            _ => Err(serde::ser::Error::custom(NOT_LEGACY_OUTPUT)),
        };
        let outputs = outputs.iter().map(write).collect::<Result<Vec<_>, _>>()?;
        list_or_nothing::write(object, key, &outputs)
    }

    pub(super) fn read<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Vec<Output>, A::Error> {
        let outputs: Vec<LegacyOutput> = list::read(map)?;
        let read = |output: LegacyOutput| Output {
            value: output.value,
            condition: Condition::UnlockHash(output.unlock_hash),
        };
        Ok(outputs.into_iter().map(read).collect())
    }
}
