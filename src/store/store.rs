//! The store itself: reading and writing records, and how one operation runs.
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use zeroize::Zeroizing;

use super::backend::{Backend, Commit};
use super::backup;
use super::edit::Edit;
use super::error::{Result, StoreError};
use super::files::{self, Warning};
use super::header::Header;
use super::health::Health;
use super::kdf::KdfCost;
use super::keys::Keys;
use super::memory::Memory;
use super::mirror::{Catalog, Mirror, Place, Raw};
use super::record::{Record, RecordId, Summary};
use super::site::{GENERATION_FILE, Site};
use super::slot::SlotKind;
use super::state::State;
use super::vault::Memories;

/// What the caller injects and chooses; `Options::default()` is right for the product.
#[derive(Clone)]
pub struct Options {
    /// Cost of new passphrase slots.
    pub kdf: KdfCost,
    /// How long to wait for another process to let go of the store (spec: 5 s).
    pub lock_wait: Duration,
    /// Least time between automatic backups in seconds (spec: one hour).
    pub backup_every: u64,
    /// Automatic backups to keep (spec: 5); 0 switches them off.
    pub backups_kept: usize,
    /// Seconds since 1970.
    pub clock: Arc<dyn Fn() -> u64 + Send + Sync>,
    /// Name and version of the program, noted in the header.
    pub app: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            kdf: KdfCost::default(),
            lock_wait: Duration::from_secs(5),
            backup_every: 3600,
            backups_kept: 5,
            clock: Arc::new(|| {
                std::time::SystemTime::now()
                    .duration_since(std::time::UNIX_EPOCH)
                    .map_or(0, |since| since.as_secs())
            }),
            app: concat!("kosmos ", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// What a save expects to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Nothing: neither the record nor its name is stored.
    New,
    /// The revision that was read.
    Revision(u64),
    /// Anything: overwrite. Without an id the stored record of that name is overwritten.
    Force,
}

/// Identity and revision of a record that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Saved {
    /// Identity, new or kept.
    pub id: RecordId,
    /// The new revision, to be expected by the next save.
    pub revision: u64,
}

/// Records of a scan, with those that could not be read.
#[derive(Debug, Default)]
pub struct Scan {
    /// Readable records, sorted by name.
    pub records: Vec<Record>,
    /// What failed, one [`StoreError::Damaged`] each.
    pub damaged: Vec<StoreError>,
}

/// An unlocked store. Usable from several threads; operations run one after the other.
pub struct Store {
    pub(crate) site: Site,
    pub(crate) options: Options,
    state: Mutex<State>,
    /// Databases of an ephemeral store.
    memories: Mutex<Memories>,
}

/// While it lives the engine stays open, see [`Store::hold`].
pub struct Hold<'a>(&'a Store);

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock_state();
        state.holds = state.holds.saturating_sub(1);
        if state.holds == 0
            && let Some(session) = state.session.take()
        {
            session.leave();
        }
    }
}

impl Store {
    /// Puts together an unlocked store from what was read.
    pub(crate) fn assemble(
        site: Site,
        options: Options,
        keys: Keys,
        raw: Raw,
        warnings: Vec<Warning>,
    ) -> Result<Self> {
        let header = Header::decode(&raw.header)?;
        let mut state = State::new(keys, header, raw.header.clone(), warnings);
        state.take_over(&site, raw)?;
        Ok(Self {
            site,
            options,
            state: Mutex::new(state),
            memories: Mutex::default(),
        })
    }

    /// The database in memory of an id.
    pub(crate) fn memory(&self, id: &[u8; 16]) -> Memory {
        let mut memories = self.memories.lock().unwrap_or_else(|e| e.into_inner());
        memories.entry(*id).or_default().clone()
    }

    /// Drops a database in memory.
    pub(crate) fn forget_memory(&self, id: &[u8; 16]) {
        let mut memories = self.memories.lock().unwrap_or_else(|e| e.into_inner());
        memories.remove(id);
    }

    /// The folder; `None` for an ephemeral store.
    pub fn dir(&self) -> Option<&Path> {
        self.site.dir()
    }

    /// Whether the store may be written, as of the last operation.
    pub fn health(&self) -> Health {
        self.lock_state().health.clone()
    }

    /// Takes the warnings that were not shown yet.
    pub fn take_warnings(&self) -> Vec<Warning> {
        std::mem::take(&mut self.lock_state().warnings)
    }

    /// Ways to unlock this store.
    pub fn slots(&self) -> Vec<SlotKind> {
        self.lock_state().header.kinds()
    }

    /// Seed of the identity key (Ed25519 or X25519): HKDF of the master key.
    pub fn identity_seed(&self) -> Zeroizing<[u8; 32]> {
        self.lock_state().keys.identity_seed()
    }

