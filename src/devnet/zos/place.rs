//! The folder a node lives in: who uses it, and what lies in it.
//!
//! `fs` is the node's `/`; `containers` belongs to its containers; `node.json` tells where it
//! listens while it runs. One process at a time owns it, by a lock that the system releases
//! however that process ends.
use std::fs::{self, File, TryLockError};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::devnet::error::{Error, Result};
use crate::devnet::folder::{private_options, write_private};

/// Name of the file that marks a folder as a node's, and holds an id of its own.
pub const MARKER: &str = "kosmos-zos-node";
/// Variable in the environment of all jobs, by which processes that a killed node left behind are
/// found.
pub const OWNER: &str = "KOSMOS_ZOS_NODE";
const LOCK: &str = "lock";
const NODE: &str = "node.json";
/// How long the lock of a folder can be held by somebody who only looks.
const LOOKED_AT: Duration = Duration::from_millis(300);
/// How long processes of a killed node may take to go.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a running node tells other processes of its user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeFile {
    /// Its process.
    pub pid: u32,
    /// Where it listens.
    pub addr: SocketAddr,
}

/// A folder that this process owns until the value is dropped.
#[derive(Debug)]
pub struct Place {
    path: PathBuf,
    id: String,
    _lock: File,
}

/// The `/` of a node that lives in a folder.
pub fn files(dir: &Path) -> PathBuf {
    dir.join("fs")
}

impl Place {
    /// Makes the folder when it is missing, takes it, and ends what a killed node left running.
    ///
    /// # Errors
    /// When it holds foreign files, is in use, or cannot be written.
    pub fn open(path: &Path) -> Result<Self> {
        fs::create_dir_all(path).map_err(Error::file("cannot make", path))?;
        // Without links: jobs get to see it under this path.
        let path = fs::canonicalize(path).map_err(Error::file("cannot open", path))?;
        let marker = path.join(MARKER);
        if !marker.is_file() {
            let mut entries = fs::read_dir(&path).map_err(Error::file("cannot read", &path))?;
            if entries.next().is_some() {
                return Err(Error::NotOurs {
                    path,
                    kind: "the folder of a Zero-OS node",
                    marker: MARKER,
                });
            }
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o700))
                .map_err(Error::file("cannot make private", &path))?;
            let id = super::files::fresh_id().map_err(Error::file("no random id for", &path))?;
            write_private(&marker, id.as_bytes())?;
        }
        let lock_path = path.join(LOCK);
        let lock = private_options()
            .open(&lock_path)
            .map_err(Error::file("cannot open", &lock_path))?;
        let begun = Instant::now();
        let mut locked = lock.try_lock();
        // Who only looks whether a node runs holds the lock for a moment.
        while matches!(locked, Err(TryLockError::WouldBlock)) && begun.elapsed() < LOOKED_AT {
            std::thread::sleep(Duration::from_millis(10));
            locked = lock.try_lock();
        }
        match locked {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let pid = read(&path).map_or(0, |node| node.pid);
                return Err(Error::Running { path, pid });
            }
            Err(TryLockError::Error(e)) => return Err(Error::file("cannot lock", lock_path)(e)),
        }
        let _ = fs::remove_file(path.join(NODE));
        let id = fs::read_to_string(&marker).map_err(Error::file("cannot read", &marker))?;
        let id = id.trim().to_string();
        end_leftovers(&id);
        let place = Place {
            path,
            id,
            _lock: lock,
        };
        for folder in [place.files(), place.containers()] {
            fs::create_dir_all(&folder).map_err(Error::file("cannot make", &folder))?;
        }
        Ok(place)
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The node's `/`.
    pub fn files(&self) -> PathBuf {
        files(&self.path)
    }

    /// The folder of its containers.
    pub fn containers(&self) -> PathBuf {
        self.path.join("containers")
    }

    /// Id of the folder, the value of [`OWNER`].
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Tells other processes of the user where the node is.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn publish(&self, node: &NodeFile) -> Result<()> {
        let fresh = self.path.join("node.json.new");
        write_private(&fresh, &serde_json::to_vec(node).unwrap_or_default())?;
        let path = self.path.join(NODE);
        fs::rename(&fresh, &path).map_err(Error::file("cannot write", path))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_file(self.path.join(NODE));
    }
}

fn read(path: &Path) -> Option<NodeFile> {
    serde_json::from_slice(&fs::read(path.join(NODE)).ok()?).ok()
}

/// What the node that runs on a folder told; None when none runs there.
pub fn running(path: &Path) -> Option<NodeFile> {
    let lock = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(path.join(LOCK))
        .ok()?;
    match lock.try_lock_shared() {
        Err(TryLockError::WouldBlock) => read(path),
        _ => None,
    }
}

/// Ends all processes that carry a node's mark, and waits until they are gone.
pub fn end_leftovers(id: &str) {
    use nix::sys::signal::{Signal, kill};
    let mark = format!("{OWNER}={id}\0");
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        let left: Vec<i32> = super::builtin::proc::all()
            .into_iter()
            .filter(|pid| *pid > 1 && pid.unsigned_abs() != std::process::id())
            .filter(|pid| {
                fs::read(format!("/proc/{pid}/environ"))
                    .is_ok_and(|env| find(&env, mark.as_bytes()))
            })
            .collect();
        if left.is_empty() {
            return;
        }
        for pid in left {
            let _ = kill(nix::unistd::Pid::from_raw(pid), Signal::SIGKILL);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn find(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
