//! Takes an f-string apart into text and fields; expressions stay ranges of the source.
use std::ops::Range;

use super::error::DialectError;

/// A part of an f-string.
#[derive(Debug, Clone)]
pub(super) enum Piece {
    /// Text, still with its escapes and doubled braces.
    Text(Range<usize>),
    Field(Field),
}

/// `{expression!conversion:specification}`.
#[derive(Debug, Clone)]
pub(super) struct Field {
    /// The expression without surrounding blanks.
    pub expression: Range<usize>,
    /// `{e=}`: the source text to show in front of the value.
    pub label: Option<Range<usize>>,
    /// `r` or `s`.
    pub conversion: Option<char>,
    pub specification: Vec<Piece>,
}

/// Splits the content `range` of an f-string.
pub(super) fn split(source: &str, range: Range<usize>) -> Result<Vec<Piece>, DialectError> {
    let mut splitter = Splitter {
        bytes: source.as_bytes(),
        at: range.start,
        end: range.end,
    };
    splitter.pieces(0)
}

struct Splitter<'s> {
    bytes: &'s [u8],
    at: usize,
    end: usize,
}

impl Splitter<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        let at = self.at + ahead;
        if at < self.end {
            self.bytes.get(at).copied().unwrap_or(0)
        } else {
            0
        }
    }

    /// Pieces up to the end, or, inside a specification (`level` > 0), up to its `}`.
    fn pieces(&mut self, level: usize) -> Result<Vec<Piece>, DialectError> {
        let mut pieces = Vec::new();
        let mut text = self.at;
        loop {
            let here = self.at;
            if here >= self.end {
                break;
            }
            match (self.peek(0), self.peek(1)) {
                (b'{', b'{') | (b'}', b'}') if level == 0 => self.at += 2,
                (b'{', _) => {
                    if text < here {
                        pieces.push(Piece::Text(text..here));
                    }
                    if level > 1 {
                        return Err(DialectError::new(
                            "f-string: fields are nested too deeply",
                            here..here + 1,
                        ));
                    }
                    self.at += 1;
                    pieces.push(Piece::Field(self.field(here, level)?));
                    text = self.at;
                }
                (b'}', _) if level > 0 => break,
                (b'}', _) => {
                    return Err(DialectError::new(
                        "f-string: single '}' is not allowed",
                        here..here + 1,
                    )
                    .hint("write }} for a brace in the text"));
                }
                _ => self.at += 1,
            }
        }
        if text < self.at {
            pieces.push(Piece::Text(text..self.at));
        }
        Ok(pieces)
    }

    /// A field after its `{` (at `open`), up to and including its `}`.
    fn field(&mut self, open: usize, level: usize) -> Result<Field, DialectError> {
        let start = self.at;
        let end = self.expression_end(open)?;
        let mut expression = self.trim(start..end);
        let mut label = None;
        if self.ends_with_lone_equals(&expression) {
            label = Some(start..end);
            expression = self.trim(expression.start..expression.end - 1);
        }
        if expression.is_empty() {
            return Err(DialectError::new(
                "f-string: empty expression",
                open..self.at.max(open + 1),
            )
            .hint("write {{}} for braces in the text"));
        }
        let mut conversion = None;
        if self.peek(0) == b'!' {
            conversion = match self.peek(1) {
                b's' => Some('s'),
                b'r' | b'a' => Some('r'),
                _ => {
                    return Err(DialectError::new(
                        "f-string: a conversion is !r or !s",
                        self.at..(self.at + 1).min(self.end),
                    ));
                }
            };
            self.at += 2;
        }
        let mut specification = Vec::new();
        if self.peek(0) == b':' {
            self.at += 1;
            specification = self.pieces(level + 1)?;
        }
        if self.peek(0) != b'}' {
            return Err(DialectError::new("f-string: expecting '}'", open..open + 1));
        }
        self.at += 1;
        Ok(Field {
            expression,
            label,
            conversion,
            specification,
        })
    }

    /// Finds where the expression ends: at `}`, `:` or `!r` outside brackets and strings.
    fn expression_end(&mut self, open: usize) -> Result<usize, DialectError> {
        let mut depth = 0usize;
        while self.at < self.end {
            match self.peek(0) {
                quote @ (b'"' | b'\'' | b'`') => {
                    self.at += 1;
                    while self.at < self.end && self.peek(0) != quote {
                        self.at += 1;
                    }
                    self.at = (self.at + 1).min(self.end);
                    continue;
                }
                b'(' | b'[' | b'{' => depth += 1,
                b'}' | b':' if depth == 0 => return Ok(self.at),
                b'!' if depth == 0 && self.converts(open) => return Ok(self.at),
                b')' | b']' | b'}' => depth = depth.saturating_sub(1),
                b'\\' => {
                    return Err(DialectError::new(
                        "f-string: a backslash cannot stand inside { }",
                        self.at..self.at + 1,
                    )
                    .hint("use the other kind of quotes inside the braces"));
                }
                _ => {}
            }
            self.at += 1;
        }
        Err(DialectError::new("f-string: expecting '}'", open..open + 1)
            .hint("inside the braces use the other kind of quotes; write {{ for a brace"))
    }

    /// True when the `!` here follows a value and is none of `!=`, `!in` and `f!(…)`.
    fn converts(&self, open: usize) -> bool {
        let before = self.bytes.get(open + 1..self.at).unwrap_or_default();
        let value = before.trim_ascii_end().last().is_some_and(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b')' | b']' | b'}' | b'"' | b'\'')
        });
        let operator = matches!(self.peek(1), b'=' | b'(')
            || (self.peek(1) == b'i'
                && self.peek(2) == b'n'
                && !self.peek(3).is_ascii_alphanumeric());
        value && !operator
    }

    fn trim(&self, range: Range<usize>) -> Range<usize> {
        let blank = |at: usize| self.bytes.get(at).is_some_and(u8::is_ascii_whitespace);
        let (mut start, mut end) = (range.start, range.end);
        while start < end && blank(start) {
            start += 1;
        }
        while end > start && blank(end - 1) {
            end -= 1;
        }
        start..end
    }

    fn ends_with_lone_equals(&self, range: &Range<usize>) -> bool {
        let Some(text) = self.bytes.get(range.clone()) else {
            return false;
        };
        match text {
            [.., before, b'='] => !matches!(before, b'=' | b'!' | b'<' | b'>'),
            _ => false,
        }
    }
}

/// Start of the expression of the field that is still open at the end of `range`, the content of
/// an f-string of which only the beginning is typed.
pub(super) fn open_field(source: &str, range: Range<usize>) -> Option<usize> {
    let mut splitter = Splitter {
        bytes: source.as_bytes(),
        at: range.start,
        end: range.end,
    };
    while splitter.at < splitter.end {
        match (splitter.peek(0), splitter.peek(1)) {
            (b'{', b'{') | (b'}', b'}') => splitter.at += 2,
            (b'{', _) => {
                let open = splitter.at;
                splitter.at += 1;
                if splitter.expression_end(open).is_err() {
                    return Some(open + 1);
                }
                while splitter.at < splitter.end && splitter.peek(0) != b'}' {
                    splitter.at += 1;
                }
            }
            _ => splitter.at += 1,
        }
    }
    None
}
