//! The folder that holds a devnet's state: what lies in it, who uses it, and how it is removed.
//!
//! A folder is ours when it holds the marker file. One process at a time owns it, by an exclusive
//! lock on `lock` which the system releases however that process ends; the process id in
//! `node.json` is trusted only while the lock is held, so a reused id is never mistaken for ours.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::answers::GridAddresses;
use super::error::{Error, Result};

/// Name of the file that marks a folder as a devnet's.
pub const MARKER: &str = "kosmos-devnet";
const MARKER_TEXT: &str = "State of a kosmos devnet. `kosmos devnet reset` removes this folder.\n";
const LOCK: &str = "lock";
const NODE: &str = "node.json";
const CHAIN: &str = "chain.log";
const EVENTS: &str = "node.log";
const OUTPUT: &str = "output.log";
/// The folder of the flist hub.
const HUB: &str = "hub";
/// The folder of the grid.
const GRID: &str = "grid";
/// Prefix of the files that keep bytes which were cut off a damaged chain log.
const DISCARDED: &str = "discarded-";

/// What a running devnet writes into its folder for other processes of the same user.
#[derive(Clone, Serialize, Deserialize)]
pub struct NodeFile {
    /// Process id of the node.
    pub pid: u32,
    /// Address of the node's HTTP interface.
    pub addr: SocketAddr,
    /// Address of the faucet.
    pub faucet: SocketAddr,
    /// Address of the flist hub.
    pub hub: SocketAddr,
    /// Addresses of the grid.
    pub grid: GridAddresses,
    /// Secret that the control paths ask for (64 hex characters).
    pub token: String,
}

impl std::fmt::Debug for NodeFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NodeFile")
            .field("pid", &self.pid)
            .field("addr", &self.addr)
            .field("faucet", &self.faucet)
            .field("hub", &self.hub)
            .field("grid", &self.grid)
            .field("token", &"***")
            .finish()
    }
}

/// A devnet folder that this process owns until the value is dropped.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes the folder (0700) when it is missing and takes its lock.
    ///
    /// Fails when it holds foreign files ([`Error::NotOurs`]) or is in use ([`Error::Running`]).
    pub fn open(path: &Path) -> Result<Self> {
        if !path.exists() {
            private_dir_builder()
                .create(path)
                .map_err(Error::file("cannot make", path))?;
        }
        let marker = path.join(MARKER);
        if !marker.is_file() {
            let mut entries = fs::read_dir(path).map_err(Error::file("cannot read", path))?;
            if entries.next().is_some() {
                return Err(not_ours(path));
            }
        }
        make_private(path)?;
        if !marker.is_file() {
            write_private(&marker, MARKER_TEXT.as_bytes())?;
        }
        let lock_path = path.join(LOCK);
        let lock = private_options()
            .open(&lock_path)
            .map_err(Error::file("cannot open", lock_path.clone()))?;
        lock_exclusively(path, &lock, &lock_path)?;
        // A node file left by a killed process must not be taken for ours.
        let _ = fs::remove_file(path.join(NODE));
        Ok(Self {
            path: path.to_owned(),
            _lock: lock,
        })
    }

    /// Returns the folder's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the path of the chain log.
    pub fn chain_log(&self) -> PathBuf {
        self.path.join(CHAIN)
    }

    /// Returns the path of the log of events (plain text for people).
    pub fn event_log(&self) -> PathBuf {
        self.path.join(EVENTS)
    }

    /// Returns the folder of the flist hub.
    pub fn hub(&self) -> PathBuf {
        self.path.join(HUB)
    }

    /// Returns the folder of the grid.
    pub fn grid(&self) -> PathBuf {
        self.path.join(GRID)
    }

    /// Tells other processes of the user where this node is.
    pub fn publish(&self, node: &NodeFile) -> Result<()> {
        let path = self.path.join(NODE);
        let fresh = self.path.join("node.json.new");
        let text = serde_json::to_vec(node).unwrap_or_default();
        write_private(&fresh, &text)?;
        fs::rename(&fresh, &path).map_err(Error::file("cannot write", path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_file(self.path.join(NODE));
    }
}

/// Returns where the background process writes its standard output and error.
pub fn output_log(path: &Path) -> PathBuf {
    path.join(OUTPUT)
}

/// Returns what the running devnet of a folder published; None when none runs there.
pub fn running(path: &Path) -> Result<Option<NodeFile>> {
    if in_use(path)? {
        Ok(read_node_file(path))
    } else {
        Ok(None)
    }
}

/// Says whether a living process holds the folder's lock.
pub fn in_use(path: &Path) -> Result<bool> {
    let lock_path = path.join(LOCK);
    if !path.join(MARKER).is_file() || !lock_path.is_file() {
        return Ok(false);
    }
    let lock = OpenOptions::new()
        .read(true)
        .write(true)
        .open(&lock_path)
        .map_err(Error::file("cannot open", lock_path.clone()))?;
    match lock.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(e)) => Err(Error::file("cannot lock", lock_path)(e)),
    }
}

