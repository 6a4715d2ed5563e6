//! The types of properties: codes, conversion and the three printed forms (spec section 2).
//!
//! One file per type holds what it accepts; this file only dispatches. `clean` accepts and
//! normalises, `human` is the form inside printed objects, `compact` one line of text, `prompt`
//! what the prompt prints for the bare value.
mod boolean;
pub(crate) mod bytes;
mod codes;
mod date;
mod dict;
mod duration;
mod email;
mod enumeration;
mod float;
mod guid;
mod hash;
mod integer;
mod ipaddr;
mod ipport;
mod iprange;
mod json;
mod list;
mod numeric;
mod object;
mod percent;
mod string;
mod tel;
mod url;
mod yaml;

use std::borrow::Cow;
use std::sync::Arc;

pub use self::codes::TypeError;
pub use self::enumeration::{Choices, EnumValue};
use super::context::Context;
use super::error::ValueError;
use super::text;
use super::value::{Map, Value};

/// Type of a property.
#[derive(Debug, Clone, PartialEq)]
pub enum Type {
    /// Text, trimmed, outer quotes off.
    String,
    /// Text as it is.
    Multiline,
    /// Signed 32-bit whole number; [`Type::UNSET_INT`] is "not set".
    Integer,
    /// Finite 64-bit float.
    Float,
    /// Truth value.
    Boolean,
    /// Fraction of one, up to 1.
    Percent,
    /// Epoch seconds at the start of a day; 0 is "not set".
    Date,
    /// Epoch seconds; 0 is "not set".
    DateTime,
    /// Seconds.
    Duration,
    /// Number with currency.
    Numeric,
    /// Email address, lower case.
    Email,
    /// Telephone number.
    Tel,
    /// IPv4 or IPv6 address.
    IpAddr,
    /// Address with prefix length.
    IpRange,
    /// Port; [`Type::UNSET_PORT`] is "not set".
    IpPort,
    /// Version-4 uuid.
    Guid,
    /// Url or host name.
    Url,
    /// Path, never checked.
    Path,
    /// Bytes, shown as base64.
    Bytes,
    /// Pair of whole numbers.
    Hash,
    /// Map from text to plain values.
    Dict,
    /// YAML text.
    Yaml,
    /// JSON text.
    Json,
    /// One of the choices of the schema.
    Enum(Arc<Choices>),
    /// List of one type.
    List(Box<Type>),
    /// Sub-object of the schema with this url.
    Object(Arc<str>),
}

impl Type {
    /// The int that means "not set" and prints as `-`.
    pub const UNSET_INT: i64 = 2_147_483_647;
    /// The port that means "not set" and prints as `-`.
    pub const UNSET_PORT: i64 = 65_535;

    /// Converts an input; `null` gives [`Type::empty`].
    ///
    /// # Errors
    /// When the input does not fit, with the forms that would.
    pub fn clean(&self, input: &Value, context: &Arc<Context>) -> Result<Value, ValueError> {
        if matches!(input, Value::Null) {
            return match self {
                Self::Object(url) => object::clean(&Value::Map(Map::new()), url, context),
                other => Ok(other.empty(context)),
            };
        }
        match self {
            Self::String | Self::Path => Ok(Value::String(string::clean(input))),
            Self::Multiline => Ok(Value::String(input.text())),
            Self::Integer => integer::clean(input).map(Value::Int),
            Self::Float => float::clean(input).map(Value::Float),
            Self::Boolean => Ok(Value::Bool(boolean::clean(input))),
            Self::Percent => percent::clean(input).map(Value::Float),
            Self::Date => date::clean_day(input, context).map(Value::Int),
            Self::DateTime => date::clean(input, context).map(Value::Int),
            Self::Duration => duration::clean(input).map(Value::Int),
            Self::Numeric => numeric::clean(input, context).map(Value::Numeric),
            Self::Email => email::clean(input).map(Value::String),
            Self::Tel => tel::clean(input).map(Value::String),
            Self::IpAddr => ipaddr::clean(input).map(Value::String),
            Self::IpRange => iprange::clean(input).map(Value::String),
            Self::IpPort => ipport::clean(input).map(Value::Int),
            Self::Guid => guid::clean(input).map(Value::String),
            Self::Url => url::clean(input).map(Value::String),
            Self::Bytes => bytes::clean(input).map(Value::Bytes),
            Self::Hash => hash::clean(input),
            Self::Dict => dict::clean(input).map(Value::Map),
            Self::Yaml => yaml::clean(input).map(Value::String),
            Self::Json => json::clean(input).map(Value::String),
            Self::Enum(choices) => enumeration::clean(input, choices).map(Value::Enum),
            Self::List(element) => list::clean(input, element, context).map(Value::List),
            Self::Object(url) => object::clean(input, url, context),
        }
    }

