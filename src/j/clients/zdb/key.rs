//! Keys of a 0-DB as values of the shell: numbers where the server chooses them, else texts.
use crate::object::{Error, Result, Value};
use crate::zdb::Mode;

/// The bytes of a key.
///
/// # Errors
/// A value that can be no key in this mode.
pub fn bytes(mode: Mode, key: &Value) -> Result<Vec<u8>> {
    let wrong = |expected: &str| {
        Error::type_error(format!(
            "a key in mode {mode} must be {expected}, not {}",
            key.type_name()
        ))
    };
    match (mode, key) {
        (Mode::Seq, Value::Int(number)) => match u32::try_from(*number) {
            Ok(number) => Ok(number.to_le_bytes().to_vec()),
            Err(_) => Err(Error::value(format!(
                "{number} can be no key in mode seq: expected 0 to {}",
                u32::MAX
            ))),
        },
        (Mode::Seq, Value::Bytes(bytes)) if bytes.len() == 4 => Ok(bytes.clone()),
        (Mode::Seq, _) => Err(wrong("a number")),
        (Mode::User, Value::Str(text)) => Ok(text.clone().into_bytes()),
        (Mode::User, Value::Bytes(bytes)) => Ok(bytes.clone()),
        (Mode::User, _) => Err(wrong("text or bytes")),
    }
}

/// A key as a value.
pub fn value(mode: Mode, key: Vec<u8>) -> Value {
    let number: Option<[u8; 4]> = match mode {
        Mode::Seq => key.as_slice().try_into().ok(),
        Mode::User => None,
    };
    match number {
        Some(number) => Value::Int(u32::from_le_bytes(number).into()),
        None => match String::from_utf8(key) {
            Ok(text) => Value::Str(text),
            Err(error) => Value::Bytes(error.into_bytes()),
        },
    }
}
