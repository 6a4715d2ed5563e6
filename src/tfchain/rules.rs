//! The node's rules on conditions and fulfillments, with the node's own texts.
//!
//! What the chain takes in a new output ([`check_condition`]), which fulfillments are well formed
//! ([`check_fulfillment`]), and whether a fulfillment opens a condition ([`check_fulfilled`]).

use super::atomicswap::{SwapContract, hash_secret};
use super::condition::{Condition, MultiSignatureCondition};
use super::fulfillment::{AtomicSwapFulfillment, Fulfillment, SignaturePair};
use super::keys::{PublicKey, SIGNATURE_BYTES, Signature};
use super::signing::{SignTarget, SignatureHasher};
use super::unlockhash::{UnlockHash, UnlockType};
use thiserror::Error;

/// A rule that is broken. The texts are the node's, letter by letter.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RuleError {
    /// An unlock hash condition for something that is neither a wallet nor a legacy swap.
    #[error("unsupported unlock type '{0}' by unlock hash condition")]
    UnsupportedUnlockType(u8),
    /// An address without a hash.
    #[error("nil crypto hash cannot be used as unlock hash")]
    NilUnlockHash,
    /// The sender of a swap is no wallet.
    #[error("unsupported unlock hash sender type: {0}")]
    SenderType(u8),
    /// The receiver of a swap is no wallet.
    #[error("unsupported unlock hash receiver type: {0}")]
    ReceiverType(u8),
    /// A swap without a hashed secret.
    #[error("nil hashed secret not allowed")]
    NilHashedSecret,
    /// A time lock of zero.
    #[error("lock time has to be defined")]
    NoLockTime,
    /// A time lock on an address that is no wallet.
    #[error("non-standard unlock hash type")]
    NonStandardUnlockHash,
    /// A time lock on a condition that cannot be locked.
    #[error("unexpected internal unlock condition used as part of time lock condition")]
    UnexpectedLockedCondition,
    /// A multi-signature that nobody must sign.
    #[error("A minimum amount of required signatures must be specified")]
    NoMinimumSignatures,
    /// A multi-signature of fewer than two owners.
    #[error("At least two unlockhashes must be provided which identifies to possible signatories")]
    TooFewOwners,
    /// A multi-signature that needs more signatures than there are owners.
    #[error("The minimum amount of signatures can't be higher than the amount of unlockhashes")]
    TooManyMinimumSignatures,
    /// An owner of a multi-signature that is no wallet.
    #[error("unsupported unlock hash #{index} type: {kind}")]
    OwnerType {
        /// Place of the owner, from 0.
        index: usize,
        /// Its type.
        kind: u8,
    },
    /// A fulfillment without a key.
    #[error("unrecognized public key type in transaction")]
    UnknownKeyType,
    /// A signature that has not 64 bytes.
    #[error("invalid signature size in transaction")]
    SignatureSize,
    /// A multi-signature fulfillment without pairs.
    #[error("At least one pair must be provided")]
    NoPairs,
    /// A fulfillment that is not filled in.
    #[error("nil fulfillment type")]
    NilFulfillment,
    /// A fulfillment of another kind than the condition asks for.
    #[error("unexpected unlock fulfillment")]
    UnexpectedFulfillment,
    /// A key of another address.
    #[error("single signature fulfillment provides wrong public key")]
    WrongPublicKey,
    /// A signature that does not verify.
    #[error("invalid signature")]
    InvalidSignature,
    /// A lock that still holds.
    #[error("time lock has not yet been reached")]
    TimeLocked,
    /// Fewer pairs than the minimum.
    #[error("not enough signatures")]
    NotEnoughSignatures,
    /// A pair of a key that is no owner, or of an owner who has signed already.
    #[error("public key used which is not allowed to sign this input")]
    KeyNotAllowed,
    /// A swap spent by a key that is not the right side.
    #[error("invalid input redeemer")]
    InvalidRedeemer,
    /// A swap redeemed with a wrong secret.
    #[error("invalid pre-image sha256")]
    InvalidPreImage,
    /// A swap refunded too early.
    #[error("contract cannot yet be refunded")]
    NotYetRefundable,
    /// A legacy swap whose terms are not those of the output.
    #[error("produced unlock hash doesn't equal the expected unlock hash")]
    WrongContract,
}

