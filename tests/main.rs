//! All behaviour tests in one binary; one folder per room.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on stops; clippy allows it in test functions only"
)]

mod bcdb;
mod currencylayer;
mod devnet;
mod dialect;
mod engine;
mod flist;
mod folders;
mod grid;
mod house;
mod j;
mod object;
mod schema;
mod shell;
mod skipped;
mod store;
mod tfchain;
mod zdb;
mod zos;
