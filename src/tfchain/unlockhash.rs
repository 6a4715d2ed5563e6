//! Unlock hashes: the addresses of wallets, swap contracts and multi-signature wallets.
//!
//! A type byte and a hash; as text 78 hex characters, of which the last 12 are a checksum.

use super::encoding::{Decode, DecodeError, Decoder, Encode, Encoder, Encoding};
use super::hash::{Hash, write_hex};
use super::hexadecimal;
use super::keys::PublicKey;
use super::recent::Recent;
use serde::de::{Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};
use std::cell::RefCell;
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// Characters of an address.
pub const ADDRESS_LENGTH: usize = 78;
const CHECKSUM_BYTES: usize = 6;
/// Bytes of an unlock hash: type and hash.
pub const UNLOCK_HASH_BYTES: usize = 33;

thread_local! {
    static CHECKSUMS: RefCell<Recent<UnlockHash, [u8; CHECKSUM_BYTES]>> =
        const { RefCell::new(Recent::new()) };
    /// Hashes of public keys.
    static KEYS: RefCell<Recent<[u8; 32], Hash>> = const { RefCell::new(Recent::new()) };
}

/// What an unlock hash stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum UnlockType {
    /// Nothing: free for all.
    #[default]
    Nil,
    /// The wallet of one public key.
    PublicKey,
    /// An atomic swap contract.
    AtomicSwap,
    /// A multi-signature wallet.
    MultiSignature,
}

impl UnlockType {
    /// Returns the type's byte.
    pub const fn byte(self) -> u8 {
        match self {
            Self::Nil => 0,
            Self::PublicKey => 1,
            Self::AtomicSwap => 2,
            Self::MultiSignature => 3,
        }
    }

    /// Returns the type of a byte, if there is one.
    pub const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Nil),
            1 => Some(Self::PublicKey),
            2 => Some(Self::AtomicSwap),
            3 => Some(Self::MultiSignature),
            _ => None,
        }
    }
}

/// An address: type and hash. The default is the nil address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct UnlockHash {
    kind: UnlockType,
    hash: Hash,
}

/// A text that is no address.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum UnlockHashError {
    /// Not 78 characters.
    #[error("an address has 78 characters, this one has {0}")]
    Length(usize),
    /// A character that is no hex digit.
    #[error("an address has hex digits only (0-9, a-f)")]
    NotHex,
    /// A type that does not exist.
    #[error("unknown address type {0:02x}, 00 to 03 exist")]
    UnknownType(u8),
    /// The nil type with a hash.
    #[error("an address of type 00 has zeros only")]
    NilWithHash,
    /// The last 12 characters do not belong to the others.
    #[error("the address has an invalid checksum, so at least one character is wrong")]
    Checksum,
}

impl UnlockHash {
    /// The nil address: 78 zeros.
    pub const NIL: Self = Self {
        kind: UnlockType::Nil,
        hash: Hash::ZERO,
    };

    /// Makes an address of its parts; the nil type always has the nil hash.
    pub const fn new(kind: UnlockType, hash: Hash) -> Self {
        match kind {
            UnlockType::Nil => Self::NIL,
            _ => Self { kind, hash },
        }
    }

    /// Returns the address of a public key's wallet; the nil key has the nil address.
    pub fn from_public_key(key: &PublicKey) -> Self {
        match key {
            PublicKey::Nil => Self::NIL,
            PublicKey::Ed25519(bytes @ [.., byte]) => {
                let compute = || {
                    // The key's siabin bytes are hashed as a slice, with their length.
                    let mut encoder = Encoder::new(Encoding::Siabin);
                    encoder.slice_of(|inner| inner.value(key));
                    Hash::of(&encoder.finish().unwrap_or_default())
                };
                let hash = KEYS.with_borrow_mut(|recent| recent.of(*bytes, *byte, compute));
                Self::new(UnlockType::PublicKey, hash)
            }
        }
    }

    /// Returns what the address stands for.
    pub const fn kind(&self) -> UnlockType {
        self.kind
    }

    /// Returns the hash.
    pub const fn hash(&self) -> &Hash {
        &self.hash
    }

