//! Tests of the room `schema`: golden data of the reference, properties, bad input.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]
mod dates;
mod errors;
mod limits;
mod money;
mod objects;
mod properties;
mod registry;
mod roundtrip;
mod schemas;
mod secrets;
mod types;
mod vectors;
