//! The notary: keeps locked reservations under their hash (spec: capacity §4).
//!
//! [`Notary`] asks one, over gedis or REST. What it answers is checked: the hash is computed here
//! too, and an object is only believed when it is what was asked for.
mod client;
mod message;

pub use client::{Notary, NotaryError};
pub use message::{
    EXISTS, FORGED, GET, HASH, NOT_FOUND, REGISTER, Register, RestAnswer, STORED, Stored,
    description, register_schema,
};
