//! `iprange`: an address with a prefix length (rule T7).
use std::net::IpAddr;

use super::is_none_text;
use crate::schema::error::ValueError;
use crate::schema::value::Value;

pub(super) const ACCEPTS: &str = "a range like 10.0.0.0/8 or fe80::/64";

pub(super) fn clean(input: &Value) -> Result<String, ValueError> {
    match input {
        Value::String(text) if is_none_text(text) => Ok(String::new()),
        Value::String(text) if is_range(text) => Ok(text.clone()),
        _ => Err(ValueError::new("iprange", input, ACCEPTS)),
    }
}

fn is_range(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else {
        return false;
    };
    let longest = match address.parse() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    length.bytes().all(|b| b.is_ascii_digit()) && length.parse::<u8>().is_ok_and(|n| n <= longest)
}
