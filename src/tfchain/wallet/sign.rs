//! Signing what a wallet can sign.
//!
//! Every input whose parent is known and whose owner the wallet is (or is one of) gets signed;
//! what others must sign is left alone and listed. Signing twice changes nothing.
use std::collections::HashMap;

use super::error::WalletError;
use super::keys::KeyRing;
use crate::tfchain::rules::{FulfillContext, check_fulfilled};
use crate::tfchain::signing::SignError;
use crate::tfchain::{
    Condition, Fulfillment, Hash, KeyPair, Output, SignTarget, Signature, SignatureHasher,
    Transaction, UnlockHash, UnlockType,
};

/// A transaction after a wallet has signed what it can.
#[derive(Debug, Clone, PartialEq)]
pub struct Signed {
    /// The transaction, with the signatures.
    pub transaction: Transaction,
    /// True when at least one signature was added.
    pub signed: bool,
    /// What still must be signed, by others; empty when the transaction can be submitted.
    pub missing: Vec<MissingSignature>,
}

/// A signature that the wallet cannot give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingSignature {
    /// What must be signed.
    pub target: SignTarget,
    /// Who may sign: the owners that have not signed yet. Empty when the spent output is not
    /// known, so that nobody can tell.
    pub owners: Vec<UnlockHash>,
    /// How many of them must.
    pub count: u64,
}

impl Signed {
    /// Returns true when nothing is missing.
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty()
    }
}

/// A state of the chain at which every lock is open: signing does not wait for locks.
const NO_LOCKS: FulfillContext = FulfillContext {
    height: u64::MAX,
    time: u64::MAX,
};

/// Signs everything in `transaction` that the keys can sign. `parents` are the known outputs that
/// it spends, `mint_condition` is the active one (versions 128 and 129 only).
///
/// # Errors
/// [`WalletError::Encode`] for a transaction without a binary form.
pub fn sign_transaction(
    mut transaction: Transaction,
    parents: &HashMap<Hash, Output>,
    mint_condition: Option<&Condition>,
    keys: &KeyRing,
) -> Result<Signed, WalletError> {
    let mut missing = Vec::new();
    let mut signed = sign_extension(&mut transaction, keys, &mut missing);
    let hasher = transaction.signature_hasher()?;
    let mut one = |transaction: &mut Transaction, target, condition: Option<&Condition>| {
        let outcome = sign_target(transaction, &hasher, target, condition, keys);
        signed |= outcome.signed;
        missing.extend(outcome.missing);
    };
    if transaction.mint_fulfillment().is_some() {
        one(
            &mut transaction,
            SignTarget::MintFulfillment,
            mint_condition,
        );
    }
    let coin_parents = parent_ids(transaction.coin_inputs());
    for (index, id) in coin_parents.iter().enumerate() {
        let condition = parents.get(id).map(|output| &output.condition);
        one(&mut transaction, SignTarget::CoinInput(index), condition);
    }
    let stake_parents = parent_ids(transaction.blockstake_inputs());
    for (index, id) in stake_parents.iter().enumerate() {
        let condition = parents.get(id).map(|output| &output.condition);
        one(
            &mut transaction,
            SignTarget::BlockStakeInput(index),
            condition,
        );
    }
    Ok(Signed {
        transaction,
        signed,
        missing,
    })
}

fn parent_ids(inputs: &[crate::tfchain::Input]) -> Vec<Hash> {
    inputs.iter().map(|input| input.parent_id).collect()
}

struct Outcome {
    signed: bool,
    missing: Option<MissingSignature>,
}

impl Outcome {
    const COMPLETE: Self = Self {
        signed: false,
        missing: None,
    };

    fn missing(target: SignTarget, owners: Vec<UnlockHash>, count: u64) -> Self {
        Self {
            signed: false,
            missing: Some(MissingSignature {
                target,
                owners,
                count,
            }),
        }
    }
}

fn fulfillment(transaction: &Transaction, target: SignTarget) -> Option<&Fulfillment> {
    match target {
        SignTarget::CoinInput(index) => transaction
            .coin_inputs()
            .get(index)
            .map(|input| &input.fulfillment),
        SignTarget::BlockStakeInput(index) => transaction
            .blockstake_inputs()
            .get(index)
            .map(|input| &input.fulfillment),
        SignTarget::MintFulfillment => transaction.mint_fulfillment(),
        _ => None,
    }
}

