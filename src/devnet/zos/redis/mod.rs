//! The node's Redis server: the part of Redis that clients of Zero-OS use, and no more.
//!
//! * [`request`]: bytes to commands, with limits. * [`reply`]: answers to bytes.
//! * [`keyspace`]: keys, lists, expiry, blocking reads in order of arrival.
//! * [`command`]: what each command does. * [`connection`]: one client from greeting to farewell.
pub mod command;
pub mod connection;
pub mod keyspace;
pub mod reply;
pub mod request;

pub use keyspace::{Bytes, Keyspace};
pub use reply::Reply;
