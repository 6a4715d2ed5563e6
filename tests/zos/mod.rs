//! Tests of the room `zos`: recorded exchanges of a real node and its client.
pub mod fake;
mod faults;
mod lying;
mod protocol;
pub mod simple;

use serde_json::Value as Json;

/// A file of recorded exchanges.
pub fn vectors(name: &str) -> Json {
    let path = format!("{}/tests/vectors/zos/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// All Redis commands that the recorded clients sent, with case and reply.
pub fn exchanges() -> Vec<(String, Json)> {
    let mut all = Vec::new();
    for file in [
        "info",
        "exec",
        "stream",
        "filesystem",
        "container",
        "user_level",
        "network",
        "misc",
    ] {
        for case in vectors(&format!("{file}.json"))["cases"]
            .as_array()
            .unwrap()
        {
            let name = format!("{file}: {}", case["name"].as_str().unwrap());
            for exchange in case["redis"].as_array().unwrap() {
                all.push((name.clone(), exchange.clone()));
            }
        }
    }
    all
}
