//! What the store's tests share: fast options, records, a folder of their own.
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kosmos::store::{
    KdfCost, Locked, NewLock, Options, Record, RecordId, Store, StoreError, Unlock,
};

pub use crate::folders::files;

/// Passphrase of all test stores.
pub const PASS: &str = "correct horse battery staple";
/// Schema text of all test records.
pub const SCHEMA: &str = "@url = jumpscale.tfchain.wallet\nname* = (S)\nseed = (S)\n";
/// Location of most test records.
pub const CLIENTS: &str = "j.clients.tfchain";

/// A folder that disappears with the value, and a clock that stands still until told.
pub struct Env {
    folder: tempfile::TempDir,
    /// Seconds since 1970 as the store sees them.
    pub now: Arc<AtomicU64>,
}

impl Env {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            now: Arc::new(AtomicU64::new(1_700_000_000)),
        }
    }

    /// A path inside.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Folder of the store.
    pub fn dir(&self) -> PathBuf {
        self.path("store")
    }

    /// Lowest cost, the frozen clock.
    pub fn options(&self) -> Options {
        let now = self.now.clone();
        Options {
            kdf: KdfCost::LOWEST,
            clock: Arc::new(move || now.load(Ordering::SeqCst)),
            ..Options::default()
        }
    }

    /// Makes the store.
    pub fn create(&self) -> Store {
        Store::create(&self.dir(), NewLock::Passphrase(PASS), self.options())
            .expect("created")
            .0
    }

    /// Finds the store.
    pub fn locked(&self) -> Result<Locked, StoreError> {
        Store::open(&self.dir(), self.options())
    }

    /// Finds and unlocks the store.
    pub fn open(&self) -> Store {
        self.locked()
            .expect("found")
            .unlock(Unlock::Passphrase(PASS))
            .expect("unlocked")
    }
}

/// A record at the top level.
pub fn record(name: &str, data: &[u8]) -> Record {
    below(None, name, data)
}

/// A record below another one.
pub fn below(parent: Option<RecordId>, name: &str, data: &[u8]) -> Record {
    Record {
        id: None,
        revision: 0,
        location: CLIENTS.to_owned(),
        parent,
        name: name.to_owned(),
        schema_url: "jumpscale.tfchain.wallet".to_owned(),
        schema_text: SCHEMA.to_owned(),
        data: data.to_vec().into(),
    }
}
