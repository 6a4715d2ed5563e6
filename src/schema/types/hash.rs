//! `hash`: a pair of whole numbers, `46:682` (rule T13: eight bytes are two u32, little-endian).
use super::unquote;
use crate::schema::error::ValueError;
use crate::schema::value::Value;

pub(super) const ACCEPTS: &str = "two whole numbers like \"46:682\" or [46, 682], or 8 bytes";

pub(super) fn clean(input: &Value) -> Result<Value, ValueError> {
    let pair = match input {
        Value::Hash(a, b) => Some((*a, *b)),
        Value::String(text) => unquote(text)
            .split_once(':')
            .and_then(|(a, b)| Some((number(a)?, number(b)?))),
        Value::List(list) => match list.as_slice() {
            [a, b] => element(a).zip(element(b)),
            _ => None,
        },
        Value::Bytes(bytes) => from_bytes(bytes),
        _ => None,
    };
    pair.map(|(a, b)| Value::Hash(a, b))
        .ok_or_else(|| ValueError::new("hash", input, ACCEPTS))
}

fn number(text: &str) -> Option<i64> {
    text.trim().parse().ok()
}

fn element(value: &Value) -> Option<i64> {
    match value {
        Value::Int(i) => Some(*i),
        Value::String(text) => number(text),
        _ => None,
    }
}

fn from_bytes(bytes: &[u8]) -> Option<(i64, i64)> {
    let (first, rest) = bytes.split_first_chunk::<4>()?;
    let second: &[u8; 4] = rest.try_into().ok()?;
    Some((
        u32::from_le_bytes(*first).into(),
        u32::from_le_bytes(*second).into(),
    ))
}
