//! The loop of the prompt.
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::editor::{Editor, Line};
use super::history::History;
use super::secrecy::Secrecy;
use super::session::{Exit, Session};
use super::{errors, input, log, output};
use crate::object::Result;

/// What the loop needs beside the session.
pub struct Setting {
    /// The history file; None keeps nothing.
    pub history: Option<std::path::PathBuf>,
    /// Forget the keys of the store after so much idle time.
    pub lock_after: Option<Duration>,
    /// Colours on the terminal.
    pub colours: bool,
}

/// Reads and runs inputs until the person leaves; answers the exit code.
///
/// # Errors
/// When the terminal cannot be used.
pub fn run(session: &Session, setting: &Setting) -> Result<u8> {
    let mut editor = Editor::new(session.shared_engine(), setting.colours)?;
    let mut history = open_history(setting, &mut editor);
    let mut secrecy = Secrecy::of(&session.root);
    let idle = setting.lock_after.map(|after| Idle::new(session, after));
    let code = loop {
        if let Some(history) = &mut history {
            for entry in history.news().unwrap_or_default() {
                editor.remember(&entry);
            }
        }
        let Some(source) = read(&mut editor)? else {
            break 0;
        };
        let source = input::cleaned(&source);
        if source.trim().is_empty() {
            continue;
        }
        secrecy.learn_text(&source);
        if secrecy.allows(&source) {
            remember(&source, &mut editor, &mut history);
        }
        let working = idle.as_ref().map(Idle::at_work);
        let started = Instant::now();
        let result = session.run(&source);
        log::line(&format!(
            "input took {:.1} ms",
            started.elapsed().as_secs_f64() * 1e3
        ));
        drop(working);
        match result {
            Ok(None) => {}
            Ok(Some(code)) => break exit_code(Some(code)),
            Err(error) => {
                output::err(&errors::render(&error, &source, session.look().errors));
            }
        }
        if output::broken() {
            break 0;
        }
    };
    for location in session.unsaved() {
        output::err(&format!("not saved: {location} (use .save())"));
    }
    output::line("We hope you had fun using the kosmos shell");
    Ok(code)
}

/// One input of one or several lines; None at the end.
fn read(editor: &mut Editor) -> Result<Option<String>> {
    let mut source = String::new();
    loop {
        match editor.read(&source)? {
            Line::Text(line) => {
                source.push_str(&line);
                if !input::is_open(&source) {
                    return Ok(Some(source));
                }
                source.push('\n');
            }
            Line::Cancelled => return Ok(Some(String::new())),
            // Ctrl-D in the middle of an input gives it up, as Ctrl-C does.
            Line::End if !source.is_empty() => return Ok(Some(String::new())),
            Line::End => return Ok(None),
        }
    }
}

fn open_history(setting: &Setting, editor: &mut Editor) -> Option<History> {
    let path = setting.history.as_ref()?;
    match History::open(path) {
        Ok((history, entries)) => {
            for entry in entries {
                editor.remember(&entry);
            }
            Some(history)
        }
        Err(error) => {
            output::err(&format!(
                "warning: no history ({}: {error})",
                path.display()
            ));
            None
        }
    }
}

fn remember(source: &str, editor: &mut Editor, history: &mut Option<History>) {
    let entry = source.trim_end();
    let written = match history {
        Some(history) => history.append(entry),
        None => Ok(()),
    };
    if let Err(error) = written {
        output::err(&format!(
            "warning: the history could not be written: {error}"
        ));
    }
    editor.remember(entry);
}

/// The exit code of a process from the number given to `exit()`.
pub fn exit_code(exit: Exit) -> u8 {
    match exit {
        None => 0,
        Some(code) => u8::try_from(code & 0xff).unwrap_or(1),
    }
}

/// A clock that forgets the keys of the store when nothing was typed for a while.
struct Idle(std::sync::mpsc::Sender<bool>);

impl Idle {
    fn new(session: &Session, after: Duration) -> Idle {
        let (sender, receiver) = std::sync::mpsc::channel::<bool>();
        let world = Arc::downgrade(session.world());
        std::thread::spawn(move || {
            let mut working = false;
            loop {
                let wait = if working { Duration::MAX } else { after };
                match receiver.recv_timeout(wait) {
                    Ok(now) => working = now,
                    Err(std::sync::mpsc::RecvTimeoutError::Timeout) => match world.upgrade() {
                        Some(world) => {
                            world.forget_store();
                            log::line("nothing was typed for long: the keys are forgotten");
                        }
                        None => return,
                    },
                    Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return,
                }
            }
        });
        Idle(sender)
    }

    /// As long as the answer lives, no time passes.
    fn at_work(&self) -> AtWork {
        let _ = self.0.send(true);
        AtWork(self.0.clone())
    }
}

struct AtWork(std::sync::mpsc::Sender<bool>);

impl Drop for AtWork {
    fn drop(&mut self) {
        let _ = self.0.send(false);
    }
}
