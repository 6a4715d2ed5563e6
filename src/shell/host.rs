//! The person, or the program, at the other end, as the tree sees them.
use std::sync::{Arc, Mutex, PoisonError};

use super::{output, terminal};
use crate::j::world::Host;
use crate::object::{Error, Kind, Result};

/// Where results go: to stdout at once, or kept for a JSON answer or a comparison.
#[derive(Default)]
pub struct Sink(Mutex<Option<String>>);

impl Sink {
    /// Writes to stdout, or keeps the text while it is being kept.
    pub fn out(&self, text: &str) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.as_mut() {
            Some(kept) => kept.push_str(text),
            None => {
                drop(kept);
                output::out(text);
            }
        }
    }

    /// The same, ended with a line end.
    pub fn line(&self, text: &str) {
        self.out(text);
        if !text.ends_with('\n') {
            self.out("\n");
        }
    }

    /// From now on text is kept.
    pub fn keep(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(String::new());
    }

    /// The text kept so far; from now on text goes to stdout again.
    pub fn taken(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default()
    }
}

/// The terminal, a pipe, or another program.
pub struct Person {
    /// Results.
    pub sink: Arc<Sink>,
    /// `--yes`: every question is answered with yes.
    pub yes: bool,
    /// Questions can be asked (not with `--json`).
    pub asks: bool,
}

impl Host for Person {
    fn note(&self, text: &str) {
        output::note(text);
    }

    fn out(&self, text: &str) {
        self.sink.out(text);
    }

    fn confirm(&self, preview: &str, question: &str) -> Result<()> {
        let refused = |why: &str| Err(Error::new(Kind::NotConfirmed, why));
        if self.yes {
            output::note(preview);
            return Ok(());
        }
        if !self.asks {
            output::err(preview);
            return refused("not confirmed: there is no terminal to ask on").map_err(|error| {
                error.hint("give confirm=False, or start kosmos with --yes, when you are sure")
            });
        }
        output::err(preview);
        match terminal::ask_yes(question) {
            Ok(true) => Ok(()),
            Ok(false) => refused("not confirmed: nothing was done"),
            Err(error) => Err(error),
        }
    }

    fn progress(&self, text: Option<&str>) {
        output::progress(text);
    }
}
