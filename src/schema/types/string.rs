//! `string` and `path`: any value through its text form, trimmed, outer quotes off.
use crate::schema::value::Value;

pub(super) fn clean(input: &Value) -> String {
    match input {
        Value::String(text) => clean_text(text).to_owned(),
        Value::Bytes(bytes) => clean_text(&String::from_utf8_lossy(bytes)).to_owned(),
        other => clean_text(&other.text()).to_owned(),
    }
}

/// Trims, then strips the quotes of one kind and then of the other if they stand at both ends.
fn clean_text(text: &str) -> &str {
    let mut text = text.trim();
    for mark in ['\'', '"'] {
        if text.len() > 1 && text.starts_with(mark) && text.ends_with(mark) {
            text = text.trim_matches(mark);
        }
    }
    text
}
