//! How values stand in JSON, and what the chain's node makes of JSON that it did not write.
//!
//! The node reads JSON by the rules of its language: where an object belongs an object or null
//! must stand, keys are known in any case, null leaves a value as it was (nothing, zero), lists
//! may be null, and what is missing is nothing. [`json_object`] gives a type this form in both
//! directions, from one table of keys. A key that stands twice is refused: the node takes the
//! last one, people look at the first.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{
    Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IgnoredAny,
    MapAccess, Visitor,
};
use serde::ser::{Serialize, SerializeStruct, Serializer};
use serde_json::value::RawValue;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

/// Makes a type's JSON form its text (`Display` and `FromStr`). With `or`, null and the empty
/// text are read as that value.
macro_rules! serde_as_text {
    ($type:ty) => {
        serde_as_text!($type, None);
    };
    ($type:ty, or $nothing:expr) => {
        serde_as_text!($type, Some($nothing));
    };
    ($type:ty, $nothing:expr) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::tfchain::json::from_text(deserializer, $nothing)
            }
        }
    };
}
pub(crate) use serde_as_text;

struct TextVisitor<T>(Option<T>);

impl<T> Visitor<'_> for TextVisitor<T>
where
    T: FromStr,
    T::Err: fmt::Display,
{
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        match self.0 {
            Some(nothing) if text.is_empty() => Ok(nothing),
            _ => text.parse().map_err(E::custom),
        }
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<T, E> {
        self.0
            .ok_or_else(|| E::custom("null stands where a text belongs"))
    }
}

/// Reads a value from its text, without copying it; null and the empty text are `nothing`, when
/// there is such a value.
pub(crate) fn from_text<'de, D, T>(deserializer: D, nothing: Option<T>) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr,
    T::Err: fmt::Display,
{
    deserializer.deserialize_any(TextVisitor(nothing))
}

/// Reads a value where null means its default (null lists are empty lists).
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A type whose JSON form is an object; see [`json_object`].
pub(crate) trait JsonObject: Default {
    /// The keys, in the order in which they are written.
    const KEYS: &'static [&'static str];

    /// Reads the value of one of the keys.
    fn read_part<'de, A: MapAccess<'de>>(
        &mut self,
        key: &'static str,
        map: &mut A,
    ) -> Result<(), A::Error>;

    /// Writes all keys that are to be written.
    fn write_parts<M: SerializeStruct>(&self, object: &mut M) -> Result<(), M::Error>;
}

/// Gives a type its JSON form: key, field, and how the value stands there (one of the modules
/// [`value`], [`number`], [`list`], [`list_or_null`], [`list_or_nothing`], [`option`], [`bytes`],
/// or one with the same two functions).
macro_rules! json_object {
    ($(@$param:ident)? $type:ty { $($key:literal => $field:ident: $style:ident),* $(,)? }) => {
        impl$(<$param>)? $crate::tfchain::json::JsonObject for $type
        $(where $param: serde::Serialize + serde::de::DeserializeOwned)?
        {
            const KEYS: &'static [&'static str] = &[$($key),*];

            fn read_part<'de, A: serde::de::MapAccess<'de>>(
                &mut self,
                key: &'static str,
                map: &mut A,
            ) -> Result<(), A::Error> {
                match key {
                    $($key => self.$field = $style::read(map)?,)*
                    _ => {}
                }
                Ok(())
            }

            fn write_parts<M: serde::ser::SerializeStruct>(
                &self,
                object: &mut M,
            ) -> Result<(), M::Error> {
                $($style::write(object, $key, &self.$field)?;)*
                Ok(())
            }
        }

        impl$(<$param>)? serde::Serialize for $type
        $(where $param: serde::Serialize + serde::de::DeserializeOwned)?
        {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::tfchain::json::write_object(self, serializer)
            }
        }

        impl<'de $(, $param)?> serde::Deserialize<'de> for $type
        $(where $param: serde::Serialize + serde::de::DeserializeOwned)?
        {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::tfchain::json::read_object(deserializer)
            }
        }
    };
}
pub(crate) use json_object;

/// Writes an object.
pub(crate) fn write_object<T, S>(value: &T, serializer: S) -> Result<S::Ok, S::Error>
where
    T: JsonObject,
    S: Serializer,
{
    // Some keys may be left out; the number is only a hint, but 0 would close the object at once.
    let mut object = serializer.serialize_struct("object", T::KEYS.len().max(1))?;
    value.write_parts(&mut object)?;
    object.end()
}

