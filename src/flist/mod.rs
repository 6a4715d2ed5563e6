//! Flists: file trees as metadata, with their contents as encrypted chunks in a backend.
//!
//! | step | call |
//! |---|---|
//! | read | [`Flist::open`], [`Flist::list`], [`Flist::stat`], [`Flist::tree`] |
//! | make | [`Tree`] by hand, [`from_dir`], [`from_tar`], [`merge`] |
//! | write | [`write`], [`write_file`] in the format of 2019 or of 2023 |
//! | chunks | [`Chunk`], kept in a [`Backend`]: [`open_backend`], [`ChunkCache`] |
//! | use | [`check`], [`extract`], [`diff`] |
//! | from images of containers | [`image`] |
//! | hubs | [`hub::Hub`], [`hub::Direct`] |
//!
//! An flist is a gzipped tar archive of one SQLite database, whose values are Cap'n Proto messages
//! ([`message`]). Everything in a file that comes from elsewhere is distrusted: names that would
//! leave the tree, lists that would never end, chunks that are not what they are called.
//!
//! Source of formats and constants: the flist format of 2019 and its revision of 2023 (spec: flist
//! §§1–8).
mod archive;
mod backend;
mod build;
mod check;
mod chunk;
mod database;
mod diff;
mod error;
mod extract;
mod file;
mod from_tar;
pub mod hub;
pub mod image;
mod keys;
mod merge;
mod pieces;
mod read;
mod record;
mod tree;
mod unpack;
mod upload;
mod write;
mod xxtea;

pub use crate::capnp as message;
pub use archive::MAX_DATABASE;
pub use backend::{
    Address, AddressError, Backend, BackendError, CacheUse, ChunkCache, FolderBackend, HubBackend,
    MemoryBackend, ZdbBackend, open_address, open_backend, open_cached,
};
pub use build::{BuildOptions, Built, Names, from_dir};
pub use check::{CheckReport, check};
pub use chunk::{BLOCK_SIZE, Chunk, ChunkError, ChunkId, split};
pub use database::Metadata;
pub use diff::{Difference, diff};
pub use error::{Error, Result};
pub use extract::{ExtractOptions, Extracted, content, extract};
pub use file::write_file;
pub use from_tar::{TarLimits, from_tar};
pub use keys::{Format, acl_key, path_key};
pub use merge::merge;
pub use read::Flist;
pub use record::{Acl, Attributes, Block, Directory, Inode, SpecialKind};
pub use tree::{Kind, Meta, Node, Tree, TreeError, display};
pub use write::write;
