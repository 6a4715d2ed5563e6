//! `ipport`: a port from 1 to 65535, the last of which means "not set" (rule T8).
use super::{Type, unquote};
use crate::schema::error::ValueError;
use crate::schema::value::Value;

pub(super) const ACCEPTS: &str = "a whole number from 1 to 65535";

pub(super) fn clean(input: &Value) -> Result<i64, ValueError> {
    let port = match input {
        Value::Int(0) => return Ok(Type::UNSET_PORT),
        Value::Int(i) => Some(*i),
        Value::Bool(b) => Some(i64::from(*b)),
        Value::String(text) => {
            let text = unquote(text);
            if text.is_empty() {
                return Ok(Type::UNSET_PORT);
            }
            text.bytes()
                .all(|b| b.is_ascii_digit())
                .then(|| text.parse().ok())
                .flatten()
        }
        _ => None,
    };
    port.filter(|p| (1..=Type::UNSET_PORT).contains(p))
        .ok_or_else(|| ValueError::new("ipport", input, ACCEPTS))
}
