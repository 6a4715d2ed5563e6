//! The flists on disk: a folder for each account, a file for each flist, a symbolic link for each
//! link.
//!
//! What comes in is written beside, forced to the disk, and then put in place by a rename: a hub
//! that is killed has the old file or the new one. What lay beside is removed at the next start.
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::UNIX_EPOCH;

use super::names;

/// Links that are followed one after the other.
const LINKS: usize = 8;

/// An flist or link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its name.
    pub name: String,
    /// When it was changed, seconds since 1970.
    pub updated: u64,
    /// What it is.
    pub kind: ItemKind,
}

/// What an item is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemKind {
    /// An flist of so many bytes.
    File(u64),
    /// A link to another name of the account.
    Link(String),
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    /// What should be changed is not there.
    #[error("source not found")]
    NoSource,
    /// A link would take the place of an flist.
    #[error("link destination is already a file")]
    IsFile,
    /// A link would lead to itself.
    #[error("link would lead to itself")]
    Cycle,
    /// The disk.
    #[error("the hub cannot keep it: {0}")]
    Disk(#[from] io::Error),
}

/// The flists on disk.
#[derive(Debug)]
pub struct Shelf {
    flists: PathBuf,
    incoming: PathBuf,
    next: AtomicU64,
    /// Held while one thing becomes another, so that what was looked at is still so.
    changing: Mutex<()>,
}

/// A file that is being written; it goes when it was not put in place.
#[derive(Debug)]
pub struct Incoming {
    path: PathBuf,
}

impl Incoming {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // It is gone already when it was put in place.
        let _ = fs::remove_file(&self.path);
    }
}

