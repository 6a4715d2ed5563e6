//! A cache of chunks in a folder of limited size.
//!
//! Several processes may share the folder. A chunk is a file that is renamed into its place when it
//! is whole, and is checked against its id whenever it is read; so what is cut off or damaged is
//! fetched again. The time of last use is the file's time of change. Who finds the folder too
//! large removes the files that were not used for longest; one process at a time does so.
use std::collections::HashSet;
use std::fs::{self, File, FileTimes, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::{Backend, BackendError};
use crate::flist::chunk::ChunkId;

/// Larger files are no chunks (512 KiB, what compression adds to the incompressible, padding).
const MAX_CHUNK: u64 = 1024 * 1024;
/// Files that were left half written are removed after this time.
const ABANDONED: Duration = Duration::from_secs(600);
/// Files whose time of use is younger are not touched again.
const TOUCHED: Duration = Duration::from_secs(2);
const LOCK: &str = ".lock";

/// A backend with a cache before it. Reading fills it; what is written goes to the backend alone.
pub struct ChunkCache {
    folder: PathBuf,
    limit: u64,
    behind: Arc<dyn Backend>,
    /// Bytes that this process wrote since the folder was last measured.
    written: AtomicU64,
    next: AtomicU64,
    /// Ids that are being fetched: others of this process wait for them.
    fetching: Mutex<HashSet<ChunkId>>,
    fetched: Condvar,
    found: AtomicU64,
    asked: AtomicU64,
}

/// How well a cache serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheUse {
    /// Chunks that were in it.
    pub found: u64,
    /// Chunks that had to be fetched.
    pub fetched: u64,
}

struct Kept {
    path: PathBuf,
    size: u64,
    used: SystemTime,
}

impl std::fmt::Debug for ChunkCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChunkCache")
            .field("folder", &self.folder)
            .field("limit", &self.limit)
            .field("behind", &self.behind.name())
            .finish_non_exhaustive()
    }
}

impl ChunkCache {
    /// Opens a cache of `limit` bytes; the folder is made when it is not there. Each process that
    /// shares it may go over its limit by a sixteenth for a moment.
    ///
    /// # Errors
    /// When the folder cannot be made or read.
    pub fn open(folder: &Path, limit: u64, behind: Arc<dyn Backend>) -> Result<Self, BackendError> {
        let cache = Self {
            folder: folder.to_owned(),
            limit,
            behind,
            written: AtomicU64::new(0),
            next: AtomicU64::new(0),
            fetching: Mutex::default(),
            fetched: Condvar::new(),
            found: AtomicU64::new(0),
            asked: AtomicU64::new(0),
        };
        fs::create_dir_all(folder).map_err(|e| cache.failed(e))?;
        cache.shrink().map_err(|e| cache.failed(e))?;
        Ok(cache)
    }

    /// How well it served since it was opened.
    pub fn usage(&self) -> CacheUse {
        CacheUse {
            found: self.found.load(Ordering::Relaxed),
            fetched: self.asked.load(Ordering::Relaxed),
        }
    }

    fn failed(&self, error: std::io::Error) -> BackendError {
        BackendError {
            backend: format!("cache {}", self.folder.display()),
            reason: error.to_string(),
        }
    }

    fn place(&self, id: &ChunkId) -> PathBuf {
        let digits = id.to_string();
        let (first, rest) = digits.split_at(2);
        self.folder.join(first).join(rest)
    }

    /// A chunk of the folder, if it is whole.
    fn look(&self, id: &ChunkId) -> Option<Vec<u8>> {
        let path = self.place(id);
        let mut file = File::open(&path).ok()?;
        let data = file.metadata().ok()?;
        let mut bytes = Vec::new();
        // A file that cannot be read is as good as none.
        let read = match data.len() {
            length if length <= MAX_CHUNK => file.read_to_end(&mut bytes).ok(),
            _ => None,
        };
        if read.is_none() || ChunkId::of(&bytes) != *id {
            let _ = fs::remove_file(path);
            return None;
        }
        let now = SystemTime::now();
        let age = now.duration_since(data.modified().unwrap_or(now));
        if age.is_ok_and(|age| age > TOUCHED) {
            let times = FileTimes::new().set_modified(now);
            // Who may only read the folder still reads.
            let _ = OpenOptions::new()
                .write(true)
                .open(path)
                .and_then(|file| file.set_times(times));
        }
        Some(bytes)
    }

