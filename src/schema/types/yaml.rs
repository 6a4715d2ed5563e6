//! `yaml`: text that parses as YAML, kept and printed as it is (rule T12).
use saphyr_parser::Parser;

use crate::schema::error::ValueError;
use crate::schema::value::Value;

pub(super) const ACCEPTS: &str = "YAML text";

/// Longest text that is checked, in bytes; more is no data of a property.
const LONGEST: usize = 1 << 20;

pub(super) fn clean(input: &Value) -> Result<String, ValueError> {
    match input {
        Value::String(text) if is_yaml(text) => Ok(text.clone()),
        _ => Err(ValueError::new("yaml", input, ACCEPTS)),
    }
}

fn is_yaml(text: &str) -> bool {
    text.len() <= LONGEST && Parser::new_from_str(text).all(|event| event.is_ok())
}
