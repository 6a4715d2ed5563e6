//! When an input is complete, and what is taken out of a pasted one.
use std::borrow::Cow;

use crate::dialect;

/// The prompt as it stands in copied text.
const COPIED: &str = "JSX>";

/// True when more lines are needed: a bracket, string or comment is open.
pub fn is_open(source: &str) -> bool {
    dialect::completeness(source) == dialect::Completeness::Incomplete
}

/// An input without what does not belong to it: of text copied from a session only the typed lines.
pub fn cleaned(source: &str) -> Cow<'_, str> {
    let copied = source
        .lines()
        .any(|line| line.trim_start().starts_with(COPIED));
    match copied {
        true => Cow::Owned(dialect::paste(source)),
        false => Cow::Borrowed(source),
    }
}

/// A script without its `#!` line; the line stays, so that positions are right. (In the dialect
/// it is a comment anyway.)
pub fn without_shebang(text: &str, plain: bool) -> Cow<'_, str> {
    match plain && text.starts_with("#!") {
        true => Cow::Owned(format!("//{}", text.get(2..).unwrap_or_default())),
        false => Cow::Borrowed(text),
    }
}

/// A statement of the command line without the blanks and quotes around it.
pub fn unquoted(argument: &str) -> &str {
    let text = argument.trim();
    for quote in ['\'', '"'] {
        let inner = text
            .strip_prefix(quote)
            .and_then(|text| text.strip_suffix(quote));
        if let Some(inner) = inner
            && !inner.contains(quote)
        {
            return inner.trim();
        }
    }
    text
}
