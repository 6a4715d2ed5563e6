//! Facts of a block: cumulative counts and the numbers shown beside them.

use super::target::Target;
use crate::tfchain::Transaction;

/// Counts since genesis, including the block they belong to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Bytes of arbitrary data.
    pub arbitrary_data_size: u64,
    /// Miner payouts.
    pub miner_payouts: u64,
    /// Transactions.
    pub transactions: u64,
    /// Coin inputs.
    pub coin_inputs: u64,
    /// Coin outputs.
    pub coin_outputs: u64,
    /// Block stake inputs.
    pub stake_inputs: u64,
    /// Block stake outputs.
    pub stake_outputs: u64,
    /// Miner fees.
    pub miner_fees: u64,
    /// Transactions with arbitrary data.
    pub arbitrary_data: u64,
}

/// What the API tells of a block besides its content.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Height of the block.
    pub height: u64,
    /// Target that the block had to meet.
    pub target: Target,
    /// Difficulty as decimal text; "1" for genesis.
    pub difficulty: String,
    /// Timestamp of the block whose payouts mature with this one, 0 for none.
    pub maturity_timestamp: u64,
    /// Counts since genesis.
    pub counts: Counts,
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

impl Counts {
    /// Adds a transaction.
    pub fn add(&mut self, transaction: &Transaction) {
        self.transactions += 1;
        self.coin_inputs += count(transaction.coin_inputs().len());
        self.coin_outputs += count(transaction.coin_outputs().len());
        self.stake_inputs += count(transaction.blockstake_inputs().len());
        self.stake_outputs += count(transaction.blockstake_outputs().len());
        self.miner_fees += count(transaction.miner_fees().len());
        let data = transaction.arbitrary_data().len();
        self.arbitrary_data_size += count(data);
        self.arbitrary_data += u64::from(data > 0);
    }
}
