//! The inside of a container: this program, started again, becomes its helper, first process and
//! worker. Nothing here runs in the node's own process.
//!
//! 1. [`enter`] (`kosmos zos-init`) makes the user and mount namespaces and starts this program
//!    once more, as `/coreX`, from a read-only mount of its own file: whatever a container does to
//!    `/proc/<pid>/exe`, it cannot write there.
//! 2. [`main`] makes the other namespaces, forks the container's first process and waits for it.
//! 3. The first process builds the sandbox, gives its rights away, forks the worker and reaps.
//! 4. The worker runs commands.
//!
//! The program was loaded before the root changed, and loads nothing afterwards: no names are
//! looked up through the C library in here.
mod capability;
mod files;
mod fuse;
mod link;
mod sandbox;
mod worker;

use std::ffi::CString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::ExitCode;

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl::{set_dumpable, set_pdeathsig};
use nix::sys::signal::Signal;
use nix::sys::statvfs::{FsFlags, statvfs};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{
    ForkResult, Pid, dup2_stdin, dup2_stdout, execve, fork, getegid, geteuid, setsid,
};

use super::frame::{self, FromInit, SetUp, ToInit};
use super::runner::MakeRunner;

/// Name under which the init shows inside its container, as the original's does.
pub const NAME: &str = "/coreX";

/// Mount flags without source, type or data.
const NOTHING: Option<&str> = None;

/// First step: enters user and mount namespaces and starts this program again from a read-only
/// mount. Returns only when that fails; the node is told why.
pub fn enter(arguments: &[String]) -> ExitCode {
    let failed = match namespaces().and_then(|()| again(arguments)) {
        Ok(never) => match never {},
        Err(reason) => reason,
    };
    if let Ok(control) = io::stdin().as_fd().try_clone_to_owned() {
        let mut control = UnixStream::from(control);
        // Without the node there is nobody to tell.
        let _ = frame::write(&mut control, &FromInit::Failed(failed));
    }
    ExitCode::FAILURE
}

fn namespaces() -> Result<(), String> {
    match unshare(CloneFlags::CLONE_NEWNS) {
        Ok(()) => {}
        Err(Errno::EPERM) => user_namespace()?,
        Err(e) => return Err(limit("mount", "mnt", e)),
    }
    // What is mounted here must not show on the machine.
    mount(
        NOTHING,
        "/",
        NOTHING,
        MsFlags::MS_PRIVATE | MsFlags::MS_REC,
        NOTHING,
    )
    .map_err(|e| {
        format!(
            "mounts are not allowed in a new namespace ({e}): {}",
            hint()
        )
    })
}

/// Makes a user namespace in which this user is root.
fn user_namespace() -> Result<(), String> {
    let (user, group) = (geteuid(), getegid());
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS).map_err(|e| match e {
        Errno::EPERM => format!("this user may not make namespaces: {}", hint()),
        e => limit("user", "user", e),
    })?;
    let write = |file: &str, text: String| {
        fs::write(file, text).map_err(|e| format!("cannot write {file}: {e}: {}", hint()))
    };
    // The kernel wants this before an ordinary user may map a group.
    write("/proc/self/setgroups", "deny".to_owned())?;
    write("/proc/self/uid_map", format!("0 {user} 1"))?;
    write("/proc/self/gid_map", format!("0 {group} 1"))
}

fn hint() -> &'static str {
    "run the node as root, or allow user namespaces (sysctl kernel.unprivileged_userns_clone=1, \
     kernel.apparmor_restrict_unprivileged_userns=0)"
}

fn limit(what: &str, name: &str, error: Errno) -> String {
    match error {
        Errno::ENOSPC => format!(
            "the limit of {what} namespaces is reached: raise sysctl user.max_{name}_namespaces"
        ),
        e => format!("cannot make a {what} namespace: {e}"),
    }
}

