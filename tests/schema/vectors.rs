//! Reading the golden data: tagged values in, comparison of values out.
use std::sync::Arc;

use kosmos::schema::{Context, FixedClock, Map, Value};
use serde_json::Value as Json;

/// 2019-07-15T12:00:00Z, the frozen time of most cases.
pub const NOW: i64 = 1_563_192_000;

pub fn context(now: i64) -> Arc<Context> {
    Arc::new(Context::new(FixedClock(now), |buffer: &mut [u8]| {
        buffer.fill(0x5a)
    }))
}

/// Loads a file of golden data.
pub fn load(name: &str) -> Json {
    let path = format!(
        "{}/tests/vectors/schema/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// The cases of a file of golden data.
pub fn cases(name: &str) -> Vec<Json> {
    load(name)["cases"].as_array().expect("cases").clone()
}

/// A tagged value of the golden data as an input.
pub fn input(json: &Json) -> Value {
    match json {
        Json::Array(list) => Value::List(list.iter().map(input).collect()),
        Json::Object(map) => {
            if let Some(hex_text) = map.get("$bytes") {
                return Value::Bytes(hex::decode(hex_text.as_str().unwrap()).unwrap());
            }
            if let Some(tuple) = map.get("$tuple").or_else(|| map.get("$list")) {
                return input(tuple);
            }
            Value::Map(
                map.iter()
                    .map(|(k, v)| (k.clone(), input(v)))
                    .collect::<Map>(),
            )
        }
        other => Value::from_json(other.clone()),
    }
}

/// Compares an expected tagged value with ours; numbers by their size.
pub fn matches(expected: &Json, actual: &Value) -> bool {
    match (expected, actual) {
        (Json::Null, Value::Null) => true,
        (Json::Bool(a), Value::Bool(b)) => a == b,
        // The reference keeps booleans where the recommended rule T1 makes whole numbers.
        (Json::Bool(a), Value::Int(b)) => i64::from(*a) == *b,
        (Json::Number(a), Value::Int(b)) => a.as_f64() == Some(*b as f64),
        (Json::Number(a), Value::Float(b)) => a.as_f64() == Some(*b),
        (Json::String(a), Value::String(b)) => a == b,
        (Json::Array(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| matches(a, b))
        }
        (Json::Object(map), actual) => matches_tagged(map, actual),
        _ => false,
    }
}

fn matches_tagged(map: &serde_json::Map<String, Json>, actual: &Value) -> bool {
    if let Some(list) = map.get("$list") {
        return matches(list, actual);
    }
    match actual {
        Value::Bytes(bytes) => map.get("$bytes") == Some(&Json::from(hex::encode(bytes))),
        Value::Hash(a, b) => map.get("$tuple") == Some(&serde_json::json!([a, b])),
        Value::Enum(choice) => {
            let index = map
                .get("index")
                .map(|i| i.as_i64().unwrap_or(i64::from(*i == true)));
            map.get("$enum") == Some(&Json::from(choice.name())) && index == Some(choice.index())
        }
        Value::Numeric(numeric) => {
            map.get("$numeric") == Some(&Json::from(numeric.to_string()))
                && map.get("hex") == Some(&Json::from(hex::encode(numeric.to_bytes())))
        }
        Value::Object(object) => {
            map.get("$object") == Some(&Json::from(object.schema().url.as_str()))
                && map.get("fields") == Some(&object.to_human().to_json())
        }
        Value::Map(actual) => {
            map.len() == actual.len()
                && map
                    .iter()
                    .all(|(k, v)| actual.get(k).is_some_and(|a| matches(v, a)))
        }
        _ => false,
    }
}

/// Floats of recommended money compare with relative tolerance 1e-9.
pub fn near(expected: &Json, actual: f64) -> bool {
    let expected = expected.as_f64().expect("a number");
    (expected - actual).abs() <= expected.abs() * 1e-9
}

/// Collects what differs and fails at the end with all of it.
#[derive(Default)]
pub struct Report {
    checked: usize,
    failures: Vec<String>,
}

impl Report {
    pub fn check(&mut self, name: &str, fits: bool, detail: impl FnOnce() -> String) {
        self.checked += 1;
        if !fits {
            self.failures.push(format!("{name}: {}", detail()));
        }
    }

    pub fn finish(self, at_least: usize) {
        assert!(self.failures.is_empty(), "{}", self.failures.join("\n"));
        assert!(
            self.checked >= at_least,
            "only {} checks were made",
            self.checked
        );
    }
}
