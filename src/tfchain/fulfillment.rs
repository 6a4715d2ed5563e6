//! Fulfillments: how an input unlocks the output that it spends.

use super::atomicswap::SwapContract;
use super::encoding::{Decode, DecodeError, Decoder, Encode, Encoder, Encoding};
use super::hash::Hash;
use super::json::{empty_as_null, null_as_default, typed};
use super::keys::{PublicKey, Signature};
use super::unlockhash::UnlockHash;
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// How an input unlocks an output. The default is the nil fulfillment, which is never valid.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum Fulfillment {
    /// Type 0, not filled in.
    #[default]
    Nil,
    /// Type 1: one key and its signature.
    SingleSignature(SignaturePair),
    /// Type 2: one side of a swap.
    AtomicSwap(AtomicSwapFulfillment),
    /// Type 3: several keys and their signatures.
    MultiSignature(Vec<SignaturePair>),
}

/// A public key and its signature (empty while unsigned).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct SignaturePair {
    /// The key.
    #[serde(rename = "publickey")]
    pub public_key: PublicKey,
    /// Its signature.
    #[serde(deserialize_with = "null_as_default")]
    pub signature: Signature,
}

/// One side of a swap: the receiver with the secret, or the sender without.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct AtomicSwapFulfillment {
    /// The terms, in the legacy form only (spends an output locked by the contract's address).
    pub contract: Option<Box<SwapContract>>,
    /// The key of the receiver (redeem) or the sender (refund).
    pub public_key: PublicKey,
    /// Its signature.
    pub signature: Signature,
    /// The secret; all zeros is none, a refund.
    pub secret: Hash,
}

impl SignaturePair {
    /// Makes an unsigned pair.
    pub fn unsigned(public_key: PublicKey) -> Self {
        Self {
            public_key,
            signature: Signature::EMPTY,
        }
    }
}

impl Encode for SignaturePair {
    fn encode(&self, encoder: &mut Encoder) {
        encoder.value(&self.public_key);
        encoder.value(&self.signature);
    }
}

impl Decode for SignaturePair {
    fn decode(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            public_key: decoder.value()?,
            signature: decoder.value()?,
        })
    }
}

impl Fulfillment {
    /// Makes an unsigned single signature.
    pub fn single(public_key: PublicKey) -> Self {
        Self::SingleSignature(SignaturePair::unsigned(public_key))
    }

    /// Returns the type's byte.
    pub fn type_byte(&self) -> u8 {
        match self {
            Self::Nil => 0,
            Self::SingleSignature(_) => 1,
            Self::AtomicSwap(_) => 2,
            Self::MultiSignature(_) => 3,
        }
    }

    /// Returns the keys that sign.
    pub fn public_keys(&self) -> Vec<PublicKey> {
        match self {
            Self::Nil => Vec::new(),
            Self::SingleSignature(pair) => vec![pair.public_key],
            Self::AtomicSwap(swap) => vec![swap.public_key],
            Self::MultiSignature(pairs) => pairs.iter().map(|pair| pair.public_key).collect(),
        }
    }

    /// Returns the address that an input with this fulfillment unlocks, as far as the fulfillment
    /// itself tells: that of the single key, or of the contract of a legacy swap.
    pub fn unlock_hash(&self) -> Option<UnlockHash> {
        match self {
            Self::SingleSignature(pair) => Some(pair.public_key.unlock_hash()),
            Self::AtomicSwap(swap) => swap.contract.as_ref().map(|terms| terms.unlock_hash()),
            Self::Nil | Self::MultiSignature(_) => None,
        }
    }

    fn encode_data(&self, encoder: &mut Encoder) {
        match self {
            Self::Nil => {}
            Self::SingleSignature(pair) => encoder.value(pair),
            Self::AtomicSwap(swap) => {
                if let Some(contract) = &swap.contract {
                    encoder.value(contract.as_ref());
                }
                encoder.value(&swap.public_key);
                encoder.value(&swap.signature);
                encoder.value(&swap.secret);
            }
            Self::MultiSignature(pairs) => encoder.list(pairs),
        }
    }

