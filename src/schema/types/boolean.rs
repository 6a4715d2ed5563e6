//! `bool`: never an error; what does not say yes is false.
use super::unquote;
use crate::schema::value::Value;

pub(super) fn clean(input: &Value) -> bool {
    match input {
        Value::Bool(b) => *b,
        Value::Int(i) => *i == 1,
        Value::Float(f) => (*f - 1.0).abs() == 0.0,
        Value::String(text) => {
            let text = unquote(text);
            ["true", "yes", "y", "1"]
                .iter()
                .any(|yes| text.eq_ignore_ascii_case(yes))
        }
        _ => false,
    }
}
