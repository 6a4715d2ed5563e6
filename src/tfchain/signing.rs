//! Signature hashes, and signing.

use super::atomicswap::SwapSecret;
use super::condition::Condition;
use super::constants::{EXTRA_RECEIVER, EXTRA_REGISTRATION, EXTRA_SENDER};
use super::encoding::{Encode, EncodeError, Encoder, Encoding};
use super::fulfillment::{AtomicSwapFulfillment, Fulfillment, SignaturePair};
use super::hash::{Hash, Hasher};
use super::keys::{KeyPair, PublicKey};
use super::unlockhash::UnlockType;
use std::fmt;
use thiserror::Error;

/// Something that goes into one signature hash besides the transaction itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extra<'a> {
    /// The number of the input within its own list.
    Index(u64),
    /// A key, in the encoding of the transaction's version.
    PublicKey(&'a PublicKey),
    /// Bytes as they are.
    Bytes(&'a [u8]),
}

/// What is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignTarget {
    /// Coin input number n.
    CoinInput(usize),
    /// Block stake input number n.
    BlockStakeInput(usize),
    /// The fulfillment of the active mint condition (128, 129), or of the auth condition.
    MintFulfillment,
    /// The identification of a new bot (144), or the signature of an updated one (145).
    Bot,
    /// The giver of names (146).
    NameSender,
    /// The receiver of names (146).
    NameReceiver,
    /// The registered key (210).
    Erc20Registration,
}

impl fmt::Display for SignTarget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CoinInput(index) => write!(formatter, "the signature of coin input {index}"),
            Self::BlockStakeInput(index) => {
                write!(formatter, "the signature of block stake input {index}")
            }
            Self::MintFulfillment => formatter.write_str("a mint fulfillment"),
            Self::Bot => formatter.write_str("the signature of a 3bot"),
            Self::NameSender => formatter.write_str("the signature of the giver of names"),
            Self::NameReceiver => formatter.write_str("the signature of the receiver of names"),
            Self::Erc20Registration => formatter.write_str("the signature of a registered key"),
        }
    }
}

impl SignTarget {
    /// Returns the first extra object of this target, if it has one.
    pub fn extra(self) -> Option<Extra<'static>> {
        match self {
            Self::CoinInput(index) | Self::BlockStakeInput(index) => {
                Some(Extra::Index(u64::try_from(index).unwrap_or(u64::MAX)))
            }
            Self::MintFulfillment => None,
            Self::Bot | Self::NameSender => Some(Extra::Bytes(EXTRA_SENDER)),
            Self::NameReceiver => Some(Extra::Bytes(EXTRA_RECEIVER)),
            Self::Erc20Registration => Some(Extra::Bytes(EXTRA_REGISTRATION)),
        }
    }
}

/// The signature hashes of one transaction: what they share is encoded once and, as far as it
/// stands before the extra objects, hashed once.
///
/// It does not depend on signatures (but for version 0 on the keys), so it stays good while the
/// inputs are signed one after the other.
#[derive(Clone)]
pub struct SignatureHasher {
    before: Hasher,
    after: Vec<u8>,
    encoding: Encoding,
}

impl SignatureHasher {
    /// Makes one of the preimage's parts before and after the extra objects.
    pub(crate) fn new(before: &[u8], after: Vec<u8>, encoding: Encoding) -> Self {
        let mut hasher = Hasher::new();
        hasher.update(before);
        Self {
            before: hasher,
            after,
            encoding,
        }
    }

