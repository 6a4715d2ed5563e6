//! Words with a meaning of their own.

/// Words of Rhai that cannot be names.
pub(super) const KEYWORDS: &[&str] = &[
    "as", "break", "catch", "const", "continue", "do", "else", "export", "false", "fn", "for",
    "if", "import", "in", "let", "loop", "private", "return", "switch", "throw", "true", "try",
    "until", "while",
];

/// Words that the dialect adds; elsewhere they are ordinary names.
pub(super) const DIALECT: &[&str] = &["and", "assert", "del", "is", "not", "or"];

/// Words for values.
pub(super) const CONSTANTS: &[&str] = &["False", "None", "True", "false", "true"];

/// R9: words at the start of a line that continue the statement before it.
pub(super) const CONTINUES: &[&str] = &["and", "as", "catch", "else", "in", "is", "or", "until"];

/// Words that start a block in Python.
pub(super) const PYTHON_BLOCKS: &[&str] = &[
    "async", "case", "class", "def", "elif", "else", "except", "finally", "for", "if", "match",
    "try", "while", "with",
];
