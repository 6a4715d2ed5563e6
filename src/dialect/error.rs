//! What is wrong with a piece of input, in terms of what was typed.
use std::ops::Range;

use thiserror::Error;

/// Input that the dialect refuses, with the place in the source and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct DialectError {
    /// The reason, without a `Syntax error:` prefix and without a position.
    pub message: String,
    /// Byte range in the source; both ends are character boundaries, it may be empty.
    pub span: Range<usize>,
    /// What to type instead; may be empty.
    pub hints: Vec<String>,
}

impl DialectError {
    /// Builds an error without a hint.
    pub(super) fn new(message: impl Into<String>, span: Range<usize>) -> Self {
        Self {
            message: message.into(),
            span,
            hints: Vec::new(),
        }
    }

    /// Adds one hint.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

/// A remark about input that is accepted but probably not meant that way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// The remark, one sentence.
    pub message: String,
    /// Byte range in the source.
    pub span: Range<usize>,
}