    /// Returns whether this is the nil address.
    pub fn is_nil(&self) -> bool {
        self.kind == UnlockType::Nil
    }

    /// Returns the 33 bytes, the same in both encodings.
    pub fn bytes(&self) -> [u8; UNLOCK_HASH_BYTES] {
        let mut bytes = [0; UNLOCK_HASH_BYTES];
        let (first, rest) = bytes.split_at_mut(1);
        first.copy_from_slice(&[self.kind.byte()]);
        rest.copy_from_slice(self.hash.as_bytes());
        bytes
    }

    /// Returns the text as a v1.2.0 node prints it in answers: empty for the nil address.
    pub fn chain_text(&self) -> String {
        if self.is_nil() {
            String::new()
        } else {
            self.to_string()
        }
    }

    fn checksum(&self) -> [u8; CHECKSUM_BYTES] {
        let compute = || {
            let mut checksum = [0; CHECKSUM_BYTES];
            let digest = Hash::of(&self.bytes());
            for (slot, byte) in checksum.iter_mut().zip(digest.as_bytes()) {
                *slot = *byte;
            }
            checksum
        };
        match self.hash.as_bytes() {
            _ if self.is_nil() => [0; CHECKSUM_BYTES],
            [.., byte] => CHECKSUMS.with_borrow_mut(|recent| recent.of(*self, *byte, compute)),
        }
    }
}

impl fmt::Display for UnlockHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(formatter, &self.bytes())?;
        write_hex(formatter, &self.checksum())
    }
}

impl fmt::Debug for UnlockHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl FromStr for UnlockHash {
    type Err = UnlockHashError;

    fn from_str(text: &str) -> Result<Self, UnlockHashError> {
        if text.len() != ADDRESS_LENGTH {
            return Err(UnlockHashError::Length(text.chars().count()));
        }
        let mut bytes = [0; ADDRESS_LENGTH / 2];
        if !hexadecimal::decode(text, &mut bytes) {
            return Err(UnlockHashError::NotHex);
        }
        let mut type_byte = [0; 1];
        let mut hash = [0; 32];
        let mut checksum = [0; CHECKSUM_BYTES];
        let (head, rest) = bytes.split_at(1);
        let (middle, tail) = rest.split_at(32);
        type_byte.copy_from_slice(head);
        hash.copy_from_slice(middle);
        checksum.copy_from_slice(tail);
        let [byte] = type_byte;
        let kind = UnlockType::from_byte(byte).ok_or(UnlockHashError::UnknownType(byte))?;
        let hash = Hash::from_bytes(hash);
        if kind == UnlockType::Nil && !hash.is_zero() {
            return Err(UnlockHashError::NilWithHash);
        }
        let address = Self::new(kind, hash);
        if address.checksum() != checksum {
            return Err(UnlockHashError::Checksum);
        }
        Ok(address)
    }
}

impl Serialize for UnlockHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for UnlockHash {
    /// As [`FromStr`], but the empty text is the nil address: nodes print it so. So is null.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AddressVisitor;
        impl Visitor<'_> for AddressVisitor {
            type Value = UnlockHash;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an address")
            }

            fn visit_unit<E: serde::de::Error>(self) -> Result<UnlockHash, E> {
                Ok(UnlockHash::NIL)
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<UnlockHash, E> {
                match text {
                    "" => Ok(UnlockHash::NIL),
                    text => text.parse().map_err(E::custom),
                }
            }
        }
        deserializer.deserialize_any(AddressVisitor)
    }
}

impl Encode for UnlockHash {
    fn encode(&self, encoder: &mut Encoder) {
        encoder.byte(self.kind.byte());
        encoder.value(&self.hash);
    }
}

impl Decode for UnlockHash {
    fn decode(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let byte = decoder.byte()?;
        let hash: Hash = decoder.value()?;
        let kind = UnlockType::from_byte(byte).ok_or(DecodeError::UnknownType {
            what: "unlock hash",
            value: u64::from(byte),
        })?;
        if kind == UnlockType::Nil && !hash.is_zero() {
            return Err(DecodeError::invalid(
                "unlock hash",
                UnlockHashError::NilWithHash,
            ));
        }
        Ok(Self::new(kind, hash))
    }
}
