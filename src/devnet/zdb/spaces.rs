//! The folder of a server: one folder for each namespace, and the lock that keeps others away.
use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::log::Sizes;
use super::namespace::{Mode, Namespace};
use crate::devnet::error::{Error, Result};

/// The namespace that a client has without asking for one.
pub const DEFAULT: &str = "default";
/// Longest name in bytes; in hex it still is a file name.
const MAX_NAME: usize = 120;
const PREFIX: &str = "ns-";
const TRASH: &str = "gone-";

/// All namespaces of a server.
#[derive(Debug)]
pub struct Spaces {
    folder: PathBuf,
    mode: Mode,
    sizes: Sizes,
    spaces: Mutex<BTreeMap<String, Arc<Namespace>>>,
    lock: Arc<File>,
}

impl Spaces {
    /// Opens a folder; it is made when it is missing. New namespaces have `mode`, data files `sizes`.
    ///
    /// # Errors
    /// When it is in use, or cannot be read or made.
    pub fn open(folder: &Path, mode: Mode, sizes: Sizes) -> Result<Self> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(Error::file("cannot make", folder))?;
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(folder.join("lock"))
            .map_err(Error::file("cannot write", folder.join("lock")))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let path = folder.to_owned();
                return Err(Error::Running { path, pid: 0 });
            }
            Err(TryLockError::Error(e)) => return Err(Error::file("cannot lock", folder)(e)),
        }
        let lock = Arc::new(lock);
        let mut spaces = BTreeMap::new();
        for entry in fs::read_dir(folder).map_err(Error::file("cannot read", folder))? {
            let entry = entry.map_err(Error::file("cannot read", folder))?;
            let (name, path) = (entry.file_name(), entry.path());
            let name = name.to_string_lossy();
            if name.starts_with(TRASH) {
                // What a server that was killed had begun to delete.
                fs::remove_dir_all(&path).map_err(Error::file("cannot remove", path))?;
            } else if name.starts_with(PREFIX) {
                let space = Namespace::open(&path, sizes, lock.clone());
                match space.map_err(Error::file("cannot read", path.clone()))? {
                    Some(space) => drop(spaces.insert(space.name(), Arc::new(space))),
                    // It was not made to its end, so nothing is in it.
                    None => {
                        fs::remove_dir_all(&path).map_err(Error::file("cannot remove", path))?
                    }
                }
            }
        }
        let all = Self {
            folder: folder.to_owned(),
            mode,
            sizes,
            spaces: Mutex::new(spaces),
            lock,
        };
        if all.get(DEFAULT).is_none() {
            all.create(DEFAULT)
                .map_err(Error::file("cannot make", folder))?;
        }
        Ok(all)
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Namespace>>> {
        self.spaces.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A namespace by its name.
    pub fn get(&self, name: &str) -> Option<Arc<Namespace>> {
        self.all().get(name).cloned()
    }

    /// All names, sorted.
    pub fn names(&self) -> Vec<String> {
        self.all().keys().cloned().collect()
    }

    /// Makes a namespace; None when there is one of that name.
    ///
    /// # Errors
    /// A name that cannot be one; the disk.
    pub fn create(&self, name: &str) -> io::Result<Option<Arc<Namespace>>> {
        let plain = |c: char| !c.is_control() && !c.is_whitespace();
        if name.is_empty() || name.len() > MAX_NAME || !name.chars().all(plain) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("a name has 1 to {MAX_NAME} bytes, without spaces"),
            ));
        }
        let mut spaces = self.all();
        if spaces.contains_key(name) {
            return Ok(None);
        }
        let folder = self.folder.join(format!("{PREFIX}{}", hex::encode(name)));
        let lock = self.lock.clone();
        let space = Namespace::create(&folder, name, self.mode, self.sizes, lock)?;
        let space = Arc::new(space);
        spaces.insert(name.to_owned(), space.clone());
        Ok(Some(space))
    }

    /// Deletes a namespace with everything in it; false when there is none.
    ///
    /// # Errors
    /// The disk.
    pub fn delete(&self, name: &str) -> io::Result<bool> {
        let mut spaces = self.all();
        let Some(space) = spaces.remove(name) else {
            return Ok(false);
        };
        let folder = space.end();
        let unique = getrandom::u64().map_err(|e| io::Error::other(e.to_string()))?;
        let trash = self.folder.join(format!("{TRASH}{unique:016x}"));
        fs::rename(folder, &trash)?;
        drop(spaces);
        space.rest();
        fs::remove_dir_all(trash)?;
        Ok(true)
    }

    /// Waits until everything is on the disk.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn sync(&self) -> io::Result<()> {
        let all: Vec<Arc<Namespace>> = self.all().values().cloned().collect();
        all.iter().try_for_each(|space| space.sync())
    }
}
