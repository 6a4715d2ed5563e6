//! Opening the store: which way to unlock is tried in which order, and who is asked.
//!
//! Flow: spec of the shell, "User-visible flow".
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use zeroize::Zeroizing;

use super::environment::{Environment, short};
use super::{first_run, output, terminal};
use crate::object::{Error, Kind, Result};
use crate::store::{Health, Locked, NewLock, Options, SlotKind, Store, StoreError, Unlock};

/// How often a passphrase may be typed.
const TRIES: usize = 3;
/// Pause after a wrong one.
const PAUSE: Duration = Duration::from_secs(1);

/// Who can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Nobody.
    Nobody,
    /// A person, for a passphrase.
    Passphrase,
    /// A person, also for everything a first run needs.
    Everything,
}

/// Opens the store of an environment.
pub struct Opener {
    /// Folders and ways to unlock.
    pub environment: Environment,
    /// Nothing on disk.
    pub ephemeral: bool,
    /// Who can be asked.
    pub ask: Ask,
    /// Where the recovery words of a new store are written.
    pub words_file: Option<PathBuf>,
    /// The passphrase that was in the environment, used once.
    passphrase: Mutex<Option<Zeroizing<String>>>,
}

impl Opener {
    /// An opener.
    pub fn new(mut environment: Environment, ask: Ask) -> Opener {
        let passphrase = Mutex::new(environment.passphrase.take());
        Opener {
            environment,
            ephemeral: false,
            ask,
            words_file: None,
            passphrase,
        }
    }

    /// True when a store is there, or none is needed.
    pub fn exists(&self) -> bool {
        self.ephemeral || Store::is_at(&self.environment.store())
    }

    /// Opens and unlocks the store, or makes one.
    ///
    /// # Errors
    /// [`Kind::Unlock`] when there is no way, [`Kind::Locked`] when another process holds it,
    /// [`Kind::Store`] when it is damaged.
    pub fn open(&self) -> Result<Arc<Store>> {
        if self.ephemeral {
            return Ok(Arc::new(
                Store::ephemeral(Options::default()).map_err(failed)?,
            ));
        }
        if !self.exists() {
            return first_run::make(self).map(Arc::new);
        }
        let locked = self.locked()?;
        for warning in locked.warnings() {
            output::err(&format!("warning: {warning}"));
        }
        let store = self.unlock(&locked)?;
        if let Health::ReadOnly(report) = store.health() {
            output::err(&format!("warning: the store is read-only: {report}"));
        }
        Ok(Arc::new(store))
    }

    /// The store, found but not unlocked.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn locked(&self) -> Result<Locked> {
        Store::open(&self.environment.store(), Options::default()).map_err(failed)
    }

    /// Unlocks with the first way there is; a person has three tries.
    ///
    /// # Errors
    /// As [`Opener::open`].
    pub fn unlock(&self, locked: &Locked) -> Result<Store> {
        if let Some(given) = self.given()? {
            return given.with(|how| locked.unlock(how)).map_err(failed);
        }
        let own = self.environment.own_keyfile();
        let slots = locked.slots();
        if slots.contains(&SlotKind::KeyFile) && own.exists() {
            return locked.unlock(Unlock::KeyFile(&own)).map_err(failed);
        }
        if !slots.contains(&SlotKind::Passphrase) {
            let text = format!(
                "the store needs its key file, and {} is not there",
                short(&own)
            );
            return Err(Error::new(Kind::Unlock, text)
                .hint("name the key file in KOSMOS_KEYFILE")
                .hint("or recover with the 24 words: kosmos --init --words"));
        }
        if self.ask == Ask::Nobody || !terminal::can_ask() {
            return Err(no_way("the store is locked and there is nobody to ask"));
        }
        for left in (0..TRIES).rev() {
            let passphrase = terminal::ask_hidden("passphrase: ")?;
            match locked.unlock(Unlock::Passphrase(&passphrase)) {
                Err(StoreError::WrongKey(_)) => {
                    std::thread::sleep(PAUSE);
                    if left > 0 {
                        output::err("wrong passphrase");
                    }
                }
                other => return other.map_err(failed),
            }
        }
        Err(Error::new(Kind::Unlock, "wrong passphrase")
            .hint("forgotten? the 24 words open it too: kosmos --init --words"))
    }

    /// The way to unlock that the environment names, if it does.
    ///
    /// # Errors
    /// When the file with the passphrase cannot be read.
    pub fn given(&self) -> Result<Option<Given>> {
        if let Some(path) = &self.environment.keyfile {
            return Ok(Some(Given::KeyFile(path.clone())));
        }
        if let Some(path) = &self.environment.passphrase_file {
            return first_line(path).map(Given::Passphrase).map(Some);
        }
        let taken = self
            .passphrase
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        Ok(taken.map(Given::Passphrase))
    }
}

/// A way to unlock that needs no question.
pub enum Given {
    /// A key file.
    KeyFile(PathBuf),
    /// A passphrase.
    Passphrase(Zeroizing<String>),
}

impl Given {
    /// Uses it to unlock.
    pub fn with<T>(&self, unlock: impl FnOnce(Unlock<'_>) -> T) -> T {
        match self {
            Given::KeyFile(path) => unlock(Unlock::KeyFile(path)),
            Given::Passphrase(text) => unlock(Unlock::Passphrase(text)),
        }
    }

    /// Uses it for a new store: a key file that is not there yet is made.
    pub fn lock(&self) -> NewLock<'_> {
        match self {
            Given::KeyFile(path) if path.exists() => NewLock::KeyFile(path),
            Given::KeyFile(path) => NewLock::NewKeyFile(path),
            Given::Passphrase(text) => NewLock::Passphrase(text),
        }
    }
}

fn first_line(path: &Path) -> Result<Zeroizing<String>> {
    let text = std::fs::read_to_string(path)
        .map(Zeroizing::new)
        .map_err(|error| {
            let file = path.display();
            Error::new(
                Kind::Unlock,
                format!("cannot read the passphrase file {file}: {error}"),
            )
        })?;
    Ok(Zeroizing::new(
        text.lines().next().unwrap_or_default().to_string(),
    ))
}

/// The error of having no way to unlock, with the ways there are.
pub fn no_way(text: &str) -> Error {
    Error::new(Kind::Unlock, text)
        .hint("set KOSMOS_PASSPHRASE, KOSMOS_PASSPHRASE_FILE or KOSMOS_KEYFILE")
        .hint("or use a store in memory: --ephemeral")
}

/// An error of the store in the words of the shell.
pub fn failed(error: StoreError) -> Error {
    let kind = match &error {
        StoreError::Locked { .. } => Kind::Locked,
        StoreError::WrongKey(_)
        | StoreError::NoSlot(_)
        | StoreError::EmptyPassphrase
        | StoreError::Words(_)
        | StoreError::KeyFileOpen { .. }
        | StoreError::KeyFileForm { .. } => Kind::Unlock,
        StoreError::Conflict { .. } => Kind::Conflict,
        StoreError::NotFound(_) | StoreError::NotAStore(_) => Kind::NotFound,
        StoreError::Io { .. } | StoreError::Exists(_) | StoreError::NotEmpty(_) => Kind::Io,
        _ => Kind::Store,
    };
    Error::new(kind, error.to_string())
}

/// Makes a folder that only its owner can enter.
///
/// # Errors
/// When it cannot be made.
pub fn private_folder(path: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| {
            Error::new(
                Kind::Io,
                format!("cannot make the folder {}: {error}", path.display()),
            )
        })
}
