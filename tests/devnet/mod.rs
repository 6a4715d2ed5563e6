//! The devnet against what was recorded from a real node, and against abuse.
mod child;
mod client;
mod faucet;
mod faults;
mod http;
mod load;
mod recording;
mod replay;
mod rules;