fn not_ours(path: &Path) -> Error {
    Error::NotOurs {
        path: path.to_owned(),
        kind: "a devnet folder",
        marker: MARKER,
    }
}

/// Removes a devnet's state: only files that a devnet writes, then the folder if nothing is left.
///
/// Returns false when there was nothing to remove. Fails when a devnet runs there or the folder
/// is not a devnet's.
pub fn reset(path: &Path) -> Result<bool> {
    if !path.exists() {
        return Ok(false);
    }
    if !path.join(MARKER).is_file() {
        return Err(not_ours(path));
    }
    // Owning the folder while deleting keeps a devnet from starting in it meanwhile.
    let folder = Folder::open(path)?;
    for entry in fs::read_dir(path).map_err(Error::file("cannot read", path))? {
        let entry = entry.map_err(Error::file("cannot read", path))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        // Never through a link, and of folders only those of hub and grid: others are
        // not ours.
        let plain = entry.file_type().map(|t| t.is_file()).unwrap_or(false);
        if (name == HUB || name == GRID) && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            let hub = entry.path();
            fs::remove_dir_all(&hub).map_err(Error::file("cannot remove", hub))?;
        }
        let ours = matches!(
            name.as_ref(),
            NODE | "node.json.new" | CHAIN | EVENTS | OUTPUT
        ) || (name.starts_with(DISCARDED) && name.ends_with(".bin"));
        if plain && ours {
            let file = entry.path();
            fs::remove_file(&file).map_err(Error::file("cannot remove", file))?;
        }
    }
    // The marker goes last: a reset that was interrupted can be repeated.
    for name in [LOCK, MARKER] {
        let file = path.join(name);
        fs::remove_file(&file).map_err(Error::file("cannot remove", file))?;
    }
    drop(folder);
    // Fails when a person put own files there; then the folder stays with them.
    let _ = fs::remove_dir(path);
    Ok(true)
}

/// Keeps bytes cut off a damaged log beside it. `at` is the offset they came from.
pub(crate) fn keep_discarded(chain_log: &Path, at: u64, bytes: &[u8]) -> Result<PathBuf> {
    let folder = chain_log.parent().unwrap_or(Path::new("."));
    let mut n = 0u32;
    loop {
        let path = folder.join(format!("{DISCARDED}{at}-{n}.bin"));
        if !path.exists() {
            write_private(&path, bytes)?;
            return Ok(path);
        }
        n = n.saturating_add(1);
    }
}

/// Appends a line for people to the event log, with the time in front. Failing is no error: the
/// log only informs.
pub(crate) fn log_event(path: &Path, unix: u64, text: &str) {
    if let Ok(mut file) = private_options().append(true).open(path) {
        let clean: String = text
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let _ = file.write_all(format!("{unix} {clean}\n").as_bytes());
    }
}

/// Takes the lock; tries a few times because [`in_use`] of another process holds it for an instant.
fn lock_exclusively(path: &Path, lock: &File, lock_path: &Path) -> Result<()> {
    for _ in 0..5 {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => {
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
            Err(TryLockError::Error(e)) => return Err(Error::file("cannot lock", lock_path)(e)),
        }
    }
    let pid = read_node_file(path).map_or(0, |n| n.pid);
    Err(Error::Running {
        path: path.to_owned(),
        pid,
    })
}

fn read_node_file(path: &Path) -> Option<NodeFile> {
    serde_json::from_slice(&fs::read(path.join(NODE)).ok()?).ok()
}

/// Writes a file that only its owner may read, whole or not at all.
pub(crate) fn replace_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let fresh = path.with_extension("new");
    write_private(&fresh, bytes)?;
    fs::rename(&fresh, path).map_err(Error::file("cannot write", path))
}

/// Makes a folder that only its owner may use, unless it is there.
pub(crate) fn private_folder(path: &Path) -> Result<()> {
    private_dir_builder()
        .create(path)
        .map_err(Error::file("cannot make", path))
}

pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = private_options()
        .truncate(true)
        .open(path)
        .map_err(Error::file("cannot write", path))?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(Error::file("cannot write", path))
}

/// Options that make a file readable by its owner only, from its first byte.
pub(crate) fn private_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}

fn private_dir_builder() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder
}

#[cfg(unix)]
fn make_private(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
        .map_err(Error::file("cannot make private", path))
}

#[cfg(not(unix))]
fn make_private(_path: &Path) -> Result<()> {
    Ok(())
}
