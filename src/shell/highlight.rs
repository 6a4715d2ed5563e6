//! Colours: of the line that is typed, of candidates, of help. A coloured text is as wide as the
//! plain one.
use std::fmt::Write as _;

use crate::dialect::{self, Token, TokenKind};
use crate::object::complete::Group;

const RESET: &str = "\x1b[0m";
const GREY: &str = "\x1b[90m";

/// The line that starts at byte `start` of `source`, coloured; with a cursor the bracket at it and
/// its partner are marked.
pub fn line(source: &str, start: usize, cursor: Option<usize>) -> String {
    let tokens = dialect::tokens(source);
    let (marked, wrong) = brackets(source, &tokens, cursor);
    let mut out = String::with_capacity(source.len() * 2);
    let mut at = start;
    for token in &tokens {
        if token.range.end <= start {
            continue;
        }
        let begin = token.range.start.max(start);
        out.push_str(source.get(at..begin).unwrap_or_default());
        let text = source.get(begin..token.range.end).unwrap_or_default();
        let style = if marked.contains(&token.range.start) {
            "\x1b[1;7m"
        } else if wrong.contains(&token.range.start) {
            "\x1b[31m"
        } else {
            style(token.kind, text)
        };
        paint(&mut out, text, style);
        at = token.range.end;
    }
    out.push_str(source.get(at..).unwrap_or_default());
    out
}

fn style(kind: TokenKind, text: &str) -> &'static str {
    match kind {
        TokenKind::Keyword => "\x1b[35m",
        TokenKind::Text => "\x1b[32m",
        TokenKind::Number | TokenKind::Constant => "\x1b[36m",
        TokenKind::Comment => GREY,
        TokenKind::Unknown => "\x1b[31m",
        TokenKind::Name if text == "j" => "\x1b[1;34m",
        TokenKind::Name
        | TokenKind::Open
        | TokenKind::Close
        | TokenKind::Dot
        | TokenKind::Operator => "",
    }
}

/// Each line of a text in a style of its own, so that a continuation starts afresh.
fn paint(out: &mut String, text: &str, style: &str) {
    if style.is_empty() {
        out.push_str(text);
        return;
    }
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            out.push('\n');
        }
        if !line.is_empty() {
            let _ = write!(out, "{style}{line}{RESET}");
        }
    }
}

/// Offsets of the bracket at the cursor with its partner, and of those that have none.
fn brackets(source: &str, tokens: &[Token], cursor: Option<usize>) -> (Vec<usize>, Vec<usize>) {
    let mut open: Vec<(&str, usize, usize)> = Vec::new();
    let (mut marked, mut wrong) = (Vec::new(), Vec::new());
    let near = |start: usize, end: usize| cursor.is_some_and(|at| at == start || at == end);
    for token in tokens {
        let range = token.range.clone();
        let text = source.get(range.clone()).unwrap_or_default();
        match token.kind {
            TokenKind::Open => open.push((text, range.start, range.end)),
            TokenKind::Close => match open.pop() {
                Some((opener, start, end)) if opener.ends_with(partner(text)) => {
                    if near(start, end) || near(range.start, range.end) {
                        marked = vec![start, range.start];
                    }
                }
                Some((_, start, _)) => wrong.extend([start, range.start]),
                None => wrong.push(range.start),
            },
            _ => {}
        }
    }
    (marked, wrong)
}

fn partner(closer: &str) -> &'static str {
    match closer {
        ")" => "(",
        "]" => "[",
        _ => "{",
    }
}

/// A row of the list: the name in the colour of its group, the rest grey.
pub fn candidate(row: &str, group: Group, length: usize) -> String {
    let colour = match group {
        Group::Child => 32,
        Group::Model => 33,
        Group::Method => 34,
        Group::Property => 37,
    };
    let (name, rest) = row.split_at_checked(length).unwrap_or((row, ""));
    let mut out = format!("\x1b[{colour}m{name}{RESET}");
    paint(&mut out, rest, GREY);
    out
}

/// A help text: the signature stands out, examples are code.
pub fn help(text: &str, colours: bool) -> String {
    if !colours {
        return text.to_string();
    }
    let mut out = String::with_capacity(text.len() + 64);
    let mut example = false;
    for (number, row) in text.split('\n').enumerate() {
        if number > 0 {
            out.push('\n');
        }
        example = match row {
            "example:" => true,
            row => example && row.starts_with("  "),
        };
        if number == 0 {
            paint(&mut out, row, "\x1b[1m");
        } else if example && row != "example:" {
            out.push_str(&line(row, 0, None));
        } else {
            out.push_str(row);
        }
    }
    out
}
