//! A change of a vault being prepared: it sees itself, and is committed in one transaction.
use std::collections::BTreeMap;
use std::ops::Bound;

use super::keys::VaultKeys;
use super::manifest::Manifest;
use super::record::{self, entry_key, mark_key};
use super::view::VaultView;
use crate::store::backend::{Backend, Batch, Commit, Step, Tree, Visit};
use crate::store::error::{Result, StoreError};
use crate::store::manifest::MANIFEST_KEY;

/// A change on top of a vault.
pub struct VaultEdit<'a> {
    over: Overlay<'a>,
    keys: &'a VaultKeys,
    manifest: Manifest,
    before: &'a [u8],
}

impl<'a> VaultEdit<'a> {
    /// An empty change. `before` is the sealed manifest as it is now.
    pub(super) fn new(
        backend: &'a dyn Backend,
        keys: &'a VaultKeys,
        manifest: &Manifest,
        before: &'a [u8],
    ) -> Result<Self> {
        let mut manifest = manifest.clone();
        manifest.generation = increased(manifest.generation)?;
        Ok(Self {
            over: Overlay {
                base: backend,
                changes: Tree::ALL.map(|_| BTreeMap::new()),
            },
            keys,
            manifest,
            before,
        })
    }

    /// The vault as it will be.
    pub fn view(&self) -> VaultView<'_> {
        VaultView {
            backend: &self.over,
            keys: self.keys,
            manifest: &self.manifest,
        }
    }

    /// Revision of what this change writes.
    pub fn revision(&self) -> u64 {
        self.manifest.generation
    }

    /// Takes the next number; it is never given again, even when this entry is removed.
    ///
    /// # Errors
    /// When all numbers are used up.
    pub fn take_id(&mut self) -> Result<u64> {
        let id = self.manifest.next_id;
        self.manifest.next_id = increased(id)?;
        Ok(id)
    }

    /// Writes an entry, also under a number that was not taken before.
    ///
    /// # Errors
    /// When it is too large, or the engine fails.
    pub fn put(&mut self, shelf: &str, id: u64, content: &[u8]) -> Result<()> {
        let revision = self.revision();
        self.remove(shelf, id)?;
        let shelf = self.keys.shelf(shelf);
        let value = record::seal_entry(self.keys, &shelf, id, revision, content)?;
        self.over
            .change(Tree::Objects, &entry_key(&shelf, id), Some(value));
        self.manifest.toggle(self.keys, &shelf, id, revision);
        self.manifest.note(shelf, true);
        if id >= self.manifest.next_id {
            self.manifest.next_id = increased(id)?;
        }
        Ok(())
    }

    /// Writes an entry under a number just taken: nothing can be there.
    ///
    /// # Errors
    /// As [`VaultEdit::put`].
    pub fn put_new(&mut self, shelf: &str, content: &[u8]) -> Result<u64> {
        let id = self.take_id()?;
        let revision = self.revision();
        let shelf = self.keys.shelf(shelf);
        let value = record::seal_entry(self.keys, &shelf, id, revision, content)?;
        self.over
            .change(Tree::Objects, &entry_key(&shelf, id), Some(value));
        self.manifest.toggle(self.keys, &shelf, id, revision);
        self.manifest.note(shelf, true);
        Ok(id)
    }

    /// Removes an entry; whether it was there. Its marks are the caller's.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn remove(&mut self, shelf: &str, id: u64) -> Result<bool> {
        let shelf = self.keys.shelf(shelf);
        let key = entry_key(&shelf, id);
        let Some(value) = self.over.get(Tree::Objects, &key)? else {
            return Ok(false);
        };
        if let Some(revision) = record::revision_of(&value) {
            self.manifest.toggle(self.keys, &shelf, id, revision);
        }
        self.manifest.note(shelf, false);
        self.over.change(Tree::Objects, &key, None);
        Ok(true)
    }

    /// Does not give numbers below this one to new entries.
    pub fn reserve(&mut self, next_id: u64) {
        self.manifest.next_id = self.manifest.next_id.max(next_id);
    }

    /// Makes an entry be found by a label.
    pub fn mark(&mut self, shelf: &str, label: &[u8], id: u64) {
        let shelf = self.keys.shelf(shelf);
        let key = mark_key(&shelf, &self.keys.label(&shelf, label), id);
        self.over.change(Tree::Index, &key, Some(Vec::new()));
    }

    /// Takes a label away.
    pub fn unmark(&mut self, shelf: &str, label: &[u8], id: u64) {
        let shelf = self.keys.shelf(shelf);
        let key = mark_key(&shelf, &self.keys.label(&shelf, label), id);
        self.over.change(Tree::Index, &key, None);
    }

    /// Takes up to `limit` marks of a shelf away, whatever their labels are; how many.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn clear_marks(&mut self, shelf: &str, limit: usize) -> Result<usize> {
        let shelf = self.keys.shelf(shelf);
        let mut doomed = Vec::new();
        self.over.scan_from(Tree::Index, &shelf, &mut |key, _| {
            if !key.starts_with(&shelf) || doomed.len() >= limit {
                return Ok(false);
            }
            doomed.push(key.to_vec());
            Ok(true)
        })?;
        for key in &doomed {
            self.over.change(Tree::Index, key, None);
        }
        Ok(doomed.len())
    }

    /// Writes a note, or removes it.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn set_note(&mut self, name: &str, content: Option<&[u8]>) -> Result<()> {
        let key = self.keys.note(name);
        let sealed = match content {
            Some(plain) => Some(record::seal_note(self.keys, &key, plain)?),
            None => None,
        };
        self.over.change(Tree::Schemas, &key, sealed);
        self.manifest.notes = self.manifest.generation;
        Ok(())
    }

    /// Commits and flushes; the manifest after it, sealed too. None when there was no change.
    pub(super) fn commit(self) -> Result<Option<(Manifest, Vec<u8>)>> {
        let mut batch = Batch::default();
        for (tree, changes) in Tree::ALL.into_iter().zip(self.over.changes) {
            for (key, value) in changes {
                batch.changes.push((tree, key, value));
            }
        }
        if batch.changes.is_empty() {
            return Ok(None);
        }
        let sealed = self.manifest.seal(self.keys)?;
        batch.require(Tree::Meta, MANIFEST_KEY, Some(self.before));
        batch.put(Tree::Meta, MANIFEST_KEY, sealed.clone());
        match self.over.base.transact(&batch)? {
            Commit::Done => self.over.base.flush()?,
            Commit::Refused => {
                return Err(StoreError::Engine {
                    what: "commit",
                    text: "the database changed while it was locked".to_owned(),
                });
            }
        }
        Ok(Some((self.manifest, sealed)))
    }
}

