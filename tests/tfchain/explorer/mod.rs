//! The explorer client against recorded answers and against servers that misbehave.
mod faults;
mod lies;
mod lookups;
pub mod stub;

/// Reads a vector file of `tests/vectors/explorer`.
pub fn vectors(name: &str) -> serde_json::Value {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/explorer");
    let text = std::fs::read(format!("{folder}/{name}.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}
