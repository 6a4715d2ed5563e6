//! `--json`: one object per input, for other programs.
use serde_json::{Value as Json, json};

use crate::object::Error;

/// The answer to an input that worked: its value (null when it has none) and what the prompt would
/// print.
pub fn ok(value: Json, text: &str) -> String {
    json!({"ok": true, "value": value, "text": text}).to_string()
}

/// The answer to an input that failed. What it printed before it failed is not lost.
pub fn failed(error: &Error, text: &str) -> String {
    let mut answer = json!({
        "ok": false,
        "error": {
            "kind": error.kind.name(),
            "message": error.message,
            "hints": error.hints,
        },
    });
    if let (false, Some(fields)) = (text.is_empty(), answer.as_object_mut()) {
        fields.insert("text".into(), text.into());
    }
    answer.to_string()
}
