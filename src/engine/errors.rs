//! Errors of rhai as the one error a user meets: words of the user's world, places in what was
//! typed.
use rhai::{EvalAltResult, ParseErrorType, Position};

use super::convert::Raised;
use crate::object::{Error, Kind, similar};

/// An error of an evaluation without its place.
pub fn unpositioned(error: EvalAltResult) -> Error {
    translate(error, &[]).0
}

/// An error of an evaluation and rhai's position of it. `known` are the names in scope, for
/// "did you mean".
pub fn translate(error: EvalAltResult, known: &[String]) -> (Error, Position) {
    use EvalAltResult as E;
    let mut error = error;
    // What happened inside a function is what the user wants to know.
    while let E::ErrorInFunctionCall(_, _, inner, _) | E::ErrorInModule(_, inner, _) = error {
        error = *inner;
    }
    let position = error.take_position();
    let translated = match error {
        E::ErrorRuntime(value, _) => match value.try_cast_result::<Raised>() {
            Ok(raised) => raised.error,
            Err(value) if value.is_unit() => Error::new(Kind::Script, "the script raised an error"),
            Err(value) => Error::new(Kind::Script, value.to_string()),
        },
        E::ErrorVariableNotFound(name, _) => undefined(&name, known),
        E::ErrorFunctionNotFound(signature, _) => no_function(&signature, known),
        E::ErrorPropertyNotFound(name, _) => {
            Error::new(Kind::Attribute, format!("object has no attribute '{name}'"))
        }
        E::ErrorDotExpr(text, _) => no_property(&text),
        E::ErrorIndexNotFound(index, _) => {
            Error::new(Kind::NotFound, format!("key not found: {index}"))
        }
        E::ErrorArrayBounds(length, index, _) => Error::new(
            Kind::NotFound,
            format!("list index {index} is out of range: the list has {length} items"),
        ),
        E::ErrorStringBounds(length, index, _) => Error::new(
            Kind::NotFound,
            format!("string index {index} is out of range: the text has {length} characters"),
        ),
        E::ErrorMismatchDataType(wanted, found, _)
        | E::ErrorMismatchOutputType(wanted, found, _) => mismatch(&wanted, &found),
        E::ErrorIndexingType(text, _) => {
            let of = text.split('[').next().unwrap_or_default().trim();
            Error::type_error(format!("'{}' object is not subscriptable", type_name(of)))
        }
        E::ErrorFor(_) => Error::type_error("this value is not iterable")
            .hint("for takes a list, a dict, a text or a range: for i in range(3) { … }"),
        E::ErrorAssignmentToConstant(name, _) => Error::new(
            Kind::Name,
            format!("cannot assign to '{name}': it is a constant"),
        ),
        E::ErrorArithmetic(text, _) => Error::value(text),
        E::ErrorStackOverflow(_) => Error::new(Kind::Script, "too many nested calls"),
        E::ErrorTerminated(..) => Error::new(Kind::Interrupted, "KeyboardInterrupt"),
        E::ErrorParsing(kind, _) => syntax(&kind),
        E::ErrorDataTooLarge(what, _) => Error::value(format!("{what} is too large")),
        other => Error::new(Kind::Script, other.to_string()),
    };
    (translated, position)
}

/// The reason of a parse error, in the words of the dialect.
pub fn syntax(kind: &ParseErrorType) -> Error {
    use ParseErrorType as P;
    let text = match kind {
        P::UnexpectedEOF => "the statement is not complete".to_string(),
        P::MissingToken(token, reason) => format!("expected '{token}' {reason}"),
        P::Reserved(word) => format!("'{word}' is a reserved word"),
        P::BadInput(error) => error.to_string(),
        other => other.to_string(),
    };
    Error::new(Kind::Syntax, text)
}

