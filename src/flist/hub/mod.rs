//! A client of flist hubs: lists, uploads, links and merges flists, and has images converted.
//!
//! | what | call |
//! |---|---|
//! | look | [`Hub::repositories`], [`Hub::list`], [`Hub::contents`], [`Hub::info`], [`Hub::facts`] |
//! | bring | [`Hub::upload`], [`Hub::docker`], [`Hub::docker_archive`], [`Hub::merge`], [`Hub::promote`] |
//! | tidy | [`Hub::link`], [`Hub::rename`], [`Hub::delete`] |
//! | fetch | [`Hub::download`], [`fetch`] |
//! | chunks | [`Direct::exists`], [`Direct::insert`] |
//!
//! Questions are asked again when a hub does not answer; what changes something is sent a second
//! time only when nothing of the first went out. The token travels by https only, or to this
//! machine, and never after a redirect.
//!
//! Source of paths, shapes and messages: the hub of June 2019 (spec: flist §§9, 13).
mod body;
mod client;
mod direct;
mod error;
mod fetch;
mod model;
mod pack;
mod transport;

pub use body::{FileBody, Progress};
pub use client::{Hub, HubOptions};
pub use direct::Direct;
pub use error::HubError;
pub use fetch::fetch;
pub use model::{
    Account, Contents, Entry, Facts, FileInfo, FlistFile, Promoted, Published, Repository, Whose,
};
pub use pack::pack_folder;
