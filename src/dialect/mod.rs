//! The dialect: what a person types becomes Rhai text. Pure: no engine, no objects, no terminal.
//!
//! Plain Rhai passes unchanged. Only token sequences that Rhai rejects, or that name something
//! undefined, are rewritten ([`rewrite`]), and a [`PositionMap`] leads every place of the result
//! back to what was typed. Deviations from Rhai: a string that starts with `"""` is triple-quoted,
//! `#` before anything but `{` and a raw string is a comment, reserved words are names (the engine
//! maps their tokens), a line end may end a statement.
//!
//! | rule | typed | Rhai |
//! |---|---|---|
//! | R1 | `f(a, k=v)` | `f(a, __kw(#{"k":v}))` |
//! | R2 | `(a, b)`; `x = a, b` | `[a, b]` |
//! | R3 | `a, b = e`, `(a, b) = e` | `__unpack a, b = e` |
//! | R4, R5 | `{"k": v}`; `{}` as keyword value, in a map, or first value of a name | `#{"k": v}`, `#{}` |
//! | R6 to R8 | `and or not in is` | `&& \|\| !( ) !in == !=` |
//! | R9 | line end after a value | `;` |
//! | R10 | `name = e`, unknown name | `let name = e`, or `let name; ` before the statement |
//! | R11 | `'…'`, `'''…'''`, `r'…'`; `x['k']` | `"…"`; `x["k"]` |
//! | R12 | `f'a {e:.2f}'` | `("a "+__fmt(e, ".2f"))` |
//! | R13 | `assert e, m`; `del x` | `assert(e, m)`; `__del("x")` |
//! | R14 | `b'…'` | `__bytes("…")` |
//! | R15 | `_`, `_1` as a name | `__last`, `__last_1` |
//!
//! The way of a text: `lexer`, then the one pass in [`rewrite`] (single lexemes in `visit`, statements
//! in `statements`, brackets in `blocks` and `brackets`, strings in `strings`, `fstring` and `literal`,
//! names in `names`, what is refused in `refuse`), which collects edits (`edit`) and positions (`map`).
//! For the prompt: [`complete`], [`context`], [`tokens`], [`paste`].
//!
//! What the engine must provide:
//!
//! * `__kw(map)`: one value of a type of its own, always the last argument of a call.
//! * `__fmt(value, spec)`: a string. `spec` is a Python format specification, or `!r` / `!s`,
//!   optionally followed by `:` and a specification.
//! * `__bytes(text)`: a blob; every character of the text (U+0000 to U+00FF) is one byte.
//! * `__del(name)`: removes the variable from the scope.
//! * `assert(condition)` and `assert(condition, message)`.
//! * `__unpack name, name, … = expression`: custom syntax that sets the names in the scope. Inside
//!   blocks the names are declared by `let` in front of the statement, so it must set an existing
//!   variable where there is one.
//! * `__last`, `__last_1`, …: scope variables for the values printed last. Rhai takes `_` only as
//!   the last arm of a switch, which stays.
mod blocks;
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
mod statements;
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

/// What a top-level statement is, as far as printing its value is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StatementKind {
    /// Has a value to print.
    Expression,
    /// Declares or assigns.
    Assignment,
    /// Declares a function.
    Function,
    /// `return`, `import`, `assert`, `del` and the like: nothing to print.
    Other,
}

/// A top-level statement. Its rewritten text can be evaluated on its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Byte range in [`Rewritten::text`], with its `let name; ` prefixes and its `;`.
    pub range: Range<usize>,
    /// Byte range in the source.
    pub source: Range<usize>,
    /// What it is.
    pub kind: StatementKind,
}

/// The result of [`rewrite`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewritten {
    /// Rhai text.
    pub text: String,
    /// Leads offsets of `text` back to the source.
    pub map: PositionMap,
    /// The top-level statements, in order, without overlap; comments lie between them.
    pub statements: Vec<Statement>,
    /// Remarks to print, which are no errors.
    pub hints: Vec<Hint>,
}

impl Rewritten {
    /// The Rhai text of a statement.
    pub fn statement_text(&self, statement: &Statement) -> &str {
        self.text.get(statement.range.clone()).unwrap_or_default()
    }

    /// Source offset (bytes) of a place in the whole text, given as Rhai gives it: line and column
    /// in characters, both from 1.
    pub fn source_offset(&self, line: usize, column: usize) -> usize {
        self.map.to_source(offset_at(&self.text, line, column))
    }

    /// The same for a statement that was evaluated on its own: line and column count from the
    /// start of its text.
    pub fn statement_offset(&self, statement: &Statement, line: usize, column: usize) -> usize {
        let offset = offset_at(self.statement_text(statement), line, column);
        self.map.to_source(statement.range.start + offset)
    }
}

/// Rewrites `source` to Rhai. `known` says whether a variable of that name is in scope already; an
/// assignment to any other name declares it. It is asked for names as Rhai has them (`__last`).
///
/// # Errors
/// Input that is not closed, and forms that are refused with a hint.
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
