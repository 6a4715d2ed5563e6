//! The line editor: rustyline with a helper that only delegates to the pure functions of this
//! room.
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::mpsc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter};
use rustyline::history::{History as _, MemHistory, SearchDirection};
use rustyline::validate::Validator;
use rustyline::{
    Cmd, ColorMode, CompletionType, ConditionalEventHandler, Config, Context, Event, EventContext,
    EventHandler, ExternalPrinter, Helper, KeyCode, KeyEvent, Modifiers, RepeatCount,
};

use super::completion;
use super::cursor::{self, Cursor, Inside};
use super::hint::{self, Suggestion};
use super::question::{self, Question};
use super::{highlight, output, terminal};
use crate::engine::Engine;
use crate::object::complete::Group;
use crate::object::{Error, Kind, Result};

/// The prompt.
pub const PROMPT: &str = "JSX> ";
/// The prompt of a line that continues an input; as wide as the first.
pub const CONTINUATION: &str = "...  ";

/// What the person did.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    /// Enter.
    Text(String),
    /// Ctrl-C.
    Cancelled,
    /// Ctrl-D on an empty line, or the end of the input.
    End,
}

/// A line editor on the terminal.
pub struct Editor {
    rustyline: rustyline::Editor<Assistant, MemHistory>,
    shared: Arc<Shared>,
    above: Option<mpsc::Sender<String>>,
}

impl Editor {
    /// An editor that completes from an engine.
    ///
    /// # Errors
    /// When the terminal cannot be used.
    pub fn new(engine: Arc<Mutex<Engine>>, colours: bool) -> Result<Editor> {
        let config = Config::builder()
            .completion_type(CompletionType::List)
            .completion_show_all_if_ambiguous(true)
            .completion_prompt_limit(200)
            .auto_add_history(false)
            .max_history_size(super::history::KEPT)
            .and_then(|builder| builder.history_ignore_dups(true))
            .map_err(unusable)?
            .bell_style(rustyline::config::BellStyle::None)
            .color_mode(if colours {
                ColorMode::Enabled
            } else {
                ColorMode::Disabled
            })
            .build();
        let history = MemHistory::with_config(&config);
        let mut rustyline = rustyline::Editor::with_history(config, history).map_err(unusable)?;
        let shared = Arc::new(Shared {
            engine,
            before: Mutex::new(String::new()),
            colours,
        });
        rustyline.set_helper(Some(Assistant::new(shared.clone())));
        // Without a terminal that can be edited there is no such printer, and `?` comes as text.
        let above = rustyline.create_external_printer().ok().map(above);
        if let Some(printer) = above.clone() {
            let key = HelpKey {
                shared: shared.clone(),
                printer,
                last: Mutex::default(),
            };
            rustyline.bind_sequence(
                KeyEvent::new('?', Modifiers::NONE),
                EventHandler::Conditional(Box::new(key)),
            );
        }
        for (key, command) in [
            (KeyCode::PageUp, Cmd::HistorySearchBackward),
            (KeyCode::PageDown, Cmd::HistorySearchForward),
        ] {
            rustyline.bind_sequence(KeyEvent(key, Modifiers::NONE), command);
        }
        Ok(Editor {
            rustyline,
            shared,
            above,
        })
    }

    /// Reads a line. `before` are the lines of the same input that were read already.
    ///
    /// # Errors
    /// When the terminal cannot be read.
    pub fn read(&mut self, before: &str) -> Result<Line> {
        let prompt = if before.is_empty() {
            PROMPT
        } else {
            CONTINUATION
        };
        before.clone_into(&mut lock(&self.shared.before));
        output::above_prompt(self.above.clone());
        let read = self.rustyline.readline(prompt);
        output::above_prompt(None);
        match read {
            Ok(line) => Ok(Line::Text(line)),
            Err(ReadlineError::Interrupted) => Ok(Line::Cancelled),
            Err(ReadlineError::Eof) => Ok(Line::End),
            Err(error) => Err(unusable(error)),
        }
    }

    /// Adds an entry to what Up and Ctrl-R find.
    pub fn remember(&mut self, entry: &str) {
        // A history in memory refuses nothing but blank and repeated entries.
        let _ = self.rustyline.history_mut().add(entry);
    }
}

fn unusable(error: ReadlineError) -> Error {
    Error::new(Kind::Io, format!("cannot read from the terminal: {error}"))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A thread that owns the printer, and the way to it.
///
/// The printer's own queue holds one text, and printing from a key handler would wait for ever
/// when two keys arrive at once: the reader that empties the queue is the one that waits.
fn above(mut printer: impl ExternalPrinter + Send + 'static) -> mpsc::Sender<String> {
    let (sender, receiver) = mpsc::channel::<String>();
    std::thread::spawn(move || {
        for text in receiver {
            if printer.print(text).is_err() {
                return;
            }
        }
    });
    sender
}

/// What the helper and the key handler both need.
struct Shared {
    engine: Arc<Mutex<Engine>>,
    /// Lines of the same input above the one that is edited, each with its line end.
    before: Mutex<String>,
    colours: bool,
}

impl Shared {
    /// The whole input up to the cursor's line, and the offset of the edited text in it.
    fn source(&self, line: &str) -> (String, usize) {
        let before = lock(&self.before);
        (format!("{before}{line}"), before.len())
    }

    /// The engine, unless it is at work.
    fn engine(&self) -> Option<MutexGuard<'_, Engine>> {
        self.engine.try_lock().ok()
    }
}

