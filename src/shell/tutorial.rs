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
//! | `//@ needs node containers` | when the machine lacks one of these, the script ends here and says why |
//! | `//@ port 8081` | when this port is in use, another stands in its place from here on |
//!
//!
//! An input without `//>` must print nothing.
use super::editor::{CONTINUATION, PROMPT};
use super::interrupt::Caught;
use super::session::Session;
use super::{highlight, input, output, terminal};
use crate::object::{Error, Kind, Result};

/// The scripts of the tutorial, in order.
pub const SCRIPTS: &[&str] = &[
    include_str!("../../examples/wallet.rhai"),
    include_str!("../../examples/sending.rhai"),
    include_str!("../../examples/threebot.rhai"),
    include_str!("../../examples/together.rhai"),
    include_str!("../../examples/swap.rhai"),
    include_str!("../../examples/capacity.rhai"),
    include_str!("../../examples/machine.rhai"),
    include_str!("../../examples/flist.rhai"),
    include_str!("../../examples/schema.rhai"),
    include_str!("../../examples/addresses.rhai"),
];

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
    /// Go on only when the machine has all of these.
    Needs(Vec<Need>),
    /// Use another port of 127.0.0.1 where this one is taken.
    Port(u16),
}

/// Something that not every machine has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A Zero-OS node can run.
    Node,
    /// A node can have containers.
    Containers,
}

impl Need {
    fn parse(word: &str) -> Option<Need> {
        match word {
            "node" => Some(Need::Node),
            "containers" => Some(Need::Containers),
            _ => None,
        }
    }
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
            let words: Vec<&str> = order.split_whitespace().collect();
            let step = match words.split_first() {
                Some((&"restart", [])) => Some(Step::Restart),
                Some((&"needs", needs)) if !needs.is_empty() => {
                    let needs: Option<Vec<Need>> = needs.iter().map(|n| Need::parse(n)).collect();
                    needs.map(Step::Needs)
                }
                Some((&"port", [port])) => port.parse().ok().map(Step::Port),
                _ => None,
            };
            match step {
                Some(step) => steps.push(step),
                None => return wrong("this is not known"),
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
    /// Why the machine lacks something; None when it has it.
    pub missing: &'s dyn Fn(&Need) -> Option<String>,
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
    let played = parse(script).and_then(|steps| play_in(&mut session, steps, stage));
    // However it went: nothing goes on behind the person's back.
    #[cfg(target_os = "linux")]
    session.world().stop_zos_nodes();
    played
}

fn play_in(session: &mut Session, steps: Vec<Step>, stage: &Stage<'_>) -> Result<()> {
    let mut ports: Vec<(String, String)> = Vec::new();
    let moved = |text: &str, ports: &[(String, String)]| {
        ports
            .iter()
            .fold(text.to_string(), |text, (from, to)| text.replace(from, to))
    };
    for step in steps {
        match step {
            Step::Tell(text) => tell(&moved(&text, &ports), stage.colours),
            Step::Port(port) => {
                if let Some(other) = other_port(port)? {
                    let text = format!(
                        "(Port {port} of this machine is in use, so here it is port {other}.)"
                    );
                    tell(&text, stage.colours);
                    ports.push((port.to_string(), other.to_string()));
                }
            }
            Step::Restart => {
                tell("(Ctrl-D, and start again)", stage.colours);
                *session = (stage.open)();
            }
            Step::Needs(needs) => {
                if let Some(why) = needs.iter().find_map(stage.missing) {
                    tell(
                        &format!("(The rest of this part is left out: {why})"),
                        stage.colours,
                    );
                    break;
                }
            }
            Step::Type {
                source,
                expected,
                line,
            } => {
                let source = moved(&source, &ports);
                let expected: Vec<String> = expected.iter().map(|e| moved(e, &ports)).collect();
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

/// A free port of 127.0.0.1 when this one is taken.
fn other_port(port: u16) -> Result<Option<u16>> {
    let listen = |port: u16| std::net::TcpListener::bind(("127.0.0.1", port));
    match listen(port) {
        Ok(_) => Ok(None),
        Err(_) => Ok(Some(listen(0)?.local_addr()?.port())),
    }
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