/// A value of the wrong type where rhai itself wants another one.
fn mismatch(wanted: &str, found: &str) -> Error {
    let names = (type_name(wanted), type_name(found));
    match names {
        ("str", "str") => Error::type_error("a key is a text, this is a single character")
            .hint("'x' of one letter is a character here: write \"x\", or dict[str(key)]"),
        (_, "range") => Error::type_error("a list is not cut with a range")
            .hint("list.extract(1..3) answers a part of it"),
        (wanted, found) => Error::type_error(format!("expected {wanted}, not {found}")),
    }
}

fn undefined(name: &str, known: &[String]) -> Error {
    if known.iter().any(|word| word == name) {
        return Error::type_error(format!("{name} is a function, not a value"))
            .hint(format!("call it: {name}(…)"));
    }
    let error = Error::new(Kind::Name, format!("name '{name}' is not defined"));
    // One letter is near to every other letter: no guesses there.
    if name.chars().count() < 3 {
        return error;
    }
    similar::hinted(error, name, known.iter().map(String::as_str))
}

/// `foo (i64, &str)` or a property access on a plain value.
fn no_function(signature: &str, known: &[String]) -> Error {
    let (name, types) = match signature.split_once(" (") {
        Some((name, types)) => (name, types.strip_suffix(')').unwrap_or(types)),
        None => (signature, ""),
    };
    let types: Vec<&str> = types
        .split(", ")
        .filter(|t| !t.is_empty())
        .map(type_name)
        .collect();
    let is_operator = !name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    match (is_operator, types.as_slice()) {
        (true, [one]) => Error::type_error(format!("bad operand type for unary {name}: '{one}'")),
        (true, [left, right]) if ["<", ">", "<=", ">="].contains(&name) => Error::type_error(
            format!("'{name}' not supported between instances of '{left}' and '{right}'"),
        ),
        (true, [left, right]) => Error::type_error(format!(
            "unsupported operand type(s) for {name}: '{left}' and '{right}'"
        )),
        (false, [of, _]) if name == "contains" => {
            Error::type_error(format!("argument of type '{of}' is not iterable"))
        }
        _ if known.iter().any(|k| k == name) => Error::type_error(if types.is_empty() {
            format!("{name}() needs an argument")
        } else {
            format!("{name}() does not take ({})", types.join(", "))
        }),
        _ => undefined(name, known),
    }
}

/// The error of a method call on a plain value: `'str' object has no attribute 'x'`.
pub fn no_method(signature: &str) -> Option<Error> {
    let (name, types) = signature.split_once(" (")?;
    let first = types
        .strip_suffix(')')
        .unwrap_or(types)
        .split(", ")
        .next()
        .filter(|t| !t.is_empty())?;
    Some(Error::new(
        Kind::Attribute,
        format!("'{}' object has no attribute '{name}'", type_name(first)),
    ))
}

fn no_property(text: &str) -> Error {
    // "Unknown property 'x' - a getter is not registered for type 'i64'"
    let quoted: Vec<&str> = text.split('\'').skip(1).step_by(2).collect();
    match quoted.as_slice() {
        [name, of, ..] => Error::new(
            Kind::Attribute,
            format!("'{}' object has no attribute '{name}'", type_name(of)),
        ),
        _ => Error::new(Kind::Attribute, text.to_string()),
    }
}

/// The user's word for a type of rhai.
pub fn type_name(rhai: &str) -> &str {
    match rhai.trim_start_matches("&mut ").trim_start_matches('&') {
        "i64" => "int",
        "f64" => "float",
        "string"
        | "str"
        | "ImmutableString"
        | "char"
        | "String"
        | "str | ImmutableString | String"
        | "&str | ImmutableString | String" => "str",
        "array" => "list",
        "map" => "dict",
        "blob" => "bytes",
        "()" => "None",
        "Fn" => "function",
        other if other.starts_with("core::ops::range::Range") => "range",
        other if other.ends_with("::Node") => "object",
        other => other,
    }
}
