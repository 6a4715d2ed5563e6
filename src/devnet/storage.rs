//! The chain log: an append-only file of checksummed records that survives `kill -9` at any moment.
//!
//! Layout: 16 bytes of head, then per record: payload length (u32 LE), kind (u8), payload, and the
//! first 8 bytes of BLAKE2b-256 over (offset of the record as u64 LE, kind, payload). The offset in
//! the sum makes a record valid at its place only. Reading stops at the first record that is not
//! whole; what follows is cut off (and kept beside the log when it is more than a torn write).
//!
//! A record is written before its effect is visible; [`Log::durable`] tells when it is on the disk.
//! One thread does the fsyncs, so that many submitters share one.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use blake2::{Blake2b256, Digest};
use tokio::sync::watch;

use super::error::{Error, Result};
use super::folder;

const HEAD: &[u8; 16] = b"kosmos-devnet 1\n";
const SUM: usize = 8;
/// Longest payload; a block has at most 2 000 000 bytes.
const MAX_PAYLOAD: u32 = 8_000_000;

/// What a record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A block, raw.
    Block,
    /// A transaction that was accepted in the pool, raw.
    Transaction,
    /// The clock's offset in seconds (i64 LE).
    ClockOffset,
}

impl Kind {
    fn byte(self) -> u8 {
        match self {
            Self::Block => 1,
            Self::Transaction => 2,
            Self::ClockOffset => 3,
        }
    }

    fn from_byte(byte: u8) -> Option<Self> {
        [Self::Block, Self::Transaction, Self::ClockOffset]
            .into_iter()
            .find(|k| k.byte() == byte)
    }
}

/// One record read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What it holds.
    pub kind: Kind,
    /// Its bytes.
    pub payload: Vec<u8>,
}

/// How far the log is on disk.
#[derive(Clone, Debug, Default)]
struct Durable {
    upto: u64,
    failed: Option<String>,
}

#[derive(Debug, Default)]
struct Wanted {
    upto: u64,
    stop: bool,
}

#[derive(Debug, Default)]
struct Shared {
    wanted: Mutex<Wanted>,
    wake: Condvar,
}

/// An open chain log. Dropping it waits for the last fsync.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    file: File,
    len: u64,
    shared: Arc<Shared>,
    durable: watch::Receiver<Durable>,
    syncer: Option<std::thread::JoinHandle<()>>,
    broken: Option<String>,
}

/// A waiter for one record to be on disk; see [`Log::durable`].
#[derive(Debug)]
pub struct Pending {
    upto: u64,
    durable: watch::Receiver<Durable>,
}

impl Pending {
    /// Waits until the record is on disk.
    pub async fn wait(mut self) -> Result<()> {
        let upto = self.upto;
        let state = self
            .durable
            .wait_for(|d| d.upto >= upto || d.failed.is_some())
            .await
            .map_err(|_| Error::Storage {
                reason: "the log was closed".into(),
            })?;
        match &state.failed {
            Some(reason) if state.upto < upto => Err(Error::Storage {
                reason: reason.clone(),
            }),
            _ => Ok(()),
        }
    }
}

/// What [`Log::open`] found.
#[derive(Debug)]
pub struct Opened {
    /// The log, ready for appending.
    pub log: Log,
    /// All whole records, in order.
    pub records: Vec<Record>,
    /// What was cut off, in words; None for a clean log.
    pub notice: Option<String>,
}

