//! Conditions: how an output is locked.

use super::atomicswap::SwapContract;
use super::constants::{LOCK_TIMESTAMP_MIN, MAX_CONDITION_DEPTH};
use super::encoding::{Decode, DecodeError, Decoder, Encode, Encoder};
use super::hash::Hash;
use super::json::{Nothing, Tagged, json_object, list, number, read_tagged, typed, value};
use super::unlockhash::{UnlockHash, UnlockType};
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// How an output is locked. The default is the nil condition.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum Condition {
    /// Type 0, free for all: any single signature opens it.
    #[default]
    Nil,
    /// Type 1: the owner of an address (or, for old outputs, a legacy swap contract).
    UnlockHash(UnlockHash),
    /// Type 2: an atomic swap contract.
    AtomicSwap(SwapContract),
    /// Type 3: another condition, after a height or a time.
    TimeLock(TimeLockCondition),
    /// Type 4: a number of owners together.
    MultiSignature(MultiSignatureCondition),
}

/// A condition that opens only after a height or a time.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct TimeLockCondition {
    /// Block height below 500 000 000, Unix seconds from there on.
    pub lock_time: u64,
    /// What must be fulfilled besides.
    pub condition: Box<Condition>,
}

/// A number of owners who must sign together.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct MultiSignatureCondition {
    /// The owners, in the order given (the order changes ids, not the address).
    pub unlock_hashes: Vec<UnlockHash>,
    /// How many of them must sign.
    pub minimum_signature_count: u64,
}

/// Returns whether a lock value still holds at a height and a time (Unix seconds) of the chain.
pub fn lock_holds(lock: u64, height: u64, time: u64) -> bool {
    if lock < LOCK_TIMESTAMP_MIN {
        height < lock
    } else {
        time < lock
    }
}

impl TimeLockCondition {
    /// Returns whether the lock still holds.
    pub fn is_locked(&self, height: u64, time: u64) -> bool {
        lock_holds(self.lock_time, height, time)
    }
}

impl MultiSignatureCondition {
    /// Returns the address: the root of a Merkle tree over the sorted owners, so that their order
    /// does not matter.
    pub fn unlock_hash(&self) -> UnlockHash {
        let mut owners = self.unlock_hashes.clone();
        owners.sort_unstable();
        let mut tree = MerkleTree::default();
        let count = u64::try_from(owners.len()).unwrap_or(u64::MAX);
        tree.push(&count.to_le_bytes());
        for owner in &owners {
            tree.push(&owner.bytes());
        }
        tree.push(&self.minimum_signature_count.to_le_bytes());
        UnlockHash::new(UnlockType::MultiSignature, tree.root())
    }
}

/// A Merkle tree that is filled from the left: leaves are hashed with 00, nodes with 01 in front.
///
/// Also used for the Merkle root of a block.
#[derive(Debug, Clone, Default)]
pub struct MerkleTree {
    /// Complete subtrees, largest first: height and sum.
    subtrees: Vec<(u32, Hash)>,
}

impl MerkleTree {
    /// Adds a leaf.
    pub fn push(&mut self, leaf: &[u8]) {
        let mut sum = Hash::of_parts(&[&[0], leaf]);
        let mut height = 0_u32;
        while let Some((_, left)) = self.subtrees.pop_if(|(last, _)| *last == height) {
            sum = join(&left, &sum);
            height = height.saturating_add(1);
        }
        self.subtrees.push((height, sum));
    }

    /// Returns the root; of an empty tree the nil hash.
    pub fn root(&self) -> Hash {
        self.subtrees
            .iter()
            .rev()
            .map(|(_, sum)| *sum)
            .reduce(|right, left| join(&left, &right))
            .unwrap_or_default()
    }
}

fn join(left: &Hash, right: &Hash) -> Hash {
    Hash::of_parts(&[&[1], left.as_bytes(), right.as_bytes()])
}

impl Condition {
    /// Returns the condition of an output for these recipients, all of whom must sign: none is
    /// free for all, one is a wallet, more are a multi-signature wallet.
    pub fn for_recipients(recipients: &[UnlockHash]) -> Self {
        match recipients {
            [] => Self::Nil,
            [one] => Self::for_address(*one),
            many => {
                let count = u64::try_from(many.len()).unwrap_or(u64::MAX);
                Self::multi_signature(many.to_vec(), count)
            }
        }
    }

