//! Loading of the golden vectors, and short ways into them.

use serde_json::Value;

/// Returns a vector file of this room.
pub fn load(name: &str) -> Value {
    let path = format!(
        "{}/tests/vectors/tfchain/{name}",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Returns the list under `key`, which must not be empty.
pub fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    let list = value[key]
        .as_array()
        .unwrap_or_else(|| panic!("no list {key}"));
    assert!(!list.is_empty(), "{key} is empty");
    list
}

/// Returns the text under `key`.
pub fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key]
        .as_str()
        .unwrap_or_else(|| panic!("no text {key} in {value}"))
}

/// Returns the number under `key`.
pub fn number(value: &Value, key: &str) -> u64 {
    value[key]
        .as_u64()
        .unwrap_or_else(|| panic!("no number {key} in {value}"))
}

/// Returns the truth value under `key`.
pub fn truth(value: &Value, key: &str) -> bool {
    value[key]
        .as_bool()
        .unwrap_or_else(|| panic!("no truth value {key} in {value}"))
}

/// Returns the bytes under `key`.
pub fn bytes(value: &Value, key: &str) -> Vec<u8> {
    hex::decode(text(value, key)).expect("hex")
}

/// Returns 32 bytes of hex.
pub fn bytes32(text: &str) -> [u8; 32] {
    hex::decode(text)
        .expect("hex")
        .try_into()
        .expect("32 bytes")
}
