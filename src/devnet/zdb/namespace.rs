//! A namespace: its settings, the index of its keys in memory, its data files.
use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io;
use std::ops::Bound;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::log::{Log, Position, Sizes};
use super::record::{Header, MAX_KEY, MAX_VALUE, What};
use super::rewrite::Mark;
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

/// What is there, in memory.
#[derive(Default)]
struct Index {
    keys: HashMap<Arc<[u8]>, Entry>,
    /// Keys in the order of writing.
    order: BTreeMap<u64, Arc<[u8]>>,
    next_place: u64,
    next_id: u32,
    /// Bytes of the values.
    size: u64,
    /// Bytes of the entries that count.
    live: u64,
}

struct Inner {
    settings: Settings,
    log: Log,
    index: Index,
    /// From so many bytes on that do not count files are written anew.
    most_waste: u64,
    /// Writes files anew.
    rewriter: Option<JoinHandle<()>>,
    /// It was deleted; who still has it selected is told so.
    gone: bool,
}

impl Inner {
    fn waste(&self) -> u64 {
        self.log.written().saturating_sub(self.index.live)
    }

    fn is_wasteful(&self) -> bool {
        self.waste() > self.most_waste && self.waste() > self.index.live
    }
}

impl Index {
    /// Reads an entry of a data file.
    fn read(&mut self, header: &Header, key: Vec<u8>, position: Position) {
        self.next_place = self.next_place.max(header.place.saturating_add(1));
        self.count(&key);
        let (place, time) = (header.place, header.time);
        match header.what {
            What::Set => self.keep(
                key.into(),
                Entry {
                    position,
                    place,
                    time,
                },
            ),
            What::Delete => self.forget(&key),
            What::Mark => {}
        }
    }

    /// Numbers that are keys are not given again.
    fn count(&mut self, key: &[u8]) {
        if let Some(id) = number(key) {
            self.next_id = self.next_id.max(id.saturating_add(1));
        }
    }

    /// Puts an entry in the place of what the key had.
    fn keep(&mut self, key: Arc<[u8]>, entry: Entry) {
        self.forget(&key);
        self.size += entry.position.len() as u64;
        self.live += entry.position.span();
        self.order.insert(entry.place, key.clone());
        self.keys.insert(key, entry);
    }

    fn forget(&mut self, key: &[u8]) {
        if let Some(old) = self.keys.remove(key) {
            self.order.remove(&old.place);
            self.size -= old.position.len() as u64;
            self.live -= old.position.span();
        }
    }
}

/// A namespace.
pub struct Namespace {
    folder: PathBuf,
    inner: Mutex<Inner>,
    /// Keeps other servers away as long as something of this one is at work.
    _lock: Arc<File>,
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

/// Place and key of an entry.
type Written = (u64, Arc<[u8]>);

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
    pub fn create(
        folder: &Path,
        name: &str,
        mode: Mode,
        sizes: Sizes,
        lock: Arc<File>,
    ) -> io::Result<Self> {
        fs::DirBuilder::new().mode(0o700).create(folder)?;
        let settings = Settings {
            name: name.to_owned(),
            mode,
            public: true,
            password: None,
            max_size: 0,
        };
        write_settings(folder, &settings)?;
        Self::with(folder, settings, sizes, lock)
    }

