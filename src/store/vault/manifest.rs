//! The sealed manifest of a vault, and the numbers beside the engine.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::keys::{ShelfKey, VaultKeys};
use crate::store::error::{Result, StoreError};
use crate::store::seal;

/// Format version.
const VERSION: u8 = 1;

/// What a vault holds as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    v: u8,
    /// Number of committed changes; also the revision of what the last one wrote.
    pub(super) generation: u64,
    /// Generation of the last change of a note.
    pub(super) notes: u64,
    /// Number that the next entry gets; only grows, so that none is used twice.
    pub(super) next_id: u64,
    /// Entries per shelf, and generation of the last change of one.
    pub(super) shelves: BTreeMap<ShelfKey, (u64, u64)>,
    /// Exclusive or of the entries' keyed hashes.
    pub(super) hash: [u8; 32],
}

impl Manifest {
    /// Of an empty vault.
    pub(super) fn empty() -> Self {
        Self {
            v: VERSION,
            generation: 0,
            notes: 0,
            next_id: 1,
            shelves: BTreeMap::new(),
            hash: [0; 32],
        }
    }

    /// Number of entries.
    pub(super) fn count(&self) -> u64 {
        self.shelves.values().map(|(count, _)| count).sum()
    }

    /// Adds or removes (it is the same) an entry.
    pub(super) fn toggle(&mut self, keys: &VaultKeys, shelf: &ShelfKey, id: u64, revision: u64) {
        let member = keys.member(shelf, id, revision);
        for (byte, other) in self.hash.iter_mut().zip(member) {
            *byte ^= other;
        }
    }

    /// Notes an entry that came or went.
    pub(super) fn note(&mut self, shelf: ShelfKey, more: bool) {
        let generation = self.generation;
        let (count, changed) = self.shelves.entry(shelf).or_insert((0, 0));
        *changed = generation;
        *count = match more {
            true => count.saturating_add(1),
            false => count.saturating_sub(1),
        };
    }

    /// Seals for the tree `meta`.
    pub(super) fn seal(&self, keys: &VaultKeys) -> Result<Vec<u8>> {
        let plain = rmp_serde::to_vec(self).map_err(|e| StoreError::Engine {
            what: "encode the manifest",
            text: e.to_string(),
        })?;
        seal::seal(keys.whole(), &keys.aad("jsx/vault/manifest/v1"), &plain)
    }

    /// Opens; None when the seal is broken or made by other keys.
    pub(super) fn open(keys: &VaultKeys, sealed: &[u8]) -> Option<Self> {
        let plain = seal::open(keys.whole(), &keys.aad("jsx/vault/manifest/v1"), sealed).ok()?;
        let manifest: Self = rmp_serde::from_slice(&plain).ok()?;
        (manifest.v == VERSION).then_some(manifest)
    }

    /// Its numbers.
    pub(super) fn numbers(&self) -> Numbers {
        Numbers {
            generation: self.generation,
            count: self.count(),
            next_id: self.next_id,
        }
    }
}

/// What the file beside the engine notes of the last change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Numbers {
    pub(super) generation: u64,
    pub(super) count: u64,
    pub(super) next_id: u64,
}

impl Numbers {
    /// Seals for the file.
    pub(super) fn seal(self, keys: &VaultKeys) -> Result<Vec<u8>> {
        let mut plain = Vec::with_capacity(24);
        for number in [self.generation, self.count, self.next_id] {
            plain.extend_from_slice(&number.to_le_bytes());
        }
        seal::seal(keys.whole(), &keys.aad("jsx/vault/generation/v1"), &plain)
    }

    /// Opens the content of the file.
    pub(super) fn open(keys: &VaultKeys, sealed: &[u8]) -> Option<Self> {
        let plain = seal::open(keys.whole(), &keys.aad("jsx/vault/generation/v1"), sealed).ok()?;
        let (generation, rest) = plain.split_first_chunk()?;
        let (count, rest) = rest.split_first_chunk()?;
        let (next_id, rest) = rest.split_first_chunk()?;
        rest.is_empty().then(|| Self {
            generation: u64::from_le_bytes(*generation),
            count: u64::from_le_bytes(*count),
            next_id: u64::from_le_bytes(*next_id),
        })
    }
}
