//! The point of the chain from which a balance is seen: it decides what is locked.
use crate::tfchain::{Condition, Hash};

/// The newest block that was known when a balance was taken; the default is "unknown".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChainPoint {
    /// Height of the block.
    pub height: u64,
    /// Time of the block in Unix seconds.
    pub time: u64,
    /// Id of the block.
    pub block_id: Hash,
}

impl ChainPoint {
    /// Returns true when height and time are known.
    pub fn is_known(&self) -> bool {
        self.height > 0 && self.time > 0
    }

    /// Returns true when `condition` cannot be fulfilled yet because of its lock. A lock opens
    /// exactly at its value; without a known point nothing counts as locked.
    pub fn is_locked(&self, condition: &Condition) -> bool {
        self.is_known() && condition.is_locked(self.height, self.time)
    }
}
