//! Is an input complete, or does Enter add a line?
use super::brackets;
use super::error::DialectError;
use super::lexer::{Kind, Lexeme, lex};
use super::tokens;

/// Whether an input can run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completeness {
    /// It can run (or be refused by the pass).
    Complete,
    /// Something is still open: a bracket, a triple-quoted, raw or back-tick string, a block
    /// comment, or a backslash at the line end.
    Incomplete,
    /// No further line can mend it.
    Invalid(DialectError),
}

/// Tells whether an input is complete. Only what is open makes it incomplete; a bracket too many
/// is an error to be seen at once.
pub fn completeness(source: &str) -> Completeness {
    let all = lex(source, 0..source.len());
    for lexeme in &all {
        if !lexeme.closed {
            return match lexeme.kind {
                // An open quote at a line end is a mistake, not a continuation.
                Kind::Str(form) if !form.triple => invalid(source, lexeme),
                _ => Completeness::Incomplete,
            };
        }
    }
    if ends_joined(&all, source) {
        return Completeness::Incomplete;
    }
    let lexemes: Vec<Lexeme> = all
        .into_iter()
        .filter(|l| !l.is_comment() && l.kind != Kind::Join)
        .collect();
    match brackets::pair(source, &lexemes) {
        Err(error) => Completeness::Invalid(error),
        Ok((_, Some(_))) => Completeness::Incomplete,
        Ok((_, None)) => Completeness::Complete,
    }
}

fn invalid(source: &str, lexeme: &Lexeme) -> Completeness {
    match tokens::check(source, lexeme) {
        Err(error) => Completeness::Invalid(error),
        Ok(()) => Completeness::Complete,
    }
}

/// The last lexeme joins the line to one that has not come yet.
fn ends_joined(lexemes: &[Lexeme], source: &str) -> bool {
    lexemes.last().is_some_and(|last| {
        last.kind == Kind::Join
            && source
                .get(last.end..)
                .is_none_or(|rest| rest.trim().is_empty())
    })
}
