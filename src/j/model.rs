//! Stored properties of instances: schema texts of the room `schema`, with values of the tree.
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use zeroize::Zeroizing;

use super::data::value::from_tree;
use crate::object::{Error, Kind, ModelProperty, Result, Value};
use crate::schema::{self, Context, Object, Schema};

/// The surroundings of all config objects: real clock, random bytes of the system.
fn context() -> &'static Arc<Context> {
    static CONTEXT: OnceLock<Arc<Context>> = OnceLock::new();
    CONTEXT.get_or_init(|| {
        let clock = || {
            let now = SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default();
            i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
        };
        // Only generated ids use it, which no config object has; without entropy they stay zero.
        let random = |buffer: &mut [u8]| {
            let _ = getrandom::fill(buffer);
        };
        Arc::new(Context::new(clock, random).with_zone(jiff::tz::TimeZone::system()))
    })
}

/// The schema of a class of instances.
pub struct Stored {
    schema: Arc<Schema>,
}

/// The schema of a text, parsed once.
///
/// # Errors
/// When the text is not a schema: a mistake of ours.
pub fn schema(text: &'static str) -> Result<&'static Stored> {
    static KNOWN: OnceLock<Mutex<HashMap<&'static str, &'static Stored>>> = OnceLock::new();
    let known = KNOWN.get_or_init(Default::default);
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(stored) = known.get(text) {
        return Ok(stored);
    }
    let schema = Schema::parse(text).map_err(|e| Error::new(Kind::Internal, e.to_string()))?;
    // One per class of the product, needed as long as the process lives.
    let stored: &'static Stored = Box::leak(Box::new(Stored { schema }));
    known.insert(text, stored);
    Ok(stored)
}

impl Stored {
    /// Url of the schema.
    pub fn url(&self) -> &str {
        &self.schema.url
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.schema.text
    }

    /// True when instances can be searched by the property.
    pub fn is_indexed(&self, name: &str) -> bool {
        self.indexed().iter().any(|n| n == name)
    }

    /// Names of the properties instances can be searched by.
    pub fn indexed(&self) -> Vec<String> {
        let marked = self
            .schema
            .properties
            .iter()
            .filter(|p| p.index || p.index_key || p.unique);
        marked.map(|p| p.name.clone()).collect()
    }

    /// The properties for completion and help.
    pub fn model(&self) -> Vec<ModelProperty> {
        let properties = self.schema.properties.iter().map(|p| ModelProperty {
            name: p.name.clone(),
            type_name: p.kind.describe().into_owned(),
            default: p.default_text.clone().unwrap_or_default(),
            comment: p.comment.clone(),
            accepts: String::new(),
            secret: p.secret,
        });
        properties.collect()
    }

    /// Data with the defaults.
    ///
    /// # Errors
    /// When a default cannot be made.
    pub fn fresh(&self) -> Result<Data> {
        Ok(Data(Object::new(context(), &self.schema)?))
    }

    /// Data from what was stored.
    ///
    /// # Errors
    /// When the bytes do not fit the schema.
    pub fn from_bytes(&self, bytes: &[u8]) -> Result<Data> {
        Ok(Data(Object::from_payload(context(), &self.schema, bytes)?))
    }

    /// The properties in a TOML text.
    ///
    /// # Errors
    /// When the text is no TOML, or does not fit the schema.
    pub fn from_toml(&self, text: &str) -> Result<Vec<(String, Value)>> {
        let object = Object::from_toml(context(), &self.schema, text)?;
        Ok(object
            .iter()
            .map(|(p, v)| (p.name.clone(), to_tree(v)))
            .collect())
    }
}

/// The stored properties of one instance.
pub struct Data(Object);

impl Data {
    /// The value of a property.
    pub fn get(&self, name: &str) -> Option<Value> {
        self.0.get(name).ok().map(to_tree)
    }

    /// Sets a property; answers whether anything changed.
    ///
    /// # Errors
    /// A value the type does not take; the old one stays.
    pub fn set(&mut self, name: &str, value: &Value) -> Result<bool> {
        let before = self.0.get(name)?.clone();
        self.0.set(name, &from_tree(value)?)?;
        Ok(*self.0.get(name)? != before)
    }

    /// What is stored.
    ///
    /// # Errors
    /// None at present.
    pub fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>> {
        Ok(Zeroizing::new(self.0.to_payload()))
    }

    /// All data as TOML.
    ///
    /// # Errors
    /// None at present.
    pub fn to_toml(&self) -> Result<String> {
        Ok(self.0.to_toml())
    }

    /// Name and value of each property; secrets that are set as `***`.
    pub fn shown(&self) -> Vec<(String, Value)> {
        let value = |property: &schema::Property, value: &schema::Value| {
            if property.secret && !property.kind.human(value, context()).text().is_empty() {
                return Value::Str("***".to_string());
            }
            to_tree(value)
        };
        self.0
            .iter()
            .map(|(p, v)| (p.name.clone(), value(p, v)))
            .collect()
    }

    /// Name and human form of each property; secrets that are set as `***`.
    pub fn printed(&self) -> Vec<(String, String)> {
        let human = |property: &schema::Property, value: &schema::Value| {
            let text = property.kind.human(value, context()).text();
            if property.secret && !text.is_empty() {
                "***".to_string()
            } else {
                text
            }
        };
        self.0
            .iter()
            .map(|(p, v)| (p.name.clone(), human(p, v)))
            .collect()
    }
}

/// A value of the schema room as the tree sees it.
pub fn to_tree(value: &schema::Value) -> Value {
    use schema::Value as S;
    match value {
        S::Null => Value::None,
        S::Bool(b) => Value::Bool(*b),
        S::Int(i) => Value::Int(*i),
        S::Float(f) => Value::Float(*f),
        S::String(s) => Value::Str(s.clone()),
        S::Bytes(b) => Value::Bytes(b.clone()),
        S::List(list) => list.iter().map(to_tree).collect(),
        S::Map(map) => Value::Map(map.iter().map(|(k, v)| (k.clone(), to_tree(v))).collect()),
        other => Value::Str(other.text()),
    }
}
