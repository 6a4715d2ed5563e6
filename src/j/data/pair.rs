//! A value of type `hash`: a pair of whole numbers.
use std::sync::Arc;

use crate::object::{Class, Error, Kind, Member, Paint, Result, Value};

/// A pair of whole numbers.
pub struct Pair(pub i64, pub i64);

impl Class for Pair {
    const NAME: &'static str = "hash";
    const DOC: &'static str = "A pair of whole numbers; its parts are [0] and [1].";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[];

    fn repr(&self, _paint: Paint) -> String {
        format!("({}, {})", self.0, self.1)
    }
    fn text(&self) -> String {
        format!("{}:{}", self.0, self.1)
    }
    fn to_json(&self) -> serde_json::Value {
        serde_json::json!([self.0, self.1])
    }
    fn index(self: &Arc<Self>, index: &Value) -> Option<Result<Value>> {
        let Value::Int(at) = index else { return None };
        Some(match at {
            0 | -2 => Ok(Value::Int(self.0)),
            1 | -1 => Ok(Value::Int(self.1)),
            at => Err(Error::new(
                Kind::NotFound,
                format!("index {at} is out of range: a hash has 2 parts"),
            )),
        })
    }
    fn items(&self) -> Option<Vec<Value>> {
        Some(vec![Value::Int(self.0), Value::Int(self.1)])
    }
    fn equals(&self, other: &Value) -> bool {
        match other {
            Value::Str(text) => *text == Class::text(self),
            Value::List(_) => Value::List(self.items().unwrap_or_default()).equals(other),
            other => other
                .downcast::<Pair>()
                .is_some_and(|other| (self.0, self.1) == (other.0, other.1)),
        }
    }
}
