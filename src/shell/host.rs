//! The person, or the program, at the other end, as the tree sees them.
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::{output, terminal};
use crate::j::world::{Host, Takeover, TerminalFacts};
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
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
            .unwrap_or_default()
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
    /// Folder for texts that are being edited.
    pub drafts: PathBuf,
}

impl Host for Person {
    fn note(&self, text: &str) {
        output::note(text);
    }

    fn show_secret(&self, text: &str) -> bool {
        output::secret(text)
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

    fn terminal(&self) -> Result<TerminalFacts> {
        if !self.asks || !terminal::interactive() {
            return Err(Error::new(Kind::Usage, "there is no terminal to hand over")
                .hint("run a program with .client.system('…').get()"));
        }
        Ok(TerminalFacts {
            columns: terminal::width(),
            rows: terminal::height(),
            kind: std::env::var("TERM").unwrap_or_else(|_| "dumb".into()),
        })
    }

    fn take_over(&self, raw: bool) -> Result<Takeover> {
        super::takeover::take(raw)
    }

    fn edit(&self, text: &str) -> Result<String> {
        if !self.asks {
            return Err(Error::new(Kind::Usage, "there is no terminal to edit on"));
        }
        let draft = Draft::new(&self.drafts, text)?;
        let editor = ["VISUAL", "EDITOR"]
            .into_iter()
            .find_map(|name| {
                std::env::var(name)
                    .ok()
                    .filter(|value| !value.trim().is_empty())
            })
            .unwrap_or_else(|| "vi".to_string());
        // The variable may hold options (`code --wait`).
        let mut words = editor.split_whitespace();
        let program = words.next().unwrap_or("vi");
        let status = std::process::Command::new(program)
            .args(words)
            .arg(&draft.0)
            .status()
            .map_err(|error| {
                Error::new(
                    Kind::Io,
                    format!("cannot start the editor {program}: {error}"),
                )
                .hint("name another one in EDITOR")
            })?;
        if !status.success() {
            return Err(Error::new(
                Kind::NotConfirmed,
                "the editor was left with an error: nothing was changed",
            ));
        }
        Ok(std::fs::read_to_string(&draft.0)?)
    }
}

/// A file only its owner can read, wiped and removed at the end.
struct Draft(PathBuf);

impl Draft {
    fn new(folder: &Path, text: &str) -> Result<Draft> {
        super::unlock::private_folder(folder)?;
        let path = folder.join(format!("kosmos-edit-{}.toml", std::process::id()));
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)
            .map_err(|error| {
                Error::new(
                    Kind::Io,
                    format!("cannot write {}: {error}", path.display()),
                )
            })?;
        let draft = Draft(path);
        file.write_all(text.as_bytes())?;
        Ok(draft)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        let length = std::fs::metadata(&self.0).map_or(0, |metadata| metadata.len());
        let zeros = vec![0; usize::try_from(length).unwrap_or(0)];
        // Best effort: the folder is in memory where the system has one.
        let _ = std::fs::write(&self.0, zeros);
        let _ = std::fs::remove_file(&self.0);
    }
}