impl Log {
    /// Opens the log, or makes it; cuts off a tail that is not whole.
    pub fn open(path: &Path) -> Result<Opened> {
        let mut file = folder::private_options()
            .open(path)
            .map_err(Error::file("cannot open", path))?;
        if !file.metadata().is_ok_and(|m| m.is_file()) {
            return Err(Error::Log {
                path: path.to_owned(),
                reason: "it is no file".into(),
            });
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)
            .map_err(Error::file("cannot read", path))?;
        // A head that was being written when the process died counts as an empty log.
        let head_torn = bytes.len() < HEAD.len() && HEAD.starts_with(&bytes);
        if head_torn {
            file.set_len(0).map_err(Error::file("cannot write", path))?;
            file.seek(SeekFrom::Start(0))
                .map_err(Error::file("cannot write", path))?;
            file.write_all(HEAD)
                .and_then(|()| file.sync_all())
                .map_err(Error::file("cannot write", path))?;
            bytes = HEAD.to_vec();
            folder::sync_parent(path);
        } else if !bytes.starts_with(HEAD) {
            return Err(Error::Log {
                path: path.to_owned(),
                reason: "it does not begin as one; use another folder or reset this one".into(),
            });
        }
        let (records, end) = scan(&bytes);
        let notice = cut_tail(path, &mut file, &bytes, end, records.len())?;
        let len = u64::try_from(end).unwrap_or(u64::MAX);
        file.seek(SeekFrom::Start(len))
            .map_err(Error::file("cannot read", path))?;
        let syncing = file.try_clone().map_err(Error::file("cannot open", path))?;
        let (sender, durable) = watch::channel(Durable {
            upto: len,
            failed: None,
        });
        let shared = Arc::new(Shared::default());
        let syncer = spawn_syncer(syncing, Arc::clone(&shared), sender)?;
        let path = path.to_owned();
        let syncer = Some(syncer);
        let log = Self {
            path,
            file,
            len,
            shared,
            durable,
            syncer,
            broken: None,
        };
        Ok(Opened {
            log,
            records,
            notice,
        })
    }

    /// Appends a record. When writing fails (disk full) the file is cut back to the record before,
    /// and the log stays usable.
    pub fn append(&mut self, kind: Kind, payload: &[u8]) -> Result<Pending> {
        let failed = self.durable.borrow().failed.clone();
        if let Some(reason) = self.broken.clone().or(failed) {
            return Err(Error::Storage { reason });
        }
        let Some(record) = encode(self.len, kind, payload) else {
            return Err(Error::Storage {
                reason: format!("a record of {} bytes is too long", payload.len()),
            });
        };
        if let Err(source) = self.file.write_all(&record) {
            let _ = self.file.set_len(self.len);
            let _ = self.file.seek(SeekFrom::Start(self.len));
            return Err(Error::File {
                what: "cannot write",
                path: self.path.clone(),
                source,
            });
        }
        self.len = self
            .len
            .saturating_add(u64::try_from(record.len()).unwrap_or(0));
        let mut wanted = self
            .shared
            .wanted
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        wanted.upto = self.len;
        self.shared.wake.notify_one();
        Ok(Pending {
            upto: self.len,
            durable: self.durable.clone(),
        })
    }

    /// Refuses everything from now on: the state in memory is ahead of the log.
    pub fn fail(&mut self, reason: &str) {
        self.broken = Some(reason.to_owned());
    }

