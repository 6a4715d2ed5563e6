//! `numeric`: money and other numbers with a unit (spec section 3).
use std::sync::Arc;

use super::is_none_text;
use crate::schema::context::Context;
use crate::schema::error::ValueError;
use crate::schema::money::{Numeric, NumericError};
use crate::schema::value::Value;

pub(super) const ACCEPTS: &str =
    "a number, or text like \"10 EUR\", \"10k GBP\", \"1.5m\" or \"10%\"";

pub(super) fn clean(input: &Value, context: &Arc<Context>) -> Result<Numeric, ValueError> {
    let result = match input {
        Value::Numeric(numeric) => return Ok(numeric.clone()),
        Value::Int(i) => Ok(Numeric::from(*i)),
        Value::Float(f) => Numeric::from_f64(*f),
        Value::String(text) if is_none_text(text.trim()) => return Ok(Numeric::default()),
        Value::String(text) => Numeric::parse(text, &context.rates()),
        Value::Bytes(bytes) => Numeric::from_bytes(bytes),
        _ => return Err(ValueError::new("numeric", input, ACCEPTS)),
    };
    result.map_err(|error| {
        let hint = match &error {
            NumericError::Text { .. } => None,
            other => Some(other.to_string()),
        };
        ValueError::new("numeric", input, ACCEPTS).with_hint(hint)
    })
}
