//! Choosing the outputs that pay for a transaction (spec: tfchain client §5.3).
//!
//! The smallest outputs are used first, until one alone suffices: then it is used alone. What is
//! collected never exceeds what one transaction can hold, by count and by bytes once signed; the
//! smallest ones give way.
use std::collections::VecDeque;

use super::balance::Balance;
use super::error::{Shortage, WalletError};
use crate::tfchain::constants::{MAX_CLIENT_INPUTS, MAX_POOL_TRANSACTION_BYTES};
use crate::tfchain::{Amount, Condition, Hash, Output, UnlockHash, UnlockType};

/// How much one transaction can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SelectionLimits {
    /// The most inputs.
    pub inputs: usize,
    /// The most bytes that all inputs may have once they are signed.
    pub bytes: usize,
}

impl Default for SelectionLimits {
    /// What the original takes: 99 inputs of any size.
    fn default() -> Self {
        Self {
            inputs: MAX_CLIENT_INPUTS,
            bytes: usize::MAX,
        }
    }
}

impl SelectionLimits {
    /// Returns the limits of a transaction whose other parts have `rest` bytes: 99 inputs, and
    /// 16 000 bytes in all once signed (spec: tfchain protocol §6, limits).
    pub fn beside(rest: usize) -> Self {
        Self {
            inputs: MAX_CLIENT_INPUTS,
            bytes: MAX_POOL_TRANSACTION_BYTES.saturating_sub(rest),
        }
    }
}

/// The outputs that pay for a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Funding {
    /// The outputs to spend, in the order of the inputs.
    pub inputs: Vec<(Hash, Output)>,
    /// What is left over.
    pub remainder: Amount,
    /// Where the remainder should go: known when exactly one source was named.
    pub refund: Option<Condition>,
}

/// Returns the bytes of a v1 input once every owner in sight has signed it (siabin).
pub(super) fn signed_input_bytes(condition: &Condition) -> usize {
    // Parent id, fulfillment type, length of its data.
    const FRAME: usize = 32 + 1 + 8;
    // Public key with its specifier and length, signature with its length.
    const PAIR: usize = 56 + 8 + 64;
    match condition.owners() {
        [] => FRAME + PAIR,
        owners => owners.len().saturating_mul(PAIR).saturating_add(FRAME + 8),
    }
}

/// Outputs collected so far.
struct Collected {
    limits: SelectionLimits,
    inputs: VecDeque<(Hash, Output)>,
    bytes: usize,
}

impl Collected {
    fn sum(&self) -> Amount {
        self.inputs.iter().map(|(_, output)| &output.value).sum()
    }

    /// Walks over outputs until `amount` is reached; returns whether it is.
    fn walk(&mut self, outputs: Vec<(Hash, &Output)>, amount: &Amount) -> bool {
        let mut sum = self.sum();
        for (id, output) in outputs {
            let bytes = signed_input_bytes(&output.condition);
            if bytes > self.limits.bytes {
                continue;
            }
            if output.value >= *amount {
                self.inputs = VecDeque::from([(id, output.clone())]);
                return true;
            }
            self.inputs.push_back((id, output.clone()));
            self.bytes = self.bytes.saturating_add(bytes);
            sum += &output.value;
            while self.inputs.len() > self.limits.inputs || self.bytes > self.limits.bytes {
                let Some((_, dropped)) = self.inputs.pop_front() else {
                    break;
                };
                self.bytes = self
                    .bytes
                    .saturating_sub(signed_input_bytes(&dropped.condition));
                sum = sum.saturating_sub(&dropped.value);
            }
            if sum >= *amount {
                return true;
            }
        }
        false
    }
}