    /// Returns a waiter for everything appended so far.
    pub fn durable(&self) -> Pending {
        Pending {
            upto: self.len,
            durable: self.durable.clone(),
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.shared
            .wanted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .stop = true;
        self.shared.wake.notify_one();
        if let Some(thread) = self.syncer.take() {
            let _ = thread.join();
        }
    }
}

fn encode(offset: u64, kind: Kind, payload: &[u8]) -> Option<Vec<u8>> {
    let length = u32::try_from(payload.len())
        .ok()
        .filter(|n| *n <= MAX_PAYLOAD)?;
    let mut record = Vec::with_capacity(payload.len() + 5 + SUM);
    record.extend_from_slice(&length.to_le_bytes());
    record.push(kind.byte());
    record.extend_from_slice(payload);
    record.extend_from_slice(&checksum(offset, kind.byte(), payload));
    Some(record)
}

fn checksum(offset: u64, kind: u8, payload: &[u8]) -> [u8; SUM] {
    let mut hasher = Blake2b256::new();
    hasher.update(offset.to_le_bytes());
    hasher.update([kind]);
    hasher.update(payload);
    let digest = hasher.finalize();
    let mut sum = [0; SUM];
    sum.iter_mut()
        .zip(digest.iter())
        .for_each(|(to, from)| *to = *from);
    sum
}

/// Reads whole records from the start; returns them and the offset behind the last one.
fn scan(bytes: &[u8]) -> (Vec<Record>, usize) {
    let mut records = Vec::new();
    let mut at = HEAD.len();
    while let Some((record, next)) = read_record(bytes, at) {
        records.push(record);
        at = next;
    }
    (records, at)
}

fn read_record(bytes: &[u8], at: usize) -> Option<(Record, usize)> {
    let rest = bytes.get(at..)?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let length = u32::from_le_bytes(*length);
    if length > MAX_PAYLOAD {
        return None;
    }
    let length = usize::try_from(length).ok()?;
    let (kind, rest) = rest.split_first()?;
    let payload = rest.get(..length)?;
    let sum = rest.get(length..length.checked_add(SUM)?)?;
    if checksum(u64::try_from(at).ok()?, *kind, payload) != *sum {
        return None;
    }
    let record = Record {
        kind: Kind::from_byte(*kind)?,
        payload: payload.to_vec(),
    };
    Some((record, at.checked_add(5 + SUM)?.checked_add(length)?))
}

/// Cuts everything behind `end` off the file. A tail that claims to be longer than the file is a
/// torn write and just dropped; anything else is damage, and its bytes are kept.
fn cut_tail(
    path: &Path,
    file: &mut File,
    bytes: &[u8],
    end: usize,
    whole: usize,
) -> Result<Option<String>> {
    let tail = bytes.get(end..).unwrap_or_default();
    if tail.is_empty() {
        return Ok(None);
    }
    let torn = match tail.split_first_chunk::<4>() {
        None => true,
        Some((length, _)) => {
            let need = u64::from(u32::from_le_bytes(*length)).saturating_add(5 + SUM as u64);
            u32::from_le_bytes(*length) <= MAX_PAYLOAD
                && need > u64::try_from(tail.len()).unwrap_or(u64::MAX)
        }
    };
    let at = u64::try_from(end).unwrap_or(u64::MAX);
    let mut notice = format!(
        "{} bytes behind record {whole} (offset {at}) were not whole and are discarded",
        tail.len()
    );
    if !torn {
        let kept = folder::keep_discarded(path, at, tail)?;
        notice.push_str(&format!(", a copy is in {}", kept.display()));
    }
    file.set_len(at)
        .and_then(|()| file.sync_all())
        .map_err(Error::file("cannot shorten", path))?;
    Ok(Some(notice))
}

fn spawn_syncer(
    file: File,
    shared: Arc<Shared>,
    sender: watch::Sender<Durable>,
) -> Result<std::thread::JoinHandle<()>> {
    let run = move || {
        let mut done = sender.borrow().upto;
        loop {
            let mut wanted = shared.wanted.lock().unwrap_or_else(PoisonError::into_inner);
            while wanted.upto <= done && !wanted.stop {
                wanted = shared
                    .wake
                    .wait(wanted)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            let (upto, stop) = (wanted.upto, wanted.stop);
            drop(wanted);
            if upto > done {
                match file.sync_data() {
                    Ok(()) => {
                        done = upto;
                        sender.send_modify(|d| d.upto = upto);
                    }
                    // After a failed fsync the system may have dropped the pages: never retry.
                    Err(e) => {
                        sender.send_modify(|d| d.failed = Some(e.to_string()));
                        return;
                    }
                }
            } else if stop {
                return;
            }
        }
    };
    std::thread::Builder::new()
        .name("devnet-fsync".into())
        .spawn(run)
        .map_err(|e| Error::Storage {
            reason: e.to_string(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_that_fails_leaves_the_log_whole_and_usable() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("chain.log");
        let mut log = Log::open(&path).unwrap().log;
        log.append(Kind::Block, b"one").unwrap();
        // A handle that may not write stands for a full disk.
        let readable = File::open(&path).unwrap();
        let writable = std::mem::replace(&mut log.file, readable);
        assert!(matches!(
            log.append(Kind::Block, b"two"),
            Err(Error::File { .. })
        ));
        log.file = writable;
        log.append(Kind::Transaction, b"three").unwrap();
        drop(log);
        let opened = Log::open(&path).unwrap();
        let payloads: Vec<&[u8]> = opened
            .records
            .iter()
            .map(|r| r.payload.as_slice())
            .collect();
        assert_eq!(payloads, [&b"one"[..], b"three"]);
        assert_eq!(opened.notice, None);
    }

    #[test]
    fn a_log_that_was_failed_refuses() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = Log::open(&dir.path().join("chain.log")).unwrap().log;
        log.fail("no space");
        let error = log.append(Kind::Block, b"x").unwrap_err();
        assert!(error.to_string().contains("no space"), "{error}");
        assert!(Log::open(Path::new("/dev/zero")).is_err());
    }

    #[tokio::test]
    async fn waiting_ends_when_the_record_is_on_disk() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = Log::open(&dir.path().join("chain.log")).unwrap().log;
        let pending: Vec<Pending> = (0..50)
            .map(|_| log.append(Kind::Block, b"x").unwrap())
            .collect();
        for waiter in pending {
            waiter.wait().await.unwrap();
        }
    }
}
