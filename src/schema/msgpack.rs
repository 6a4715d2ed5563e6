//! Msgpack of plain values: null, bool, int, float, text, bytes, list, map.
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use super::value::{Map, Value};

/// Lists and maps inside each other.
const MAX_DEPTH: usize = 128;

/// Encodes a value; enums, numerics, hashes and objects by their plain form.
pub(crate) fn encode(value: &Value) -> Vec<u8> {
    // Writing to memory does not fail.
    rmp_serde::to_vec(&Plain(value)).unwrap_or_default()
}

/// Encodes a map of `length` entries as [`encode`] does, without making the map first.
pub(crate) fn encode_map<'a>(
    length: usize,
    entries: impl Iterator<Item = (&'a str, &'a Value)>,
) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length * 16);
    let mut writer = rmp_serde::Serializer::new(&mut bytes);
    let written = writer.serialize_map(Some(length)).and_then(|mut map| {
        for (name, value) in entries {
            map.serialize_entry(name, &Plain(value))?;
        }
        SerializeMap::end(map)
    });
    // Writing to memory does not fail.
    debug_assert!(written.is_ok());
    bytes
}

/// Decodes exactly one value; more bytes behind it are an error.
pub(crate) fn decode(bytes: &[u8]) -> Result<Value, rmp_serde::decode::Error> {
    decoded(bytes, |reader| {
        Decoded::deserialize(reader).map(|Decoded(value)| value)
    })
}

/// Decodes exactly one map, entry after entry, without making the map: `key` looks at a name,
/// `take` gets what it answered and the value.
pub(crate) fn decode_map<K, E: fmt::Display>(
    bytes: &[u8],
    key: impl Fn(&str) -> K,
    take: impl FnMut(K, Value) -> Result<(), E>,
) -> Result<(), rmp_serde::decode::Error> {
    decoded(bytes, |reader| {
        reader.deserialize_map(Entries { key, take })
    })
}

fn decoded<'de, T>(
    mut bytes: &'de [u8],
    read: impl FnOnce(&mut Reader<'_, 'de>) -> Result<T, rmp_serde::decode::Error>,
) -> Result<T, rmp_serde::decode::Error> {
    let mut reader = rmp_serde::Deserializer::new(&mut bytes);
    reader.set_max_depth(MAX_DEPTH);
    let value = read(&mut reader)?;
    // They would be lost when the value is written again.
    if bytes.is_empty() {
        return Ok(value);
    }
    Err(rmp_serde::decode::Error::custom("bytes behind the value"))
}

type Reader<'a, 'de> = rmp_serde::Deserializer<rmp_serde::decode::ReadReader<&'a mut &'de [u8]>>;

struct Entries<K, T> {
    key: K,
    take: T,
}

impl<'de, K, E, F, T> Visitor<'de> for Entries<F, T>
where
    E: fmt::Display,
    F: Fn(&str) -> K,
    T: FnMut(K, Value) -> Result<(), E>,
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut access: A) -> Result<(), A::Error> {
        while let Some(key) = access.next_key_seed(Name(&self.key))? {
            let Decoded(value) = access.next_value()?;
            (self.take)(key, value).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}

/// Looks at the name of an entry where it lies.
struct Name<'a, F>(&'a F);

impl<'de, K, F: Fn(&str) -> K> DeserializeSeed<'de> for Name<'_, F> {
    type Value = K;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<K, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<K, F: Fn(&str) -> K> Visitor<'_> for Name<'_, F> {
    type Value = K;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<K, E> {
        Ok((self.0)(name))
    }
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
