//! The check of a whole vault, and going on after a loss.
use super::Vault;
use super::keys::{ShelfKey, VaultKeys};
use super::manifest::Manifest;
use super::record;
use super::view::{VaultView, opened};
use crate::store::backend::Tree;
use crate::store::error::Result;
use crate::store::health::Health;

/// An entry that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DamagedEntry {
    /// Its number; None when not even that is whole.
    pub id: Option<u64>,
    /// What failed.
    pub reason: &'static str,
}

/// What [`Vault::verify`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultReport {
    /// Verdict of manifest and file when it was opened.
    pub health: Health,
    /// Entries that the manifest counts.
    pub expected: u64,
    /// Entries that are there.
    pub found: u64,
    /// Whether exactly the entries of the manifest are there, in their last revision.
    pub complete: bool,
    /// Entries that cannot be read.
    pub damaged: Vec<DamagedEntry>,
}

impl VaultReport {
    /// Whether nothing needs attention.
    pub fn is_good(&self) -> bool {
        self.health == Health::Good && self.complete && self.damaged.is_empty()
    }
}

impl Vault {
    /// Reads every entry again from disk and compares all with the manifest.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn verify(&self) -> Result<VaultReport> {
        self.release();
        let (expected, counted, damaged) = self.read(|view| {
            let (counted, damaged) = recount(view)?;
            Ok::<_, crate::store::StoreError>((view.manifest.clone(), counted, damaged))
        })?;
        Ok(VaultReport {
            health: self.health(),
            expected: expected.count(),
            found: counted.count(),
            complete: expected.hash == counted.hash && expected.count() == counted.count(),
            damaged,
        })
    }

    /// Goes on with what is left of a damaged vault, whose indexes must be made again then. For
    /// the case that no copy is better. Returns the number of entries.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn accept_damage(&self) -> Result<u64> {
        let mut count = 0;
        self.lease.replace(|view, noted| {
            let (mut manifest, _) = recount(view)?;
            let (generation, next_id) =
                noted.map_or((0, 1), |noted| (noted.generation, noted.next_id));
            let before = view.manifest;
            manifest.generation = before.generation.max(generation).saturating_add(1);
            manifest.notes = manifest.generation;
            for (_, changed) in manifest.shelves.values_mut() {
                *changed = manifest.generation;
            }
            manifest.next_id = manifest.next_id.max(before.next_id).max(next_id);
            count = manifest.count();
            Ok(manifest)
        })?;
        Ok(count)
    }
}

/// A manifest made from what is there; unreadable entries count.
fn recount(view: &VaultView<'_>) -> Result<(Manifest, Vec<DamagedEntry>)> {
    let keys: &VaultKeys = view.keys;
    let mut manifest = Manifest::empty();
    let mut damaged = Vec::new();
    view.backend.scan(Tree::Objects, &mut |key, value| {
        let Some((shelf, id)): Option<(ShelfKey, u64)> = record::parse_entry_key(key) else {
            let reason = "its number is broken";
            damaged.push(DamagedEntry { id: None, reason });
            return Ok(());
        };
        let entry = opened(keys, &shelf, id, value);
        if let Err(reason) = entry.content {
            let id = Some(id);
            damaged.push(DamagedEntry { id, reason });
        }
        if let Some(revision) = record::revision_of(value) {
            manifest.toggle(keys, &shelf, id, revision);
        }
        manifest.note(shelf, true);
        manifest.next_id = manifest.next_id.max(id.saturating_add(1));
        Ok(())
    })?;
    Ok((manifest, damaged))
}
