//! Objects of a schema on the wire.
//!
//! An object is a version byte, the MD5 of its schema's text, and a packed Cap'n Proto message
//! with one field per property, in order. The schemas that are known here have texts and bytes
//! only, so a message has no data words and one pointer per field.
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, SerializeTuple, Serializer};
use std::fmt;

use crate::capnp::{Builder, Message, MessageError, pack, unpack};

/// First byte of an object.
pub(super) const VERSION: u8 = 1;
/// Bytes of the sum after it.
pub(super) const MD5: usize = 16;
/// The largest object that is read.
pub const MAX_OBJECT: usize = 4 * 1024 * 1024;
/// Lists and maps inside each other, in MessagePack.
const MAX_DEPTH: usize = 8;

/// A schema with texts and bytes.
#[derive(Debug, PartialEq, Eq)]
pub struct Schema {
    /// MD5 of the schema's text without spaces and newlines.
    pub md5: [u8; 16],
    /// The properties, in order.
    pub fields: &'static [Field],
}

/// A property of a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: FieldKind,
}

/// What a property holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// A text.
    Text,
    /// Bytes.
    Data,
}

/// A value of a property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A text.
    Text(String),
    /// Bytes.
    Data(Vec<u8>),
}

/// Why bytes are no object of a schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Fewer bytes than every object has.
    #[error("an object of a schema has 17 bytes and more, these are {0}")]
    Short(usize),
    /// Another version.
    #[error("an object of version {0}; version 1 is expected")]
    Version(u8),
    /// An object of another schema.
    #[error("an object of schema {found}; schema {expected} is expected")]
    Schema {
        /// MD5 of the object's schema.
        found: String,
        /// MD5 of the schema that is expected.
        expected: String,
    },
    /// The message cannot be read.
    #[error("the object cannot be read: {0}")]
    Message(#[from] MessageError),
    /// Neither JSON nor MessagePack with the fields of the schema.
    #[error("{0}")]
    Form(String),
}

impl Value {
    /// Returns the bytes of a text or of data.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Value::Text(text) => text.as_bytes(),
            Value::Data(data) => data,
        }
    }

    /// Returns the text; empty for data.
    pub fn into_text(self) -> String {
        match self {
            Value::Text(text) => text,
            Value::Data(_) => String::new(),
        }
    }

    /// Returns the data, or the bytes of a text.
    pub fn into_data(self) -> Vec<u8> {
        match self {
            Value::Text(text) => text.into_bytes(),
            Value::Data(data) => data,
        }
    }
}

impl Schema {
    /// Writes an object; `values` in the order of the fields.
    pub fn object(&self, values: &[Value]) -> Vec<u8> {
        let mut message = Builder::new();
        let pointers = u16::try_from(self.fields.len()).unwrap_or(u16::MAX);
        let root = message.root(0, pointers);
        for (index, (field, value)) in self.fields.iter().zip(values).enumerate() {
            match field.kind {
                FieldKind::Text => message.text(root.pointer(index), value.as_bytes()),
                FieldKind::Data => message.data(root.pointer(index), value.as_bytes()),
            }
        }
        let mut object = vec![VERSION];
        object.extend(self.md5);
        object.extend(pack(&message.finish()));
        object
    }

    /// Reads an object.
    ///
    /// # Errors
    /// See [`WireError`].
    pub fn read_object(&self, object: &[u8]) -> Result<Vec<Value>, WireError> {
        let short = WireError::Short(object.len());
        let (version, rest) = object.split_first().ok_or(short.clone())?;
        let (md5, packed) = rest.split_first_chunk::<MD5>().ok_or(short)?;
        if *version != VERSION {
            return Err(WireError::Version(*version));
        }
        if *md5 != self.md5 {
            return Err(WireError::Schema {
                found: hex::encode(md5),
                expected: hex::encode(self.md5),
            });
        }
        let message = unpack(packed, MAX_OBJECT)?;
        let message = Message::parse(&message)?;
        let root = message.root()?;
        self.fields
            .iter()
            .enumerate()
            .map(|(index, field)| {
                Ok(match field.kind {
                    FieldKind::Text => Value::Text(root.string(index)?),
                    FieldKind::Data => Value::Data(root.data_of(index)?.to_vec()),
                })
            })
            .collect()
    }

