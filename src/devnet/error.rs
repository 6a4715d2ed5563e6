//! What can go wrong when a devnet is started, controlled or removed.

use std::io;
use std::path::PathBuf;

/// A failure of the devnet itself (not of a transaction: those are answered over HTTP).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file operation failed.
    #[error("{what} {path}: {source}", path = path.display())]
    File {
        /// What was tried, for example "cannot write".
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The folder exists, holds something, and is not what it would become.
    #[error(
        "{} is not {kind} (no {marker} in it): nothing was touched, choose an empty folder",
        path.display()
    )]
    NotOurs {
        /// The folder.
        path: PathBuf,
        /// What it is not.
        kind: &'static str,
        /// The file that would tell.
        marker: &'static str,
    },
    /// A Zero-OS node would serve everybody in the network.
    #[error(
        "{addr} can be reached from other machines, and jobs run as you: give the node a password, \
         or let it listen on 127.0.0.1"
    )]
    Open {
        /// Address and port.
        addr: std::net::SocketAddr,
    },
    /// Another devnet uses the folder.
    #[error("a devnet or node already runs on {} (process {pid}): stop it first", path.display())]
    Running {
        /// The folder.
        path: PathBuf,
        /// Its process id, 0 when it has not written it yet.
        pid: u32,
    },
    /// No devnet uses the folder.
    #[error("no devnet runs on {}", path.display())]
    NotRunning {
        /// The folder.
        path: PathBuf,
    },
    /// A port could not be opened.
    #[error("cannot listen on {addr}: {source}; is another node running there?")]
    Listen {
        /// Address and port.
        addr: std::net::SocketAddr,
        /// The system's answer.
        source: io::Error,
    },
    /// The log of the chain cannot be read at all.
    #[error("{} is no chain log of this devnet: {reason}", path.display())]
    Log {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Writing to disk failed before; the node accepts nothing more.
    #[error("the chain log cannot be written any more: {reason}; restart the devnet")]
    Storage {
        /// The system's answer.
        reason: String,
    },
    /// The import file or one of its blocks is wrong.
    #[error("import of {}: {reason}", path.display())]
    Import {
        /// The file.
        path: PathBuf,
        /// The wrong value and the expected one.
        reason: String,
    },
    /// A block breaks a rule of the chain.
    #[error("block {height} is not valid: {reason}")]
    Block {
        /// Its height.
        height: u64,
        /// The broken rule.
        reason: String,
    },
    /// A running devnet did not answer as it should.
    #[error("the devnet at {addr} did not answer as expected: {reason}")]
    Control {
        /// Its address.
        addr: String,
        /// What happened.
        reason: String,
    },
    /// A running devnet does not do what it was asked for.
    #[error("the devnet refused: {reason}")]
    Refused {
        /// Why.
        reason: String,
    },
    /// A background devnet did not come up.
    #[error("the devnet did not start: {reason}")]
    Start {
        /// What its log says.
        reason: String,
    },
}

impl Error {
    /// Returns a mapper from an I/O error to [`Error::File`].
    pub(crate) fn file(
        what: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { what, path, source }
    }
}

/// Result with the devnet's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;
