//! `percent`: a fraction of one; text with `%` is divided by a hundred (rule T4).
use super::{float, unquote};
use crate::schema::error::ValueError;
use crate::schema::text;
use crate::schema::value::Value;

pub(super) const ACCEPTS: &str = "a fraction up to 1 like 0.5, or text like \"50%\"";

/// A little above one, so that rounding of a sum to 100% passes (spec section 2).
const LIMIT: f64 = 1.00001;

pub(super) fn clean(input: &Value) -> Result<f64, ValueError> {
    let number = match input {
        Value::Float(f) => Some(*f),
        Value::Int(i) => Some(float::from_int(*i)),
        Value::Bool(b) => Some(f64::from(u8::from(*b))),
        Value::String(text) => parse(text),
        _ => None,
    };
    number
        .filter(|f| f.is_finite() && *f <= LIMIT)
        .ok_or_else(|| ValueError::new("percent", input, ACCEPTS))
}

fn parse(text: &str) -> Option<f64> {
    let text = unquote(text);
    if text.is_empty() {
        return Some(0.0);
    }
    match text.strip_suffix('%') {
        Some(number) => float::parse_shifted(number, -2),
        None => float::parse(text),
    }
}

pub(super) fn human(value: f64) -> String {
    format!("{:.2}%", value * 100.0)
}

/// All digits, no more: `50%`, `12.345%`.
pub(super) fn compact(value: f64) -> String {
    text::shifted(value, 2) + "%"
}

/// Two decimals if they say it all, else all digits.
pub(super) fn exact(value: f64) -> String {
    let short = human(value);
    let same = parse(&short).is_some_and(|back| back.to_bits() == value.to_bits());
    if same { short } else { compact(value) }
}
