//! The explorer's indexes: where ids lie and which transactions touch an address.
//!
//! Lists are kept in the order in which the reference prints them: by id bytes.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::tfchain::hash::{BlockId, OutputId, TransactionId};
use crate::tfchain::{Condition, Output, UnlockHash, UnlockType};

/// Where a transaction lies in the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Height of its block.
    pub height: u64,
    /// Index in its block.
    pub order: usize,
}

/// Coin or block stake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputKind {
    /// A coin output, also a payout.
    Coin,
    /// A block stake output.
    Stake,
}

/// Where an output comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An output of this transaction.
    Transaction(TransactionId),
    /// A payout of the block at this height.
    Payout(u64),
}

/// An output of the chain, spent or not.
#[derive(Clone, Debug)]
pub struct KnownOutput {
    /// Value and condition.
    pub output: Arc<Output>,
    /// Coin or block stake.
    pub kind: OutputKind,
    /// Where it comes from.
    pub origin: Origin,
    /// The transaction that spent it.
    pub spent_by: Option<TransactionId>,
}

/// What touches an address.
#[derive(Clone, Debug, Default)]
pub struct AddressEntry {
    /// Transactions, by id bytes.
    pub transactions: BTreeSet<TransactionId>,
    /// Blocks with a payout to it, by id bytes, with their heights.
    pub blocks: BTreeSet<(BlockId, u64)>,
}

/// All indexes.
#[derive(Debug, Default)]
pub struct Index {
    blocks: HashMap<BlockId, u64>,
    transactions: HashMap<TransactionId, Place>,
    outputs: HashMap<OutputId, KnownOutput>,
    addresses: HashMap<UnlockHash, AddressEntry>,
    multisig: HashMap<UnlockHash, BTreeSet<UnlockHash>>,
}

impl Index {
    /// Returns the height of a block.
    pub fn block(&self, id: &BlockId) -> Option<u64> {
        self.blocks.get(id).copied()
    }

    /// Returns where a confirmed transaction lies.
    pub fn transaction(&self, id: &TransactionId) -> Option<Place> {
        self.transactions.get(id).copied()
    }

    /// Returns a confirmed output, spent or not, of either kind.
    pub fn output(&self, id: &OutputId) -> Option<&KnownOutput> {
        self.outputs.get(id)
    }

    /// Returns what touches an address.
    pub fn address(&self, address: &UnlockHash) -> Option<&AddressEntry> {
        self.addresses.get(address)
    }

    /// Returns the multi-signature addresses that `owner` is an owner of, ascending.
    pub fn multisig(&self, owner: &UnlockHash) -> Option<&BTreeSet<UnlockHash>> {
        self.multisig.get(owner)
    }

    /// Adds a block.
    pub fn add_block(&mut self, id: BlockId, height: u64) {
        self.blocks.insert(id, height);
    }

    /// Adds a transaction.
    pub fn add_transaction(&mut self, id: TransactionId, place: Place) {
        self.transactions.insert(id, place);
    }

    /// Adds a payout of a block.
    pub fn add_payout(
        &mut self,
        id: OutputId,
        output: Arc<Output>,
        to: UnlockHash,
        block: (BlockId, u64),
    ) {
        self.addresses.entry(to).or_default().blocks.insert(block);
        let origin = Origin::Payout(block.1);
        let known = KnownOutput {
            output,
            kind: OutputKind::Coin,
            origin,
            spent_by: None,
        };
        self.outputs.insert(id, known);
    }

    /// Adds an output of a transaction.
    pub fn add_output(
        &mut self,
        id: OutputId,
        output: Arc<Output>,
        kind: OutputKind,
        by: TransactionId,
    ) {
        let address = output.condition.unlock_hash();
        self.touch(address, by);
        self.note_owners(&output.condition);
        let origin = Origin::Transaction(by);
        self.outputs.insert(
            id,
            KnownOutput {
                output,
                kind,
                origin,
                spent_by: None,
            },
        );
    }

    /// Notes that a transaction spent an output.
    pub fn spend(&mut self, id: &OutputId, by: TransactionId) {
        let Some(known) = self.outputs.get_mut(id) else {
            return;
        };
        known.spent_by = Some(by);
        let address = known.output.condition.unlock_hash();
        self.touch(address, by);
    }

    /// Notes the owners of a multi-signature condition.
    pub fn note_owners(&mut self, condition: &Condition) {
        let address = condition.unlock_hash();
        for owner in condition.owners() {
            self.multisig.entry(*owner).or_default().insert(address);
        }
    }

    /// Notes that a transaction touches an address.
    pub fn touch(&mut self, address: UnlockHash, by: TransactionId) {
        self.addresses
            .entry(address)
            .or_default()
            .transactions
            .insert(by);
    }
}

/// Says whether an address is one whose multi-signature wallets are listed.
pub fn may_own_multisig(address: &UnlockHash) -> bool {
    address.kind() == UnlockType::PublicKey
}
