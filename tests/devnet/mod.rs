//! The devnet against what was recorded from a real node, and against abuse.
// Clippy allows these in test functions only, not in what they share.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod bridge;
mod child;
pub mod client;
mod faucet;
mod faults;
mod gateway;
mod grid;
mod http;
mod hub;
#[cfg(target_os = "linux")]
mod image;
mod load;
mod mails;
mod pages;
mod recording;
mod registration;
mod replay;
mod rules;
mod verdicts;
#[cfg(target_os = "linux")]
mod zos_container;
#[cfg(target_os = "linux")]
pub mod zos_node;
