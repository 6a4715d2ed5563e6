//! `ipaddr`: an IPv4 or IPv6 address as text.
use std::net::IpAddr;

use crate::schema::error::ValueError;
use crate::schema::value::Value;

pub(super) const ACCEPTS: &str = "an address like 10.0.0.1 or fe80::1";

pub(super) fn clean(input: &Value) -> Result<String, ValueError> {
    match input {
        Value::String(text) if text.is_empty() => Ok("0.0.0.0".into()),
        Value::String(text) if text.parse::<IpAddr>().is_ok() => Ok(text.clone()),
        _ => Err(ValueError::new("ipaddr", input, ACCEPTS)),
    }
}
