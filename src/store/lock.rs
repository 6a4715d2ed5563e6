//! The lock of the folder: one process at a time, per operation, never per session.
//!
//! `lock.pid` carries an advisory lock of the system, which ends with its holder however that
//! ends, and the holder's process id, which serves the message to those who wait in vain.
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use super::error::{Result, StoreError};

/// Name of the lock file.
pub(crate) const LOCK_FILE: &str = "lock.pid";
/// First pause; doubled up to [`LONGEST`].
const FIRST: Duration = Duration::from_micros(200);
const LONGEST: Duration = Duration::from_millis(10);

/// The lock, released when dropped.
pub(crate) struct FolderLock(#[allow(dead_code, reason = "closing it lets the lock go")] File);

impl FolderLock {
    /// Waits for the lock up to `wait`, with short pauses.
    pub(crate) fn acquire(dir: &Path, wait: Duration) -> Result<Self> {
        let path = dir.join(LOCK_FILE);
        let fail = |e| StoreError::io("open the lock", &path)(e);
        let deadline = Instant::now() + wait;
        let mut pause = FIRST;
        loop {
            let mut file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o600)
                .open(&path)
                .map_err(|e| match e.kind() {
                    std::io::ErrorKind::NotFound => StoreError::NotAStore(dir.to_path_buf()),
                    _ => StoreError::io("open the lock", &path)(e),
                })?;
            match file.try_lock() {
                Ok(()) if is_same(&file, &path) => {
                    note_pid(&mut file).map_err(fail)?;
                    return Ok(Self(file));
                }
                // The folder was moved aside while we waited: lock the new one.
                Ok(()) => continue,
                Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                    return Err(StoreError::Locked {
                        dir: dir.to_path_buf(),
                        pid: read_pid(&mut file),
                    });
                }
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(e)) => return Err(fail(e)),
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(LONGEST);
        }
    }
}

/// Whether the path still names the opened file.
fn is_same(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::metadata(path)) {
        (Ok(ours), Ok(there)) => ours.ino() == there.ino() && ours.dev() == there.dev(),
        _ => false,
    }
}

fn note_pid(file: &mut File) -> std::io::Result<()> {
    let text = format!("{:<10}\n", std::process::id());
    // Unchanged most of the time: reading is cheaper than writing.
    let mut old = String::new();
    file.take(16).read_to_string(&mut old).unwrap_or_default();
    if old != text {
        file.rewind()?;
        file.write_all(text.as_bytes())?;
    }
    Ok(())
}

fn read_pid(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
