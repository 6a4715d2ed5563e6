//! The engine of a vault, kept open between operations for as long as nobody else asks for it.
//!
//! Who waits for the lock holds a shared lock on `lock.wanted`; who has it looks there after each
//! operation and, by a thread, while idle. A busy holder keeps it for a slice of time first, so
//! that two busy processes do not spend their time on opening the engine.
use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::edit::VaultEdit;
use super::keys::VaultKeys;
use super::manifest::{Manifest, Numbers};
use super::view::VaultView;
use crate::store::backend::Tree;
use crate::store::error::{Result, StoreError};
use crate::store::files;
use crate::store::health::{DamageReport, Health};
use crate::store::manifest::MANIFEST_KEY;
use crate::store::on_sled::Tuning;
use crate::store::site::{GENERATION_FILE, Session, Site};

/// Name of the file that those who wait lock.
const WANTED_FILE: &str = "lock.wanted";
/// Least time that a busy holder keeps the engine when others wait.
const SLICE: Duration = Duration::from_millis(100);
/// Time after which an idle engine is closed when others wait.
const PAUSE: Duration = Duration::from_millis(10);
/// Time after which an idle engine is closed.
const IDLE: Duration = Duration::from_secs(3);
/// How often the thread looks.
const TICK: Duration = Duration::from_millis(25);
/// Head start of those who waited when the engine was given up; they look every 10 ms.
const COURTESY: Duration = Duration::from_millis(15);

/// An engine while it is open.
struct Open {
    session: Session,
    manifest: Manifest,
    sealed: Vec<u8>,
    since: Instant,
    used: Instant,
    /// How long opening took: the slice is at least that.
    took: Duration,
}

struct State {
    open: Option<Open>,
    health: Health,
    /// The thread that closes the engine runs.
    watched: bool,
    /// The engine was given up because others wait.
    yielded: bool,
}

/// Engine, keys and what is known.
pub(super) struct Lease {
    site: Site,
    keys: VaultKeys,
    wait: Duration,
    state: Mutex<State>,
}

