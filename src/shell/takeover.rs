//! The terminal in the hands of a program elsewhere: what is typed goes there as it is.
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::thread::JoinHandle;

use tokio::sync::mpsc;

use super::{output, terminal};
use crate::j::world::Takeover;
use crate::object::{Error, Kind, Result};

/// Bytes that are read at once.
const READ: usize = 4096;

/// Takes the terminal over until what is answered is dropped.
///
/// # Errors
/// No terminal, or one that cannot be set.
pub fn take(raw: bool) -> Result<Takeover> {
    if !terminal::interactive() {
        return Err(Error::new(Kind::Usage, "there is no terminal to hand over")
            .hint("run a program with .client.system('…').get()"));
    }
    let before = match raw {
        true => Some(set_raw()?),
        false => None,
    };
    let (wake, woken) = pipe()?;
    let (send, typed) = mpsc::unbounded_channel();
    let reader = std::thread::Builder::new()
        .name("typed".into())
        .spawn(move || read(&woken, &send))?;
    Ok(Takeover {
        typed,
        write: Box::new(output::out),
        given_back: Box::new(Given {
            before,
            wake: Some(wake),
            reader: Some(reader),
        }),
    })
}

/// Puts everything back when it is dropped.
struct Given {
    before: Option<libc::termios>,
    wake: Option<OwnedFd>,
    reader: Option<JoinHandle<()>>,
}

impl Drop for Given {
    fn drop(&mut self) {
        // The other end of the pipe closes, which wakes the thread.
        self.wake.take();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        if let Some(before) = &self.before {
            // SAFETY: the struct was filled in by `tcgetattr` and outlives the call.
            unsafe { libc::tcsetattr(libc::STDIN_FILENO, libc::TCSANOW, before) };
        }
    }
}

fn set_raw() -> Result<libc::termios> {
    // SAFETY: all-zero is a valid `termios`, and the call fills in the struct it is given.
    let before = unsafe {
        let mut now: libc::termios = std::mem::zeroed();
        if libc::tcgetattr(libc::STDIN_FILENO, &raw mut now) != 0 {
            return Err(io::Error::last_os_error().into());
        }
        now
    };
    let mut changed = before;
    // SAFETY: both calls work on a struct that `tcgetattr` filled in and that outlives them.
    let set = unsafe {
        libc::cfmakeraw(&raw mut changed);
        libc::tcsetattr(libc::STDIN_FILENO, libc::TCSANOW, &raw const changed)
    };
    match set {
        0 => Ok(before),
        _ => Err(io::Error::last_os_error().into()),
    }
}

fn pipe() -> Result<(OwnedFd, OwnedFd)> {
    let mut ends = [0; 2];
    // SAFETY: the call fills in the two numbers it is given.
    if unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) } != 0 {
        return Err(io::Error::last_os_error().into());
    }
    let [read, write] = ends;
    // SAFETY: the call just made both descriptors and nobody else knows them.
    unsafe { Ok((OwnedFd::from_raw_fd(write), OwnedFd::from_raw_fd(read))) }
}

/// Hands on what is typed until the other end of the pipe closes.
fn read(woken: &OwnedFd, send: &mpsc::UnboundedSender<Vec<u8>>) {
    let mut buffer = vec![0_u8; READ];
    loop {
        let watch = |fd| libc::pollfd {
            fd,
            events: libc::POLLIN,
            revents: 0,
        };
        let mut both = [watch(libc::STDIN_FILENO), watch(woken.as_raw_fd())];
        // SAFETY: the list has two entries and outlives the call.
        let ready = unsafe { libc::poll(both.as_mut_ptr(), 2, -1) };
        let [stdin, wake] = both;
        if wake.revents != 0 || (ready < 0 && !interrupted()) {
            return;
        }
        if stdin.revents == 0 {
            continue;
        }
        // SAFETY: the buffer has as many bytes as the call is told.
        let count =
            unsafe { libc::read(libc::STDIN_FILENO, buffer.as_mut_ptr().cast(), buffer.len()) };
        match usize::try_from(count) {
            Ok(count @ 1..) => {
                let bytes = buffer.get(..count).unwrap_or_default().to_vec();
                if send.send(bytes).is_err() {
                    return;
                }
            }
            Err(_) if interrupted() => {}
            // Ctrl-D on an empty line, or the terminal is gone.
            _ => return,
        }
    }
}

fn interrupted() -> bool {
    io::Error::last_os_error().kind() == io::ErrorKind::Interrupted
}
