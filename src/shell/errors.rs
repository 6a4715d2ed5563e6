//! How an error is printed: the message alone, or the line with a caret under the place.
//!
//! Texts: spec of the shell, "Errors as printed".
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::object::{Error, Kind};

/// How errors look.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// With ANSI colours.
    pub colours: bool,
    /// `--debug`: the source line and a caret for every error.
    pub debug: bool,
}

/// Longest part of a source line that is shown, in columns.
const LINE: usize = 160;

/// The lines to print for an error; `source` is what the person typed.
pub fn render(error: &Error, source: &str, style: Style) -> String {
    let red = |text: &str| match style.colours {
        true => format!("\x1b[31m{text}\x1b[0m"),
        false => text.to_string(),
    };
    let mut out = String::new();
    if (error.kind == Kind::Syntax || style.debug)
        && let Some(place) = place(error, source)
    {
        out.push_str(&place.line);
        out.push('\n');
        out.push_str(&place.caret);
        out.push('\n');
    }
    match error.kind {
        Kind::Syntax => out.push_str(&red(&format!("Syntax error: {}", error.message))),
        _ => out.push_str(&red(&error.message)),
    }
    // An undefined name prints its one line and nothing else, as the tutorial shows.
    if error.kind != Kind::Name {
        for hint in &error.hints {
            out.push_str(&format!("\n  {hint}"));
        }
    }
    out
}

/// The same for a script, where the reader must be told which line it was.
pub fn render_in(error: &Error, file: &str, source: &str, style: Style) -> String {
    let mut out = render(error, source, style);
    if let Some(place) = place(error, source) {
        out.push_str(&format!("\n  at {file}, line {}", place.number));
        if error.kind != Kind::Syntax && !style.debug {
            out.push_str(&format!(": {}", place.line.trim()));
        }
    }
    out
}

struct Place {
    /// From 1.
    number: usize,
    line: String,
    caret: String,
}

/// The line of the error and a line with `^` under the place. None when the place is not known.
fn place(error: &Error, source: &str) -> Option<Place> {
    let mut at = error.span.as_ref()?.start.min(source.len());
    while !source.is_char_boundary(at) {
        at -= 1;
    }
    let (before, after) = source.split_at(at);
    let start = before.rfind('\n').map_or(0, |i| i + 1);
    let (left, right) = (
        before.get(start..)?,
        after.lines().next().unwrap_or_default(),
    );
    let number = before.matches('\n').count() + 1;
    // Of a long line the part around the place.
    let (left, cut) = match left.width() > LINE / 2 {
        true => (last_columns(left, LINE / 2), "…"),
        false => (left, ""),
    };
    let mut line = format!("{cut}{left}");
    let mut room = LINE.saturating_sub(line.width());
    for c in right.chars() {
        let width = c.width().unwrap_or(0);
        if width > room {
            line.push('…');
            break;
        }
        room -= width;
        line.push(c);
    }
    let mut caret: String = cut.chars().map(|_| ' ').collect();
    for c in left.chars() {
        match c {
            '\t' => caret.push('\t'),
            c => (0..c.width().unwrap_or(0)).for_each(|_| caret.push(' ')),
        }
    }
    caret.push('^');
    Some(Place {
        number,
        line,
        caret,
    })
}

fn last_columns(text: &str, columns: usize) -> &str {
    let mut width = 0;
    let mut start = text.len();
    for (at, c) in text.char_indices().rev() {
        width += c.width().unwrap_or(0);
        if width > columns {
            break;
        }
        start = at;
    }
    text.get(start..).unwrap_or_default()
}