fn increased(number: u64) -> Result<u64> {
    number.checked_add(1).ok_or(StoreError::Engine {
        what: "count",
        text: "all numbers are used up".to_owned(),
    })
}

/// The engine as it will be.
struct Overlay<'a> {
    base: &'a dyn Backend,
    /// Per tree, in the order of [`Tree::ALL`].
    changes: [BTreeMap<Vec<u8>, Option<Vec<u8>>>; 4],
}

impl Overlay<'_> {
    fn of(&self, tree: Tree) -> &BTreeMap<Vec<u8>, Option<Vec<u8>>> {
        let [objects, index, schemas, meta] = &self.changes;
        match tree {
            Tree::Objects => objects,
            Tree::Index => index,
            Tree::Schemas => schemas,
            Tree::Meta => meta,
        }
    }

    fn change(&mut self, tree: Tree, key: &[u8], value: Option<Vec<u8>>) {
        let [objects, index, schemas, meta] = &mut self.changes;
        let of = match tree {
            Tree::Objects => objects,
            Tree::Index => index,
            Tree::Schemas => schemas,
            Tree::Meta => meta,
        };
        of.insert(key.to_vec(), value);
    }
}

impl Backend for Overlay<'_> {
    fn get(&self, tree: Tree, key: &[u8]) -> Result<Option<Vec<u8>>> {
        match self.of(tree).get(key) {
            Some(changed) => Ok(changed.clone()),
            None => self.base.get(tree, key),
        }
    }

    fn transact(&self, _batch: &Batch) -> Result<Commit> {
        Ok(Commit::Refused)
    }

    fn scan(&self, tree: Tree, visit: &mut Visit<'_>) -> Result<()> {
        self.scan_from(tree, &[], &mut |key, value| {
            visit(key, value).map(|()| true)
        })
    }

    fn scan_from(&self, tree: Tree, from: &[u8], visit: &mut Step<'_>) -> Result<()> {
        let range = (Bound::Included(from), Bound::Unbounded);
        let mut ours = self.of(tree).range::<[u8], _>(range).peekable();
        let mut going = true;
        self.base.scan_from(tree, from, &mut |key, value| {
            while going
                && let Some((_, changed)) = ours
                    .next_if(|(other, _)| other.as_slice() < key)
                    .map(|(other, changed)| (other, changed.as_ref().map(|value| (other, value))))
            {
                if let Some((key, value)) = changed {
                    going = visit(key, value)?;
                }
            }
            if !going {
                return Ok(false);
            }
            going = match ours.next_if(|(other, _)| other.as_slice() == key) {
                Some((_, Some(value))) => visit(key, value)?,
                Some((_, None)) => true,
                None => visit(key, value)?,
            };
            Ok(going)
        })?;
        for (key, changed) in ours {
            if !going {
                break;
            }
            if let Some(value) = changed {
                going = visit(key, value)?;
            }
        }
        Ok(())
    }

    fn flush(&self) -> Result<()> {
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::memory::Memory;

    #[test]
    fn a_change_sees_itself_in_order() {
        let memory = Memory::default();
        let mut batch = Batch::default();
        for n in [1u8, 3, 5, 7] {
            batch.put(Tree::Index, &[n], vec![n]);
        }
        memory.transact(&batch).unwrap();
        let mut over = Overlay {
            base: &memory,
            changes: Tree::ALL.map(|_| BTreeMap::new()),
        };
        over.change(Tree::Index, &[0], Some(vec![100]));
        over.change(Tree::Index, &[3], None);
        over.change(Tree::Index, &[4], Some(vec![104]));
        over.change(Tree::Index, &[5], Some(vec![105]));
        over.change(Tree::Index, &[6], None);
        over.change(Tree::Index, &[9], Some(vec![109]));
        let seen = |from: &[u8], most: usize| {
            let mut seen = Vec::new();
            over.scan_from(Tree::Index, from, &mut |key, value| {
                seen.push((key[0], value[0]));
                Ok(seen.len() < most)
            })
            .unwrap();
            seen
        };
        let all = [(0, 100), (1, 1), (4, 104), (5, 105), (7, 7), (9, 109)];
        assert_eq!(seen(&[], 100), all);
        assert_eq!(seen(&[2], 100), all[2..]);
        for most in 1..6 {
            assert_eq!(seen(&[], most), all[..most], "{most}");
        }
    }
}
