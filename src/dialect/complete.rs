//! Is the input complete, or must the shell ask for another line?
use super::brackets;
use super::error::DialectError;
use super::lexer::{Kind, Lexeme, lex};
use super::rewrite;
use super::tokens;
use super::words;

/// The state of what was typed so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completeness {
    /// It can be evaluated.
    Complete,
    /// A bracket, a string of several lines or a comment is open, or the last line ends in `\`.
    Incomplete,
    /// It can never become right by adding lines.
    Invalid(DialectError),
}

/// Judges `source`: only what is not closed is incomplete, everything else is complete or wrong.
pub fn completeness(source: &str) -> Completeness {
    let all = lex(source, 0..source.len());
    let mut open = false;
    for lexeme in &all {
        if spans_lines(lexeme) && !lexeme.closed {
            open = true;
        } else if let Err(error) = tokens::check(source, lexeme) {
            return Completeness::Invalid(error);
        }
    }
    let lexemes: Vec<Lexeme> = all
        .into_iter()
        .filter(|lexeme| !lexeme.is_comment())
        .collect();
    match brackets::pair(source, &lexemes) {
        Err(error) => Completeness::Invalid(error),
        Ok((_, Some(_))) => Completeness::Incomplete,
        Ok((_, None)) if open => Completeness::Incomplete,
        Ok((_, None)) => match rewrite(source, &|name| !words::DIALECT.contains(&name)) {
            Ok(_) => Completeness::Complete,
            Err(error) => Completeness::Invalid(error),
        },
    }
}

/// Lexemes that another line may close.
pub(super) fn spans_lines(lexeme: &Lexeme) -> bool {
    match lexeme.kind {
        Kind::Str(form) => form.triple,
        Kind::RawStr | Kind::Backtick | Kind::BlockComment | Kind::Join => true,
        _ => false,
    }
}
