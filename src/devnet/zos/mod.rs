//! The Zero-OS node of the devnet.
#[cfg(target_os = "linux")]
pub mod container;
