//! Errors of databases as the one error a user meets.
use crate::object::{Error, Kind};
use crate::schema::db::{BoxError, DbError};
use crate::store::StoreError;

impl From<StoreError> for DbError {
    fn from(error: StoreError) -> Self {
        DbError::Keeper(Box::new(error))
    }
}

/// What a database was given answers errors of its own; they come out as they went in.
fn unpacked(error: BoxError) -> Error {
    match error.downcast::<StoreError>() {
        Ok(error) => (*error).into(),
        Err(error) => match error.downcast::<Error>() {
            Ok(error) => *error,
            Err(other) => Error::new(Kind::Store, other.to_string()),
        },
    }
}

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        let text = error.to_string();
        match error {
            DbError::Keeper(error) | DbError::Trigger(error) => unpacked(error),
            DbError::Object(error) => error.into(),
            DbError::Registry(error) => error.into(),
            DbError::NotFound { .. } => Error::new(Kind::NotFound, text),
            DbError::NoModel { .. } | DbError::NoSid { .. } => {
                Error::new(Kind::NotFound, text).hint("give its schema text: .model_get(text)")
            }
            DbError::NotUnique { .. } => {
                Error::value(text).hint("take another value, or change that object")
            }
            DbError::Conflict { deleted: false, .. } => Error::new(Kind::Conflict, text)
                .hint(".load() takes the stored version; then change and save again"),
            DbError::Conflict { .. } => Error::new(Kind::Conflict, text)
                .hint("make a new one of its data: model.new(o._ddict_hr)"),
            DbError::Damaged { .. } | DbError::Catalog(_) => Error::new(Kind::Store, text)
                .hint(".check() says what is whole; .import_() takes an export back"),
            DbError::File { .. } => Error::new(Kind::Io, text),
            DbError::ReadOnly { .. } => {
                Error::new(Kind::Attribute, text).hint("allow it: model.readonly = False")
            }
            DbError::NotStored { .. }
            | DbError::Value { .. }
            | DbError::Condition { .. }
            | DbError::CannotBeUnique { .. }
            | DbError::OtherModel { .. }
            | DbError::NoOrder { .. } => Error::value(text),
        }
    }
}
