//! What a user hands over as JSON: a text, or a dict.
use serde::de::DeserializeOwned;

use crate::object::{Error, Result, Value};

/// Reads something of the chain from JSON text, from a dict, or from an object that is one in
/// JSON. `what` names it in errors.
///
/// # Errors
/// What is wrong with it.
pub fn read<T: DeserializeOwned>(value: &Value, what: &str) -> Result<T> {
    let read = match value {
        Value::Str(text) => serde_json::from_str(text),
        // An empty dict that somebody types arrives as nothing.
        Value::None => serde_json::from_str("{}"),
        Value::Map(_) | Value::Object(_) => serde_json::from_value(value.to_json()),
        other => {
            return Err(Error::type_error(format!(
                "{what} is read from a dict or a JSON text, not from {}",
                other.type_name()
            )));
        }
    };
    read.map_err(|error| {
        Error::value(format!("this is not the JSON of {what}: {error}")).hint(format!(
            "compare it with what .json() answers for {what} of the chain"
        ))
    })
}
