//! The files that clients reach through `filesystem.*`: those under the node's root, and folders
//! that the person who started it shares.
//!
//! Paths are resolved by the kernel inside the root, so neither `..` nor a symbolic link leads out
//! of it, also while somebody changes them.
use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat2};
use nix::sys::stat::Mode;
use tokio::time::Instant;

/// How long a descriptor lives after its last use.
const IDLE: Duration = Duration::from_secs(300);
/// Descriptors open at once.
const MOST: usize = 1024;

/// Open files by their ids, with their last use.
type Open = HashMap<String, (Arc<Mutex<File>>, Instant)>;

/// The files of a node or a container.
pub struct Files {
    root: OwnedFd,
    /// Path as clients write it, and the folder it means.
    shared: Vec<(PathBuf, OwnedFd)>,
    open: Mutex<Open>,
}

impl std::fmt::Debug for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Files").finish_non_exhaustive()
    }
}

fn folder(path: &Path) -> io::Result<OwnedFd> {
    let flags = libc::O_PATH | libc::O_DIRECTORY | libc::O_CLOEXEC;
    fs::OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(path)
        .map(OwnedFd::from)
}

/// A path without `.` and `..`, relative to the root.
fn plain(path: &str) -> PathBuf {
    let mut parts = PathBuf::new();
    for part in Path::new(path).components() {
        match part {
            Component::Normal(name) => parts.push(name),
            Component::ParentDir => {
                parts.pop();
            }
            _ => {}
        }
    }
    parts
}

/// What the file system calls of std take for an open descriptor.
fn through(fd: &OwnedFd) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", fd.as_raw_fd()))
}

impl Files {
    /// The files under a folder, and shared folders at their own paths.
    ///
    /// # Errors
    /// When one of the folders cannot be opened.
    pub fn new(root: &Path, shared: &[PathBuf]) -> io::Result<Self> {
        let opened = shared.iter().map(|path| {
            let name = plain(&path.to_string_lossy());
            folder(path).map(|fd| (name, fd))
        });
        Ok(Files {
            root: folder(root)?,
            shared: opened.collect::<io::Result<_>>()?,
            open: Mutex::default(),
        })
    }

    /// The folder that a path is looked for in, and the path in it.
    fn base(&self, path: &str) -> (&OwnedFd, PathBuf) {
        let path = plain(path);
        for (name, fd) in &self.shared {
            if let Ok(rest) = path.strip_prefix(name) {
                return (fd, rest.to_path_buf());
            }
        }
        (&self.root, path)
    }

    /// Opens a path for what the flags say.
    ///
    /// # Errors
    /// The system's.
    pub fn open_path(&self, path: &str, flags: OFlag, mode: u32) -> io::Result<OwnedFd> {
        let (base, inside) = self.base(path);
        let inside = match inside.as_os_str().is_empty() {
            true => PathBuf::from("."),
            false => inside,
        };
        let creates = flags.contains(OFlag::O_CREAT);
        let how = OpenHow::new()
            .flags(flags | OFlag::O_CLOEXEC)
            .mode(if creates {
                Mode::from_bits_truncate(mode & 0o7777)
            } else {
                Mode::empty()
            })
            .resolve(ResolveFlag::RESOLVE_IN_ROOT | ResolveFlag::RESOLVE_NO_MAGICLINKS);
        Ok(openat2(base, &inside, how)?)
    }

    /// Where on the machine lies what a client sees at a path.
    ///
    /// # Errors
    /// The system's, for example that it does not exist.
    pub fn on_machine(&self, path: &str) -> io::Result<PathBuf> {
        fs::read_link(through(&self.open_path(path, OFlag::O_PATH, 0)?))
    }

    /// The folder a path lies in, held open, and a path of its entry for calls of std.
    fn entry(&self, path: &str) -> io::Result<(OwnedFd, PathBuf)> {
        let path = plain(path);
        let Some(name) = path.file_name() else {
            return Err(io::Error::from(io::ErrorKind::PermissionDenied));
        };
        let parent = path.parent().unwrap_or(Path::new("")).to_string_lossy();
        let parent = self.open_path(&parent, OFlag::O_PATH | OFlag::O_DIRECTORY, 0)?;
        let entry = through(&parent).join(name);
        Ok((parent, entry))
    }

