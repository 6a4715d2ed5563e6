//! Builds what a container sees: root, `/proc`, `/sys`, `/dev`, mounts, host name.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, lchown, symlink};
use std::path::{Path, PathBuf};

use nix::fcntl::{AT_FDCWD, OFlag, OpenHow, ResolveFlag, openat2};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{chdir, fchdir, geteuid, pivot_root, sethostname};

use super::super::frame::{FLISTS, Ready, SetUp};
use super::{NOTHING, files, fuse, link, restrict};

/// Devices of a container: harmless ones, borrowed from the machine. Second: whose node it is.
const DEVICES: &[(&str, &str)] = &[
    ("console", "null"),
    ("full", "full"),
    ("null", "null"),
    ("random", "random"),
    ("tty", "tty"),
    ("urandom", "urandom"),
    ("zero", "zero"),
];
const LINKS: &[(&str, &str)] = &[
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
    ("fd", "/proc/self/fd"),
    ("ptmx", "pts/ptmx"),
    ("core", "/proc/kcore"),
];
/// What tells about, or acts on, the machine rather than the container.
const HIDDEN: &[&str] = &[
    "/proc/acpi",
    "/proc/kcore",
    "/proc/keys",
    "/proc/kmsg",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/sysrq-trigger",
    "/proc/timer_list",
    "/sys/firmware",
    "/sys/kernel/debug",
    "/sys/kernel/security",
    "/sys/kernel/tracing",
];

type Step<T> = Result<T, String>;

/// Builds the sandbox around this process, which is the first of its PID namespace.
pub fn build(set_up: &SetUp) -> Step<Ready> {
    let own_user = user_namespace().map_err(what("cannot read /proc/self/uid_map"))?;
    // The machine's /proc still: it tells the process id that the node sees.
    let pid = fs::read_link("/proc/self").map_err(what("cannot read /proc/self"))?;
    let mut ready = Ready {
        pid: pid.to_string_lossy().parse().unwrap_or(0),
        user_namespace: own_user,
        overlay: true,
        missing: BTreeMap::new(),
    };
    umask(Mode::from_bits_truncate(0o022));
    if let Err(reason) = overlay(set_up, own_user) {
        ready.overlay = false;
        ready
            .missing
            .insert("overlay root".to_owned(), reason.to_string());
        copy(set_up).map_err(what("cannot copy the root"))?;
    }
    if set_up.probe {
        let point = set_up.folder.join("flist");
        let mounted = fs::create_dir(&point).and_then(|()| fuse::mount_at(&point));
        if let Err(e) = mounted {
            ready.missing.insert(FLISTS.to_owned(), e.to_string());
        }
    }
    let old = change_root(&set_up.folder.join("root"))?;
    fchdir(&old).map_err(what("cannot go to the old root"))?;
    // From here on "/…" is the container's, and a relative name is the machine's.
    let mut lacking = |name: &str, done: nix::Result<()>| {
        if let Err(e) = done {
            ready.missing.insert(name.to_owned(), e.to_string());
        }
    };
    proc(set_up.privileged)?;
    folder("/sys")?;
    let closed = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    let sys = mount(
        Some("sysfs"),
        "/sys",
        Some("sysfs"),
        closed | MsFlags::MS_RDONLY,
        NOTHING,
    );
    lacking("/sys", sys);
    devices(&mut lacking)?;
    if !set_up.privileged {
        for path in HIDDEN {
            hide(path)?;
        }
    }
    for (host, guest) in &set_up.mounts {
        bind(host, guest, own_user, MsFlags::empty())?;
    }
    for (host, guest) in &set_up.read_only {
        bind(host, guest, own_user, MsFlags::MS_RDONLY)?;
    }
    umount2(".", MntFlags::MNT_DETACH).map_err(what("cannot let go of the old root"))?;
    drop(old);
    chdir("/").map_err(what("cannot go to the root"))?;
    sethostname(&set_up.hostname).map_err(what("cannot set the host name"))?;
    if !set_up.host_network {
        link::loopback_up().map_err(what("cannot bring up the loopback link"))?;
    }
    files::write(set_up)?;
    Ok(ready)
}

