//! The node: chain, pool and log together, behind one lock.
//!
//! Order of every change: judge it, write it to the log, apply it, let go of the lock, then wait
//! until the log is on disk, then answer. So what was acknowledged survives a crash, and nothing
//! that could not be written was ever visible.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use tokio::sync::watch;

use super::answers::{Account, Made};
use super::chain::{Block, Chain, Genesis, RawBlock, Source};
use super::clock::Clock;
use super::error::{Error, Result};
use super::folder;
use super::pool::Pool;
use super::storage::{Kind, Log, Opened, Pending, Record};
use crate::tfchain::hash::TransactionId;
use crate::tfchain::network::{DEVNET_GENESIS_INDEX, DEVNET_GENESIS_PHRASE};
use crate::tfchain::{Amount, Transaction, UnlockHash};

/// Chain and pool at one moment.
#[derive(Debug)]
pub struct State {
    /// The chain.
    pub chain: Chain,
    /// What waits for the next block.
    pub pool: Pool,
    log: Log,
}

/// Why a transaction was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It breaks a rule; the reference's text.
    #[error("{0}")]
    Rule(String),
    /// It could not be stored.
    #[error(transparent)]
    Storage(#[from] Error),
}

/// The node.
#[derive(Debug)]
pub struct Node {
    state: RwLock<State>,
    genesis: Genesis,
    clock: Clock,
    event_log: PathBuf,
    notices: Vec<String>,
    /// Told of every block, and when the clock is moved.
    blocks: watch::Sender<u64>,
}

impl Node {
    /// Opens the log in a folder (or begins one) and rebuilds chain and pool from it.
    ///
    /// # Errors
    /// When the log cannot be read or holds a block that does not fit.
    pub fn open(chain_log: &Path, event_log: &Path, clock: Clock) -> Result<Self> {
        let internal = |reason: &str| Error::Block {
            height: 0,
            reason: reason.into(),
        };
        let genesis = Genesis::derive().ok_or_else(|| internal("its key cannot be derived"))?;
        let mut chain = Chain::new(&genesis).map_err(|e| internal(&e))?;
        let Opened {
            log,
            records,
            notice,
        } = Log::open(chain_log)?;
        let mut notices: Vec<String> = notice.into_iter().collect();
        let waiting = replay(&mut chain, &clock, records)?;
        let mut pool = Pool::new(&chain);
        let mut lost = 0_usize;
        for transaction in waiting {
            let judged = pool.judge(&chain, transaction);
            lost += usize::from(judged.and_then(|j| pool.add(&chain, j)).is_err());
        }
        if lost > 0 {
            notices.push(format!(
                "{lost} pool transactions of the log no longer hold"
            ));
        }
        for notice in &notices {
            folder::log_event(event_log, clock.now(), notice);
        }
        let state = RwLock::new(State { chain, pool, log });
        Ok(Self {
            state,
            genesis,
            clock,
            event_log: event_log.to_owned(),
            notices,
            blocks: watch::Sender::new(0),
        })
    }

    /// Returns chain and pool for reading.
    pub fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the height after every block, and again when the clock is moved.
    pub fn blocks(&self) -> watch::Receiver<u64> {
        self.blocks.subscribe()
    }

    /// Returns the clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Returns the identity that makes blocks and pays the faucet.
    pub fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// Returns what was noticed when the log was opened.
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    /// Writes a line for people to the event log.
    pub fn note(&self, text: &str) {
        folder::log_event(&self.event_log, self.clock.now(), text);
    }

    /// Takes a transaction into the pool. It is accepted once the returned waiter is through.
    ///
    /// # Errors
    /// When it breaks a rule or cannot be written.
    pub fn submit(
        &self,
        transaction: Transaction,
    ) -> std::result::Result<(TransactionId, Pending), Refused> {
        self.submit_with(|_| Ok(transaction))
    }

    /// Takes a transaction into the pool that is made while nobody else can change the state.
    ///
    /// # Errors
    /// As [`Node::submit`], and what `make` fails with.
    pub fn submit_with(
        &self,
        make: impl FnOnce(&State) -> std::result::Result<Transaction, String>,
    ) -> std::result::Result<(TransactionId, Pending), Refused> {
        let mut state = self.write();
        let transaction = make(&state).map_err(Refused::Rule)?;
        let State { chain, pool, log } = &mut *state;
        let judged = pool.judge(chain, transaction).map_err(Refused::Rule)?;
        let id = judged.id();
        let pending = log.append(Kind::Transaction, &judged.bytes)?;
        pool.add(chain, judged).map_err(Refused::Rule)?;
        Ok((id, pending))
    }

