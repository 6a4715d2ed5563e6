//! The server's side of the Redis protocol, shared by the node and the 0-DB server.
//!
//! * [`request`]: bytes to commands, with limits. * [`reply`]: answers to bytes.
//! * [`wire`]: bytes in and out of a connection.
pub mod reply;
pub mod request;
pub mod wire;

use std::sync::Arc;

pub use reply::{Protocol, Reply};

/// A value, shared and never changed.
pub type Bytes = Arc<[u8]>;