/// Marks everything but standard input, output and error to be closed when the next program
/// starts: what the node was given open by others is not for containers.
fn close_the_rest() -> Result<(), String> {
    // SAFETY: close_range takes three numbers, and only sets a flag of descriptors.
    let marked = unsafe {
        libc::syscall(
            libc::SYS_close_range,
            3,
            u32::MAX,
            libc::CLOSE_RANGE_CLOEXEC,
        )
    };
    if marked == 0 {
        return Ok(());
    }
    // A kernel of before 5.11: one by one.
    let fail = |e: io::Error| format!("cannot list open files: {e}");
    for entry in fs::read_dir("/proc/self/fd").map_err(fail)? {
        let name = entry.map_err(fail)?.file_name();
        let number = name.to_str().and_then(|name| name.parse::<i32>().ok());
        if let Some(number) = number.filter(|number| *number > 2) {
            // SAFETY: fcntl takes numbers only; the one of this listing may be closed already,
            // which is an error that changes nothing.
            unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) };
        }
    }
    Ok(())
}

/// Nothing comes back from a program that replaced this one.
enum Never {}

/// Starts this program again, from a read-only mount of its file.
fn again(arguments: &[String]) -> Result<Never, String> {
    close_the_rest()?;
    let file = fs::read_link("/proc/self/exe").map_err(|e| format!("/proc/self/exe: {e}"))?;
    let fail = |e: Errno| {
        let file = file.display();
        format!("cannot start again from {file} (was the program replaced? restart the node): {e}")
    };
    mount(Some(&file), &file, NOTHING, MsFlags::MS_BIND, NOTHING).map_err(fail)?;
    restrict(&file, MsFlags::MS_RDONLY).map_err(fail)?;
    let path = CString::new(file.as_os_str().as_bytes()).map_err(|e| e.to_string())?;
    let names = [NAME.to_owned()]
        .into_iter()
        .chain(arguments.iter().cloned());
    let names: Result<Vec<CString>, _> = names.map(CString::new).collect();
    let names = names.map_err(|e| e.to_string())?;
    let environment: [CString; 0] = [];
    match execve(&path, &names, &environment) {
        Ok(never) => match never {},
        Err(e) => Err(fail(e)),
    }
}

/// Takes rights away from a bind mount. In a user namespace the flags it has must stay.
fn restrict(at: &Path, flags: MsFlags) -> nix::Result<()> {
    let has = statvfs(at)?.flags();
    let same = [
        (FsFlags::ST_RDONLY, MsFlags::MS_RDONLY),
        (FsFlags::ST_NOSUID, MsFlags::MS_NOSUID),
        (FsFlags::ST_NODEV, MsFlags::MS_NODEV),
        (FsFlags::ST_NOEXEC, MsFlags::MS_NOEXEC),
        (FsFlags::ST_NOATIME, MsFlags::MS_NOATIME),
        (FsFlags::ST_NODIRATIME, MsFlags::MS_NODIRATIME),
        (FsFlags::ST_RELATIME, MsFlags::MS_RELATIME),
    ];
    let mut all = MsFlags::MS_BIND | MsFlags::MS_REMOUNT | flags;
    for (flag, stays) in same {
        if has.contains(flag) {
            all |= stays;
        }
    }
    mount(NOTHING, at, NOTHING, all, NOTHING)
}

/// Second step, as `/coreX`: builds the container and stays until it ends.
pub fn main(make: MakeRunner) -> ExitCode {
    match sockets() {
        Ok((control, dial)) => begin(control, dial, make),
        Err(_) => ExitCode::FAILURE,
    }
}

/// Takes the two sockets out of the way of standard input and output.
fn sockets() -> io::Result<(UnixStream, UnixStream)> {
    let control = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let dial = UnixStream::from(io::stdout().as_fd().try_clone_to_owned()?);
    silence()?;
    Ok((control, dial))
}

/// Lets standard input and output lead nowhere.
fn silence() -> io::Result<()> {
    dup2_stdin(File::open("/dev/null")?)?;
    dup2_stdout(OpenOptions::new().write(true).open("/dev/null")?)?;
    Ok(())
}

