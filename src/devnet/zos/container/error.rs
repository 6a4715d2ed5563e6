//! Why a container call failed, with the code that the node's answer carries.

use std::fmt;

/// A refused or failed container call: the text and code of the node's result (spec: 3.2).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// Code of the result: 400, 404, 412, 500, 501, 503.
    pub code: u16,
    /// Names the value and what was expected.
    pub message: String,
}

impl Error {
    /// Returns an error with a code.
    pub fn new(code: u16, message: impl fmt::Display) -> Self {
        let message = message.to_string();
        Self { code, message }
    }

    /// Returns the usual failure, code 500.
    pub fn failed(message: impl fmt::Display) -> Self {
        Self::new(500, message)
    }

    /// Returns a mapper from any error to "what: error", code 500.
    pub fn doing<E: fmt::Display>(what: impl fmt::Display) -> impl FnOnce(E) -> Self {
        move |error| Self::failed(format!("{what}: {error}"))
    }
}

/// Result with the containers' [`Error`].
pub type Result<T> = std::result::Result<T, Error>;
