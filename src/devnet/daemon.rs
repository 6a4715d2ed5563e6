//! A devnet as a process of its own: start it in the background, ask, stop and remove it.
//!
//! These are the functions behind `kosmos devnet start|status|stop|reset`. Nothing here trusts a
//! bare process id: whether a devnet lives is read from the lock on its folder.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::answers::Status;
use super::control::Control;
use super::error::{Error, Result};
use super::folder;

/// How long a background devnet may take to come up (a long chain is read and checked first).
const START_PATIENCE: Duration = Duration::from_secs(60);
/// How long a devnet may take to stop before it is killed.
const STOP_PATIENCE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(20);

/// Starts `exe args…` detached from this terminal and waits until the devnet on `dir` answers.
///
/// `args` must make it run a devnet in the foreground on the same folder. Its output goes to
/// `output.log` in the folder. Fails when one runs there already, or when it ends before it answers
/// (then with the end of its output).
pub async fn start_background(exe: &Path, args: &[String], dir: &Path) -> Result<Status> {
    if folder::in_use(dir)? {
        let pid = Control::open(dir).map_or(0, |c| c.pid());
        return Err(Error::Running {
            path: dir.into(),
            pid,
        });
    }
    // Makes the folder, or says that it is not ours, before a process is started for it.
    drop(folder::Folder::open(dir)?);
    let output_path = folder::output_log(dir);
    let output = folder::private_options()
        .truncate(true)
        .open(&output_path)
        .map_err(Error::file("cannot write", output_path.clone()))?;
    let errors = output
        .try_clone()
        .map_err(Error::file("cannot write", output_path.clone()))?;
    let mut command = Command::new(exe);
    command
        .args(args)
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors);
    detach(&mut command);
    let mut child = command.spawn().map_err(Error::file("cannot start", exe))?;
    let begun = Instant::now();
    loop {
        if let Ok(control) = Control::open(dir)
            && control.pid() == child.id()
            && let Ok(status) = control.status().await
        {
            return Ok(status);
        }
        if let Ok(Some(exit)) = child.try_wait() {
            return Err(Error::Start {
                reason: format!("{exit}: {}", last_lines(&output_path)),
            });
        }
        if begun.elapsed() > START_PATIENCE {
            let _ = child.kill();
            let _ = child.wait();
            let seconds = START_PATIENCE.as_secs();
            return Err(Error::Start {
                reason: format!("it did not answer within {seconds} s"),
            });
        }
        tokio::time::sleep(POLL).await;
    }
}

/// Asks the devnet on `dir` how it is; None when none runs there.
pub async fn status(dir: &Path) -> Result<Option<Status>> {
    match Control::open(dir) {
        Ok(control) => control.status().await.map(Some),
        Err(Error::NotRunning { .. }) => Ok(None),
        Err(e) => Err(e),
    }
}

/// Stops the devnet on `dir` and waits until its folder is free. Returns false when none ran.
///
/// It is asked first; when it does not answer or end, its process is killed (its state survives).
pub async fn stop(dir: &Path) -> Result<bool> {
    let control = match Control::open(dir) {
        Ok(control) => control,
        Err(Error::NotRunning { .. }) => return Ok(false),
        Err(e) => return Err(e),
    };
    let asked = control.stop().await.is_ok();
    let begun = Instant::now();
    let mut killed = false;
    while folder::in_use(dir)? {
        let waited = begun.elapsed();
        if !killed && (!asked || waited > STOP_PATIENCE) && control.pid() != std::process::id() {
            // The lock is held, so the id in the folder is that of a living devnet.
            kill(control.pid());
            killed = true;
        }
        if waited > STOP_PATIENCE * 2 {
            let addr = control.addr().to_string();
            return Err(Error::Control {
                addr,
                reason: "it does not stop".into(),
            });
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(true)
}

/// Removes the devnet's state in `dir`: only files that a devnet writes, then the
/// folder if nothing is left. A running one is stopped first. Returns false when there was none.
///
/// # Errors
/// When the folder is not a devnet's, or something in it cannot be removed.
pub async fn reset(dir: &Path) -> Result<bool> {
    stop(dir).await?;
    folder::reset(dir)
}

pub(super) fn last_lines(path: &PathBuf) -> String {
    let text = std::fs::read(path).map(|b| String::from_utf8_lossy(&b).into_owned());
    let text = text.unwrap_or_default();
    let lines: Vec<&str> = text.lines().rev().take(5).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("; ")
}

/// Gives the child a session of its own, so that closing the terminal does not end it.
#[cfg(unix)]
pub(super) fn detach(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    let new_session = || {
        // SAFETY: setsid takes no arguments, touches no memory, and is async-signal-safe.
        if unsafe { libc::setsid() } == -1 {
            return Err(std::io::Error::last_os_error());
        }
        Ok(())
    };
    // SAFETY: the closure only calls setsid, which is allowed between fork and exec.
    unsafe { command.pre_exec(new_session) };
}

#[cfg(not(unix))]
pub(super) fn detach(_command: &mut Command) {}

#[cfg(unix)]
fn kill(pid: u32) {
    if let Ok(pid) = libc::pid_t::try_from(pid)
        && pid > 1
    {
        // SAFETY: kill takes two integers and touches no memory.
        unsafe { libc::kill(pid, libc::SIGKILL) };
    }
}

#[cfg(not(unix))]
fn kill(_pid: u32) {}
