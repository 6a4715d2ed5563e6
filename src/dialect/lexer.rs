//! The lexer: any text becomes lexemes, without failing and without gaps other than blanks.
//!
//! It follows Rhai's tokenizer wherever Rhai has an opinion (numbers, raw strings, nested comments,
//! back-tick strings) and adds the dialect's own forms: `#` comments, triple-quoted and prefixed
//! strings, `\` at a line end. What is wrong with a lexeme is judged later; here it is only marked
//! as not closed.
use std::ops::Range;

/// The three bracket pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bracket {
    Round,
    Square,
    Curly,
}

/// How a string with single or double quotes was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StringForm {
    /// `'` or `"`.
    pub quote: u8,
    pub triple: bool,
    pub raw: bool,
    pub bytes: bool,
    pub format: bool,
    /// Number of prefix letters.
    pub prefix: u8,
}

impl StringForm {
    /// Length of the opening quotes including the prefix.
    pub fn open_len(self) -> usize {
        usize::from(self.prefix) + self.close_len()
    }

    /// Length of the closing quotes.
    pub fn close_len(self) -> usize {
        if self.triple { 3 } else { 1 }
    }
}

/// What a lexeme is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Number,
    Str(StringForm),
    /// `#"…"#`
    RawStr,
    /// A back-tick string with everything in its `${…}` parts.
    Backtick,
    HashComment,
    LineComment,
    BlockComment,
    Open(Bracket),
    /// `#{`
    MapOpen,
    Close(Bracket),
    Comma,
    Semicolon,
    Colon,
    /// `::`
    Scope,
    /// `.` or `?.`
    Dot,
    /// A single `=`.
    Assign,
    OpAssign,
    /// `=>`
    Arrow,
    Pipe,
    OrOr,
    Bang,
    Star,
    Power,
    /// `+` or `-`
    Sign,
    /// Any other operator that needs a value on its right.
    Operator,
    /// A `?` that is no part of `?.`, `?[` or `??`.
    Question,
    /// `\` directly before a line end.
    Join,
    /// A character that has no meaning here.
    Unknown,
}

/// One piece of the source.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lexeme {
    pub kind: Kind,
    pub start: usize,
    pub end: usize,
    /// A line end (not a joined one) lies between the previous lexeme that is no comment and this.
    pub newline: bool,
    /// False for a string or block comment whose end is missing.
    pub closed: bool,
}

impl Lexeme {
    /// The bytes it covers.
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// True for the three kinds of comment.
    pub fn is_comment(&self) -> bool {
        matches!(
            self.kind,
            Kind::HashComment | Kind::LineComment | Kind::BlockComment
        )
    }

    /// True for every kind of string literal.
    pub fn is_string(&self) -> bool {
        matches!(self.kind, Kind::Str(_) | Kind::RawStr | Kind::Backtick)
    }
}

/// Splits `range` of `source` (both ends on character boundaries) into lexemes; offsets are those
/// of the whole source.
pub(super) fn lex(source: &str, range: Range<usize>) -> Vec<Lexeme> {
    let end = range.end.min(source.len());
    let start = range.start.min(end);
    let mut lexer = Lexer {
        bytes: source.as_bytes(),
        source,
        at: start,
        end,
    };
    let mut lexemes = Vec::with_capacity((end - start) / 4 + 4);
    let mut newline = false;
    while let Some((kind, start, closed)) = lexer.next(&mut newline) {
        let end = lexer.at;
        let lexeme = Lexeme {
            kind,
            start,
            end,
            newline,
            closed,
        };
        if kind == Kind::BlockComment {
            newline |= lexer.contains_newline(start, end);
        } else if kind != Kind::Join && !lexeme.is_comment() {
            newline = false;
        }
        lexemes.push(lexeme);
    }
    lexemes
}

struct Lexer<'s> {
    source: &'s str,
    bytes: &'s [u8],
    at: usize,
    end: usize,
}

