//! `int`: signed 32-bit whole numbers (rules T1, T2).
use super::unquote;
use crate::schema::error::ValueError;
use crate::schema::text;
use crate::schema::types::Type;
use crate::schema::value::Value;

pub(super) const ACCEPTS: &str =
    "a whole number from -2147483648 to 2147483647, also as text like \"1,234\"";

pub(super) fn clean(input: &Value) -> Result<i64, ValueError> {
    let number = match input {
        Value::Int(i) => Some(*i),
        Value::Bool(b) => Some(i64::from(*b)),
        Value::Float(f) => truncate(*f),
        Value::String(text) => parse(text),
        _ => None,
    };
    number
        .filter(|n| i32::try_from(*n).is_ok())
        .ok_or_else(|| ValueError::new("int", input, ACCEPTS))
}

/// Cuts the fraction off, toward zero.
pub(crate) fn truncate(float: f64) -> Option<i64> {
    // 2^53: beyond it a float no longer names one whole number.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let whole = float.trunc();
    if whole.is_nan() || whole.abs() > EXACT {
        return None;
    }
    #[allow(
        clippy::cast_possible_truncation,
        reason = "whole and within 2^53, checked above"
    )]
    Some(whole as i64)
}

/// Reads digits with sign, commas and single underscores between digits; empty text is 0.
fn parse(text: &str) -> Option<i64> {
    let text = unquote(text);
    if text.is_empty() {
        return Some(0);
    }
    let plain: String = text.chars().filter(|c| *c != ',').collect();
    let plain = plain.trim();
    if !plain.contains('_') {
        return plain.parse().ok();
    }
    let digits = plain.trim_start_matches(['+', '-']);
    let tidy = digits
        .split('_')
        .all(|group| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit()));
    tidy.then(|| plain.replace('_', "").parse().ok()).flatten()
}

pub(super) fn human(value: i64) -> String {
    match value {
        Type::UNSET_INT => "-".into(),
        value => text::thousands(&value.to_string()),
    }
}