    /// Returns the condition of an output for an address; the nil address is free for all.
    pub fn for_address(address: UnlockHash) -> Self {
        if address.is_nil() {
            Self::Nil
        } else {
            Self::UnlockHash(address)
        }
    }

    /// Returns a multi-signature condition: `minimum` of the owners must sign.
    pub fn multi_signature(unlock_hashes: Vec<UnlockHash>, minimum: u64) -> Self {
        Self::MultiSignature(MultiSignatureCondition {
            unlock_hashes,
            minimum_signature_count: minimum,
        })
    }

    /// Returns this condition behind a time lock (a height below 500 000 000, else Unix seconds).
    #[must_use]
    pub fn locked_until(self, lock_time: u64) -> Self {
        Self::TimeLock(TimeLockCondition {
            lock_time,
            condition: Box::new(self),
        })
    }

    /// Returns the type's byte.
    pub fn type_byte(&self) -> u8 {
        match self {
            Self::Nil => 0,
            Self::UnlockHash(_) => 1,
            Self::AtomicSwap(_) => 2,
            Self::TimeLock(_) => 3,
            Self::MultiSignature(_) => 4,
        }
    }

    /// Returns the address under which outputs with this condition are found.
    pub fn unlock_hash(&self) -> UnlockHash {
        match self.unlocked() {
            Self::Nil | Self::TimeLock(_) => UnlockHash::NIL,
            Self::UnlockHash(address) => *address,
            Self::AtomicSwap(contract) => contract.unlock_hash(),
            Self::MultiSignature(condition) => condition.unlock_hash(),
        }
    }

    /// Returns the condition inside all time locks.
    pub fn unlocked(&self) -> &Self {
        let mut condition = self;
        while let Self::TimeLock(lock) = condition {
            condition = &lock.condition;
        }
        condition
    }

    /// Returns the lock value of the outermost time lock.
    pub fn lock_time(&self) -> Option<u64> {
        match self {
            Self::TimeLock(lock) => Some(lock.lock_time),
            _ => None,
        }
    }

    /// Returns whether a time lock still holds at a height and a time of the chain.
    pub fn is_locked(&self, height: u64, time: u64) -> bool {
        match self {
            Self::TimeLock(lock) => {
                lock.is_locked(height, time) || lock.condition.is_locked(height, time)
            }
            _ => false,
        }
    }

    /// Returns the owners of a multi-signature condition, also of a time locked one.
    pub fn owners(&self) -> &[UnlockHash] {
        match self.unlocked() {
            Self::MultiSignature(condition) => &condition.unlock_hashes,
            _ => &[],
        }
    }

    fn encode_data(&self, encoder: &mut Encoder) {
        match self {
            Self::Nil => {}
            Self::UnlockHash(address) => encoder.value(address),
            Self::AtomicSwap(contract) => encoder.value(contract),
            Self::TimeLock(lock) => {
                encoder.u64(lock.lock_time);
                encoder.byte(lock.condition.type_byte());
                lock.condition.encode_data(encoder);
            }
            Self::MultiSignature(condition) => {
                encoder.u64(condition.minimum_signature_count);
                encoder.list(&condition.unlock_hashes);
            }
        }
    }

    fn decode_data(kind: u8, decoder: &mut Decoder<'_>, depth: usize) -> Result<Self, DecodeError> {
        match kind {
            0 => Ok(Self::Nil),
            1 => Ok(Self::UnlockHash(decoder.value()?)),
            2 => Ok(Self::AtomicSwap(decoder.value()?)),
            3 => {
                if depth >= MAX_CONDITION_DEPTH {
                    return Err(DecodeError::invalid("condition", TOO_DEEP));
                }
                let lock_time = decoder.u64()?;
                let inner = decoder.byte()?;
                let condition = Self::decode_data(inner, decoder, depth.saturating_add(1))?;
                Ok(condition.locked_until(lock_time))
            }
            4 => Ok(Self::MultiSignature(MultiSignatureCondition {
                minimum_signature_count: decoder.u64()?,
                unlock_hashes: decoder.list()?,
            })),
            other => Err(DecodeError::UnknownType {
                what: "condition",
                value: u64::from(other),
            }),
        }
    }

