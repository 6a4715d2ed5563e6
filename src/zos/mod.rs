//! Zero-OS: what a node and its clients say to each other.
//!
//! A node is driven through a Redis server: a client pushes a job as JSON on a list and waits for
//! a result on another. Jobs run on the node, or inside one of its containers.
//!
//! * [`protocol`]: keys, jobs, results, messages, arguments of a container; used by client and
//!   node alike. Pure: no network.
pub mod protocol;
