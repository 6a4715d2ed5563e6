//! `disk.list` and `disk.mounts`: what disks the machine has. Nothing here changes one.

use crate::devnet::zos::jobs::Commands;

/// Adds them.
pub fn add(_commands: &mut Commands) {}
