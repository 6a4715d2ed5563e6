//! `ip.*`, `bridge.*` and `nft.*`.
use crate::devnet::zos::jobs::Commands;

/// Adds `ip.*`.
pub fn add_ip(_commands: &mut Commands) {}

/// Adds what nodes have beside it.
pub fn add_node(_commands: &mut Commands) {}