    /// Opens one that is there; None when the folder holds none (it was not made to its end).
    ///
    /// # Errors
    /// When files cannot be read.
    pub fn open(folder: &Path, sizes: Sizes, lock: Arc<File>) -> io::Result<Option<Self>> {
        let text = match fs::read(folder.join(SETTINGS)) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(e),
        };
        let settings = serde_json::from_slice(&text)?;
        let space = Self::with(folder, settings, sizes, lock)?;
        if space.lock().is_wasteful() {
            // It works without as well.
            let _ = space.rewrite();
        }
        Ok(Some(space))
    }

    fn with(folder: &Path, settings: Settings, sizes: Sizes, lock: Arc<File>) -> io::Result<Self> {
        let mut index = Index::default();
        let log = Log::open(folder, sizes, |header, key, position| {
            index.read(header, key, position);
        })?;
        let inner = Inner {
            settings,
            log,
            index,
            most_waste: sizes.waste,
            rewriter: None,
            gone: false,
        };
        Ok(Self {
            folder: folder.to_owned(),
            inner: Mutex::new(inner),
            _lock: lock,
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
        self.lock().index.keys.len()
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
        let position = match self.alive()?.index.keys.get(key) {
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
        Ok(inner.index.keys.get(key).map(|entry| entry.position.len()))
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
            Mode::Seq if key.is_empty() && inner.index.next_id < u32::MAX => {
                inner.index.next_id.to_le_bytes().as_slice().into()
            }
            Mode::Seq if inner.index.keys.contains_key(key) => key.into(),
            _ => return Err(Refused::Key),
        };
        let old = inner.index.keys.get(&key).cloned();
        if let Some(old) = &old
            && old.position.len() == value.len()
            && old.position.read()?.as_deref() == Some(value)
        {
            return Ok(None);
        }
        let before = old.as_ref().map_or(0, |old| old.position.len() as u64);
        let after = inner.index.size - before + value.len() as u64;
        let limit = inner.settings.max_size;
        if limit > 0 && after > limit {
            return Err(Refused::Full);
        }
        let place = inner.index.next_place;
        let position = inner.log.append(What::Set, &key, value, place, time)?;
        inner.index.next_place += 1;
        inner.index.count(&key);
        let entry = Entry {
            position,
            place,
            time,
        };
        inner.index.keep(key.clone(), entry);
        Ok(Some(key))
    }

    /// Deletes a key.
    ///
    /// # Errors
    /// [`Refused::NotFound`]; the disk.
    pub fn delete(&self, key: &[u8], time: u64) -> Result<()> {
        let mut guard = self.alive()?;
        let inner = &mut *guard;
        if !inner.index.keys.contains_key(key) {
            return Err(Refused::NotFound);
        }
        let place = inner.index.next_place;
        inner.log.append(What::Delete, key, b"", place, time)?;
        inner.index.next_place += 1;
        inner.index.forget(key);
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
        inner.index.keys.clear();
        inner.index.order.clear();
        (inner.index.size, inner.index.live) = (0, 0);
        inner.index.next_id = 0;
        Ok(())
    }

    /// The cursor that stands on a key: scans go on behind it.
    ///
    /// # Errors
    /// [`Refused::NotFound`].
    pub fn cursor(&self, key: &[u8]) -> Result<u64> {
        let inner = self.alive()?;
        let entry = inner.index.keys.get(key).ok_or(Refused::NotFound)?;
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
            if let Some(entry) = inner.index.keys.get(key) {
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
                let range = inner.index.order.range((from, Bound::Unbounded));
                range.take(most).for_each(|(place, key)| take(place, key));
            }
            true => {
                let to = cursor.map_or(Bound::Unbounded, Bound::Excluded);
                let range = inner.index.order.range((Bound::Unbounded, to)).rev();
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
            .index
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
            inner.index.keys.len(),
            yes(settings.public),
            yes(settings.password.is_some()),
            inner.index.size,
            in_units(inner.index.size, 1024.0 * 1024.0),
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
        self.rest();
        self.lock().log.sync()
    }

    /// Waits until nothing of it is at work any more.
    pub fn rest(&self) {
        let rewriter = self.lock().rewriter.take();
        // It answers nothing; a panic of it is no reason not to go on.
        let _ = rewriter.map(JoinHandle::join);
    }

    /// Has the files written anew on a thread of its own, when most of what is in them does not
    /// count any more. Reading and writing go on meanwhile.
    pub fn tidy(self: &Arc<Self>) {
        let mut inner = self.lock();
        let is_busy = inner.rewriter.as_ref().is_some_and(|r| !r.is_finished());
        if inner.gone || is_busy || !inner.is_wasteful() {
            return;
        }
        let own = self.clone();
        let rewriter = thread::Builder::new().name("zdb-rewrite".into());
        let rewriter = rewriter.spawn(move || {
            // A disk that is full now may have room later; until then nothing changes.
            let _ = own.rewrite();
        });
        inner.rewriter = rewriter.ok();
    }

    /// Writes the files anew.
    fn rewrite(&self) -> io::Result<()> {
        let (rewriting, mark, entries) = {
            let mut guard = self.lock();
            let inner = &mut *guard;
            // Whatever comes of it: not again before there is twice as much.
            inner.most_waste = inner.most_waste.max(inner.waste()).saturating_mul(2);
            let rewriting = inner.log.set_aside(inner.index.live)?;
            let mark = Mark {
                place: inner.index.next_place.saturating_sub(1),
                key: match inner.index.next_id.checked_sub(1) {
                    Some(last) => last.to_le_bytes().to_vec(),
                    None => Vec::new(),
                },
                time: inner
                    .index
                    .keys
                    .values()
                    .map(|entry| entry.time)
                    .max()
                    .unwrap_or_default(),
            };
            let entries = inner.index.order.iter();
            let entries = entries.filter_map(|(place, key)| {
                let position = inner.index.keys.get(key)?.position.clone();
                Some(((*place, key.clone()), position))
            });
            let entries: (Vec<Written>, Vec<Position>) = entries.unzip();
            (rewriting, mark, entries)
        };
        let (keys, positions) = entries;
        let rewritten = rewriting.0.write(&mark, &positions)?;
        let mut guard = self.lock();
        let inner = &mut *guard;
        if inner.gone || !inner.log.adopt(&rewriting, &rewritten)? {
            return Ok(());
        }
        inner.most_waste = inner.log.sizes().waste;
        for ((place, key), position) in keys.into_iter().zip(rewritten.positions) {
            if let Some(entry) = inner.index.keys.get_mut(&key)
                && entry.place == place
            {
                entry.position = position;
            }
        }
        Ok(())
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
