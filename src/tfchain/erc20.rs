//! Addresses and hashes of the Ethereum side.

use super::encoding::{Decode, DecodeError, Decoder, Encode, Encoder};
use super::hash::{Hash, write_hex};
use super::json::serde_as_text;
use super::unlockhash::UnlockHash;
use sha3::{Digest, Keccak256};
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
    /// Capital and small letters that do not belong to the address.
    #[error(
        "the capital letters of an ERC20 address are its checksum, and these do not belong to it: \
         it was mistyped (an address in small letters only has no checksum)"
    )]
    Checksum,
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

    /// Reads what a person wrote. Where it has capital and small letters, their pattern is a
    /// checksum (EIP-55); letters of one kind only have none.
    ///
    /// # Errors
    /// [`Erc20Error`]; [`Erc20Error::Checksum`] for what was most likely mistyped.
    pub fn parse_checked(text: &str) -> Result<Self, Erc20Error> {
        let address: Self = text.parse()?;
        // What was read is the digits, with two characters before them at most.
        let start = text.len().saturating_sub(ADDRESS_BYTES * 2);
        let digits = text.get(start..).unwrap_or_default();
        let has = |is_case: fn(&char) -> bool| digits.chars().any(|c| is_case(&c));
        let mixed = has(char::is_ascii_lowercase) && has(char::is_ascii_uppercase);
        if mixed && digits != address.checksummed() {
            return Err(Erc20Error::Checksum);
        }
        Ok(address)
    }

    /// Returns the 40 digits with the checksum of EIP-55: a letter is a capital where the same
    /// digit of the Keccak hash of the small ones is 8 or more.
    fn checksummed(&self) -> String {
        let digits = hex::encode(self.0);
        let hash = hex::encode(Keccak256::digest(digits.as_bytes()));
        let pairs = digits.chars().zip(hash.chars());
        let cased = pairs.map(|(digit, sign)| match sign {
            '8'..='9' | 'a'..='f' => digit.to_ascii_uppercase(),
            _ => digit,
        });
        cased.collect()
    }

    /// Returns whether all bytes are zero.
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The samples of EIP-55.
    const SAMPLES: [&str; 8] = [
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
        "0xde709f2102306220921060314715629080e2fb77",
        "0x27b1fdb04752bbc536007a920d24acb045561c26",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ];

    #[test]
    fn the_pattern_of_letters_is_checked() {
        for text in SAMPLES {
            let address = Erc20Address::parse_checked(text).unwrap();
            assert_eq!(format!("0x{}", address.checksummed()), text);
            let digits = &text[2..];
            for same in [
                digits.to_owned(),
                digits.to_lowercase(),
                format!("0x{}", digits.to_lowercase()),
                format!("0X{}", digits.to_uppercase()),
            ] {
                assert_eq!(Erc20Address::parse_checked(&same), Ok(address), "{same}");
            }
        }
    }

    #[test]
    fn one_letter_of_another_case_is_a_mistake() {
        for text in &SAMPLES[4..] {
            for (at, letter) in text.char_indices().skip(2) {
                if !letter.is_ascii_alphabetic() {
                    continue;
                }
                let mut wrong: Vec<char> = text.chars().collect();
                wrong[at] = match letter.is_ascii_lowercase() {
                    true => letter.to_ascii_uppercase(),
                    false => letter.to_ascii_lowercase(),
                };
                let wrong: String = wrong.into_iter().collect();
                let error = Erc20Address::parse_checked(&wrong).unwrap_err();
                assert_eq!(error, Erc20Error::Checksum, "{wrong}");
            }
        }
    }
}
