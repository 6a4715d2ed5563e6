//! Flists as folders, where the machine has no FUSE: made once per flist, shared by containers,
//! and removed, those used last the latest, when they take too much room.
use std::collections::HashMap;
use std::fs::{self, File, FileTimes};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::SystemTime;

use nix::unistd::geteuid;

use crate::devnet::zos::container::{Told, remove_tree};
use crate::flist::{Backend, ExtractOptions, Kind, Tree, extract};

/// Marks what is not whole.
const NEW: &str = ".new-";
/// Ends the name of the file that tells the size of a folder; its time is that of last use.
const SIZE: &str = ".size";
/// How often progress is told, in parts of the whole.
const PARTS: usize = 10;

/// The folders.
pub struct Extracts {
    dir: PathBuf,
    limit: u64,
    /// Those in use, by content. Who makes one holds the lock of its name.
    used: Mutex<HashMap<String, Weak<Lease>>>,
    making: Mutex<HashMap<String, Arc<Mutex<()>>>>,
}

/// The right to use a folder: while somebody has it, the folder stays.
#[derive(Debug)]
pub struct Lease {
    path: PathBuf,
}

impl Lease {
    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Extracts {
    /// Keeps folders of `limit` bytes together in one folder; what was left half made goes.
    pub fn open(dir: PathBuf, limit: u64) -> Self {
        for entry in fs::read_dir(&dir).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(NEW) {
                // What cannot be removed now is tried again at the next start.
                let _ = remove_tree(&entry.path());
            }
        }
        Extracts {
            dir,
            limit,
            used: Mutex::default(),
            making: Mutex::default(),
        }
    }

    /// Returns the folder of an flist; makes it when it is not there.
    ///
    /// # Errors
    /// A text for people; nothing half made stays.
    pub fn get(
        &self,
        digest: &str,
        name: &str,
        tree: &Tree,
        backend: &dyn Backend,
        told: &Told,
    ) -> Result<Arc<Lease>, String> {
        let turn = {
            let mut making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(making.entry(digest.to_owned()).or_default())
        };
        let _ours = turn.lock().unwrap_or_else(PoisonError::into_inner);
        let path = self.dir.join(digest);
        let whole = path.is_dir() && self.size_file(digest).is_file();
        if !whole {
            self.make(digest, name, tree, backend, told)
                .map_err(|reason| format!("{name}: {reason}"))?;
        }
        self.touch(digest);
        let lease = {
            let mut used = self.used();
            let known = used.get(digest).and_then(Weak::upgrade);
            let lease = known.unwrap_or_else(|| Arc::new(Lease { path }));
            used.insert(digest.to_owned(), Arc::downgrade(&lease));
            lease
        };
        self.shrink();
        Ok(lease)
    }

    fn make(
        &self,
        digest: &str,
        name: &str,
        tree: &Tree,
        backend: &dyn Backend,
        told: &Told,
    ) -> Result<(), String> {
        let fail = |e: io::Error| e.to_string();
        fs::create_dir_all(&self.dir).map_err(fail)?;
        let target = self.dir.join(digest);
        remove_tree(&target).map_err(fail)?;
        let fresh = self.dir.join(format!("{NEW}{digest}"));
        remove_tree(&fresh).map_err(fail)?;
        let progress = |done: usize, total: usize| {
            let part = |done: usize| done.saturating_mul(PARTS) / total.max(1);
            if part(done) != part(done.saturating_sub(1)) {
                told(&format!("{name}: {done} of {total} files are there"));
            }
        };
        let options = ExtractOptions {
            owners: geteuid().is_root(),
            all_mode_bits: false,
            progress: Some(&progress),
        };
        let made = extract(tree, backend, &fresh, &options)
            .map_err(|e| e.to_string())
            .and_then(|_| {
                fs::write(self.size_file(digest), size(tree).to_string()).map_err(fail)?;
                fs::rename(&fresh, &target).map_err(fail)
            });
        if made.is_err() {
            let _ = remove_tree(&fresh);
            let _ = fs::remove_file(self.size_file(digest));
        }
        made
    }

    fn size_file(&self, digest: &str) -> PathBuf {
        self.dir.join(format!("{digest}{SIZE}"))
    }

    fn touch(&self, digest: &str) {
        let times = FileTimes::new().set_modified(SystemTime::now());
        // A folder with a wrong time only goes too early or too late.
        let _ = File::options()
            .append(true)
            .open(self.size_file(digest))
            .and_then(|file| file.set_times(times));
    }

    fn used(&self) -> MutexGuard<'_, HashMap<String, Weak<Lease>>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes folders that nobody uses until what is left is small enough.
    fn shrink(&self) {
        // Held to the end: nobody gets a lease of what is just being removed.
        let mut used = self.used();
        used.retain(|_, lease| lease.strong_count() > 0);
        let mut kept = Vec::new();
        let mut total = 0_u64;
        for entry in fs::read_dir(&self.dir).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let Some(digest) = name.strip_suffix(SIZE) else {
                continue;
            };
            let size = fs::read_to_string(entry.path()).unwrap_or_default();
            let size: u64 = size.trim().parse().unwrap_or(0);
            let time = entry.metadata().and_then(|about| about.modified());
            total = total.saturating_add(size);
            kept.push((
                time.unwrap_or(SystemTime::UNIX_EPOCH),
                digest.to_owned(),
                size,
            ));
        }
        kept.sort();
        for (_, digest, size) in kept {
            if total <= self.limit {
                return;
            }
            if used.contains_key(&digest) {
                continue;
            }
            let _ = fs::remove_file(self.size_file(&digest));
            if remove_tree(&self.dir.join(&digest)).is_ok() {
                total = total.saturating_sub(size);
            }
        }
    }
}

/// Bytes of all files of a tree.
fn size(tree: &Tree) -> u64 {
    let sizes = tree.iter().map(|(_, node)| match &node.kind {
        Kind::File { size, .. } => *size,
        _ => 0,
    });
    sizes.fold(0, u64::saturating_add)
}
