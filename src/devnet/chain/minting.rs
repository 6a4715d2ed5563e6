//! Minting (versions 128 and 129): who may create coins, and the rules on it.

use std::collections::BTreeMap;

use super::rules::Context;
use crate::tfchain::rules::{check_condition, check_fulfilled};
use crate::tfchain::transaction::{CoinCreation, MinterDefinition};
use crate::tfchain::{Condition, Fulfillment, SignTarget, SignatureHasher, UnlockType};

/// The mint conditions by the height from which they hold.
#[derive(Clone, Debug, Default)]
pub struct Minting {
    conditions: BTreeMap<u64, Condition>,
}

impl Minting {
    /// Returns the condition that holds at `height`: the one stored at the greatest height not
    /// above it.
    pub fn condition_at(&self, height: u64) -> Condition {
        self.conditions
            .range(..=height)
            .next_back()
            .map(|(_, c)| c.clone())
            .unwrap_or_default()
    }

    /// Stores a condition that holds from `height` on.
    pub fn define(&mut self, height: u64, condition: Condition) {
        self.conditions.insert(height, condition);
    }

    /// Checks a mint definition beyond the rules of all transactions.
    pub(super) fn check_definition(
        &self,
        definition: &MinterDefinition,
        hasher: &SignatureHasher,
        context: Context,
    ) -> Result<(), String> {
        if definition.nonce.is_zero() {
            return Err("nil nonce is not allowed for a minter definition transaction".into());
        }
        check_condition(&definition.mint_condition).map_err(|e| {
            format!(
                "defined mint condition is not standard within the given blockchain context: {e}"
            )
        })?;
        check_usable(&definition.mint_condition)?;
        self.check_fulfilled(&definition.mint_fulfillment, hasher, context)
            .map_err(|e| {
                format!("failed to fulfill mint condition for minter definition transaction: {e}")
            })
    }

    /// Checks a coin creation beyond the rules of all transactions.
    pub(super) fn check_creation(
        &self,
        creation: &CoinCreation,
        hasher: &SignatureHasher,
        context: Context,
    ) -> Result<(), String> {
        if creation.nonce.is_zero() {
            return Err("nil nonce is not allowed for a coin creation transaction".into());
        }
        self.check_fulfilled(&creation.mint_fulfillment, hasher, context)
            .map_err(|e| {
                format!("failed to fulfill mint condition for coin creation transaction: {e}")
            })
    }

    fn check_fulfilled(
        &self,
        fulfillment: &Fulfillment,
        hasher: &SignatureHasher,
        context: Context,
    ) -> Result<(), crate::tfchain::rules::RuleError> {
        let condition = self.condition_at(context.height);
        let target = SignTarget::MintFulfillment;
        check_fulfilled(&condition, fulfillment, context.into(), target, hasher)
    }
}

/// Checks that a condition is of a kind that may mint.
fn check_usable(condition: &Condition) -> Result<(), String> {
    match condition {
        Condition::UnlockHash(address) if address.kind() == UnlockType::PublicKey => Ok(()),
        Condition::UnlockHash(_) => Err(
            "unlockHash conditions can be used as mint conditions, if the unlock hash type is PubKey"
                .into(),
        ),
        Condition::MultiSignature(_) => Ok(()),
        Condition::TimeLock(lock) => check_usable(&lock.condition),
        Condition::Nil | Condition::AtomicSwap(_) => {
            let kind = condition.type_byte();
            Err(format!("condition type {kind} cannot be used as a mint condition"))
        }
    }
}
