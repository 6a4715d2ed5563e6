//! What can be spent, and who may mint: the state that transactions are judged by.
//!
//! A [`Ledger`] holds the state after the newest block. Transactions are never applied to it
//! directly but to a [`Delta`] seen through a [`View`]: the pool keeps one delta for all its
//! transactions, a new block makes one and merges it. So judging a transaction costs the same
//! whatever the pool holds, and pool and blocks go through the same code.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::block::StakeIndexes;
use super::extensions::Extensions;
use crate::tfchain::Output;
use crate::tfchain::hash::OutputId;

/// A block stake output and where it lies.
#[derive(Clone, Debug)]
pub struct Stake {
    /// Value and condition.
    pub output: Arc<Output>,
    /// Block, transaction and output index.
    pub indexes: StakeIndexes,
}

/// The state after the newest block.
#[derive(Debug, Default)]
pub struct Ledger {
    coins: HashMap<OutputId, Arc<Output>>,
    stakes: HashMap<OutputId, Stake>,
    /// Payouts by the height at whose end they become spendable.
    maturing: BTreeMap<u64, Vec<(OutputId, Arc<Output>)>>,
    extensions: Arc<Extensions>,
}

impl Ledger {
    /// Returns an unspent, spendable coin output.
    pub fn coin(&self, id: &OutputId) -> Option<&Arc<Output>> {
        self.coins.get(id)
    }

    /// Returns an unspent block stake output.
    pub fn stake(&self, id: &OutputId) -> Option<&Stake> {
        self.stakes.get(id)
    }

    /// Iterates over all spendable coin outputs, in no order.
    pub fn coins(&self) -> impl Iterator<Item = (&OutputId, &Arc<Output>)> {
        self.coins.iter()
    }

    /// Iterates over all unspent block stake outputs, in no order.
    pub fn stakes(&self) -> impl Iterator<Item = (&OutputId, &Stake)> {
        self.stakes.iter()
    }

    /// Returns minting, 3Bot and ERC20 state.
    pub fn extensions(&self) -> &Extensions {
        &self.extensions
    }

    /// Adds a payout that becomes spendable at the end of the block at `height`.
    pub fn add_maturing(&mut self, height: u64, id: OutputId, output: Arc<Output>) {
        self.maturing.entry(height).or_default().push((id, output));
    }

    /// Makes the payouts that mature with the block at `height` spendable.
    pub fn mature(&mut self, height: u64) {
        for (id, output) in self.maturing.remove(&height).unwrap_or_default() {
            self.coins.insert(id, output);
        }
    }

    /// Starts an empty delta on this state.
    pub fn delta(&self) -> Delta {
        Delta {
            coins_added: HashMap::new(),
            coins_spent: HashSet::new(),
            stakes_added: HashMap::new(),
            stakes_spent: HashSet::new(),
            extensions: Arc::clone(&self.extensions),
        }
    }

    /// Makes the changes of a delta part of the state. It must have been started on this state.
    pub fn merge(&mut self, delta: Delta) {
        for id in &delta.coins_spent {
            self.coins.remove(id);
        }
        self.coins.extend(delta.coins_added);
        for id in &delta.stakes_spent {
            self.stakes.remove(id);
        }
        self.stakes.extend(delta.stakes_added);
        self.extensions = delta.extensions;
    }
}

/// Changes on top of a [`Ledger`].
#[derive(Debug)]
pub struct Delta {
    coins_added: HashMap<OutputId, Arc<Output>>,
    coins_spent: HashSet<OutputId>,
    stakes_added: HashMap<OutputId, Stake>,
    stakes_spent: HashSet<OutputId>,
    extensions: Arc<Extensions>,
}

impl Delta {
    /// Iterates over the coin outputs that were added and not spent again.
    pub fn coins_added(&self) -> impl Iterator<Item = (&OutputId, &Arc<Output>)> {
        self.coins_added.iter()
    }
}

/// A ledger with a delta on top, to read.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    ledger: &'a Ledger,
    delta: &'a Delta,
}

impl<'a> View<'a> {
    /// Looks at `ledger` through `delta`.
    pub fn new(ledger: &'a Ledger, delta: &'a Delta) -> Self {
        Self { ledger, delta }
    }

    /// Returns an unspent, spendable coin output.
    pub fn coin(&self, id: &OutputId) -> Option<&'a Arc<Output>> {
        self.delta.coins_added.get(id).or_else(|| {
            if self.delta.coins_spent.contains(id) {
                None
            } else {
                self.ledger.coins.get(id)
            }
        })
    }

    /// Returns an unspent block stake output.
    pub fn stake(&self, id: &OutputId) -> Option<&'a Stake> {
        self.delta.stakes_added.get(id).or_else(|| {
            if self.delta.stakes_spent.contains(id) {
                None
            } else {
                self.ledger.stakes.get(id)
            }
        })
    }

    /// Returns minting, 3Bot and ERC20 state.
    pub fn extensions(&self) -> &'a Extensions {
        &self.delta.extensions
    }
}

impl Delta {
    /// Spends a coin output, whether it is of the ledger or was added here.
    pub fn spend_coin(&mut self, id: OutputId) {
        if let Entry::Occupied(entry) = self.coins_added.entry(id) {
            entry.remove();
        } else {
            self.coins_spent.insert(id);
        }
    }

    /// Adds a coin output.
    pub fn add_coin(&mut self, id: OutputId, output: Arc<Output>) {
        self.coins_added.insert(id, output);
    }

    /// Spends a block stake output.
    pub fn spend_stake(&mut self, id: OutputId) {
        if let Entry::Occupied(entry) = self.stakes_added.entry(id) {
            entry.remove();
        } else {
            self.stakes_spent.insert(id);
        }
    }

    /// Adds a block stake output.
    pub fn add_stake(&mut self, id: OutputId, stake: Stake) {
        self.stakes_added.insert(id, stake);
    }

    /// Returns minting, 3Bot and ERC20 state for changing; copied on the first change.
    pub fn extensions_mut(&mut self) -> &mut Extensions {
        Arc::make_mut(&mut self.extensions)
    }
}
