//! `tel`: digits with an optional `+` and an extension (rule T9: dots are dropped too).
use super::is_none_text;
use crate::schema::error::ValueError;
use crate::schema::value::Value;

pub(super) const ACCEPTS: &str =
    "6 to 15 digits with an optional + in front and an extension like x12";

pub(super) fn clean(input: &Value) -> Result<String, ValueError> {
    let fail = || ValueError::new("tel", input, ACCEPTS);
    let text = match input {
        Value::String(text) => text.clone(),
        Value::Int(i) => i.to_string(),
        _ => return Err(fail()),
    };
    if is_none_text(text.trim()) {
        return Ok(String::new());
    }
    let dropped =
        |c: char| c.is_whitespace() || matches!(c, ',' | '-' | '(' | ')' | '.' | '\'' | '"');
    let number: String = text.chars().filter(|c| !dropped(*c)).collect();
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (main, extension) = match number.split_once('x') {
        Some((main, extension)) => (main, Some(extension)),
        None => (number.as_str(), None),
    };
    let main = main.strip_prefix('+').unwrap_or(main);
    if digits(main) && (6..=15).contains(&main.len()) && extension.is_none_or(digits) {
        return Ok(number);
    }
    Err(fail())
}
