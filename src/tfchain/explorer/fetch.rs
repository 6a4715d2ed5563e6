//! The seam between the explorer client and the network.
//!
//! [`Fetch`] is "get endpoint" and "post endpoint", nothing more, so that recorded exchanges can
//! be replayed and faults injected without a socket (spec: tfchain client §13).
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::error::Unreachable;

/// An HTTP answer of a node, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The whole body.
    pub body: Vec<u8>,
    /// The address of the node that answered, where there are several.
    pub node: Option<Arc<str>>,
}

/// Why there is no (whole) answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetchError {
    /// No node could be reached; nothing was sent to any of them that could have an effect.
    NotAvailable(Vec<Unreachable>),
    /// A node began to answer, but the answer is cut off, endless or too large.
    Broken {
        /// What is wrong with it.
        reason: String,
    },
    /// A POST was sent, but whether the node took it is unknown (the answer did not come).
    Unclear {
        /// What happened.
        reason: String,
    },
}

impl FetchError {
    /// The reason in words, with the nodes that were tried.
    pub fn into_reason(self) -> String {
        match self {
            Self::NotAvailable(tried) => {
                let tried = tried
                    .iter()
                    .map(|one| format!("{}: {}", one.node, one.reason));
                tried.collect::<Vec<_>>().join("; ")
            }
            Self::Broken { reason } | Self::Unclear { reason } => reason,
        }
    }
}

/// The answer to come of a [`Fetch`].
pub type FetchFuture<'a> = Pin<Box<dyn Future<Output = Result<Answer, FetchError>> + Send + 'a>>;

/// Gets and posts endpoints of some explorer node.
pub trait Fetch: Send + Sync {
    /// Asks for an endpoint (a path that begins with `/`, and its query).
    fn get<'a>(&'a self, endpoint: &'a str) -> FetchFuture<'a>;

    /// Posts a JSON body to an endpoint.
    fn post<'a>(&'a self, endpoint: &'a str, body: &'a str) -> FetchFuture<'a>;

    /// Returns the addresses of the nodes that may be asked.
    fn addresses(&self) -> Vec<String>;

    /// Asks a node only when no other one answers: it lags, or it lied.
    fn avoid(&self, _node: &str) {}

    /// Returns a way to ask this node alone; None when there is no such node.
    fn only(&self, _node: &str) -> Option<Arc<dyn Fetch>> {
        None
    }
}
