//! The only place that prints: results on stdout, everything else on stderr.
//!
//! A reader that goes away (`kosmos … | head`) is no error: what runs is stopped, and nothing more
//! is written. A file that takes no more (a full disk) ends the run in the same way, and is told.
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::interrupt;

static BROKEN: AtomicBool = AtomicBool::new(false);
/// Why results could not be written, other than that nobody reads them.
static LOST: Mutex<Option<String>> = Mutex::new(None);
static QUIET: AtomicBool = AtomicBool::new(false);
/// True while a progress line stands on the terminal.
static PROGRESS: Mutex<bool> = Mutex::new(false);

/// Way to the line above the prompt, while a line is being edited.
static ABOVE: Mutex<Option<Sender<String>>> = Mutex::new(None);

/// While a line is edited, what others have to say goes through here, so that it stands above the
/// prompt and the line stays as it is.
pub fn above_prompt(printer: Option<Sender<String>>) {
    *ABOVE.lock().unwrap_or_else(PoisonError::into_inner) = printer;
}

/// True once results can no longer be written, or nobody reads them.
pub fn broken() -> bool {
    BROKEN.load(Ordering::Relaxed)
}

/// Why results were lost, when that is a fault.
pub fn lost() -> Option<String> {
    LOST.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// With `-q` notes and progress are left out.
pub fn set_quiet(quiet: bool) {
    QUIET.store(quiet, Ordering::Relaxed);
}

/// Text of a result, as it is.
pub fn out(text: &str) {
    let _line = above_progress();
    if text.is_empty() || broken() {
        return;
    }
    let mut stdout = io::stdout().lock();
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    if let Err(error) = written {
        if error.kind() != ErrorKind::BrokenPipe {
            // A terminal that takes nothing for a moment loses a line, not the session.
            if stdout.is_terminal() {
                return;
            }
            let mut lost = LOST.lock().unwrap_or_else(PoisonError::into_inner);
            lost.get_or_insert_with(|| error.to_string());
        }
        BROKEN.store(true, Ordering::Relaxed);
        interrupt::stop();
    }
}

/// Text of a result, ended with a line end if it has none.
pub fn line(text: &str) {
    if text.ends_with('\n') {
        out(text);
    } else {
        out(&format!("{text}\n"));
    }
}

/// A line that is not a result: an error, a warning, a question.
pub fn err(text: &str) {
    let above = ABOVE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(printer) = above.as_ref()
        && printer
            .send(format!("{}\n", text.trim_end_matches('\n')))
            .is_ok()
    {
        return;
    }
    drop(above);
    let _line = above_progress();
    let mut stderr = io::stderr().lock();
    let end = if text.ends_with('\n') { "" } else { "\n" };
    // Nobody is left to tell when stderr cannot be written.
    let _ = write!(stderr, "{text}{end}");
}

/// The text of a question, without a line end.
pub fn ask(text: &str) {
    let _line = above_progress();
    let mut stderr = io::stderr().lock();
    let _ = stderr
        .write_all(text.as_bytes())
        .and_then(|()| stderr.flush());
}

/// A line that is only good to know; left out with `-q`.
pub fn note(text: &str) {
    if !QUIET.load(Ordering::Relaxed) {
        err(text);
    }
}

/// A secret that is shown this once, also with `-q`. Answers false, with nothing written, when
/// stderr is no terminal: it may be a log.
pub fn secret(text: &str) -> bool {
    let seen = io::stderr().is_terminal();
    if seen {
        err(text);
    }
    seen
}

/// What long work is at, on one line that is overwritten; nothing when stderr is no terminal.
pub fn progress(text: Option<&str>) {
    if QUIET.load(Ordering::Relaxed) || !io::stderr().is_terminal() {
        return;
    }
    let mut shown = above_progress();
    if let Some(text) = text {
        let width = super::terminal::width().saturating_sub(1);
        let text: String = text
            .chars()
            .filter(|c| !c.is_control())
            .take(width)
            .collect();
        let mut stderr = io::stderr().lock();
        let _ = write!(stderr, "{text}").and_then(|()| stderr.flush());
        *shown = true;
    }
}

/// Wipes the progress line, and keeps others from writing one meanwhile.
fn above_progress() -> MutexGuard<'static, bool> {
    let mut shown = PROGRESS.lock().unwrap_or_else(PoisonError::into_inner);
    if *shown {
        let mut stderr = io::stderr().lock();
        let _ = stderr.write_all(b"\r\x1b[K").and_then(|()| stderr.flush());
        *shown = false;
    }
    shown
}