    fn depth(&self) -> usize {
        let mut depth = 0_usize;
        let mut condition = self;
        while let Self::TimeLock(lock) = condition {
            depth = depth.saturating_add(1);
            condition = &lock.condition;
        }
        depth
    }
}

const TOO_DEEP: &str = "more than 32 time locks inside each other";

impl From<UnlockHash> for Condition {
    fn from(address: UnlockHash) -> Self {
        Self::for_address(address)
    }
}

impl Encode for Condition {
    fn encode(&self, encoder: &mut Encoder) {
        encoder.byte(self.type_byte());
        encoder.slice_of(|inner| self.encode_data(inner));
    }
}

impl Decode for Condition {
    fn decode(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let kind = decoder.byte()?;
        decoder.slice_of(|inner| Self::decode_data(kind, inner, 0))
    }
}

/// The data of a condition of type 1.
#[derive(Default)]
struct AddressData {
    unlock_hash: UnlockHash,
}

json_object!(AddressData {
    "unlockhash" => unlock_hash: value,
});

json_object!(TimeLockCondition {
    "locktime" => lock_time: number,
    "condition" => condition: value,
});

json_object!(MultiSignatureCondition {
    "unlockhashes" => unlock_hashes: list,
    "minimumsignaturecount" => minimum_signature_count: number,
});

impl Serialize for Condition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kind = self.type_byte();
        match self {
            Self::Nil => serializer.serialize_map(Some(0))?.end(),
            Self::UnlockHash(address) => {
                let unlock_hash = *address;
                typed(serializer, kind, &AddressData { unlock_hash })
            }
            Self::AtomicSwap(contract) => typed(serializer, kind, contract),
            Self::TimeLock(lock) => typed(serializer, kind, lock),
            Self::MultiSignature(owners) => typed(serializer, kind, owners),
        }
    }
}

impl Tagged for Condition {
    const KEYS: &'static [&'static str; 2] = &["type", "data"];
    /// Not the text: reading that again would have no end of depth.
    type Waiting = serde_json::Value;

    fn check_tag<E: serde::de::Error>(number: u64) -> Result<u8, E> {
        match u8::try_from(number) {
            Ok(kind @ 0..=4) => Ok(kind),
            _ => Err(E::custom("unknown condition type")),
        }
    }

    fn read_data<'de, D: Deserializer<'de>>(kind: u8, data: D) -> Result<Self, D::Error> {
        // Without its data, a condition of any type is the nil one.
        let condition = match kind {
            0 => Option::<Nothing>::deserialize(data)?.map(|_| Self::Nil),
            1 => Option::<AddressData>::deserialize(data)?
                .map(|data| Self::UnlockHash(data.unlock_hash)),
            2 => Option::deserialize(data)?.map(Self::AtomicSwap),
            3 => Option::deserialize(data)?.map(Self::TimeLock),
            _ => Option::deserialize(data)?.map(Self::MultiSignature),
        };
        let condition = condition.unwrap_or_default();
        match condition.depth() > MAX_CONDITION_DEPTH {
            true => Err(D::Error::custom(TOO_DEEP)),
            false => Ok(condition),
        }
    }

    fn read_waiting<E: serde::de::Error>(kind: u8, data: Self::Waiting) -> Result<Self, E> {
        Self::read_data(kind, data).map_err(E::custom)
    }

    fn without_data<E: serde::de::Error>(kind: u8) -> Result<Self, E> {
        match kind {
            0 => Ok(Self::Nil),
            1 => Ok(Self::UnlockHash(UnlockHash::NIL)),
            2 => Ok(Self::AtomicSwap(SwapContract::default())),
            // The node breaks off over a time lock without data.
            3 => Err(E::custom("a time lock has data: locktime and condition")),
            _ => Ok(Self::MultiSignature(MultiSignatureCondition::default())),
        }
    }
}

impl<'de> Deserialize<'de> for Condition {
    /// Reads a condition; `{}`, null, type 0, and any type with null as data are the nil one.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_tagged(deserializer)
    }
}
