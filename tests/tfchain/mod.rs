//! Tests of the room `tfchain`.
