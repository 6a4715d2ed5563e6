//! What a wallet, an address or a multi-signature wallet owns, seen from one block.
//!
//! A personal balance holds the outputs of single addresses and, apart from these, the balances
//! of the multi-signature wallets they are owners of.
use indexmap::{IndexMap, IndexSet};

use super::chain_point::ChainPoint;
use super::error::WalletError;
use super::outputs::{OutputSet, OutputState};
use crate::tfchain::explorer::AddressInfo;
use crate::tfchain::{
    Amount, Condition, Hash, MultiSignatureCondition, Output, UnlockHash, UnlockType,
};

/// A balance; see the module's text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Balance {
    /// The block from which the balance is seen.
    pub chain: ChainPoint,
    /// Of a multi-signature balance: its address and owners; None for a personal one.
    pub multisig: Option<MultiSigOwners>,
    /// The addresses whose outputs are counted, in the order in which they were added.
    pub addresses: IndexSet<UnlockHash>,
    /// The outputs of those addresses.
    pub outputs: OutputSet,
    /// Balances of multi-signature wallets by address, in order of discovery.
    pub wallets: IndexMap<UnlockHash, Balance>,
}

/// Who owns a multi-signature wallet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MultiSigOwners {
    /// The address of the wallet.
    pub address: UnlockHash,
    /// The condition of its outputs: owners in the order in which they were first seen, and the
    /// number of signatures needed.
    pub condition: MultiSignatureCondition,
}

impl Balance {
    /// Returns an empty personal balance.
    pub fn new(chain: ChainPoint) -> Self {
        Self {
            chain,
            ..Self::default()
        }
    }

    /// Returns the balance of one address alone. That of a multi-signature address is a
    /// multi-signature balance when one of its outputs shows who the owners are.
    pub fn of_address(info: &AddressInfo, chain: ChainPoint) -> Self {
        let mut balance = Self::new(chain);
        balance.add_address(info);
        if info.address.kind() == UnlockType::MultiSignature {
            let owners = balance
                .outputs
                .iter()
                .find_map(|(_, output, _)| multi_signature(&output.condition).cloned());
            balance.multisig = owners.map(|condition| MultiSigOwners {
                address: info.address,
                condition,
            });
        }
        balance
    }

    /// Counts the outputs of one more address.
    pub fn add_address(&mut self, info: &AddressInfo) {
        self.addresses.insert(info.address);
        for transaction in &info.transactions {
            let confirmed = !transaction.is_unconfirmed();
            for (id, spent) in transaction.spent_outputs() {
                if spent.condition.unlock_hash() == info.address {
                    self.outputs.note(id, spent, confirmed, true);
                }
            }
            for (id, output) in transaction.created_outputs() {
                if output.condition.unlock_hash() == info.address {
                    self.outputs.note(id, output, confirmed, false);
                }
            }
        }
    }

    /// Adds the balance of a multi-signature wallet to a personal balance. A balance whose owners
    /// are not known (nothing was ever sent to it) is left out.
    pub fn add_multisig(&mut self, wallet: Balance) {
        let Some(owners) = &wallet.multisig else {
            return;
        };
        match self.wallets.get_mut(&owners.address) {
            Some(known) => known.outputs.merge(&wallet.outputs),
            None => {
                self.wallets.insert(owners.address, wallet);
            }
        }
    }

    /// Merges two balances and returns the result, seen from the newer of their blocks.
    ///
    /// # Errors
    /// [`WalletError::BalancesDoNotMatch`] when the higher block is the older one, or two blocks
    /// of one height have different times.
    pub fn merge(self, other: Self) -> Result<Self, WalletError> {
        let chain = newer(self.chain, other.chain)?;
        let mut merged = match (&self.multisig, &other.multisig) {
            (Some(ours), Some(theirs)) if ours.address == theirs.address => {
                let mut merged = self;
                merged.outputs.merge(&other.outputs);
                merged
            }
            (Some(_), Some(_)) => {
                let mut merged = Self::default();
                merged.add_multisig(self);
                merged.add_multisig(other);
                merged
            }
            (Some(_), None) => {
                let mut merged = other;
                merged.add_multisig(self);
                merged
            }
            (None, Some(_)) => {
                let mut merged = self;
                merged.add_multisig(other);
                merged
            }
            (None, None) => {
                let mut merged = self;
                merged.addresses.extend(other.addresses);
                merged.outputs.merge(&other.outputs);
                for wallet in other.wallets.into_values() {
                    merged.add_multisig(wallet);
                }
                merged
            }
        };
        merged.chain = chain;
        for wallet in merged.wallets.values_mut() {
            wallet.chain = chain;
        }
        Ok(merged)
    }

