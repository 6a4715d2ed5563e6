//! Arguments of a call, bound to the declared parameters.
use super::error::{Error, Kind, Result};
use super::member::{Default, MemberInfo, MemberKind, Param, Ty};
use super::similar;
use super::value::Value;

/// The arguments of one call, one value per declared parameter, already of the declared type.
pub struct Args {
    method: &'static str,
    values: Vec<(&'static str, Value, bool)>,
    rest: Vec<(String, Value)>,
}

static NONE: Value = Value::None;

impl Args {
    /// Binds positional and keyword arguments to the parameters of a member.
    ///
    /// # Errors
    /// Too many or missing arguments, unknown or repeated keywords, values of the wrong type; the
    /// text names the method and the parameter.
    pub fn bind(
        member: &MemberInfo,
        positional: Vec<Value>,
        keywords: Vec<(String, Value)>,
    ) -> Result<Args> {
        let method = member.name;
        if member.kind != MemberKind::Method {
            return Ok(Args {
                method,
                values: Vec::new(),
                rest: Vec::new(),
            });
        }
        let named: Vec<&Param> = member
            .params
            .iter()
            .filter(|p| p.default != Default::Rest)
            .collect();
        if positional.len() > named.len() {
            return Err(too_many(method, &named, positional.len()));
        }
        let mut slots: Vec<Option<Value>> = positional.into_iter().map(Some).collect();
        slots.resize_with(named.len(), || None);
        let mut rest = Vec::new();
        for (key, value) in keywords {
            match named.iter().position(|p| p.name == key) {
                Some(at) => {
                    let slot = &mut slots[at];
                    if slot.is_some() {
                        return Err(Error::type_error(format!(
                            "{method}() got multiple values for argument '{key}'"
                        )));
                    }
                    *slot = Some(value);
                }
                None if named.len() < member.params.len() => rest.push((key, value)),
                None => return Err(unexpected_keyword(member, &key)),
            }
        }
        let mut values = Vec::with_capacity(named.len());
        let mut missing = Vec::new();
        for (param, slot) in named.iter().zip(slots) {
            match slot {
                Some(value) => {
                    let value = convert(method, param, value)?;
                    values.push((param.name, value, true));
                }
                None if param.default == Default::Required => missing.push(param.name),
                None => values.push((param.name, default_value(param.default), false)),
            }
        }
        if !missing.is_empty() {
            return Err(missing_arguments(member, &missing));
        }
        Ok(Args {
            method,
            values,
            rest,
        })
    }

    /// The name of the method that was called.
    pub fn method(&self) -> &'static str {
        self.method
    }

    /// The value of a parameter, `None` when it has none.
    pub fn get(&self, name: &str) -> &Value {
        self.values
            .iter()
            .find(|(n, _, _)| *n == name)
            .map_or(&NONE, |(_, value, _)| value)
    }

    /// True when the parameter was given by the caller, not filled from its default.
    pub fn given(&self, name: &str) -> bool {
        self.values.iter().any(|(n, _, given)| *n == name && *given)
    }

    /// The text of a parameter; empty when it is `None`.
    pub fn text(&self, name: &str) -> &str {
        self.get(name).as_str().unwrap_or_default()
    }

    /// The text of a parameter, if it is not `None`.
    pub fn opt_text(&self, name: &str) -> Option<&str> {
        self.get(name).as_str()
    }

    /// The number of a parameter, if it is not `None`.
    pub fn opt_int(&self, name: &str) -> Option<i64> {
        match self.get(name) {
            Value::Int(i) => Some(*i),
            _ => None,
        }
    }

    /// The port in a parameter, `least` to 65535, if it is not `None`.
    ///
    /// # Errors
    /// A number that is none.
    pub fn opt_port(&self, name: &str, least: u16) -> Result<Option<u16>> {
        let port = self.opt_int(name).map(|number| port(number, least));
        port.transpose().map_err(|what| self.error(name, what))
    }

    /// The truth value of a parameter; false when it is `None`.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.get(name), Value::Bool(true))
    }

    /// The keywords that are not parameters of their own (`**data`).
    pub fn rest(&self) -> &[(String, Value)] {
        &self.rest
    }

    /// An error about one argument: `new() argument 'name' …`.
    pub fn error(&self, name: &str, what: impl std::fmt::Display) -> Error {
        Error::value(format!("{}() argument '{name}' {what}", self.method))
    }
}