    /// Keeps a chunk; a full disk or a folder that cannot be written to only makes it slower.
    fn keep(&self, id: &ChunkId, bytes: &[u8]) {
        let size = bytes.len() as u64;
        if size > self.limit || ChunkId::of(bytes) != *id {
            return;
        }
        let path = self.place(id);
        let Some(folder) = path.parent() else { return };
        let own = self.next.fetch_add(1, Ordering::Relaxed);
        let temporary = folder.join(format!(".{}.{own}", std::process::id()));
        let written = (|| {
            fs::create_dir_all(folder)?;
            let mut out = File::create(&temporary)?;
            out.write_all(bytes)?;
            fs::rename(&temporary, &path)
        })();
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
            return;
        }
        let since = self.written.fetch_add(size, Ordering::Relaxed) + size;
        if since > self.limit / 16 {
            let _ = self.shrink();
        }
    }

    /// Measures the folder, and removes the oldest files if it is too large.
    fn shrink(&self) -> std::io::Result<()> {
        self.written.store(0, Ordering::Relaxed);
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.folder.join(LOCK))?;
        if lock.try_lock().is_err() {
            // Another process is at it.
            return Ok(());
        }
        let mut kept = Vec::new();
        let mut total = 0;
        for folder in fs::read_dir(&self.folder)?.flatten() {
            if !folder.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            for file in fs::read_dir(folder.path()).into_iter().flatten().flatten() {
                let Ok(data) = file.metadata() else { continue };
                let used = data.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                if file.file_name().as_encoded_bytes().starts_with(b".") {
                    if used.elapsed().is_ok_and(|age| age > ABANDONED) {
                        let _ = fs::remove_file(file.path());
                    }
                    continue;
                }
                total += data.len();
                kept.push(Kept {
                    path: file.path(),
                    size: data.len(),
                    used,
                });
            }
        }
        if total <= self.limit {
            return Ok(());
        }
        // Some more than needed, so that it is not done again at once.
        let wanted = self.limit - self.limit / 8;
        kept.sort_by_key(|file| file.used);
        for file in kept {
            if total <= wanted {
                break;
            }
            match fs::remove_file(&file.path) {
                Ok(()) => total -= file.size,
                Err(e) if e.kind() == ErrorKind::NotFound => total -= file.size,
                Err(_) => {}
            }
        }
        Ok(())
    }

    fn fetch(&self, id: &ChunkId) -> Result<Option<Vec<u8>>, BackendError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let bytes = self.behind.get(id)?;
        if let Some(bytes) = &bytes {
            self.keep(id, bytes);
        }
        Ok(bytes)
    }
}

/// Says that a fetch ended, however it did.
struct Fetching<'a>(&'a ChunkCache, ChunkId);

impl Drop for Fetching<'_> {
    fn drop(&mut self) {
        let mut fetching = self
            .0
            .fetching
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        fetching.remove(&self.1);
        self.0.fetched.notify_all();
    }
}

impl Backend for ChunkCache {
    fn name(&self) -> String {
        self.behind.name()
    }

    fn get(&self, id: &ChunkId) -> Result<Option<Vec<u8>>, BackendError> {
        loop {
            if let Some(bytes) = self.look(id) {
                self.found.fetch_add(1, Ordering::Relaxed);
                return Ok(Some(bytes));
            }
            let mut fetching = self.fetching.lock().unwrap_or_else(PoisonError::into_inner);
            if fetching.insert(*id) {
                drop(fetching);
                let _ours = Fetching(self, *id);
                // Another may have fetched it since it was looked for.
                return match self.look(id) {
                    Some(bytes) => Ok(Some(bytes)),
                    None => self.fetch(id),
                };
            }
            while fetching.contains(id) {
                fetching = self
                    .fetched
                    .wait(fetching)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            drop(fetching);
            // If nothing came of it, or it went at once, it is our turn.
            if !self.place(id).exists() {
                return self.fetch(id);
            }
        }
    }

    fn put(&self, id: &ChunkId, bytes: &[u8]) -> Result<(), BackendError> {
        self.behind.put(id, bytes)
    }

    fn has(&self, id: &ChunkId) -> Result<bool, BackendError> {
        self.behind.has(id)
    }

    fn missing(&self, ids: &[ChunkId]) -> Result<Vec<ChunkId>, BackendError> {
        self.behind.missing(ids)
    }

    fn put_all(&self, chunks: &[(ChunkId, Vec<u8>)]) -> Result<(), BackendError> {
        self.behind.put_all(chunks)
    }

    fn holds(&self, id: &ChunkId, bytes: &[u8]) -> Result<bool, BackendError> {
        self.behind.holds(id, bytes)
    }

    fn requests(&self) -> usize {
        self.behind.requests()
    }
}
