//! Facts about the terminal, and questions asked on it.
use std::io::{self, IsTerminal};

use rustyline::Config;
use rustyline::error::ReadlineError;
use rustyline::history::MemHistory;
use zeroize::Zeroizing;

use super::interrupt::Caught;
use super::output;
use crate::object::{Error, Kind, Result};

/// A person is there: stdin and stdout are terminals.
pub fn interactive() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Somebody can be asked: stdin and stderr are terminals.
pub fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Columns of the terminal; 80 when it does not say.
pub fn width() -> usize {
    size().0
}

/// Rows of the terminal; 24 when it does not say.
pub fn height() -> usize {
    size().1
}

fn size() -> (usize, usize) {
    // SAFETY: all-zero is a valid `winsize`, and the call fills in the struct it is given.
    let size = unsafe {
        let mut size: libc::winsize = std::mem::zeroed();
        if libc::ioctl(libc::STDOUT_FILENO, libc::TIOCGWINSZ, &raw mut size) != 0
            && libc::ioctl(libc::STDERR_FILENO, libc::TIOCGWINSZ, &raw mut size) != 0
        {
            return (80, 24);
        }
        size
    };
    let or = |value: u16, default: usize| {
        if value == 0 {
            default
        } else {
            usize::from(value)
        }
    };
    (or(size.ws_col, 80), or(size.ws_row, 24))
}

/// Clears the screen, where that is possible.
pub fn clear() {
    if interactive() {
        output::out("\x1b[H\x1b[2J\x1b[3J");
    }
}

/// Asks questions that belong together: what is typed ahead of the next one is not lost.
pub struct Asker(rustyline::Editor<(), MemHistory>);

impl Asker {
    /// Nobody was asked yet.
    ///
    /// # Errors
    /// When the terminal cannot be used.
    pub fn new() -> Result<Asker> {
        let config = Config::builder().auto_add_history(false).build();
        rustyline::Editor::with_history(config, MemHistory::new())
            .map(Asker)
            .map_err(|error| stopped(&error))
    }

    /// Asks a question and answers the line typed, without blanks at its ends.
    ///
    /// # Errors
    /// [`Kind::Interrupted`] for Ctrl-C and Ctrl-D.
    pub fn ask(&mut self, question: &str) -> Result<String> {
        match self.0.readline(question) {
            Ok(line) => Ok(line.trim().to_string()),
            Err(error) => Err(stopped(&error)),
        }
    }
}

/// Asks one question.
///
/// # Errors
/// As [`Asker::ask`].
pub fn ask(question: &str) -> Result<String> {
    Asker::new()?.ask(question)
}

/// Asks for something that is not shown while it is typed.
///
/// # Errors
/// [`Kind::Interrupted`] for Ctrl-C and Ctrl-D; [`Kind::Io`] when there is no terminal.
pub fn ask_hidden(question: &str) -> Result<Zeroizing<String>> {
    // For Ctrl-C the library raises a signal, which would kill the process.
    let _caught = Caught::sigint();
    match rpassword::prompt_password(question) {
        Ok(text) => Ok(Zeroizing::new(text)),
        Err(error) => match error.kind() {
            io::ErrorKind::Interrupted | io::ErrorKind::UnexpectedEof => Err(interrupted()),
            _ => Err(Error::new(
                Kind::Io,
                format!("cannot read from the terminal: {error}"),
            )),
        },
    }
}

/// Asks until the answer is yes or no.
///
/// # Errors
/// As [`ask`].
pub fn ask_yes(question: &str) -> Result<bool> {
    let mut asker = Asker::new()?;
    loop {
        match asker
            .ask(&format!("{question} (y/n) "))?
            .to_lowercase()
            .as_str()
        {
            "y" | "yes" => return Ok(true),
            "n" | "no" => return Ok(false),
            _ => output::err("please type y or n"),
        }
    }
}

/// The error of something that was stopped by the person.
pub fn interrupted() -> Error {
    Error::new(Kind::Interrupted, "KeyboardInterrupt")
}

fn stopped(error: &ReadlineError) -> Error {
    match error {
        ReadlineError::Interrupted | ReadlineError::Eof => interrupted(),
        other => Error::new(Kind::Io, format!("cannot read from the terminal: {other}")),
    }
}
