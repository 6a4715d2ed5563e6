//! The tree. The path a user types is the path of the file: `j.clients.tfchain` is
//! `j/clients/tfchain/`.
//!
//! This room connects declared classes to the library rooms. It never prints: questions, notes and
//! progress go through the [`world::Host`] that whoever opened the tree passed in.
//!
//! * [`builders`], [`clients`], [`data`], [`devnet`]: the branches, which [`root`] holds together.
//! * [`instances`]: named objects that are kept, and their collections; [`model`]: their stored
//!   properties.
//! * [`world`]: what the tree needs from outside; [`file`](mod@file): files that a user names.
//! * [`errors`]: errors of the library rooms as a user meets them.
pub mod builders;
pub mod clients;
pub mod data;
pub mod devnet;
pub mod errors;
pub mod file;
pub mod instances;
pub mod model;
pub mod root;
pub mod world;

use std::sync::Arc;

use crate::object::Obj;
use world::World;

/// The tree, with everything it needs from outside.
pub fn open(world: Arc<World>) -> Obj {
    root::Root::open(world)
}