    /// Returns the signature hash with these extra objects, in this order.
    pub fn hash(&self, extras: &[Extra<'_>]) -> Hash {
        let mut hasher = self.before.clone();
        for extra in extras {
            self.add(&mut hasher, extra);
        }
        hasher.update(&self.after);
        hasher.finish()
    }

    /// Returns the hash that a single signature of `target` signs.
    pub fn single(&self, target: SignTarget) -> Hash {
        match target.extra() {
            Some(extra) => self.hash(&[extra]),
            None => self.hash(&[]),
        }
    }

    /// Returns the hash that one owner of a multi-signature, or the refunding sender of a swap,
    /// signs.
    pub fn with_key(&self, target: SignTarget, key: &PublicKey) -> Hash {
        match target.extra() {
            Some(extra) => self.hash(&[extra, Extra::PublicKey(key)]),
            None => self.hash(&[Extra::PublicKey(key)]),
        }
    }

    /// Returns the hash that one side of a swap signs; the all-zero secret is none.
    pub fn swap(&self, target: SignTarget, key: &PublicKey, secret: &Hash) -> Hash {
        if secret.is_zero() {
            return self.with_key(target, key);
        }
        let secret = Extra::Bytes(secret.as_bytes());
        match target.extra() {
            Some(extra) => self.hash(&[extra, Extra::PublicKey(key), secret]),
            None => self.hash(&[Extra::PublicKey(key), secret]),
        }
    }

    fn add(&self, hasher: &mut Hasher, extra: &Extra<'_>) {
        match extra {
            Extra::Index(index) => hasher.update(&index.to_le_bytes()),
            Extra::Bytes(bytes) => hasher.update(bytes),
            // A key always has a form, in both encodings.
            Extra::PublicKey(key) => {
                hasher.update(&key.to_bytes(self.encoding).unwrap_or_default());
            }
        }
    }
}

/// Why a key cannot sign.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SignError {
    /// The key's address is none that the condition names.
    #[error("the key of {key} cannot unlock this output, it belongs to {owner}")]
    WrongKey {
        /// Address of the key.
        key: String,
        /// Who can.
        owner: String,
    },
    /// The receiver of a swap has to give the secret.
    #[error("the receiver of an atomic swap needs the secret to redeem it")]
    SecretNeeded,
    /// The secret is not the contract's.
    #[error("the secret is not the one of this atomic swap contract")]
    WrongSecret,
    /// A condition that no fulfillment of ours unlocks.
    #[error("an output of this kind cannot be unlocked: {0}")]
    Unsupported(&'static str),
    /// The transaction has no such signature.
    #[error("this transaction has no place for {0}")]
    NoSuchSignature(SignTarget),
    /// There is no such input.
    #[error("the transaction has no such input (number {0})")]
    NoSuchInput(usize),
    /// The transaction has no binary form.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

/// Signs for `condition` with `key` and puts the result in `fulfillment`.
///
/// For a multi-signature condition the key's pair is added to those already there (its own
/// earlier one is replaced), so that several owners sign one after the other. A nil condition is
/// opened by any key. A swap is redeemed when a secret is given (by the receiver), else refunded
/// (by the sender).
///
/// # Errors
/// When the key has no part in the condition, or the secret is missing or wrong; `fulfillment` is
/// unchanged then.
pub fn sign(
    hasher: &SignatureHasher,
    target: SignTarget,
    condition: &Condition,
    key: &KeyPair,
    secret: Option<&SwapSecret>,
    fulfillment: &mut Fulfillment,
) -> Result<(), SignError> {
    let public_key = *key.public_key();
    let address = key.unlock_hash();
    let wrong_key = |owner: String| SignError::WrongKey {
        key: address.to_string(),
        owner,
    };
    match condition.unlocked() {
        Condition::UnlockHash(owner) if owner.kind() != UnlockType::PublicKey => {
            return Err(SignError::Unsupported(
                "an address that is not of a single key",
            ));
        }
        Condition::UnlockHash(owner) if *owner != address => {
            return Err(wrong_key(owner.to_string()));
        }
        Condition::Nil | Condition::UnlockHash(_) => {
            *fulfillment = Fulfillment::SingleSignature(SignaturePair {
                public_key,
                signature: key.sign(&hasher.single(target)),
            });
        }
        Condition::AtomicSwap(contract) => {
            let revealed = match secret {
                Some(_) if contract.receiver != address => {
                    return Err(wrong_key(contract.receiver.to_string()));
                }
                Some(secret) if secret.hashed() != contract.hashed_secret => {
                    return Err(SignError::WrongSecret);
                }
                Some(secret) => secret.reveal(),
                None if contract.sender == address => Hash::ZERO,
                None if contract.receiver == address => return Err(SignError::SecretNeeded),
                None => return Err(wrong_key(contract.sender.to_string())),
            };
            *fulfillment = Fulfillment::AtomicSwap(AtomicSwapFulfillment {
                contract: None,
                public_key,
                signature: key.sign(&hasher.swap(target, &public_key, &revealed)),
                secret: revealed,
            });
        }
        Condition::MultiSignature(owners) => {
            if !owners.unlock_hashes.contains(&address) {
                return Err(wrong_key("its owners".to_owned()));
            }
            let pair = SignaturePair {
                public_key,
                signature: key.sign(&hasher.with_key(target, &public_key)),
            };
            match fulfillment {
                Fulfillment::MultiSignature(pairs) => {
                    match pairs
                        .iter_mut()
                        .find(|other| other.public_key == public_key)
                    {
                        Some(earlier) => *earlier = pair,
                        None => pairs.push(pair),
                    }
                }
                other => *other = Fulfillment::MultiSignature(vec![pair]),
            }
        }
        Condition::TimeLock(_) => return Err(SignError::Unsupported("a time lock")),
    }
    Ok(())
}

/// Encodes what stands before and after the extra objects.
pub(crate) fn preimage_parts(
    encoding: Encoding,
    write: impl FnOnce(&mut Encoder, &mut Encoder),
) -> Result<(Vec<u8>, Vec<u8>), EncodeError> {
    let mut before = Encoder::new(encoding);
    let mut after = Encoder::new(encoding);
    write(&mut before, &mut after);
    Ok((before.finish()?, after.finish()?))
}