impl Shelf {
    /// Opens a folder; it is made when it is not there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(dir: &Path) -> io::Result<Self> {
        let (flists, incoming) = (dir.join("flists"), dir.join("incoming"));
        match fs::remove_dir_all(&incoming) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        fs::create_dir_all(&flists)?;
        fs::create_dir_all(&incoming)?;
        Ok(Self {
            flists,
            incoming,
            next: AtomicU64::new(0),
            changing: Mutex::new(()),
        })
    }

    fn lock(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a file that comes in.
    pub fn incoming(&self) -> Incoming {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        Incoming {
            path: self.incoming.join(format!("{number}.part")),
        }
    }

    /// The accounts that have a folder, in order.
    ///
    /// # Errors
    /// When the disk cannot be read.
    pub fn users(&self) -> io::Result<Vec<String>> {
        let mut users = Vec::new();
        for entry in fs::read_dir(&self.flists)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.file_type()?.is_dir() && names::is_user(&name) {
                users.push(name);
            }
        }
        users.sort();
        Ok(users)
    }

    /// True when an account has a folder.
    pub fn has_user(&self, user: &str) -> bool {
        names::is_user(user) && self.flists.join(user).is_dir()
    }

    /// What an account has, in the order of names; None without such an account.
    ///
    /// # Errors
    /// When the disk cannot be read.
    pub fn list(&self, user: &str) -> io::Result<Option<Vec<Item>>> {
        if !self.has_user(user) {
            return Ok(None);
        }
        let mut items = Vec::new();
        for entry in fs::read_dir(self.flists.join(user))? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            // What is deleted meanwhile is not there.
            items.extend(self.item(user, &name));
        }
        items.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Some(items))
    }

    fn place(&self, user: &str, name: &str) -> Option<PathBuf> {
        let safe = names::is_user(user) && names::flist(name).is_some_and(|kept| kept == name);
        safe.then(|| self.flists.join(user).join(name))
    }

    /// One item, links not followed. `name` ends with `.flist`.
    pub fn item(&self, user: &str, name: &str) -> Option<Item> {
        let path = self.place(user, name)?;
        let about = fs::symlink_metadata(&path).ok()?;
        let since = about.modified().ok()?.duration_since(UNIX_EPOCH);
        let kind = if about.is_file() {
            ItemKind::File(about.len())
        } else if about.is_symlink() {
            let target = fs::read_link(&path).ok()?;
            let target = target.to_str().and_then(names::flist)?;
            ItemKind::Link(target)
        } else {
            return None;
        };
        Some(Item {
            name: name.to_owned(),
            updated: since.unwrap_or_default().as_secs(),
            kind,
        })
    }

    /// The file of an flist, links followed; None when there is none.
    pub fn file(&self, user: &str, name: &str) -> Option<PathBuf> {
        let mut name = name.to_owned();
        for _ in 0..=LINKS {
            match self.item(user, &name)?.kind {
                ItemKind::File(_) => return self.place(user, &name),
                ItemKind::Link(target) => name = target,
            }
        }
        None
    }

    /// True when following `from` comes past `name`, or has no end.
    fn passes(&self, user: &str, from: &str, name: &str) -> bool {
        let mut at = from.to_owned();
        for _ in 0..=LINKS {
            if at == name {
                return true;
            }
            match self.item(user, &at).map(|item| item.kind) {
                Some(ItemKind::Link(target)) => at = target,
                _ => return false,
            }
        }
        true
    }

    fn own(&self, user: &str, name: &str) -> Result<PathBuf, ShelfError> {
        self.place(user, name).ok_or(ShelfError::NoSource)
    }

    /// Puts a file in place under a name, in the place of what is there.
    ///
    /// # Errors
    /// [`ShelfError::Disk`]; then what was there still is.
    pub fn publish(&self, user: &str, name: &str, file: Incoming) -> Result<(), ShelfError> {
        let place = self.own(user, name)?;
        File::open(&file.path)?.sync_all()?;
        let _lock = self.lock();
        self.make_user(user)?;
        fs::rename(&file.path, &place)?;
        self.keep(user)?;
        Ok(())
    }

    fn make_user(&self, user: &str) -> io::Result<()> {
        fs::create_dir_all(self.flists.join(user))
    }

    /// Forces the names in a folder to the disk.
    fn keep(&self, user: &str) -> io::Result<()> {
        File::open(self.flists.join(user))?.sync_all()
    }

    /// Makes a link, in the place of a link that is there.
    ///
    /// # Errors
    /// See [`ShelfError`].
    pub fn link(&self, user: &str, source: &str, name: &str) -> Result<(), ShelfError> {
        let place = self.own(user, name)?;
        let _lock = self.lock();
        if self.item(user, source).is_none() {
            return Err(ShelfError::NoSource);
        }
        if let Some(ItemKind::File(_)) = self.item(user, name).map(|item| item.kind) {
            return Err(ShelfError::IsFile);
        }
        if self.passes(user, source, name) {
            return Err(ShelfError::Cycle);
        }
        let link = self.incoming();
        std::os::unix::fs::symlink(source, &link.path)?;
        fs::rename(&link.path, &place)?;
        Ok(self.keep(user)?)
    }

    /// Gives an item another name, in the place of what is there.
    ///
    /// # Errors
    /// See [`ShelfError`].
    pub fn rename(&self, user: &str, source: &str, name: &str) -> Result<(), ShelfError> {
        let (from, to) = (self.own(user, source)?, self.own(user, name)?);
        let _lock = self.lock();
        let item = self.item(user, source).ok_or(ShelfError::NoSource)?;
        if source == name {
            return Ok(());
        }
        if let ItemKind::Link(_) = item.kind {
            // An flist must not be lost to a link, which may even be one to itself.
            if let Some(ItemKind::File(_)) = self.item(user, name).map(|item| item.kind) {
                return Err(ShelfError::IsFile);
            }
            if self.passes(user, source, name) {
                return Err(ShelfError::Cycle);
            }
        }
        fs::rename(from, to)?;
        Ok(self.keep(user)?)
    }

    /// Deletes an item. Who reads it at the moment reads it to its end.
    ///
    /// # Errors
    /// See [`ShelfError`].
    pub fn delete(&self, user: &str, name: &str) -> Result<(), ShelfError> {
        let place = self.own(user, name)?;
        let _lock = self.lock();
        if self.item(user, name).is_none() {
            return Err(ShelfError::NoSource);
        }
        fs::remove_file(place)?;
        Ok(self.keep(user)?)
    }
}
