//! Tests of the room `shell`: its pure functions, and the binary in pipes and on a
//! pseudo-terminal.
mod anything;
mod batch;
mod completion;
#[cfg(target_os = "linux")]
mod container;
mod devnet;
mod errors;
mod highlight;
mod history;
mod instruct;
mod prompt;
mod reference;
mod secrecy;
mod store;
mod transcript;
mod tutorial;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use kosmos::engine::Engine;
use rexpect::reader::Options;
use rexpect::session::{PtySession, spawn_with_options};

use crate::object::probe;

/// An engine on the small tree, for pure functions.
pub fn engine() -> Engine {
    Engine::new(probe::tree(), Arc::new(|_: &str| {}))
}

/// The binary with a home of its own.
pub struct Kosmos {
    home: tempfile::TempDir,
    variables: Vec<(&'static str, String)>,
}

impl Kosmos {
    pub fn new() -> Kosmos {
        Kosmos {
            home: tempfile::tempdir().unwrap(),
            variables: Vec::new(),
        }
    }

    /// With a store that a key file opens without a question.
    pub fn with_store() -> Kosmos {
        let kosmos = Kosmos::new().with("KOSMOS_KEYFILE", "key");
        let made = kosmos.run(&["--init"], "");
        assert!(made.status.success(), "{}", text(&made.stderr));
        kosmos
    }

    /// With a variable; a relative path is meant below the home.
    pub fn with(mut self, name: &'static str, value: &str) -> Kosmos {
        let value = match name {
            "KOSMOS_KEYFILE" | "KOSMOS_PASSPHRASE_FILE" | "KOSMOS_LOG" => {
                self.path(value).display().to_string()
            }
            _ => value.to_string(),
        };
        self.variables.push((name, value));
        self
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kosmos"));
        command
            .args(args)
            .current_dir(self.home.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home.path())
            .env("TERM", "xterm-256color")
            .env("KOSMOS_HOME", self.home.path());
        for (name, value) in &self.variables {
            command.env(name, value);
        }
        command
    }

    /// Runs it with text on stdin.
    pub fn run(&self, args: &[&str], stdin: &str) -> Output {
        let mut child = self
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that does not read its stdin closes it early.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// Starts it on a pseudo-terminal.
    pub fn terminal(&self, args: &[&str]) -> Terminal {
        let options = Options::new()
            .timeout_ms(Some(20_000))
            .strip_ansi_escape_codes(false);
        Terminal(spawn_with_options(self.command(args), options).unwrap())
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What ran, for comparing all three at once.
pub fn outcome(output: &Output) -> (i32, String, String) {
    (
        output.status.code().unwrap_or(-1),
        text(&output.stdout),
        text(&output.stderr),
    )
}

/// A pseudo-terminal with kosmos on it.
pub struct Terminal(pub PtySession);

impl Terminal {
    /// Waits for a text, answers what came before it.
    #[track_caller]
    pub fn see(&mut self, text: &str) -> String {
        match self.0.exp_string(text) {
            Ok(before) => before,
            Err(error) => panic!("{text:?} was not seen: {error}"),
        }
    }

    #[track_caller]
    pub fn prompt(&mut self) -> String {
        self.see("JSX> ")
    }

    /// Sends keys as they are.
    pub fn keys(&mut self, keys: &str) {
        self.0.send(keys).unwrap();
        self.0.flush().unwrap();
    }

    /// Types a line and Enter, and answers what was printed before the next prompt.
    #[track_caller]
    pub fn line(&mut self, line: &str) -> String {
        self.keys(&format!("{line}\r"));
        // The editor ends its own output with this before anything runs.
        self.see("\x1b[?2004l");
        let shown = self.see("\x1b[?2004h");
        self.prompt();
        plain(&shown)
    }

    /// Types a line and Enter that leaves an input open.
    #[track_caller]
    pub fn open_line(&mut self, line: &str) {
        self.keys(&format!("{line}\r"));
        self.see("\x1b[?2004l");
        self.see("\x1b[?2004h");
        self.see("...  ");
    }

    /// Ctrl-C at the prompt (or Ctrl-D in an open input).
    #[track_caller]
    pub fn cancel(&mut self, key: &str) {
        self.keys(key);
        self.see("\x1b[?2004l");
        self.see("\x1b[?2004h");
        self.prompt();
    }

    /// Waits for the end, answers what was printed and the exit code.
    #[track_caller]
    pub fn end(mut self) -> (String, i32) {
        let rest = self.0.exp_eof().unwrap();
        match self.0.process().wait().unwrap() {
            rexpect::process::WaitStatus::Exited(_, code) => (plain(&rest), code),
            other => panic!("{other:?}"),
        }
    }
}

/// Without escape sequences and carriage returns.
pub fn plain(text: &str) -> String {
    let escapes = regex::Regex::new("\x1b(\\[[0-9;?]*[A-Za-z]|[=>])").unwrap();
    escapes
        .replace_all(text, "")
        .replace('\r', "")
        .trim_matches('\n')
        .to_string()
}
