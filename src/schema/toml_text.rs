//! TOML: writing in the layout objects print in, and reading.
//!
//! The layout is fixed by the golden data (keys sorted, text in double quotes, `[[list]]` blocks
//! after the scalars), therefore the writer is our own; reading is the `toml` crate's.
use super::text;
use super::value::{Map, Value};

/// Writes a map as a document.
pub(crate) fn document(map: &Map) -> String {
    let mut out = String::new();
    write_table(map, "", &mut out);
    out
}

fn write_table(map: &Map, path: &str, out: &mut String) {
    let mut entries: Vec<(&String, &Value)> = map.iter().collect();
    entries.sort_by_key(|(key, _)| *key);
    for (key, value) in entries.iter().filter(|(_, value)| !is_block(value)) {
        out.push_str(&format!("{} = ", bare(key)));
        write_value(value, out);
        out.push('\n');
    }
    for (key, value) in entries.into_iter().filter(|(_, value)| is_block(value)) {
        let path = if path.is_empty() {
            bare(key)
        } else {
            format!("{path}.{}", bare(key))
        };
        match value {
            Value::Map(child) => {
                write_header(&format!("[{path}]"), out);
                write_table(child, &path, out);
            }
            Value::List(list) => {
                for child in list.iter().filter_map(Value::as_map) {
                    write_header(&format!("[[{path}]]"), out);
                    write_table(child, &path, out);
                }
            }
            _ => {}
        }
    }
}

fn write_header(header: &str, out: &mut String) {
    if !out.is_empty() {
        out.push('\n');
    }
    out.push_str(header);
    out.push('\n');
}

/// True for what stands in blocks of its own.
fn is_block(value: &Value) -> bool {
    match value {
        Value::Map(_) => true,
        Value::List(list) => !list.is_empty() && list.iter().all(|v| matches!(v, Value::Map(_))),
        _ => false,
    }
}

fn write_value(value: &Value, out: &mut String) {
    match value {
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Int(i) => out.push_str(&i.to_string()),
        Value::Float(f) => out.push_str(&text::float(*f)),
        Value::List(list) => {
            out.push('[');
            for (i, item) in list.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                write_value(item, out);
            }
            out.push(']');
        }
        other => write_text(&other.text(), out),
    }
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// A key without quotes where TOML allows it.
fn bare(key: &str) -> String {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !key.is_empty() && key.chars().all(legal) {
        return key.to_owned();
    }
    let mut quoted = String::new();
    write_text(key, &mut quoted);
    quoted
}

/// Reads a document; dates become their text.
pub(crate) fn parse(text: &str) -> Result<Map, String> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        // The full error shows lines of the text, which may hold secrets.
        error.message().to_owned()
    })?;
    Ok(table
        .into_iter()
        .map(|(key, value)| (key, from_toml(value)))
        .collect())
}

fn from_toml(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(i) => Value::Int(i),
        toml::Value::Float(f) => Value::Float(f),
        toml::Value::Boolean(b) => Value::Bool(b),
        toml::Value::Datetime(moment) => Value::String(moment.to_string()),
        toml::Value::Array(list) => Value::List(list.into_iter().map(from_toml).collect()),
        toml::Value::Table(table) => Value::Map(
            table
                .into_iter()
                .map(|(key, value)| (key, from_toml(value)))
                .collect(),
        ),
    }
}
