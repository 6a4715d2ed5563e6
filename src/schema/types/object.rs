//! `jsobject`: a sub-object of another schema (rule O3: a map becomes an object).
use std::sync::Arc;

use super::Type;
use crate::schema::context::Context;
use crate::schema::error::{ObjectError, ValueError};
use crate::schema::object::Object;
use crate::schema::value::{Map, Value};

fn refuse(input: &Value, url: &Arc<str>, error: Option<ObjectError>) -> ValueError {
    let kind = Type::Object(Arc::clone(url));
    let hint = error.map(|error| error.to_string());
    ValueError::new(kind.describe(), input, kind.accepts()).with_hint(hint)
}

pub(super) fn clean(
    input: &Value,
    url: &Arc<str>,
    context: &Arc<Context>,
) -> Result<Value, ValueError> {
    let object = match input {
        Value::Object(object) if *object.schema().url == **url => return Ok(input.clone()),
        Value::Map(map) => Object::of_url(context, url, 1).and_then(|mut object| {
            object.set_all(map)?;
            Ok(object)
        }),
        _ => return Err(refuse(input, url, None)),
    };
    object
        .map(|object| Value::Object(Box::new(object)))
        .map_err(|e| refuse(input, url, Some(e)))
}

pub(super) fn restore(
    map: Map,
    url: &Arc<str>,
    context: &Arc<Context>,
) -> Result<Value, ValueError> {
    let object = Object::of_url(context, url, 1).and_then(|mut object| {
        object.restore_all(map)?;
        Ok(object)
    });
    object
        .map(|object| Value::Object(Box::new(object)))
        .map_err(|e| refuse(&Value::Map(Map::new()), url, Some(e)))
}
