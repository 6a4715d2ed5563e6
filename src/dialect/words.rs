//! Words with a meaning of their own.
use std::borrow::Cow;

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

/// True for words after which an expression begins anew: `if`, `return`, `and`.
pub(super) fn opens_expression(word: &str) -> bool {
    let special = KEYWORDS.contains(&word) || DIALECT.contains(&word);
    special && !CONSTANTS.contains(&word)
}

/// True for `_`, `_1`, `_2` and so on, which Rhai does not take as names.
pub(super) fn is_last_value(word: &str) -> bool {
    word.strip_prefix('_')
        .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The name under which Rhai knows a variable: `_` is `__last`, `_1` is `__last_1`.
pub(super) fn rhai_name(word: &str) -> Cow<'_, str> {
    match word.strip_prefix('_') {
        Some("") => Cow::Borrowed("__last"),
        Some(number) if is_last_value(word) => Cow::Owned(format!("__last_{number}")),
        _ => Cow::Borrowed(word),
    }
}
