//! `j.clients.zos`: Zero-OS nodes, their containers, and many nodes at once.
//!
//! * [`instance`]: a node by name, with its saved properties.
//! * [`core`]: the connection of an instance, and errors in the user's words.
//! * [`targets`]: whom a call goes to: a node, a container, or many nodes side by side.
//! * [`group`], [`group_answer`]: many nodes at once, and what each answered.
//! * [`client`]: what can be asked of a node or a container.
//! * [`manager`], [`managers`]: built-in commands, made into members from the library's table.
//! * [`files`]: reading and writing files.
//! * [`response`], [`job_result`]: a job that was pushed, and what came out of it.
//! * [`rows`]: a list of dicts that also prints as a table.
//! * [`containers`], [`container`], [`limits`]: containers of a node.
//! * [`zerodbs`]: 0-DB servers in containers.
//! * [`factory`]: nodes by their id in the directory, nodes of an organization.
//! * [`disks`], [`storagepools`], [`filesystems`], [`network`], [`hypervisor`], [`capacity`],
//!   [`healthcheck`], [`view`]: the node as its user sees it.
//! * [`shell`]: a terminal on a node or in a container.
pub mod capacity;
pub mod client;
pub mod container;
pub mod containers;
pub mod core;
pub mod disks;
pub mod errors;
pub mod factory;
pub mod files;
pub mod filesystems;
pub mod group;
pub mod group_answer;
pub mod healthcheck;
pub mod hypervisor;
pub mod instance;
pub mod job_result;
pub mod limits;
pub mod manager;
pub mod managers;
pub mod network;
pub mod response;
pub mod rows;
pub mod shell;
pub mod storagepools;
pub mod targets;
pub mod view;
pub mod zerodbs;

pub use instance::{ZosInstance, collection};