    fn decode_data(kind: u8, decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        match kind {
            0 => Ok(Self::Nil),
            1 => Ok(Self::SingleSignature(decoder.value()?)),
            2 => {
                // The legacy form is told apart by its length alone: the plain form with a key
                // and a 64-byte signature has 160 (siabin) or 130 (rivbin) bytes, the legacy one
                // 106 more. Unsigned forms are 64 shorter (rivbin: 64, the prefix stays 1 byte).
                let contract = if decoder.remaining() > longest_plain_swap(decoder.encoding()) {
                    Some(Box::new(decoder.value()?))
                } else {
                    None
                };
                Ok(Self::AtomicSwap(AtomicSwapFulfillment {
                    contract,
                    public_key: decoder.value()?,
                    signature: decoder.value()?,
                    secret: decoder.value()?,
                }))
            }
            3 => Ok(Self::MultiSignature(decoder.list()?)),
            other => Err(DecodeError::UnknownType {
                what: "fulfillment",
                value: u64::from(other),
            }),
        }
    }
}

/// Bytes of a plain swap fulfillment with a full signature.
fn longest_plain_swap(encoding: Encoding) -> usize {
    match encoding {
        Encoding::Siabin => 56 + 8 + 64 + 32,
        Encoding::Rivbin => 33 + 1 + 64 + 32,
    }
}

impl Encode for Fulfillment {
    fn encode(&self, encoder: &mut Encoder) {
        encoder.byte(self.type_byte());
        encoder.slice_of(|inner| self.encode_data(inner));
    }
}

impl Decode for Fulfillment {
    fn decode(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let kind = decoder.byte()?;
        decoder.slice_of(|inner| Self::decode_data(kind, inner))
    }
}

impl Serialize for Fulfillment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nil => serializer.serialize_map(Some(0))?.end(),
            Self::SingleSignature(pair) => typed(serializer, 1, pair),
            Self::AtomicSwap(swap) => {
                #[derive(serde::Serialize)]
                struct Data<'a> {
                    #[serde(flatten)]
                    contract: Option<&'a SwapContract>,
                    publickey: &'a PublicKey,
                    signature: &'a Signature,
                    secret: &'a Hash,
                }
                let data = Data {
                    contract: swap.contract.as_deref(),
                    publickey: &swap.public_key,
                    signature: &swap.signature,
                    secret: &swap.secret,
                };
                typed(serializer, 2, &data)
            }
            Self::MultiSignature(pairs) => {
                #[derive(serde::Serialize)]
                struct Data<'a> {
                    #[serde(serialize_with = "empty_as_null")]
                    pairs: &'a [SignaturePair],
                }
                typed(serializer, 3, &Data { pairs })
            }
        }
    }
}

/// The data of any fulfillment.
#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct RawData {
    #[serde(deserialize_with = "null_as_default")]
    publickey: PublicKey,
    #[serde(deserialize_with = "null_as_default")]
    signature: Signature,
    sender: Option<UnlockHash>,
    receiver: Option<UnlockHash>,
    hashedsecret: Option<Hash>,
    timelock: Option<u64>,
    #[serde(deserialize_with = "secret_or_nothing")]
    secret: Hash,
    #[serde(deserialize_with = "null_as_default")]
    pairs: Vec<SignaturePair>,
}

/// Reads a secret; null and the empty text are none.
fn secret_or_nothing<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
    let text: Option<std::borrow::Cow<'de, str>> = Option::deserialize(deserializer)?;
    match text.as_deref() {
        None | Some("") => Ok(Hash::ZERO),
        Some(text) => text.parse().map_err(D::Error::custom),
    }
}

#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct RawFulfillment {
    #[serde(rename = "type", deserialize_with = "null_as_default")]
    kind: u8,
    data: Option<RawData>,
}

impl<'de> Deserialize<'de> for Fulfillment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Option::<RawFulfillment>::deserialize(deserializer)?.unwrap_or_default();
        let data = raw.data.unwrap_or_default();
        match raw.kind {
            0 => Ok(Self::Nil),
            1 => Ok(Self::SingleSignature(SignaturePair {
                public_key: data.publickey,
                signature: data.signature,
            })),
            2 => {
                let contract = match (data.sender, data.receiver, data.hashedsecret, data.timelock)
                {
                    (None, None, None, None) => None,
                    (Some(sender), Some(receiver), Some(hashed_secret), Some(time_lock)) => {
                        Some(Box::new(SwapContract {
                            sender,
                            receiver,
                            hashed_secret,
                            time_lock,
                        }))
                    }
                    _ => {
                        return Err(D::Error::custom(
                            "a legacy atomic swap fulfillment has all of sender, receiver, \
                             hashedsecret and timelock, a plain one has none of them",
                        ));
                    }
                };
                Ok(Self::AtomicSwap(AtomicSwapFulfillment {
                    contract,
                    public_key: data.publickey,
                    signature: data.signature,
                    secret: data.secret,
                }))
            }
            3 => Ok(Self::MultiSignature(data.pairs)),
            _ => Err(D::Error::custom("unknown fulfillment type")),
        }
    }
}
