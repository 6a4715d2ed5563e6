//! Tests of the room `dialect`.
// Clippy allows these in `#[test]` functions only; the helpers beside them are tests as well.
#![allow(clippy::expect_used, clippy::panic)]
mod context;
mod literals;
mod paste;
mod plain;
mod positions;
mod properties;
mod refused;
mod rhai_host;
mod rules;
mod tokens;
mod transcript;
