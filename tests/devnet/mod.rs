//! Tests of the room `devnet`.
