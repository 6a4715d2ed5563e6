//! The sealed manifest: what the store holds as a whole (spec: integrity).
//!
//! A log engine that loses its tail opens without complaint. Each transaction therefore rewrites
//! one sealed record with the number of records, a generation that only grows, and a keyed hash
//! over all (object id, revision) and all index entries. The hash is the exclusive or of one
//! HMAC per member, so a change costs one or two HMACs and not a pass over the store.
use serde::{Deserialize, Serialize};

use super::error::{Result, StoreError};
use super::keys::Keys;
use super::record::RecordId;
use super::seal;

/// Key of the manifest in the tree `meta`.
pub(crate) const MANIFEST_KEY: &[u8] = b"manifest";
/// Key of the header in the tree `meta`.
pub(crate) const HEADER_KEY: &[u8] = b"header";
/// Format version.
const VERSION: u8 = 1;

/// The manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    v: u8,
    /// Number of records.
    pub(crate) count: u64,
    /// Number of committed changes; also the revision of what the last change wrote.
    pub(crate) generation: u64,
    /// Exclusive or of the members' keyed hashes.
    hash: [u8; 32],
    /// Whether the user showed that the recovery words are written down.
    pub(crate) words_confirmed: bool,
}

impl Manifest {
    /// Manifest of an empty store.
    pub(crate) fn empty() -> Self {
        Self {
            v: VERSION,
            count: 0,
            generation: 0,
            hash: [0; 32],
            words_confirmed: false,
        }
    }

    /// Adds or removes (it is the same) a record.
    pub(crate) fn toggle_object(&mut self, keys: &Keys, id: RecordId, revision: u64) {
        self.toggle(keys.member_hash(b'o', id.as_bytes(), &revision.to_le_bytes()));
    }

    /// Adds or removes an index entry.
    pub(crate) fn toggle_index(&mut self, keys: &Keys, key: &[u8; 16], id: RecordId) {
        self.toggle(keys.member_hash(b'i', key, id.as_bytes()));
    }

    fn toggle(&mut self, member: [u8; 32]) {
        for (byte, other) in self.hash.iter_mut().zip(member) {
            *byte ^= other;
        }
    }

    /// Whether count and hash are those of `other`.
    pub(crate) fn same_content(&self, other: &Self) -> bool {
        self.count == other.count && self.hash == other.hash
    }

    /// Seals for the tree `meta`.
    pub(crate) fn seal(&self, keys: &Keys) -> Result<Vec<u8>> {
        let plain = rmp_serde::to_vec(self).map_err(|e| StoreError::Engine {
            what: "encode the manifest",
            text: e.to_string(),
        })?;
        seal::seal(keys.whole(), &keys.aad("jsx/manifest/v1"), &plain)
    }

    /// Opens; `None` when the seal is broken or made by other keys.
    pub(crate) fn open(keys: &Keys, sealed: &[u8]) -> Option<Self> {
        let plain = seal::open(keys.whole(), &keys.aad("jsx/manifest/v1"), sealed).ok()?;
        let manifest: Self = rmp_serde::from_slice(&plain).ok()?;
        (manifest.v == VERSION).then_some(manifest)
    }
}

/// Seals a generation number for the file beside the engine.
pub(crate) fn seal_generation(keys: &Keys, manifest: &Manifest) -> Result<Vec<u8>> {
    let mut plain = [0u8; 16];
    let (generation, count) = plain.split_at_mut(8);
    generation.copy_from_slice(&manifest.generation.to_le_bytes());
    count.copy_from_slice(&manifest.count.to_le_bytes());
    seal::seal(keys.whole(), &keys.aad("jsx/generation/v1"), &plain)
}

/// Opens the file beside the engine: generation and number of records.
pub(crate) fn open_generation(keys: &Keys, sealed: &[u8]) -> Option<(u64, u64)> {
    let plain = seal::open(keys.whole(), &keys.aad("jsx/generation/v1"), sealed).ok()?;
    let (generation, rest) = plain.split_first_chunk()?;
    let (count, rest) = rest.split_first_chunk()?;
    rest.is_empty()
        .then(|| (u64::from_le_bytes(*generation), u64::from_le_bytes(*count)))
}
