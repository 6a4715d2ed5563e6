//! Objects: one value per property of a schema, always of the right type (spec section 5).
mod dump;
mod list;
mod load;
mod print;
mod upgrade;

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroize;

pub use self::list::ListMut;
pub use self::load::PAYLOAD_VERSION;
use super::context::Context;
use super::error::{ObjectError, ValueError};
use super::money::{Number, Numeric, NumericError};
use super::property::Property;
use super::schema::Schema;
use super::types::Type;
use super::value::{Map, Value};

/// Objects inside objects; a schema that contains itself would never end.
const MAX_DEPTH: usize = 16;

/// Data of one schema.
#[derive(Clone)]
pub struct Object {
    context: Arc<Context>,
    schema: Arc<Schema>,
    /// One value per property, in the order of the schema.
    values: Vec<Value>,
    /// Per property: was it changed since the object was stored?
    changed: Vec<bool>,
    /// Properties of a stored record that the schema does not have any more.
    extra: Map,
    id: Option<u64>,
    /// Of what was read or stored last; 0 until then.
    revision: u64,
    readonly: bool,
}

impl Object {
    /// Makes an object with the defaults of its schema.
    ///
    /// # Errors
    /// When a sub-object's schema is not registered, or a relative date does not exist.
    pub fn new(context: &Arc<Context>, schema: &Arc<Schema>) -> Result<Self, ObjectError> {
        Self::at_depth(context, schema, 0)
    }

    /// Makes an object with the defaults, then sets the given data.
    ///
    /// # Errors
    /// As [`Object::new`] and [`Object::set`]; unknown names are errors (rule O4).
    pub fn with_data(
        context: &Arc<Context>,
        schema: &Arc<Schema>,
        data: &Map,
    ) -> Result<Self, ObjectError> {
        let mut object = Self::new(context, schema)?;
        for (name, value) in data {
            object.set(name, value)?;
        }
        Ok(object)
    }

    pub(super) fn of_url(
        context: &Arc<Context>,
        url: &str,
        depth: usize,
    ) -> Result<Self, ObjectError> {
        let schema = context.registry().get_from_url_latest(url).map_err(|_| {
            ObjectError::UnknownSchema {
                url: url.to_owned(),
            }
        })?;
        Self::at_depth(context, &schema, depth)
    }

    fn at_depth(
        context: &Arc<Context>,
        schema: &Arc<Schema>,
        depth: usize,
    ) -> Result<Self, ObjectError> {
        if depth > MAX_DEPTH {
            return Err(ObjectError::TooDeep {
                url: schema.url.clone(),
                limit: MAX_DEPTH,
            });
        }
        let mut values = Vec::with_capacity(schema.properties.len());
        let mut changed = Vec::with_capacity(schema.properties.len());
        for property in &schema.properties {
            let value = property.default_at(context, depth)?;
            changed.push(property.default_text.is_some() && !is_empty(&value));
            values.push(value);
        }
        Ok(Self {
            context: Arc::clone(context),
            schema: Arc::clone(schema),
            values,
            changed,
            extra: Map::new(),
            id: None,
            revision: 0,
            readonly: false,
        })
    }

    /// The schema.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// The surroundings the object was made in.
    pub fn context(&self) -> &Arc<Context> {
        &self.context
    }

    /// Number of the object in its database; none until stored.
    pub fn id(&self) -> Option<u64> {
        self.id
    }

    /// Sets or removes the number; only a database does this.
    pub fn set_id(&mut self, id: Option<u64>) {
        self.id = id;
    }

    /// Revision of what a database read or stored of it last; 0 until then.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Notes that it is as stored, under a number and a revision; only a database does this.
    pub fn set_stored(&mut self, id: u64, revision: u64) {
        self.id = Some(id);
        self.revision = revision;
        self.mark_stored();
    }

    /// True if nothing can be changed.
    pub fn is_readonly(&self) -> bool {
        self.readonly
    }

    /// Forbids or allows changes, in sub-objects too (rule O5).
    pub fn set_readonly(&mut self, readonly: bool) {
        self.readonly = readonly;
        self.for_each_child(&mut |child| child.set_readonly(readonly));
    }

    /// Reads a property.
    ///
    /// # Errors
    /// When there is no property of this name.
    pub fn get(&self, name: &str) -> Result<&Value, ObjectError> {
        let nr = self.number_of(name)?;
        self.values.get(nr).ok_or_else(|| self.unknown(name))
    }

    /// Reads a property by its position in the schema.
    pub fn get_nr(&self, nr: usize) -> Option<&Value> {
        self.values.get(nr)
    }

    /// All properties with their values, in the order of the schema.
    pub fn iter(&self) -> impl Iterator<Item = (&Property, &Value)> {
        self.schema.properties.iter().zip(&self.values)
    }

