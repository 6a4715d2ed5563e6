//! `list`: elements of one type; duplicates stay (rule T14).
use std::sync::Arc;

use super::Type;
use crate::schema::context::Context;
use crate::schema::error::ValueError;
use crate::schema::value::Value;

/// Longest compact form on one line, in characters (spec section 2).
const ONE_LINE: usize = 30;

pub(super) fn clean(
    input: &Value,
    element: &Type,
    context: &Arc<Context>,
) -> Result<Vec<Value>, ValueError> {
    match input {
        Value::List(list) => list
            .iter()
            .map(|item| clean_element(item, element, context))
            .collect(),
        Value::Hash(a, b) => [Value::Int(*a), Value::Int(*b)]
            .iter()
            .map(|item| element.clean(item, context))
            .collect(),
        Value::String(text) if matches!(element, Type::Object(_)) && !is_empty(text) => {
            Err(refuse(input, element))
        }
        Value::String(text) if is_empty(text) => Ok(Vec::new()),
        Value::String(text) => text
            .split(',')
            .map(|piece| element.clean(&Value::from(strip(piece)), context))
            .collect(),
        _ => Err(refuse(input, element)),
    }
}

/// Converts one element of an array.
pub(crate) fn clean_element(
    item: &Value,
    element: &Type,
    context: &Arc<Context>,
) -> Result<Value, ValueError> {
    match item {
        Value::String(text) => {
            let bare = text.trim().trim_matches('\'').trim_matches('"');
            if bare.len() == text.len() {
                return element.clean(item, context);
            }
            element.clean(&Value::from(bare), context)
        }
        other => element.clean(other, context),
    }
}

fn refuse(input: &Value, element: &Type) -> ValueError {
    let kind = Type::List(Box::new(element.clone()));
    ValueError::new(kind.describe(), input, kind.accepts())
}

fn is_empty(text: &str) -> bool {
    matches!(text.trim(), "" | "[]") || text.trim().trim_matches(['[', ']']).trim().is_empty()
}

/// Takes brackets, blanks and quotes off one piece, in this order.
fn strip(piece: &str) -> &str {
    // Blanks around brackets go first, so that "[ 1, 2 ]" reads as it looks.
    let piece = piece.trim().trim_matches('[').trim_matches(']');
    piece.trim().trim_matches('\'').trim_matches('"')
}

pub(super) fn compact(list: &[Value], element: &Type, context: &Context) -> String {
    let piece = |item: &Value| match element {
        // Inside a list dates stay epoch seconds (source: vectors/schema/types.json, LD).
        Type::Date | Type::DateTime => item.text(),
        _ => element.compact(item, context),
    };
    let pieces: Vec<String> = list.iter().map(piece).collect();
    let line = pieces.join(", ");
    if line.chars().count() <= ONE_LINE {
        return line.trim_end().to_owned();
    }
    pieces.iter().map(|piece| format!("{piece},\n")).collect()
}

pub(super) fn prompt(list: &[Value], element: &Type, context: &Context) -> String {
    if list.is_empty() {
        return "[]".into();
    }
    let mut out = String::new();
    for item in list {
        let text = match element.human(item, context) {
            Value::Map(_) => item
                .as_object()
                .map(super::super::Object::print)
                .unwrap_or_default(),
            other => other.text(),
        };
        for (i, line) in text.trim_end_matches('\n').split('\n').enumerate() {
            out.push_str(if i == 0 { "- " } else { "  " });
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}