fn begin(mut control: UnixStream, dial: UnixStream, make: MakeRunner) -> ExitCode {
    let Ok(Some(ToInit::SetUp(set_up))) = frame::read(&mut control) else {
        return ExitCode::FAILURE;
    };
    let points = set_up.flists.iter().map(AsRef::as_ref);
    if let Err(reason) = fuse::mount_all(points, &dial) {
        let _ = frame::write(&mut control, &FromInit::Failed(reason));
        return ExitCode::FAILURE;
    }
    let mut wanted = CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_NEWUTS | CloneFlags::CLONE_NEWIPC;
    if !set_up.host_network {
        wanted |= CloneFlags::CLONE_NEWNET;
    }
    if let Err(e) = unshare(wanted) {
        let reason = limit("pid, uts, ipc or net", "pid", e);
        let _ = frame::write(&mut control, &FromInit::Failed(reason));
        return ExitCode::FAILURE;
    }
    // Hides the node's groups in /proc/self/cgroup; kernels without it have nothing to hide.
    let _ = unshare(CloneFlags::CLONE_NEWCGROUP);
    // SAFETY: this process has one thread, so the child may do anything the parent may.
    match unsafe { fork() } {
        Ok(ForkResult::Child) => first(control, dial, &set_up, make),
        Ok(ForkResult::Parent { child }) => {
            // The node sees the end of the sockets when the container's processes are gone.
            drop((control, dial));
            wait_for(child)
        }
        Err(e) => {
            let _ = frame::write(&mut control, &FromInit::Failed(format!("cannot fork: {e}")));
            ExitCode::FAILURE
        }
    }
}

/// The helper: passes on how the first process ended.
fn wait_for(child: Pid) -> ExitCode {
    loop {
        match waitpid(child, None) {
            Ok(WaitStatus::Exited(_, code)) => return exit_code(code),
            Ok(WaitStatus::Signaled(_, signal, _)) => return exit_code(128 + signal as i32),
            Ok(_) | Err(Errno::EINTR) => {}
            Err(_) => return ExitCode::FAILURE,
        }
    }
}

fn exit_code(code: i32) -> ExitCode {
    ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX))
}

/// Third step, as process 1 of the container.
fn first(mut control: UnixStream, dial: UnixStream, set_up: &SetUp, make: MakeRunner) -> ExitCode {
    // The helper has one thread, so its end is the end of that thread.
    let prepared = set_pdeathsig(Signal::SIGKILL).and_then(|()| setsid());
    let built = prepared.map_err(|e| format!("cannot become a first process: {e}"));
    let built = built
        .and_then(|_| sandbox::build(set_up))
        .and_then(|ready| {
            // Nobody inside may look into this program or its descriptors.
            set_dumpable(false).map_err(|e| format!("cannot hide the init: {e}"))?;
            silence().map_err(|e| format!("cannot open /dev/null: {e}"))?;
            capability::drop(set_up.privileged, !set_up.host_network)?;
            Ok(ready)
        });
    let ready = match built {
        Ok(ready) => ready,
        Err(reason) => {
            let _ = frame::write(&mut control, &FromInit::Failed(reason));
            return ExitCode::FAILURE;
        }
    };
    if set_up.probe {
        let _ = frame::write(&mut control, &FromInit::Ready(ready));
        return ExitCode::SUCCESS;
    }
    // SAFETY: this process has one thread, so the child may do anything the parent may.
    match unsafe { fork() } {
        Ok(ForkResult::Child) => worker::run(control, dial, set_up, ready, make),
        Ok(ForkResult::Parent { child }) => {
            drop((control, dial));
            reap_until(child)
        }
        Err(e) => {
            let _ = frame::write(&mut control, &FromInit::Failed(format!("cannot fork: {e}")));
            ExitCode::FAILURE
        }
    }
}

/// Collects orphans until the worker ends; then the kernel ends all that is left.
fn reap_until(worker: Pid) -> ExitCode {
    loop {
        match waitpid(None, None) {
            Ok(WaitStatus::Exited(pid, code)) if pid == worker => return exit_code(code),
            Ok(WaitStatus::Signaled(pid, signal, _)) if pid == worker => {
                return exit_code(128 + signal as i32);
            }
            Ok(_) | Err(Errno::EINTR) => {}
            Err(_) => return ExitCode::FAILURE,
        }
    }
}
