//! What can be wrong with an flist.
use std::path::PathBuf;

use super::backend::BackendError;
use super::chunk::ChunkError;
use super::message::MessageError;
use super::tree::TreeError;

/// The outcome of work on flists.
pub type Result<T> = std::result::Result<T, Error>;

/// Why an flist cannot be read, made or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder of this machine.
    #[error("cannot {what} {}: {source}", path.display())]
    File {
        /// What was tried: `read`, `write`, `make`.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The outer archive.
    #[error("this is no flist: {0}")]
    Archive(String),
    /// A tar archive of files.
    #[error("this archive cannot be taken: {0}")]
    Tar(String),
    /// Somebody asked to stop.
    #[error("it was stopped")]
    Stopped,
    /// The database in it.
    #[error("the database of this flist cannot be used: {0}")]
    Database(#[from] rusqlite::Error),
    /// A row that is not what it should be.
    #[error("row {key} of this flist is broken: {reason}")]
    Row {
        /// Its key.
        key: String,
        /// What is wrong.
        reason: MessageError,
    },
    /// A directory without a row.
    #[error("this flist has no directory {path}")]
    NoDirectory {
        /// Its path.
        path: String,
    },
    /// A path that is not there.
    #[error("this flist has no {path}")]
    NotFound {
        /// The path.
        path: String,
    },
    /// A tree that cannot be.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// A chunk that is not what it is called.
    #[error("chunk {id} of {path}: {reason}")]
    Chunk {
        /// The file that it belongs to.
        path: String,
        /// Its id.
        id: super::ChunkId,
        /// What is wrong with it.
        reason: ChunkError,
    },
    /// A chunk that the backend does not have.
    #[error("chunk {id} of {path} is not in {backend}")]
    Missing {
        /// The file that it belongs to.
        path: String,
        /// Its id.
        id: super::ChunkId,
        /// The backend.
        backend: String,
    },
    /// The backend itself.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// A file that changed while it was read.
    #[error("{path} changed while it was read: it had {before} bytes, then {after}")]
    Changed {
        /// The file.
        path: String,
        /// Bytes at first.
        before: u64,
        /// Bytes that were read.
        after: u64,
    },
    /// A pattern that is none.
    #[error("'{pattern}' is not a regular expression: {reason}")]
    Pattern {
        /// The text.
        pattern: String,
        /// What is wrong.
        reason: String,
    },
}

impl Error {
    pub(super) fn file(
        what: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { what, path, source }
    }
}
