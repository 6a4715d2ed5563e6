//! Ed25519 keys and signatures.

use super::constants::SPECIFIER_ED25519;
use super::encoding::{Decode, DecodeError, Decoder, Encode, Encoder, Encoding};
use super::hash::{Hash, write_hex};
use super::hexadecimal;
use super::json::serde_as_text;
use super::unlockhash::UnlockHash;
use ed25519_dalek::{Signer, SigningKey, Verifier, VerifyingKey};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;
use zeroize::Zeroizing;

const ED25519_NAME: &str = "ed25519";
/// Bytes of an Ed25519 signature.
pub const SIGNATURE_BYTES: usize = 64;

/// A public key. The default is the nil key, which nothing can be signed with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum PublicKey {
    /// No algorithm and no key.
    #[default]
    Nil,
    /// An Ed25519 key.
    Ed25519([u8; 32]),
}

/// A text that is no public key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PublicKeyError {
    /// No `:` in it.
    #[error("invalid public key string: `ed25519:` and 64 hex digits expected")]
    Form,
    /// An algorithm that the chain does not know.
    #[error("invalid public key string: unknown algorithm `{0}`, `ed25519` expected")]
    Algorithm(String),
    /// A key that is not 64 hex digits.
    #[error("invalid public key string: a key has 64 hex digits")]
    Key,
}

impl PublicKey {
    /// Returns the address of the key's wallet.
    pub fn unlock_hash(&self) -> UnlockHash {
        UnlockHash::from_public_key(self)
    }

    /// Returns whether this is the nil key.
    pub fn is_nil(&self) -> bool {
        *self == Self::Nil
    }

    /// Returns whether `signature` is this key's signature of `hash`.
    pub fn verify(&self, hash: &Hash, signature: &Signature) -> bool {
        let Self::Ed25519(bytes) = self else {
            return false;
        };
        let Ok(key) = VerifyingKey::from_bytes(bytes) else {
            return false;
        };
        let Ok(signature) = ed25519_dalek::Signature::from_slice(signature.as_bytes()) else {
            return false;
        };
        key.verify(hash.as_bytes(), &signature).is_ok()
    }

    /// Returns whether `signature` is this key's signature of a message that is no hash.
    pub fn verify_message(&self, message: &[u8], signature: &Signature) -> bool {
        let Self::Ed25519(bytes) = self else {
            return false;
        };
        let key = VerifyingKey::from_bytes(bytes);
        let signature = ed25519_dalek::Signature::from_slice(signature.as_bytes());
        match (key, signature) {
            (Ok(key), Ok(signature)) => key.verify(message, &signature).is_ok(),
            _ => false,
        }
    }

    /// Returns the Curve25519 form of the key, to agree on secrets with its owner; None for a key
    /// that is none.
    pub fn agreement_key(&self) -> Option<[u8; 32]> {
        let Self::Ed25519(bytes) = self else {
            return None;
        };
        let key = VerifyingKey::from_bytes(bytes).ok()?;
        Some(key.to_montgomery().to_bytes())
    }
}

/// Returns whether every signature is its key's of its hash. Many are checked together, in half
/// the time that [`PublicKey::verify`] takes for each.
///
/// A key or signature made to deceive can pass here by luck and not there: what the chain takes,
/// where all nodes must agree, is decided one by one.
pub fn verify_all(signed: &[(PublicKey, Hash, Signature)]) -> bool {
    let mut hashes = Vec::with_capacity(signed.len());
    let mut signatures = Vec::with_capacity(signed.len());
    let mut keys = Vec::with_capacity(signed.len());
    for (key, hash, signature) in signed {
        let PublicKey::Ed25519(bytes) = key else {
            return false;
        };
        let key = VerifyingKey::from_bytes(bytes);
        let signature = ed25519_dalek::Signature::from_slice(signature.as_bytes());
        let (Ok(key), Ok(signature)) = (key, signature) else {
            return false;
        };
        hashes.push(hash.as_bytes().as_slice());
        signatures.push(signature);
        keys.push(key);
    }
    ed25519_dalek::verify_batch(&hashes, &signatures, &keys).is_ok()
}

impl fmt::Display for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nil => formatter.write_str(":"),
            Self::Ed25519(bytes) => {
                formatter.write_str(ED25519_NAME)?;
                formatter.write_str(":")?;
                write_hex(formatter, bytes)
            }
        }
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl FromStr for PublicKey {
    type Err = PublicKeyError;

    fn from_str(text: &str) -> Result<Self, PublicKeyError> {
        let (algorithm, key) = text.split_once(':').ok_or(PublicKeyError::Form)?;
        match algorithm {
            "" if key.bytes().all(|digit| digit == b'0') && matches!(key.len(), 0 | 64) => {
                Ok(Self::Nil)
            }
            ED25519_NAME => {
                let mut bytes = [0; 32];
                match hexadecimal::decode(key, &mut bytes) {
                    true => Ok(Self::Ed25519(bytes)),
                    false => Err(PublicKeyError::Key),
                }
            }
            "" => Err(PublicKeyError::Form),
            other => Err(PublicKeyError::Algorithm(other.to_owned())),
        }
    }
}

