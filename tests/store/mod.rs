//! Tests of the room `store`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // helpers of tests
mod child;
mod damage;
mod env;
mod fixture;
mod keys;
mod maintain;
mod privacy;
mod suite;
mod vault;
