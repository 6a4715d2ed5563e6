//! Tests of the room `tfchain`: the golden vectors in full, recordings, faults, properties, speed.
mod amounts;
mod atomicswaps;
mod bots;
mod conditions;
mod encodings;
pub mod explorer;
mod fulfillments;
mod keys;
mod networks;
mod properties;
mod recorded;
mod rules;
mod transactions;
mod unlockhashes;
pub mod vectors;
mod wallet;
