//! `email`: `local@domain.tld`, lower case.
use super::{is_none_text, unquote};
use crate::schema::error::ValueError;
use crate::schema::value::Value;

pub(super) const ACCEPTS: &str = "an address like name@example.com";

pub(super) fn clean(input: &Value) -> Result<String, ValueError> {
    let text = match input {
        Value::String(text) => unquote(text),
        _ => return Err(ValueError::new("email", input, ACCEPTS)),
    };
    if is_none_text(text) {
        return Ok(String::new());
    }
    if !is_email(text) {
        return Err(ValueError::new("email", input, ACCEPTS));
    }
    Ok(text.to_ascii_lowercase())
}

fn is_email(text: &str) -> bool {
    let Some((local, host)) = text.split_once('@') else {
        return false;
    };
    let Some((domain, top)) = host.rsplit_once('.') else {
        return false;
    };
    let of = |text: &str, extra: &str| {
        !text.is_empty()
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || extra.contains(c))
    };
    of(local, "._%+-")
        && of(domain, ".-")
        && top.len() >= 2
        && top.bytes().all(|b| b.is_ascii_alphabetic())
}