fn sign_target(
    transaction: &mut Transaction,
    hasher: &SignatureHasher,
    target: SignTarget,
    condition: Option<&Condition>,
    keys: &KeyRing,
) -> Outcome {
    let Some(present) = fulfillment(transaction, target) else {
        return Outcome::COMPLETE;
    };
    let Some(condition) = condition else {
        // A single signature that verifies is all that can be told without the parent.
        return match present {
            Fulfillment::SingleSignature(pair)
                if pair
                    .public_key
                    .verify(&hasher.single(target), &pair.signature) =>
            {
                Outcome::COMPLETE
            }
            _ => Outcome::missing(target, Vec::new(), 1),
        };
    };
    if let Condition::MultiSignature(owners) = condition.unlocked() {
        let needed = owners.minimum_signature_count;
        let owners = owners.unlock_hashes.clone();
        return sign_multi(
            transaction,
            hasher,
            target,
            condition,
            &owners,
            needed,
            keys,
        );
    }
    let is_empty = match present {
        Fulfillment::SingleSignature(pair) => pair.signature.is_empty(),
        Fulfillment::AtomicSwap(swap) => swap.signature.is_empty(),
        Fulfillment::MultiSignature(_) | Fulfillment::Nil => true,
    };
    if !is_empty && check_fulfilled(condition, present, NO_LOCKS, target, hasher).is_ok() {
        return Outcome::COMPLETE;
    }
    let owner = match condition.unlocked() {
        Condition::Nil => UnlockHash::NIL,
        Condition::UnlockHash(address) if address.kind() == UnlockType::PublicKey => *address,
        // Contracts are signed for by those who redeem or refund them.
        other => return Outcome::missing(target, vec![other.unlock_hash()], 1),
    };
    match keys.pair(&owner) {
        Some(pair) if sign_one(transaction, hasher, target, condition, pair).is_ok() => Outcome {
            signed: true,
            missing: None,
        },
        _ => Outcome::missing(target, vec![owner], 1),
    }
}

fn sign_one(
    transaction: &mut Transaction,
    hasher: &SignatureHasher,
    target: SignTarget,
    condition: &Condition,
    pair: &KeyPair,
) -> Result<(), SignError> {
    transaction.sign(hasher, target, condition, pair, None)
}

/// Adds the signatures of all owners whose keys the wallet has, also beyond the needed number.
fn sign_multi(
    transaction: &mut Transaction,
    hasher: &SignatureHasher,
    target: SignTarget,
    condition: &Condition,
    owners: &[UnlockHash],
    needed: u64,
    keys: &KeyRing,
) -> Outcome {
    let mut signed = false;
    for pair in owners
        .iter()
        .filter(|owner| !owner.is_nil())
        .filter_map(|owner| keys.pair(owner))
    {
        let present = fulfillment(transaction, target);
        if !has_signed(present, hasher, target, pair) {
            signed |= sign_one(transaction, hasher, target, condition, pair).is_ok();
        }
    }
    let present = fulfillment(transaction, target);
    let complete = present.is_some_and(|present| {
        check_fulfilled(condition, present, NO_LOCKS, target, hasher).is_ok()
    });
    if complete {
        return Outcome {
            signed,
            missing: None,
        };
    }
    let given = match present {
        Some(Fulfillment::MultiSignature(pairs)) => pairs
            .iter()
            .filter(|pair| {
                let hash = hasher.with_key(target, &pair.public_key);
                pair.public_key.verify(&hash, &pair.signature)
            })
            .map(|pair| pair.public_key.unlock_hash())
            .collect(),
        _ => Vec::new(),
    };
    let open: Vec<UnlockHash> = owners
        .iter()
        .filter(|owner| !given.contains(owner))
        .copied()
        .collect();
    let count = u64::try_from(given.len()).unwrap_or(u64::MAX);
    let missing = Outcome::missing(target, open, needed.saturating_sub(count).max(1));
    Outcome { signed, ..missing }
}

fn has_signed(
    present: Option<&Fulfillment>,
    hasher: &SignatureHasher,
    target: SignTarget,
    pair: &KeyPair,
) -> bool {
    let Some(Fulfillment::MultiSignature(pairs)) = present else {
        return false;
    };
    pairs.iter().any(|present| {
        present.public_key == *pair.public_key()
            && present.public_key.verify(
                &hasher.with_key(target, &present.public_key),
                &present.signature,
            )
    })
}

/// Signs, or reports as missing, what a version asks for besides inputs: the identification of a
/// new bot and the registered ERC20 key, when the wallet has the key. The signatures of an updated
/// bot and of the two sides of a name transfer are given where these are made.
fn sign_extension(
    transaction: &mut Transaction,
    keys: &KeyRing,
    missing: &mut Vec<MissingSignature>,
) -> bool {
    let by_key = |signature: &Signature, target, owner: UnlockHash| {
        (signature.is_empty(), target, Some(owner))
    };
    let wanted = match &*transaction {
        Transaction::BotRegistration(body) => {
            let identification = &body.identification;
            let owner = identification.public_key.unlock_hash();
            vec![by_key(&identification.signature, SignTarget::Bot, owner)]
        }
        Transaction::Erc20AddressRegistration(body) => {
            vec![by_key(
                &body.signature,
                SignTarget::Erc20Registration,
                body.tft_address(),
            )]
        }
        Transaction::BotRecordUpdate(body) => {
            vec![(body.signature.is_empty(), SignTarget::Bot, None)]
        }
        Transaction::BotNameTransfer(body) => vec![
            (
                body.sender.signature.is_empty(),
                SignTarget::NameSender,
                None,
            ),
            (
                body.receiver.signature.is_empty(),
                SignTarget::NameReceiver,
                None,
            ),
        ],
        _ => Vec::new(),
    };
    let mut signed = false;
    for (_, target, owner) in wanted.into_iter().filter(|(is_empty, _, _)| *is_empty) {
        let pair = owner
            .filter(|owner| !owner.is_nil())
            .and_then(|owner| keys.pair(&owner));
        let done = pair.is_some_and(|pair| transaction.sign_extension(target, pair).is_ok());
        signed |= done;
        if !done {
            let owners = owner.into_iter().collect();
            missing.push(MissingSignature {
                target,
                owners,
                count: 1,
            });
        }
    }
    signed
}
