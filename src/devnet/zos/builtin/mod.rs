//! Built-in commands.
//!
//! [`everywhere`] adds those that a node and a container have; what a node has beside them is in
//! the modules that need its state.
pub mod aggregator;
pub mod cgroup;
pub mod corex;
pub mod disk;
pub mod filesystem;
pub mod info;
pub mod logger;
pub mod network;
pub mod ports;
pub mod proc;
pub mod process;
pub mod settings;
pub mod web;

use std::sync::Arc;

use super::files::Files;
use super::jobs::Commands;
use super::jobs::basics::{self, Version};

/// Adds the commands that a node and its containers have, but for `ip.*` ([`network`]).
pub fn everywhere(commands: &mut Commands, version: &Version, files: &Arc<Files>) {
    basics::add(commands, version);
    filesystem::add(commands, files);
    info::add(commands, version);
    process::add(commands);
}