    /// Makes a block of everything in the pool at the clock's time.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn make_block(&self) -> Result<(Made, Pending)> {
        let now = self.clock.now();
        let mut state = self.write();
        // Time never goes back on the chain, also when the clock's offset does.
        let time = now
            .max(state.chain.tip_time())
            .max(state.chain.median_time());
        let block = self.assemble(&state, time)?;
        self.connect(&mut state, block, Source::Own)
    }

    /// Returns the block that would be made at `time`, without adding it.
    ///
    /// # Errors
    /// When the block creating transaction cannot be made.
    pub fn assemble_at(&self, time: u64) -> Result<Block> {
        self.assemble(&self.read(), time)
    }

    fn assemble(&self, state: &State, time: u64) -> Result<Block> {
        let height = state.chain.height().saturating_add(1);
        let offers = state.pool.entries().iter().map(super::pool::Entry::offer);
        state
            .chain
            .assemble(&self.genesis, time, offers)
            .map_err(|reason| Error::Block { height, reason })
    }

    /// Adds a foreign block after checking all rules.
    ///
    /// # Errors
    /// The rule that it breaks, or that it cannot be written.
    pub fn import_block(&self, block: Block) -> Result<(Made, Pending)> {
        self.connect(&mut self.write(), block, Source::Import)
    }

    fn connect(&self, state: &mut State, block: Block, source: Source) -> Result<(Made, Pending)> {
        let height = state.chain.height().saturating_add(1);
        let invalid = |reason: String| Error::Block { height, reason };
        let record = block.to_record().map_err(|e| invalid(e.to_string()))?;
        let State { chain, pool, log } = state;
        // A foreign block is checked by connecting it, so the log is written after; if that
        // fails, the chain in memory is ahead of the log and the node takes nothing more.
        let made = |chain: &mut Chain| {
            let stored = chain.connect(block, source).map_err(invalid)?;
            let transactions = stored.transactions.len().saturating_sub(1);
            let (id, timestamp) = (stored.id.to_string(), stored.block.timestamp);
            Ok::<_, Error>(Made {
                height,
                id,
                timestamp,
                transactions,
            })
        };
        let (made, pending) = match source {
            Source::Own => {
                let pending = log.append(Kind::Block, &record)?;
                (made(chain)?, pending)
            }
            Source::Import => {
                let made = made(chain)?;
                let pending = log.append(Kind::Block, &record).inspect_err(|e| {
                    log.fail(&e.to_string());
                })?;
                (made, pending)
            }
        };
        let old = std::mem::replace(pool, Pool::new(chain));
        let (next, dropped) = old.after_block(chain);
        *pool = next;
        if dropped > 0 {
            self.note(&format!(
                "block {height}: {dropped} pool transactions no longer hold"
            ));
        }
        self.blocks.send_replace(height);
        Ok((made, pending))
    }

    /// Imports the blocks of a file of the form of a recorded chain: `{"blocks": [{"height",
    /// "blockid", "rawblock", …}]}`. Blocks that are already in the chain are compared and skipped.
    /// Returns how many were added.
    ///
    /// # Errors
    /// When the file cannot be read, an id differs, or a block breaks a rule; blocks before it stay.
    pub fn import(&self, path: &Path) -> Result<usize> {
        let fail = |reason: String| Error::Import {
            path: path.to_owned(),
            reason,
        };
        let bytes = std::fs::read(path).map_err(Error::file("cannot read", path))?;
        let file: ImportFile = serde_json::from_slice(&bytes).map_err(|e| fail(e.to_string()))?;
        let mut added = 0_usize;
        for entry in file.blocks {
            let block = Block::from(entry.rawblock);
            let id = block.id().map_err(|e| fail(e.to_string()))?;
            if id.to_string() != entry.blockid {
                let (height, wanted) = (entry.height, entry.blockid);
                return Err(fail(format!(
                    "block {height} has id {id}, the file says {wanted}"
                )));
            }
            let known = self.read().chain.block(entry.height).map(|b| b.id);
            match known {
                Some(known) if known == id => continue,
                Some(known) => {
                    let height = entry.height;
                    let text = format!("block {height} is {id}, this chain has {known} there");
                    return Err(fail(text));
                }
                None => {}
            }
            self.import_block(block).map_err(|e| fail(e.to_string()))?;
            added = added.saturating_add(1);
        }
        Ok(added)
    }

    /// Returns a waiter for everything that was written so far.
    pub fn durable(&self) -> Pending {
        self.read().log.durable()
    }

    /// Sets the clock's offset in seconds and keeps it for the next start.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn set_clock_offset(&self, seconds: i64) -> Result<Pending> {
        let mut state = self.write();
        let pending = state
            .log
            .append(Kind::ClockOffset, &seconds.to_le_bytes())?;
        self.clock.set_offset(seconds);
        drop(state);
        self.note(&format!("clock offset set to {seconds} s"));
        self.blocks.send_modify(|_| {});
        Ok(pending)
    }

    /// Lists the funded identities.
    pub fn accounts(&self) -> Vec<Account> {
        vec![self.account("genesis")]
    }

    fn account(&self, name: &str) -> Account {
        let address = self.genesis.address;
        Account {
            name: name.into(),
            mnemonic: DEVNET_GENESIS_PHRASE.into(),
            index: DEVNET_GENESIS_INDEX,
            address: address.to_string(),
            balance: self.read().balance(&address).units_text(),
        }
    }

    /// Returns the identity that may create coins, alone or with others.
    ///
    /// # Errors
    /// When the right was handed on to others.
    pub fn minter(&self) -> std::result::Result<Account, String> {
        let condition = {
            let state = self.read();
            let minting = &state.chain.ledger().extensions().minting;
            minting.condition_at(state.chain.height())
        };
        let address = self.genesis.address;
        let is_owner = condition.unlock_hash() == address || condition.owners().contains(&address);
        match is_owner {
            true => Ok(self.account("minter")),
            false => Err(format!(
                "the right to create coins was handed on to {}: ask its owners",
                condition.unlock_hash()
            )),
        }
    }
}

