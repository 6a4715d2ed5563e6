//! JSON texts as a node writes them.
use serde::{Deserialize, Deserializer, Serialize};

/// Compact JSON with `<`, `>`, `&` and the two line separators escaped, as Go's encoder writes it.
///
/// # Errors
/// A value that has no JSON form (a map with keys that are no texts).
pub fn text(value: &impl Serialize) -> serde_json::Result<String> {
    let plain = serde_json::to_string(value)?;
    if !may_need_escape(plain.as_bytes()) {
        return Ok(plain);
    }
    // Outside of texts none of these characters can stand in JSON.
    let mut escaped = String::with_capacity(plain.len() + 16);
    for c in plain.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                escaped.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => escaped.push(c),
        }
    }
    Ok(escaped)
}

/// True if a byte of one of those characters is there. Block by block without a way out in between,
/// which the compiler turns into wide instructions: blocks of files are long.
fn may_need_escape(bytes: &[u8]) -> bool {
    // The two separators begin with this byte, as other characters do.
    const SEPARATOR: u8 = 0xe2;
    bytes.chunks(4096).any(|block| {
        block.iter().fold(false, |found, b| {
            found | matches!(b, b'<' | b'>' | b'&' | &SEPARATOR)
        })
    })
}

/// A field that may also be `null`, which means its default.
pub(super) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// True for the default: such fields are left out.
pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
