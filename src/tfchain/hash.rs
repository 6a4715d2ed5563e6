//! The chain's hash: BLAKE2b with a 32-byte digest.
//!
//! Also the type of everything else that is 32 plain bytes on the wire: transaction ids, output
//! ids, block ids, hashed secrets, revealed secrets.

use super::encoding::{Decode, DecodeError, Decoder, Encode, Encoder};
use super::hexadecimal;
use super::json::serde_as_text;
use blake2::{Blake2b256, Digest};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// 32 bytes, printed as 64 lower-case hex characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Hash([u8; 32]);

/// Id of a coin or block stake output.
pub type OutputId = Hash;
/// Id of a transaction.
pub type TransactionId = Hash;
/// Id of a block.
pub type BlockId = Hash;

/// A text that is no hash.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HashError {
    /// Not 64 characters.
    #[error("encoded value has the wrong length to be a hash: {0} characters, 64 expected")]
    Length(usize),
    /// A character that is no hex digit.
    #[error("a hash has hex digits only (0-9, a-f)")]
    NotHex,
}

impl Hash {
    /// The nil hash: 64 zeros.
    pub const ZERO: Self = Self([0; 32]);

    /// Makes a hash of bytes that are one already.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Returns whether all bytes are zero.
    pub fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }

    /// Hashes `data` with BLAKE2b-256.
    pub fn of(data: &[u8]) -> Self {
        Self::of_parts(&[data])
    }

    /// Hashes the concatenation of `parts`.
    pub fn of_parts(parts: &[&[u8]]) -> Self {
        let mut hasher = Hasher::new();
        for part in parts {
            hasher.update(part);
        }
        hasher.finish()
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(formatter, &self.0)
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(formatter, &self.0)
    }
}

impl FromStr for Hash {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, HashError> {
        if text.len() != 64 {
            return Err(HashError::Length(text.chars().count()));
        }
        let mut bytes = [0; 32];
        match hexadecimal::decode(text, &mut bytes) {
            true => Ok(Self(bytes)),
            false => Err(HashError::NotHex),
        }
    }
}

serde_as_text!(Hash);

impl Encode for Hash {
    fn encode(&self, encoder: &mut Encoder) {
        encoder.raw(&self.0);
    }
}

impl Decode for Hash {
    fn decode(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self(decoder.array()?))
    }
}

/// A BLAKE2b-256 computation that can be forked by cloning.
#[derive(Clone)]
pub struct Hasher(Blake2b256);

impl Hasher {
    /// Starts a computation.
    pub fn new() -> Self {
        Self(Blake2b256::new())
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        Digest::update(&mut self.0, bytes);
    }

    /// Returns the hash of everything added.
    pub fn finish(self) -> Hash {
        Hash(self.0.finalize().into())
    }
}

impl Default for Hasher {
    fn default() -> Self {
        Self::new()
    }
}

/// Writes bytes as lower-case hex without an allocation per call for the usual sizes.
pub(crate) fn write_hex(formatter: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    let mut buffer = [0; 128];
    for chunk in bytes.chunks(64) {
        let Some(digits) = buffer.get_mut(..chunk.len().saturating_mul(2)) else {
            return Err(fmt::Error);
        };
        hex::encode_to_slice(chunk, digits).map_err(|_| fmt::Error)?;
        formatter.write_str(std::str::from_utf8(digits).map_err(|_| fmt::Error)?)?;
    }
    Ok(())
}
