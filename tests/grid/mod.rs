//! Tests of the room `grid`: recorded reservations, boxes, calls and answers; faults of servers.
mod codecs;
mod directory;
pub mod fake;
mod faults;
pub mod http;
mod meta;
mod properties;
mod registration;
mod reservations;
mod sealed;
pub mod services;

use serde_json::Value;

/// A file of the vectors.
pub fn load(name: &str) -> Vec<Value> {
    match whole(name) {
        Value::Array(list) => {
            assert!(!list.is_empty(), "{name} is empty");
            list
        }
        _ => panic!("{name} is no list"),
    }
}

pub fn whole(name: &str) -> Value {
    let path = format!(
        "{}/tests/vectors/capacity/{name}",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap()
}

pub fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key]
        .as_str()
        .unwrap_or_else(|| panic!("no text {key} in {value}"))
}

pub fn bytes(value: &Value, key: &str) -> Vec<u8> {
    hex::decode(text(value, key)).unwrap()
}

pub fn key(value: &Value, name: &str) -> [u8; 32] {
    bytes(value, name).try_into().unwrap()
}

/// Waits for a future without a runtime of its own.
pub fn wait<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}
