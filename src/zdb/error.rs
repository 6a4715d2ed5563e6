//! What can go wrong with a 0-DB.

/// The outcome of work with a 0-DB.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a 0-DB does not do what it is asked for. Every text begins with its address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No connection.
    #[error("{address}: cannot connect: {reason}")]
    Connect {
        /// Where.
        address: String,
        /// What the system says.
        reason: String,
    },
    /// The connection broke.
    #[error("{address}: the connection broke: {reason}")]
    Closed {
        /// Where.
        address: String,
        /// What the system says.
        reason: String,
    },
    /// No answer in time.
    #[error("{address}: no answer to {what} within {seconds} s")]
    NoAnswer {
        /// Where.
        address: String,
        /// The command.
        what: &'static str,
        /// How long was waited.
        seconds: u64,
    },
    /// The server refuses.
    #[error("{address}: {what} was refused: {reason}")]
    Refused {
        /// Where.
        address: String,
        /// The command.
        what: &'static str,
        /// What the server says, made fit to be shown.
        reason: String,
    },
    /// An answer that is none.
    #[error("{address}: {what} was answered with {found}, which is not understood")]
    Garbage {
        /// Where.
        address: String,
        /// The command.
        what: &'static str,
        /// What came.
        found: String,
    },
    /// The end of a scan where something had to be found.
    #[error("{address}: there is no key {key}")]
    NoKey {
        /// Where.
        address: String,
        /// The key, in hex.
        key: String,
    },
}

impl Error {
    /// Returns true when the same may work on a new connection.
    pub fn is_of_the_connection(&self) -> bool {
        matches!(self, Error::Connect { .. } | Error::Closed { .. })
    }
}

/// Text of a server on one line: without control characters, cut.
pub(super) fn line(text: &str) -> String {
    const MOST: usize = 200;
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let mut shown: String = text.chars().take(MOST).map(plain).collect();
    if text.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    shown.trim().to_owned()
}
