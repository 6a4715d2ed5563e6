//! The node's Redis server: the part of Redis that clients of Zero-OS use, and no more.
//!
//! * [`request`], [`reply`]: bytes to commands and answers to bytes, see [`crate::devnet::resp`].
//! * [`keyspace`]: keys, lists, expiry, blocking reads in order of arrival.
//! * [`command`]: what each command does. * [`connection`]: one client from greeting to farewell.
pub mod command;
pub mod connection;
pub mod keyspace;

pub use crate::devnet::resp::{reply, request};
pub use keyspace::{Bytes, Keep, Keyspace};
pub use reply::Reply;
