//! The chain: its blocks, what can be spent, and the explorer's indexes.
//!
//! [`Chain::connect`] is the one way a block gets in, whether we made it, read it back from our
//! log, or import it from a recording; it changes everything or nothing.

mod assemble;
mod block;
mod bots;
mod erc20;
mod extensions;
mod facts;
mod genesis;
mod index;
mod ledger;
mod minting;
mod rules;
mod target;

use std::sync::{Arc, OnceLock};

pub(crate) use assemble::Offer;
pub(crate) use block::RawBlock;
pub use block::{Block, Payout, StakeIndexes, payout_id};
pub use bots::{Bots, NameError};
pub use erc20::Erc20;
pub use extensions::Extensions;
pub use facts::{Counts, Facts};
pub use genesis::{
    BLOCK_STAKES, CHAIN_VERSION, CONSTANTS, GENESIS_ID, Genesis, NETWORK, PROTOCOL_VERSION,
};
pub use index::{AddressEntry, Index, KnownOutput, Origin, OutputKind, Place, may_own_multisig};
pub use ledger::{Delta, Ledger, Stake, View};
pub use minting::Minting;
pub use rules::{Balance, Context, apply, check};
pub use target::{ROOT_DEPTH, Target, root_target};

use crate::tfchain::hash::{BlockId, Hash, OutputId, TransactionId};
use crate::tfchain::{Condition, Output, Transaction, TransactionIds};

/// Short transaction ids leave this many bits for the index in the block.
const SHORT_ID_BITS: u32 = 14;

/// A transaction of the chain with what is computed from it once.
#[derive(Debug)]
pub struct StoredTransaction {
    /// The transaction.
    pub transaction: Arc<Transaction>,
    /// Its id and those of its outputs.
    pub ids: TransactionIds,
    /// Its index in the block.
    pub order: usize,
    /// Its explorer form, written when it is first asked for.
    pub(crate) explorer_json: OnceLock<Box<str>>,
}

/// A block of the chain with what is computed from it once.
#[derive(Debug)]
pub struct StoredBlock {
    /// The block.
    pub block: Block,
    /// Its id.
    pub id: BlockId,
    /// Ids of its payouts.
    pub payout_ids: Vec<OutputId>,
    /// Its transactions.
    pub transactions: Vec<StoredTransaction>,
    /// Height, target, counts.
    pub facts: Facts,
}

/// Where a block comes from, which decides what is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Made by this node or read back from its log: only that it fits.
    Own,
    /// From a recording: all rules, but not the balance of versions 144 to 146, which the
    /// reference does not check either.
    Import,
}

/// The chain. It always holds at least the genesis block.
#[derive(Debug)]
pub struct Chain {
    blocks: Vec<StoredBlock>,
    ledger: Ledger,
    index: Index,
    tip_id: BlockId,
    tip_time: u64,
    next_target: Target,
}

impl Chain {
    /// Returns the chain of the genesis block alone.
    ///
    /// # Errors
    /// When the genesis block is not the one of the reference, that is when the code is wrong.
    pub fn new(genesis: &Genesis) -> Result<Self, String> {
        let mut chain = Self {
            blocks: Vec::new(),
            ledger: Ledger::default(),
            index: Index::default(),
            tip_id: Hash::ZERO,
            tip_time: 0,
            next_target: root_target(),
        };
        chain.connect(genesis.block(), Source::Own)?;
        if chain.tip_id.to_string() != GENESIS_ID {
            return Err(format!(
                "genesis id is {}, {GENESIS_ID} expected",
                chain.tip_id
            ));
        }
        Ok(chain)
    }

    /// Returns the height of the newest block.
    pub fn height(&self) -> u64 {
        u64::try_from(self.blocks.len())
            .unwrap_or(u64::MAX)
            .saturating_sub(1)
    }

    /// Returns the id of the newest block.
    pub fn tip_id(&self) -> BlockId {
        self.tip_id
    }

    /// Returns the timestamp of the newest block, seconds since 1970.
    pub fn tip_time(&self) -> u64 {
        self.tip_time
    }

    /// Returns the target that the next block must meet.
    pub fn next_target(&self) -> &Target {
        &self.next_target
    }