fn what<E: std::fmt::Display>(what: impl std::fmt::Display) -> impl FnOnce(E) -> String {
    move |error| format!("{what}: {error}")
}

/// Says whether users here are not the machine's.
fn user_namespace() -> io::Result<bool> {
    let map = fs::read_to_string("/proc/self/uid_map")?;
    let fields: Vec<&str> = map.split_whitespace().collect();
    Ok(fields != ["0", "0", "4294967295"])
}

/// Mounts the root: the lower layer as it is, and what the container writes on top.
fn overlay(set_up: &SetUp, own_user: bool) -> io::Result<()> {
    let folder = &set_up.folder;
    // The top layer's own mode is the mode of the container's "/".
    let mode = fs::metadata(&set_up.lower)?.mode() & 0o7777;
    for (name, mode) in [("upper", mode), ("work", 0o700), ("root", 0o700)] {
        DirBuilder::new().create(folder.join(name))?;
        fs::set_permissions(folder.join(name), Permissions::from_mode(mode))?;
    }
    chdir(folder)?;
    // Names without the characters that mean something in the option text.
    let lower = plain(&set_up.lower)?;
    let mut options = format!(
        "lowerdir=/proc/self/fd/{},upperdir=upper,workdir=work",
        lower.as_raw_fd()
    );
    if own_user {
        options.push_str(",userxattr");
    }
    // No device node of an image works.
    let flags = MsFlags::MS_NODEV;
    Ok(mount(
        Some("overlay"),
        "root",
        Some("overlay"),
        flags,
        Some(options.as_str()),
    )?)
}

/// Opens a path that must hold no symbolic link.
fn plain(path: &Path) -> io::Result<OwnedFd> {
    let how = OpenHow::new()
        .flags(OFlag::O_PATH | OFlag::O_CLOEXEC)
        .resolve(ResolveFlag::RESOLVE_NO_SYMLINKS);
    Ok(openat2(AT_FDCWD, path, how)?)
}

/// Where there is no overlay, the root is a copy.
fn copy(set_up: &SetUp) -> io::Result<()> {
    let root = set_up.folder.join("root");
    let _ = fs::remove_dir(&root);
    copy_tree(&set_up.lower, &root)?;
    mount(Some(&root), &root, NOTHING, MsFlags::MS_BIND, NOTHING)?;
    Ok(restrict(&root, MsFlags::MS_NODEV)?)
}

fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    let about = fs::symlink_metadata(from)?;
    let kind = about.file_type();
    if kind.is_symlink() {
        symlink(fs::read_link(from)?, to)?;
    } else if kind.is_dir() {
        fs::create_dir(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy_tree(&entry.path(), &to.join(entry.file_name()))?;
        }
    } else if kind.is_file() {
        fs::copy(from, to)?;
    } else {
        return Ok(());
    }
    if geteuid().is_root() {
        // In a user namespace only its own users exist; files stay with them.
        let _ = lchown(to, Some(about.uid()), Some(about.gid()));
    }
    if !kind.is_symlink() {
        fs::set_permissions(to, about.permissions())?;
    }
    Ok(())
}

/// Makes a mount the root, and returns the old root, which lies over it still.
fn change_root(root: &Path) -> Step<File> {
    let open = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_DIRECTORY)
        .open("/");
    let old = open.map_err(what("cannot open the root"))?;
    chdir(root).map_err(what("cannot go to the new root"))?;
    pivot_root(".", ".").map_err(what("cannot change the root"))?;
    Ok(old)
}

fn proc(privileged: bool) -> Step<()> {
    folder("/proc")?;
    let mut flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    if !privileged {
        flags |= MsFlags::MS_RDONLY;
    }
    mount(Some("proc"), "/proc", Some("proc"), flags, NOTHING).map_err(|e| {
        format!(
            "cannot mount /proc (is this machine a container that hides parts of its own?): {e}"
        )
    })
}

