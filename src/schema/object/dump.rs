//! Objects to maps, JSON, TOML and msgpack (spec section 5, "Dumps").
use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};

use super::Object;
use crate::schema::msgpack;
use crate::schema::toml_text;
use crate::schema::types::Type;
use crate::schema::value::{Map, Value};

impl Object {
    /// Plain values: numerics as bytes, enums as index, dates as epoch, objects as maps; `id`
    /// when stored.
    pub fn to_plain(&self) -> Map {
        let known = self.iter().map(|(property, value)| {
            let plain = property.kind.plain(value);
            (property.name.clone(), plain)
        });
        let mut map: Map = known
            .chain(
                self.extra
                    .iter()
                    .map(|(name, value)| (name.clone(), value.clone())),
            )
            .collect();
        if let Some(id) = self.id.and_then(|id| i64::try_from(id).ok()) {
            map.insert("id".into(), Value::Int(id));
        }
        map
    }

    /// Human forms by name, in the order of the schema. Secrets are shown.
    pub fn to_human(&self) -> Value {
        let forms = self.iter().map(|(property, value)| {
            (
                property.name.clone(),
                property.kind.human(value, &self.context),
            )
        });
        Value::Map(forms.collect())
    }

    /// Human forms with every digit, by name, which [`Object::from_json`] reads back unchanged.
    pub fn to_exact(&self) -> Value {
        let forms = self.iter().map(|(property, value)| {
            (
                property.name.clone(),
                property.kind.exact(value, &self.context),
            )
        });
        Value::Map(forms.collect())
    }

    /// JSON of the human forms with every digit, one item per line. Secrets are shown.
    pub fn to_json(&self) -> String {
        let mut out = Vec::new();
        let mut writer = Serializer::with_formatter(&mut out, PrettyFormatter::with_indent(b""));
        match self.to_exact().to_json().serialize(&mut writer) {
            Ok(()) => String::from_utf8_lossy(&out).into_owned(),
            // Writing JSON to memory does not fail.
            Err(_) => String::new(),
        }
    }

    /// TOML with plain numbers, keys sorted, sub-objects as tables. Secrets are shown.
    pub fn to_toml(&self) -> String {
        toml_text::document(&self.toml_map())
    }

    /// What may be shown: plain numbers, human forms of the rest, secrets as `***`.
    pub fn to_shown(&self) -> Value {
        let shown = self.iter().map(|(property, value)| {
            let form = match value {
                value if property.secret && !super::is_empty(value) => Value::from("***"),
                Value::Object(object) => object.to_shown(),
                Value::List(list) => Value::List(
                    list.iter()
                        .map(|item| match (item, &property.kind) {
                            (Value::Object(object), _) => object.to_shown(),
                            (item, Type::List(element)) => self.toml_value(element, item),
                            (item, _) => item.clone(),
                        })
                        .collect(),
                ),
                Value::Bool(_) | Value::Map(_) => value.clone(),
                value => self.toml_value(&property.kind, value),
            };
            (property.name.clone(), form)
        });
        Value::Map(shown.collect())
    }

    fn toml_map(&self) -> Map {
        self.iter()
            .map(|(p, value)| (p.name.clone(), self.toml_value(&p.kind, value)))
            .collect()
    }

    fn toml_value(&self, kind: &Type, value: &Value) -> Value {
        match (kind, value) {
            (Type::Integer | Type::IpPort | Type::Float | Type::Percent, _) => value.clone(),
            (Type::Duration, _) => value.clone(),
            (Type::List(element), Value::List(list)) => Value::List(
                list.iter()
                    .map(|item| self.toml_value(element, item))
                    .collect(),
            ),
            (_, Value::Object(object)) => Value::Map(object.toml_map()),
            _ => kind.exact(value, &self.context),
        }
    }

    /// Msgpack map of the plain values. Secrets are in it.
    pub fn to_msgpack(&self) -> Vec<u8> {
        msgpack::encode(&Value::Map(self.to_plain()))
    }
}
