//! Where the engine is, and getting it for one operation: lock, open, close, unlock.
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::backend::Backend;
use super::error::{Result, StoreError};
use super::lock::FolderLock;
use super::memory::Memory;
use super::on_sled::{OnSled, Tuning};

/// Name of the file with the sealed generation number, beside the engine.
pub(crate) const GENERATION_FILE: &str = "generation";

/// Where the engine is.
#[derive(Clone)]
pub(crate) enum Site {
    Disk(PathBuf),
    Memory(Memory),
}

impl Site {
    /// The folder, when there is one.
    pub(crate) fn dir(&self) -> Option<&Path> {
        match self {
            Self::Disk(dir) => Some(dir),
            Self::Memory(_) => None,
        }
    }

    /// Takes the lock and opens the engine.
    pub(crate) fn enter(&self, wait: Duration) -> Result<Session> {
        self.enter_tuned(wait, Tuning::SMALL)
    }

    /// The same with another set-up of the engine.
    pub(crate) fn enter_tuned(&self, wait: Duration, tuning: Tuning) -> Result<Session> {
        match self {
            Self::Memory(memory) => Ok(Session {
                backend: Box::new(memory.clone()),
                _lock: None,
            }),
            Self::Disk(dir) => {
                let path = dir.join(OnSled::FOLDER);
                // Never let the engine make an empty database where one is expected.
                if !OnSled::exists(&path) {
                    return Err(StoreError::NotAStore(dir.clone()));
                }
                let lock = FolderLock::acquire(dir, wait)?;
                if !OnSled::exists(&path) {
                    return Err(StoreError::NotAStore(dir.clone()));
                }
                let backend = OnSled::open(&path, wait, tuning).map_err(|e| match e {
                    // Somebody without our lock, for example a tool of sled's.
                    StoreError::Engine { text, .. } if text.contains(OnSled::HELD) => {
                        StoreError::Locked {
                            dir: dir.clone(),
                            pid: None,
                        }
                    }
                    StoreError::Engine { text, .. } => StoreError::not_opened(dir, text),
                    other => other,
                })?;
                Ok(Session {
                    backend: Box::new(backend),
                    _lock: Some(lock),
                })
            }
        }
    }
}

/// The engine, open and ours alone. Fields are dropped in this order.
pub(crate) struct Session {
    pub(crate) backend: Box<dyn Backend>,
    _lock: Option<FolderLock>,
}

impl Session {
    /// Closes the engine, then lets go of the lock. What was flushed is safe, so a failure to
    /// close is not one of the operation.
    pub(crate) fn leave(self) {
        let Self { backend, _lock } = self;
        let _ = backend.close();
    }
}
