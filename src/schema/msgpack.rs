//! Msgpack of plain values: null, bool, int, float, text, bytes, list, map.
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use super::value::{Map, Value};

/// Lists and maps inside each other.
const MAX_DEPTH: usize = 128;

/// Encodes a value; enums, numerics, hashes and objects by their plain form.
pub(crate) fn encode(value: &Value) -> Vec<u8> {
    // Writing to memory does not fail.
    rmp_serde::to_vec(&Plain(value)).unwrap_or_default()
}

/// Decodes exactly one value; more bytes behind it are an error.
pub(crate) fn decode(bytes: &[u8]) -> Result<Value, rmp_serde::decode::Error> {
    let mut rest = bytes;
    let mut reader = rmp_serde::Deserializer::new(&mut rest);
    reader.set_max_depth(MAX_DEPTH);
    let Decoded(value) = Decoded::deserialize(&mut reader)?;
    // They would be lost when the value is written again.
    if rest.is_empty() {
        return Ok(value);
    }
    Err(rmp_serde::decode::Error::custom("bytes behind the value"))
}

struct Plain<'a>(&'a Value);

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(b) => serializer.serialize_bool(*b),
            Value::Int(i) => serializer.serialize_i64(*i),
            Value::Float(f) => serializer.serialize_f64(*f),
            Value::String(text) => serializer.serialize_str(text),
            Value::Bytes(bytes) => serializer.serialize_bytes(bytes),
            Value::List(list) => {
                let mut seq = serializer.serialize_seq(Some(list.len()))?;
                list.iter()
                    .try_for_each(|item| seq.serialize_element(&Plain(item)))?;
                seq.end()
            }
            Value::Map(map) => serialize_map(map, serializer),
            Value::Enum(choice) => serializer.serialize_i64(choice.index()),
            Value::Numeric(numeric) => serializer.serialize_bytes(&numeric.to_bytes()),
            Value::Hash(a, b) => (a, b).serialize(serializer),
            Value::Object(object) => serialize_map(&object.to_plain(), serializer),
        }
    }
}

fn serialize_map<S: Serializer>(map: &Map, serializer: S) -> Result<S::Ok, S::Error> {
    let mut writer = serializer.serialize_map(Some(map.len()))?;
    map.iter()
        .try_for_each(|(key, value)| writer.serialize_entry(key, &Plain(value)))?;
    writer.end()
}

struct Decoded(Value);

impl<'de> Deserialize<'de> for Decoded {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PlainVisitor).map(Decoded)
    }
}

struct PlainVisitor;

impl<'de> Visitor<'de> for PlainVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a plain value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, v: bool) -> Result<Value, E> {
        Ok(Value::Bool(v))
    }

    fn visit_i64<E: Error>(self, v: i64) -> Result<Value, E> {
        Ok(Value::Int(v))
    }

    fn visit_u64<E: Error>(self, v: u64) -> Result<Value, E> {
        i64::try_from(v)
            .map(Value::Int)
            .map_err(|_| E::custom("a number beyond 64 bit signed"))
    }

    fn visit_f64<E: Error>(self, v: f64) -> Result<Value, E> {
        Ok(Value::Float(v))
    }

    fn visit_str<E: Error>(self, v: &str) -> Result<Value, E> {
        Ok(Value::from(v))
    }

    fn visit_bytes<E: Error>(self, v: &[u8]) -> Result<Value, E> {
        Ok(Value::Bytes(v.to_vec()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        // The length that the bytes announce is not believed.
        let mut list = Vec::new();
        while let Some(Decoded(item)) = seq.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some((key, Decoded(value))) = access.next_entry::<String, Decoded>()? {
            map.insert(key, value);
        }
        Ok(Value::Map(map))
    }
}
