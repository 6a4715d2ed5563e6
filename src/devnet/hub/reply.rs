//! Answers of a hub: JSON as its original writes it, and refusals.
use std::borrow::Cow;
use std::io;

use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde::Serialize;
use serde_json::ser::Formatter;
use serde_json::{Serializer, json};

use super::shelf::ShelfError;
use crate::devnet::http;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// Content type of text answers.
pub const TEXT: HeaderValue = HeaderValue::from_static("text/plain");
const HTML: HeaderValue = HeaderValue::from_static("text/html");

/// Why something is not done: the status and the words of the original.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: StatusCode,
    /// What is said.
    pub message: Cow<'static, str>,
    /// More about it, which the original does not tell.
    pub reason: Option<String>,
}

impl Refusal {
    /// Most refusals of the original have the status 500.
    pub fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            message: message.into(),
            reason: None,
        }
    }

    /// The same with more about it.
    pub fn because(self, reason: impl Into<String>) -> Self {
        Self {
            reason: Some(reason.into()),
            ..self
        }
    }

    /// The same with another status.
    pub fn with(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// There is no such account.
    pub fn no_user() -> Self {
        Self::new("user not found").with(StatusCode::NOT_FOUND)
    }

    /// There is no such flist.
    pub fn no_source() -> Self {
        Self::new("source not found").with(StatusCode::NOT_FOUND)
    }

    /// The JSON answer.
    pub fn into_response(self) -> Response {
        let mut body = json!({ "status": "error", "message": self.message });
        if let (Some(reason), Some(body)) = (self.reason, body.as_object_mut()) {
            body.insert("reason".into(), reason.into());
        }
        json_with(self.status, &body)
    }
}

impl From<ShelfError> for Refusal {
    fn from(error: ShelfError) -> Self {
        let status = match &error {
            ShelfError::NoSource => StatusCode::NOT_FOUND,
            ShelfError::IsFile | ShelfError::Cycle => StatusCode::UNAUTHORIZED,
            ShelfError::Disk(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Refusal::new(error.to_string()).with(status)
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        ShelfError::Disk(error).into()
    }
}

/// JSON with a space behind every comma and colon, and nothing but ASCII in its texts.
struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        out: &mut W,
        first: bool,
    ) -> io::Result<()> {
        match first {
            true => Ok(()),
            false => out.write_all(b", "),
        }
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        out: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.begin_array_value(out, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }

    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        for c in fragment.chars() {
            match c.is_ascii() && c != '\u{7f}' {
                true => write!(out, "{c}")?,
                false => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        write!(out, "\\u{unit:04x}")?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// An answer with JSON and a newline.
pub fn json(body: &impl Serialize) -> Response {
    json_with(StatusCode::OK, body)
}

fn json_with(status: StatusCode, body: &impl Serialize) -> Response {
    let mut bytes = Vec::new();
    // Writing what we made ourselves into memory does not fail.
    let _ = body.serialize(&mut Serializer::with_formatter(&mut bytes, Spaced));
    bytes.push(b'\n');
    http::answer(status, JSON, bytes)
}

/// The answer to what was done, with what there is to tell.
pub fn success(payload: Option<serde_json::Value>) -> Response {
    match payload {
        Some(payload) => json(&json!({ "status": "success", "payload": payload })),
        None => json(&json!({ "status": "success" })),
    }
}

/// A bare page that only tells the status, as the original's server writes it.
pub fn bare(status: StatusCode, why: &'static str) -> Response {
    let title = status.canonical_reason().unwrap_or("Error");
    let code = status.as_u16();
    let page =
        format!("<!DOCTYPE html>\n<title>{code} {title}</title>\n<h1>{title}</h1>\n<p>{why}</p>\n");
    http::answer(status, HTML, page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_written_as_the_original_does() {
        let value = json!({"a": [1, "b"], "c": {"d": "ä€😀\"\n", "e": []}});
        let mut bytes = Vec::new();
        value
            .serialize(&mut Serializer::with_formatter(&mut bytes, Spaced))
            .unwrap();
        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            r#"{"a": [1, "b"], "c": {"d": "\u00e4\u20ac\ud83d\ude00\"\n", "e": []}}"#
        );
    }
}