impl Balance {
    /// Chooses outputs worth at least `amount`, from the named `sources` only when there are any:
    /// wallet addresses (`01`) and multi-signature addresses (`03`). Without sources all single
    /// addresses are used, multi-signature wallets never.
    ///
    /// # Errors
    /// [`WalletError::SourceType`] for other addresses; [`WalletError::NoFunds`],
    /// [`WalletError::InsufficientFunds`], [`WalletError::InsufficientWalletFunds`].
    pub fn fund(
        &self,
        amount: &Amount,
        sources: Option<&[UnlockHash]>,
        limits: SelectionLimits,
    ) -> Result<Funding, WalletError> {
        let (personal, multisig) = self.split_sources(sources)?;
        if personal.is_empty() && multisig.is_empty() {
            return Err(WalletError::NoFunds);
        }
        let refund = self.refund_of(sources);
        let mut collected = Collected {
            limits,
            inputs: VecDeque::new(),
            bytes: 0,
        };
        let mut all = Amount::ZERO;
        let from = |output: &Output| personal.contains(&output.condition.unlock_hash());
        let mut found = collected.take(self, amount, &mut all, from);
        for address in &multisig {
            if found {
                break;
            }
            if let Some(wallet) = self.multisig_balance(address) {
                found = collected.take(wallet, amount, &mut all, |_| true);
            }
        }
        if !found {
            let shortage = Shortage {
                scattered: (all >= *amount).then_some(all),
            };
            return Err(if multisig.is_empty() {
                WalletError::InsufficientFunds(shortage)
            } else {
                WalletError::InsufficientWalletFunds(shortage)
            });
        }
        let remainder = collected.sum().minus(amount)?;
        Ok(Funding {
            inputs: collected.inputs.into(),
            remainder,
            refund,
        })
    }

    fn split_sources(
        &self,
        sources: Option<&[UnlockHash]>,
    ) -> Result<(Vec<UnlockHash>, Vec<UnlockHash>), WalletError> {
        let Some(sources) = sources.filter(|sources| !sources.is_empty()) else {
            let mut personal = Vec::new();
            if self.multisig.is_none() {
                for (_, output) in self
                    .outputs_available()
                    .chain(self.outputs_unconfirmed_available())
                {
                    let address = output.condition.unlock_hash();
                    if !personal.contains(&address) {
                        personal.push(address);
                    }
                }
            }
            return Ok((personal, Vec::new()));
        };
        let (mut personal, mut multisig) = (Vec::new(), Vec::new());
        for source in sources {
            match source.kind() {
                UnlockType::PublicKey => personal.push(*source),
                UnlockType::MultiSignature => multisig.push(*source),
                other => return Err(WalletError::SourceType(other)),
            }
        }
        Ok((personal, multisig))
    }

    fn refund_of(&self, sources: Option<&[UnlockHash]>) -> Option<Condition> {
        match sources {
            Some([source]) if source.kind() == UnlockType::PublicKey => {
                Some(Condition::UnlockHash(*source))
            }
            Some([source]) => self.multisig_condition(source),
            _ => None,
        }
    }

    fn multisig_balance(&self, address: &UnlockHash) -> Option<&Balance> {
        let own = self
            .multisig
            .as_ref()
            .is_some_and(|owners| owners.address == *address);
        if own {
            Some(self)
        } else {
            self.wallets.get(address)
        }
    }
}

impl Collected {
    /// Collects of one balance: available outputs from the smallest on, then unconfirmed ones
    /// from the largest on. Adds everything that could be spent to `all`.
    fn take(
        &mut self,
        balance: &Balance,
        amount: &Amount,
        all: &mut Amount,
        from: impl Fn(&Output) -> bool,
    ) -> bool {
        let mut available: Vec<(Hash, &Output)> = balance
            .outputs_available()
            .filter(|(_, output)| from(output))
            .collect();
        available.sort_by(|(_, left), (_, right)| left.value.cmp(&right.value));
        let mut unconfirmed: Vec<(Hash, &Output)> = balance
            .outputs_unconfirmed_available()
            .filter(|(_, output)| from(output))
            .collect();
        unconfirmed.sort_by(|(_, left), (_, right)| right.value.cmp(&left.value));
        for (_, output) in available.iter().chain(&unconfirmed) {
            *all += &output.value;
        }
        self.walk(available, amount) || self.walk(unconfirmed, amount)
    }
}
