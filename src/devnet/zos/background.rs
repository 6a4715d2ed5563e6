//! A node as a process of its own: start it in the background, find it, stop it.
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::place::{self, NodeFile};
use crate::devnet::daemon::{detach, last_lines};
use crate::devnet::error::{Error, Result};
use crate::devnet::folder::private_options;

/// How long a node may take to come up: it may have to end what a killed one left.
const START: Duration = Duration::from_secs(30);
/// How long a node may take to stop before it is killed; its containers have ten seconds.
const STOP: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(20);

/// Starts `kosmos zos-node` on a folder, detached from this terminal, and waits until it listens.
///
/// # Errors
/// When one runs there already, or when it ends before it listens (with the end of its output).
pub async fn start(program: &Path, dir: &Path, listen: SocketAddr) -> Result<NodeFile> {
    if let Some(node) = place::running(dir) {
        return Err(Error::Running {
            path: dir.into(),
            pid: node.pid,
        });
    }
    // Makes the folder, or says that it is not ours, before a process is started for it.
    drop(place::Place::open(dir)?);
    let log = dir.join("output.log");
    let output = private_options()
        .truncate(true)
        .open(&log)
        .map_err(Error::file("cannot write", log.clone()))?;
    let errors = output
        .try_clone()
        .map_err(Error::file("cannot write", log.clone()))?;
    let mut command = Command::new(program);
    command
        .args(["zos-node", "--listen", &listen.to_string(), "--root"])
        .arg(dir)
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors);
    detach(&mut command);
    let mut child = command
        .spawn()
        .map_err(Error::file("cannot start", program))?;
    let begun = Instant::now();
    loop {
        if let Some(node) = place::running(dir).filter(|node| node.pid == child.id()) {
            return Ok(node);
        }
        if let Ok(Some(exit)) = child.try_wait() {
            return Err(Error::Start {
                reason: format!("{exit}: {}", last_lines(&log)),
            });
        }
        if begun.elapsed() > START {
            let _ = child.kill();
            let _ = child.wait();
            let reason = format!("it did not listen within {} s", START.as_secs());
            return Err(Error::Start { reason });
        }
        tokio::time::sleep(POLL).await;
    }
}

/// Stops the node that runs on a folder; false when none does.
///
/// # Errors
/// When it does not end.
pub async fn stop(dir: &Path) -> Result<bool> {
    let Some(node) = place::running(dir) else {
        return Ok(false);
    };
    // The lock is held, so the id in the folder is that of a living node.
    let pid = Pid::from_raw(node.pid.cast_signed());
    let _ = kill(pid, Signal::SIGTERM);
    let begun = Instant::now();
    while place::running(dir).is_some_and(|now| now.pid == node.pid) {
        if begun.elapsed() > STOP {
            let _ = kill(pid, Signal::SIGKILL);
        }
        if begun.elapsed() > STOP * 2 {
            let reason = format!("process {} does not end", node.pid);
            return Err(Error::Control {
                addr: node.addr.to_string(),
                reason,
            });
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(true)
}