impl State {
    /// Returns the sum of the spendable confirmed outputs of an address, locked ones included.
    pub fn balance(&self, address: &UnlockHash) -> Amount {
        let coins = self.chain.ledger().coins();
        coins
            .filter(|(_, output)| output.condition.unlock_hash() == *address)
            .map(|(_, output)| &output.value)
            .sum()
    }
}

#[derive(serde::Deserialize)]
struct ImportFile {
    blocks: Vec<ImportBlock>,
}

#[derive(serde::Deserialize)]
struct ImportBlock {
    height: u64,
    blockid: String,
    rawblock: RawBlock,
}

/// Applies the records of the log; returns the pool transactions that no block took, in order of
/// arrival. The pool's own checks sort out those that were dropped meanwhile.
fn replay(chain: &mut Chain, clock: &Clock, records: Vec<Record>) -> Result<Vec<Transaction>> {
    let mut waiting: HashMap<TransactionId, (usize, Transaction)> = HashMap::new();
    for (arrival, Record { kind, payload }) in records.into_iter().enumerate() {
        let height = chain.height().saturating_add(1);
        let invalid = |reason: String| Error::Block { height, reason };
        match kind {
            Kind::Block => {
                let block = Block::from_record(&payload).map_err(|e| invalid(e.to_string()))?;
                let stored = chain.connect(block, Source::Own).map_err(invalid)?;
                for taken in &stored.transactions {
                    waiting.remove(&taken.ids.transaction);
                }
            }
            Kind::Transaction => {
                let invalid = |e: String| invalid(format!("a pool transaction before it: {e}"));
                let transaction =
                    Transaction::from_binary(&payload).map_err(|e| invalid(e.to_string()))?;
                let id = transaction.id().map_err(|e| invalid(e.to_string()))?;
                waiting.insert(id, (arrival, transaction));
            }
            Kind::ClockOffset => {
                let bytes = <[u8; 8]>::try_from(payload.as_slice());
                clock.set_offset(bytes.map(i64::from_le_bytes).unwrap_or_default());
            }
        }
    }
    let mut waiting: Vec<(usize, Transaction)> = waiting.into_values().collect();
    waiting.sort_unstable_by_key(|(arrival, _)| *arrival);
    Ok(waiting
        .into_iter()
        .map(|(_, transaction)| transaction)
        .collect())
}
