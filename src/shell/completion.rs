//! What Tab offers: members in their four groups, names in scope, keyword names of the method that
//! is being called, words and file names inside strings.
//!
//! Nothing here evaluates anything, asks the network, opens the store or creates an instance.
use std::path::Path;

use super::cursor::{Call, Cursor, Inside};
use crate::engine::Engine;
use crate::object::complete::{Candidate, Group, Place};
use crate::object::{Complete, MemberKind, Param, Ty, help};

/// More than this many are not listed: nobody reads them, and the line editor counts in 16 bits.
pub const MOST: usize = 1_000;

/// What can stand at the cursor.
#[derive(Debug, Default, PartialEq)]
pub struct Offer {
    /// Byte offset in the source from which the text is replaced.
    pub start: usize,
    /// Candidates in the order of the screen.
    pub candidates: Vec<Candidate>,
}

/// The candidates at a cursor.
pub fn at(cursor: &Cursor, engine: &Engine) -> Offer {
    let mut candidates = match cursor.inside {
        Inside::Comment => Vec::new(),
        Inside::Text => in_text(cursor, engine),
        Inside::Code => in_code(cursor, engine),
    };
    candidates.truncate(MOST);
    Offer {
        start: cursor.start,
        candidates,
    }
}

fn in_code(cursor: &Cursor, engine: &Engine) -> Vec<Candidate> {
    if let Some(parent) = &cursor.parent {
        let Some(place) = engine.place(parent) else {
            return Vec::new();
        };
        return place.candidates(&cursor.prefix);
    }
    let mut out = Vec::new();
    if let Some(call) = &cursor.call {
        out.extend(arguments(call, cursor, engine));
    }
    out.extend(names(&cursor.prefix, engine));
    out
}

/// Variables and functions in scope.
fn names(prefix: &str, engine: &Engine) -> Vec<Candidate> {
    let hidden = prefix.starts_with('_');
    engine
        .names()
        .into_iter()
        .filter(|name| name.starts_with(prefix) && (hidden || !name.starts_with('_')))
        .map(|name| {
            let variable = engine.is_defined(&name);
            let function = !variable && crate::engine::builtin::function(&name).is_some();
            let info = crate::engine::builtin::function(&name).filter(|_| !variable);
            Candidate {
                group: match () {
                    () if variable => Group::Child,
                    () if function => Group::Method,
                    () => Group::Property,
                },
                insert: if function {
                    format!("{name}(")
                } else {
                    name.clone()
                },
                detail: info.map(help::signature).unwrap_or_default(),
                doc: info.map(|info| first_line(info.doc)).unwrap_or_default(),
                name,
            }
        })
        .collect()
}

/// Keyword names a call still takes, and the words a value can be.
fn arguments(call: &Call, cursor: &Cursor, engine: &Engine) -> Vec<Candidate> {
    let Some((place, method)) = callee(&call.callee, engine) else {
        return Vec::new();
    };
    let mut out = match &call.keyword {
        Some(keyword) => values(&place, method, keyword),
        None if cursor.name_may_start => {
            let named: Vec<&str> = call.named.iter().map(String::as_str).collect();
            place.keywords(method, call.positional, &named)
        }
        None => Vec::new(),
    };
    out.retain(|candidate| candidate.insert.starts_with(&cursor.prefix));
    out
}

/// Words a parameter's value can be, written out.
fn values(place: &Place, method: &str, keyword: &str) -> Vec<Candidate> {
    let written = |text: String, detail: &str| Candidate {
        group: Group::Property,
        insert: text.clone(),
        detail: detail.to_string(),
        doc: String::new(),
        name: text,
    };
    match param(place, method, keyword).map(|param| param.ty) {
        Some(Ty::Choice(words)) => words
            .iter()
            .map(|word| written(format!("'{word}'"), ""))
            .collect(),
        Some(Ty::Bool) => vec![written("True".into(), ""), written("False".into(), "")],
        _ => Vec::new(),
    }
}

/// Inside a string: words of a choice, names of instances, or files.
fn in_text(cursor: &Cursor, engine: &Engine) -> Vec<Candidate> {
    let Some(call) = &cursor.call else {
        return Vec::new();
    };
    let Some((place, method)) = callee(&call.callee, engine) else {
        return Vec::new();
    };
    let Some(info) = place.member(method) else {
        return Vec::new();
    };
    let param = match &call.keyword {
        Some(keyword) => info.params.iter().find(|param| param.name == keyword),
        None => info.params.get(call.index),
    };
    let Some(param) = param else {
        return Vec::new();
    };
    let plain = |name: String| Candidate {
        group: Group::Child,
        insert: name.clone(),
        detail: String::new(),
        doc: String::new(),
        name,
    };
    match (param.complete, param.ty) {
        (Complete::File, _) => files(&cursor.prefix),
        (Complete::Instance, _) => match &place {
            Place::Object(object) => object
                .child_names()
                .into_iter()
                .filter(|name| name.starts_with(&cursor.prefix))
                .map(plain)
                .collect(),
            Place::Class(_) => Vec::new(),
        },
        (Complete::Nothing, Ty::Choice(words)) => words
            .iter()
            .filter(|word| word.starts_with(&cursor.prefix))
            .map(|word| plain((*word).to_string()))
            .collect(),
        (Complete::Nothing, _) => Vec::new(),
    }
}

