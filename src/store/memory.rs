//! The engine's twin in memory: ephemeral stores and tests.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use super::backend::{Backend, Batch, Commit, Step, Tree, Visit};
use super::error::Result;

type Trees = BTreeMap<(Tree, Vec<u8>), Vec<u8>>;

/// Trees in memory; clones share them, as processes share a folder.
#[derive(Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<Trees>>);

impl Memory {
    fn trees(&self) -> MutexGuard<'_, Trees> {
        self.0.lock().unwrap_or_else(|e| e.into_inner())
    }
}

impl Backend for Memory {
    fn get(&self, tree: Tree, key: &[u8]) -> Result<Option<Vec<u8>>> {
        Ok(self.trees().get(&(tree, key.to_vec())).cloned())
    }

    fn transact(&self, batch: &Batch) -> Result<Commit> {
        let mut trees = self.trees();
        for (tree, key, value) in &batch.require {
            if trees.get(&(*tree, key.clone())) != value.as_ref() {
                return Ok(Commit::Refused);
            }
        }
        for (tree, key, value) in &batch.changes {
            match value {
                Some(value) => trees.insert((*tree, key.clone()), value.clone()),
                None => trees.remove(&(*tree, key.clone())),
            };
        }
        Ok(Commit::Done)
    }

    fn scan(&self, tree: Tree, visit: &mut Visit<'_>) -> Result<()> {
        for ((_, key), value) in self.trees().iter().filter(|((of, _), _)| *of == tree) {
            visit(key, value)?;
        }
        Ok(())
    }

    fn scan_from(&self, tree: Tree, from: &[u8], visit: &mut Step<'_>) -> Result<()> {
        for ((of, key), value) in self.trees().range((tree, from.to_vec())..) {
            if *of != tree || !visit(key, value)? {
                break;
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
