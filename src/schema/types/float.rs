//! `float`: finite 64-bit floats, printed by their shortest round-trip digits (rule T3).
use crate::schema::error::ValueError;
use crate::schema::value::Value;

pub(super) const ACCEPTS: &str = "a finite number, also as text like \"1.5\" or \"1e3\"";

pub(super) fn clean(input: &Value) -> Result<f64, ValueError> {
    let number = match input {
        Value::Float(f) => Some(*f),
        Value::Int(i) => Some(from_int(*i)),
        Value::Bool(b) => Some(f64::from(u8::from(*b))),
        Value::String(text) => parse(text),
        Value::Bytes(bytes) => std::str::from_utf8(bytes).ok().and_then(parse),
        _ => None,
    };
    number
        .filter(|f| f.is_finite())
        .ok_or_else(|| ValueError::new("float", input, ACCEPTS))
}

/// Reads digits with dot and exponent; no words such as `nan`.
pub(crate) fn parse(text: &str) -> Option<f64> {
    let text = text.trim();
    let shape = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-');
    if !text.chars().all(shape) {
        return None;
    }
    text.parse().ok()
}

/// Reads a number times a power of ten, rounded once.
pub(crate) fn parse_shifted(text: &str, places: i32) -> Option<f64> {
    parse(text)?;
    let text = text.trim();
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent = exponent.parse::<i32>().ok()?.checked_add(places)?;
    parse(&format!("{mantissa}e{exponent}"))
}

/// The nearest float of a whole number.
#[allow(
    clippy::cast_precision_loss,
    reason = "the nearest float is what is asked for"
)]
pub(crate) fn from_int(number: i64) -> f64 {
    number as f64
}
