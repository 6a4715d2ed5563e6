//! The folders of containers: made, marked with who uses them, and removed, also after a node that
//! was killed.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use super::process::Stat;

const STATE: &str = "state.json";
/// The process of the node's network, in the folder itself.
const SWITCH: &str = "switch.json";
/// How often, and how long apart, something that is still in use is tried again.
const TRIES: u32 = 200;
const PAUSE: Duration = Duration::from_millis(20);

/// Who lives in a folder: enough to find the process again, and not to take another for it.
#[derive(Debug, Serialize, Deserialize)]
struct State {
    /// The helper.
    pid: u32,
    /// When it started (ticks since boot).
    start: u64,
    /// Which boot of the machine that was.
    boot: String,
}

/// The folder of one container; removed with the value at the latest.
#[derive(Debug)]
pub struct Home {
    path: PathBuf,
}

impl Home {
    /// Makes the folder, private to the node's user.
    pub fn make(dir: &Path, id: u16) -> io::Result<Self> {
        let path = dir.join("containers").join(id.to_string());
        private().recursive(true).create(dir.join("containers"))?;
        match private().create(&path) {
            // Left by a container whose folder could not be removed then.
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                remove_tree(&path)?;
                private().create(&path)?;
            }
            other => other?,
        }
        // Overlay sees no links and no relative names this way.
        let path = fs::canonicalize(path)?;
        Ok(Self { path })
    }

    /// Returns its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes down which process lives here.
    pub fn claim(&self, pid: u32) -> io::Result<()> {
        note(&self.path.join(STATE), pid)
    }

    /// Removes the folder without holding up other work.
    pub async fn remove(self) {
        // Dropping is what removes; a failure is tried again at the next start.
        let _ = tokio::task::spawn_blocking(move || drop(self)).await;
    }
}

/// Writes down the process of the node's network.
pub fn claim_switch(dir: &Path, pid: u32) -> io::Result<()> {
    note(&dir.join(SWITCH), pid)
}

fn note(path: &Path, pid: u32) -> io::Result<()> {
    let start = Stat::read(pid).map_or(0, |stat| stat.start);
    let boot = boot();
    let text = serde_json::to_vec(&State { pid, start, boot })?;
    let fresh = path.with_extension("new");
    fs::write(&fresh, text)?;
    fs::rename(fresh, path)
}

fn noted(path: &Path) -> Option<State> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = remove_tree(&self.path);
    }
}

/// Ends and removes everything that an earlier node left in its folder.
pub fn clean(dir: &Path) -> io::Result<()> {
    private().recursive(true).create(dir)?;
    for entry in entries(&dir.join("containers"))? {
        if let Some(state) = noted(&entry.join(STATE)) {
            end(&state);
        }
        remove_tree(&entry)?;
    }
    if let Some(state) = noted(&dir.join(SWITCH)) {
        end(&state);
        fs::remove_file(dir.join(SWITCH))?;
    }
    for entry in entries(&dir.join("roots"))? {
        let name = entry
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if name.starts_with(".new-") {
            remove_tree(&entry)?;
        }
    }
    Ok(())
}

/// Kills the helper if it still lives; the kernel kills its container with it.
fn end(state: &State) {
    let same = |stat: Stat| stat.start == state.start && !stat.ended;
    let lives = || Stat::read(state.pid).is_some_and(same);
    let Ok(pid) = i32::try_from(state.pid) else {
        return;
    };
    if pid <= 1 || state.boot != boot() {
        return;
    }
    for _ in 0..TRIES {
        if !lives() {
            return;
        }
        let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        sleep(PAUSE);
    }
}

/// Removes a folder and what is in it; never follows a link.
pub fn remove_tree(path: &Path) -> io::Result<()> {
    let mut last = Ok(());
    for _ in 0..TRIES {
        last = match fs::remove_dir_all(path) {
            Ok(()) => return Ok(()),
            Err(e) if e.kind() == io::ErrorKind::NotFound && !path.exists() => return Ok(()),
            // The work folder of an overlay has mode 0, and a container may make such folders too.
            Err(e) if e.kind() == io::ErrorKind::PermissionDenied => {
                open_up(path);
                fs::remove_dir_all(path)
            }
            other => other,
        };
        match &last {
            Ok(()) => return Ok(()),
            // A container that is just dying may still write.
            Err(_) => sleep(PAUSE),
        }
    }
    last
}

fn open_up(path: &Path) {
    let _ = fs::set_permissions(path, Permissions::from_mode(0o700));
    for entry in entries(path).into_iter().flatten() {
        if fs::symlink_metadata(&entry).is_ok_and(|about| about.is_dir()) {
            open_up(&entry);
        }
    }
}

/// What lies in a folder; nothing when it is missing.
fn entries(dir: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(dir) {
        Ok(all) => all.map(|entry| Ok(entry?.path())).collect(),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(e) => Err(e),
    }
}

fn private() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder
}

fn boot() -> String {
    let text = fs::read_to_string("/proc/sys/kernel/random/boot_id");
    text.unwrap_or_default().trim().to_owned()
}
