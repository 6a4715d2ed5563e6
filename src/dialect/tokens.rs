//! Tokens for syntax colours, and the checks that concern a single lexeme.
use std::ops::Range;

use super::error::DialectError;
use super::lexer::{Kind, Lexeme, lex};
use super::words;

/// What a token is, as far as colours are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// A word of the language: `let`, `if`, `and`, …
    Keyword,
    /// `True`, `False`, `None`, `true`, `false`.
    Constant,
    /// Any other word.
    Name,
    /// A number.
    Number,
    /// A string of any form, with its prefix and quotes; it may lack its end.
    Text,
    /// A comment of any form.
    Comment,
    /// `(`, `[`, `{`, `#{` or `?[`.
    Open,
    /// `)`, `]` or `}`.
    Close,
    /// The dot before a member.
    Dot,
    /// An operator, a comma and the like.
    Operator,
    /// A character that has no meaning here.
    Unknown,
}

/// One piece of the source; between tokens there are only blanks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Byte range in the source, never empty.
    pub range: Range<usize>,
    /// False for a string or block comment whose end is missing.
    pub closed: bool,
}

/// Splits any text into tokens, in order.
pub fn tokens(source: &str) -> Vec<Token> {
    let mut after_dot = false;
    let mut tokens = Vec::new();
    for lexeme in lex(source, 0..source.len()) {
        let kind = match lexeme.kind {
            Kind::Word if after_dot => TokenKind::Name,
            Kind::Word => word_kind(source.get(lexeme.range()).unwrap_or_default()),
            Kind::Number => TokenKind::Number,
            Kind::Str(_) | Kind::RawStr | Kind::Backtick => TokenKind::Text,
            Kind::HashComment | Kind::LineComment | Kind::BlockComment => TokenKind::Comment,
            Kind::Open(_) | Kind::MapOpen => TokenKind::Open,
            Kind::Close(_) => TokenKind::Close,
            Kind::Dot => TokenKind::Dot,
            Kind::Unknown => TokenKind::Unknown,
            _ => TokenKind::Operator,
        };
        if !lexeme.is_comment() {
            after_dot = lexeme.kind == Kind::Dot;
        }
        tokens.push(Token {
            kind,
            range: lexeme.range(),
            closed: lexeme.closed,
        });
    }
    tokens
}

fn word_kind(word: &str) -> TokenKind {
    if words::CONSTANTS.contains(&word) {
        TokenKind::Constant
    } else if words::KEYWORDS.contains(&word) || words::DIALECT.contains(&word) {
        TokenKind::Keyword
    } else {
        TokenKind::Name
    }
}

/// Refuses a lexeme that is wrong by itself: an open string, a quote of a word processor.
pub(super) fn check(source: &str, lexeme: &Lexeme) -> Result<(), DialectError> {
    if !lexeme.closed {
        let open = |message: &str, length: usize| {
            let end = (lexeme.start + length).min(lexeme.end);
            Err(DialectError::new(message, lexeme.start..end))
        };
        return match lexeme.kind {
            Kind::Str(form) if form.triple => {
                open("this triple-quoted string is not closed", form.open_len())
            }
            Kind::Str(form) => {
                open("this string is not closed", form.open_len()).map_err(|error| {
                    error.hint("text of several lines stands between \"\"\" and \"\"\"")
                })
            }
            Kind::RawStr => open("this raw string is not closed", 2),
            Kind::Backtick => open("this back-tick string is not closed", 1),
            Kind::BlockComment => open("this comment is not closed", 2),
            _ => Ok(()),
        };
    }
    if lexeme.kind == Kind::Unknown {
        let text = source.get(lexeme.range()).unwrap_or_default();
        if matches!(text, "“" | "”" | "„" | "‘" | "’" | "‚" | "«" | "»") {
            return Err(DialectError::new(
                format!("{text} does not quote a string"),
                lexeme.range(),
            )
            .hint("use plain quotes: \" or '"));
        }
        if matches!(text, "\u{200b}" | "\u{200c}" | "\u{200d}" | "\u{2060}") {
            return Err(
                DialectError::new("an invisible character stands here", lexeme.range())
                    .hint("delete it"),
            );
        }
        if text == ":=" {
            return Err(DialectError::new("there is no :=", lexeme.range())
                .hint("assign in a statement of its own"));
        }
    }
    Ok(())
}

/// Refuses names that Rhai cannot read.
pub(super) fn check_name(name: &str, range: Range<usize>) -> Result<(), DialectError> {
    match name.chars().find(|c| !c.is_ascii()) {
        None => Ok(()),
        Some(c) => Err(
            DialectError::new(format!("'{c}' cannot stand in a name"), range)
                .hint("names consist of the letters a-z and A-Z, digits and _"),
        ),
    }
}
