//! The store itself: where it lives, how one operation runs, and reading and writing records.
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use zeroize::Zeroizing;

use super::backend::{Backend, Commit};
use super::edit::Edit;
use super::error::{Result, StoreError};
use super::files::{self, Warning};
use super::header::Header;
use super::health::{DamageReport, Health};
use super::kdf::KdfCost;
use super::keys::Keys;
use super::lock::FolderLock;
use super::manifest::{self, HEADER_KEY, MANIFEST_KEY};
use super::memory::Memory;
use super::mirror::{Catalog, Mirror, Mismatch, Place, Raw};
use super::on_sled::OnSled;
use super::record::{Record, RecordId, Summary};
use super::slot::SlotKind;
use super::{backend::Tree, backup};

/// Name of the file with the sealed generation number, beside the engine.
pub(crate) const GENERATION_FILE: &str = "generation";

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
                let backend = OnSled::open(&path, wait).map_err(|e| match e {
                    // Somebody without our lock, for example a tool of sled's.
                    StoreError::Engine { text, .. } if text.contains(OnSled::HELD) => {
                        StoreError::Locked {
                            dir: dir.clone(),
                            pid: None,
                        }
                    }
                    StoreError::Engine { text, .. } => StoreError::Unreadable {
                        dir: dir.clone(),
                        reason: text,
                        backups: backup::list(dir),
                    },
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

/// What changes while the store is open.
pub(crate) struct State {
    pub(crate) keys: Keys,
    pub(crate) header: Header,
    pub(crate) header_bytes: Vec<u8>,
    pub(crate) mirror: Option<Mirror>,
    /// Content of the generation file that belongs to the mirror.
    pub(crate) generation_seen: Option<Vec<u8>>,
    /// The generation file must be written at the next operation under the lock.
    generation_stale: bool,
    pub(crate) health: Health,
    pub(crate) warnings: Vec<Warning>,
    /// Time of the newest automatic backup, once known.
    pub(crate) last_backup: Option<u64>,
    session: Option<Session>,
    holds: usize,
}

/// An unlocked store. Usable from several threads; operations run one after the other.
pub struct Store {
    pub(crate) site: Site,
    pub(crate) options: Options,
    state: Mutex<State>,
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
        let mut state = State {
            keys,
            header,
            header_bytes: raw.header.clone(),
            mirror: None,
            generation_seen: None,
            generation_stale: false,
            health: Health::Good,
            warnings,
            last_backup: None,
            session: None,
            holds: 0,
        };
        state.take_over(&site, raw)?;
        Ok(Self {
            site,
            options,
            state: Mutex::new(state),
        })
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

impl State {
    /// Mirror and keys.
    pub(crate) fn parts(&mut self) -> Result<(&mut Mirror, &Keys)> {
        let mirror = self.mirror.as_mut().ok_or_else(|| StoreError::Engine {
            what: "read",
            text: "the content was not read".to_owned(),
        })?;
        Ok((mirror, &self.keys))
    }

    /// Refuses when the store is damaged.
    pub(crate) fn check_writable(&self) -> Result<()> {
        match &self.health {
            Health::Good => Ok(()),
            Health::ReadOnly(report) => Err(StoreError::ReadOnly(report.clone())),
        }
    }

    /// Reads the engine again when somebody changed it.
    pub(crate) fn refresh(&mut self, site: &Site, backend: &dyn Backend) -> Result<()> {
        let sealed = backend.get(Tree::Meta, MANIFEST_KEY)?;
        let header = backend.get(Tree::Meta, HEADER_KEY)?;
        let same_header = header.as_deref() == Some(self.header_bytes.as_slice());
        let same = same_header
            && self
                .mirror
                .as_ref()
                .is_some_and(|mirror| Some(mirror.manifest_sealed.as_slice()) == sealed.as_deref());
        if same {
            if self.generation_stale {
                self.note_generation(site);
            }
            return Ok(());
        }
        let raw = Raw::read(site, backend)?.ok_or(StoreError::Replaced)?;
        if !same_header {
            let header = Header::decode(&raw.header)?;
            let known = raw.manifest.as_ref().is_some_and(|sealed| {
                super::manifest::Manifest::open(&self.keys, sealed).is_some()
            });
            if header.store_id != self.header.store_id || !known {
                return Err(StoreError::Replaced);
            }
            self.header = header;
            self.header_bytes = raw.header.clone();
        }
        self.take_over(site, raw)?;
        if self.generation_stale {
            self.note_generation(site);
        }
        Ok(())
    }

    /// Verifies what was read and makes it the mirror.
    pub(crate) fn take_over(&mut self, site: &Site, raw: Raw) -> Result<()> {
        let mut raw = raw;
        let seen = raw.generation.take();
        let (mirror, mut mismatch) = Mirror::verify(raw, &self.keys);
        let mut expected_generation = mirror.manifest.generation;
        let mut rewrite = false;
        if site.dir().is_some() {
            let noted = seen
                .as_ref()
                .and_then(|sealed| manifest::open_generation(&self.keys, sealed));
            match noted {
                Some((generation, count)) if generation > mirror.manifest.generation => {
                    expected_generation = generation;
                    mismatch = Some(Mismatch {
                        reason: "it lost its last changes or was put back to an old state"
                            .to_owned(),
                        expected: Some(count),
                    });
                }
                // Behind by one: the last shell stopped between commit and this file.
                Some((generation, _)) => rewrite = generation < mirror.manifest.generation,
                None if mirror.manifest.generation == 0 && seen.is_none() => rewrite = true,
                None => {
                    let reason = if seen.is_some() {
                        "unreadable"
                    } else {
                        "missing"
                    };
                    self.warnings.push(Warning::GenerationFile {
                        reason: reason.to_owned(),
                    });
                    rewrite = true;
                }
            }
        }
        self.health = match mismatch {
            None => Health::Good,
            Some(Mismatch { reason, expected }) => {
                rewrite = false;
                Health::ReadOnly(Box::new(DamageReport {
                    reason,
                    expected,
                    found: u64::try_from(mirror.objects.len()).unwrap_or(u64::MAX),
                    expected_generation,
                    found_generation: mirror.manifest.generation,
                    backups: site.dir().map(backup::list).unwrap_or_default(),
                }))
            }
        };
        // Written when the lock is held next, so that it never replaces a newer one.
        self.generation_stale = rewrite;
        self.generation_seen = if rewrite { None } else { seen };
        self.mirror = Some(mirror);
        Ok(())
    }

    /// Writes the generation file. A failure is a warning: the change itself is committed.
    pub(crate) fn note_generation(&mut self, site: &Site) {
        let (Some(dir), Some(mirror)) = (site.dir(), &self.mirror) else {
            return;
        };
        let written = manifest::seal_generation(&self.keys, &mirror.manifest).and_then(|sealed| {
            files::write_bytes(&dir.join(GENERATION_FILE), &sealed).map(|()| sealed)
        });
        match written {
            Ok(sealed) => {
                self.generation_seen = Some(sealed);
                self.generation_stale = false;
            }
            Err(e) => self.warnings.push(Warning::GenerationNotWritten {
                reason: e.to_string(),
            }),
        }
    }
}
