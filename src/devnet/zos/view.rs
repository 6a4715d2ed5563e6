//! The view that jobs of a node have of the files: the node's `/` is a folder of the machine.
//!
//! In it lie, beside the node's own files, the folders with the machine's programs. They are bound
//! there in a mount namespace of each process, so nothing outside sees it, and nothing stays
//! when the process ends. Where the machine allows no such namespace, jobs see the machine's
//! own `/`, and the node says so when it starts.
use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};

/// Folders of the machine that its programs need.
const SYSTEM: [&str; 14] = [
    "usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "etc", "dev", "proc", "sys", "run",
    "opt", "nix",
];

/// A view, prepared so that a new process can enter it with system calls only.
#[derive(Debug)]
pub struct View {
    root: PathBuf,
    root_text: CString,
    /// Source and target of each folder that is bound.
    bound: Vec<(PathBuf, CString, CString)>,
    /// What is written to the maps of a user namespace; None for root, who needs none.
    maps: Option<[(&'static std::ffi::CStr, String); 3]>,
}

fn c_text(path: &Path) -> io::Result<CString> {
    CString::new(path.as_os_str().as_bytes()).map_err(io::Error::other)
}

impl View {
    /// Prepares the view of a folder, and makes the places in it where the machine's folders and
    /// the shared ones will lie.
    ///
    /// # Errors
    /// The system's, about the folder.
    pub fn prepare(root: &Path, shared: &[PathBuf]) -> io::Result<Self> {
        let mut bound = Vec::new();
        for name in SYSTEM {
            let source = Path::new("/").join(name);
            let target = root.join(name);
            let Ok(facts) = source.symlink_metadata() else {
                continue;
            };
            if facts.is_symlink() {
                // Such as /bin, which is /usr/bin on most systems.
                if target.symlink_metadata().is_err() {
                    std::os::unix::fs::symlink(std::fs::read_link(&source)?, &target)?;
                }
            } else if facts.is_dir() {
                std::fs::create_dir_all(&target)?;
                bound.push((source.clone(), c_text(&source)?, c_text(&target)?));
            }
        }
        for share in shared {
            let inside: PathBuf = share
                .components()
                .filter(|part| matches!(part, Component::Normal(_)))
                .collect();
            let target = root.join(inside);
            std::fs::create_dir_all(&target)?;
            bound.push((share.clone(), c_text(share)?, c_text(&target)?));
        }
        std::fs::create_dir_all(root.join("tmp"))?;
        let (user, group) = (nix::unistd::geteuid(), nix::unistd::getegid());
        let maps = (!user.is_root()).then(|| {
            [
                (c"/proc/self/setgroups", "deny".to_string()),
                (c"/proc/self/uid_map", format!("{user} {user} 1")),
                (c"/proc/self/gid_map", format!("{group} {group} 1")),
            ]
        });
        Ok(View {
            root: root.to_path_buf(),
            root_text: c_text(root)?,
            bound,
            maps,
        })
    }

    /// Where on the machine lies what a process in the view sees at a path.
    pub fn on_machine(&self, path: &Path) -> PathBuf {
        let is_bound = |(source, ..): &(PathBuf, CString, CString)| path.starts_with(source);
        let linked = || {
            let mut parts = path.components().skip(1);
            let first = parts.next().map(|part| Path::new("/").join(part));
            first.is_some_and(|first| {
                SYSTEM.iter().any(|name| first == Path::new("/").join(name)) && first.is_symlink()
            })
        };
        if self.bound.iter().any(is_bound) || linked() {
            return path.to_path_buf();
        }
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// Puts the calling process into the view. System calls only: it is called between fork and
    /// exec.
    ///
    /// # Errors
    /// The system's.
    pub fn enter(&self) -> io::Result<()> {
        let none: Option<&str> = None;
        match &self.maps {
            None => unshare(CloneFlags::CLONE_NEWNS)?,
            Some(maps) => {
                unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS)?;
                for (file, text) in maps {
                    let fd = nix::fcntl::open(
                        *file,
                        nix::fcntl::OFlag::O_WRONLY | nix::fcntl::OFlag::O_CLOEXEC,
                        nix::sys::stat::Mode::empty(),
                    )?;
                    nix::unistd::write(&fd, text.as_bytes())?;
                }
            }
        }
        let all = MsFlags::MS_REC;
        mount(none, c"/", none, all | MsFlags::MS_SLAVE, none)?;
        let root = self.root_text.as_c_str();
        mount(Some(root), root, none, all | MsFlags::MS_BIND, none)?;
        for (_, source, target) in &self.bound {
            let (source, target) = (source.as_c_str(), target.as_c_str());
            mount(Some(source), target, none, all | MsFlags::MS_BIND, none)?;
        }
        nix::unistd::chdir(root)?;
        // The old root is put over the new one, and taken away again.
        nix::unistd::pivot_root(c".", c".")?;
        umount2(c".", MntFlags::MNT_DETACH)?;
        nix::unistd::chdir(c"/")?;
        Ok(())
    }

    /// Tries the view with a process that does nothing.
    ///
    /// # Errors
    /// Why the machine does not allow it.
    pub fn try_out(self: &std::sync::Arc<Self>) -> io::Result<()> {
        use std::os::unix::process::CommandExt;
        let mut command = std::process::Command::new("/bin/sh");
        command.args(["-c", ":"]);
        let view = std::sync::Arc::clone(self);
        // SAFETY: `enter` makes system calls only, on memory that was prepared before.
        unsafe { command.pre_exec(move || view.enter()) };
        match command.status()?.success() {
            true => Ok(()),
            false => Err(io::Error::other("a shell does not start in it")),
        }
    }
}