/// A byte that can continue a word: letters, digits, `_` and every non-ASCII letter.
fn continues_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        let at = self.at + ahead;
        if at < self.end {
            self.bytes.get(at).copied().unwrap_or(0)
        } else {
            0
        }
    }

    fn char_at(&self, at: usize) -> Option<char> {
        if at >= self.end {
            return None;
        }
        self.source
            .get(at..self.end)
            .and_then(|rest| rest.chars().next())
    }

    fn contains_newline(&self, start: usize, end: usize) -> bool {
        self.bytes
            .get(start..end)
            .is_some_and(|part| part.contains(&b'\n'))
    }

    /// Skips blanks and scans one lexeme: kind, start, closed.
    fn next(&mut self, newline: &mut bool) -> Option<(Kind, usize, bool)> {
        loop {
            if self.at >= self.end {
                return None;
            }
            match self.peek(0) {
                b'\n' | b'\r' => {
                    *newline = true;
                    self.at += 1;
                }
                byte if byte.is_ascii_whitespace() => self.at += 1,
                _ => break,
            }
        }
        let start = self.at;
        let (kind, closed) = self.scan();
        Some((kind, start, closed))
    }

    fn take(&mut self, length: usize, kind: Kind) -> (Kind, bool) {
        self.at = (self.at + length).min(self.end);
        (kind, true)
    }

    fn scan(&mut self) -> (Kind, bool) {
        let byte = self.peek(0);
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.word(),
            b'0'..=b'9' => self.number(),
            b'"' | b'\'' => self.quoted(),
            b'`' => self.backtick(),
            b'#' => self.hash(),
            b'/' => self.slash(),
            b'(' => self.take(1, Kind::Open(Bracket::Round)),
            b')' => self.take(1, Kind::Close(Bracket::Round)),
            b'[' => self.take(1, Kind::Open(Bracket::Square)),
            b']' => self.take(1, Kind::Close(Bracket::Square)),
            b'{' => self.take(1, Kind::Open(Bracket::Curly)),
            b'}' => self.take(1, Kind::Close(Bracket::Curly)),
            b',' => self.take(1, Kind::Comma),
            b';' => self.take(1, Kind::Semicolon),
            b'\\' => self.backslash(),
            0x80.. => self.non_ascii(),
            _ => self.symbol(byte),
        }
    }

    fn symbol(&mut self, byte: u8) -> (Kind, bool) {
        let (second, third) = (self.peek(1), self.peek(2));
        let (length, kind) = match (byte, second, third) {
            (b':', b':', _) => (2, Kind::Scope),
            (b':', b'=', _) => (2, Kind::Unknown),
            (b':', ..) => (1, Kind::Colon),
            (b'.', b'.', b'.') => (3, Kind::Operator),
            (b'.', b'.', b'=') => (3, Kind::Operator),
            (b'.', b'.', _) => (2, Kind::Operator),
            (b'.', ..) => (1, Kind::Dot),
            (b'?', b'.', _) => (2, Kind::Dot),
            (b'?', b'[', _) => (2, Kind::Open(Bracket::Square)),
            (b'?', b'?', _) => (2, Kind::Operator),
            (b'?', ..) => (1, Kind::Question),
            (b'=', b'=', b'=') => (3, Kind::Operator),
            (b'=', b'=', _) => (2, Kind::Operator),
            (b'=', b'>', _) => (2, Kind::Arrow),
            (b'=', ..) => (1, Kind::Assign),
            (b'!', b'i', b'n') if !continues_word(self.peek(3)) => (3, Kind::Operator),
            (b'!', b'=', b'=') => (3, Kind::Operator),
            (b'!', b'=', _) => (2, Kind::Operator),
            (b'!', ..) => (1, Kind::Bang),
            (b'|', b'|', _) => (2, Kind::OrOr),
            (b'|', b'=', _) => (2, Kind::OpAssign),
            (b'|', b'>', _) => (2, Kind::Operator),
            (b'|', ..) => (1, Kind::Pipe),
            (b'&', b'&', _) => (2, Kind::Operator),
            (b'*', b'*', b'=') | (b'<', b'<', b'=') | (b'>', b'>', b'=') => (3, Kind::OpAssign),
            (b'*', b'*', _) => (2, Kind::Power),
            (b'<', b'<', _) | (b'>', b'>', _) | (b'<', b'=', _) | (b'>', b'=', _) => {
                (2, Kind::Operator)
            }
            (b'+' | b'-' | b'*' | b'/' | b'%' | b'&' | b'^', b'=', _) => (2, Kind::OpAssign),
            (b'+' | b'-', ..) => (1, Kind::Sign),
            (b'*', ..) => (1, Kind::Star),
            (b'<' | b'>' | b'%' | b'&' | b'^' | b'~' | b'@', ..) => (1, Kind::Operator),
            _ => (1, Kind::Unknown),
        };
        self.take(length, kind)
    }

    fn word(&mut self) -> (Kind, bool) {
        let start = self.at;
        self.skip_word();
        let quote = self.peek(0);
        let length = self.at - start;
        if (quote == b'"' || quote == b'\'')
            && length <= 2
            && let Some((raw, bytes, format)) = self.bytes.get(start..self.at).and_then(prefix_of)
        {
            let prefix = u8::try_from(length).unwrap_or(2);
            return self.string(prefix, raw, bytes, format);
        }
        (Kind::Word, true)
    }

    fn skip_word(&mut self) {
        loop {
            let byte = self.peek(0);
            if continues_word(byte) {
                self.at += 1;
            } else if byte >= 0x80 {
                match self.char_at(self.at) {
                    Some(c) if c.is_alphanumeric() => self.at += c.len_utf8(),
                    _ => return,
                }
            } else {
                return;
            }
        }
    }

    fn non_ascii(&mut self) -> (Kind, bool) {
        match self.char_at(self.at) {
            Some(c) if c.is_alphabetic() => {
                self.skip_word();
                (Kind::Word, true)
            }
            Some(c) => self.take(c.len_utf8(), Kind::Unknown),
            None => self.take(1, Kind::Unknown),
        }
    }

    /// Numbers as Rhai reads them: `1..2` is a range and `1.abs()` a call.
    fn number(&mut self) -> (Kind, bool) {
        let radix = match (self.peek(0), self.peek(1)) {
            (b'0', b'x' | b'X') => Some(16),
            (b'0', b'o' | b'O') => Some(8),
            (b'0', b'b' | b'B') => Some(2),
            _ => None,
        };
        if let Some(radix) = radix {
            self.at += 2;
            while self.peek(0) == b'_' || char::from(self.peek(0)).is_digit(radix) {
                self.at += 1;
            }
            return (Kind::Number, true);
        }
        let (mut period, mut exponent) = (false, false);
        loop {
            match self.peek(0) {
                b'0'..=b'9' | b'_' => self.at += 1,
                b'.' if !period && !exponent => match self.peek(1) {
                    b'0'..=b'9' => {
                        period = true;
                        self.at += 2;
                    }
                    b'_' | b'.' => break,
                    next if next.is_ascii_alphabetic() => break,
                    _ if self.at + 1 >= self.end => break,
                    _ => {
                        period = true;
                        self.at += 1;
                    }
                },
                b'e' | b'E' if !exponent => match self.peek(1) {
                    b'0'..=b'9' => {
                        exponent = true;
                        self.at += 2;
                    }
                    b'+' | b'-' => {
                        exponent = true;
                        self.at += 2;
                    }
                    _ => break,
                },
                _ => break,
            }
        }
        (Kind::Number, true)
    }

    fn hash(&mut self) -> (Kind, bool) {
        if self.peek(1) == b'{' {
            return self.take(2, Kind::MapOpen);
        }
        let mut hashes = 1;
        while self.peek(hashes) == b'#' {
            hashes += 1;
        }
        if self.peek(hashes) != b'"' {
            self.skip_line();
            return (Kind::HashComment, true);
        }
        self.at += hashes + 1;
        while self.at < self.end {
            if self.peek(0) != b'"' {
                self.at += 1;
                continue;
            }
            self.at += 1;
            let mut seen = 0;
            while seen < hashes && self.peek(seen) == b'#' {
                seen += 1;
            }
            self.at += seen;
            if seen == hashes {
                return (Kind::RawStr, true);
            }
        }
        (Kind::RawStr, false)
    }

    fn skip_line(&mut self) {
        while self.at < self.end && !matches!(self.peek(0), b'\n' | b'\r') {
            self.at += 1;
        }
    }

    fn slash(&mut self) -> (Kind, bool) {
        match self.peek(1) {
            b'/' => {
                self.skip_line();
                (Kind::LineComment, true)
            }
            b'*' => {
                let closed = self.block_comment();
                (Kind::BlockComment, closed)
            }
            b'=' => self.take(2, Kind::OpAssign),
            _ => self.take(1, Kind::Operator),
        }
    }

    fn block_comment(&mut self) -> bool {
        self.at += 2;
        let mut level = 1usize;
        while self.at < self.end {
            match (self.peek(0), self.peek(1)) {
                (b'/', b'*') => {
                    level += 1;
                    self.at += 2;
                }
                (b'*', b'/') => {
                    level -= 1;
                    self.at += 2;
                    if level == 0 {
                        return true;
                    }
                }
                _ => self.at += 1,
            }
        }
        self.at = self.end;
        false
    }

    fn backslash(&mut self) -> (Kind, bool) {
        let mut ahead = 1;
        while matches!(self.peek(ahead), b' ' | b'\t' | b'\r') && self.at + ahead < self.end {
            ahead += 1;
        }
        if self.peek(ahead) == b'\n' {
            // The line end belongs to the lexeme, so it separates nothing.
            return self.take(ahead + 1, Kind::Join);
        }
        if self.at + ahead >= self.end {
            self.at += 1;
            return (Kind::Join, false);
        }
        self.take(1, Kind::Unknown)
    }

    fn quoted(&mut self) -> (Kind, bool) {
        self.string(0, false, false, false)
    }

    /// A string from its opening quote on; the prefix lies before the current place.
    fn string(&mut self, prefix: u8, raw: bool, bytes: bool, format: bool) -> (Kind, bool) {
        let quote = self.peek(0);
        let triple = self.peek(1) == quote && self.peek(2) == quote;
        let form = StringForm {
            quote,
            triple,
            raw,
            bytes,
            format,
            prefix,
        };
        self.at += form.close_len();
        let closed = if triple {
            self.triple_end(quote)
        } else {
            self.single_end(form)
        };
        (Kind::Str(form), closed)
    }

    fn triple_end(&mut self, quote: u8) -> bool {
        while self.at < self.end {
            match self.peek(0) {
                b'\\' => self.skip_escaped(),
                byte if byte == quote && self.peek(1) == quote && self.peek(2) == quote => {
                    self.at += 3;
                    return true;
                }
                _ => self.at += 1,
            }
        }
        self.at = self.end;
        false
    }

    fn single_end(&mut self, form: StringForm) -> bool {
        let doubles = form.quote == b'"' && form.prefix == 0;
        while self.at < self.end {
            match self.peek(0) {
                b'\\' => self.skip_escaped(),
                b'\n' => return false,
                byte if byte == form.quote => {
                    self.at += 1;
                    if doubles && self.peek(0) == b'"' {
                        self.at += 1;
                        continue;
                    }
                    return true;
                }
                _ => self.at += 1,
            }
        }
        self.at = self.end;
        false
    }

    /// Skips a backslash and the character after it.
    fn skip_escaped(&mut self) {
        self.at += 1;
        if self.peek(0) == b'\r' && self.peek(1) == b'\n' {
            self.at += 2;
            return;
        }
        let length = self.char_at(self.at).map_or(0, char::len_utf8);
        self.at = (self.at + length).min(self.end);
    }

    /// A back-tick string; the code in `${…}` may hold strings, comments and further back-ticks.
    fn backtick(&mut self) -> (Kind, bool) {
        self.at += 1;
        // What is open, outermost first: text (`None`) or code with its depth of braces.
        let mut open: Vec<Option<usize>> = vec![None];
        while self.at < self.end {
            let byte = self.peek(0);
            match open.last_mut() {
                None => break,
                Some(None) => match (byte, self.peek(1), self.peek(2)) {
                    (b'`', b'`', _) => self.at += 2,
                    (b'\\', b'$', b'{') => self.at += 3,
                    (b'$', b'{', _) => {
                        self.at += 2;
                        open.push(Some(1));
                    }
                    (b'`', ..) => {
                        self.at += 1;
                        open.pop();
                        if open.is_empty() {
                            return (Kind::Backtick, true);
                        }
                    }
                    _ => self.at += 1,
                },
                Some(Some(depth)) => match byte {
                    b'{' => {
                        *depth += 1;
                        self.at += 1;
                    }
                    b'}' => {
                        *depth -= 1;
                        self.at += 1;
                        if *depth == 0 {
                            open.pop();
                        }
                    }
                    b'`' => {
                        self.at += 1;
                        open.push(None);
                    }
                    b'"' | b'\'' => {
                        self.quoted();
                    }
                    b'#' if matches!(self.peek(1), b'#' | b'"') => {
                        self.hash();
                    }
                    b'/' if matches!(self.peek(1), b'/' | b'*') => {
                        self.slash();
                    }
                    _ => self.at += 1,
                },
            }
        }
        self.at = self.end;
        (Kind::Backtick, false)
    }
}

/// Reads a string prefix: raw, bytes, format. `None` when the letters are no prefix.
fn prefix_of(letters: &[u8]) -> Option<(bool, bool, bool)> {
    let (mut raw, mut bytes, mut format, mut unicode) = (false, false, false, false);
    for letter in letters {
        let flag = match letter.to_ascii_lowercase() {
            b'r' => &mut raw,
            b'b' => &mut bytes,
            b'f' => &mut format,
            b'u' => &mut unicode,
            _ => return None,
        };
        if std::mem::replace(flag, true) {
            return None;
        }
    }
    let alone = letters.len() == 1;
    if (unicode && !alone) || (bytes && format) {
        None
    } else {
        Some((raw, bytes, format))
    }
}
