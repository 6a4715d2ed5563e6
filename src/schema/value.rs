//! Values: what goes into a conversion and what comes out of it.
//!
//! Inputs are the plain variants (null to map); conversions add enums, numerics, hashes and
//! objects. A typed list is a plain list, its type stands in the schema.
use indexmap::IndexMap;

use super::money::Numeric;
use super::object::Object;
use super::text;
use super::types::EnumValue;

/// A map from text to values, in insertion order.
pub type Map = IndexMap<String, Value>;

/// A value of the schema library, before or after conversion.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing; as an input it means "the default".
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number; dates (epoch seconds) and durations (seconds) too.
    Int(i64),
    /// A fraction.
    Float(f64),
    /// Text; also emails, urls, addresses, guids, json and yaml.
    String(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A list.
    List(Vec<Value>),
    /// A map.
    Map(Map),
    /// One choice of an enum.
    Enum(EnumValue),
    /// A number with a currency.
    Numeric(Numeric),
    /// The pair of whole numbers of type `hash`.
    Hash(i64, i64),
    /// A sub-object.
    Object(Box<Object>),
}

impl Value {
    /// Name of the kind of value, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::String(_) => "string",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Enum(_) => "enum",
            Self::Numeric(_) => "numeric",
            Self::Hash(..) => "hash",
            Self::Object(_) => "object",
        }
    }

    /// The text, if the value is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(s) => Some(s),
            _ => None,
        }
    }

    /// The whole number, if the value is one.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(i) => Some(*i),
            _ => None,
        }
    }

    /// The truth value, if the value is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// The fraction, if the value is one.
    pub fn as_float(&self) -> Option<f64> {
        match self {
            Self::Float(f) => Some(*f),
            _ => None,
        }
    }

    /// The elements, if the value is a list.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// The entries, if the value is a map.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The money, if the value is a numeric.
    pub fn as_numeric(&self) -> Option<&Numeric> {
        match self {
            Self::Numeric(numeric) => Some(numeric),
            _ => None,
        }
    }

    /// The sub-object, if the value is one.
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The text form (`True`, `[1, 'a']`); text is itself.
    pub fn text(&self) -> String {
        text::display(self)
    }

    /// The form at the prompt (text in single quotes).
    pub fn repr(&self) -> String {
        text::repr(self)
    }

    /// The prompt form cut to about `limit` characters, for messages.
    pub(crate) fn excerpt(&self, limit: usize) -> String {
        // Only the part that can be shown is rendered, an input may be large.
        let full = match self {
            Self::String(s) if s.len() > limit * 4 => {
                Self::String(s.chars().take(limit).collect::<String>() + "...").repr()
            }
            Self::Bytes(bytes) if bytes.len() > limit => format!("{} bytes", bytes.len()),
            Self::List(list) if list.len() > limit => format!("a list of {}", list.len()),
            Self::Map(map) if map.len() > limit => format!("a map of {}", map.len()),
            other => other.repr(),
        };
        if full.chars().count() <= limit + 5 {
            return full;
        }
        full.chars().take(limit).collect::<String>() + "..."
    }

    /// Converts JSON; whole numbers outside 64 bit become floats.
    pub fn from_json(json: serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(b) => Self::Bool(b),
            serde_json::Value::Number(n) => match n.as_i64() {
                Some(i) => Self::Int(i),
                None => Self::Float(n.as_f64().unwrap_or(f64::NAN)),
            },
            serde_json::Value::String(s) => Self::String(s),
            serde_json::Value::Array(a) => Self::List(a.into_iter().map(Self::from_json).collect()),
            serde_json::Value::Object(o) => Self::Map(
                o.into_iter()
                    .map(|(k, v)| (k, Self::from_json(v)))
                    .collect(),
            ),
        }
    }

    /// Converts to JSON: bytes become base64, numerics and hashes their text, enums their name,
    /// objects a map; a float that JSON cannot hold becomes null.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(b) => (*b).into(),
            Self::Int(i) => (*i).into(),
            Self::Float(f) => (*f).into(),
            Self::String(s) => s.as_str().into(),
            Self::Bytes(bytes) => super::types::bytes::encode(bytes).into(),
            Self::List(list) => list.iter().map(Self::to_json).collect(),
            Self::Map(map) => serde_json::Value::Object(
                map.iter().map(|(k, v)| (k.clone(), v.to_json())).collect(),
            ),
            Self::Enum(choice) => choice.name().into(),
            Self::Numeric(numeric) => numeric.to_string().into(),
            Self::Hash(a, b) => format!("{a}:{b}").into(),
            Self::Object(object) => object.to_human().to_json(),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(list: Vec<T>) -> Self {
        Self::List(list.into_iter().map(Into::into).collect())
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}
