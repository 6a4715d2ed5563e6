//! The tree. The path a user types is the path of the file: `j.clients.tfchain` is
//! `j/clients/tfchain/`.
//!
//! This room connects declared classes to the library rooms. It never prints: questions, notes and
//! progress go through the [`world::Host`] that whoever opened the tree passed in.
pub mod world;
