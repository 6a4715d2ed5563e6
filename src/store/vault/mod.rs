//! Vaults: encrypted databases of their own beside the records, for data that grows.
//!
//! ```text
//! <dir>/databases/<16 hex digits>/     0700
//!   sled/         the engine, with the trees of the store in another use
//!   generation    sealed numbers of the last change, to notice a lost tail
//!   lock.pid      advisory lock, and who holds it
//!   lock.wanted   who waits for it holds this one
//! ```
//!
//! A vault holds *shelves* of numbered entries, *marks* that find entries by a label, and *notes*.
//! Entries and notes are sealed; shelves and labels are on disk as keyed hashes only, so nothing
//! readable is there but numbers. Each vault has a random key of its own, kept as a record of the
//! store: whoever changes the passphrase or the master key changes nothing here.
//!
//! The store is read as a whole, a vault never: its manifest (numbers, and a keyed hash over all
//! entries) is compared with the file `generation` when it is opened, which notices that a tail
//! was lost; [`Vault::verify`] reads everything.
//!
//! Opening an engine with many entries takes a while, so it stays open between operations: until
//! another process asks for it, or nobody needed it for a while.
mod catalog;
pub(crate) mod copy;
mod edit;
mod keys;
mod lease;
mod manifest;
mod record;
mod verify;
mod view;

use std::sync::Arc;

pub(crate) use catalog::{FOLDER, Memories};
pub use edit::VaultEdit;
pub use verify::{DamagedEntry, VaultReport};
pub use view::{Entry, VaultView};

use super::error::StoreError;
use super::health::Health;
use lease::Lease;

/// An encrypted database of its own. Clones share it.
#[derive(Clone)]
pub struct Vault {
    lease: Arc<Lease>,
}

impl Vault {
    /// Reads. Others can neither read nor write meanwhile: no waiting inside.
    ///
    /// # Errors
    /// When another process holds the vault, its files cannot be read, or what `work` answers.
    pub fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&VaultView<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.lease.read(work)
    }

    /// Changes, all or nothing. When this returns the change survives a crash of the machine.
    ///
    /// # Errors
    /// As [`Vault::read`], and when the vault is damaged: then it is read-only.
    pub fn write<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut VaultEdit<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.lease.write(work)
    }

    /// Whether it may be written, as of the last time it was opened.
    pub fn health(&self) -> Health {
        self.lease.health()
    }

    /// Lets go of the files until the next operation.
    pub fn release(&self) {
        self.lease.release();
    }
}
