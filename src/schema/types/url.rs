//! `url`: `scheme://host...` or `host.name[:port][/path]` (rule T5).
use std::net::Ipv6Addr;

use super::{is_none_text, unquote};
use crate::schema::error::ValueError;
use crate::schema::value::Value;

pub(super) const ACCEPTS: &str = "an address like https://example.com/x or example.com:80/x";

pub(super) fn clean(input: &Value) -> Result<String, ValueError> {
    let text = match input {
        Value::String(text) => unquote(text),
        _ => return Err(ValueError::new("url", input, ACCEPTS)),
    };
    if is_none_text(text) {
        return Ok(String::new());
    }
    if is_url(text) {
        Ok(text.to_owned())
    } else {
        Err(ValueError::new("url", input, ACCEPTS))
    }
}

fn is_url(text: &str) -> bool {
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return false;
    }
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, text),
    };
    let scheme_fits = scheme.is_none_or(|scheme| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    });
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host_port = match (scheme, authority.rsplit_once('@')) {
        (Some(_), Some((_, host_port))) => host_port,
        (None, Some(_)) => return false,
        (_, None) => authority,
    };
    if let Some(rest) = host_port.strip_prefix('[') {
        let Some((address, port)) = rest.split_once(']') else {
            return false;
        };
        return scheme.is_some()
            && scheme_fits
            && address.parse::<Ipv6Addr>().is_ok()
            && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port));
    }
    let (host, port) = match host_port.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (host_port, None),
    };
    // Without a scheme only the dot tells a host from a word.
    scheme_fits
        && is_host(host)
        && port.is_none_or(is_port)
        && (scheme.is_some() || host.contains('.'))
}

fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && label
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
    };
    host.strip_suffix('.').unwrap_or(host).split('.').all(label)
}

fn is_port(port: &str) -> bool {
    port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|p| p > 0)
}
