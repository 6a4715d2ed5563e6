//! Atomic swaps: secrets and contracts.

use super::encoding::{Decode, DecodeError, Decoder, Encode, Encoder, Encoding};
use super::hash::{Hash, HashError};
use super::json::{json_object, number, value};
use super::unlockhash::{UnlockHash, UnlockType};
use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::Zeroizing;

/// The terms of a swap: what an atomic swap condition holds, in the order of the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct SwapContract {
    /// Who gets the coins back after the time lock.
    pub sender: UnlockHash,
    /// Who gets the coins with the secret.
    pub receiver: UnlockHash,
    /// SHA-256 of the secret.
    pub hashed_secret: Hash,
    /// Unix seconds after which the sender may refund.
    pub time_lock: u64,
}

json_object!(SwapContract {
    "sender" => sender: value,
    "receiver" => receiver: value,
    "hashedsecret" => hashed_secret: value,
    "timelock" => time_lock: number,
});

impl SwapContract {
    /// Returns the contract's address (type 2).
    pub fn unlock_hash(&self) -> UnlockHash {
        // The 106 bytes are hashed as a slice, with their length.
        let mut encoder = Encoder::new(Encoding::Siabin);
        encoder.slice_of(|inner| inner.value(self));
        let bytes = encoder.finish().unwrap_or_default();
        UnlockHash::new(UnlockType::AtomicSwap, Hash::of(&bytes))
    }
}

impl Encode for SwapContract {
    fn encode(&self, encoder: &mut Encoder) {
        encoder.value(&self.sender);
        encoder.value(&self.receiver);
        encoder.value(&self.hashed_secret);
        encoder.u64(self.time_lock);
    }
}

impl Decode for SwapContract {
    fn decode(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            sender: decoder.value()?,
            receiver: decoder.value()?,
            hashed_secret: decoder.value()?,
            time_lock: decoder.u64()?,
        })
    }
}

/// The secret of a swap, as long as it is one: wiped from memory when dropped, never printed.
#[derive(Clone)]
pub struct SwapSecret(Zeroizing<[u8; 32]>);

impl SwapSecret {
    /// Makes a secret of 32 random bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Reads a secret from 64 hex digits.
    ///
    /// # Errors
    /// When the text has another length or other characters; the text is not in the error.
    pub fn parse(text: &str) -> Result<Self, HashError> {
        Ok(Self::from_bytes(*text.parse::<Hash>()?.as_bytes()))
    }

    /// Returns the SHA-256 of the secret, which the contract shows.
    pub fn hashed(&self) -> Hash {
        hash_secret(&self.0)
    }

    /// Gives the secret away: for a redeeming fulfillment, or to show it to its owner.
    pub fn reveal(&self) -> Hash {
        Hash::from_bytes(*self.0)
    }
}

impl fmt::Debug for SwapSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SwapSecret(***)")
    }
}

/// Returns the SHA-256 of a secret.
pub fn hash_secret(secret: &[u8; 32]) -> Hash {
    Hash::from_bytes(Sha256::digest(secret).into())
}