/// Files and folders that start with what was typed; folders end with `/`.
pub fn files(typed: &str) -> Vec<Candidate> {
    let (folder, prefix) = match typed.rsplit_once('/') {
        Some(("", prefix)) => ("/".to_string(), prefix),
        Some((folder, prefix)) => (folder.to_string(), prefix),
        None => (".".to_string(), typed),
    };
    let kept = typed.get(..typed.len() - prefix.len()).unwrap_or_default();
    let opened = match folder.strip_prefix('~') {
        Some(rest) => std::env::home_dir()
            .map(|home| home.join(rest.trim_start_matches('/')))
            .unwrap_or_default(),
        None => Path::new(&folder).to_path_buf(),
    };
    let Ok(entries) = std::fs::read_dir(opened) else {
        return Vec::new();
    };
    let mut out: Vec<Candidate> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let wanted = name.starts_with(prefix)
                && (prefix.starts_with('.') || !name.starts_with('.'))
                && !name.contains(['\'', '"', '\\', '\n']);
            if !wanted {
                return None;
            }
            let slash = if entry.path().is_dir() { "/" } else { "" };
            Some(Candidate {
                group: if slash.is_empty() {
                    Group::Property
                } else {
                    Group::Child
                },
                insert: format!("{kept}{name}{slash}"),
                detail: String::new(),
                doc: String::new(),
                name: format!("{name}{slash}"),
            })
        })
        .take(MOST)
        .collect();
    out.sort_by(|a, b| a.name.cmp(&b.name));
    out
}

/// The object and the method of a call; functions that are no members have no place.
pub fn callee<'c>(callee: &'c str, engine: &Engine) -> Option<(Place, &'c str)> {
    let (parent, method) = callee.rsplit_once('.')?;
    let place = engine.place(parent)?;
    let method = method.trim();
    place
        .member(method)
        .is_some_and(|member| member.kind == MemberKind::Method)
        .then_some((place, method))
}

fn param(place: &Place, method: &str, keyword: &str) -> Option<&'static Param> {
    place
        .member(method)?
        .params
        .iter()
        .find(|param| param.name == keyword)
}

fn first_line(doc: &str) -> String {
    doc.lines().next().unwrap_or_default().to_string()
}

/// A candidate as it stands in the list: name, and what it is as far as there is room. Answers
/// the text and the length of the part that is coloured.
pub fn row(candidate: &Candidate, details: bool, width: usize) -> (String, usize) {
    let name = match candidate.insert.strip_suffix('(') {
        Some(_) if candidate.detail.is_empty() => format!("{}(", candidate.name),
        Some(_) => candidate.detail.clone(),
        None => candidate.name.clone(),
    };
    if !details {
        let short = if candidate.insert.ends_with('(') {
            format!("{}(", candidate.name)
        } else {
            candidate
                .insert
                .rsplit_once('/')
                .map_or_else(|| candidate.insert.clone(), |_| candidate.name.clone())
        };
        let coloured = short.len();
        return (short, coloured);
    }
    let name = if candidate.insert.ends_with('=') {
        candidate.insert.clone()
    } else {
        name
    };
    let coloured = name.len();
    let mut text = name;
    let kind = match candidate.insert.ends_with('(') {
        true => "",
        false if candidate.detail == candidate.name => "",
        false => candidate.detail.as_str(),
    };
    for part in [kind, candidate.doc.as_str()] {
        if !part.is_empty() {
            text.push_str("  ");
            text.push_str(part);
        }
    }
    let text: String = cut(&text, width.saturating_sub(3));
    let coloured = coloured.min(text.len());
    (text, coloured)
}

/// The start of a text, at most so many columns wide, without control characters.
fn cut(text: &str, columns: usize) -> String {
    use unicode_width::UnicodeWidthChar;
    let mut out = String::new();
    let mut room = columns;
    for c in text.chars().filter(|c| !c.is_control()) {
        let width = c.width().unwrap_or(0);
        if width > room {
            out.push('…');
            break;
        }
        room -= width;
        out.push(c);
    }
    out
}
