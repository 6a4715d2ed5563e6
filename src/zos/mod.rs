//! Zero-OS: what a node and its clients say to each other, and the client.
//!
//! A node is driven through a Redis server: a client pushes a job as JSON on a list and waits for
//! a result on another. Jobs run on the node, or inside one of its containers.
//!
//! * [`protocol`]: keys, jobs, results, messages, arguments of a container; used by client and
//!   node alike. Pure: no network.
//! * [`transport`]: connections to a node: TCP, TLS with a remembered certificate, unix socket.
//! * [`client`]: a node, or a container on it: [`Client`], [`Request`].
//! * [`response`]: a job that was pushed: its result and its output.
//! * [`calls`]: the table of built-in commands with their arguments, checked before they are sent.
//! * [`container`]: making containers; commands that concern them.
//! * [`files`]: files up and down in blocks.
//! * [`words`]: a command line as a shell splits it.
//! * [`jwt`]: what can be read from a password that is a token.
//! * [`identity`], [`directory`], [`web`]: tokens for nodes of an organization, where a node of the
//!   grid is, and asking these services.
//! * [`plain`]: texts of a node without control characters.
pub mod calls;
pub mod client;
pub mod container;
pub mod directory;
pub mod error;
pub mod files;
pub mod identity;
pub mod jwt;
pub mod plain;
pub mod protocol;
pub mod response;
pub mod transport;
pub mod web;
pub mod words;

pub use client::{Client, Request};
pub use error::{Error, Result};
pub use response::Response;
pub use transport::{Endpoint, Fingerprint, Options};
