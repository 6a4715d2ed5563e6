//! Chunks as files of a folder.
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Backend, BackendError};
use crate::flist::chunk::ChunkId;

/// Chunks as files of a folder: `ab/cdef…`, each written as a whole or not at all.
///
/// Nothing is forced to the disk: when the machine loses power, the last files may be empty. Those
/// count as missing, and [`crate::flist::check`] finds whatever else is damaged.
#[derive(Debug)]
pub struct FolderBackend {
    folder: PathBuf,
    /// Tells temporary files of this process apart.
    next: AtomicU64,
}

impl FolderBackend {
    /// Opens a folder; it is made when it is not there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(folder: &Path) -> Result<Self, BackendError> {
        let backend = Self {
            folder: folder.to_owned(),
            next: AtomicU64::new(0),
        };
        fs::create_dir_all(folder).map_err(|e| backend.failed(e))?;
        Ok(backend)
    }

    fn place(&self, id: &ChunkId) -> (PathBuf, PathBuf) {
        let digits = id.to_string();
        let (first, rest) = digits.split_at(2);
        let folder = self.folder.join(first);
        let file = folder.join(rest);
        (folder, file)
    }

    fn failed(&self, error: std::io::Error) -> BackendError {
        BackendError {
            backend: self.name(),
            reason: error.to_string(),
        }
    }
}

impl Backend for FolderBackend {
    fn name(&self) -> String {
        self.folder.display().to_string()
    }

    fn get(&self, id: &ChunkId) -> Result<Option<Vec<u8>>, BackendError> {
        match fs::read(self.place(id).1) {
            Ok(bytes) => Ok(Some(bytes).filter(|bytes| !bytes.is_empty())),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) => Err(self.failed(e)),
        }
    }

    fn put(&self, id: &ChunkId, bytes: &[u8]) -> Result<(), BackendError> {
        let (folder, file) = self.place(id);
        // The name tells the content, but a file of another length was cut off.
        if fs::metadata(&file).is_ok_and(|there| there.len() == bytes.len() as u64) {
            return Ok(());
        }
        let own = self.next.fetch_add(1, Ordering::Relaxed);
        let temporary = folder.join(format!(".{}.{own}", std::process::id()));
        let written = (|| {
            fs::create_dir_all(&folder)?;
            let mut out = fs::File::create(&temporary)?;
            out.write_all(bytes)?;
            fs::rename(&temporary, &file)
        })();
        written.map_err(|e| {
            // Ours and incomplete: nothing of value is lost.
            let _ = fs::remove_file(&temporary);
            self.failed(e)
        })
    }

    fn has(&self, id: &ChunkId) -> Result<bool, BackendError> {
        match fs::metadata(self.place(id).1) {
            Ok(file) => Ok(file.len() > 0),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(false),
            Err(e) => Err(self.failed(e)),
        }
    }

    fn holds(&self, id: &ChunkId, bytes: &[u8]) -> Result<bool, BackendError> {
        // Reading it back would tell what the system has in memory, not what is on the disk.
        match fs::metadata(self.place(id).1) {
            Ok(file) => Ok(file.len() == bytes.len() as u64),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(false),
            Err(e) => Err(self.failed(e)),
        }
    }
}
