//! Tests of the room `dialect`.
