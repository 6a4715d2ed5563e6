//! A process of a job: starting it, its output, its end.
use std::io;
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::unix::pipe;

use super::command::{Failure, reason};
use super::cutter::Cutter;
use super::program::Program;
use super::runner::Runner;
use super::running::{Ending, Running};
use crate::zos::protocol::Level;
use crate::zos::protocol::result::{State, codes};

/// Bytes of output that are read at once, and so become one message.
const READ: usize = 32 * 1024;
/// How long output is still awaited after a process ended while others hold it open.
const LINGER: Duration = Duration::from_secs(1);

/// Runs a program as (one run of) a job until it ends.
pub async fn run(
    runner: &Arc<Runner>,
    running: &Arc<Running>,
    program: Result<Program, Failure>,
    hidden: bool,
) -> Ending {
    running.expect_process();
    let started = match program {
        Ok(program) => start(runner, &program).await.map(|child| (child, program)),
        Err(failure) => Err(failure),
    };
    let (mut child, program) = match started {
        Ok(started) => started,
        Err(failure) => {
            running.set_process(None, -1);
            return Ending::unspawned(failure);
        }
    };
    let id = i32::try_from(child.id()).unwrap_or_default();
    let group = runner.surroundings.groups;
    running.set_process(Some((id, group)), if hidden { 0 } else { i64::from(id) });
    let feeding = feed(child.stdin.take(), program.stdin);
    let out = follow(
        child.stdout.take().map(OwnedFd::from),
        Level::STDOUT,
        running,
        runner,
    );
    let err = follow(
        child.stderr.take().map(OwnedFd::from),
        Level::STDERR,
        running,
        runner,
    );
    let outputs = async { tokio::join!(out, err) };
    let mut outputs = std::pin::pin!(outputs);
    let mut feeding = std::pin::pin!(feeding);
    let mut feeds = true;
    let mut drained = false;
    let mut timed_out = false;
    let status = {
        let limit = running
            .job
            .max_time
            .and_then(|s| u64::try_from(s).ok())
            .filter(|s| *s > 0);
        let mut over = std::pin::pin!(async {
            match limit {
                Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
                None => std::future::pending().await,
            }
        });
        let mut ended = std::pin::pin!(wait(&mut child, running));
        loop {
            tokio::select! {
                status = &mut ended => break status,
                () = &mut over, if !timed_out => {
                    timed_out = true;
                    running.signal(Signal::SIGKILL);
                }
                _ = &mut outputs, if !drained => drained = true,
                () = &mut feeding, if feeds => feeds = false,
            }
        }
    };
    if !drained {
        let _ = tokio::time::timeout(LINGER, &mut outputs).await;
    }
    match status {
        _ if timed_out => Ending::of(State::Timeout, codes::KILLED),
        Ok(status) => ending(status),
        Err(e) => Ending::unspawned(Failure::new(0, reason(&e))),
    }
}

fn ending(status: ExitStatus) -> Ending {
    match status.code() {
        Some(0) => Ending::of(State::Success, 0),
        Some(code) => Ending::of(State::Error, codes::EXIT + i64::from(code)),
        None => Ending::of(State::Error, codes::KILLED),
    }
}

async fn start(runner: &Arc<Runner>, program: &Program) -> Result<Child, Failure> {
    let surroundings = &runner.surroundings;
    let path = program.find(surroundings)?;
    let mut command = Command::new(&path);
    let stdin = if program.stdin.is_empty() {
        Stdio::null()
    } else {
        Stdio::piped()
    };
    command
        .arg0(&program.name)
        .args(&program.args)
        .env_clear()
        .envs(surroundings.env.iter().map(|(name, value)| (name, value)))
        .envs(&program.env)
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    // A folder of the job's own is entered last, where its view of the files is in place.
    let dir = match program.dir.is_empty() {
        true => surroundings.dir.clone(),
        false => surroundings.dir.join(&program.dir),
    };
    if surroundings.groups {
        command.process_group(0);
    }
    let dir = std::ffi::CString::new(dir.into_os_string().into_encoded_bytes())
        .map_err(|_| Failure::new(0, "dir: holds a zero byte"))?;
    let view = surroundings.view.clone();
    let end_with_us = surroundings.end_with_us;
    let prepare = move || -> io::Result<()> {
        if end_with_us {
            nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?;
        }
        if let Some(view) = &view {
            view.enter()?;
        }
        nix::unistd::chdir(dir.as_c_str())?;
        Ok(())
    };
    // SAFETY: between fork and exec the closure makes system calls only, on memory that was
    // prepared before; it allocates nothing and takes no lock.
    unsafe { command.pre_exec(prepare) };
    runner
        .spawner
        .spawn(command)
        .await
        .map_err(|e| Failure::new(0, format!("fork/exec {}: {}", path.display(), reason(&e))))
}

/// Waits for the end of a process without a thread of its own.
///
/// The job forgets the process before its id is given back, so that no signal goes astray.
async fn wait(child: &mut Child, running: &Running) -> io::Result<ExitStatus> {
    let id = libc::c_long::from(i32::try_from(child.id()).unwrap_or_default());
    // SAFETY: pidfd_open takes two integers; the process is our child and not waited for yet, so
    // the id is its own.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, id, 0) };
    if let Ok(fd) = i32::try_from(fd)
        && fd >= 0
    {
        // SAFETY: the call just made this descriptor and nobody else knows it.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        // SAFETY: the descriptor is owned by the value and stays open and the same until it is
        // dropped.
        let watched = unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE) };
        if let Ok(fd) = watched {
            let _ = fd.readable().await?;
            running.set_process(None, 0);
            return child.wait();
        }
    }
    // A kernel without such descriptors: ask now and then.
    loop {
        if let Some(status) = child.try_wait()? {
            running.set_process(None, 0);
            return Ok(status);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Writes the job's input. A process that does not read it ends the writing.
async fn feed(stdin: Option<std::process::ChildStdin>, text: String) {
    let Some(stdin) = stdin else { return };
    if let Ok(mut pipe) = nonblocking(OwnedFd::from(stdin)).and_then(pipe::Sender::from_owned_fd) {
        let _ = pipe.write_all(text.as_bytes()).await;
    }
}

/// Turns one stream into messages until it ends.
async fn follow(fd: Option<OwnedFd>, level: Level, running: &Arc<Running>, runner: &Arc<Runner>) {
    let Some(fd) = fd else { return };
    let Ok(mut pipe) = nonblocking(fd).and_then(pipe::Receiver::from_owned_fd) else {
        return;
    };
    let mut cutter = Cutter::new(level);
    let mut buffer = vec![0; READ];
    let mut emit = |level, text| running.say(runner, level, text, 0);
    while let Ok(n @ 1..) = pipe.read(&mut buffer).await {
        cutter.feed(buffer.get(..n).unwrap_or_default(), &mut emit);
    }
    cutter.finish(&mut emit);
}

fn nonblocking(fd: OwnedFd) -> io::Result<OwnedFd> {
    use nix::fcntl::{FcntlArg, OFlag, fcntl};
    let now = OFlag::from_bits_truncate(fcntl(&fd, FcntlArg::F_GETFL)?);
    fcntl(&fd, FcntlArg::F_SETFL(now | OFlag::O_NONBLOCK))?;
    Ok(fd)
}

/// Sends a signal to a process, or to the group it leads.
pub fn signal(id: i32, group: bool, signal: Signal) -> bool {
    if id <= 1 {
        return false;
    }
    let id = Pid::from_raw(id);
    match group {
        true => killpg(id, signal).is_ok(),
        false => nix::sys::signal::kill(id, signal).is_ok(),
    }
}
