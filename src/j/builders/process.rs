//! What a package starts, on this machine: to try it before it goes into a container.
use std::fs::{self, OpenOptions};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::state::{Command, Process};
use crate::object::{Error, Kind, Result};

/// Looks until a process that was asked to end is killed.
const LOOKS: u32 = 250;
/// The pause between two of them.
const PAUSE: Duration = Duration::from_millis(20);

/// Processes that this shell has started: somebody has to wait for them when they end.
static CHILDREN: Mutex<Vec<Child>> = Mutex::new(Vec::new());

/// Waits for those that have ended.
fn reap() {
    let mut children = CHILDREN.lock().unwrap_or_else(PoisonError::into_inner);
    children.retain_mut(|child| matches!(child.try_wait(), Ok(None)));
}

/// When a process was started, in ticks; None when there is none, or it has ended.
fn started(pid: i32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in brackets, may hold anything.
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    match fields.first() {
        Some(&"Z" | &"X") | None => None,
        // The state is the third field, this one the twenty-second.
        Some(_) => fields.get(19)?.parse().ok(),
    }
}

/// Returns true when it still runs.
pub fn is_running(process: Option<Process>) -> bool {
    reap();
    process.is_some_and(|process| started(process.pid) == Some(process.since))
}

/// Starts the command of a package, with what it names in the package in the place of the root.
///
/// # Errors
/// When it cannot be started.
pub fn start(command: &Command, package: &Path, log: &Path) -> Result<Process> {
    let here = |text: &str| {
        let inside = package.join(text.trim_start_matches('/'));
        match text.starts_with('/') && text.len() > 1 && inside.exists() {
            true => inside.into_os_string(),
            false => text.into(),
        }
    };
    let failed = |what: &str| {
        let text = format!("cannot {what} {}", command.name);
        move |e: std::io::Error| Error::new(Kind::Io, format!("{text}: {e}"))
    };
    let out = OpenOptions::new().create(true).append(true).open(log);
    let out = out.map_err(failed("keep the output of"))?;
    let errors = out.try_clone().map_err(failed("keep the output of"))?;
    let dir = package.join(command.dir.trim_start_matches('/'));
    let child = std::process::Command::new(here(&command.name))
        .args(command.args.iter().map(|arg| here(arg)))
        .envs(&command.env)
        .current_dir(if dir.is_dir() { &dir } else { package })
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(errors)
        .spawn()
        .map_err(failed("start"))?;
    let pid = i32::try_from(child.id()).unwrap_or(i32::MAX);
    let mut children = CHILDREN.lock().unwrap_or_else(PoisonError::into_inner);
    children.push(child);
    drop(children);
    let since = started(pid).ok_or_else(|| {
        reap();
        let text = format!("{} ended at once", command.name);
        Error::new(Kind::Script, text).hint(format!("see {}", log.display()))
    })?;
    Ok(Process { pid, since })
}

/// Ends a process: politely first.
pub fn stop(process: Option<Process>) {
    let Some(process) = process.filter(|process| is_running(Some(*process))) else {
        return;
    };
    // SAFETY: calls without pointers; the process was looked at just now and is ours.
    unsafe { libc::kill(process.pid, libc::SIGTERM) };
    for _ in 0..LOOKS {
        if !is_running(Some(process)) {
            return;
        }
        std::thread::sleep(PAUSE);
    }
    // SAFETY: as above.
    unsafe { libc::kill(process.pid, libc::SIGKILL) };
    for _ in 0..LOOKS {
        if !is_running(Some(process)) {
            return;
        }
        std::thread::sleep(PAUSE);
    }
}
