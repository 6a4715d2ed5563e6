//! Objects from JSON, TOML, msgpack and stored bytes; the opposite of `dump`.
//!
//! Stored bytes are one byte version, 16 bytes md5 of the schema, and a msgpack map from property
//! to plain value.
use std::sync::Arc;

use super::{Object, value_error};
use crate::schema::context::Context;
use crate::schema::error::ObjectError;
use crate::schema::identity::SchemaMd5;
use crate::schema::msgpack;
use crate::schema::schema::Schema;
use crate::schema::toml_text;
use crate::schema::value::{Map, Value};

/// First byte of stored data.
pub const PAYLOAD_VERSION: u8 = 1;

impl Object {
    /// Makes an object from JSON text of a map; missing properties have their default.
    ///
    /// # Errors
    /// When the text is no JSON map, a name is unknown, or a value does not fit.
    pub fn from_json(
        context: &Arc<Context>,
        schema: &Arc<Schema>,
        text: &str,
    ) -> Result<Self, ObjectError> {
        let json = serde_json::from_str(text).map_err(|error| data_error(schema, &error));
        Self::from_value(context, schema, Value::from_json(json?))
    }

    /// Makes an object from TOML text; missing properties have their default.
    ///
    /// # Errors
    /// When the text is no TOML, a name is unknown, or a value does not fit.
    pub fn from_toml(
        context: &Arc<Context>,
        schema: &Arc<Schema>,
        text: &str,
    ) -> Result<Self, ObjectError> {
        let map = toml_text::parse(text).map_err(|reason| data_error(schema, &reason))?;
        Self::from_value(context, schema, Value::Map(map))
    }

    /// Makes an object from msgpack bytes of a map; missing properties have their default.
    ///
    /// # Errors
    /// When the bytes are no msgpack map, a name is unknown, or a value does not fit.
    pub fn from_msgpack(
        context: &Arc<Context>,
        schema: &Arc<Schema>,
        bytes: &[u8],
    ) -> Result<Self, ObjectError> {
        let value = msgpack::decode(bytes).map_err(|error| data_error(schema, &error))?;
        Self::from_value(context, schema, value)
    }

    fn from_value(
        context: &Arc<Context>,
        schema: &Arc<Schema>,
        value: Value,
    ) -> Result<Self, ObjectError> {
        let Value::Map(mut map) = value else {
            return Err(data_error(
                schema,
                &format!("expected a map, not a {}", value.kind()),
            ));
        };
        let mut object = Self::new(context, schema)?;
        // The dumps of a stored object hold its number.
        if let Some(Value::Int(id)) = map.get("id") {
            object.id = u64::try_from(*id).ok();
            map.shift_remove("id");
        }
        object.restore_all(map)?;
        Ok(object)
    }

    /// Sets what a dump holds; text stays exactly as it is.
    pub(in crate::schema) fn restore_all(&mut self, map: Map) -> Result<(), ObjectError> {
        for (name, value) in map {
            let nr = self.number_of(&name)?;
            self.restore_one(nr, value)?;
        }
        Ok(())
    }

    fn restore_one(&mut self, nr: usize, value: Value) -> Result<(), ObjectError> {
        let Some(property) = self.schema.properties.get(nr) else {
            return Ok(());
        };
        let value = match value {
            Value::Null => property.default(&self.context)?,
            value => {
                let restored = property.kind.restore(value, &self.context);
                restored.map_err(|error| value_error(property, error))?
            }
        };
        self.put(nr, value);
        Ok(())
    }

    /// Stored bytes: version, schema md5, payload.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![PAYLOAD_VERSION];
        bytes.extend(self.schema.md5.as_bytes());
        bytes.extend(self.to_payload());
        bytes
    }

    /// The payload alone: a msgpack map from property to plain value, without the id.
    pub fn to_payload(&self) -> Vec<u8> {
        let known = self.iter();
        let known = known.map(|(property, value)| (property.name.as_str(), value));
        let extra = self.extra.iter();
        let extra = extra.map(|(name, value)| (name.as_str(), value));
        msgpack::encode_map(self.values.len() + self.extra.len(), known.chain(extra))
    }

    /// Reads stored bytes with the schema they name, which must be registered.
    ///
    /// # Errors
    /// When the version or md5 is unknown or the payload is damaged.
    pub fn from_bytes(context: &Arc<Context>, bytes: &[u8]) -> Result<Self, ObjectError> {
        let (md5, payload) = Self::split_bytes(bytes)?;
        let schema = context.registry().get_from_md5_bytes(md5).ok_or_else(|| {
            ObjectError::UnknownSchema {
                url: format!("md5 {md5}"),
            }
        })?;
        Self::from_payload(context, &schema, payload)
    }

    /// Splits stored bytes into the md5 of their schema and the payload.
    ///
    /// # Errors
    /// When they are too short or of another version.
    pub fn split_bytes(bytes: &[u8]) -> Result<(SchemaMd5, &[u8]), ObjectError> {
        let fail = |reason: String| ObjectError::Data {
            url: "stored data".into(),
            reason,
        };
        match bytes {
            [PAYLOAD_VERSION, rest @ ..] => match rest.split_first_chunk::<16>() {
                Some((md5, payload)) => Ok((SchemaMd5::from_bytes(*md5), payload)),
                None => Err(fail(format!(
                    "{} bytes, at least 17 are needed",
                    bytes.len()
                ))),
            },
            [version, ..] => Err(fail(format!(
                "version {version}, known is {PAYLOAD_VERSION}"
            ))),
            [] => Err(fail("no bytes".into())),
        }
    }

    /// Reads a payload with a schema, which may be newer than the one that wrote it: missing
    /// properties have their default, unknown ones are kept and written again.
    ///
    /// # Errors
    /// When the payload is no msgpack map or a value does not fit the property any more.
    pub fn from_payload(
        context: &Arc<Context>,
        schema: &Arc<Schema>,
        payload: &[u8],
    ) -> Result<Self, ObjectError> {
        // Defaults are made at the end, for what is missing then.
        let mut object = Self {
            context: Arc::clone(context),
            schema: Arc::clone(schema),
            values: vec![Value::Null; schema.properties.len()],
            changed: vec![false; schema.properties.len()],
            extra: Map::new(),
            id: None,
            revision: 0,
            readonly: false,
        };
        let place = |name: &str| schema.number_of(name).ok_or_else(|| name.to_owned());
        let mut failed = None;
        let read = msgpack::decode_map(payload, place, |place, value| {
            let restored = match place {
                Ok(nr) => object.restore_one(nr, value),
                Err(name) => {
                    object.extra.insert(name, value);
                    Ok(())
                }
            };
            restored.map_err(|error| failed.insert(error).to_string())
        });
        match (failed, read) {
            (Some(error), _) => return Err(error),
            (None, Err(error)) => return Err(data_error(schema, &error)),
            (None, Ok(())) => {}
        }
        for (property, value) in schema.properties.iter().zip(&mut object.values) {
            if matches!(value, Value::Null) {
                *value = property.default(context)?;
            }
        }
        object.mark_stored();
        Ok(object)
    }
}

pub(super) fn data_error(schema: &Schema, reason: &dyn std::fmt::Display) -> ObjectError {
    ObjectError::Data {
        url: schema.url.clone(),
        reason: reason.to_string(),
    }
}
