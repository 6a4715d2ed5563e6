//! Errors of databases.
use crate::schema::{ObjectError, RegistryError, ValueError};

/// An error of what a database was given: its keeper, a trigger, a sealer.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why a database refused.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The storage failed.
    #[error("{0}")]
    Keeper(BoxError),
    /// A trigger refused, or failed.
    #[error("{0}")]
    Trigger(BoxError),
    /// An object that does not fit.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// A schema that does not fit.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// A condition whose value does not fit the property.
    #[error("{property}: {error}")]
    Value {
        /// Name of the property.
        property: String,
        /// What does not fit.
        error: ValueError,
    },
    /// A condition that cannot be asked.
    #[error("{property}: {reason}")]
    Condition {
        /// Name of the property.
        property: String,
        /// Why not, and what can be asked.
        reason: String,
    },
    /// The database has no model of this url.
    #[error("the database has no model '{url}'")]
    NoModel {
        /// Url that was asked for.
        url: String,
    },
    /// The database has no schema of this number.
    #[error("the database has no schema number {sid}")]
    NoSid {
        /// Number that was asked for.
        sid: u32,
    },
    /// There is no object of this number.
    #[error("'{url}' has no object {id}")]
    NotFound {
        /// Url of the model.
        url: String,
        /// Number that was asked for.
        id: u64,
    },
    /// The object was never stored.
    #[error("an object of '{url}' that is not stored has no number: save it first")]
    NotStored {
        /// Url of the model.
        url: String,
    },
    /// Another object has the same value of a unique property.
    #[error("{property} must be unique: object {other} of '{url}' has {value} already")]
    NotUnique {
        /// Url of the model.
        url: String,
        /// Name of the property.
        property: String,
        /// The value.
        value: String,
        /// Number of the other object.
        other: u64,
    },
    /// A schema makes a property unique, but stored objects have the same value.
    #[error(
        "{property} cannot become unique: objects {first} and {second} of '{url}' have the same value"
    )]
    CannotBeUnique {
        /// Url of the model.
        url: String,
        /// Name of the property.
        property: String,
        /// Number of one object.
        first: u64,
        /// Number of another one.
        second: u64,
    },
    /// The object was changed or deleted since it was read.
    #[error("object {id} of '{url}' was {} since it was read", if *deleted { "deleted" } else { "changed" })]
    Conflict {
        /// Url of the model.
        url: String,
        /// Number of the object.
        id: u64,
        /// It is gone.
        deleted: bool,
    },
    /// An object of another url.
    #[error("the object is of '{found}', the model of '{expected}'")]
    OtherModel {
        /// Url of the object.
        found: String,
        /// Url of the model.
        expected: String,
    },
    /// The model is read-only.
    #[error("the model '{url}' is read-only")]
    ReadOnly {
        /// Url of the model.
        url: String,
    },
    /// A property whose type has no order has a range index.
    #[error(
        "{property} of '{url}' is a {kind}, which has no order: write {property}* instead of {property}**"
    )]
    NoOrder {
        /// Url of the schema.
        url: String,
        /// Name of the property.
        property: String,
        /// Its type.
        kind: String,
    },
    /// An entry that cannot be read.
    #[error("object {id} of '{url}' is damaged: {reason}")]
    Damaged {
        /// Url of the model.
        url: String,
        /// Number of the object.
        id: u64,
        /// What failed.
        reason: String,
    },
    /// What the database notes of itself cannot be read.
    #[error("the catalog of the database is damaged: {0}")]
    Catalog(String),
    /// A file or folder of an export that cannot be used.
    #[error("{path}: {reason}")]
    File {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
}