    /// Converts what [`Type::human`], [`Type::exact`] or [`Type::plain`] wrote: text stays as it
    /// is and `-` is the unset number, everything else is converted as by [`Type::clean`].
    ///
    /// # Errors
    /// As [`Type::clean`].
    pub fn restore(&self, input: Value, context: &Arc<Context>) -> Result<Value, ValueError> {
        match (self, input) {
            (Self::String | Self::Multiline | Self::Path | Self::Yaml, text @ Value::String(_)) => {
                Ok(text)
            }
            (Self::Integer, Value::String(dash)) if dash == "-" => Ok(Value::Int(Self::UNSET_INT)),
            (Self::IpPort, Value::String(dash)) if dash == "-" => Ok(Value::Int(Self::UNSET_PORT)),
            // A day was cut in the zone of its time; cutting again in another would move it.
            (Self::Date, seconds @ Value::Int(_)) => Self::DateTime.clean(&seconds, context),
            (Self::List(element), Value::List(list)) => list
                .into_iter()
                .map(|item| element.restore(item, context))
                .collect::<Result<_, _>>()
                .map(Value::List),
            (Self::Object(url), Value::Map(map)) => object::restore(map, url, context),
            (_, input) => self.clean(&input, context),
        }
    }

    /// Converts the default text of a schema.
    pub(crate) fn clean_default(
        &self,
        text: &str,
        context: &Arc<Context>,
    ) -> Result<Value, ValueError> {
        match self {
            // The text of an enum is its list of choices, the first of which is the default.
            Self::Enum(_) => Ok(self.empty(context)),
            // S11: literal text, quotes inside stay.
            Self::String | Self::Path => Ok(Value::String(text.to_owned())),
            // T17: a line break is written as the two characters \n.
            Self::Multiline => Ok(Value::String(text.replace("\\n", "\n"))),
            _ => self.clean(&Value::String(text.to_owned()), context),
        }
    }

    /// The value of a property without default text.
    pub fn empty(&self, context: &Arc<Context>) -> Value {
        match self {
            Self::Integer => Value::Int(Self::UNSET_INT),
            Self::IpPort => Value::Int(Self::UNSET_PORT),
            Self::Float | Self::Percent => Value::Float(0.0),
            Self::Boolean => Value::Bool(false),
            Self::Date | Self::DateTime | Self::Duration => Value::Int(0),
            Self::Numeric => Value::Numeric(super::Numeric::default()),
            Self::IpAddr => Value::from("0.0.0.0"),
            Self::Guid => Value::String(guid::random(context.random())),
            Self::Bytes => Value::Bytes(Vec::new()),
            Self::Hash => Value::Hash(0, 0),
            Self::Dict => Value::Map(Map::new()),
            Self::Json => Value::from("{}"),
            Self::Enum(choices) => Value::Enum(EnumValue::first(choices)),
            Self::List(_) => Value::List(Vec::new()),
            // Objects have no empty value, they are made from their schema.
            Self::Object(_) => Value::Null,
            _ => Value::String(String::new()),
        }
    }

