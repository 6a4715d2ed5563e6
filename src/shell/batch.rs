//! Without a person: a statement, a script, lines from a pipe, an instruction file.
use std::io::{self, BufRead, IsTerminal};
use std::path::Path;

use super::editor::{CONTINUATION, PROMPT};
use super::interactive::exit_code;
use super::interrupt::Caught;
use super::session::{Exit, Session};
use super::{answer, errors, input, instruct, output};
use crate::object::{Error, Kind, Result};

/// How inputs are run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mode {
    /// One JSON object per input.
    pub json: bool,
    /// Stop at the first input that fails.
    pub strict: bool,
    /// Scripts are plain Rhai.
    pub plain: bool,
}

/// Runs one input; `echo` prints the values of its expressions as the prompt does.
pub fn statement(session: &Session, source: &str, echo: bool, mode: Mode) -> u8 {
    let _caught = Caught::sigint();
    if mode.json {
        let (text, result) = session.run_json(source);
        output::line(&text);
        return code(&result);
    }
    let result = if echo {
        session.run(source)
    } else {
        session.run_silently(source)
    };
    report(session, source, &result);
    code(&result)
}

/// Runs a script with its arguments.
///
/// # Errors
/// When the file cannot be read.
pub fn script(session: &Session, file: &Path, args: &[String], mode: Mode) -> Result<u8> {
    let text = read(file)?;
    let source = input::without_shebang(&text, mode.plain);
    let _caught = Caught::sigint();
    if mode.json {
        let (text, result) = session.script_json(&source, args, mode.plain);
        output::line(&text);
        return Ok(code(&result));
    }
    let result = session.run_script(&source, args, mode.plain);
    if let Err(error) = &result
        && !silenced(error)
    {
        let name = file.display().to_string();
        output::err(&errors::render_in(
            error,
            &name,
            &source,
            session.look().errors,
        ));
    }
    Ok(code(&result))
}

fn read(file: &Path) -> Result<String> {
    std::fs::read_to_string(file)
        .map_err(|error| Error::new(Kind::Io, format!("cannot read {}: {error}", file.display())))
}

/// Runs what comes from stdin, one input after the other; answers the code of the last one that
/// failed.
///
/// # Errors
/// When stdin cannot be read.
pub fn piped(session: &Session, mode: Mode) -> Result<u8> {
    // A person may type all the same (`kosmos | tee`): the prompt then goes to stderr.
    let prompts = io::stdin().is_terminal() && io::stderr().is_terminal();
    let mut stdin = io::stdin().lock();
    let mut source = String::new();
    let mut worst = 0;
    loop {
        if prompts {
            output::ask(if source.is_empty() {
                PROMPT
            } else {
                CONTINUATION
            });
        }
        let mut line = Vec::new();
        let end = stdin.read_until(b'\n', &mut line)? == 0;
        source.push_str(&String::from_utf8_lossy(&line));
        if !end && (source.trim().is_empty() || input::is_open(source.trim_end_matches('\n'))) {
            if source.trim().is_empty() {
                source.clear();
            }
            continue;
        }
        let one = std::mem::take(&mut source);
        let one = input::cleaned(one.trim_end_matches(['\n', '\r']));
        if !one.trim().is_empty() {
            let caught = Caught::sigint();
            let result = piece(session, &one, mode);
            drop(caught);
            match &result {
                Ok(Some(exit)) => return Ok(exit_code(Some(*exit))),
                Ok(None) => {}
                Err(error) if silenced(error) => return Ok(worst),
                Err(error) => {
                    worst = error.kind.exit_code();
                    // Ctrl-C ends the whole, not one line of it.
                    if mode.strict || error.kind == Kind::Interrupted {
                        return Ok(worst);
                    }
                }
            }
        }
        if end || output::broken() {
            return Ok(worst);
        }
    }
}

fn piece(session: &Session, source: &str, mode: Mode) -> Result<Exit> {
    if mode.json {
        let (text, result) = session.run_json(source);
        output::line(&text);
        return result;
    }
    let result = session.run(source);
    report(session, source, &result);
    result
}

fn report(session: &Session, source: &str, result: &Result<Exit>) {
    if let Err(error) = result
        && !silenced(error)
    {
        output::err(&errors::render(error, source, session.look().errors));
    }
}

/// What was stopped because nobody reads any more needs no message.
fn silenced(error: &Error) -> bool {
    error.kind == Kind::Interrupted && output::broken()
}

fn code(result: &Result<Exit>) -> u8 {
    match result {
        Ok(exit) => exit_code(*exit),
        Err(error) if silenced(error) => 0,
        Err(error) => error.kind.exit_code(),
    }
}

/// Runs an instruction file.
///
/// # Errors
/// When it cannot be read or is not one.
pub fn instructions(session: &Session, file: &Path, ignore_errors: bool) -> Result<u8> {
    let instructions = instruct::parse(&read(file)?)?;
    let _caught = Caught::sigint();
    let results = instruct::run(&session.root, instructions, ignore_errors);
    if results.stopped {
        output::line("ERROR, could not execute all instructions");
    }
    output::out(&results.text());
    Ok(u8::from(results.failed))
}

/// Prints an error that ended everything, as text or as a JSON answer.
pub fn fatal(error: &Error, json: bool, style: errors::Style) -> u8 {
    if json {
        output::line(&answer::failed(error, ""));
    } else {
        output::err(&errors::render(error, "", style));
    }
    error.kind.exit_code()
}
