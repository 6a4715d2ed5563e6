//! Tests of the room `object`.
