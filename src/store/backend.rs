//! What the store needs from an engine: six methods over four small trees.
//!
//! Twins: sled on disk, and memory (tests, ephemeral stores). One test suite runs on both.
use super::error::Result;

/// The trees of a store. A vault has the same ones: its entries, marks, notes and manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Tree {
    /// Object id to sealed record.
    Objects,
    /// Keyed hash of a name to object id.
    Index,
    /// SHA-256 to schema text, in clear.
    Schemas,
    /// `header` and `manifest`.
    Meta,
}

impl Tree {
    /// All trees.
    pub(crate) const ALL: [Self; 4] = [Self::Objects, Self::Index, Self::Schemas, Self::Meta];

    /// Name of the tree in the engine.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Objects => "objects",
            Self::Index => "index",
            Self::Schemas => "schemas",
            Self::Meta => "meta",
        }
    }
}

/// Changes that become visible and durable together or not at all.
#[derive(Default)]
pub(crate) struct Batch {
    /// What each key must hold when the transaction runs; otherwise nothing is changed.
    pub(crate) require: Vec<(Tree, Vec<u8>, Option<Vec<u8>>)>,
    /// New values; `None` removes the key. A later change of a key wins.
    pub(crate) changes: Vec<(Tree, Vec<u8>, Option<Vec<u8>>)>,
}

impl Batch {
    /// Demands that a key holds a value, or nothing.
    pub(crate) fn require(&mut self, tree: Tree, key: &[u8], value: Option<&[u8]>) {
        self.require
            .push((tree, key.to_vec(), value.map(<[u8]>::to_vec)));
    }

    /// Writes a key.
    pub(crate) fn put(&mut self, tree: Tree, key: &[u8], value: Vec<u8>) {
        self.changes.push((tree, key.to_vec(), Some(value)));
    }

    /// Removes a key.
    pub(crate) fn delete(&mut self, tree: Tree, key: &[u8]) {
        self.changes.push((tree, key.to_vec(), None));
    }
}

/// How a transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Commit {
    /// All changes are in.
    Done,
    /// A requirement did not hold; nothing changed.
    Refused,
}

/// Receives one key and value of a scan.
pub(crate) type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> Result<()> + 'a;

/// Receives one key and value of a scan; false ends it.
pub(crate) type Step<'a> = dyn FnMut(&[u8], &[u8]) -> Result<bool> + 'a;

/// An open engine. Held only for one operation, because it excludes all other processes.
pub(crate) trait Backend: Send + Sync {
    /// The value of a key.
    fn get(&self, tree: Tree, key: &[u8]) -> Result<Option<Vec<u8>>>;
    /// Runs a transaction.
    fn transact(&self, batch: &Batch) -> Result<Commit>;
    /// Visits all keys of a tree, in key order.
    fn scan(&self, tree: Tree, visit: &mut Visit<'_>) -> Result<()>;
    /// Visits the keys of a tree from a key on, in key order, for as long as the answer is true.
    fn scan_from(&self, tree: Tree, from: &[u8], visit: &mut Step<'_>) -> Result<()>;
    /// Makes what was committed survive a crash of the machine.
    fn flush(&self) -> Result<()>;
    /// Lets go of the files.
    fn close(self: Box<Self>) -> Result<()>;
}
