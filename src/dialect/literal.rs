//! Strings: what a literal of the dialect means, and how Rhai writes the same text.
use std::ops::Range;

use super::error::DialectError;
use super::lexer::{Lexeme, StringForm};

/// Appends `text` as the inside of a Rhai string literal with double quotes.
pub(super) fn escape_into(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_ascii_control() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => out.push(c),
        }
    }
}

/// A Rhai string literal for `text`.
pub(super) fn rhai_string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    escape_into(&mut out, text);
    out.push('"');
    out
}

/// The content of a string literal: between its quotes.
pub(super) fn content_range(lexeme: &Lexeme, form: StringForm) -> Range<usize> {
    let start = (lexeme.start + form.open_len()).min(lexeme.end);
    let end = if lexeme.closed {
        lexeme.end.saturating_sub(form.close_len())
    } else {
        lexeme.end
    };
    start..end.max(start)
}

/// One escape sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escape {
    /// Stands for one character.
    Char(char),
    /// Backslash and line end: stands for nothing.
    Nothing,
    /// No escape sequence: the backslash stands for itself.
    Backslash,
}

/// Reads the escape sequence at the start of `rest` (which starts with a backslash): its meaning
/// and its length in bytes. `at` is its offset in the source, for the error.
pub(super) fn read_escape(
    rest: &str,
    at: usize,
    bytes: bool,
) -> Result<(Escape, usize), DialectError> {
    let mut chars = rest.chars();
    chars.next();
    let Some(letter) = chars.next() else {
        return Ok((Escape::Backslash, 1));
    };
    let char = |c| Ok((Escape::Char(c), 2));
    match letter {
        '\n' => Ok((Escape::Nothing, 2)),
        '\r' if rest.starts_with("\\\r\n") => Ok((Escape::Nothing, 3)),
        '\\' | '\'' | '"' => char(letter),
        'n' => char('\n'),
        'r' => char('\r'),
        't' => char('\t'),
        'a' => char('\u{7}'),
        'b' => char('\u{8}'),
        'f' => char('\u{c}'),
        'v' => char('\u{b}'),
        '0'..='7' => {
            let digits = rest
                .bytes()
                .skip(1)
                .take(3)
                .take_while(|b| (b'0'..=b'7').contains(b));
            let (value, count) = digits.fold((0u32, 0usize), |(value, n), digit| {
                (value * 8 + u32::from(digit - b'0'), n + 1)
            });
            let value = if bytes { value & 0xff } else { value };
            let c = char::from_u32(value).unwrap_or('\0');
            Ok((Escape::Char(c), 1 + count))
        }
        'x' => hex_escape(rest, at, 2),
        'u' if !bytes => hex_escape(rest, at, 4),
        'U' if !bytes => hex_escape(rest, at, 8),
        'N' if !bytes && rest.starts_with("\\N{") => Err(DialectError::new(
            "character names are not supported in strings",
            at..at + 3,
        )
        .hint("type the character itself or \\uXXXX")),
        _ => Ok((Escape::Backslash, 1)),
    }
}

fn hex_escape(rest: &str, at: usize, digits: usize) -> Result<(Escape, usize), DialectError> {
    let letter = rest.get(..2).unwrap_or("\\x");
    let found = rest
        .bytes()
        .skip(2)
        .take(digits)
        .take_while(u8::is_ascii_hexdigit)
        .count();
    let refuse = |reason: String| Err(DialectError::new(reason, at..at + 2 + found));
    if found < digits {
        return refuse(format!(
            "{letter} needs {digits} hexadecimal digits, found {found}"
        ));
    }
    let text = rest.get(2..2 + digits).unwrap_or_default();
    match u32::from_str_radix(text, 16).ok().and_then(char::from_u32) {
        Some(c) => Ok((Escape::Char(c), 2 + digits)),
        None => refuse(format!("{letter}{text} is no character")),
    }
}

/// Decodes `range` of the source, the content of a literal of the given form. `braces` says that
/// `{{` and `}}` stand for one brace.
pub(super) fn decode(
    source: &str,
    range: Range<usize>,
    form: StringForm,
    braces: bool,
) -> Result<String, DialectError> {
    let mut out = String::with_capacity(range.len());
    let mut at = range.start;
    while let Some(rest) = source.get(at..range.end)
        && let Some(c) = rest.chars().next()
    {
        match c {
            '\\' if !form.raw => {
                let (escape, length) = read_escape(rest, at, form.bytes)?;
                match escape {
                    Escape::Char(c) => out.push(c),
                    Escape::Nothing => {}
                    Escape::Backslash => out.push('\\'),
                }
                at += length;
                continue;
            }
            '\r' if rest.starts_with("\r\n") => {}
            '"' if form.quote == b'"' && !form.triple && form.prefix == 0 => {
                // A doubled quote is one quote inside.
                out.push('"');
                at += 2;
                continue;
            }
            '{' | '}' if braces => {
                out.push(c);
                at += 2;
                continue;
            }
            c if form.bytes && !c.is_ascii() => {
                return Err(DialectError::new(
                    "bytes can only contain ASCII literal characters",
                    at..at + c.len_utf8(),
                )
                .hint("write other bytes as \\xNN"));
            }
            c => out.push(c),
        }
        at += c.len_utf8();
    }
    Ok(out)
}

/// True when Rhai reads the content of a single-quoted literal as one character.
pub(super) fn is_rhai_char(content: &str) -> bool {
    let mut chars = content.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) => c != '\\' && c != '\n' && c != '\'',
        (Some('\\'), Some(letter)) => match letter {
            '\\' | '\'' | 'n' | 'r' | 't' => chars.next().is_none(),
            'x' => content.len() == 4,
            'u' => content.len() == 6,
            'U' => content.len() == 10,
            _ => false,
        },
        _ => false,
    }
}
