//! The shape of a submitted transaction's JSON, where the reference takes more or less than serde.
use serde_json::Value;

use crate::tfchain::constants::VERSION_BOT_RECORD_UPDATE;

/// Keys whose value is an object in every version.
const OBJECTS: &[&str] = &[
    "fulfillment",
    "unlocker",
    "mintfulfillment",
    "condition",
    "mintcondition",
    "refundcoinoutput",
    "identification",
    "sender",
    "receiver",
    "data",
];
/// Keys whose value is a list of objects.
const LISTS: &[&str] = &[
    "coininputs",
    "coinoutputs",
    "blockstakeinputs",
    "blockstakeoutputs",
    "pairs",
];

/// Hex digits of an address.
const UNLOCK_HASH_DIGITS: usize = 78;
/// Keys of texts that must not be null: what they mean when it is missing, null does not.
const TEXTS: &[(&str, &str)] = &[
    (
        "parentid",
        "encoded value has the wrong length to be a hash",
    ),
    ("publickey", "invalid public key string"),
    ("pubkey", "invalid public key string"),
    ("nonce", "invalid tx nonce length"),
];

/// Checks that no list stands where an object must: serde would take its items as the fields.
///
/// # Errors
/// In the words of the reference, as far as they matter.
pub(super) fn check(data: &Value, version: u8) -> Result<(), String> {
    if data.is_array() {
        return Err(wrong("data"));
    }
    within(data, version)
}

fn within(value: &Value, version: u8) -> Result<(), String> {
    let Some(fields) = value.as_object() else {
        return Ok(());
    };
    for (key, value) in fields {
        // Elsewhere these two are lists themselves.
        let change =
            version == VERSION_BOT_RECORD_UPDATE && matches!(&**key, "addresses" | "names");
        match value {
            Value::Null => {
                if let Some((_, text)) = TEXTS.iter().find(|(text, _)| text == key) {
                    return Err((*text).to_owned());
                }
            }
            Value::Array(_) if change || OBJECTS.contains(&&**key) => return Err(wrong(key)),
            Value::Array(items) if LISTS.contains(&&**key) => {
                for item in items {
                    if item.is_array() {
                        return Err(wrong(key));
                    }
                    within(item, version)?;
                }
            }
            other => within(other, version)?,
        }
    }
    Ok(())
}

fn wrong(key: &str) -> String {
    format!("json: cannot unmarshal array into Go struct field {key}")
}

/// Takes fields out that are null, which the reference reads like missing ones. Null as the whole
/// data is an empty one; as that of a condition or fulfillment it makes a nil one, whatever its
/// type. Answers whether there were any.
pub(super) fn without_nulls(transaction: &mut Value) -> bool {
    let data = transaction.get_mut("data").filter(|data| data.is_null());
    let empty = data.map(|data| *data = Value::Object(serde_json::Map::new()));
    strip(transaction) || empty.is_some()
}

fn strip(value: &mut Value) -> bool {
    let Some(fields) = value.as_object_mut() else {
        return false;
    };
    let before = fields.len();
    if fields.get("data").is_some_and(Value::is_null) {
        fields.clear();
    }
    fields.retain(|_, value| !value.is_null());
    let mut found = fields.len() != before;
    for (key, value) in fields {
        found |= match value {
            Value::Array(items) => items.iter_mut().fold(false, |found, item| {
                let empty = item.is_null().then(|| nothing(key)).flatten();
                let changed = empty.map(|empty| *item = empty).is_some();
                strip(item) || changed || found
            }),
            other => strip(other),
        };
    }
    found
}

/// What null means in a list.
fn nothing(key: &str) -> Option<Value> {
    match key {
        "minerfees" => Some(Value::from("0")),
        "unlockhashes" => Some(Value::from("0".repeat(UNLOCK_HASH_DIGITS))),
        list if LISTS.contains(&list) => Some(Value::Object(serde_json::Map::new())),
        _ => None,
    }
}
