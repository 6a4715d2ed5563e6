//! A namespace: its settings, the index of its keys in memory, its data files.
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::ops::Bound;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::log::{Log, Position};
use super::record::{MAX_KEY, MAX_VALUE, What};
use crate::devnet::folder;

const SETTINGS: &str = "namespace.json";
/// Bytes of memory that an entry of the index takes beside its key, roughly.
const INDEX_ENTRY: u64 = 96;

/// Who chooses the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// The client.
    User,
    /// The server: numbers from 0 on, as 4 bytes, the lowest first.
    Seq,
}

impl Mode {
    /// The word in `NSINFO`.
    pub fn word(self) -> &'static str {
        match self {
            Mode::User => "userkey",
            Mode::Seq => "sequential",
        }
    }
}

/// A password as it is kept.
#[derive(Clone, Serialize, Deserialize)]
struct Password {
    salt: String,
    hash: String,
}

impl Password {
    fn new(password: &[u8]) -> io::Result<Self> {
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).map_err(|e| io::Error::other(e.to_string()))?;
        let salt = hex::encode(salt);
        let hash = Self::hash(&salt, password);
        Ok(Self { salt, hash })
    }

    fn hash(salt: &str, password: &[u8]) -> String {
        let hash = Sha256::new().chain_update(salt).chain_update(password);
        hex::encode(hash.finalize())
    }

    /// The hashes are compared: the time that it takes tells nothing of the password.
    fn is(&self, password: &[u8]) -> bool {
        Self::hash(&self.salt, password) == self.hash
    }
}

#[derive(Clone, Serialize, Deserialize)]
struct Settings {
    name: String,
    mode: Mode,
    public: bool,
    password: Option<Password>,
    max_size: u64,
}

#[derive(Clone, Debug)]
struct Entry {
    position: Position,
    place: u64,
    time: u64,
}

struct Inner {
    settings: Settings,
    log: Log,
    keys: HashMap<Arc<[u8]>, Entry>,
    /// Keys in the order of writing.
    order: BTreeMap<u64, Arc<[u8]>>,
    next_place: u64,
    next_id: u32,
    size: u64,
    /// It was deleted; who still has it selected is told so.
    gone: bool,
}

/// A namespace.
pub struct Namespace {
    folder: PathBuf,
    inner: Mutex<Inner>,
}

impl std::fmt::Debug for Namespace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Namespace")
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}

/// Why a namespace does not do what it is asked for; the texts are answers of the server.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// A key that cannot be one here.
    #[error("Invalid key")]
    Key,
    /// A value that is too long.
    #[error("Payload too large: {MAX_VALUE} bytes is the most")]
    Large,
    /// The namespace is full.
    #[error("No space left on this namespace")]
    Full,
    /// There is no such key.
    #[error("Key not found")]
    NotFound,
    /// The end of a scan.
    #[error("No more data")]
    End,
    /// A cursor that is none.
    #[error("Invalid cursor")]
    Cursor,
    /// The file does not hold what was written.
    #[error("Data of this key are damaged")]
    Damaged,
    /// It was deleted.
    #[error("Namespace not found")]
    Gone,
    /// Keys are there already.
    #[error("Namespace is not empty: its mode cannot be changed")]
    NotEmpty,
    /// The disk.
    #[error("Internal error: {0}")]
    Disk(#[from] io::Error),
}

type Result<T> = std::result::Result<T, Refused>;

/// What a scan lists of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scanned {
    /// The key.
    pub key: Arc<[u8]>,
    /// Length of the value.
    pub size: usize,
    /// Time of writing, seconds since 1970.
    pub time: u64,
}

