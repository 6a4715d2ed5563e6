//! Tests of the room `tfchain`.
mod explorer;
mod wallet;
