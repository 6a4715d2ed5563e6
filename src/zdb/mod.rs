//! Client of 0-DB: values by keys in namespaces, over the Redis protocol.
//!
//! | step | call |
//! |---|---|
//! | connect | [`Client::new`]; the connection is made at the first command, and again after a break |
//! | values | [`Client::get`], [`Client::set`], [`Client::add`], [`Client::exists`], [`Client::delete`] |
//! | keys in the order of writing | [`Client::scan`], [`Client::cursor_of`] |
//! | namespaces | [`Client::namespaces`], [`Client::namespace_new`], [`Client::info`] |
//!
//! A plain Redis server is told from a 0-DB by what it answers to `SELECT`; there a namespace is a
//! hash of that name (spec: flist §7, capacity §10).
mod client;
mod connection;
mod error;
mod info;

pub use client::{Client, Entry, Page, Property};
pub use connection::{Endpoint, Limits, Options, Selected};
pub use error::{Error, Result};
pub use info::{Info, Mode};

/// Port of 0-DB.
pub const DEFAULT_PORT: u16 = 9900;
/// The namespace that a client has without asking for one.
pub const DEFAULT_NAMESPACE: &str = "default";