/// Reads an object; null is one without keys.
pub(crate) fn read_object<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: JsonObject,
    D: Deserializer<'de>,
{
    deserializer.deserialize_any(ObjectVisitor(PhantomData))
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: JsonObject> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        expect_object(T::KEYS, formatter)
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let mut value = T::default();
        let mut seen = 0;
        while let Some(key) = next_key(&mut map, T::KEYS, &mut seen)? {
            value.read_part(key, &mut map)?;
        }
        Ok(value)
    }
}

fn expect_object(keys: &[&str], formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    match keys {
        [] => formatter.write_str("an object"),
        keys => write!(formatter, "an object with {}", keys.join(", ")),
    }
}

/// Goes to the next key that is one of `keys`, of which there are 64 at most; values of others are
/// passed over. `seen` has a bit for each key that stood there.
fn next_key<'de, A: MapAccess<'de>>(
    map: &mut A,
    keys: &'static [&'static str],
    seen: &mut u64,
) -> Result<Option<&'static str>, A::Error> {
    while let Some(found) = map.next_key_seed(KeyOf(keys))? {
        match found {
            Some((bit, key)) if *seen & bit != 0 => {
                return Err(A::Error::custom(format_args!("{key} stands there twice")));
            }
            Some((bit, key)) => {
                *seen |= bit;
                return Ok(Some(key));
            }
            None => {
                map.next_value::<IgnoredAny>()?;
            }
        }
    }
    Ok(None)
}

/// Reads a key as the one of the table that it is, in any case.
struct KeyOf(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for KeyOf {
    type Value = Option<(u64, &'static str)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeyOf {
    type Value = Option<(u64, &'static str)>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        let mut keys = (0..u64::BITS).zip(self.0);
        let found = keys.find(|(_, key)| text.eq_ignore_ascii_case(key));
        Ok(found.map(|(at, key)| (1 << at, *key)))
    }
}

/// A value of `{"type": T, "data": …}` or `{"version": V, "data": …}`: what the data are is known
/// from the number.
pub(crate) trait Tagged: Sized {
    /// The key of the number, and `data`.
    const KEYS: &'static [&'static str; 2];
    /// Data that stand before the number, until it is known.
    type Waiting: DeserializeOwned;

    /// Checks the number.
    fn check_tag<E: serde::de::Error>(number: u64) -> Result<u8, E>;

    /// Reads the data.
    fn read_data<'de, D: Deserializer<'de>>(tag: u8, data: D) -> Result<Self, D::Error>;

    /// Reads data that stood before the number.
    fn read_waiting<E: serde::de::Error>(tag: u8, data: Self::Waiting) -> Result<Self, E>;

    /// What it is without data; also of null, which has the number 0.
    fn without_data<E: serde::de::Error>(tag: u8) -> Result<Self, E>;
}

/// Reads a value with number and data, which may stand in either order.
pub(crate) fn read_tagged<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Tagged,
    D: Deserializer<'de>,
{
    deserializer.deserialize_any(TaggedVisitor(PhantomData))
}

struct TaggedVisitor<T>(PhantomData<T>);

struct DataOf<T>(u8, PhantomData<T>);

impl<'de, T: Tagged> DeserializeSeed<'de> for DataOf<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        T::read_data(self.0, deserializer)
    }
}

impl<'de, T: Tagged> Visitor<'de> for TaggedVisitor<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        expect_object(T::KEYS, formatter)
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<T, E> {
        T::without_data(0)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let [number, _] = T::KEYS;
        let mut seen = 0;
        let (mut tag, mut waiting, mut value) = (None, None, None);
        while let Some(key) = next_key(&mut map, T::KEYS, &mut seen)? {
            if key == *number {
                let number: Option<u64> = map.next_value()?;
                tag = Some(T::check_tag(number.unwrap_or_default())?);
            } else if let Some(tag) = tag {
                value = Some(map.next_value_seed(DataOf(tag, PhantomData))?);
            } else {
                waiting = Some(map.next_value()?);
            }
        }
        let tag = tag.unwrap_or_default();
        match (value, waiting) {
            (Some(value), _) => Ok(value),
            (None, Some(data)) => T::read_waiting(tag, data),
            (None, None) => T::without_data(tag),
        }
    }
}

/// The reader of a text in memory.
pub(crate) type TextReader<'a> = serde_json::Deserializer<serde_json::de::StrRead<'a>>;

/// Reads JSON that was kept as text.
pub(crate) fn read_raw<T, E: serde::de::Error>(
    text: &RawValue,
    read: impl for<'a> FnOnce(&mut TextReader<'a>) -> serde_json::Result<T>,
) -> Result<T, E> {
    let mut reader = serde_json::Deserializer::from_str(text.get());
    read(&mut reader).map_err(|error| {
        // The place is one within this text, which would mislead.
        let text = error.to_string();
        E::custom(
            text.rsplit_once(" at line ")
                .map_or(&*text, |(text, _)| text),
        )
    })
}

