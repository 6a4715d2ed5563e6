//! Plays the tutorial: the lines of a script as if typed, each compared with what it must print.
//!
//! A script is a file that also runs on its own, because everything else in it is a comment:
//!
//! | line | meaning |
//! |---|---|
//! | `// text` | told to the reader |
//! | anything else | an input, with the lines that close what it opens |
//! | `//> text` | the input must print this line; `…` stands for any text, alone for any lines |
//! | `//@ restart` | the shell is left and started again |
//!
//! An input without `//>` must print nothing.
use super::editor::{CONTINUATION, PROMPT};
use super::interrupt::Caught;
use super::session::Session;
use super::{highlight, input, output, terminal};
use crate::object::{Error, Kind, Result};

/// One thing that happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Told to the reader.
    Tell(String),
    /// Typed at the prompt.
    Type {
        /// The input.
        source: String,
        /// Patterns of the lines it must print.
        expected: Vec<String>,
        /// Line of the script, from 1.
        line: usize,
    },
    /// Leave and start again.
    Restart,
}

/// Reads a script.
///
/// # Errors
/// An instruction (`//@ …`) that is not known, or an expectation without an input.
pub fn parse(script: &str) -> Result<Vec<Step>> {
    let mut steps: Vec<Step> = Vec::new();
    let mut lines = (1..).zip(script.lines());
    while let Some((number, line)) = lines.next() {
        let trimmed = line.trim();
        let wrong = |what: &str| {
            Err(Error::new(
                Kind::Syntax,
                format!("line {number} of the script: {what}: {trimmed}"),
            ))
        };
        if trimmed.is_empty() {
            continue;
        }
        if let Some(pattern) = trimmed.strip_prefix("//>") {
            match steps.last_mut() {
                Some(Step::Type { expected, .. }) => {
                    expected.push(pattern.strip_prefix(' ').unwrap_or(pattern).to_string());
                }
                _ => return wrong("nothing was typed that could print this"),
            }
        } else if let Some(order) = trimmed.strip_prefix("//@") {
            match order.trim() {
                "restart" => steps.push(Step::Restart),
                _ => return wrong("this is not known"),
            }
        } else if let Some(text) = trimmed.strip_prefix("//") {
            let text = text.trim();
            match steps.last_mut() {
                Some(Step::Tell(told)) => {
                    told.push('\n');
                    told.push_str(text);
                }
                _ => steps.push(Step::Tell(text.to_string())),
            }
        } else {
            let mut source = line.to_string();
            while input::is_open(&source) {
                let Some((_, more)) = lines.next() else {
                    break;
                };
                source.push('\n');
                source.push_str(more);
            }
            steps.push(Step::Type {
                source,
                expected: Vec::new(),
                line: number,
            });
        }
    }
    Ok(steps)
}

/// True when a printed text is what the patterns say. Empty lines at its end do not count.
pub fn matches(expected: &[String], printed: &str) -> bool {
    let lines: Vec<&str> = printed.trim_end().lines().map(str::trim_end).collect();
    let patterns: Vec<&str> = expected.iter().map(|pattern| pattern.trim_end()).collect();
    lines_match(&patterns, &lines)
}

fn lines_match(patterns: &[&str], lines: &[&str]) -> bool {
    match patterns.split_first() {
        None => lines.is_empty(),
        Some((&"…", rest)) => {
            (0..=lines.len()).any(|skipped| lines_match(rest, lines.get(skipped..).unwrap_or(&[])))
        }
        Some((pattern, rest)) => match lines.split_first() {
            Some((line, others)) => line_matches(pattern, line) && lines_match(rest, others),
            None => false,
        },
    }
}

fn line_matches(pattern: &str, line: &str) -> bool {
    let mut parts = pattern.split('…');
    let Some(mut rest) = line.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// How it is played.
pub struct Stage<'s> {
    /// Makes a session; called again for a restart. The store and the devnet stay.
    pub open: &'s dyn Fn() -> Session,
    /// Waits for Enter before each input.
    pub waits: bool,
    /// With colours.
    pub colours: bool,
}

/// Plays a script.
///
/// # Errors
/// The first input that does not print what it must, with what it printed;
/// [`Kind::Interrupted`] when the person stops it.
pub fn play(script: &str, stage: &Stage<'_>) -> Result<()> {
    let _caught = Caught::sigint();
    let mut session = (stage.open)();
    for step in parse(script)? {
        match step {
            Step::Tell(text) => tell(&text, stage.colours),
            Step::Restart => {
                tell("(Ctrl-D, and start again)", stage.colours);
                drop(session);
                session = (stage.open)();
            }
            Step::Type {
                source,
                expected,
                line,
            } => {
                type_in(&source, stage)?;
                let (printed, result) = session.transcript(&source);
                output::out(&printed);
                if let Err(error) = result
                    && error.kind == Kind::Interrupted
                {
                    return Err(error);
                }
                if !matches(&expected, &printed) {
                    return Err(unexpected(line, &source, &expected, &printed));
                }
            }
        }
        if output::broken() {
            break;
        }
    }
    Ok(())
}

fn unexpected(line: usize, source: &str, expected: &[String], printed: &str) -> Error {
    let must = match expected {
        [] => "nothing".to_string(),
        lines => lines.join("\n    "),
    };
    let did = match printed.trim_end() {
        "" => "nothing".to_string(),
        text => text.replace('\n', "\n    "),
    };
    Error::new(
        Kind::Script,
        format!("line {line} of the tutorial did not print what it must: {source}"),
    )
    .hint(format!("it must print:\n    {must}"))
    .hint(format!("it printed:\n    {did}"))
}

fn tell(text: &str, colours: bool) {
    let mut out = String::from("\n");
    for line in text.lines() {
        match colours {
            true => out.push_str(&format!("\x1b[90m{line}\x1b[0m\n")),
            false => out.push_str(&format!("{line}\n")),
        }
    }
    output::out(&out);
}

/// Shows an input behind the prompt; on a terminal Enter runs it.
fn type_in(source: &str, stage: &Stage<'_>) -> Result<()> {
    let coloured = match stage.colours {
        true => highlight::line(source, 0, None),
        false => source.to_string(),
    };
    let text = format!(
        "{PROMPT}{}",
        coloured.replace('\n', &format!("\n{CONTINUATION}"))
    );
    if !stage.waits {
        output::line(&text);
        return Ok(());
    }
    let (above, last) = text.rsplit_once('\n').unwrap_or(("", &text));
    if !above.is_empty() {
        output::line(above);
    }
    match terminal::ask(last)?.as_str() {
        "q" | "quit" | "exit" => Err(terminal::interrupted()),
        _ => Ok(()),
    }
}
