//! Pasted tutorial text: keeps what follows a prompt, drops what was printed.
use std::borrow::Cow;

use super::complete::spans_lines;
use super::lexer::{Kind, lex};

/// The prompt without its blank.
const PROMPT: &str = "JSX>";
/// The continuation prompt.
const CONTINUATION: &str = "...";

/// Turns a pasted block into plain input.
///
/// If a line starts with `JSX>` (blanks before it are allowed), the lines with that prompt are
/// kept without it, together with the lines after them that close what they open; a leading `...`
/// of those is removed. All other lines are output and are dropped. Text without such a line comes
/// back unchanged.
pub fn paste(text: &str) -> String {
    if !text.lines().any(|line| after_prompt(line).is_some()) {
        return text.to_owned();
    }
    let mut inputs: Vec<Cow<'_, str>> = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(first) = after_prompt(line) else {
            continue;
        };
        let mut block = first.to_owned();
        while let Some(next) = lines.next_if(|line| after_prompt(line).is_none()) {
            block.push('\n');
            block.push_str(after_continuation(next));
        }
        let length = closed_length(&block);
        block.truncate(length);
        inputs.push(block.into());
    }
    inputs.join("\n")
}

fn after_prompt(line: &str) -> Option<&str> {
    let rest = line.trim_start().strip_prefix(PROMPT)?;
    Some(rest.strip_prefix(' ').unwrap_or(rest))
}

fn after_continuation(line: &str) -> &str {
    let Some(rest) = line.trim_start().strip_prefix(CONTINUATION) else {
        return line;
    };
    let rest = rest.strip_prefix(' ').unwrap_or(rest);
    rest.strip_prefix(' ').unwrap_or(rest)
}

/// Length of the leading lines of `block` after which nothing is open any more; all of it when
/// something stays open.
fn closed_length(block: &str) -> usize {
    let mut depth = 0usize;
    let mut from = 0;
    for lexeme in lex(block, 0..block.len()) {
        if depth == 0
            && let Some(at) = line_end(block, from, lexeme.start)
        {
            return at;
        }
        match lexeme.kind {
            Kind::Open(_) | Kind::MapOpen => depth += 1,
            Kind::Close(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
        if spans_lines(&lexeme) && !lexeme.closed {
            return block.len();
        }
        from = lexeme.end;
    }
    if depth > 0 {
        return block.len();
    }
    line_end(block, from, block.len()).unwrap_or(block.len())
}

fn line_end(text: &str, from: usize, to: usize) -> Option<usize> {
    text.get(from..to)
        .and_then(|gap| gap.find('\n'))
        .map(|at| from + at)
}
