//! `guid`: version-4 uuids, lower case, with or without hyphens (rule T10).
use super::unquote;
use crate::schema::context::Random;
use crate::schema::error::ValueError;
use crate::schema::value::Value;

pub(super) const ACCEPTS: &str = "a version-4 uuid like bebe8b34-b12e-4fda-b00c-99979452b7bd";

/// Lengths of the five groups of hex digits.
const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];

pub(super) fn clean(input: &Value) -> Result<String, ValueError> {
    let Value::String(text) = input else {
        return Err(ValueError::new("guid", input, ACCEPTS));
    };
    let text = unquote(text).to_ascii_lowercase();
    if is_guid(&text) {
        Ok(text)
    } else {
        Err(ValueError::new("guid", input, ACCEPTS))
    }
}

fn is_guid(text: &str) -> bool {
    if text.contains('-') && !text.split('-').map(str::len).eq(GROUPS) {
        return false;
    }
    let digits: Vec<u8> = text.bytes().filter(|b| *b != b'-').collect();
    let variant = matches!(digits.get(16), Some(b'8' | b'9' | b'a' | b'b'));
    digits.len() == 32
        && digits.iter().all(u8::is_ascii_hexdigit)
        && digits.get(12) == Some(&b'4')
        && variant
}

/// Makes a new uuid (RFC 9562 section 5.4).
pub(super) fn random(random: &dyn Random) -> String {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = hex::encode(bytes);
    for at in [20, 16, 12, 8] {
        text.insert(at, '-');
    }
    text
}