    /// Converts an input and sets the property; null restores the default of the schema.
    /// An equal value is no change. If it fails, the old value stays.
    ///
    /// # Errors
    /// When the object is read-only, the name unknown or the input of the wrong form.
    pub fn set(&mut self, name: &str, input: &Value) -> Result<(), ObjectError> {
        let nr = self.writable(name)?;
        let value = match (input, self.schema.properties.get(nr)) {
            (Value::Null, Some(property)) => property.default(&self.context)?,
            (input, Some(property)) => {
                let cleaned = property.kind.clean(input, &self.context);
                cleaned.map_err(|error| value_error(property, error))?
            }
            (_, None) => return Err(self.unknown(name)),
        };
        self.put(nr, value);
        Ok(())
    }

    /// Sets several properties; on an error none of them is changed.
    ///
    /// # Errors
    /// As [`Object::set`].
    pub fn set_all(&mut self, data: &Map) -> Result<(), ObjectError> {
        let mut next = self.clone();
        for (name, value) in data {
            next.set(name, value)?;
        }
        *self = next;
        Ok(())
    }

    /// Takes over a converted value and notes the change.
    fn put(&mut self, nr: usize, value: Value) {
        let secret = self
            .schema
            .properties
            .get(nr)
            .is_some_and(|property| property.secret);
        let (Some(slot), Some(changed)) = (self.values.get_mut(nr), self.changed.get_mut(nr))
        else {
            return;
        };
        let same = *slot == value;
        // Of two equal values the older one stays; the other is wiped like an old one.
        let mut dropped = if same {
            value
        } else {
            std::mem::replace(slot, value)
        };
        *changed |= !same;
        if secret {
            wipe(&mut dropped);
        }
    }

    /// A sub-object, to read it.
    ///
    /// # Errors
    /// When there is no such property or it is no object.
    pub fn object(&self, name: &str) -> Result<&Self, ObjectError> {
        match self.get(name)? {
            Value::Object(object) => Ok(object),
            _ => Err(self.wrong_type(name, "object")),
        }
    }

    /// A sub-object, to change it; it counts as changed when it was.
    ///
    /// # Errors
    /// When there is no such property, it is no object, or this object is read-only.
    pub fn object_mut(&mut self, name: &str) -> Result<&mut Self, ObjectError> {
        let nr = self.writable(name)?;
        let wrong = self.wrong_type(name, "object");
        match self.values.get_mut(nr) {
            Some(Value::Object(object)) => Ok(object),
            _ => Err(wrong),
        }
    }

