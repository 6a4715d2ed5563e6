//! What can go wrong with a call.
use super::schema::WireError;
use crate::tfchain::explorer::ServerText;

/// What can go wrong with a call of a gedis server.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GedisError {
    /// No connection, no answer, or something that does not speak the protocol.
    #[error("{0}")]
    Connection(crate::zos::Error),
    /// The server refused, in its own words.
    #[error("the server at {address} refuses: {says}")]
    Refused {
        /// Host and port.
        address: String,
        /// Its words, cleaned and cut.
        says: ServerText,
    },
    /// The answer is not what the call answers.
    #[error("the answer of {address} makes no sense: {reason}")]
    Answer {
        /// Host and port.
        address: String,
        /// What is wrong with it.
        reason: WireError,
    },
    /// The name of an actor or a method that is none.
    #[error("'{0}' is no name of an actor's method; write actor.method")]
    Name(String),
}
