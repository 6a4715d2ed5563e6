//! Tests of the room `flist`: recorded flists read and written again, chunks, hostile files.
mod backends;
mod build;
mod cache;
mod chunks;
pub mod hostile;
mod hub_backend;
mod image;
mod odd_names;
mod properties;
mod recorded;
mod tar;

use std::path::PathBuf;

use serde_json::Value;

/// A file of the vectors.
pub fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/vectors/flist")
        .join(name)
}

pub fn json(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(path(name)).unwrap()).unwrap()
}

pub fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key]
        .as_str()
        .unwrap_or_else(|| panic!("{key} in {value}"))
}

pub fn bytes(value: &Value, key: &str) -> Vec<u8> {
    hex::decode(text(value, key)).unwrap()
}

pub fn sixteen(value: &Value, key: &str) -> [u8; 16] {
    bytes(value, key).try_into().unwrap()
}