    /// False for types whose default differs from object to object.
    pub(crate) fn default_is_shared(&self) -> bool {
        !matches!(self, Self::Guid | Self::Object(_))
    }

    /// True for default texts that depend on the time (rule D4).
    pub(crate) fn is_relative(&self, text: &str) -> bool {
        match self {
            Self::Date | Self::DateTime => date::is_relative(text),
            Self::List(element) => text
                .split(',')
                .any(|piece| element.is_relative(piece.trim())),
            _ => false,
        }
    }

    /// Returns the human form: text, but bools stay bools, ports ints and lists lists.
    pub fn human(&self, value: &Value, context: &Context) -> Value {
        match (self, value) {
            (Self::Boolean, Value::Bool(_)) => value.clone(),
            (Self::Integer, Value::Int(i)) => Value::String(integer::human(*i)),
            (Self::IpPort, Value::Int(Self::UNSET_PORT)) => Value::from("-"),
            (Self::IpPort, Value::Int(_)) => value.clone(),
            (Self::Percent, Value::Float(f)) => Value::String(percent::human(*f)),
            (Self::Date, Value::Int(i)) => Value::String(date::human_day(*i, context)),
            (Self::DateTime, Value::Int(i)) => Value::String(date::human(*i, context)),
            (Self::Duration, Value::Int(i)) => Value::String(duration::human(*i)),
            (Self::Bytes, Value::Bytes(b)) => Value::String(bytes::encode(b)),
            (Self::Dict, Value::Map(map)) => Value::String(dict::human(map)),
            (Self::List(element), Value::List(list)) => Value::List(
                list.iter()
                    .map(|item| element.human(item, context))
                    .collect(),
            ),
            (_, Value::Object(object)) => object.to_human(),
            (_, Value::Hash(a, b)) => Value::String(format!("{a}:{b}")),
            (_, value) => Value::String(value.text()),
        }
    }

    /// Returns the human form with every digit, which [`Type::restore`] reads back unchanged.
    pub fn exact(&self, value: &Value, context: &Context) -> Value {
        match (self, value) {
            (Self::Percent, Value::Float(f)) => Value::String(percent::exact(*f)),
            (Self::List(element), Value::List(list)) => Value::List(
                list.iter()
                    .map(|item| element.exact(item, context))
                    .collect(),
            ),
            (_, Value::Object(object)) => object.to_exact(),
            (Self::Date | Self::DateTime, Value::Int(seconds)) => {
                let human = self.human(value, context);
                // The hour that a clock repeats in autumn has two moments for one text.
                let same = date::clean(&human, context).is_ok_and(|back| back == *seconds);
                if same { human } else { value.clone() }
            }
            _ => self.human(value, context),
        }
    }

    /// Returns the plain value: numerics as their bytes, enums as index, objects as maps.
    pub fn plain(&self, value: &Value) -> Value {
        match value {
            Value::Enum(choice) => Value::Int(choice.index()),
            Value::Numeric(numeric) => Value::Bytes(numeric.to_bytes()),
            Value::Hash(a, b) => Value::List(vec![Value::Int(*a), Value::Int(*b)]),
            Value::Object(object) => Value::Map(object.to_plain()),
            Value::List(list) => {
                let element = if let Self::List(element) = self {
                    element
                } else {
                    self
                };
                Value::List(list.iter().map(|item| element.plain(item)).collect())
            }
            other => other.clone(),
        }
    }

    /// Returns the compact form, one line of text where the type has one.
    pub fn compact(&self, value: &Value, context: &Context) -> String {
        match (self, value) {
            (Self::Integer | Self::IpPort, value) => value.text(),
            (Self::Percent, Value::Float(f)) => percent::compact(*f),
            (Self::List(element), Value::List(list)) => list::compact(list, element, context),
            (Self::Boolean, value) => value.text(),
            (_, value) => match self.human(value, context) {
                Value::String(text) => text,
                other => other.text(),
            },
        }
    }

