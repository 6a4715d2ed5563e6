//! The capacity directory: which nodes and farmers there are, where, and with what (spec:
//! capacity §1).
//!
//! * [`Directory`]: asks one, and remembers answers for a while.
//! * [`Registrar`]: tells one about nodes and farms.
//! * [`Filter`]: which nodes are wanted.
//! * [`Node`], [`Farmer`]: what it answers; also written, byte for byte as the original does.
mod client;
mod filter;
mod json;
mod record;
mod registrar;

pub use client::{CACHE, Clock, Directory, DirectoryError, Listing};
pub use filter::{Filter, ListOrder};
pub use json::{farmer_body, farmers_body, node_body, nodes_body};
pub use record::{Farmer, Location, Node, Units};
pub use registrar::{FarmChange, Registrar};
