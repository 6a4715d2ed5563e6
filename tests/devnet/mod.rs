//! The devnet against what was recorded from a real node, and against abuse.
mod bridge;
mod chained;
pub mod child;
pub mod client;
mod faucet;
mod faults;
mod gateway;
mod grid;
mod http;
pub mod hub;
#[cfg(target_os = "linux")]
pub mod image;
mod load;
mod mails;
mod pages;
mod recording;
mod registration;
mod replay;
mod rules;
mod verdicts;
#[cfg(target_os = "linux")]
pub mod zos_container;
#[cfg(target_os = "linux")]
pub mod zos_node;
