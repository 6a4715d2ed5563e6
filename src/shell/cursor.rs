//! What stands at the cursor, as far as completion, hints and `?` want to know.
use crate::dialect;

/// Kind of text at the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inside {
    /// Code.
    Code,
    /// A string.
    Text,
    /// A comment.
    Comment,
}

/// The call whose brackets are open at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Dotted expression that is called: `c.wallets.new`.
    pub callee: String,
    /// Number of the argument at the cursor, from 0.
    pub index: usize,
    /// Positional arguments before the cursor's.
    pub positional: usize,
    /// Keywords given before the cursor's argument.
    pub named: Vec<String>,
    /// Keyword of the cursor's argument.
    pub keyword: Option<String>,
    /// Something is typed already of the cursor's argument.
    pub started: bool,
}

/// A cursor in a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Kind of text.
    pub inside: Inside,
    /// Expression before the last dot.
    pub parent: Option<String>,
    /// The piece of a name (in a string: of its text) left of the cursor.
    pub prefix: String,
    /// Byte offset of that piece.
    pub start: usize,
    /// Innermost call around it.
    pub call: Option<Call>,
}

/// What stands at byte `at` of a source.
pub fn at(_source: &str, at: usize) -> Cursor {
    let _ = dialect::tokens("");
    Cursor {
        inside: Inside::Code,
        parent: None,
        prefix: String::new(),
        start: at,
        call: None,
    }
}
