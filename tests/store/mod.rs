//! Tests of the room `store`.
mod env;
mod speed;
mod suite;
