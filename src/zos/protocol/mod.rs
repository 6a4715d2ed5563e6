//! The data that a node and its clients exchange.
//!
//! * [`keys`]: names and lifetimes of the Redis keys.
//! * [`job`]: a command to be executed, and how a job list shows it.
//! * [`result`]: what came out of a job.
//! * [`message`]: lines of output with their level, and records of streams.
//! * [`container`]: what a container is made from.
//! * [`json`]: JSON texts as a node writes them.
//! * [`secret`]: texts that are sent but never shown.
pub mod container;
pub mod job;
pub mod json;
pub mod keys;
pub mod message;
pub mod result;
pub mod secret;

pub use container::{CreateArguments, ListedArguments, ListedNic, Nic, NicConfig};
pub use job::{Dispatched, Job, ListedCommand, ListedJob};
pub use message::{Level, Message, Record, RecordRef};
pub use result::{JobResult, State};
pub use secret::Secret;

/// Port of a node's Redis.
pub const DEFAULT_PORT: u16 = 6379;
/// Bytes of one block of a file that is read or written.
pub const BLOCK: usize = 512 * 1024;