    /// Returns the state that transactions are judged by.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Returns the explorer's indexes.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// Returns what pool transactions are judged in: height and time of the newest block.
    pub fn context(&self) -> Context {
        Context {
            height: self.height(),
            time: self.tip_time,
        }
    }

    /// Returns a block by height.
    pub fn block(&self, height: u64) -> Option<&StoredBlock> {
        self.blocks.get(usize::try_from(height).ok()?)
    }

    /// Returns the newest block.
    pub fn tip(&self) -> Option<&StoredBlock> {
        self.blocks.last()
    }

    /// Returns a confirmed transaction and its block.
    pub fn transaction(&self, id: &TransactionId) -> Option<(&StoredBlock, &StoredTransaction)> {
        let place = self.index.transaction(id)?;
        let block = self.block(place.height)?;
        Some((block, block.transactions.get(place.order)?))
    }

    /// Returns a confirmed transaction by its short id: height and index in the block.
    pub fn transaction_by_short_id(&self, id: u64) -> Option<&StoredTransaction> {
        let order = usize::try_from(id & ((1 << SHORT_ID_BITS) - 1)).ok()?;
        self.block(id >> SHORT_ID_BITS)?.transactions.get(order)
    }

    /// Adds a block on top.
    ///
    /// # Errors
    /// The rule that it breaks; then nothing has changed.
    pub fn connect(&mut self, block: Block, source: Source) -> Result<&StoredBlock, String> {
        let height = u64::try_from(self.blocks.len()).unwrap_or(u64::MAX);
        if block.parent_id != self.tip_id {
            return Err(format!(
                "its parent is {}, not {}",
                block.parent_id, self.tip_id
            ));
        }
        // The stake of a foreign block, None for our own, which are not judged again.
        let stake = match source {
            Source::Import => Some(self.check_head(&block)?),
            Source::Own => None,
        };
        let id = block.id().map_err(|e| e.to_string())?;
        let at = Context {
            height,
            time: block.timestamp,
        };
        let mut delta = self.ledger.delta();
        let mut stored = Vec::with_capacity(block.transactions.len());
        for (order, transaction) in block.transactions.iter().enumerate() {
            let ids = transaction.ids().map_err(|e| e.to_string())?;
            let fail = |e: String| format!("transaction {}: {e}", ids.transaction);
            if let Some(stake) = stake {
                let view = View::new(&self.ledger, &delta);
                let result = if rules::is_block_creator(transaction, stake) {
                    rules::check_block_creator(view, transaction, &ids, at)
                } else {
                    let size = transaction.binary().map_err(|e| e.to_string())?.len();
                    check(view, transaction, &ids, size, at, Balance::ReferenceOnly)
                };
                result.map_err(fail)?;
            }
            apply(&self.ledger, &mut delta, transaction, &ids, at, order).map_err(fail)?;
            stored.push(StoredTransaction {
                transaction: Arc::clone(transaction),
                ids,
                order,
                explorer_json: OnceLock::new(),
            });
        }
        if height == 0 {
            delta
                .extensions_mut()
                .minting
                .define(0, NETWORK.genesis_mint_condition());
        }
        let facts = self.facts(&block, height);
        let payout_ids: Vec<OutputId> = (0..block.payouts.len())
            .map(|k| payout_id(&id, k))
            .collect();
        self.ledger.merge(delta);
        self.ledger.mature(height);
        self.add_to_index(&block, id, height, &stored, &payout_ids);
        self.tip_id = id;
        self.tip_time = block.timestamp;
        let block = StoredBlock {
            block,
            id,
            payout_ids,
            transactions: stored,
            facts,
        };
        self.blocks.push(block);
        self.next_target = self.target_after_tip();
        self.blocks.last().ok_or_else(|| "no block".into())
    }

    /// Checks what concerns the block as a whole, its time, block stake and payouts, and returns
    /// the block stake that it names.
    fn check_head(&self, block: &Block) -> Result<OutputId, String> {
        let median = self.median_time();
        if block.timestamp < median {
            return Err(format!(
                "its time {} is before the median {median}",
                block.timestamp
            ));
        }
        let (stake, owner) = self.named_stake(block.stake)?;
        let mut inputs = block
            .transactions
            .iter()
            .flat_map(|t| t.blockstake_inputs());
        if !inputs.any(|input| input.parent_id == stake) {
            return Err(format!("no transaction respends its block stake {stake}"));
        }
        let expected = self.expected_payouts(&block.transactions, owner);
        if block.payouts != expected {
            return Err(format!(
                "its payouts are {:?}, {expected:?} expected",
                block.payouts
            ));
        }
        Ok(stake)
    }

