//! Version 0, the legacy transaction: only to read old blocks.
//!
//! The same parts as version 1, in an older form: inputs carry an `unlocker` (a single key or a
//! legacy swap), outputs go to an unlock hash. In memory they are ordinary inputs and outputs.

use super::body::{Body, DecodeBody};
use super::{Input, Output};
use crate::tfchain::amount::Amount;
use crate::tfchain::atomicswap::SwapContract;
use crate::tfchain::condition::Condition;
use crate::tfchain::constants::VERSION_LEGACY;
use crate::tfchain::encoding::{DecodeError, Decoder, EncodeError, Encoder, Encoding};
use crate::tfchain::fulfillment::{AtomicSwapFulfillment, Fulfillment, SignaturePair};
use crate::tfchain::hash::{Hash, OutputId};
use crate::tfchain::json::{base64_bytes, empty_as_null, null_as_default};
use crate::tfchain::keys::{PublicKey, Signature};
use crate::tfchain::unlockhash::UnlockHash;
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Error as _, Serialize, Serializer};
use std::borrow::Cow;

/// A transaction of version 0. Siabin.
///
/// Inputs hold single signatures or legacy swaps, outputs unlock hash conditions; others have no
/// form in this version.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct LegacyTransaction {
    /// Coins that are spent.
    #[serde(rename = "coininputs", with = "inputs")]
    pub coin_inputs: Vec<Input>,
    /// Where coins go.
    #[serde(
        rename = "coinoutputs",
        skip_serializing_if = "Vec::is_empty",
        with = "outputs"
    )]
    pub coin_outputs: Vec<Output>,
    /// Block stakes that are spent.
    #[serde(
        rename = "blockstakeinputs",
        skip_serializing_if = "Vec::is_empty",
        with = "inputs"
    )]
    pub blockstake_inputs: Vec<Input>,
    /// Where block stakes go.
    #[serde(
        rename = "blockstakeoutputs",
        skip_serializing_if = "Vec::is_empty",
        with = "outputs"
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
    fn version(&self) -> u8 {
        VERSION_LEGACY
    }

    fn encoding(&self) -> Encoding {
        Encoding::Siabin
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

impl DecodeBody for LegacyTransaction {
    const ENCODING: Encoding = Encoding::Siabin;

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

/// JSON of inputs with unlockers.
mod inputs {
    use super::*;

    #[derive(serde::Serialize)]
    struct WriteInput<'a> {
        parentid: &'a OutputId,
        unlocker: WriteUnlocker<'a>,
    }

    #[derive(serde::Serialize)]
    struct WriteUnlocker<'a> {
        #[serde(rename = "type")]
        kind: u8,
        condition: WriteCondition<'a>,
        fulfillment: WriteFulfillment<'a>,
    }

    #[derive(serde::Serialize)]
    #[serde(untagged)]
    enum WriteCondition<'a> {
        Key { publickey: &'a PublicKey },
        Swap(&'a SwapContract),
    }

    #[derive(serde::Serialize)]
    #[serde(untagged)]
    enum WriteFulfillment<'a> {
        Key {
            signature: &'a Signature,
        },
        Swap {
            publickey: &'a PublicKey,
            signature: &'a Signature,
            secret: &'a Hash,
        },
    }

    pub(super) fn serialize<S: Serializer>(
        inputs: &[Input],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut written = Vec::with_capacity(inputs.len());
        for input in inputs {
            let (condition, fulfillment) = match &input.fulfillment {
                Fulfillment::SingleSignature(pair) => (
                    WriteCondition::Key {
                        publickey: &pair.public_key,
                    },
                    WriteFulfillment::Key {
                        signature: &pair.signature,
                    },
                ),
                Fulfillment::AtomicSwap(AtomicSwapFulfillment {
                    contract: Some(contract),
                    public_key,
                    signature,
                    secret,
                }) => (
                    WriteCondition::Swap(contract.as_ref()),
                    WriteFulfillment::Swap {
                        publickey: public_key,
                        signature,
                        secret,
                    },
                ),
                _ => return Err(S::Error::custom(NOT_LEGACY_INPUT)),
            };
            written.push(WriteInput {
                parentid: &input.parent_id,
                unlocker: WriteUnlocker {
                    kind: input.fulfillment.type_byte(),
                    condition,
                    fulfillment,
                },
            });
        }
        written.serialize(serializer)
    }

    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    struct ReadInput {
        parentid: OutputId,
        unlocker: ReadUnlocker,
    }

    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    struct ReadUnlocker {
        #[serde(rename = "type")]
        kind: u8,
        condition: ReadCondition,
        fulfillment: ReadFulfillment,
    }

    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    struct ReadCondition {
        publickey: PublicKey,
        sender: UnlockHash,
        receiver: UnlockHash,
        hashedsecret: Hash,
        timelock: u64,
    }

    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    struct ReadFulfillment {
        publickey: PublicKey,
        signature: Signature,
        secret: Hash,
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<Input>, D::Error> {
        let read: Vec<ReadInput> = Option::deserialize(deserializer)?.unwrap_or_default();
        read.into_iter()
            .map(|input| {
                let ReadUnlocker {
                    kind,
                    condition,
                    fulfillment,
                } = input.unlocker;
                let fulfillment = match kind {
                    1 => Fulfillment::SingleSignature(SignaturePair {
                        public_key: condition.publickey,
                        signature: fulfillment.signature,
                    }),
                    2 => Fulfillment::AtomicSwap(AtomicSwapFulfillment {
                        contract: Some(Box::new(SwapContract {
                            sender: condition.sender,
                            receiver: condition.receiver,
                            hashed_secret: condition.hashedsecret,
                            time_lock: condition.timelock,
                        })),
                        public_key: fulfillment.publickey,
                        signature: fulfillment.signature,
                        secret: fulfillment.secret,
                    }),
                    _ => return Err(D::Error::custom("unknown unlocker type")),
                };
                Ok(Input {
                    parent_id: input.parentid,
                    fulfillment,
                })
            })
            .collect()
    }
}

/// JSON of outputs to an unlock hash.
mod outputs {
    use super::*;

    #[derive(serde::Serialize)]
    struct WriteOutput<'a> {
        value: &'a Amount,
        unlockhash: &'a UnlockHash,
    }

    pub(super) fn serialize<S: Serializer>(
        outputs: &[Output],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut written = Vec::with_capacity(outputs.len());
        for output in outputs {
            let Condition::UnlockHash(unlockhash) = &output.condition else {
                return Err(S::Error::custom(NOT_LEGACY_OUTPUT));
            };
            written.push(WriteOutput {
                value: &output.value,
                unlockhash,
            });
        }
        written.serialize(serializer)
    }

    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    struct ReadOutput {
        value: Amount,
        unlockhash: UnlockHash,
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<Output>, D::Error> {
        let read: Vec<ReadOutput> = Option::deserialize(deserializer)?.unwrap_or_default();
        Ok(read
            .into_iter()
            .map(|output| Output {
                value: output.value,
                condition: Condition::UnlockHash(output.unlockhash),
            })
            .collect())
    }
}
