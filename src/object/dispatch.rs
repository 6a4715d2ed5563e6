//! Reading, calling and assigning by name, with the error texts of the shell.
//!
//! Order of a read: stored property, declared member, index by that text, instance of that name
//! (which a collection may create).
use std::sync::Arc;

use super::class::{Class, Obj};
use super::error::{Error, Kind, Result};
use super::help;
use super::member::{Member, MemberInfo, MemberKind, Ty};
use super::print::Paint;
use super::similar;
use super::value::Value;

/// A method that was read without being called; it prints its signature.
pub struct Method {
    object: Obj,
    info: &'static MemberInfo,
}

impl Method {
    /// Calls it.
    ///
    /// # Errors
    /// As the method itself.
    pub fn call(&self, positional: Vec<Value>, keywords: Vec<(String, Value)>) -> Result<Value> {
        call(&self.object, self.info.name, positional, keywords)
    }

    /// What it is.
    pub fn info(&self) -> &'static MemberInfo {
        self.info
    }
}

impl Class for Method {
    const NAME: &'static str = "method";
    const DOC: &'static str = "A method that was not called; put parentheses behind it.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[];

    fn repr(&self, _paint: Paint) -> String {
        format!("<method {}>", help::signature(self.info))
    }
    fn to_json(&self) -> serde_json::Value {
        serde_json::Value::Null
    }
}

/// Reads `object.name`.
///
/// # Errors
/// `'<class>' object has no attribute '<name>'`, or what reading it fails with.
pub fn read(object: &Obj, name: &str) -> Result<Value> {
    if let Some(value) = object.model_get(name) {
        return Ok(value);
    }
    if let Some(info) = object.member(name) {
        if info.kind == MemberKind::Method {
            return Ok(Value::object(Method {
                object: object.clone(),
                info,
            }));
        }
        if let Some(result) = object.clone().invoke(name, Vec::new(), Vec::new()) {
            return result;
        }
    }
    if let Some(result) = object.clone().index(&Value::Str(name.into())) {
        return result;
    }
    match object.clone().child(name)? {
        Some(value) => Ok(value),
        None => Err(no_attribute(object, name)),
    }
}

/// Calls `object.name(…)`.
///
/// # Errors
/// Unknown name, a property called as if it were a method, arguments that do not fit, or what the
/// method itself fails with.
pub fn call(
    object: &Obj,
    name: &str,
    positional: Vec<Value>,
    keywords: Vec<(String, Value)>,
) -> Result<Value> {
    match object.member(name) {
        Some(info) if info.kind == MemberKind::Method => object
            .clone()
            .invoke(name, positional, keywords)
            .unwrap_or_else(|| Err(no_attribute(object, name))),
        Some(info) => Err(not_callable(info)),
        None => match object.model_get(name) {
            Some(Value::Function(function)) => match keywords.first() {
                None => function(positional),
                Some((key, _)) => Err(Error::type_error(format!(
                    "{name}() got an unexpected keyword argument '{key}'"
                ))),
            },
            Some(value) => Err(Error::type_error(format!(
                "'{}' object is not callable",
                value.type_name()
            ))
            .hint(format!("{name} is a property: leave the parentheses out"))),
            None => Err(no_attribute(object, name)),
        },
    }
}

/// Assigns `object.name = value`.
///
/// # Errors
/// `can't set attribute` for computed members, an attribute error for unknown names, or what the
/// type of the property says about the value.
pub fn assign(object: &Obj, name: &str, value: Value) -> Result<()> {
    if let Some(result) = object.clone().model_set(name, &value) {
        return result;
    }
    if object.member(name).is_some() {
        return object
            .clone()
            .assign(name, value)
            .unwrap_or_else(|| Err(Error::new(Kind::Attribute, "can't set attribute")));
    }
    object
        .clone()
        .set_index(&Value::Str(name.into()), &value)
        .unwrap_or_else(|| {
            if object.child_names().iter().any(|child| child == name) {
                return Err(Error::new(Kind::Attribute, "can't set attribute"));
            }
            Err(no_attribute(object, name))
        })
}

/// Reads `object[index]`.
///
/// # Errors
/// When the class has no elements, or not that one.
pub fn index(object: &Obj, index: &Value) -> Result<Value> {
    object.clone().index(index).unwrap_or_else(|| {
        Err(Error::type_error(format!(
            "'{}' object is not subscriptable",
            object.class().name
        )))
    })
}

/// Assigns `object[index] = value`.
///
/// # Errors
/// When the class has no elements, or does not take that value.
pub fn set_index(object: &Obj, index: &Value, value: &Value) -> Result<()> {
    object.clone().set_index(index, value).unwrap_or_else(|| {
        Err(Error::type_error(format!(
            "'{}' object does not support item assignment",
            object.class().name
        )))
    })
}

fn not_callable(info: &MemberInfo) -> Error {
    let of = match info.result {
        Ty::Object(class) => class().name.to_string(),
        other => other.name(),
    };
    Error::type_error(format!("'{of}' object is not callable")).hint(format!(
        "{} is a property: leave the parentheses out",
        info.name
    ))
}

/// `'<class>' object has no attribute '<name>'`, with near names as a hint.
pub fn no_attribute(object: &Obj, name: &str) -> Error {
    let class = object.class();
    let error = Error::new(
        Kind::Attribute,
        format!("'{}' object has no attribute '{name}'", class.name),
    );
    let mut known: Vec<String> = (class.members)()
        .iter()
        .map(|m| m.name.to_string())
        .collect();
    known.extend(object.properties().into_iter().map(|p| p.name));
    known.extend(object.child_names());
    similar::hinted(error, name, known.iter().map(String::as_str))
}

/// Wraps a member as a value that can be called later.
pub fn method(object: &Obj, info: &'static MemberInfo) -> Arc<Method> {
    Arc::new(Method {
        object: object.clone(),
        info,
    })
}
