//! What goes in and out of a call: plain data, or an object of the tree.
use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;

use super::class::{Class, Obj};
use super::error::{Error, Result};

/// A function of a script handed to a member (a trigger, a filter).
pub type Callable = Arc<dyn Fn(Vec<Value>) -> Result<Value> + Send + Sync>;

/// What reads the functions of a script: takes its text and its name for errors, answers the
/// functions by name. Nothing of the script is run.
pub type Scripts = Arc<dyn Fn(&str, &str) -> Result<IndexMap<String, Callable>> + Send + Sync>;

/// A value of the shell.
#[derive(Clone, Default)]
pub enum Value {
    /// Nothing (`None`); prints nothing at the prompt.
    #[default]
    None,
    /// Truth value.
    Bool(bool),
    /// Whole number.
    Int(i64),
    /// Floating point number.
    Float(f64),
    /// Text.
    Str(String),
    /// Raw bytes.
    Bytes(Vec<u8>),
    /// List.
    List(Vec<Value>),
    /// Map with text keys, in insertion order.
    Map(IndexMap<String, Value>),
    /// An object with members.
    Object(Obj),
    /// A function of a script.
    Function(Callable),
}

impl Value {
    /// Wraps an object that is not shared yet.
    pub fn object<T: Class>(object: T) -> Value {
        Value::Object(Arc::new(object))
    }

    /// The name of the value's type as error texts use it (Python's names).
    pub fn type_name(&self) -> String {
        match self {
            Value::None => "None".into(),
            Value::Bool(_) => "bool".into(),
            Value::Int(_) => "int".into(),
            Value::Float(_) => "float".into(),
            Value::Str(_) => "str".into(),
            Value::Bytes(_) => "bytes".into(),
            Value::List(_) => "list".into(),
            Value::Map(_) => "dict".into(),
            Value::Object(object) => object.class().name.into(),
            Value::Function(_) => "function".into(),
        }
    }

    /// True for `None`.
    pub fn is_none(&self) -> bool {
        matches!(self, Value::None)
    }

    /// The text, if this is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The object as its concrete class, if it is of that class.
    pub fn downcast<T: Class>(&self) -> Option<Arc<T>> {
        match self {
            Value::Object(object) => object.clone().into_any().downcast::<T>().ok(),
            _ => None,
        }
    }

    /// Equality as `==` at the prompt sees it.
    pub fn equals(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::None, Value::None) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::Float(a), Value::Float(b)) => a == b,
            (Value::Int(a), Value::Float(b)) | (Value::Float(b), Value::Int(a)) => *a as f64 == *b,
            (Value::Str(a), Value::Str(b)) => a == b,
            (Value::Bytes(a), Value::Bytes(b)) => a == b,
            (Value::List(a), Value::List(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(x, y)| x.equals(y))
            }
            (Value::Map(a), Value::Map(b)) => {
                a.len() == b.len() && a.iter().all(|(k, x)| b.get(k).is_some_and(|y| x.equals(y)))
            }
            (Value::Object(a), _) => a.equals(other),
            (_, Value::Object(b)) => b.equals(self),
            _ => false,
        }
    }

    /// The value as JSON; objects say themselves what they are in JSON.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match self {
            Value::None | Value::Function(_) => Json::Null,
            Value::Bool(b) => Json::Bool(*b),
            Value::Int(i) => Json::from(*i),
            Value::Float(f) => serde_json::Number::from_f64(*f).map_or(Json::Null, Json::Number),
            Value::Str(s) => Json::String(s.clone()),
            Value::Bytes(b) => Json::String(hex::encode(b)),
            Value::List(list) => Json::Array(list.iter().map(Value::to_json).collect()),
            Value::Map(map) => {
                Json::Object(map.iter().map(|(k, v)| (k.clone(), v.to_json())).collect())
            }
            Value::Object(object) => object.to_json(),
        }
    }

    /// A value from JSON. Numbers beyond 64 bits become floats.
    pub fn from_json(json: &serde_json::Value) -> Value {
        use serde_json::Value as Json;
        match json {
            Json::Null => Value::None,
            Json::Bool(b) => Value::Bool(*b),
            Json::Number(n) => match n.as_i64() {
                Some(i) => Value::Int(i),
                None => Value::Float(n.as_f64().unwrap_or(f64::NAN)),
            },
            Json::String(s) => Value::Str(s.clone()),
            Json::Array(list) => Value::List(list.iter().map(Value::from_json).collect()),
            Json::Object(map) => Value::Map(
                map.iter()
                    .map(|(k, v)| (k.clone(), Value::from_json(v)))
                    .collect(),
            ),
        }
    }

    /// The items when the value can be taken apart (`a, b = value`): lists and records.
    ///
    /// # Errors
    /// `cannot unpack non-iterable int object` for anything else.
    pub fn unpack(&self) -> Result<Vec<Value>> {
        let items = match self {
            Value::List(list) => Some(list.clone()),
            Value::Str(text) => Some(text.chars().map(|c| Value::Str(c.into())).collect()),
            Value::Object(object) => object.items(),
            _ => None,
        };
        items.ok_or_else(|| {
            Error::type_error(format!(
                "cannot unpack non-iterable {} object",
                self.type_name()
            ))
        })
    }
}

/// Shows the type only: a value may be a secret.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Value({})", self.type_name())
    }
}

macro_rules! from {
    ($($from:ty => $variant:ident),*) => {
        $(impl From<$from> for Value {
            fn from(value: $from) -> Self { Value::$variant(value.into()) }
        })*
    };
}
from!(bool => Bool, i64 => Int, i32 => Int, u32 => Int, f64 => Float, String => Str, &str => Str,
      Vec<u8> => Bytes, Obj => Object, IndexMap<String, Value> => Map);

impl From<()> for Value {
    fn from((): ()) -> Self {
        Value::None
    }
}

impl<T: Class> From<Arc<T>> for Value {
    fn from(object: Arc<T>) -> Self {
        Value::Object(object)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::None, Into::into)
    }
}

impl FromIterator<Value> for Value {
    fn from_iter<I: IntoIterator<Item = Value>>(items: I) -> Self {
        Value::List(items.into_iter().collect())
    }
}
