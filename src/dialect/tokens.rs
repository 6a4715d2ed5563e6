//! Tokens for colouring, and the checks of single lexemes that the pass relies on.
use std::ops::Range;

use super::error::DialectError;
use super::lexer::{Kind, Lexeme, lex};
use super::words;

/// What a token is, for colouring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// A name.
    Name,
    /// A word of the language.
    Keyword,
    /// `True`, `None` and the like.
    Constant,
    /// A number.
    Number,
    /// A string of any kind.
    Text,
    /// A comment.
    Comment,
    /// An opening bracket.
    Open,
    /// A closing bracket.
    Close,
    /// The dot before a member.
    Dot,
    /// Anything else.
    Operator,
    /// A character without a meaning.
    Unknown,
}

/// A piece of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Its bytes.
    pub range: Range<usize>,
    /// False for a string or comment whose end is missing.
    pub closed: bool,
}

/// Splits any text into tokens; blanks lie between them.
pub fn tokens(source: &str) -> Vec<Token> {
    let mut after_dot = false;
    lex(source, 0..source.len())
        .into_iter()
        .map(|lexeme| {
            let text = source.get(lexeme.range()).unwrap_or_default();
            let kind = match lexeme.kind {
                Kind::Word if after_dot => TokenKind::Name,
                Kind::Word if words::CONSTANTS.contains(&text) => TokenKind::Constant,
                Kind::Word if words::KEYWORDS.contains(&text) || words::DIALECT.contains(&text) => {
                    TokenKind::Keyword
                }
                Kind::Word => TokenKind::Name,
                Kind::Number => TokenKind::Number,
                Kind::Str(_) | Kind::RawStr | Kind::Backtick => TokenKind::Text,
                Kind::HashComment | Kind::LineComment | Kind::BlockComment => TokenKind::Comment,
                Kind::Open(_) | Kind::MapOpen => TokenKind::Open,
                Kind::Close(_) => TokenKind::Close,
                Kind::Dot => TokenKind::Dot,
                Kind::Unknown | Kind::Question => TokenKind::Unknown,
                _ => TokenKind::Operator,
            };
            after_dot = kind == TokenKind::Dot;
            Token {
                kind,
                range: lexeme.range(),
                closed: lexeme.closed,
            }
        })
        .collect()
}

/// Refuses a lexeme that is not closed, or that has no meaning anywhere.
pub(super) fn check(source: &str, lexeme: &Lexeme) -> Result<(), DialectError> {
    let text = source.get(lexeme.range()).unwrap_or_default();
    let opening = |length: usize| {
        let end = text
            .char_indices()
            .nth(length)
            .map_or(text.len(), |(at, _)| at);
        lexeme.start..lexeme.start + end
    };
    if !lexeme.closed {
        return Err(match lexeme.kind {
            Kind::Str(form) if form.triple => DialectError::new(
                "this triple-quoted text was never closed",
                opening(form.open_len()),
            ),
            Kind::Str(form) => {
                DialectError::new("this text was never closed", opening(form.open_len()))
                    .hint("close the quote on the same line, or use three quotes")
            }
            Kind::RawStr | Kind::Backtick => {
                DialectError::new("this text was never closed", opening(1))
            }
            Kind::BlockComment => DialectError::new("this comment was never closed", opening(2)),
            _ => DialectError::new("the line goes on, but nothing follows", lexeme.range()),
        });
    }
    if lexeme.kind == Kind::Unknown && !text.chars().all(|c| c.is_whitespace() || c == '\u{feff}') {
        let error = DialectError::new(
            format!("the character {text:?} has no meaning here"),
            lexeme.range(),
        );
        return Err(match text {
            "\u{2018}" | "\u{2019}" | "\u{201c}" | "\u{201d}" => {
                error.hint("these are typographic quotes: type ' or \"")
            }
            "\u{2013}" | "\u{2014}" => error.hint("this is a dash: type -"),
            "\\" => error.hint("a backslash joins lines only at the end of a line"),
            _ => error,
        });
    }
    Ok(())
}

/// Refuses a name that Rhai cannot read.
pub(super) fn check_name(word: &str, range: Range<usize>) -> Result<(), DialectError> {
    if word.is_ascii() {
        return Ok(());
    }
    Err(DialectError::new(format!("'{word}' is not a name"), range)
        .hint("names have letters a to z, digits and _"))
}