/// The helper: completion, hints, colours.
struct Assistant {
    shared: Arc<Shared>,
    /// Group and coloured length of each row of the last list.
    rows: RefCell<HashMap<String, (Group, usize)>>,
    /// The line is drawn for the last time: without the mark on a bracket.
    last: Cell<bool>,
}

impl Assistant {
    fn new(shared: Arc<Shared>) -> Assistant {
        Assistant {
            shared,
            rows: RefCell::default(),
            last: Cell::new(false),
        }
    }
}

impl Helper for Assistant {}

/// Inputs of several lines are put together by the loop, line by line, so that each has its
/// prompt; a recalled input stays one text that is edited as a whole.
impl Validator for Assistant {}

impl Completer for Assistant {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        pos: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let (source, offset) = self.shared.source(line);
        let Some(engine) = self.shared.engine() else {
            return Ok((pos, Vec::new()));
        };
        let offer = completion::at(&cursor::at(&source, offset + pos), &engine);
        drop(engine);
        let details = offer.candidates.len() < terminal::height().saturating_sub(2);
        let width = terminal::width();
        let mut rows = self.rows.borrow_mut();
        rows.clear();
        let pairs = offer
            .candidates
            .into_iter()
            .map(|candidate| {
                let (display, coloured) = completion::row(&candidate, details, width);
                rows.insert(display.clone(), (candidate.group, coloured));
                Pair {
                    display,
                    replacement: candidate.insert,
                }
            })
            .collect();
        // What is replaced may not reach into the lines above.
        Ok((offer.start.saturating_sub(offset).min(pos), pairs))
    }
}

impl Hint for Suggestion {
    fn display(&self) -> &str {
        &self.shown
    }

    fn completion(&self) -> Option<&str> {
        self.inserted.as_deref()
    }
}

impl Hinter for Assistant {
    type Hint = Suggestion;

    fn hint(&self, line: &str, pos: usize, context: &Context<'_>) -> Option<Suggestion> {
        if pos < line.len() || line.is_empty() {
            return None;
        }
        let recalled = recalled(line, context);
        let (source, offset) = self.shared.source(line);
        let engine = self.shared.engine()?;
        hint::at(
            &cursor::at(&source, offset + pos),
            &engine,
            recalled.as_deref(),
        )
    }
}

/// The rest of the newest entry that starts with the line.
fn recalled(line: &str, context: &Context<'_>) -> Option<String> {
    let newest = context
        .history_index()
        .min(context.history().len())
        .checked_sub(1)?;
    let found = context
        .history()
        .starts_with(line, newest, SearchDirection::Reverse)
        .ok()??;
    found
        .entry
        .get(line.len()..)
        .filter(|rest| !rest.is_empty())
        .map(str::to_string)
}

impl Highlighter for Assistant {
    fn highlight<'l>(&self, line: &'l str, pos: usize) -> Cow<'l, str> {
        if !self.shared.colours {
            return Cow::Borrowed(line);
        }
        let (source, offset) = self.shared.source(line);
        let cursor = (!self.last.get()).then_some(offset + pos);
        Cow::Owned(highlight::line(&source, offset, cursor))
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        match self.shared.colours {
            true => Cow::Owned(format!("\x1b[1;34m{prompt}\x1b[0m")),
            false => Cow::Borrowed(prompt),
        }
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        match self.shared.colours {
            true => Cow::Owned(format!("\x1b[90m{hint}\x1b[0m")),
            false => Cow::Borrowed(hint),
        }
    }

    fn highlight_candidate<'c>(&self, candidate: &'c str, _: CompletionType) -> Cow<'c, str> {
        if !self.shared.colours {
            return Cow::Borrowed(candidate);
        }
        match self.rows.borrow().get(candidate) {
            Some((group, length)) => Cow::Owned(highlight::candidate(candidate, *group, *length)),
            None => Cow::Borrowed(candidate),
        }
    }

    fn highlight_char(&self, _: &str, _: usize, kind: CmdKind) -> bool {
        self.last.set(kind == CmdKind::ForcedRefresh);
        self.shared.colours
    }
}

/// `?` outside a string: help above the prompt; the line stays as it is. A second `?` at the same
/// place tells more.
struct HelpKey {
    shared: Arc<Shared>,
    printer: mpsc::Sender<String>,
    last: Mutex<Option<(String, usize)>>,
}

impl ConditionalEventHandler for HelpKey {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, context: &EventContext) -> Option<Cmd> {
        let (source, offset) = self.shared.source(context.line());
        let at = offset + context.pos();
        let cursor = cursor::at(&source, at);
        if cursor.inside != Inside::Code {
            return None;
        }
        let about = about(&cursor);
        let here = (source, at);
        let mut last = lock(&self.last);
        let long = last.as_ref() == Some(&here);
        *last = if long { None } else { Some(here) };
        drop(last);
        let engine = self.shared.engine()?;
        let text = match question::answer(&Question { about, long }, &engine) {
            Ok(text) => highlight::help(&text, self.shared.colours),
            Err(error) => error.message,
        };
        // The thread lives as long as the editor.
        let _ = self.printer.send(format!("{}\n", text.trim_end()));
        Some(Cmd::Noop)
    }
}

/// The expression that `?` asks about: the one left of the cursor, else the method whose brackets
/// are open.
fn about(cursor: &Cursor) -> String {
    match (&cursor.call, cursor.expression.is_empty()) {
        (Some(call), true) => call.callee.clone(),
        _ => cursor.expression.clone(),
    }
}
