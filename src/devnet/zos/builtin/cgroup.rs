//! `cgroup.*`: groups of processes with limits, as far as the machine lets us make them.

use crate::devnet::zos::jobs::Commands;

/// Adds them.
pub fn add(_commands: &mut Commands) {}