/// A number as a port, `least` to 65535.
///
/// # Errors
/// A text that goes on after the name of what holds it: `is 70000: expected 1 to 65535`.
pub fn port(number: i64, least: u16) -> std::result::Result<u16, String> {
    let port = u16::try_from(number).ok().filter(|port| *port >= least);
    port.ok_or_else(|| format!("is {number}: expected {least} to {}", u16::MAX))
}

fn default_value(default: Default) -> Value {
    match default {
        Default::Required | Default::None | Default::Rest => Value::None,
        Default::Bool(b) => Value::Bool(b),
        Default::Int(i) => Value::Int(i),
        Default::Float(f) => Value::Float(f),
        Default::Str(s) => Value::Str(s.into()),
    }
}

fn convert(method: &str, param: &Param, value: Value) -> Result<Value> {
    if value.is_none() && matches!(param.default, Default::None) {
        return Ok(value);
    }
    let wrong = |value: &Value| {
        Error::type_error(format!(
            "{method}() argument '{}' must be {}, not {}",
            param.name,
            param.ty.name(),
            value.type_name()
        ))
    };
    match (param.ty, value) {
        (Ty::Any(_), value) => Ok(value),
        (Ty::Bool, value @ Value::Bool(_)) => Ok(value),
        (Ty::Int, value @ Value::Int(_)) => Ok(value),
        (Ty::Float, value @ Value::Float(_)) => Ok(value),
        (Ty::Float, Value::Int(i)) => Ok(Value::Float(i as f64)),
        (Ty::Str, value @ Value::Str(_)) => Ok(value),
        (Ty::Bytes, value @ Value::Bytes(_)) => Ok(value),
        (Ty::Bytes, Value::Str(text)) => Ok(Value::Bytes(text.into_bytes())),
        (Ty::List, value @ Value::List(_)) => Ok(value),
        (Ty::Dict, value @ Value::Map(_)) => Ok(value),
        // `{}` is unit in Rhai, so a member that wants a map takes it as an empty one.
        (Ty::Dict, Value::None) => Ok(Value::Map(Default::default_map())),
        (Ty::Function, value @ Value::Function(_)) => Ok(value),
        (Ty::Choice(words), Value::Str(text)) => {
            match words.iter().find(|word| word.eq_ignore_ascii_case(&text)) {
                Some(word) => Ok(Value::Str((*word).into())),
                None => {
                    let error = Error::value(format!(
                        "{method}() argument '{}' must be one of {}, not '{text}'",
                        param.name,
                        words.join(", ")
                    ));
                    Err(similar::hinted(error, &text, words.iter().copied()))
                }
            }
        }
        (Ty::Object(class), Value::Object(object)) if object.class().name == class().name => {
            Ok(Value::Object(object))
        }
        (_, value) => Err(wrong(&value)),
    }
}

impl Default {
    fn default_map() -> indexmap::IndexMap<String, Value> {
        indexmap::IndexMap::new()
    }
}

fn too_many(method: &str, params: &[&Param], given: usize) -> Error {
    let least = params
        .iter()
        .filter(|p| p.default == Default::Required)
        .count();
    let most = params.len();
    let takes = if least == most {
        most.to_string()
    } else {
        format!("from {least} to {most}")
    };
    let s = if most == 1 { "" } else { "s" };
    let were = if given == 1 { "was" } else { "were" };
    Error::type_error(format!(
        "{method}() takes {takes} positional argument{s} but {given} {were} given"
    ))
}

fn missing_arguments(member: &MemberInfo, missing: &[&str]) -> Error {
    let names: Vec<String> = missing.iter().map(|name| format!("'{name}'")).collect();
    let list = match names.as_slice() {
        [one] => one.clone(),
        [first, second] => format!("{first} and {second}"),
        [others @ .., last] => format!("{}, and {last}", others.join(", ")),
        [] => String::new(),
    };
    let s = if missing.len() == 1 { "" } else { "s" };
    Error::type_error(format!(
        "{}() missing {} required positional argument{s}: {list}",
        member.name,
        missing.len()
    ))
    .hint(format!("signature: {}", super::help::signature(member)))
}

fn unexpected_keyword(member: &MemberInfo, key: &str) -> Error {
    let error = Error::new(
        Kind::Type,
        format!(
            "{}() got an unexpected keyword argument '{key}'",
            member.name
        ),
    );
    similar::hinted(error, key, member.params.iter().map(|p| p.name))
        .hint(format!("signature: {}", super::help::signature(member)))
}
