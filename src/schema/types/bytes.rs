//! `bytes`: bytes, base64 text (strict), or else the UTF-8 of the text.
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::schema::error::ValueError;
use crate::schema::value::Value;

pub(super) const ACCEPTS: &str = "bytes, base64 text, or other text, which is taken as UTF-8";

pub(super) fn clean(input: &Value) -> Result<Vec<u8>, ValueError> {
    match input {
        Value::Bytes(bytes) => Ok(bytes.clone()),
        Value::String(text) => Ok(STANDARD
            .decode(text)
            .unwrap_or_else(|_| text.as_bytes().to_vec())),
        _ => Err(ValueError::new("bytes", input, ACCEPTS)),
    }
}

/// Returns the base64 form.
pub(crate) fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