impl Lease {
    pub(super) fn new(site: Site, keys: VaultKeys, wait: Duration) -> Arc<Self> {
        Arc::new(Self {
            site,
            keys,
            wait,
            state: Mutex::new(State {
                open: None,
                health: Health::Good,
                watched: false,
                yielded: false,
            }),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn health(&self) -> Health {
        self.lock().health.clone()
    }

    pub(super) fn release(&self) {
        close(&mut self.lock());
    }

    pub(super) fn read<T, E: From<StoreError>>(
        self: &Arc<Self>,
        work: impl FnOnce(&VaultView<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut state = self.lock();
        let open = self.enter(&mut state)?;
        let outcome = work(&VaultView {
            backend: open.session.backend.as_ref(),
            keys: &self.keys,
            manifest: &open.manifest,
        });
        self.leave(&mut state);
        outcome
    }

    pub(super) fn write<T, E: From<StoreError>>(
        self: &Arc<Self>,
        work: impl FnOnce(&mut VaultEdit<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut state = self.lock();
        self.enter(&mut state)?;
        if let Health::ReadOnly(report) = &state.health {
            return Err(StoreError::DatabaseReadOnly(report.clone()).into());
        }
        let open = self.enter(&mut state)?;
        let mut edit = VaultEdit::new(
            open.session.backend.as_ref(),
            &self.keys,
            &open.manifest,
            &open.sealed,
        )?;
        let outcome = match work(&mut edit) {
            Ok(outcome) => outcome,
            Err(error) => {
                self.leave(&mut state);
                return Err(error);
            }
        };
        match edit.commit() {
            Ok(Some((manifest, sealed))) => {
                open.manifest = manifest;
                open.sealed = sealed;
                let numbers = open.manifest.numbers();
                // The change is committed; a number that is behind by one is right again after
                // the next change, and is noticed as such when opening.
                let _ = self.note(numbers);
            }
            Ok(None) => {}
            Err(error) => {
                // What the engine holds now is unclear: read it again before anything else.
                close(&mut state);
                return Err(error.into());
            }
        }
        self.leave(&mut state);
        Ok(outcome)
    }

    /// Goes on with another manifest, after damage.
    pub(super) fn replace(
        self: &Arc<Self>,
        make: impl FnOnce(&VaultView<'_>, Option<Numbers>) -> Result<Manifest>,
    ) -> Result<()> {
        let mut state = self.lock();
        let noted = self.noted();
        let open = self.enter(&mut state)?;
        let backend = open.session.backend.as_ref();
        let manifest = make(
            &VaultView {
                backend,
                keys: &self.keys,
                manifest: &open.manifest,
            },
            noted,
        )?;
        let mut batch = crate::store::backend::Batch::default();
        batch.put(Tree::Meta, MANIFEST_KEY, manifest.seal(&self.keys)?);
        let done = backend.transact(&batch).and_then(|_| backend.flush());
        close(&mut state);
        done?;
        self.note(manifest.numbers())?;
        self.enter(&mut state)?;
        self.leave(&mut state);
        Ok(())
    }

    /// Writes the file beside the engine.
    fn note(&self, numbers: Numbers) -> Result<()> {
        match self.site.dir() {
            Some(dir) => files::write_bytes(&dir.join(GENERATION_FILE), &numbers.seal(&self.keys)?),
            None => Ok(()),
        }
    }

    fn noted(&self) -> Option<Numbers> {
        let path = self.site.dir()?.join(GENERATION_FILE);
        let sealed = files::read_if_exists(&path).ok()??;
        Numbers::open(&self.keys, &sealed)
    }

    /// The engine, opened now if it is not open.
    fn enter<'s>(self: &Arc<Self>, state: &'s mut State) -> Result<&'s mut Open> {
        if state.open.is_none() {
            let start = Instant::now();
            let session = self.session(state.yielded)?;
            state.yielded = false;
            let sealed = session.backend.get(Tree::Meta, MANIFEST_KEY)?;
            let (manifest, health) = self.verified(sealed.as_deref());
            state.health = health;
            let now = Instant::now();
            state.open = Some(Open {
                session,
                manifest,
                sealed: sealed.unwrap_or_default(),
                since: now,
                used: now,
                took: now.duration_since(start),
            });
            self.watch(state);
        }
        state.open.as_mut().ok_or(StoreError::Replaced)
    }

    /// Lock and engine. Only a caller that must wait says so.
    fn session(&self, yielded: bool) -> Result<Session> {
        let Some(dir) = self.site.dir() else {
            return self.site.enter(self.wait);
        };
        if yielded && is_wanted(dir) {
            std::thread::sleep(COURTESY);
        }
        enter(&self.site, self.wait)
    }

    /// The manifest, and what the file beside the engine says to it.
    fn verified(&self, sealed: Option<&[u8]>) -> (Manifest, Health) {
        let noted = self.noted();
        let manifest = sealed.and_then(|sealed| Manifest::open(&self.keys, sealed));
        let on_disk = self.site.dir().is_some();
        let reason = match (&manifest, noted) {
            (None, _) => "its manifest is missing or broken",
            (Some(manifest), Some(noted)) if noted.generation > manifest.generation => {
                "it lost its last changes or was put back to an old state"
            }
            (Some(manifest), noted) => {
                // Missing, unreadable, or of a process that stopped before writing it.
                if on_disk && noted.is_none_or(|noted| noted.generation < manifest.generation) {
                    let _ = self.note(manifest.numbers());
                }
                return (manifest.clone(), Health::Good);
            }
        };
        let found = manifest.unwrap_or_else(Manifest::empty);
        let report = DamageReport {
            reason: reason.to_owned(),
            expected: noted.map(|noted| noted.count),
            found: found.count(),
            expected_generation: noted.map_or(0, |noted| noted.generation),
            found_generation: found.generation,
            backups: Vec::new(),
        };
        (found, Health::ReadOnly(Box::new(report)))
    }

    /// After an operation: lets go when others waited long enough.
    fn leave(&self, state: &mut State) {
        let Some(open) = state.open.as_mut() else {
            return;
        };
        open.used = Instant::now();
        let slice = SLICE.max(open.took);
        if open.since.elapsed() > slice && self.site.dir().is_some_and(is_wanted) {
            close(state);
            state.yielded = true;
        }
    }

    /// Starts the thread that closes the idle engine, once.
    fn watch(self: &Arc<Self>, state: &mut State) {
        if state.watched || self.site.dir().is_none() {
            return;
        }
        let weak = Arc::downgrade(self);
        let started = std::thread::Builder::new()
            .name("database".to_owned())
            .spawn(move || watch(&weak));
        state.watched = started.is_ok();
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        close(state);
    }
}

fn watch(lease: &Weak<Lease>) {
    loop {
        std::thread::sleep(TICK);
        let Some(lease) = lease.upgrade() else {
            return;
        };
        let mut state = lease.lock();
        let idle = match &state.open {
            Some(open) => open.used.elapsed(),
            None => IDLE,
        };
        let wanted = idle > PAUSE && lease.site.dir().is_some_and(is_wanted);
        if wanted || idle >= IDLE {
            close(&mut state);
            state.watched = false;
            return;
        }
    }
}

/// Lock and engine of a vault; who holds it is told that somebody waits.
pub(super) fn enter(site: &Site, wait: Duration) -> Result<Session> {
    match site.enter_tuned(Duration::ZERO, Tuning::LARGE) {
        Err(StoreError::Locked { .. }) => {
            let flag = site.dir().and_then(want);
            let session = site.enter_tuned(wait, Tuning::LARGE);
            drop(flag);
            session
        }
        other => other,
    }
}

fn close(state: &mut State) {
    if let Some(open) = state.open.take() {
        open.session.leave();
    }
}

fn wanted_file(dir: &Path) -> std::io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(dir.join(WANTED_FILE))
}

/// Says that somebody waits, for as long as the file lives. Without it waiting takes longer.
fn want(dir: &Path) -> Option<File> {
    let file = wanted_file(dir).ok()?;
    file.try_lock_shared().ok()?;
    Some(file)
}

/// Whether somebody waits.
fn is_wanted(dir: &Path) -> bool {
    wanted_file(dir).is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
}