    /// Returns the median time of the newest blocks, which a block must not lie before.
    pub fn median_time(&self) -> u64 {
        let window = usize::try_from(CONSTANTS.median_timestamp_window).unwrap_or(1);
        let mut times: Vec<u64> = self
            .blocks
            .iter()
            .rev()
            .take(window)
            .map(|b| b.block.timestamp)
            .collect();
        times.sort_unstable();
        times.get(times.len() / 2).copied().unwrap_or_default()
    }

    fn facts(&self, block: &Block, height: u64) -> Facts {
        let mut counts = self
            .blocks
            .last()
            .map(|b| b.facts.counts)
            .unwrap_or_default();
        counts.miner_payouts += u64::try_from(block.payouts.len()).unwrap_or_default();
        block.transactions.iter().for_each(|t| counts.add(t));
        let maturity_timestamp = match height.checked_sub(CONSTANTS.maturity_delay) {
            None | Some(0) => 0,
            Some(below) => self.block(below).map_or(0, |b| b.block.timestamp),
        };
        let difficulty = if height == 0 {
            "1".into()
        } else {
            target::difficulty(&self.next_target)
        };
        Facts {
            height,
            target: self.next_target,
            difficulty,
            maturity_timestamp,
            counts,
        }
    }

    fn target_after_tip(&self) -> Target {
        let height = self.height();
        let window = CONSTANTS.target_window.min(height);
        let Some(start) = self.block(height.saturating_sub(window)) else {
            return self.next_target;
        };
        let time = |seconds: u64| i64::try_from(seconds).unwrap_or(i64::MAX);
        let passed = time(self.tip_time).saturating_sub(time(start.block.timestamp));
        target::child_target(&self.next_target, height, passed, window)
    }

    fn add_to_index(
        &mut self,
        block: &Block,
        id: BlockId,
        height: u64,
        stored: &[StoredTransaction],
        payout_ids: &[OutputId],
    ) {
        self.index.add_block(id, height);
        for StoredTransaction {
            transaction,
            ids,
            order,
            ..
        } in stored
        {
            self.index.add_transaction(
                ids.transaction,
                Place {
                    height,
                    order: *order,
                },
            );
            for input in transaction
                .coin_inputs()
                .iter()
                .chain(transaction.blockstake_inputs())
            {
                self.index.spend(&input.parent_id, ids.transaction);
            }
            for (output, id) in transaction.coin_outputs().iter().zip(&ids.coin_outputs) {
                let output = self.shared_output(id, output);
                self.index
                    .add_output(*id, output, OutputKind::Coin, ids.transaction);
            }
            let stakes = transaction.blockstake_outputs();
            for (output, id) in stakes.iter().zip(&ids.blockstake_outputs) {
                let output = Arc::new(output.clone());
                self.index
                    .add_output(*id, output, OutputKind::Stake, ids.transaction);
            }
            if let Some(address) = rules::named_address(transaction) {
                self.index.touch(address, ids.transaction);
            }
            if let Transaction::MinterDefinition(t) = &**transaction {
                self.index.note_owners(&t.mint_condition);
            }
        }
        for (payout, payout_id) in block.payouts.iter().zip(payout_ids) {
            let condition = Condition::for_address(payout.unlock_hash);
            let output = Arc::new(Output {
                value: payout.value.clone(),
                condition,
            });
            let mature_at = height.saturating_add(CONSTANTS.maturity_delay);
            self.ledger
                .add_maturing(mature_at, *payout_id, Arc::clone(&output));
            self.index
                .add_payout(*payout_id, output, payout.unlock_hash, (id, height));
        }
    }

    /// Returns the ledger's copy of an output, so that index and ledger share it.
    fn shared_output(&self, id: &OutputId, output: &Output) -> Arc<Output> {
        self.ledger
            .coin(id)
            .map_or_else(|| Arc::new(output.clone()), Arc::clone)
    }
}
