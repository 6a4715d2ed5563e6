//! Capacity of the grid: looking for it, reserving it, and using what one gets.
//!
//! | step | room |
//! |---|---|
//! | look for nodes and farmers | [`directory`] |
//! | say what is wanted, check it, price it, pack it | [`reservation`] |
//! | lock it for the broker, sign it, hash it | [`sealed`] |
//! | hand it to the notary | [`notary`], over [`gedis`] or REST |
//! | use what one gets | [`s3`], [`webgateway`], [`zerotier`] |
//!
//! A payment names a reservation by its hash in the notary and by nothing else (spec: capacity
//! §3.6). The server's side of every format is here too, so that an embedded grid speaks the same.
pub mod directory;
pub mod gedis;
pub mod notary;
pub mod reservation;
pub mod s3;
pub mod sealed;
mod web;
pub mod webgateway;
pub mod zerotier;

pub use web::WebError;

/// Name of the 3bot that deploys reservations.
pub const BROKER: &str = "development.broker";
/// Host of the notary.
pub const NOTARY_HOST: &str = "notary.grid.tf";
/// Port of the notary's gedis server.
pub const NOTARY_PORT: u16 = 5000;
/// Address of the notary's REST front.
pub const NOTARY_URL: &str = "https://notary.grid.tf";
/// Address of the capacity directory.
pub const DIRECTORY_URL: &str = "https://capacity.threefoldtoken.com";
