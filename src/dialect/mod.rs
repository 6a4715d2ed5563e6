//! Text to Rhai text: rewritings of token sequences that are a syntax error, or an undefined name,
//! in Rhai. Pure: no engine, no objects, no terminal.
//!
//! One lexer ([`lexer`]) reads the input, one pass ([`rewrite()`]) collects edits, the edited text
//! goes to Rhai, and a [`PositionMap`] leads every position back to what was typed. Plain Rhai
//! passes unchanged. The rewritten text uses hidden names that the engine provides:
//!
//! | name | for |
//! |---|---|
//! | `__kw(#{…})` | keyword arguments, last argument of a call |
//! | `__unpack a, b = e` | custom syntax: takes a list or record apart into names |
//! | `__fmt(e, "spec")` | a field of an f-string, `spec` as in `{e:spec}`, after `!r` or `!s` |
//! | `__bytes("…")` | `b'…'` |
//! | `__del("name")` | custom syntax: forgets a variable |
//! | `assert(e, m)` | the statement `assert e, m` |
//! | `__last`, `__last_1` | `_`, `_1`: earlier values of the prompt |
mod brackets;
mod complete;
mod context;
mod edit;
mod error;
mod fstring;
mod lexer;
mod literal;
mod map;
mod names;
mod paste;
mod refuse;
mod rewrite;
mod strings;
mod tokens;
mod visit;
mod words;

use std::ops::Range;

pub use complete::{Completeness, completeness};
pub use context::{Call, CursorContext, context_at};
pub use error::{DialectError, Hint};
pub use map::{PositionMap, line_column, offset_at};
pub use paste::paste;
pub use tokens::{Token, TokenKind, tokens};

/// What a top-level statement does, as far as printing its value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementKind {
    /// Its value is printed at the prompt.
    Expression,
    /// An assignment or declaration.
    Assignment,
    /// A function definition.
    Function,
    /// A loop, `return`, `import` and the like.
    Other,
}

/// A top-level statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Range of its text in the rewritten text; it can be evaluated on its own.
    pub range: Range<usize>,
    /// Range in the source.
    pub source: Range<usize>,
    /// What it does.
    pub kind: StatementKind,
}

/// An input as Rhai gets it.
#[derive(Debug, Clone)]
pub struct Rewritten {
    /// Text for Rhai; all statements in order.
    pub text: String,
    /// Offsets of `text` to offsets of the source.
    pub map: PositionMap,
    /// The top-level statements.
    pub statements: Vec<Statement>,
    /// Remarks about what is accepted but probably meant otherwise.
    pub hints: Vec<Hint>,
}

/// Rewrites an input. `known` says whether a variable of that name is in scope already.
///
/// # Errors
/// What neither Rhai nor the dialect reads, with the place and what to write instead.
pub fn rewrite(source: &str, known: &dyn Fn(&str) -> bool) -> Result<Rewritten, DialectError> {
    let mut shared = rewrite::Shared {
        source,
        names: names::Names::new(known),
        edits: edit::Edits::default(),
        hints: Vec::new(),
        statements: Vec::new(),
        own_not: false,
        own_assert: false,
        nesting: 0,
    };
    rewrite::walk(&mut shared, 0..source.len(), rewrite::Place::Top)?;
    let drafts = shared.statements;
    let applied = shared.edits.apply(source, drafts.len());
    let statements = drafts
        .into_iter()
        .zip(applied.statements)
        .map(|(draft, range)| Statement {
            range,
            source: draft.source,
            kind: draft.kind,
        })
        .collect();
    Ok(Rewritten {
        text: applied.text,
        map: applied.map,
        statements,
        hints: shared.hints,
    })
}
