//! Errors of the schema library as the one error a user meets.
use crate::object::{Error, Kind};
use crate::schema::{NumericError, ObjectError, RegistryError, SchemaError, TypeError, ValueError};

impl From<ObjectError> for Error {
    fn from(error: ObjectError) -> Self {
        let kind = match &error {
            ObjectError::UnknownProperty { .. } | ObjectError::ReadOnly { .. } => Kind::Attribute,
            ObjectError::WrongType { .. } => Kind::Type,
            ObjectError::OutOfRange { .. }
            | ObjectError::NotInList { .. }
            | ObjectError::UnknownSchema { .. } => Kind::NotFound,
            _ => Kind::Value,
        };
        let text = error.to_string();
        let out = Error::new(kind, text);
        match error {
            ObjectError::Value { error, .. } => with_rate(out, &error),
            ObjectError::UnknownSchema { .. } => {
                out.hint("register it: j.data.schema.get_from_text(text)")
            }
            ObjectError::ReadOnly { .. } => out.hint("allow it: ._readonly = False"),
            _ => out,
        }
    }
}

/// A text of somebody's file may hold escape sequences: each control character is one sign.
fn visible(text: &str) -> String {
    let sign = |c: char| {
        if c.is_control() && c != '\t' {
            '\u{fffd}'
        } else {
            c
        }
    };
    text.chars().map(sign).collect()
}

impl From<SchemaError> for Error {
    fn from(error: SchemaError) -> Self {
        let mut out = Error::value(visible(&error.to_string()));
        out.hints.extend(error.caret().lines().map(visible));
        out
    }
}

impl From<RegistryError> for Error {
    fn from(error: RegistryError) -> Self {
        let text = error.to_string();
        match error {
            RegistryError::Schema(error) => error.into(),
            RegistryError::File { error, .. } => Error {
                message: visible(&text),
                ..error.into()
            },
            RegistryError::UnknownUrl { .. } | RegistryError::UnknownMd5 { .. } => {
                Error::new(Kind::NotFound, text)
                    .hint("register its text first: j.data.schema.get_from_text(text)")
            }
            RegistryError::Io { .. } => Error::new(Kind::Io, text),
        }
    }
}

impl From<ValueError> for Error {
    fn from(error: ValueError) -> Self {
        with_rate(Error::value(error.to_string()), &error)
    }
}

/// Says how a missing rate is set.
fn with_rate(out: Error, error: &ValueError) -> Error {
    // Only TFT can have none.
    let missing = NumericError::NoRate { code: "TFT".into() }.to_string();
    match error.hint.as_deref() == Some(missing.as_str()) {
        true => out.hint(SET_RATE),
        false => out,
    }
}

const SET_RATE: &str = "set it: j.clients.currencylayer.tft_set(0.05)";

impl From<TypeError> for Error {
    fn from(error: TypeError) -> Self {
        Error::value(error.to_string())
    }
}

impl From<NumericError> for Error {
    fn from(error: NumericError) -> Self {
        let out = Error::value(error.to_string());
        match error {
            NumericError::NoRate { .. } => out.hint(SET_RATE),
            _ => out,
        }
    }
}
