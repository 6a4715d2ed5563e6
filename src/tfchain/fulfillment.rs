//! Fulfillments: how an input unlocks the output that it spends.

use super::atomicswap::SwapContract;
use super::encoding::{Decode, DecodeError, Decoder, Encode, Encoder, Encoding};
use super::hash::Hash;
use super::json::{Nothing, Tagged, json_object, list_or_null, option, read_tagged, typed, value};
use super::keys::{PublicKey, Signature};
use super::unlockhash::UnlockHash;
use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::borrow::Cow;

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
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct SignaturePair {
    /// The key.
    pub public_key: PublicKey,
    /// Its signature.
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

json_object!(SignaturePair {
    "publickey" => public_key: value,
    "signature" => signature: value,
});

/// The data of a fulfillment of type 2; the first four only in the legacy form.
#[derive(Default)]
struct SwapData {
    sender: Option<UnlockHash>,
    receiver: Option<UnlockHash>,
    hashed_secret: Option<Hash>,
    time_lock: Option<u64>,
    public_key: PublicKey,
    signature: Signature,
    secret: Hash,
}

json_object!(SwapData {
    "sender" => sender: option,
    "receiver" => receiver: option,
    "hashedsecret" => hashed_secret: option,
    "timelock" => time_lock: option,
    "publickey" => public_key: value,
    "signature" => signature: value,
    "secret" => secret: value,
});

impl SwapData {
    fn of(swap: &AtomicSwapFulfillment) -> Self {
        let contract = swap.contract.as_deref();
        Self {
            sender: contract.map(|terms| terms.sender),
            receiver: contract.map(|terms| terms.receiver),
            hashed_secret: contract.map(|terms| terms.hashed_secret),
            time_lock: contract.map(|terms| terms.time_lock),
            public_key: swap.public_key,
            signature: swap.signature.clone(),
            secret: swap.secret,
        }
    }

    /// What is nil or zero counts as missing, as for the node.
    fn fulfillment<E: serde::de::Error>(self) -> Result<Fulfillment, E> {
        let terms = (
            self.sender.filter(|address| !address.is_nil()),
            self.receiver.filter(|address| !address.is_nil()),
            self.hashed_secret.filter(|hash| !hash.is_zero()),
            self.time_lock.filter(|time| *time != 0),
        );
        let contract = match terms {
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
                return Err(E::custom(
                    "a legacy atomic swap fulfillment has all of sender, receiver, \
                     hashedsecret and timelock, a plain one has none of them",
                ));
            }
        };
        Ok(Fulfillment::AtomicSwap(AtomicSwapFulfillment {
            contract,
            public_key: self.public_key,
            signature: self.signature,
            secret: self.secret,
        }))
    }
}

/// The data of a fulfillment of type 3.
#[derive(Default)]
struct PairsData<'a> {
    pairs: Cow<'a, [SignaturePair]>,
}

json_object!(PairsData<'_> {
    "pairs" => pairs: list_or_null,
});

impl Serialize for Fulfillment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kind = self.type_byte();
        match self {
            Self::Nil => serializer.serialize_map(Some(0))?.end(),
            Self::SingleSignature(pair) => typed(serializer, kind, pair),
            Self::AtomicSwap(swap) => typed(serializer, kind, &SwapData::of(swap)),
            Self::MultiSignature(pairs) => {
                let pairs = Cow::Borrowed(pairs.as_slice());
                typed(serializer, kind, &PairsData { pairs })
            }
        }
    }
}

impl Tagged for Fulfillment {
    const KEYS: &'static [&'static str; 2] = &["type", "data"];
    type Waiting = serde_json::Value;

    fn check_tag<E: serde::de::Error>(number: u64) -> Result<u8, E> {
        match u8::try_from(number) {
            Ok(kind @ 0..=3) => Ok(kind),
            _ => Err(E::custom("unknown fulfillment type")),
        }
    }

    fn read_data<'de, D: Deserializer<'de>>(kind: u8, data: D) -> Result<Self, D::Error> {
        // Without its data, a fulfillment of any type is the nil one.
        let fulfillment = match kind {
            0 => Option::<Nothing>::deserialize(data)?.map(|_| Self::Nil),
            1 => Option::deserialize(data)?.map(Self::SingleSignature),
            2 => Option::<SwapData>::deserialize(data)?
                .map(SwapData::fulfillment)
                .transpose()?,
            _ => Option::<PairsData<'_>>::deserialize(data)?
                .map(|data| Self::MultiSignature(data.pairs.into_owned())),
        };
        Ok(fulfillment.unwrap_or_default())
    }

    fn read_waiting<E: serde::de::Error>(kind: u8, data: Self::Waiting) -> Result<Self, E> {
        Self::read_data(kind, data).map_err(E::custom)
    }

    fn without_data<E: serde::de::Error>(kind: u8) -> Result<Self, E> {
        match kind {
            0 => Ok(Self::Nil),
            1 => Ok(Self::SingleSignature(SignaturePair::default())),
            // The node breaks off over an atomic swap without data.
            2 => Err(E::custom("an atomic swap has data: key, signature, secret")),
            _ => Ok(Self::MultiSignature(Vec::new())),
        }
    }
}

impl<'de> Deserialize<'de> for Fulfillment {
    /// Reads a fulfillment; `{}`, null, type 0, and any type with null as data are the nil one.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_tagged(deserializer)
    }
}
