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
            ObjectError::UnknownSchema { .. } => {
                out.hint("register it: j.data.schema.get_from_text(text)")
            }
            ObjectError::ReadOnly { .. } => out.hint("allow it: ._readonly = False"),
            _ => out,
        }
    }
}

impl From<SchemaError> for Error {
    fn from(error: SchemaError) -> Self {
        let mut out = Error::value(error.to_string());
        out.hints.extend(error.caret().lines().map(String::from));
        out
    }
}

impl From<RegistryError> for Error {
    fn from(error: RegistryError) -> Self {
        let text = error.to_string();
        match error {
            RegistryError::Schema(error) => error.into(),
            RegistryError::File { error, .. } => Error {
                message: text,
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
        Error::value(error.to_string())
    }
}

impl From<TypeError> for Error {
    fn from(error: TypeError) -> Self {
        Error::value(error.to_string())
    }
}

impl From<NumericError> for Error {
    fn from(error: NumericError) -> Self {
        Error::value(error.to_string())
    }
}
