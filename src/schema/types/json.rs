//! `json`: text that parses as JSON, kept as it is (rule T12).
use crate::schema::error::ValueError;
use crate::schema::types::dict;
use crate::schema::value::Value;

pub(super) const ACCEPTS: &str = "JSON text, or a map or list";

pub(super) fn clean(input: &Value) -> Result<String, ValueError> {
    match input {
        Value::String(text) if text.trim().is_empty() => Ok("{}".into()),
        Value::String(text) if serde_json::from_str::<serde_json::Value>(text).is_ok() => {
            Ok(text.clone())
        }
        Value::Map(_) | Value::List(_) if dict::is_plain(input, 0) => {
            Ok(input.to_json().to_string())
        }
        _ => Err(ValueError::new("json", input, ACCEPTS)),
    }
}