/// Writes `{"type": …, "data": …}`, the form of conditions and fulfillments.
pub(crate) fn typed<S, T>(serializer: S, kind: u8, data: &T) -> Result<S::Ok, S::Error>
where
    S: Serializer,
    T: Serialize,
{
    let mut object = serializer.serialize_struct("typed", 2)?;
    object.serialize_field("type", &kind)?;
    object.serialize_field("data", data)?;
    object.end()
}

/// An object of which nothing is read.
pub(crate) struct Nothing;

impl<'de> Deserialize<'de> for Nothing {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(IgnoredAny)?;
        Ok(Self)
    }
}

/// A value that is always written; it knows itself what null is.
pub(crate) mod value {
    use super::*;

    pub(crate) fn write<M, T>(object: &mut M, key: &'static str, value: &T) -> Result<(), M::Error>
    where
        M: SerializeStruct,
        T: Serialize,
    {
        object.serialize_field(key, value)
    }

    pub(crate) fn read<'de, A, T>(map: &mut A) -> Result<T, A::Error>
    where
        A: MapAccess<'de>,
        T: Deserialize<'de>,
    {
        map.next_value()
    }
}

/// A number: null is 0.
pub(crate) mod number {
    use super::*;

    pub(crate) use super::value::write;

    pub(crate) fn read<'de, A, T>(map: &mut A) -> Result<T, A::Error>
    where
        A: MapAccess<'de>,
        T: Deserialize<'de> + Default,
    {
        Ok(map.next_value::<Option<T>>()?.unwrap_or_default())
    }
}

/// A list that is always written.
pub(crate) mod list {
    pub(crate) use super::number::read;
    pub(crate) use super::value::write;
}

/// A list that is written as null when it is empty.
pub(crate) mod list_or_null {
    use super::*;

    pub(crate) use super::number::read;

    pub(crate) fn write<M, T>(object: &mut M, key: &'static str, list: &[T]) -> Result<(), M::Error>
    where
        M: SerializeStruct,
        T: Serialize,
    {
        match list {
            [] => object.serialize_field(key, &()),
            list => object.serialize_field(key, list),
        }
    }
}

/// A list that is left out when it is empty.
pub(crate) mod list_or_nothing {
    use super::*;

    pub(crate) use super::number::read;

    pub(crate) fn write<M, T>(object: &mut M, key: &'static str, list: &[T]) -> Result<(), M::Error>
    where
        M: SerializeStruct,
        T: Serialize,
    {
        match list {
            [] => object.skip_field(key),
            list => object.serialize_field(key, list),
        }
    }
}

/// A value that is left out when there is none; null is none.
pub(crate) mod option {
    use super::*;

    pub(crate) use super::value::read;

    pub(crate) fn write<M, T>(
        object: &mut M,
        key: &'static str,
        value: &Option<T>,
    ) -> Result<(), M::Error>
    where
        M: SerializeStruct,
        T: Serialize,
    {
        match value {
            Some(value) => object.serialize_field(key, value),
            None => object.skip_field(key),
        }
    }
}

/// Bytes in base64, left out when there are none. The node reads a list of numbers too.
pub(crate) mod bytes {
    use super::*;

    pub(crate) fn write<M>(object: &mut M, key: &'static str, bytes: &[u8]) -> Result<(), M::Error>
    where
        M: SerializeStruct,
    {
        match bytes {
            [] => object.skip_field(key),
            bytes => object.serialize_field(key, &STANDARD.encode(bytes)),
        }
    }

    pub(crate) fn read<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Vec<u8>, A::Error> {
        map.next_value_seed(BytesVisitor)
    }

    struct BytesVisitor;

    impl<'de> DeserializeSeed<'de> for BytesVisitor {
        type Value = Vec<u8>;

        fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<u8>, D::Error> {
            deserializer.deserialize_any(self)
        }
    }

    impl<'de> Visitor<'de> for BytesVisitor {
        type Value = Vec<u8>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("bytes in base64")
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Vec<u8>, E> {
            STANDARD.decode(text).map_err(E::custom)
        }

        fn visit_unit<E: serde::de::Error>(self) -> Result<Vec<u8>, E> {
            Ok(Vec::new())
        }

        fn visit_seq<A: serde::de::SeqAccess<'de>>(
            self,
            mut numbers: A,
        ) -> Result<Vec<u8>, A::Error> {
            let mut bytes = Vec::new();
            while let Some(byte) = numbers.next_element::<Option<u8>>()? {
                bytes.push(byte.unwrap_or_default());
            }
            Ok(bytes)
        }
    }
}
