//! The type of a property without a type code (spec 1.4; rule S2 for negatives and brackets).
use crate::schema::types::Type;

/// Returns type and default text for the text after `=`, or nothing if no test matches.
pub(super) fn infer(raw: &str) -> Option<(Type, Option<String>)> {
    let text = raw.trim();
    let plain = |kind: Type| Some((kind, Some(text.to_owned())));
    if text.contains("\\n") {
        return Some((Type::Multiline, Some(unquote(text).to_owned())));
    }
    if text.starts_with('[') && text.ends_with(']') {
        return plain(Type::List(Box::new(Type::String)));
    }
    if text.is_empty() || text.contains(['"', '\'']) {
        let inner = unquote(text);
        return Some((Type::String, (!inner.is_empty()).then(|| inner.to_owned())));
    }
    if text.contains('.') {
        return plain(Type::Float);
    }
    let lowered = text.to_ascii_lowercase();
    if lowered.contains("true") || lowered.contains("false") {
        return plain(Type::Boolean);
    }
    if text.contains("[]") {
        return plain(Type::List(Box::new(Type::String)));
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        return plain(Type::Integer);
    }
    None
}

fn unquote(text: &str) -> &str {
    text.trim_matches('"').trim_matches('\'').trim()
}
