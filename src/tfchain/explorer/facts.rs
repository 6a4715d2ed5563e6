//! What an explorer tells, once it has been checked.
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::tfchain::{Amount, Erc20Address, Hash, Output, Transaction, UnlockHash};

/// A transaction of the chain or the pool. Its id and the ids of its outputs were computed from
/// its content and agree with what the node says.
#[derive(Debug, Clone, PartialEq)]
pub struct ExplorerTransaction {
    /// Id of the transaction.
    pub id: Hash,
    /// Height of its block; None while it waits in the pool.
    pub height: Option<u64>,
    /// Time of its block in Unix seconds; None while unconfirmed, or from nodes that do not say.
    pub time: Option<u64>,
    /// Its place within the block; 0 while unconfirmed, or from nodes that do not say.
    pub order: u64,
    /// The transaction itself.
    pub transaction: Transaction,
    /// The coin outputs of versions that do not keep them as a list.
    pub(super) own_coin_outputs: Option<Vec<Output>>,
    pub(super) coin_output_ids: Vec<Hash>,
    pub(super) spent_coin_outputs: Vec<Option<Output>>,
    pub(super) blockstake_output_ids: Vec<Hash>,
    pub(super) spent_blockstake_outputs: Vec<Option<Output>>,
}

impl ExplorerTransaction {
    /// Returns true while the transaction waits in the pool.
    pub fn is_unconfirmed(&self) -> bool {
        self.height.is_none()
    }

    /// Returns the coin outputs with their ids.
    pub fn created_outputs(&self) -> impl Iterator<Item = (Hash, &Output)> {
        self.coin_output_ids
            .iter()
            .copied()
            .zip(self.coin_outputs())
    }

    fn coin_outputs(&self) -> &[Output] {
        match (&self.own_coin_outputs, self.transaction.coin_outputs()) {
            (Some(list), _) => list,
            (None, Cow::Borrowed(list)) => list,
            (None, Cow::Owned(_)) => &[],
        }
    }

    /// Returns the coin outputs that are spent here, with their ids. Those that the node could
    /// not tell (a parent in the pool) are left out.
    pub fn spent_outputs(&self) -> impl Iterator<Item = (Hash, &Output)> {
        let parents = self
            .transaction
            .coin_inputs()
            .iter()
            .map(|input| input.parent_id);
        parents
            .zip(&self.spent_coin_outputs)
            .filter_map(|(id, spent)| Some((id, spent.as_ref()?)))
    }

    /// Returns the block stake outputs with their ids.
    pub fn created_blockstake_outputs(&self) -> impl Iterator<Item = (Hash, &Output)> {
        self.blockstake_output_ids
            .iter()
            .copied()
            .zip(self.transaction.blockstake_outputs())
    }

    /// Returns the block stake outputs that are spent here, with their ids.
    pub fn spent_blockstake_outputs(&self) -> impl Iterator<Item = (Hash, &Output)> {
        let parents = self
            .transaction
            .blockstake_inputs()
            .iter()
            .map(|input| input.parent_id);
        parents
            .zip(&self.spent_blockstake_outputs)
            .filter_map(|(id, spent)| Some((id, spent.as_ref()?)))
    }
}

impl fmt::Display for ExplorerTransaction {
    /// Prints `transaction v1 <id>`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "transaction v{} {}", self.transaction.version(), self.id)
    }
}

/// A block.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// Id of the block.
    pub id: Hash,
    /// Id of the block before.
    pub parent_id: Hash,
    /// Height; the first block has 0.
    pub height: u64,
    /// Time in Unix seconds.
    pub time: u64,
    /// Its transactions, in order.
    pub transactions: Vec<Arc<ExplorerTransaction>>,
    /// What it pays to its creator and others.
    pub miner_payouts: Vec<MinerPayout>,
}

impl fmt::Display for Block {
    /// Prints the id.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.id.fmt(f)
    }
}

/// A payout of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MinerPayout {
    /// Its id, which is that of a coin output.
    pub id: Hash,
    /// The amount.
    pub value: Amount,
    /// Who receives it.
    pub unlock_hash: UnlockHash,
}

/// What the chain knows of an address.
#[derive(Debug, Clone, PartialEq)]
pub struct AddressInfo {
    /// The address.
    pub address: UnlockHash,
    /// Its transactions, newest first, those in the pool on top.
    pub transactions: Vec<Arc<ExplorerTransaction>>,
    /// The multi-signature addresses of which it is an owner.
    pub multisig_addresses: Vec<UnlockHash>,
    /// Its ERC20 address, when it is registered.
    pub erc20: Option<Erc20Info>,
}

impl fmt::Display for AddressInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Found {} transaction(s) and {} multisig address(es) for {}",
            self.transactions.len(),
            self.multisig_addresses.len(),
            self.address
        )
    }
}

/// The registration of an ERC20 withdrawal address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erc20Info {
    /// The address on this chain.
    pub address_tft: UnlockHash,
    /// The address on the Ethereum chain, which follows from the other.
    pub address_erc20: Erc20Address,
    /// Blocks since the registration, its own included; 0 while it is in the pool.
    pub confirmations: u64,
}

impl fmt::Display for Erc20Info {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "ERC20AddressInfo(address_tft={}, address_erc20={}, confirmations={})",
            self.address_tft, self.address_erc20, self.confirmations
        )
    }
}

/// An output of coins or block stakes, and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct OutputInfo {
    /// Id of the output.
    pub id: Hash,
    /// The output.
    pub output: Output,
    /// The transaction that created it; None for a payout of a block.
    pub creation: Option<Arc<ExplorerTransaction>>,
    /// The transaction that spent it, if it is spent.
    pub spend: Option<Arc<ExplorerTransaction>>,
}

/// Puts transactions in the order in which wallets list them: newest first, those in the pool on
/// top (the last one that the pool took first), each once.
pub fn newest_first(
    transactions: impl IntoIterator<Item = Arc<ExplorerTransaction>>,
) -> Vec<Arc<ExplorerTransaction>> {
    let mut seen = std::collections::HashSet::new();
    let mut list: Vec<_> = transactions
        .into_iter()
        .filter(|transaction| seen.insert(transaction.id))
        .collect();
    list.reverse();
    list.sort_by(|left, right| {
        let (left_height, right_height) = (left.height, right.height);
        match (left_height, right_height) {
            (None, None) => std::cmp::Ordering::Equal,
            (None, Some(_)) => std::cmp::Ordering::Less,
            (Some(_), None) => std::cmp::Ordering::Greater,
            (Some(left_height), Some(right_height)) => {
                (right_height, right.order, right.id).cmp(&(left_height, left.order, left.id))
            }
        }
    });
    list
}