/// State of the chain that fulfilling depends on: that of the newest block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FulfillContext {
    /// Height of the newest block.
    pub height: u64,
    /// Time of the newest block, Unix seconds.
    pub time: u64,
}

/// Checks that the chain takes a condition in a new output.
///
/// # Errors
/// The first rule that is broken.
pub fn check_condition(condition: &Condition) -> Result<(), RuleError> {
    match condition {
        Condition::Nil => Ok(()),
        Condition::UnlockHash(address) => match address.kind() {
            UnlockType::PublicKey | UnlockType::AtomicSwap => not_nil(address),
            other => Err(RuleError::UnsupportedUnlockType(other.byte())),
        },
        Condition::AtomicSwap(contract) => {
            if contract.sender.kind() != UnlockType::PublicKey {
                return Err(RuleError::SenderType(contract.sender.kind().byte()));
            }
            if contract.receiver.kind() != UnlockType::PublicKey {
                return Err(RuleError::ReceiverType(contract.receiver.kind().byte()));
            }
            not_nil(&contract.sender)?;
            not_nil(&contract.receiver)?;
            if contract.hashed_secret.is_zero() {
                return Err(RuleError::NilHashedSecret);
            }
            Ok(())
        }
        Condition::TimeLock(lock) => {
            if lock.lock_time == 0 {
                return Err(RuleError::NoLockTime);
            }
            match lock.condition.as_ref() {
                Condition::Nil => Ok(()),
                Condition::UnlockHash(address) => {
                    not_nil(address)?;
                    match address.kind() {
                        UnlockType::PublicKey => Ok(()),
                        _ => Err(RuleError::NonStandardUnlockHash),
                    }
                }
                Condition::MultiSignature(owners) => check_multi_signature(owners),
                Condition::AtomicSwap(_) | Condition::TimeLock(_) => {
                    Err(RuleError::UnexpectedLockedCondition)
                }
            }
        }
        Condition::MultiSignature(owners) => check_multi_signature(owners),
    }
}

fn not_nil(address: &UnlockHash) -> Result<(), RuleError> {
    if address.hash().is_zero() {
        return Err(RuleError::NilUnlockHash);
    }
    Ok(())
}

fn check_multi_signature(condition: &MultiSignatureCondition) -> Result<(), RuleError> {
    let owners = &condition.unlock_hashes;
    if condition.minimum_signature_count == 0 {
        return Err(RuleError::NoMinimumSignatures);
    }
    if owners.len() < 2 {
        return Err(RuleError::TooFewOwners);
    }
    if u64::try_from(owners.len()).is_ok_and(|count| condition.minimum_signature_count > count) {
        return Err(RuleError::TooManyMinimumSignatures);
    }
    for (index, owner) in owners.iter().enumerate() {
        if owner.kind() != UnlockType::PublicKey {
            return Err(RuleError::OwnerType {
                index,
                kind: owner.kind().byte(),
            });
        }
    }
    Ok(())
}

/// Checks that a fulfillment is well formed: keys, sizes of signatures, number of pairs.
///
/// # Errors
/// The first rule that is broken.
pub fn check_fulfillment(fulfillment: &Fulfillment) -> Result<(), RuleError> {
    match fulfillment {
        Fulfillment::Nil => Err(RuleError::NilFulfillment),
        Fulfillment::SingleSignature(pair) => check_pair(&pair.public_key, &pair.signature),
        Fulfillment::AtomicSwap(swap) => {
            if let Some(contract) = &swap.contract {
                check_condition(&Condition::AtomicSwap(**contract))?;
            }
            check_pair(&swap.public_key, &swap.signature)
        }
        Fulfillment::MultiSignature(pairs) => {
            if pairs.is_empty() {
                return Err(RuleError::NoPairs);
            }
            pairs
                .iter()
                .try_for_each(|pair| check_pair(&pair.public_key, &pair.signature))
        }
    }
}

