//! The grey text behind the cursor: the parameters still to give, or the newest line of the
//! history that starts with what is typed.
use super::completion::callee;
use super::cursor::{Call, Cursor, Inside};
use crate::engine::{Engine, builtin};
use crate::object::complete::Place;
use crate::object::{MemberInfo, Needs, Value, help};

/// What is shown behind the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// The grey text.
    pub shown: String,
    /// The text that Right inserts; None when it is only good to know.
    pub inserted: Option<String>,
}

/// The hint at the end of the input: parameters inside a call, else `recalled`, the newest entry
/// of the history that starts with the input.
pub fn at(cursor: &Cursor, engine: &Engine, recalled: Option<&str>) -> Option<Suggestion> {
    if let (Inside::Code, Some(call)) = (cursor.inside, &cursor.call)
        && let Some(shown) = parameters(call, engine)
    {
        return Some(Suggestion {
            shown,
            inserted: None,
        });
    }
    let rest = recalled.filter(|rest| !rest.is_empty())?;
    // Of an entry with several lines the first is enough to know it again.
    let shown = match rest.split_once('\n') {
        Some((first, _)) => format!("{first} …"),
        None => rest.to_string(),
    };
    Some(Suggestion {
        shown,
        inserted: Some(rest.to_string()),
    })
}

/// `, seed=None, **data)`: what the call still takes. None when it is not known or takes nothing.
fn parameters(call: &Call, engine: &Engine) -> Option<String> {
    let (info, note) = match callee(&call.callee, engine) {
        Some((place, method)) => (place.member(method)?, money(&place, method)),
        None if !call.callee.contains('.') => (builtin::function(&call.callee)?, String::new()),
        None => return None,
    };
    let rest = remaining(info, call);
    let started = call.started;
    Some(match (rest.is_empty(), started) {
        (true, true) => format!("){note}"),
        (true, false) if call.index == 0 && call.named.is_empty() => format!("){note}"),
        (true, false) => return None,
        (false, true) => format!(", {rest}){note}"),
        (false, false) => format!("{rest}){note}"),
    })
}

/// Parameters still to give, those with a value behind the cursor's argument.
fn remaining(info: &MemberInfo, call: &Call) -> String {
    let given = call.positional + usize::from(call.started && call.keyword.is_none());
    let named: Vec<&str> = call
        .named
        .iter()
        .map(String::as_str)
        .chain(call.keyword.as_deref())
        .collect();
    help::remaining(info, given, &named)
}

/// For what moves money: on which network, when that is known without asking anybody.
fn money(place: &Place, method: &str) -> String {
    let moves = place
        .member(method)
        .is_some_and(|member| member.needs.has(Needs::MONEY));
    if !moves {
        return String::new();
    }
    let network = match place {
        Place::Object(object) => object.model_get("network_type"),
        Place::Class(_) => None,
    };
    match network {
        Some(Value::Str(network)) if network != "DEV" => format!("  on {network}"),
        _ => String::new(),
    }
}
