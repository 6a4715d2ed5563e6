//! The engine on disk: sled 0.34, opened for one operation at a time.
//!
//! sled panics on some damaged files and full disks; every call is caught, so that a person sees
//! a sentence and the shell goes on. Its own threads may still report such a panic on stderr.
use std::borrow::Cow;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sled::transaction::{ConflictableTransactionError, TransactionError, Transactional};

use super::backend::{Backend, Batch, Commit, Step, Tree, Visit};
use super::error::{Result, StoreError};
use super::process::PrivateFiles;

/// Name of the one tree of a flat engine.
const FLAT: &str = "all";

/// How sled is set up for a purpose.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tuning {
    /// Size of sled's log segments in bytes. sled rewrites the rest of the last segment whenever
    /// it opens, so small segments make opening fast; values above a quarter become files of
    /// their own.
    segment: usize,
    /// sled's page cache in bytes.
    cache: u64,
    /// All trees in one, told apart by the first byte of the key. A batch of one tree is applied
    /// without reading each key first, as a transaction over several trees must.
    flat: bool,
}

impl Tuning {
    /// A store of records: small, and open for a moment only.
    pub(crate) const SMALL: Self = Self {
        segment: 64 * 1024,
        cache: 16 * 1024 * 1024,
        flat: false,
    };
    /// A database: many entries, open for longer.
    pub(crate) const LARGE: Self = Self {
        segment: 512 * 1024,
        cache: 64 * 1024 * 1024,
        flat: true,
    };
}

/// Pause before trying again while sled's threads of the previous operation let go.
const PAUSE: Duration = Duration::from_micros(200);

/// An open sled database.
pub(crate) struct OnSled {
    db: sled::Db,
    trees: [sled::Tree; 4],
    flat: bool,
    path: PathBuf,
    // Last field: files stay private until the database is closed.
    _private: PrivateFiles,
}

impl OnSled {
    /// Name of the engine's folder inside the store's.
    pub(crate) const FOLDER: &'static str = "sled";

    /// Part of the engine's text when another process holds it (sled 0.34 has no kind for it).
    pub(crate) const HELD: &'static str = "could not acquire lock";

    /// Whether the folder holds a database.
    pub(crate) fn exists(path: &Path) -> bool {
        path.join("db").is_file()
    }

    /// Opens, or creates when there is none.
    pub(crate) fn open(path: &Path, wait: Duration, tuning: Tuning) -> Result<Self> {
        let private = PrivateFiles::new();
        remove_unfinished_snapshots(path)?;
        let config = sled::Config::new()
            .path(path)
            .segment_size(tuning.segment)
            .cache_capacity(tuning.cache)
            .flush_every_ms(None)
            .mode(sled::Mode::LowSpace);
        let deadline = Instant::now() + wait;
        let db = loop {
            match caught("open", || config.open()) {
                // sled's last thread of the previous operation may hold the lock for a moment.
                Err(StoreError::Engine { text, .. })
                    if text.contains(Self::HELD) && Instant::now() < deadline =>
                {
                    std::thread::sleep(PAUSE);
                }
                other => break other?,
            }
        };
        let [a, b, c, d] = Tree::ALL.map(|tree| {
            let name = if tuning.flat { FLAT } else { tree.name() };
            caught("open", || db.open_tree(name))
        });
        let trees = [a?, b?, c?, d?];
        Ok(Self {
            db,
            trees,
            flat: tuning.flat,
            path: path.to_path_buf(),
            _private: private,
        })
    }

    fn tree(&self, tree: Tree) -> &sled::Tree {
        let [objects, index, schemas, meta] = &self.trees;
        match tree {
            Tree::Objects => objects,
            Tree::Index => index,
            Tree::Schemas => schemas,
            Tree::Meta => meta,
        }
    }
}

impl OnSled {
    /// A key as the engine has it.
    fn key<'k>(&self, tree: Tree, key: &'k [u8]) -> Cow<'k, [u8]> {
        if !self.flat {
            return Cow::Borrowed(key);
        }
        let mut flat = Vec::with_capacity(key.len() + 1);
        flat.push(tree as u8);
        flat.extend_from_slice(key);
        Cow::Owned(flat)
    }

    /// Runs a transaction on the one tree. The caller holds the folder's lock, so nothing changes
    /// between the check of the requirements and the batch.
    fn transact_flat(&self, batch: &Batch) -> Result<Commit> {
        for (tree, key, value) in &batch.require {
            if self.get(*tree, key)?.as_deref() != value.as_deref() {
                return Ok(Commit::Refused);
            }
        }
        let mut changes = sled::Batch::default();
        for (tree, key, value) in &batch.changes {
            let key = self.key(*tree, key);
            match value {
                Some(value) => changes.insert(&*key, value.as_slice()),
                None => changes.remove(&*key),
            }
        }
        caught("commit", || self.tree(Tree::Meta).apply_batch(changes))?;
        Ok(Commit::Done)
    }
}

