//! What can go wrong between the wallet and an explorer.
//!
//! The names ([`ExplorerError::kind`]) and sentences are those of the original client; a server's
//! own words are always [`ServerText`] and introduced as the explorer's.
use super::text::ServerText;

/// An error of a question to an explorer; every one names the endpoint that was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExplorerError {
    /// The node has nothing to say about it (an address that was never used, for example).
    #[error("{endpoint}: GET: no content available (code: 204)")]
    NoContent {
        /// The path that was asked.
        endpoint: String,
    },
    /// The node does not know the hash.
    #[error("{endpoint}: GET: no content available for specified hash (code: 400)")]
    UnknownHash {
        /// The path that was asked.
        endpoint: String,
    },
    /// The thing exists, but not the asked part of it.
    #[error("{endpoint}: {reason}")]
    NotRegistered {
        /// The path that was asked.
        endpoint: String,
        /// What is missing, in our words.
        reason: String,
    },
    /// The node answered a GET with another error status.
    #[error("{endpoint}: GET: error (code: {code}): explorer said: {text}")]
    Server {
        /// The path that was asked.
        endpoint: String,
        /// The HTTP status.
        code: u16,
        /// What the node says.
        text: ServerText,
    },
    /// The node refused what was posted.
    #[error("{endpoint}: POST: error (code: {code}): explorer said: {text}")]
    ServerPost {
        /// The path that was asked.
        endpoint: String,
        /// The HTTP status.
        code: u16,
        /// What the node says.
        text: ServerText,
        /// What was posted.
        data: String,
    },
    /// Something was posted, but its answer got lost: whether it was accepted is unknown.
    #[error("{endpoint}: POST: the answer got lost ({reason}), it may have been accepted")]
    PostUnclear {
        /// The path that was asked.
        endpoint: String,
        /// How the answer got lost.
        reason: String,
        /// What was posted.
        data: String,
    },
    /// No node could be reached.
    #[error("{endpoint}: no explorer was available")]
    NotAvailable {
        /// The path that was asked.
        endpoint: String,
        /// Each node that was tried, with the reason why it could not be reached.
        tried: Vec<Unreachable>,
    },
    /// The answer is not what was asked for, or not what it says it is.
    #[error("{endpoint}: {reason}")]
    InvalidResponse {
        /// The path that was asked.
        endpoint: String,
        /// What is wrong with the answer.
        reason: String,
    },
    /// The 3Bot is not known to the chain.
    #[error("3Bot {identifier} could not be found")]
    ThreeBotNotFound {
        /// The id, name or public key that was asked for.
        identifier: String,
    },
    /// The address of a node in the list of nodes is no HTTP address.
    #[error("explorer node '{address}' is not an http:// or https:// address")]
    NodeAddress {
        /// The address as it was given.
        address: String,
    },
}

/// A node that could not be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreachable {
    /// The address of the node.
    pub node: String,
    /// Why it could not be reached.
    pub reason: String,
}

impl ExplorerError {
    /// Returns the name of the error as users know it (spec: tfchain client §12).
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NoContent { .. } | Self::UnknownHash { .. } | Self::NotRegistered { .. } => {
                "ExplorerNoContent"
            }
            Self::Server { .. } => "ExplorerServerError",
            Self::ServerPost { .. } | Self::PostUnclear { .. } => "ExplorerServerPostError",
            Self::NotAvailable { .. } => "ExplorerNotAvailable",
            Self::InvalidResponse { .. } => "ExplorerInvalidResponse",
            Self::ThreeBotNotFound { .. } => "ThreeBotNotFound",
            Self::NodeAddress { .. } => "ValueError",
        }
    }

    /// Returns the path that was asked; None where nothing was asked.
    pub fn endpoint(&self) -> Option<&str> {
        match self {
            Self::NoContent { endpoint }
            | Self::UnknownHash { endpoint }
            | Self::NotRegistered { endpoint, .. }
            | Self::Server { endpoint, .. }
            | Self::ServerPost { endpoint, .. }
            | Self::PostUnclear { endpoint, .. }
            | Self::NotAvailable { endpoint, .. }
            | Self::InvalidResponse { endpoint, .. } => Some(endpoint),
            Self::ThreeBotNotFound { .. } | Self::NodeAddress { .. } => None,
        }
    }

    /// Returns true when the node says that there is nothing (any of the three forms).
    pub fn is_no_content(&self) -> bool {
        self.kind() == "ExplorerNoContent"
    }

    /// Returns what the server said, when the error holds its words.
    pub fn server_text(&self) -> Option<&ServerText> {
        match self {
            Self::Server { text, .. } | Self::ServerPost { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Returns the nodes that were tried in vain (empty for every other error).
    pub fn tried(&self) -> &[Unreachable] {
        match self {
            Self::NotAvailable { tried, .. } => tried,
            _ => &[],
        }
    }

    /// Names the node whose answer is of no use.
    pub(super) fn said_by(self, node: &str) -> Self {
        match self {
            Self::InvalidResponse { endpoint, reason } => Self::InvalidResponse {
                endpoint,
                reason: format!("{reason} (answered by {node})"),
            },
            other => other,
        }
    }

    pub(super) fn invalid(endpoint: &str, reason: impl Into<String>) -> Self {
        Self::InvalidResponse {
            endpoint: endpoint.to_owned(),
            reason: reason.into(),
        }
    }
}
