//! Reading a vault while its engine is held.
use zeroize::Zeroizing;

use super::keys::VaultKeys;
use super::manifest::Manifest;
use super::record::{self, entry_key, mark_key, marked_id};
use crate::store::backend::{Backend, Tree};
use crate::store::error::{Result, StoreError};

/// One entry as read.
#[derive(Clone)]
pub struct Entry {
    /// Its number.
    pub id: u64,
    /// Revision, to be expected by the next change of it; 0 when it is damaged.
    pub revision: u64,
    /// What was kept, or why it cannot be read.
    pub content: std::result::Result<Zeroizing<Vec<u8>>, &'static str>,
}

/// A vault, held for reading.
pub struct VaultView<'a> {
    pub(super) backend: &'a dyn Backend,
    pub(super) keys: &'a VaultKeys,
    pub(super) manifest: &'a Manifest,
}

impl VaultView<'_> {
    /// Number of changes so far; the same number means the same content.
    pub fn generation(&self) -> u64 {
        self.manifest.generation
    }

    /// Generation of the last change of a note.
    pub fn notes_generation(&self) -> u64 {
        self.manifest.notes
    }

    /// Entries on a shelf.
    pub fn count(&self, shelf: &str) -> u64 {
        let shelf = self.keys.shelf(shelf);
        self.manifest
            .shelves
            .get(&shelf)
            .map_or(0, |(count, _)| *count)
    }

    /// Generation of the last change of a shelf.
    pub fn shelf_generation(&self, shelf: &str) -> u64 {
        let shelf = self.keys.shelf(shelf);
        let known = self.manifest.shelves.get(&shelf);
        known.map_or(0, |(_, changed)| *changed)
    }

    /// Number that the next new entry gets.
    pub fn next_id(&self) -> u64 {
        self.manifest.next_id
    }

    /// An entry; None when there is none of this number.
    ///
    /// # Errors
    /// When the engine fails. A damaged entry is one whose content says why.
    pub fn entry(&self, shelf: &str, id: u64) -> Result<Option<Entry>> {
        let shelf = self.keys.shelf(shelf);
        let value = self.backend.get(Tree::Objects, &entry_key(&shelf, id))?;
        Ok(value.map(|value| opened(self.keys, &shelf, id, &value)))
    }

    /// The next entries of a shelf behind a number, in the order of their numbers.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn entries(&self, shelf: &str, after: u64, limit: usize) -> Result<Vec<Entry>> {
        let shelf = self.keys.shelf(shelf);
        let mut found = Vec::new();
        let Some(first) = after.checked_add(1).filter(|_| limit > 0) else {
            return Ok(found);
        };
        let from = entry_key(&shelf, first);
        self.backend
            .scan_from(
                Tree::Objects,
                &from,
                &mut |key, value| match record::parse_entry_key(key) {
                    Some((of, id)) if of == shelf => {
                        found.push(opened(self.keys, &shelf, id, value));
                        Ok(found.len() < limit)
                    }
                    _ => Ok(false),
                },
            )?;
        Ok(found)
    }

    /// The next numbers of a shelf behind a number.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn ids(&self, shelf: &str, after: u64, limit: usize) -> Result<Vec<u64>> {
        let shelf = self.keys.shelf(shelf);
        let mut found = Vec::new();
        let Some(first) = after.checked_add(1).filter(|_| limit > 0) else {
            return Ok(found);
        };
        let from = entry_key(&shelf, first);
        self.backend.scan_from(
            Tree::Objects,
            &from,
            &mut |key, _| match record::parse_entry_key(key) {
                Some((of, id)) if of == shelf => {
                    found.push(id);
                    Ok(found.len() < limit)
                }
                _ => Ok(false),
            },
        )?;
        Ok(found)
    }

    /// Numbers of the entries of a shelf that have a label, in order, up to `limit`.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn marked(&self, shelf: &str, label: &[u8], limit: usize) -> Result<Vec<u64>> {
        let shelf = self.keys.shelf(shelf);
        let from = mark_key(&shelf, &self.keys.label(&shelf, label), 0);
        let prefix = from.split_at(24).0;
        let mut found = Vec::new();
        self.backend.scan_from(Tree::Index, &from, &mut |key, _| {
            if !key.starts_with(prefix) || found.len() >= limit {
                return Ok(false);
            }
            found.extend(marked_id(key));
            Ok(true)
        })?;
        Ok(found)
    }

    /// All marks of a shelf; how many there are.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn count_marks(&self, shelf: &str) -> Result<u64> {
        let shelf = self.keys.shelf(shelf);
        let mut found = 0;
        self.backend.scan_from(Tree::Index, &shelf, &mut |key, _| {
            let ours = key.starts_with(&shelf);
            found += u64::from(ours);
            Ok(ours)
        })?;
        Ok(found)
    }

    /// A note; None when there is none of this name.
    ///
    /// # Errors
    /// When the engine fails, or the note is damaged.
    pub fn note(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let key = self.keys.note(name);
        match self.backend.get(Tree::Schemas, &key)? {
            None => Ok(None),
            Some(sealed) => match record::open_note(self.keys, &key, &sealed) {
                Some(plain) => Ok(Some(plain)),
                None => Err(StoreError::DamagedNote(name.to_owned())),
            },
        }
    }
}

/// Opens a value of the tree `objects`.
pub(super) fn opened(keys: &VaultKeys, shelf: &[u8; 8], id: u64, value: &[u8]) -> Entry {
    match record::open_entry(keys, shelf, id, value) {
        Ok((revision, plain)) => Entry {
            id,
            revision,
            content: Ok(plain),
        },
        Err(reason) => Entry {
            id,
            revision: 0,
            content: Err(reason),
        },
    }
}
