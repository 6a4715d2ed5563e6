//! `duration`: whole seconds, written as `1d2h3m4s`.
use super::{float, is_none_text, unquote};
use crate::schema::error::ValueError;
use crate::schema::types::integer;
use crate::schema::value::Value;

pub(super) const ACCEPTS: &str =
    "seconds, or text like \"1d2h3m4s\" with the units in this order, decimals allowed";

/// The units in the order in which they may be written.
const UNITS: [(char, i64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

pub(super) fn clean(input: &Value) -> Result<i64, ValueError> {
    let seconds = match input {
        Value::Int(i) => Some(*i),
        Value::Bool(b) => Some(i64::from(*b)),
        Value::String(text) => parse(unquote(text)),
        _ => None,
    };
    seconds
        .filter(|s| *s >= 0)
        .ok_or_else(|| ValueError::new("duration", input, ACCEPTS))
}

fn parse(text: &str) -> Option<i64> {
    if is_none_text(text) {
        return Some(0);
    }
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().ok();
    }
    let (mut rest, mut whole, mut broken) = (text, 0_i64, 0.0_f64);
    let mut units = UNITS.iter();
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(end);
        let unit = tail.chars().next()?;
        // The iterator goes on from the last unit, so an earlier or equal one is not found.
        let (_, length) = units.find(|(name, _)| *name == unit)?;
        if number.contains('.') {
            broken += float::parse(number)? * float::from_int(*length);
        } else {
            whole = whole.checked_add(number.parse::<i64>().ok()?.checked_mul(*length)?)?;
        }
        rest = tail.get(unit.len_utf8()..)?;
    }
    whole.checked_add(integer::truncate(broken)?)
}

pub(super) fn human(seconds: i64) -> String {
    let (mut rest, mut out) = (seconds, String::new());
    for (unit, length) in UNITS {
        let count = rest / length;
        rest %= length;
        if count != 0 {
            out.push_str(&count.to_string());
            out.push(unit);
        }
    }
    out
}