serde_as_text!(PublicKey);

impl Encode for PublicKey {
    fn encode(&self, encoder: &mut Encoder) {
        match (encoder.encoding(), self) {
            (Encoding::Siabin, Self::Nil) => {
                encoder.raw(&[0; 16]);
                encoder.slice(&[]);
            }
            (Encoding::Siabin, Self::Ed25519(key)) => {
                encoder.raw(&SPECIFIER_ED25519);
                encoder.slice(key);
            }
            (Encoding::Rivbin, Self::Nil) => encoder.byte(0),
            (Encoding::Rivbin, Self::Ed25519(key)) => {
                encoder.byte(1);
                encoder.raw(key);
            }
        }
    }
}

impl Decode for PublicKey {
    fn decode(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        const WHAT: &str = "public key";
        match decoder.encoding() {
            Encoding::Rivbin => match decoder.byte()? {
                0 => Ok(Self::Nil),
                1 => Ok(Self::Ed25519(decoder.array()?)),
                other => Err(DecodeError::UnknownType {
                    what: WHAT,
                    value: u64::from(other),
                }),
            },
            Encoding::Siabin => {
                let specifier: [u8; 16] = decoder.array()?;
                let key = decoder.slice()?;
                if specifier == SPECIFIER_ED25519 {
                    let bytes = key.try_into().map_err(|_| {
                        DecodeError::invalid(WHAT, format!("{} bytes, 32 expected", key.len()))
                    })?;
                    Ok(Self::Ed25519(bytes))
                } else if specifier == [0; 16] && key.is_empty() {
                    Ok(Self::Nil)
                } else {
                    Err(DecodeError::invalid(WHAT, "unknown algorithm"))
                }
            }
        }
    }
}

/// The bytes of a signature: 64, or none while unsigned. The chain also reads other sizes, and
/// refuses them as not standard.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Signature(Vec<u8>);

impl Signature {
    /// The signature of something that is not signed yet.
    pub const EMPTY: Self = Self(Vec::new());

    /// Makes a signature of its bytes.
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// Returns the bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns whether nothing is signed yet.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(formatter, &self.0)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(formatter, &self.0)
    }
}

/// A text that is no signature: not hex digits in pairs.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a signature has pairs of hex digits only")]
pub struct SignatureError;

impl FromStr for Signature {
    type Err = SignatureError;

    fn from_str(text: &str) -> Result<Self, SignatureError> {
        let mut bytes = vec![0; text.len() / 2];
        match hexadecimal::decode(text, &mut bytes) {
            true => Ok(Self(bytes)),
            false => Err(SignatureError),
        }
    }
}

serde_as_text!(Signature, or Self::EMPTY);

impl Encode for Signature {
    fn encode(&self, encoder: &mut Encoder) {
        encoder.slice(&self.0);
    }
}

impl Decode for Signature {
    fn decode(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self(decoder.slice()?.to_vec()))
    }
}

/// A key pair. The secret part is wiped from memory when dropped and never printed.
#[derive(Clone)]
pub struct KeyPair {
    signing: SigningKey,
    public: PublicKey,
}

impl KeyPair {
    /// Makes the pair of a 32-byte secret seed.
    pub fn from_secret_seed(seed: &[u8; 32]) -> Self {
        let signing = SigningKey::from_bytes(seed);
        let public = PublicKey::Ed25519(signing.verifying_key().to_bytes());
        Self { signing, public }
    }

    /// Returns the public key.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// Returns the address of the wallet.
    pub fn unlock_hash(&self) -> UnlockHash {
        self.public.unlock_hash()
    }

    /// Signs a hash (RFC 8032, always the same signature for the same hash).
    pub fn sign(&self, hash: &Hash) -> Signature {
        self.sign_message(hash.as_bytes())
    }

    /// Signs a message that is no hash (RFC 8032).
    pub fn sign_message(&self, message: &[u8]) -> Signature {
        Signature(self.signing.sign(message).to_bytes().to_vec())
    }

    /// Returns the Curve25519 form of the secret, to agree on secrets with others: the first half
    /// of the seed's SHA-512, clamped.
    pub fn agreement_secret(&self) -> Zeroizing<[u8; 32]> {
        let mut secret = Zeroizing::new(self.signing.to_scalar_bytes());
        let [first, .., last] = &mut *secret;
        *first &= 0b1111_1000;
        *last = *last & 0b0111_1111 | 0b0100_0000;
        secret
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "KeyPair({}, ***)", self.public)
    }
}