fn check_pair(key: &PublicKey, signature: &Signature) -> Result<(), RuleError> {
    if key.is_nil() {
        return Err(RuleError::UnknownKeyType);
    }
    if signature.as_bytes().len() != SIGNATURE_BYTES {
        return Err(RuleError::SignatureSize);
    }
    Ok(())
}

/// Checks that a fulfillment opens a condition at this state of the chain.
///
/// # Errors
/// The first rule that is broken, in the node's order.
pub fn check_fulfilled(
    condition: &Condition,
    fulfillment: &Fulfillment,
    context: FulfillContext,
    target: SignTarget,
    hasher: &SignatureHasher,
) -> Result<(), RuleError> {
    let mut condition = condition;
    while let Condition::TimeLock(lock) = condition {
        if lock.is_locked(context.height, context.time) {
            return Err(RuleError::TimeLocked);
        }
        condition = &lock.condition;
    }
    match (condition, fulfillment) {
        (Condition::Nil, Fulfillment::SingleSignature(pair)) => {
            check_signature(pair, &hasher.single(target))
        }
        (Condition::UnlockHash(address), Fulfillment::SingleSignature(pair)) => {
            if pair.public_key.unlock_hash() != *address {
                return Err(RuleError::WrongPublicKey);
            }
            check_signature(pair, &hasher.single(target))
        }
        (Condition::UnlockHash(address), Fulfillment::AtomicSwap(swap)) => {
            let contract = swap
                .contract
                .as_deref()
                .ok_or(RuleError::UnexpectedFulfillment)?;
            if contract.unlock_hash() != *address {
                return Err(RuleError::WrongContract);
            }
            check_swap(contract, swap, context, target, hasher)
        }
        (Condition::AtomicSwap(contract), Fulfillment::AtomicSwap(swap)) => match swap.contract {
            Some(_) => Err(RuleError::UnexpectedFulfillment),
            None => check_swap(contract, swap, context, target, hasher),
        },
        (Condition::MultiSignature(owners), Fulfillment::MultiSignature(pairs)) => {
            check_pairs(owners, pairs, target, hasher)
        }
        _ => Err(RuleError::UnexpectedFulfillment),
    }
}

fn check_signature(pair: &SignaturePair, hash: &super::Hash) -> Result<(), RuleError> {
    if pair.public_key.verify(hash, &pair.signature) {
        Ok(())
    } else {
        Err(RuleError::InvalidSignature)
    }
}

fn check_swap(
    contract: &SwapContract,
    swap: &AtomicSwapFulfillment,
    context: FulfillContext,
    target: SignTarget,
    hasher: &SignatureHasher,
) -> Result<(), RuleError> {
    let redeemer = if swap.secret.is_zero() {
        if context.time <= contract.time_lock {
            return Err(RuleError::NotYetRefundable);
        }
        contract.sender
    } else {
        contract.receiver
    };
    if swap.public_key.unlock_hash() != redeemer {
        return Err(RuleError::InvalidRedeemer);
    }
    if !swap.secret.is_zero() && hash_secret(swap.secret.as_bytes()) != contract.hashed_secret {
        return Err(RuleError::InvalidPreImage);
    }
    let hash = hasher.swap(target, &swap.public_key, &swap.secret);
    if swap.public_key.verify(&hash, &swap.signature) {
        Ok(())
    } else {
        Err(RuleError::InvalidSignature)
    }
}

fn check_pairs(
    condition: &MultiSignatureCondition,
    pairs: &[SignaturePair],
    target: SignTarget,
    hasher: &SignatureHasher,
) -> Result<(), RuleError> {
    let given = u64::try_from(pairs.len()).unwrap_or(u64::MAX);
    if given < condition.minimum_signature_count {
        return Err(RuleError::NotEnoughSignatures);
    }
    let mut open = condition.unlock_hashes.clone();
    for pair in pairs {
        let address = pair.public_key.unlock_hash();
        let place = open
            .iter()
            .position(|owner| *owner == address)
            .ok_or(RuleError::KeyNotAllowed)?;
        open.swap_remove(place);
        check_signature(pair, &hasher.with_key(target, &pair.public_key))?;
    }
    Ok(())
}