impl Namespace {
    /// Makes a namespace in a folder that is not there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(folder: &Path, name: &str, mode: Mode) -> io::Result<Self> {
        fs::DirBuilder::new().mode(0o700).create(folder)?;
        let settings = Settings {
            name: name.to_owned(),
            mode,
            public: true,
            password: None,
            max_size: 0,
        };
        write_settings(folder, &settings)?;
        Self::with(folder, settings)
    }

    /// Opens one that is there; None when the folder holds none (it was not made to its end).
    ///
    /// # Errors
    /// When files cannot be read.
    pub fn open(folder: &Path) -> io::Result<Option<Self>> {
        let text = match fs::read(folder.join(SETTINGS)) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(e),
        };
        let settings = serde_json::from_slice(&text)?;
        Self::with(folder, settings).map(Some)
    }

    fn with(folder: &Path, settings: Settings) -> io::Result<Self> {
        let mut keys: HashMap<Arc<[u8]>, Entry> = HashMap::new();
        let mut order = BTreeMap::new();
        let (mut next_place, mut next_id, mut size) = (0, 0, 0);
        let log = Log::open(folder, |header, key, position| {
            next_place = next_place.max(header.place + 1);
            if let Some(id) = number(&key) {
                next_id = next_id.max(id.saturating_add(1));
            }
            if let Some(old) = keys.remove(key.as_slice()) {
                order.remove(&old.place);
                size -= old.position.len() as u64;
            }
            if header.what == What::Set {
                let key: Arc<[u8]> = key.into();
                size += position.len() as u64;
                order.insert(header.place, key.clone());
                let (place, time) = (header.place, header.time);
                keys.insert(
                    key,
                    Entry {
                        position,
                        place,
                        time,
                    },
                );
            }
        })?;
        Ok(Self {
            folder: folder.to_owned(),
            inner: Mutex::new(Inner {
                settings,
                log,
                keys,
                order,
                next_place,
                next_id,
                size,
                gone: false,
            }),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn alive(&self) -> Result<MutexGuard<'_, Inner>> {
        let inner = self.lock();
        match inner.gone {
            true => Err(Refused::Gone),
            false => Ok(inner),
        }
    }

    /// Its name.
    pub fn name(&self) -> String {
        self.lock().settings.name.clone()
    }

    /// Who chooses the keys.
    pub fn mode(&self) -> Mode {
        self.lock().settings.mode
    }

    /// True when everybody may write.
    pub fn is_open(&self) -> bool {
        self.lock().settings.password.is_none()
    }

    /// True when everybody may read.
    pub fn is_public(&self) -> bool {
        let settings = &self.lock().settings;
        settings.public || settings.password.is_none()
    }

    /// True when this is its password.
    pub fn admits(&self, password: &[u8]) -> bool {
        let settings = &self.lock().settings;
        settings
            .password
            .as_ref()
            .is_none_or(|own| own.is(password))
    }

    /// Number of keys.
    pub fn len(&self) -> usize {
        self.lock().keys.len()
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn change(&self, change: impl FnOnce(&mut Settings)) -> Result<()> {
        let mut inner = self.alive()?;
        let mut settings = inner.settings.clone();
        change(&mut settings);
        write_settings(&self.folder, &settings)?;
        inner.settings = settings;
        Ok(())
    }

    /// Sets the password; None takes it away.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn set_password(&self, password: Option<&[u8]>) -> Result<()> {
        let password = password.map(Password::new).transpose()?;
        self.change(|settings| settings.password = password)
    }

    /// Lets everybody read, or only who knows the password.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn set_public(&self, public: bool) -> Result<()> {
        self.change(|settings| settings.public = public)
    }

    /// Sets how many bytes all values together may have; 0 for any number.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn set_max_size(&self, bytes: u64) -> Result<()> {
        self.change(|settings| settings.max_size = bytes)
    }

    /// Sets who chooses the keys; there must be none.
    ///
    /// # Errors
    /// [`Refused::NotEmpty`], and when it cannot be written.
    pub fn set_mode(&self, mode: Mode) -> Result<()> {
        if self.mode() != mode && !self.is_empty() {
            return Err(Refused::NotEmpty);
        }
        self.change(|settings| settings.mode = mode)
    }

    /// The value of a key.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        let position = match self.alive()?.keys.get(key) {
            Some(entry) => entry.position.clone(),
            None => return Ok(None),
        };
        // Read without the lock: entries never change.
        position.read()?.map(Some).ok_or(Refused::Damaged)
    }

    /// Length of the value of a key.
    ///
    /// # Errors
    /// When the namespace was deleted.
    pub fn length(&self, key: &[u8]) -> Result<Option<usize>> {
        let inner = self.alive()?;
        Ok(inner.keys.get(key).map(|entry| entry.position.len()))
    }

    /// Sets a value, and answers its key; None when the key had this very value already. In mode
    /// `seq` an empty key takes the next number.
    ///
    /// # Errors
    /// A key or value that cannot be, no more room, the disk.
    pub fn set(&self, key: &[u8], value: &[u8], time: u64) -> Result<Option<Arc<[u8]>>> {
        if value.len() > MAX_VALUE {
            return Err(Refused::Large);
        }
        let mut guard = self.alive()?;
        let inner = &mut *guard;
        let key: Arc<[u8]> = match inner.settings.mode {
            Mode::User if (1..=MAX_KEY).contains(&key.len()) => key.into(),
            Mode::Seq if key.is_empty() && inner.next_id < u32::MAX => {
                inner.next_id.to_le_bytes().as_slice().into()
            }
            Mode::Seq if inner.keys.contains_key(key) => key.into(),
            _ => return Err(Refused::Key),
        };
        let old = inner.keys.get(&key).cloned();
        if let Some(old) = &old
            && old.position.len() == value.len()
            && old.position.read()?.as_deref() == Some(value)
        {
            return Ok(None);
        }
        let before = old.as_ref().map_or(0, |old| old.position.len() as u64);
        let after = inner.size - before + value.len() as u64;
        let limit = inner.settings.max_size;
        if limit > 0 && after > limit {
            return Err(Refused::Full);
        }
        let place = inner.next_place;
        let position = inner.log.append(What::Set, &key, value, place, time)?;
        inner.next_place += 1;
        if let Some(id) = number(&key) {
            inner.next_id = inner.next_id.max(id.saturating_add(1));
        }
        if let Some(old) = old {
            inner.order.remove(&old.place);
        }
        inner.size = after;
        inner.order.insert(place, key.clone());
        let entry = Entry {
            position,
            place,
            time,
        };
        inner.keys.insert(key.clone(), entry);
        Ok(Some(key))
    }

    /// Deletes a key.
    ///
    /// # Errors
    /// [`Refused::NotFound`]; the disk.
    pub fn delete(&self, key: &[u8], time: u64) -> Result<()> {
        let mut guard = self.alive()?;
        let inner = &mut *guard;
        let Some(old) = inner.keys.get(key).cloned() else {
            return Err(Refused::NotFound);
        };
        let place = inner.next_place;
        inner.log.append(What::Delete, key, b"", place, time)?;
        inner.next_place += 1;
        inner.keys.remove(key);
        inner.order.remove(&old.place);
        inner.size -= old.position.len() as u64;
        Ok(())
    }

    /// Deletes everything; numbers begin at 0 again.
    ///
    /// # Errors
    /// The disk.
    pub fn flush(&self) -> Result<()> {
        let mut guard = self.alive()?;
        let inner = &mut *guard;
        inner.log.clear()?;
        inner.keys.clear();
        inner.order.clear();
        inner.size = 0;
        inner.next_id = 0;
        Ok(())
    }

    /// The cursor that stands on a key: scans go on behind it.
    ///
    /// # Errors
    /// [`Refused::NotFound`].
    pub fn cursor(&self, key: &[u8]) -> Result<u64> {
        let inner = self.alive()?;
        let entry = inner.keys.get(key).ok_or(Refused::NotFound)?;
        Ok(entry.place)
    }

    /// Lists up to `most` entries in the order of writing (or against it) behind a cursor, and the
    /// cursor of the last one.
    ///
    /// # Errors
    /// [`Refused::End`] when there are none.
    pub fn scan(
        &self,
        cursor: Option<u64>,
        backwards: bool,
        most: usize,
    ) -> Result<(u64, Vec<Scanned>)> {
        let inner = self.alive()?;
        let mut last = None;
        let mut found = Vec::new();
        let mut take = |place: &u64, key: &Arc<[u8]>| {
            if let Some(entry) = inner.keys.get(key) {
                last = Some(*place);
                found.push(Scanned {
                    key: key.clone(),
                    size: entry.position.len(),
                    time: entry.time,
                });
            }
        };
        match backwards {
            false => {
                let from = cursor.map_or(Bound::Unbounded, Bound::Excluded);
                let range = inner.order.range((from, Bound::Unbounded));
                range.take(most).for_each(|(place, key)| take(place, key));
            }
            true => {
                let to = cursor.map_or(Bound::Unbounded, Bound::Excluded);
                let range = inner.order.range((Bound::Unbounded, to)).rev();
                range.take(most).for_each(|(place, key)| take(place, key));
            }
        }
        last.map(|last| (last, found)).ok_or(Refused::End)
    }

    /// The lines of `NSINFO`.
    pub fn info(&self) -> String {
        let inner = self.lock();
        let settings = &inner.settings;
        let yes = |is: bool| if is { "yes" } else { "no" };
        let index: u64 = inner
            .keys
            .keys()
            .map(|key| key.len() as u64 + INDEX_ENTRY)
            .sum();
        #[allow(clippy::cast_precision_loss, reason = "shown with two decimals")]
        let in_units = |bytes: u64, unit: f64| bytes as f64 / unit;
        format!(
            "# namespace\nname: {}\nentries: {}\npublic: {}\npassword: {}\ndata_size_bytes: {}\n\
             data_size_mb: {:.2}\ndata_limits_bytes: {}\nindex_size_bytes: {index}\n\
             index_size_kb: {:.2}\nmode: {}\n",
            settings.name,
            inner.keys.len(),
            yes(settings.public),
            yes(settings.password.is_some()),
            inner.size,
            in_units(inner.size, 1024.0 * 1024.0),
            settings.max_size,
            in_units(index, 1024.0),
            settings.mode.word(),
        )
    }

    /// Waits until everything is on the disk.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn sync(&self) -> io::Result<()> {
        self.lock().log.sync()
    }

    /// Marks it as deleted; answers its folder.
    pub fn end(&self) -> PathBuf {
        self.lock().gone = true;
        self.folder.clone()
    }
}

/// The number that a key of mode `seq` is.
fn number(key: &[u8]) -> Option<u32> {
    key.try_into().ok().map(u32::from_le_bytes)
}

fn write_settings(place: &Path, settings: &Settings) -> io::Result<()> {
    folder::replace(&place.join(SETTINGS), &serde_json::to_vec_pretty(settings)?)
}
