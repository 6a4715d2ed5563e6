//! Stored data of an older text of a schema, as the newer text sees them (rule B5).
use std::sync::Arc;

use super::Object;
use super::load::data_error;
use crate::schema::context::Context;
use crate::schema::error::{ObjectError, ValueError};
use crate::schema::msgpack;
use crate::schema::schema::Schema;
use crate::schema::types::Type;
use crate::schema::value::{Map, Value};

impl Object {
    /// Reads a payload that another text of the schema wrote. A property that is new has its
    /// default; one that is gone is kept and written again; one of another type is converted. A
    /// value that cannot be converted stays beside the default, under the name with a `#`, so that
    /// nothing is lost.
    ///
    /// # Errors
    /// When the payload is no msgpack map, or a sub-object's schema is unknown.
    pub fn from_older(
        context: &Arc<Context>,
        schema: &Arc<Schema>,
        written_by: Option<&Schema>,
        payload: &[u8],
    ) -> Result<Self, ObjectError> {
        let value = msgpack::decode(payload).map_err(|error| data_error(schema, &error))?;
        let Value::Map(map) = value else {
            let reason = format!("expected a map, not a {}", value.kind());
            return Err(data_error(schema, &reason));
        };
        let mut object = Self::new(context, schema)?;
        object.take_older(map, written_by)?;
        object.mark_stored();
        Ok(object)
    }

    fn take_older(&mut self, map: Map, written_by: Option<&Schema>) -> Result<(), ObjectError> {
        let schema = Arc::clone(&self.schema);
        for (name, plain) in map {
            let Some(nr) = schema.number_of(&name) else {
                self.extra.insert(name, plain);
                continue;
            };
            let Some(property) = schema.properties.get(nr) else {
                continue;
            };
            let old = written_by.and_then(|old| old.property(&name));
            let old = old.map(|old| &old.kind);
            match converted(&property.kind, old, &plain, &self.context)? {
                Ok(Value::Null) => {}
                Ok(value) => self.put(nr, value),
                Err(_) => {
                    self.extra.insert(format!("{name}#"), plain);
                }
            }
        }
        Ok(())
    }
}

/// A plain value of an old type in a new one; null stands for the default.
fn converted(
    kind: &Type,
    old: Option<&Type>,
    plain: &Value,
    context: &Arc<Context>,
) -> Result<Result<Value, ValueError>, ObjectError> {
    match (kind, plain) {
        (Type::Object(url), Value::Map(map)) => {
            return Ok(Ok(Value::Object(Box::new(child(url, map, context)?))));
        }
        (Type::List(element), Value::List(list)) => {
            if let Type::Object(url) = &**element {
                let mut children = Vec::with_capacity(list.len());
                for item in list {
                    let empty = Map::new();
                    let map = item.as_map().unwrap_or(&empty);
                    children.push(Value::Object(Box::new(child(url, map, context)?)));
                }
                return Ok(Ok(Value::List(children)));
            }
        }
        _ => {}
    }
    let old = match old {
        Some(old) if old != kind => old,
        _ => return Ok(kind.restore(plain.clone(), context)),
    };
    let typed = match old.restore(plain.clone(), context) {
        Ok(typed) => typed,
        Err(error) => return Ok(Err(error)),
    };
    if matches!(
        (old, &typed),
        (Type::Integer, Value::Int(Type::UNSET_INT)) | (Type::IpPort, Value::Int(Type::UNSET_PORT))
    ) {
        return Ok(Ok(Value::Null));
    }
    let human = || kind.clean(&old.human(&typed, context), context);
    let is_text = matches!(kind, Type::String | Type::Multiline | Type::Path);
    let shows_differently = matches!(
        old,
        Type::Date | Type::DateTime | Type::Duration | Type::Percent | Type::Bytes | Type::Dict
    );
    Ok(match is_text && shows_differently {
        true => human(),
        false => kind.clean(&typed, context).or_else(|_| human()),
    })
}

fn child(url: &Arc<str>, map: &Map, context: &Arc<Context>) -> Result<Object, ObjectError> {
    let mut object = Object::of_url(context, url, 1)?;
    object.take_older(map.clone(), None)?;
    Ok(object)
}
