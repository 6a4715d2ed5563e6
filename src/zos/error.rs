//! What can go wrong between a client and a node.
use super::plain;
use super::protocol::State;
use super::transport::Fingerprint;

/// Result of everything a client does.
pub type Result<T> = std::result::Result<T, Error>;

/// Most characters of a node's text that are shown in an error.
const LONGEST_TEXT: usize = 600;

/// What can go wrong between a client and a node.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No connection could be made.
    #[error("cannot connect to {address}: {reason}")]
    Connect {
        /// Host and port, or path of the socket.
        address: String,
        /// Why not.
        reason: String,
    },
    /// The connection is there, but no TLS could be agreed on.
    #[error("{address} does not speak TLS: {reason}")]
    Tls {
        /// Host and port.
        address: String,
        /// Why not.
        reason: String,
    },
    /// The node's certificate is not the one that was remembered.
    #[error(
        "the certificate of {address} changed: remembered was {remembered}, now it is {presented}"
    )]
    CertificateChanged {
        /// Host and port.
        address: String,
        /// The one of the first connection.
        remembered: Fingerprint,
        /// The one of this connection.
        presented: Fingerprint,
    },
    /// The node does not take the password, or wants one.
    #[error("{address} refused the password: {reason}")]
    Password {
        /// Host and port.
        address: String,
        /// The node's text.
        reason: String,
        /// Seconds since 1970 at which the token ended, when that is why.
        expired: Option<i64>,
        /// Organizations that the token speaks for; None when the password is no token.
        organizations: Option<Vec<String>>,
    },
    /// The other side does not speak the Redis protocol.
    #[error("{address} does not speak the protocol of a node: {reason}")]
    Garbage {
        /// Host and port.
        address: String,
        /// What was wrong.
        reason: String,
    },
    /// The connection ended before the answer was whole.
    #[error("{address} closed the connection before it answered: {reason}")]
    Closed {
        /// Host and port.
        address: String,
        /// What was seen.
        reason: String,
    },
    /// No answer came in time.
    #[error("{address} did not answer {what} within {seconds} s")]
    NoAnswer {
        /// Host and port.
        address: String,
        /// To what.
        what: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// The node's Redis refused a command.
    #[error("{address} refused {what}: {reason}")]
    Refused {
        /// Host and port.
        address: String,
        /// The command.
        what: String,
        /// The node's text.
        reason: String,
    },
    /// Nobody took the job.
    #[error("the node did not take job {id} within {seconds} s")]
    NotAccepted {
        /// Id of the job.
        id: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// The node does not know the job, or does not know it any more.
    #[error("job {id} is not known to the node")]
    JobNotFound {
        /// Id of the job.
        id: String,
    },
    /// The job did not end in time; it goes on.
    #[error("job {id} did not end within {seconds} s")]
    Timeout {
        /// Id of the job.
        id: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// The command failed on the node.
    #[error("{}", failed(.command, .state, *.code, .message))]
    Failed {
        /// Name of the command.
        command: String,
        /// How it ended.
        state: State,
        /// See [`super::protocol::result::codes`].
        code: i64,
        /// The node's text.
        message: String,
    },
    /// A result of another kind than the command should have.
    #[error("{command}: the node's result is not JSON (level {level} instead of 20)")]
    NotJson {
        /// Name of the command.
        command: String,
        /// Level of the result.
        level: u16,
    },
    /// A text of the node could not be read.
    #[error("the node sent {what} that cannot be read: {reason}")]
    Unreadable {
        /// What it should be.
        what: String,
        /// Why it cannot be read.
        reason: String,
    },
    /// An argument that the command does not take; nothing was sent.
    #[error("{command}() argument '{argument}' is {value}: expected {expected}")]
    Argument {
        /// Name of the command or method.
        command: String,
        /// Name of the argument, with the place inside it.
        argument: String,
        /// What was given, cut.
        value: String,
        /// What it takes.
        expected: String,
    },
    /// The command is there on a node, not in a container.
    #[error("{command} is a command of the node: a container does not know it")]
    NodeOnly {
        /// Name of the command.
        command: String,
    },
    /// A service beside the node gave no answer that can be used. No text of it holds a secret.
    #[error("{service}: {reason}")]
    Service {
        /// Its address.
        service: String,
        /// What happened.
        reason: String,
    },
    /// The directory does not know the node.
    #[error("the directory knows no node '{id}'")]
    NoSuchNode {
        /// The id.
        id: String,
    },
    /// A local file could not be read or written.
    #[error("{what}: {reason}")]
    Local {
        /// What was done to which file.
        what: String,
        /// Why it failed.
        reason: String,
    },
}

impl Error {
    /// An argument that is not taken.
    pub fn argument(
        command: &str,
        argument: impl Into<String>,
        value: &serde_json::Value,
        expected: impl Into<String>,
    ) -> Error {
        Error::Argument {
            command: command.into(),
            argument: argument.into(),
            value: plain::line(&value.to_string(), 80),
            expected: expected.into(),
        }
    }

    /// True when the connection is not usable any more, whatever was asked.
    pub fn is_connection_lost(&self) -> bool {
        matches!(self, Error::Closed { .. })
    }

    /// The code of the result, when the command failed on the node.
    pub fn code(&self) -> Option<i64> {
        match self {
            Error::Failed { code, .. } => Some(*code),
            _ => None,
        }
    }
}

fn failed(command: &str, state: &State, code: i64, message: &str) -> String {
    let message = plain::line(message, LONGEST_TEXT);
    match (state, message.is_empty()) {
        (State::UnknownCommand, _) => format!("the node does not know the command {command}"),
        (State::Timeout, _) => format!("{command} was killed: its max_time was over"),
        (_, false) => message,
        (_, true) if code > 1000 => format!("{command} ended with exit code {}", code - 1000),
        (_, true) => format!("{command} failed: {} ({code})", state.as_str()),
    }
}
