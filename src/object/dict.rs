//! An ordered map that keeps what is written to it: `d["key"] = 1`, `d.keys()`.
//!
//! Rhai's own maps are sorted by key; where the order matters (records of a job list) a member
//! answers one of these.
use std::sync::{Arc, Mutex, PoisonError};

use indexmap::IndexMap;

use super::class::Class;
use super::error::{Error, Kind, Result};
use super::member::{Default, Member, Param, Ty};
use super::print::{self, Paint};
use super::value::Value;

/// An ordered map with text keys.
pub struct Dict(Mutex<IndexMap<String, Value>>);

impl Dict {
    /// A dict of these entries.
    pub fn new(entries: IndexMap<String, Value>) -> Self {
        Dict(Mutex::new(entries))
    }

    /// A copy of the entries.
    pub fn entries(&self) -> IndexMap<String, Value> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, IndexMap<String, Value>> {
        // A panic elsewhere cannot leave a map half written.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The key that an index means: texts as they are, numbers by their digits.
pub fn key(index: &Value) -> Option<String> {
    match index {
        Value::Str(text) => Some(text.clone()),
        Value::Int(i) => Some(i.to_string()),
        _ => None,
    }
}

impl Class for Dict {
    const NAME: &'static str = "dict";
    const DOC: &'static str = "A map with text keys that keeps the order of insertion.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::method(
            "get",
            &[
                Param::required("key", Ty::Str, "the key"),
                Param::optional(
                    "default",
                    Ty::Any("any"),
                    Default::None,
                    "answered when absent",
                ),
            ],
            Ty::Any("any"),
            "Answers the value of a key, or the default.",
            "{'a': 1}",
            |dict, args| {
                let found = dict.lock().get(args.text("key")).cloned();
                Ok(found.unwrap_or_else(|| args.get("default").clone()))
            },
        ),
        Member::method(
            "items",
            &[],
            Ty::List,
            "Lists pairs of key and value.",
            "{'a': 1}",
            |dict, _| {
                let entries = dict.entries();
                Ok(entries
                    .into_iter()
                    .map(|(k, v)| Value::List(vec![k.into(), v]))
                    .collect())
            },
        ),
        Member::method(
            "keys",
            &[],
            Ty::List,
            "Lists the keys.",
            "{'a': 1}",
            |dict, _| Ok(dict.lock().keys().map(|k| Value::Str(k.clone())).collect()),
        ),
        Member::method(
            "values",
            &[],
            Ty::List,
            "Lists the values.",
            "{'a': 1}",
            |dict, _| Ok(dict.lock().values().cloned().collect()),
        ),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        print::inline(&Value::Map(self.entries()))
    }
    fn inline(&self) -> String {
        Class::repr(self, Paint::Plain)
    }
    fn to_json(&self) -> serde_json::Value {
        Value::Map(self.entries()).to_json()
    }
    fn index(self: &Arc<Self>, index: &Value) -> Option<Result<Value>> {
        let key = key(index)?;
        let found = self.lock().get(&key).cloned();
        Some(found.ok_or_else(|| {
            Error::new(
                Kind::NotFound,
                format!("key not found: {}", print::quote(&key)),
            )
        }))
    }
    fn set_index(self: &Arc<Self>, index: &Value, value: &Value) -> Option<Result<()>> {
        self.lock().insert(key(index)?, value.clone());
        Some(Ok(()))
    }
    fn items(&self) -> Option<Vec<Value>> {
        Some(self.lock().keys().map(|k| Value::Str(k.clone())).collect())
    }
    fn equals(&self, other: &Value) -> bool {
        match other {
            Value::Map(map) => Value::Map(self.entries()).equals(&Value::Map(map.clone())),
            Value::Object(_) => other
                .downcast::<Dict>()
                .is_some_and(|d| Value::Map(self.entries()).equals(&Value::Map(d.entries()))),
            _ => false,
        }
    }
}