    /// Returns what the prompt prints for the bare value; lists end with a newline.
    pub fn prompt(&self, value: &Value, context: &Context) -> String {
        match (self, value) {
            (Self::List(element), Value::List(list)) => list::prompt(list, element, context),
            (_, value) => value.repr(),
        }
    }

    /// Name of the type as a schema prints it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Multiline => "multiline",
            Self::Integer => "int",
            Self::Float => "float",
            Self::Boolean => "bool",
            Self::Percent => "percent",
            Self::Date => "date",
            Self::DateTime => "datetime",
            Self::Duration => "duration",
            Self::Numeric => "numeric",
            Self::Email => "email",
            Self::Tel => "tel",
            Self::IpAddr => "ipaddr",
            Self::IpRange => "iprange",
            Self::IpPort => "ipport",
            Self::Guid => "guid",
            Self::Url => "url",
            Self::Path => "path",
            Self::Bytes => "bytes",
            Self::Hash => "hash",
            Self::Dict => "dict",
            Self::Yaml => "yaml",
            Self::Json => "json",
            Self::Enum(_) => "enum",
            Self::List(_) => "list",
            Self::Object(_) => "jsobject",
        }
    }

    /// Name of the type in words, with the element type of a list.
    pub fn describe(&self) -> Cow<'static, str> {
        match self {
            Self::List(element) => Cow::Owned(format!("list of {}", element.describe())),
            Self::Object(url) => Cow::Owned(format!("object of '{url}'")),
            other => Cow::Borrowed(other.name()),
        }
    }

    /// The accepted forms in words, for help and errors.
    pub fn accepts(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::String => "any value, as text",
            Self::Multiline => "any value, as text with its line breaks",
            Self::Integer => integer::ACCEPTS,
            Self::Float => float::ACCEPTS,
            Self::Boolean => "true, yes, y or 1 for true; everything else is false",
            Self::Percent => percent::ACCEPTS,
            Self::Date | Self::DateTime => date::ACCEPTS,
            Self::Duration => duration::ACCEPTS,
            Self::Numeric => numeric::ACCEPTS,
            Self::Email => email::ACCEPTS,
            Self::Tel => tel::ACCEPTS,
            Self::IpAddr => ipaddr::ACCEPTS,
            Self::IpRange => iprange::ACCEPTS,
            Self::IpPort => ipport::ACCEPTS,
            Self::Guid => guid::ACCEPTS,
            Self::Url => url::ACCEPTS,
            Self::Path => "any text",
            Self::Bytes => bytes::ACCEPTS,
            Self::Hash => hash::ACCEPTS,
            Self::Dict => dict::ACCEPTS,
            Self::Yaml => yaml::ACCEPTS,
            Self::Json => json::ACCEPTS,
            Self::Enum(choices) => return Cow::Owned(choices.accepts()),
            Self::List(element) => {
                return Cow::Owned(format!(
                    "a list or text with commas; each element {}",
                    element.accepts()
                ));
            }
            Self::Object(url) => return Cow::Owned(format!("a map or an object of '{url}'")),
        })
    }
}

/// Trims blanks and quotes at both ends, as most types do with text.
pub(crate) fn unquote(text: &str) -> &str {
    text.trim().trim_matches(['\'', '"']).trim()
}

/// True for the texts that stand for "no value".
pub(crate) fn is_none_text(text: &str) -> bool {
    text.is_empty() || text == "None"
}

pub(crate) use self::float::from_int as float_of;
pub(crate) use self::integer::truncate;
pub(crate) use self::list::clean_element;

/// True for values that a dict may hold.
pub(crate) fn is_plain(value: &Value) -> bool {
    dict::is_plain(value, 1)
}

pub(crate) use text::float as float_text;
