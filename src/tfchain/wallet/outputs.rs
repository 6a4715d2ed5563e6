//! The outputs that belong to a balance, by what has happened to them.
//!
//! An output is unconfirmed, unspent, spent by a transaction that waits in the pool, or spent. What
//! is known of it only ever moves on in this order, so the order in which transactions are read,
//! or balances merged, does not matter.
use indexmap::IndexMap;

use super::chain_point::ChainPoint;
use crate::tfchain::{Amount, Hash, Output};

/// What has happened to an output, in the order in which knowledge of it can grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OutputState {
    /// Created by a transaction in the pool.
    Unconfirmed,
    /// Created by a transaction in a block.
    Unspent,
    /// Spent by a transaction in the pool.
    UnconfirmedSpent,
    /// Spent by a transaction in a block.
    Spent,
}

/// Outputs by id, each with its state; in order of discovery.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutputSet {
    entries: IndexMap<Hash, (Output, OutputState)>,
}

impl OutputSet {
    /// Notes that `id` was seen as an output, or as spent, by a transaction in a block
    /// (`confirmed`) or in the pool.
    pub fn note(&mut self, id: Hash, output: &Output, confirmed: bool, spent: bool) {
        let state = match (confirmed, spent) {
            (false, false) => OutputState::Unconfirmed,
            (true, false) => OutputState::Unspent,
            (false, true) => OutputState::UnconfirmedSpent,
            (true, true) => OutputState::Spent,
        };
        self.raise(id, output, state);
    }

    /// Adds all outputs of another set.
    pub fn merge(&mut self, other: &Self) {
        for (id, (output, state)) in &other.entries {
            self.raise(*id, output, *state);
        }
    }

    fn raise(&mut self, id: Hash, output: &Output, state: OutputState) {
        match self.entries.get_mut(&id) {
            Some((_, known)) => *known = state.max(*known),
            None => {
                self.entries.insert(id, (output.clone(), state));
            }
        }
    }

    /// Returns the outputs of one state, in order of discovery.
    pub fn with_state(&self, wanted: OutputState) -> impl Iterator<Item = (Hash, &Output)> {
        self.entries
            .iter()
            .filter(move |(_, (_, state))| *state == wanted)
            .map(|(id, (output, _))| (*id, output))
    }

    /// Returns the unlocked (or the locked) outputs of one state.
    pub fn by_lock(
        &self,
        wanted: OutputState,
        locked: bool,
        chain: ChainPoint,
    ) -> impl Iterator<Item = (Hash, &Output)> {
        self.with_state(wanted)
            .filter(move |(_, output)| chain.is_locked(&output.condition) == locked)
    }

    /// Returns the sum of the unlocked (or the locked) outputs of one state.
    pub fn sum(&self, wanted: OutputState, locked: bool, chain: ChainPoint) -> Amount {
        self.by_lock(wanted, locked, chain)
            .map(|(_, output)| &output.value)
            .sum()
    }

    /// Returns an output by its id, whatever its state.
    pub fn get(&self, id: &Hash) -> Option<&Output> {
        self.entries.get(id).map(|(output, _)| output)
    }

    /// Returns true when an output is unspent or unconfirmed.
    pub fn is_active(&self) -> bool {
        self.entries
            .values()
            .any(|(_, state)| matches!(state, OutputState::Unspent | OutputState::Unconfirmed))
    }

    /// Returns every output, whatever its state.
    pub fn iter(&self) -> impl Iterator<Item = (Hash, &Output, OutputState)> {
        self.entries
            .iter()
            .map(|(id, (output, state))| (*id, output, *state))
    }
}
