//! `dict`: a map of plain values, JSON text of one, or msgpack bytes of one.
use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};

use crate::schema::error::ValueError;
use crate::schema::value::{Map, Value};

pub(super) const ACCEPTS: &str =
    "a map of plain values (text, numbers, true, false, lists, maps) or its JSON text";

/// Lists and maps inside each other; the limit of the JSON reader.
const MAX_DEPTH: usize = 120;

pub(super) fn clean(input: &Value) -> Result<Map, ValueError> {
    let map = match input {
        Value::Map(map) if is_plain(input, 0) => Some(map.clone()),
        Value::String(text) if text.trim().is_empty() => Some(Map::new()),
        Value::String(text) => serde_json::from_str::<serde_json::Value>(text)
            .ok()
            .and_then(|json| as_map(Value::from_json(json))),
        Value::Bytes(bytes) if bytes.is_empty() => Some(Map::new()),
        Value::Bytes(bytes) => crate::schema::msgpack::decode(bytes).ok().and_then(as_map),
        _ => None,
    };
    map.filter(|map| map.values().all(|value| is_plain(value, 1)))
        .ok_or_else(|| ValueError::new("dict", input, ACCEPTS))
}

fn as_map(value: Value) -> Option<Map> {
    match value {
        Value::Map(map) => Some(map),
        _ => None,
    }
}

/// True for what JSON can hold without loss.
pub(crate) fn is_plain(value: &Value, depth: usize) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::String(_) => true,
        Value::Float(f) => f.is_finite(),
        Value::List(list) => depth < MAX_DEPTH && list.iter().all(|v| is_plain(v, depth + 1)),
        Value::Map(map) => depth < MAX_DEPTH && map.values().all(|v| is_plain(v, depth + 1)),
        _ => false,
    }
}

/// JSON with sorted keys and one blank of indentation per level.
pub(super) fn human(map: &Map) -> String {
    let mut out = Vec::new();
    let mut writer = Serializer::with_formatter(&mut out, PrettyFormatter::with_indent(b" "));
    let mut json = Value::Map(map.clone()).to_json();
    json.sort_all_objects();
    match json.serialize(&mut writer) {
        Ok(()) => String::from_utf8_lossy(&out).into_owned(),
        // Writing JSON to memory does not fail.
        Err(_) => String::new(),
    }
}
