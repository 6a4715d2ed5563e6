//! Addresses and hashes of the Ethereum side.

use super::encoding::{Decode, DecodeError, Decoder, Encode, Encoder};
use super::hash::{Hash, write_hex};
use super::json::serde_as_text;
use super::unlockhash::UnlockHash;
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

const ADDRESS_BYTES: usize = 20;
const HASH_BYTES: usize = 32;

/// An Ethereum address: 20 bytes, printed as `0x` and 40 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Erc20Address([u8; ADDRESS_BYTES]);

/// An Ethereum block or transaction hash: 32 bytes, printed as `0x` and 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Erc20Hash([u8; HASH_BYTES]);

/// A text that is no Ethereum address or hash.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Erc20Error {
    /// A wrong number of digits.
    #[error("{what} has {expected} hex digits after an optional `0x`, this one has {length}")]
    Length {
        /// An address or a hash.
        what: &'static str,
        /// Digits there.
        length: usize,
        /// Digits expected.
        expected: usize,
    },
    /// A character that is no hex digit.
    #[error("{0} has hex digits only (0-9, a-f)")]
    NotHex(&'static str),
}

fn parse<const N: usize>(what: &'static str, text: &str) -> Result<[u8; N], Erc20Error> {
    let digits = text
        .strip_prefix("0x")
        .or_else(|| text.strip_prefix("0X"))
        .unwrap_or(text);
    let expected = N.saturating_mul(2);
    if digits.len() != expected {
        return Err(Erc20Error::Length {
            what,
            length: digits.chars().count(),
            expected,
        });
    }
    let mut bytes = [0; N];
    hex::decode_to_slice(digits, &mut bytes).map_err(|_| Erc20Error::NotHex(what))?;
    Ok(bytes)
}

macro_rules! prefixed_hex {
    ($type:ident, $what:literal, $size:expr) => {
        impl $type {
            /// Makes one of its bytes.
            pub const fn from_bytes(bytes: [u8; $size]) -> Self {
                Self(bytes)
            }

            /// Returns the bytes.
            pub const fn as_bytes(&self) -> &[u8; $size] {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("0x")?;
                write_hex(formatter, &self.0)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, formatter)
            }
        }

        impl FromStr for $type {
            type Err = Erc20Error;

            fn from_str(text: &str) -> Result<Self, Erc20Error> {
                parse($what, text).map(Self)
            }
        }

        serde_as_text!($type, or Self::default());

        impl Encode for $type {
            fn encode(&self, encoder: &mut Encoder) {
                encoder.raw(&self.0);
            }
        }

        impl Decode for $type {
            fn decode(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
                Ok(Self(decoder.array()?))
            }
        }
    };
}

prefixed_hex!(Erc20Address, "an ERC20 address", ADDRESS_BYTES);
prefixed_hex!(Erc20Hash, "an ERC20 hash", HASH_BYTES);

impl Erc20Address {
    /// Returns the withdrawal address of a wallet: the last 20 bytes of the hash of its 33 bytes.
    pub fn from_unlock_hash(address: &UnlockHash) -> Self {
        let digest = Hash::of(&address.bytes());
        let mut bytes = [0; ADDRESS_BYTES];
        let tail = digest.as_bytes().iter().skip(HASH_BYTES - ADDRESS_BYTES);
        for (slot, byte) in bytes.iter_mut().zip(tail) {
            *slot = *byte;
        }
        Self(bytes)
    }

    /// Returns whether all bytes are zero.
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }
}
