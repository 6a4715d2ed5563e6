//! Gedis: actors on a server that are called over the Redis protocol (spec: capacity §5).
//!
//! * [`schema`]: objects of a schema on the wire: packed Cap'n Proto, JSON and MessagePack.
//! * [`call`]: a request with its header, read and written; the name of a command.
//! * [`meta`]: which actors and methods a server has, with their schemas.
//! * [`client`]: calling a server.
pub mod call;
pub mod client;
mod error;
pub mod meta;
pub mod schema;

pub use call::{Call, CommandName, Form, Header};
pub use client::{Answer, Client, Settings};
pub use error::GedisError;
pub use meta::{Api, Method, SchemaText};
pub use schema::{Field, FieldKind, Schema, Value, WireError};