    /// Seals bytes that leave the store, for a purpose; [`Store::open_for`] opens them.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn seal_for(&self, purpose: &str, plain: &[u8]) -> Result<Vec<u8>> {
        let key = self.lock_state().keys.purpose(purpose);
        super::seal::seal(key.bytes(), purpose.as_bytes(), plain)
    }

    /// Opens what [`Store::seal_for`] made with the same master key for the same purpose.
    ///
    /// # Errors
    /// [`StoreError::NotSealedHere`] when it was made elsewhere, or is changed.
    pub fn open_for(&self, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>> {
        let key = self.lock_state().keys.purpose(purpose);
        let plain = super::seal::open(key.bytes(), purpose.as_bytes(), sealed);
        plain
            .map(|plain| plain.to_vec())
            .map_err(|_| StoreError::NotSealedHere)
    }

    /// Keeps the store open for a burst of operations until the guard is dropped, which makes
    /// each of them several times faster. Other shells wait meanwhile: hold it for moments only,
    /// and never while waiting for a person or a network.
    pub fn hold(&self) -> Hold<'_> {
        self.lock_state().holds += 1;
        Hold(self)
    }

    /// The record of a name, or `None` when none is stored.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when it is stored but cannot be read.
    pub fn get(
        &self,
        location: &str,
        parent: Option<RecordId>,
        name: &str,
    ) -> Result<Option<Record>> {
        self.reading(|mirror, keys| mirror.named(keys, location, parent, name))
    }

    /// The record of an id.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], or [`StoreError::Damaged`] when it cannot be read.
    pub fn get_by_id(&self, id: RecordId) -> Result<Record> {
        self.reading(|mirror, keys| mirror.record(keys, id))
    }

    /// Whether a name is stored. Cheaper than [`Store::get`].
    pub fn exists(&self, location: &str, parent: Option<RecordId>, name: &str) -> Result<bool> {
        self.reading(|mirror, keys| {
            Ok(mirror
                .index
                .contains_key(&keys.index_key(location, parent, name)))
        })
    }

    /// Names, ids and revisions at a place, sorted by name. Damaged records are not among them,
    /// see [`Store::damaged`].
    pub fn list(&self, location: &str, parent: Option<RecordId>) -> Result<Vec<Summary>> {
        let place = Place {
            location: location.to_owned(),
            parent,
        };
        self.reading(|mirror, keys| {
            let summaries = |catalog: &Catalog, mirror: &Mirror| {
                catalog
                    .at(&place)
                    .map(|(name, id)| Summary {
                        id,
                        name: name.clone(),
                        revision: mirror.objects.get(&id).map_or(0, |object| object.revision),
                    })
                    .collect()
            };
            Ok(mirror.with_catalog(keys, summaries))
        })
    }

    /// All records at a place, sorted by name.
    pub fn scan(&self, location: &str, parent: Option<RecordId>) -> Result<Scan> {
        let place = Place {
            location: location.to_owned(),
            parent,
        };
        self.reading(|mirror, keys| {
            let ids: Vec<RecordId> = mirror.catalog(keys).at(&place).map(|(_, id)| id).collect();
            Ok(mirror.records(keys, &ids))
        })
    }

    /// All records of the store, in the order of their ids.
    pub fn scan_all(&self) -> Result<Scan> {
        self.reading(|mirror, keys| {
            let ids: Vec<RecordId> = mirror.objects.keys().copied().collect();
            Ok(mirror.records(keys, &ids))
        })
    }

    /// Number of stored records.
    pub fn count(&self) -> Result<u64> {
        self.reading(|mirror, _| Ok(u64::try_from(mirror.objects.len()).unwrap_or(u64::MAX)))
    }

    /// Records that cannot be read, with what failed.
    pub fn damaged(&self) -> Result<Vec<StoreError>> {
        self.reading(|mirror, keys| {
            let damaged = &mirror.catalog(keys).damaged;
            Ok(damaged
                .iter()
                .map(|(id, reason)| StoreError::Damaged {
                    id: *id,
                    location: None,
                    name: None,
                    reason,
                })
                .collect())
        })
    }

    /// Stores a record. When this returns, the record survives a crash of the machine.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another shell changed it since it was read,
    /// [`StoreError::NotUnique`] when another record has the name, [`StoreError::ReadOnly`] when
    /// the store is damaged, [`StoreError::Locked`] when another process holds it.
    pub fn put(&self, record: &Record, expect: Expect) -> Result<Saved> {
        self.writing(|edit| {
            let holder = edit.lookup(&record.location, record.parent, &record.name);
            let id = match (record.id, expect, holder) {
                (Some(id), _, _) => id,
                (None, Expect::Force, Some(holder)) => holder,
                (None, _, _) => RecordId::random()?,
            };
            let found = edit.revision_of(id);
            let expected = match expect {
                Expect::New => None,
                Expect::Revision(revision) => Some(revision),
                Expect::Force => found,
            };
            if found != expected {
                return Err(StoreError::Conflict {
                    name: record.name.clone(),
                    expected: expected.unwrap_or_default(),
                    found,
                });
            }
            edit.write(id, record)?;
            Ok(Saved {
                id,
                revision: edit.revision(),
            })
        })
    }

    /// Deletes a record and everything below it; how many records that were.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], and as for [`Store::put`].
    pub fn delete(&self, id: RecordId) -> Result<usize> {
        self.delete_families(|_| Ok(vec![id]))
            .and_then(|deleted| match deleted {
                0 => Err(StoreError::NotFound(id)),
                n => Ok(n),
            })
    }

    /// Deletes all records at a place and everything below them; how many that were.
    pub fn delete_all(&self, location: &str, parent: Option<RecordId>) -> Result<usize> {
        let place = Place {
            location: location.to_owned(),
            parent,
        };
        self.delete_families(|catalog| Ok(catalog.at(&place).map(|(_, id)| id).collect()))
    }

    fn delete_families(
        &self,
        choose: impl FnOnce(&Catalog) -> Result<Vec<RecordId>>,
    ) -> Result<usize> {
        self.exclusive(|store, state, backend| {
            state.check_writable()?;
            let (mirror, keys) = state.parts()?;
            let catalog = mirror.catalog(keys);
            let mut doomed = Vec::new();
            for id in choose(catalog)? {
                doomed.extend(catalog.family(id));
            }
            let mut edit = Edit::new(keys, mirror)?;
            let deleted = doomed.into_iter().filter(|id| edit.remove(*id)).count();
            if deleted > 0 {
                let prepared = edit.prepare()?;
                store.commit(state, backend, prepared)?;
            }
            Ok(deleted)
        })
    }

    /// Whether the recovery words were confirmed; until then the shell reminds.
    pub fn words_confirmed(&self) -> Result<bool> {
        self.reading(|mirror, _| Ok(mirror.manifest.words_confirmed))
    }

    /// Notes that the recovery words are written down.
    pub fn confirm_words(&self) -> Result<()> {
        self.writing(|edit| {
            edit.manifest.words_confirmed = true;
            Ok(())
        })
    }

    /// Runs one change: prepare, commit, flush.
    pub(crate) fn writing<T>(&self, change: impl FnOnce(&mut Edit<'_>) -> Result<T>) -> Result<T> {
        self.exclusive(|store, state, backend| {
            state.check_writable()?;
            let (mirror, keys) = state.parts()?;
            let mut edit = Edit::new(keys, mirror)?;
            let outcome = change(&mut edit)?;
            let prepared = edit.prepare()?;
            store.commit(state, backend, prepared)?;
            Ok(outcome)
        })
    }

    /// Commits, flushes, brings mirror and generation file up to date, backs up when due.
    pub(crate) fn commit(
        &self,
        state: &mut State,
        backend: &dyn Backend,
        prepared: super::edit::Prepared,
    ) -> Result<()> {
        let committed = backend.transact(&prepared.batch);
        let flushed = match committed {
            Ok(Commit::Done) => backend.flush(),
            Ok(Commit::Refused) => Err(StoreError::Engine {
                what: "commit",
                text: "the store changed while it was locked".to_owned(),
            }),
            Err(e) => Err(e),
        };
        if let Err(e) = flushed {
            // What the engine holds now is unclear: read it again before anything else.
            state.mirror = None;
            return Err(e);
        }
        if let Some(mirror) = &mut state.mirror {
            prepared.apply(mirror);
        }
        state.note_generation(&self.site);
        backup::if_due(&self.site, &self.options, state);
        Ok(())
    }

    /// Runs a read: from memory when nobody changed the store since.
    pub(crate) fn reading<T>(
        &self,
        read: impl FnOnce(&mut Mirror, &Keys) -> Result<T>,
    ) -> Result<T> {
        let mut state = self.lock_state();
        let fresh = state.mirror.is_some()
            && match &self.site {
                Site::Memory(_) => true,
                Site::Disk(dir) => {
                    let now = files::read_if_exists(&dir.join(GENERATION_FILE))?;
                    now.is_some() && now == state.generation_seen
                }
            };
        if fresh {
            let (mirror, keys) = state.parts()?;
            return read(mirror, keys);
        }
        drop(state);
        self.exclusive(|_, state, _| {
            let (mirror, keys) = state.parts()?;
            read(mirror, keys)
        })
    }

    /// Runs an operation with the engine open, the lock held and the mirror up to date.
    pub(crate) fn exclusive<T>(
        &self,
        work: impl FnOnce(&Self, &mut State, &dyn Backend) -> Result<T>,
    ) -> Result<T> {
        let mut state = self.lock_state();
        let session = match state.session.take() {
            Some(session) => session,
            None => self.site.enter(self.options.lock_wait)?,
        };
        let outcome = state
            .refresh(&self.site, session.backend.as_ref())
            .and_then(|()| work(self, &mut state, session.backend.as_ref()));
        // An engine that failed is opened anew next time.
        let failed = matches!(
            outcome,
            Err(StoreError::Engine { .. } | StoreError::Io { .. })
        );
        if state.holds > 0 && !failed {
            state.session = Some(session);
        } else {
            session.leave();
        }
        outcome
    }

    pub(crate) fn lock_state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|e| e.into_inner())
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Some(session) = self.lock_state().session.take() {
            session.leave();
        }
    }
}