    fn table(&self) -> MutexGuard<'_, Open> {
        let mut table = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        table.retain(|_, (_, used)| used.elapsed() < IDLE);
        table
    }

    /// Opens a file for a client and keeps it under an id.
    ///
    /// # Errors
    /// The system's, or that too many are open.
    pub fn open(&self, path: &str, flags: OFlag, mode: u32) -> io::Result<String> {
        let file = File::from(self.open_path(path, flags, mode)?);
        let id = fresh_id()?;
        let mut table = self.table();
        if table.len() >= MOST {
            return Err(io::Error::other(format!("{MOST} files are open already")));
        }
        table.insert(id.clone(), (Arc::new(Mutex::new(file)), Instant::now()));
        Ok(id)
    }

    /// An open file.
    pub fn get(&self, id: &str) -> Option<Arc<Mutex<File>>> {
        let mut table = self.table();
        let (file, used) = table.get_mut(id)?;
        *used = Instant::now();
        Some(Arc::clone(file))
    }

    /// Forgets an open file.
    pub fn close(&self, id: &str) {
        self.table().remove(id);
    }

    /// True if there is something at a path.
    pub fn exists(&self, path: &str) -> bool {
        self.open_path(path, OFlag::O_PATH, 0).is_ok()
    }

    /// Name, size, permission bits, and whether it is a folder, of what lies in a folder.
    ///
    /// # Errors
    /// The system's.
    pub fn list(&self, path: &str) -> io::Result<Vec<(String, u64, u32, bool)>> {
        let fd = self.open_path(path, OFlag::O_RDONLY | OFlag::O_DIRECTORY, 0)?;
        let mut entries = Vec::new();
        for entry in fs::read_dir(through(&fd))? {
            let entry = entry?;
            // What vanished in between is not there.
            let Ok(facts) = entry.metadata() else {
                continue;
            };
            entries.push((
                entry.file_name().to_string_lossy().into_owned(),
                facts.len(),
                facts.permissions().mode() & 0o777,
                facts.is_dir(),
            ));
        }
        entries.sort();
        Ok(entries)
    }

    /// Makes a folder and those above it.
    ///
    /// # Errors
    /// The system's.
    pub fn make_folder(&self, path: &str) -> io::Result<()> {
        let mut so_far = PathBuf::new();
        for part in plain(path).components() {
            so_far.push(part);
            let text = so_far.to_string_lossy();
            if self
                .open_path(&text, OFlag::O_PATH | OFlag::O_DIRECTORY, 0)
                .is_ok()
            {
                continue;
            }
            let (_parent, entry) = self.entry(&text)?;
            use std::os::unix::fs::DirBuilderExt;
            match fs::DirBuilder::new().mode(0o755).create(&entry) {
                // Somebody else was faster; or a file is there, then the next step fails.
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                    self.open_path(&text, OFlag::O_PATH | OFlag::O_DIRECTORY, 0)?;
                }
                other => other?,
            }
        }
        Ok(())
    }

    /// Removes what lies at a path, with everything in it. Nothing there is fine.
    ///
    /// # Errors
    /// The system's.
    pub fn remove(&self, path: &str) -> io::Result<()> {
        let gone = |e: io::Error| match e.kind() {
            io::ErrorKind::NotFound => Ok(()),
            _ => Err(e),
        };
        let (_parent, entry) = match self.entry(path) {
            Ok(entry) => entry,
            Err(e) => return gone(e),
        };
        let removed = match entry.symlink_metadata() {
            Ok(facts) if facts.is_dir() => fs::remove_dir_all(&entry),
            Ok(_) => fs::remove_file(&entry),
            Err(e) => Err(e),
        };
        removed.or_else(gone)
    }

    /// Moves what lies at a path.
    ///
    /// # Errors
    /// The system's.
    pub fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let (_from, from) = self.entry(from)?;
        let (_to, to) = self.entry(to)?;
        fs::rename(from, to)
    }

    /// Calls `change` with a path of every file at and, if wanted, under a path.
    ///
    /// # Errors
    /// The system's.
    pub fn each(
        &self,
        path: &str,
        recursive: bool,
        change: &dyn Fn(&Path) -> io::Result<()>,
    ) -> io::Result<()> {
        let fd = self.open_path(path, OFlag::O_PATH, 0)?;
        change(&through(&fd))?;
        if recursive && fs::metadata(through(&fd))?.is_dir() {
            for (name, ..) in self.list(path)? {
                let inside = Path::new(path).join(&name);
                let (_parent, entry) = self.entry(&inside.to_string_lossy())?;
                // A link is not followed: what it points to can be elsewhere.
                if !entry.symlink_metadata()?.is_symlink() {
                    self.each(&inside.to_string_lossy(), true, change)?;
                }
            }
        }
        Ok(())
    }
}

/// A random id in the form of a UUID of version 4.
///
/// # Errors
/// When the system has no random bytes.
pub fn fresh_id() -> io::Result<String> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let text = hex::encode(bytes);
    let parts =
        [0..8, 8..12, 12..16, 16..20, 20..32].map(|span| text.get(span).unwrap_or_default());
    Ok(parts.join("-"))
}
