//! What a dotted expression names, without evaluating, creating or loading anything: for
//! completion and `?`.
use super::{Engine, builtin};
use crate::object::complete::Place;
use crate::object::{MemberKind, Value, help};

/// One step of a path.
struct Step {
    name: String,
    called: bool,
}

/// Splits `a.b("x").c["d"]` into its steps; None when it is anything else.
fn steps(expression: &str) -> Option<Vec<Step>> {
    let mut out: Vec<Step> = Vec::new();
    let mut rest = expression.trim();
    loop {
        let end = rest
            .find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(rest.len());
        let (name, after) = rest.split_at_checked(end)?;
        if name.is_empty() {
            return None;
        }
        out.push(Step {
            name: name.into(),
            called: false,
        });
        rest = after;
        loop {
            rest = rest.trim_start();
            match rest.chars().next() {
                None => return Some(out),
                Some('.') => {
                    rest = rest.get(1..)?.trim_start();
                    break;
                }
                Some('(') => {
                    rest = skip_brackets(rest)?;
                    out.last_mut()?.called = true;
                }
                Some('[') => {
                    let inside = rest.get(1..)?;
                    let text = inside.trim_start();
                    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
                    let name = text.get(1..)?.split(quote).next()?.to_string();
                    rest = skip_brackets(rest)?;
                    out.push(Step {
                        name,
                        called: false,
                    });
                }
                Some(_) => return None,
            }
        }
    }
}

/// The text after the bracket that the text starts with, strings skipped.
fn skip_brackets(text: &str) -> Option<&str> {
    let mut depth = 0usize;
    let mut quote: Option<char> = None;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if c == '\\' => escaped = true,
            Some(q) if c == q => quote = None,
            Some(_) => {}
            None => match c {
                '"' | '\'' => quote = Some(c),
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => {
                    depth = depth.checked_sub(1)?;
                    if depth == 0 {
                        return text.get(at + c.len_utf8()..);
                    }
                }
                _ => {}
            },
        }
    }
    None
}

fn start(engine: &Engine, step: &Step) -> Option<Place> {
    if step.called {
        return None;
    }
    Some(match engine.variable(&step.name)? {
        Value::Object(object) => Place::Object(object),
        other => Place::Class(builtin::class_of(&other)),
    })
}

/// The place of an expression.
pub fn find(engine: &Engine, expression: &str) -> Option<Place> {
    if let Some(class) = literal(expression) {
        return Some(class);
    }
    let steps = steps(expression)?;
    let (first, others) = steps.split_first()?;
    let mut place = start(engine, first)?;
    for step in others {
        let is_method = place
            .member(&step.name)
            .is_some_and(|m| m.kind == MemberKind::Method);
        // A method without its call is not a place, and what is not a method cannot be called.
        if is_method != step.called {
            return None;
        }
        place = place.step(&step.name)?;
    }
    Some(place)
}

/// A text or list written out has members too.
fn literal(expression: &str) -> Option<Place> {
    let last = expression.trim().chars().next_back()?;
    let value = match last {
        '"' | '\'' | '`' => Value::Str(String::new()),
        ']' if expression.trim().starts_with('[') => Value::List(Vec::new()),
        _ => return None,
    };
    Some(Place::Class(builtin::class_of(&value)))
}

/// Help of an expression: of the member it ends with, else of what it is.
pub fn help(engine: &Engine, expression: &str) -> Option<String> {
    let expression = expression.trim().trim_end_matches('(').trim_end();
    if expression.is_empty() {
        return Some(builtin::WELCOME.to_string());
    }
    let steps = steps(expression)?;
    if let [only] = steps.as_slice() {
        if let Some(place) = start(engine, only) {
            return Some(match engine.variable(&only.name) {
                Some(value) => super::natives::help_of(&value),
                None => described(&place),
            });
        }
        return builtin::function(&only.name).map(help::member);
    }
    let (last, parents) = steps.split_last()?;
    let (first, middle) = parents.split_first()?;
    let mut place = start(engine, first)?;
    for step in middle {
        place = place.step(&step.name)?;
    }
    if let Some(member) = place.member(&last.name) {
        let text = help::member(member);
        return Some(match (member.kind, place.step(&last.name)) {
            (MemberKind::Child, Some(child)) => described(&child),
            _ => text,
        });
    }
    if let Some(property) = place.properties().into_iter().find(|p| p.name == last.name) {
        return Some(help::model(&property));
    }
    // Only what is there: a name that would be created first has no help of its own.
    match &place {
        Place::Object(object) => object.peek_child(&last.name)?,
        Place::Class(_) => return None,
    };
    place.step(&last.name).map(|place| described(&place))
}

fn described(place: &Place) -> String {
    match place {
        Place::Object(object) => help::object(object),
        Place::Class(class) => help::class(class),
    }
}