/// Removes snapshots that a killed process did not finish writing. sled 0.34 takes such a
/// `snap.….generating` for its newest snapshot and then refuses to open; the finished one before
/// it, and the log, are whole. The caller holds the folder's lock, so nobody is writing one now.
fn remove_unfinished_snapshots(path: &Path) -> Result<()> {
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        // A new database has no folder yet; anything else is told by opening it.
        Err(_) => return Ok(()),
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            std::fs::remove_file(entry.path()).map_err(StoreError::io("remove", &entry.path()))?;
        }
    }
    Ok(())
}

impl Backend for OnSled {
    fn get(&self, tree: Tree, key: &[u8]) -> Result<Option<Vec<u8>>> {
        let value = caught("read", || self.tree(tree).get(self.key(tree, key)))?;
        Ok(value.map(|value| value.to_vec()))
    }

    fn transact(&self, batch: &Batch) -> Result<Commit> {
        if self.flat {
            return self.transact_flat(batch);
        }
        let trees = &self.trees[..];
        let outcome = caught_any("commit", || {
            trees.transaction(|trees| {
                // `trees` are in the order of `Tree::ALL`, which is the order of its variants.
                let of = |tree: Tree| {
                    trees
                        .get(tree as usize)
                        .ok_or(ConflictableTransactionError::Abort(()))
                };
                for (tree, key, value) in &batch.require {
                    let found = of(*tree)?.get(key)?;
                    if found.as_deref() != value.as_deref() {
                        return Err(ConflictableTransactionError::Abort(()));
                    }
                }
                for (tree, key, value) in &batch.changes {
                    match value {
                        Some(value) => of(*tree)?.insert(key.as_slice(), value.as_slice())?,
                        None => of(*tree)?.remove(key.as_slice())?,
                    };
                }
                Ok(())
            })
        })?;
        match outcome {
            Ok(()) => Ok(Commit::Done),
            Err(TransactionError::Abort(())) => Ok(Commit::Refused),
            Err(TransactionError::Storage(e)) => Err(engine("commit", &e)),
        }
    }

    fn scan(&self, tree: Tree, visit: &mut Visit<'_>) -> Result<()> {
        self.scan_from(tree, &[], &mut |key, value| {
            visit(key, value).map(|()| true)
        })
    }

    fn scan_from(&self, tree: Tree, from: &[u8], visit: &mut Step<'_>) -> Result<()> {
        let from = self.key(tree, from);
        let mut items = self.tree(tree).range(&*from..);
        while let Some(item) = caught_any("read", || items.next())? {
            let (key, value) = item.map_err(|e| engine("read", &e))?;
            let key = match (self.flat, key.split_first()) {
                (false, _) => &*key,
                (true, Some((&of, key))) if of == tree as u8 => key,
                (true, _) => break,
            };
            if !visit(key, &value)? {
                break;
            }
        }
        Ok(())
    }

    fn flush(&self) -> Result<()> {
        caught("flush", || self.db.flush())?;
        // sled uses sync_file_range on Linux, which does not survive a power loss.
        let db = self.path.join("db");
        File::open(&db)
            .and_then(|file| file.sync_data())
            .map_err(StoreError::io("sync", &db))
    }

    fn close(self: Box<Self>) -> Result<()> {
        caught_any("close", move || drop(self))
    }
}

fn engine(what: &'static str, error: &sled::Error) -> StoreError {
    StoreError::Engine {
        what,
        text: error.to_string(),
    }
}

fn caught<T>(what: &'static str, run: impl FnOnce() -> sled::Result<T>) -> Result<T> {
    caught_any(what, run)?.map_err(|e| engine(what, &e))
}

/// Runs a call of the engine; a panic becomes an error.
fn caught_any<T>(what: &'static str, run: impl FnOnce() -> T) -> Result<T> {
    // Nothing of ours is changed inside; the engine's own state is dropped after an error.
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("unknown cause");
        StoreError::Engine {
            what,
            text: format!("it stopped: {text}"),
        }
    })
}
