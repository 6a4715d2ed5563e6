//! `yaml`: text that looks like YAML, kept and printed as it is (rule T12).
use crate::schema::error::ValueError;
use crate::schema::value::Value;

pub(super) const ACCEPTS: &str = "YAML text";

pub(super) fn clean(input: &Value) -> Result<String, ValueError> {
    match input {
        Value::String(text) => Ok(text.clone()),
        _ => Err(ValueError::new("yaml", input, ACCEPTS)),
    }
}
