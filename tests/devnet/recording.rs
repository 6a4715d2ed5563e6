//! Reads the recorded exchanges and the recorded chain.

use serde_json::Value;

/// A request and the real node's answer.
pub struct Exchange {
    /// File and index, to name a failing case.
    pub name: String,
    pub note: String,
    pub method: String,
    pub path: String,
    pub agent: Option<String>,
    pub body: Vec<u8>,
    pub status: u16,
    pub content_type: Option<String>,
    /// The answer's body, byte by byte.
    pub answer: String,
}

pub fn vector(path: &str) -> Value {
    let path = format!("{}/tests/vectors/{path}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(&path).expect(&path)).expect(&path)
}

pub fn vector_path(path: &str) -> std::path::PathBuf {
    format!("{}/tests/vectors/{path}", env!("CARGO_MANIFEST_DIR")).into()
}

/// Reads the `exchanges` of a file, or of any object that has some.
pub fn exchanges(file: &str, recording: &Value) -> Vec<Exchange> {
    let list = recording["exchanges"].as_array().expect(file);
    list.iter()
        .enumerate()
        .map(|(i, e)| exchange(format!("{file} #{i}"), e))
        .collect()
}

fn exchange(name: String, recorded: &Value) -> Exchange {
    let request = &recorded["request"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let body = match (request.get("body"), request.get("body_text")) {
        (Some(body), _) => body.to_string().into_bytes(),
        (None, Some(body)) => text(body).into_bytes(),
        (None, None) => Vec::new(),
    };
    // Keys stay in order, so compact JSON and a line end is what the node sent.
    let answer = match recorded.get("body") {
        Some(body) => format!("{body}\n"),
        None => text(&recorded["body_text"]),
    };
    let escaped = answer
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026");
    Exchange {
        name,
        note: text(&recorded["note"]),
        method: text(&request["method"]),
        path: text(&request["path"]),
        agent: request["headers"]["User-Agent"].as_str().map(str::to_owned),
        body,
        status: u16::try_from(recorded["status"].as_u64().unwrap()).unwrap(),
        content_type: recorded["content_type"].as_str().map(str::to_owned),
        answer: escaped,
    }
}
