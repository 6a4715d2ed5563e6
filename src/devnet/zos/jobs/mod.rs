//! Jobs: the machinery that runs commands, the same on a node and inside a container.
//!
//! A [`Runner`] takes [`Job`](crate::zos::protocol::Job)s, runs each as a process or a built-in
//! command of its [`Commands`], and hands messages and results to its [`Outlet`]: the node's writes
//! them to keys, a container's sends them to the node.
//!
//! * [`command`]: the table of commands, calls and failures. * [`runner`]: queues, repetition, lists.
//! * [`running`]: one job while it runs: its last messages, who follows it, its result.
//! * [`process`], [`program`], [`spawner`]: real processes. * [`cutter`]: output to messages.
//! * [`basics`]: `core.ping`, `core.system`, `bash`, `core.subscribe`, `job.*`.
pub mod basics;
pub mod command;
pub mod cutter;
pub mod process;
pub mod program;
pub mod runner;
pub mod running;
pub mod spawner;

pub use command::{Call, Commands, Failure};
pub use program::Surroundings;
pub use runner::{Outlet, Runner};
pub use running::Running;
