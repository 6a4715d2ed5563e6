//! The transaction pool: what was accepted and waits for the next block, in order of arrival.
//!
//! The pool's transactions are applied once to a delta over the chain's state; a new one is judged
//! against that, so its cost does not depend on how many wait.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::devnet::chain::{self, Balance, Chain, Delta, Offer, View};
use crate::tfchain::constants::{MAX_POOL_BYTES, MAX_POOL_TRANSACTION_BYTES};
use crate::tfchain::hash::{OutputId, TransactionId};
use crate::tfchain::{Output, Transaction, TransactionIds, UnlockHash};

/// A transaction in the pool.
#[derive(Debug)]
pub struct Entry {
    /// The transaction.
    pub transaction: Arc<Transaction>,
    /// Its id and those of its outputs.
    pub ids: TransactionIds,
    /// Bytes of its binary form.
    pub size: usize,
}

impl Entry {
    /// Returns what a new block is offered.
    pub(crate) fn offer(&self) -> Offer<'_> {
        Offer {
            transaction: &self.transaction,
            ids: &self.ids,
            size: self.size,
        }
    }
}

/// A transaction that passed all checks and may be added: see [`Pool::judge`].
#[derive(Debug)]
pub struct Judged {
    entry: Entry,
    /// Its binary form, for the log.
    pub bytes: Vec<u8>,
}

impl Judged {
    /// Returns the transaction's id.
    pub fn id(&self) -> TransactionId {
        self.entry.ids.transaction
    }
}

/// The pool on top of one state of the chain.
#[derive(Debug)]
pub struct Pool {
    entries: Vec<Entry>,
    by_id: HashMap<TransactionId, usize>,
    by_address: HashMap<UnlockHash, Vec<usize>>,
    /// Coin and stake outputs that pool transactions create, also those spent again.
    outputs: HashMap<OutputId, Arc<Output>>,
    bytes: usize,
    delta: Delta,
}

impl Pool {
    /// Returns an empty pool on the chain's state.
    pub fn new(chain: &Chain) -> Self {
        Self {
            entries: Vec::new(),
            by_id: HashMap::new(),
            by_address: HashMap::new(),
            outputs: HashMap::new(),
            bytes: 0,
            delta: chain.ledger().delta(),
        }
    }

    /// Returns the transactions in order of arrival.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Returns a transaction.
    pub fn get(&self, id: &TransactionId) -> Option<&Entry> {
        self.by_id.get(id).and_then(|i| self.entries.get(*i))
    }

    /// Returns the transactions with an output of, or spending an output of, an address.
    pub fn of_address(&self, address: &UnlockHash) -> impl Iterator<Item = &Entry> {
        let places = self.by_address.get(address).into_iter().flatten();
        places.filter_map(|i| self.entries.get(*i))
    }

    /// Returns an output that a pool transaction creates.
    pub fn output(&self, id: &OutputId) -> Option<&Arc<Output>> {
        self.outputs.get(id)
    }

    /// Returns the chain's state with the pool's transactions applied.
    pub fn view<'a>(&'a self, chain: &'a Chain) -> View<'a> {
        View::new(chain.ledger(), &self.delta)
    }

    /// Returns the changes that the pool makes to the chain's state.
    pub fn delta(&self) -> &Delta {
        &self.delta
    }

    /// Judges a transaction by all rules, in the reference's order, without adding it.
    ///
    /// # Errors
    /// The reference's text for the first rule that is broken.
    pub fn judge(&self, chain: &Chain, transaction: Transaction) -> Result<Judged, String> {
        let bytes = transaction.binary().map_err(|e| e.to_string())?;
        let ids = transaction.ids().map_err(|e| e.to_string())?;
        let size = bytes.len();
        if self.by_id.contains_key(&ids.transaction)
            || chain.index().transaction(&ids.transaction).is_some()
        {
            return Err("transaction set contains only duplicate transactions".into());
        }
        if self.bytes.saturating_add(size) > MAX_POOL_BYTES {
            return Err("transaction pool cannot accept more transactions".into());
        }
        if size > MAX_POOL_TRANSACTION_BYTES {
            return Err("transaction is too large for this transaction pool".into());
        }
        chain::check(
            self.view(chain),
            &transaction,
            &ids,
            size,
            chain.context(),
            Balance::Every,
        )?;
        Ok(Judged {
            entry: Entry {
                transaction: Arc::new(transaction),
                ids,
                size,
            },
            bytes,
        })
    }

    /// Adds a judged transaction.
    ///
    /// # Errors
    /// When it cannot be applied to the state; then the pool has not changed.
    pub fn add(&mut self, chain: &Chain, judged: Judged) -> Result<(), String> {
        let Entry {
            transaction,
            ids,
            size,
        } = judged.entry;
        let at = chain.context();
        chain::apply(chain.ledger(), &mut self.delta, &transaction, &ids, at, 0)?;
        let place = self.entries.len();
        let mut touched = HashSet::new();
        let inputs = transaction
            .coin_inputs()
            .iter()
            .chain(transaction.blockstake_inputs());
        for input in inputs {
            let confirmed = chain
                .index()
                .output(&input.parent_id)
                .map(|known| &known.output);
            if let Some(output) = confirmed.or_else(|| self.outputs.get(&input.parent_id)) {
                touched.insert(output.condition.unlock_hash());
            }
        }
        let coins = transaction.coin_outputs();
        let coins = coins.iter().zip(&ids.coin_outputs);
        let stakes = transaction.blockstake_outputs();
        for (output, id) in coins.chain(stakes.iter().zip(&ids.blockstake_outputs)) {
            touched.insert(output.condition.unlock_hash());
            self.outputs.insert(*id, Arc::new(output.clone()));
        }
        for address in touched {
            self.by_address.entry(address).or_default().push(place);
        }
        self.by_id.insert(ids.transaction, place);
        self.bytes = self.bytes.saturating_add(size);
        self.entries.push(Entry {
            transaction,
            ids,
            size,
        });
        Ok(())
    }

    /// Returns the pool after a new block: what is not in the chain and still holds.
    ///
    /// What no longer holds is dropped silently, as the reference does; the number of dropped ones
    /// is returned beside.
    pub fn after_block(self, chain: &Chain) -> (Self, usize) {
        let mut next = Self::new(chain);
        let mut dropped = 0;
        for entry in self.entries {
            if chain.index().transaction(&entry.ids.transaction).is_some() {
                continue;
            }
            let at = chain.context();
            let kept = chain::check(
                next.view(chain),
                &entry.transaction,
                &entry.ids,
                entry.size,
                at,
                Balance::Every,
            )
            .and_then(|()| {
                next.add(
                    chain,
                    Judged {
                        entry,
                        bytes: Vec::new(),
                    },
                )
            });
            dropped += usize::from(kept.is_err());
        }
        (next, dropped)
    }
}