    /// A typed list, to change it.
    ///
    /// # Errors
    /// When there is no such property, it is no list, or the object is read-only (rule O5).
    pub fn list_mut(&mut self, name: &str) -> Result<ListMut<'_>, ObjectError> {
        let nr = self.writable(name)?;
        let wrong = self.wrong_type(name, "list");
        let (Some(property), Some(Value::List(items)), Some(changed)) = (
            self.schema.properties.get(nr),
            self.values.get_mut(nr),
            self.changed.get_mut(nr),
        ) else {
            return Err(wrong);
        };
        ListMut::new(property, items, changed, &self.context).ok_or(wrong)
    }

    /// Sets one entry of a dict in place (rule O6).
    ///
    /// # Errors
    /// When it is no dict, the object is read-only, or the value is no plain value.
    pub fn dict_set(&mut self, name: &str, key: &str, value: Value) -> Result<(), ObjectError> {
        let nr = self.writable(name)?;
        let wrong = self.wrong_type(name, "dict");
        let (Some(property), Some(Value::Map(map))) =
            (self.schema.properties.get(nr), self.values.get_mut(nr))
        else {
            return Err(wrong);
        };
        if !super::types::is_plain(&value) {
            let error = ValueError::new("dict", &value, property.kind.accepts());
            return Err(value_error(property, error));
        }
        if map.get(key) != Some(&value) {
            map.insert(key.to_owned(), value);
            self.mark(nr);
        }
        Ok(())
    }

    /// Removes one entry of a dict and returns it.
    ///
    /// # Errors
    /// When it is no dict or the object is read-only.
    pub fn dict_remove(&mut self, name: &str, key: &str) -> Result<Option<Value>, ObjectError> {
        let nr = self.writable(name)?;
        let wrong = self.wrong_type(name, "dict");
        let Some(Value::Map(map)) = self.values.get_mut(nr) else {
            return Err(wrong);
        };
        let removed = map.shift_remove(key);
        if removed.is_some() {
            self.mark(nr);
        }
        Ok(removed)
    }

    /// The value of a numeric property in another currency, as `price_eur` and `price_cur(code)`
    /// answer it.
    ///
    /// # Errors
    /// The outer error when it is no numeric, the inner one when the currency is unknown.
    pub fn numeric_in(
        &self,
        name: &str,
        code: &str,
    ) -> Result<Result<Number, NumericError>, ObjectError> {
        match self.get(name)? {
            Value::Numeric(numeric) => Ok(numeric.value_currency(code, &self.context.rates())),
            _ => Err(self.wrong_type(name, "numeric")),
        }
    }

    /// Splits the name of a computed property, `price_usd` or `price_eur`, into property and
    /// currency code; nothing if the schema has a property of that name or none that fits.
    pub fn computed_numeric<'a>(&self, name: &'a str) -> Option<(&'a str, &'a str)> {
        let (property, code) = name.rsplit_once('_')?;
        let numeric = matches!(self.schema.property(property)?.kind, Type::Numeric);
        let known = matches!(code, "usd" | "eur");
        (numeric && known && self.schema.property(name).is_none()).then_some((property, code))
    }

    /// True if a property was changed since the object was stored, in sub-objects too. A fresh
    /// object with a non-empty default counts as changed.
    pub fn is_changed(&self) -> bool {
        self.changed_names().next().is_some()
    }

    /// Names of the changed properties, in the order of the schema.
    pub fn changed_names(&self) -> impl Iterator<Item = &str> {
        self.iter()
            .zip(&self.changed)
            .filter_map(|((property, value), changed)| {
                let inner = match value {
                    Value::Object(object) => object.is_changed(),
                    Value::List(list) => list
                        .iter()
                        .filter_map(Value::as_object)
                        .any(Self::is_changed),
                    _ => false,
                };
                (*changed || inner).then_some(property.name.as_str())
            })
    }

    /// Notes that everything is stored.
    pub fn mark_stored(&mut self) {
        self.changed.fill(false);
        self.for_each_child(&mut Self::mark_stored);
    }

    fn for_each_child(&mut self, action: &mut dyn FnMut(&mut Self)) {
        for value in &mut self.values {
            match value {
                Value::Object(object) => action(object),
                Value::List(list) => {
                    for item in list {
                        if let Value::Object(object) = item {
                            action(object);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn mark(&mut self, nr: usize) {
        if let Some(changed) = self.changed.get_mut(nr) {
            *changed = true;
        }
    }

    fn number_of(&self, name: &str) -> Result<usize, ObjectError> {
        self.schema
            .number_of(name)
            .ok_or_else(|| self.unknown(name))
    }

    fn writable(&self, name: &str) -> Result<usize, ObjectError> {
        let nr = self.number_of(name)?;
        if self.readonly {
            let (url, property) = (self.schema.url.clone(), name.to_owned());
            return Err(ObjectError::ReadOnly { url, property });
        }
        Ok(nr)
    }

    fn unknown(&self, name: &str) -> ObjectError {
        ObjectError::UnknownProperty {
            url: self.schema.url.clone(),
            name: name.chars().take(80).collect(),
            suggestion: self.schema.suggestion(name).map(str::to_owned),
        }
    }

    fn wrong_type(&self, name: &str, expected: &'static str) -> ObjectError {
        let found = self
            .schema
            .property(name)
            .map(|p| p.kind.describe().into_owned());
        let found = found.unwrap_or_default();
        ObjectError::WrongType {
            property: name.to_owned(),
            found,
            expected,
        }
    }
}

fn value_error(property: &Property, error: ValueError) -> ObjectError {
    let error = if property.secret {
        error.redacted()
    } else {
        error
    };
    ObjectError::Value {
        property: property.name.clone(),
        error,
    }
}

/// True for values that count as "nothing there".
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) | Value::Int(0) | Value::Hash(0, 0) => true,
        Value::Float(f) => *f == 0.0,
        Value::String(text) => text.is_empty(),
        Value::Bytes(bytes) => bytes.is_empty(),
        Value::List(list) => list.is_empty(),
        Value::Map(map) => map.is_empty(),
        _ => false,
    }
}

/// Overwrites the memory of text and bytes.
fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Bytes(bytes) => bytes.zeroize(),
        Value::List(list) => list.iter_mut().for_each(wipe),
        Value::Map(map) => map.values_mut().for_each(wipe),
        _ => {}
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        for (property, value) in self.schema.properties.iter().zip(&mut self.values) {
            if property.secret {
                wipe(value);
            }
        }
    }
}

/// Two objects are equal if schema and data are.
impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.schema.md5 == other.schema.md5
            && self.values == other.values
            && self.extra == other.extra
    }
}

/// Shows what object it is, never its data.
impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Object")
            .field("url", &self.schema.url)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// The printed form, as [`Object::print`].
impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.print())
    }
}

impl From<Numeric> for Value {
    fn from(numeric: Numeric) -> Self {
        Self::Numeric(numeric)
    }
}