/// A `/dev` of harmless devices, also for a privileged container: there it can mount what it
/// likes, but no device of the machine.
fn devices(lacking: &mut impl FnMut(&str, nix::Result<()>)) -> Step<()> {
    let closed = MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC;
    folder("/dev")?;
    let flags = closed | MsFlags::MS_NODEV;
    let options = Some("mode=0755,size=64k");
    mount(Some("tmpfs"), "/dev", Some("tmpfs"), flags, options)
        .map_err(what("cannot mount /dev"))?;
    for (name, node) in DEVICES {
        let path = format!("/dev/{name}");
        File::create(&path).map_err(what(&path))?;
        let from = format!("dev/{node}");
        mount(
            Some(from.as_str()),
            path.as_str(),
            NOTHING,
            MsFlags::MS_BIND,
            NOTHING,
        )
        .map_err(what(format!("cannot borrow /{from}")))?;
    }
    for (name, target) in LINKS {
        let path = format!("/dev/{name}");
        symlink(target, &path).map_err(what(&path))?;
    }
    for (path, kind, options) in [
        (
            "/dev/pts",
            "devpts",
            Some("newinstance,ptmxmode=0666,mode=0620"),
        ),
        ("/dev/shm", "tmpfs", Some("mode=1777,size=64m")),
        ("/dev/mqueue", "mqueue", NOTHING),
    ] {
        folder(path)?;
        let flags = if kind == "devpts" {
            closed
        } else {
            closed | MsFlags::MS_NODEV
        };
        lacking(path, mount(Some(kind), path, Some(kind), flags, options));
    }
    Ok(())
}

/// Puts nothing over something.
fn hide(path: &str) -> Step<()> {
    let Ok(about) = fs::symlink_metadata(path) else {
        return Ok(());
    };
    let done = if about.is_dir() {
        let flags =
            MsFlags::MS_RDONLY | MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
        mount(
            Some("tmpfs"),
            path,
            Some("tmpfs"),
            flags,
            Some("size=0,mode=0555"),
        )
    } else {
        mount(Some("/dev/null"), path, NOTHING, MsFlags::MS_BIND, NOTHING)
    };
    done.map_err(what(format!("cannot hide {path}")))
}

/// Shows a file or folder of the machine. Nothing that lies mounted below it is shown, and no
/// device node in it works.
fn bind(host: &Path, guest: &Path, own_user: bool, rights: MsFlags) -> Step<()> {
    let from = host.strip_prefix("/").unwrap_or(host);
    // The root itself.
    let from = if from == Path::new("") {
        PathBuf::from(".")
    } else {
        from.to_owned()
    };
    let fail = || format!("cannot mount {} at {}", host.display(), guest.display());
    // The node resolved the path; a link that came since must not lead elsewhere.
    let source = plain(&from).map_err(what(fail()))?;
    let from = PathBuf::from(format!("/proc/self/fd/{}", source.as_raw_fd()));
    let about = fs::metadata(&from).map_err(what(fail()))?;
    if about.is_dir() {
        fs::create_dir_all(guest).map_err(what(fail()))?;
    } else {
        let parent = guest.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(parent).map_err(what(fail()))?;
        if !guest.exists() {
            File::create(guest).map_err(what(fail()))?;
        }
    }
    // A user namespace may not uncover what lies under the machine's mounts.
    let below = if own_user {
        MsFlags::MS_REC
    } else {
        MsFlags::empty()
    };
    mount(
        Some(&from),
        guest,
        NOTHING,
        MsFlags::MS_BIND | below,
        NOTHING,
    )
    .map_err(what(fail()))?;
    restrict(guest, rights | MsFlags::MS_NODEV | MsFlags::MS_NOSUID).map_err(what(fail()))
}

fn folder(path: &str) -> Step<()> {
    match fs::create_dir(path) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => {
            Err(format!("cannot make {path}: {e}"))
        }
        _ => Ok(()),
    }
}
