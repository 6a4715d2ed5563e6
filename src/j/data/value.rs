//! Values of the schema library as the tree sees them, and back.
use std::sync::Arc;

use super::choice::Choice;
use super::dict::DataDict;
use super::list::TypedList;
use super::numeric::NumericValue;
use super::object::DataObject;
use super::pair::Pair;
use crate::object::dict::Dict;
use crate::object::{Error, Result, Value};
use crate::schema::{self, Context};

/// A value that belongs to no object, or that is no list, dict or sub-object.
pub fn to_tree(value: &schema::Value, context: &Arc<Context>) -> Value {
    use schema::Value as S;
    match value {
        S::Null => Value::None,
        S::Bool(b) => Value::Bool(*b),
        S::Int(i) => Value::Int(*i),
        S::Float(f) => Value::Float(*f),
        S::String(s) => Value::Str(s.clone()),
        S::Bytes(b) => Value::Bytes(b.clone()),
        S::List(list) => list.iter().map(|item| to_tree(item, context)).collect(),
        S::Map(map) => map_to_tree(map, context),
        S::Enum(choice) => Choice::value(choice.clone(), context),
        S::Numeric(numeric) => NumericValue::value(numeric.clone(), context),
        S::Hash(a, b) => Value::object(Pair(*a, *b)),
        S::Object(object) => DataObject::loose((**object).clone()).into(),
    }
}

/// A map as the tree sees it.
pub fn map_to_tree(map: &schema::Map, context: &Arc<Context>) -> Value {
    let entries = map.iter().map(|(k, v)| (k.clone(), to_tree(v, context)));
    Value::Map(entries.collect())
}

/// A value of the tree as the library takes it; of objects a copy.
///
/// # Errors
/// Objects of other classes, and functions, are no data.
pub fn from_tree(value: &Value) -> Result<schema::Value> {
    use schema::Value as S;
    Ok(match value {
        Value::None => S::Null,
        Value::Bool(b) => S::Bool(*b),
        Value::Int(i) => S::Int(*i),
        Value::Float(f) => S::Float(*f),
        Value::Str(s) => S::String(s.clone()),
        Value::Bytes(b) => S::Bytes(b.clone()),
        Value::List(list) => S::List(list.iter().map(from_tree).collect::<Result<_>>()?),
        Value::Map(map) => S::Map(map_from_tree(map)?),
        Value::Object(_) => match data_of(value) {
            Some(data) => data?,
            None => return Err(no_data(value)),
        },
        Value::Function(_) => return Err(no_data(value)),
    })
}

/// The entries of a map as the library takes them.
///
/// # Errors
/// As [`from_tree`].
pub fn map_from_tree(map: &indexmap::IndexMap<String, Value>) -> Result<schema::Map> {
    map.iter()
        .map(|(k, v)| Ok((k.clone(), from_tree(v)?)))
        .collect()
}

/// The data of an object of one of the classes that hold some.
fn data_of(value: &Value) -> Option<Result<schema::Value>> {
    use schema::Value as S;
    if let Some(numeric) = value.downcast::<NumericValue>() {
        return Some(Ok(S::Numeric(numeric.numeric().clone())));
    }
    if let Some(choice) = value.downcast::<Choice>() {
        return Some(Ok(S::Enum(choice.choice().clone())));
    }
    if let Some(list) = value.downcast::<TypedList>() {
        return Some(list.data().map(S::List));
    }
    if let Some(dict) = value.downcast::<DataDict>() {
        return Some(dict.data().map(S::Map));
    }
    if let Some(object) = value.downcast::<DataObject>() {
        return Some(object.snapshot().map(|object| S::Object(Box::new(object))));
    }
    if let Some(pair) = value.downcast::<Pair>() {
        return Some(Ok(S::Hash(pair.0, pair.1)));
    }
    let dict = value.downcast::<Dict>()?;
    Some(map_from_tree(&dict.entries()).map(S::Map))
}

fn no_data(value: &Value) -> Error {
    Error::type_error(format!(
        "a value of type '{}' cannot be stored",
        value.type_name()
    ))
}