    /// Writes an object as the argument of a call: a list of an id and the object.
    pub fn argument(&self, values: &[Value]) -> Vec<u8> {
        // Writing to memory does not fail.
        rmp_serde::to_vec(&Argument(&self.object(values))).unwrap_or_default()
    }

    /// Reads the argument of a call.
    ///
    /// # Errors
    /// See [`WireError`].
    pub fn read_argument(&self, argument: &[u8]) -> Result<Vec<Value>, WireError> {
        let form = || WireError::Form("the argument is no list of an id and an object".into());
        let mut rest = argument;
        let mut reader = rmp_serde::Deserializer::new(&mut rest);
        reader.set_max_depth(MAX_DEPTH);
        let (_id, Bytes(object)) =
            <(Option<i64>, Bytes)>::deserialize(&mut reader).map_err(|_| form())?;
        if !rest.is_empty() {
            return Err(form());
        }
        self.read_object(&object)
    }

    /// Writes the fields as JSON, bytes as base64, with the number under which an object is kept.
    pub fn json(&self, values: &[Value], id: Option<u64>) -> String {
        let mut map = serde_json::Map::new();
        for (field, value) in self.fields.iter().zip(values) {
            let text = match value {
                Value::Text(text) => text.clone(),
                Value::Data(data) => STANDARD.encode(data),
            };
            map.insert(field.name.to_owned(), text.into());
        }
        if let Some(id) = id {
            map.insert("id".to_owned(), id.into());
        }
        serde_json::Value::Object(map).to_string()
    }

    /// Reads a JSON object with the fields; bytes are base64, and a text that is not is taken as
    /// it is. Fields that are missing are empty, others are ignored.
    ///
    /// # Errors
    /// [`WireError::Form`].
    pub fn read_json(&self, json: &[u8]) -> Result<Vec<Value>, WireError> {
        let map: serde_json::Map<String, serde_json::Value> =
            serde_json::from_slice(json).map_err(|e| WireError::Form(format!("no JSON: {e}")))?;
        self.fields
            .iter()
            .map(|field| {
                let text = match map.get(field.name) {
                    None | Some(serde_json::Value::Null) => "",
                    Some(serde_json::Value::String(text)) => text,
                    // A number of a 3bot may come as a number.
                    Some(serde_json::Value::Number(number)) if field.kind == FieldKind::Text => {
                        return Ok(Value::Text(number.to_string()));
                    }
                    Some(_) => return Err(not_text(field)),
                };
                Ok(match field.kind {
                    FieldKind::Text => Value::Text(text.to_owned()),
                    FieldKind::Data => Value::Data(
                        STANDARD
                            .decode(text)
                            .unwrap_or_else(|_| text.as_bytes().to_vec()),
                    ),
                })
            })
            .collect()
    }

    /// Writes the fields as MessagePack, with the number under which an object is kept.
    pub fn msgpack(&self, values: &[Value], id: Option<u64>) -> Vec<u8> {
        let object = Fields {
            schema: self,
            values,
            id,
        };
        rmp_serde::to_vec(&object).unwrap_or_default()
    }

