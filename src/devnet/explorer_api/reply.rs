//! An answer of the API before it becomes HTTP.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;

use super::json::Json;
use crate::devnet::http::{self, JSON, TEXT};

/// What the node answers.
#[derive(Debug, PartialEq, Eq)]
pub enum Reply {
    /// 200 with a JSON text that ends with a line end.
    Json(String),
    /// 204 without a body.
    NoContent,
    /// A status from 400 with a message.
    Error(u16, String),
    /// 404 of a path that does not exist.
    NotFound,
    /// 405 of a path that exists; holds the methods it knows.
    MethodNotAllowed(&'static str),
    /// 200 without a body, telling the methods of a path.
    Options(&'static str),
    /// 301 to the path without its last slash.
    Redirect(String),
}

impl Reply {
    /// Returns status, body, and whether the body is JSON: what tests compare.
    pub fn parts(self) -> (u16, bool, String) {
        match self {
            Self::Json(body) => (200, true, body),
            Self::NoContent => (204, true, String::new()),
            Self::Error(status, message) => {
                let mut json = Json::default();
                json.raw(r#"{"message":"#).string(&message).raw("}");
                (status, true, json.into_body())
            }
            Self::NotFound => (404, false, "404 page not found\n".into()),
            Self::MethodNotAllowed(_) => (405, false, "Method Not Allowed\n".into()),
            Self::Options(_) => (200, false, String::new()),
            Self::Redirect(to) => (
                301,
                false,
                format!("<a href=\"{to}\">Moved Permanently</a>.\n"),
            ),
        }
    }

    /// Returns the HTTP answer.
    pub fn into_response(self) -> Response {
        let extra: Option<(HeaderName, HeaderValue)> = match &self {
            Self::MethodNotAllowed(methods) => {
                Some((header::ALLOW, HeaderValue::from_static(methods)))
            }
            Self::Options(methods) => Some((
                HeaderName::from_static("access-control-allow-methods"),
                HeaderValue::from_static(methods),
            )),
            Self::Redirect(to) => HeaderValue::from_str(to)
                .ok()
                .map(|to| (header::LOCATION, to)),
            Self::NotFound => Some((
                header::X_CONTENT_TYPE_OPTIONS,
                HeaderValue::from_static("nosniff"),
            )),
            _ => None,
        };
        let (status, json, body) = self.parts();
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = http::answer(status, if json { JSON } else { TEXT }, Body::from(body));
        if let Some((name, value)) = extra {
            response.headers_mut().insert(name, value);
        }
        response
    }
}