    /// Returns what can be spent now.
    pub fn available(&self) -> Amount {
        self.outputs.sum(OutputState::Unspent, false, self.chain)
    }

    /// Returns what is confirmed but locked.
    pub fn locked(&self) -> Amount {
        self.outputs.sum(OutputState::Unspent, true, self.chain)
    }

    /// Returns what waits for its block, without what is locked.
    pub fn unconfirmed(&self) -> Amount {
        self.outputs
            .sum(OutputState::Unconfirmed, false, self.chain)
    }

    /// Returns what waits for its block and is locked.
    pub fn unconfirmed_locked(&self) -> Amount {
        self.outputs.sum(OutputState::Unconfirmed, true, self.chain)
    }

    /// Returns what transactions in the pool are about to spend.
    pub fn unconfirmed_spent(&self) -> Amount {
        self.outputs
            .with_state(OutputState::UnconfirmedSpent)
            .map(|(_, output)| &output.value)
            .sum()
    }

    /// Returns the outputs that can be spent now.
    pub fn outputs_available(&self) -> impl Iterator<Item = (Hash, &Output)> {
        self.outputs
            .by_lock(OutputState::Unspent, false, self.chain)
    }

    /// Returns the unlocked outputs that wait for their block; they can be spent as well.
    pub fn outputs_unconfirmed_available(&self) -> impl Iterator<Item = (Hash, &Output)> {
        self.outputs
            .by_lock(OutputState::Unconfirmed, false, self.chain)
    }

    /// Returns true when there are unspent or unconfirmed outputs.
    pub fn is_active(&self) -> bool {
        self.outputs.is_active()
    }

    /// Returns the addresses of the multi-signature wallets, in order of discovery.
    pub fn addresses_multisig(&self) -> impl Iterator<Item = UnlockHash> {
        self.wallets.keys().copied()
    }

    /// Returns an output of any address or multi-signature wallet of this balance.
    pub fn output(&self, id: &Hash) -> Option<&Output> {
        self.outputs.get(id).or_else(|| {
            self.wallets
                .values()
                .find_map(|wallet| wallet.outputs.get(id))
        })
    }

    /// Returns the condition to send coins to a multi-signature wallet of this balance.
    pub fn multisig_condition(&self, address: &UnlockHash) -> Option<Condition> {
        let own = self
            .multisig
            .as_ref()
            .filter(|owners| owners.address == *address);
        let wallet = || {
            self.wallets
                .get(address)
                .and_then(|wallet| wallet.multisig.as_ref())
        };
        let owners = own.or_else(wallet)?;
        Some(Condition::MultiSignature(owners.condition.clone()))
    }
}

/// Returns the multi-signature condition in a condition, locked or not.
pub(super) fn multi_signature(condition: &Condition) -> Option<&MultiSignatureCondition> {
    match condition.unlocked() {
        Condition::MultiSignature(owners) => Some(owners),
        _ => None,
    }
}

fn newer(left: ChainPoint, right: ChainPoint) -> Result<ChainPoint, WalletError> {
    if !right.is_known() {
        return Ok(left);
    }
    if !left.is_known() {
        return Ok(right);
    }
    if left.height.cmp(&right.height) != left.time.cmp(&right.time) {
        return Err(WalletError::BalancesDoNotMatch);
    }
    Ok(if left.height >= right.height {
        left
    } else {
        right
    })
}