    /// Reads a MessagePack map with the fields. Others are ignored.
    ///
    /// # Errors
    /// [`WireError::Form`].
    pub fn read_msgpack(&self, bytes: &[u8]) -> Result<Vec<Value>, WireError> {
        let mut rest = bytes;
        let mut reader = rmp_serde::Deserializer::new(&mut rest);
        reader.set_max_depth(MAX_DEPTH);
        let FieldMap(mut map) = FieldMap::deserialize(&mut reader)
            .map_err(|e| WireError::Form(format!("no map of MessagePack: {e}")))?;
        self.fields
            .iter()
            .map(|field| {
                let at = map.iter().position(|(name, _)| name == field.name);
                let bytes = match at.map(|at| map.swap_remove(at).1) {
                    None => Vec::new(),
                    Some(None) => return Err(not_text(field)),
                    Some(Some(bytes)) => bytes,
                };
                match field.kind {
                    FieldKind::Text => String::from_utf8(bytes)
                        .map(Value::Text)
                        .map_err(|_| not_text(field)),
                    FieldKind::Data => Ok(Value::Data(bytes)),
                }
            })
            .collect()
    }
}

fn not_text(field: &Field) -> WireError {
    WireError::Form(format!("'{}' is not a text", field.name))
}

struct Raw<'a>(&'a [u8]);

impl Serialize for Raw<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

struct Argument<'a>(&'a [u8]);

impl Serialize for Argument<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut pair = serializer.serialize_tuple(2)?;
        pair.serialize_element(&())?;
        pair.serialize_element(&Raw(self.0))?;
        pair.end()
    }
}

struct Fields<'a> {
    schema: &'a Schema,
    values: &'a [Value],
    id: Option<u64>,
}

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let length = self.values.len() + usize::from(self.id.is_some());
        let mut map = serializer.serialize_map(Some(length))?;
        for (field, value) in self.schema.fields.iter().zip(self.values) {
            match value {
                Value::Text(text) => map.serialize_entry(field.name, text)?,
                Value::Data(data) => map.serialize_entry(field.name, &Raw(data))?,
            }
        }
        if let Some(id) = self.id {
            map.serialize_entry("id", &id)?;
        }
        map.end()
    }
}

/// Bytes, or the bytes of a text.
struct Bytes(Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Loose::deserialize(deserializer)? {
            Loose(Some(bytes)) => Ok(Bytes(bytes)),
            Loose(None) => Err(serde::de::Error::custom("neither bytes nor text")),
        }
    }
}

/// Bytes or the bytes of a text; None for anything else.
struct Loose(Option<Vec<u8>>);

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LooseVisitor).map(Loose)
    }
}

struct LooseVisitor;

impl<'de> Visitor<'de> for LooseVisitor {
    type Value = Option<Vec<u8>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(text.as_bytes().to_vec()))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        Ok(Some(bytes.to_vec()))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<Loose>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<Loose, Loose>()?.is_some() {}
        Ok(None)
    }
}

/// The entries of a map whose keys are texts.
struct FieldMap(Vec<Entry>);

impl<'de> Deserialize<'de> for FieldMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Vec<(String, Option<Vec<u8>>)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                // The length that the bytes announce is not believed.
                let mut entries = Vec::new();
                while let Some((name, Loose(value))) = map.next_entry::<String, Loose>()? {
                    entries.push((name, value));
                }
                Ok(entries)
            }
        }
        deserializer.deserialize_map(Entries).map(FieldMap)
    }
}

/// A name, and bytes or the bytes of a text; None for anything else.
pub(super) type Entry = (String, Option<Vec<u8>>);

/// Returns the entries of the map that a MessagePack map has under `key`.
///
/// # Errors
/// [`WireError::Form`] when it has none.
pub(super) fn map_entries(bytes: &[u8], key: &str) -> Result<Vec<Entry>, WireError> {
    let wrong = || WireError::Form(format!("no MessagePack map with '{key}'"));
    let mut rest = bytes;
    let mut reader = rmp_serde::Deserializer::new(&mut rest);
    reader.set_max_depth(MAX_DEPTH);
    let mut outer: std::collections::BTreeMap<String, FieldMap> =
        Deserialize::deserialize(&mut reader).map_err(|_| wrong())?;
    let FieldMap(inner) = outer.remove(key).ok_or_else(wrong)?;
    Ok(inner)
}
