//! Handing a transaction to the chain, and finding out what became of it.
//!
//! Nothing is sent twice: after an unclear answer the explorer is asked for the id, and the caller
//! is told which of three it is: accepted, refused, or unknown (with the id to ask for later).
use std::time::Duration;

use crate::tfchain::explorer::{Explorer, ExplorerError};
use crate::tfchain::{EncodeError, Hash, Transaction};

/// What the node says to a transaction that is confirmed or in its pool already
/// (spec: tfchain node §4.2).
const DUPLICATE: &str = "only duplicate transactions";

/// Pauses before the explorer is asked for an id (again).
const PAUSES: [Duration; 3] = [
    Duration::ZERO,
    Duration::from_millis(300),
    Duration::from_millis(700),
];

/// What became of a submitted transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Submission {
    /// The node has it, in its pool or in a block.
    Accepted {
        /// Id of the transaction.
        id: Hash,
    },
    /// No node has taken it. Nothing was spent; it can be submitted again.
    Refused {
        /// Id of the transaction.
        id: Hash,
        /// Why.
        error: ExplorerError,
    },
    /// A node may have taken it, and no node could say so. Ask for the id before anything is sent
    /// again; submitting this same transaction again is safe, making another one is not.
    Unknown {
        /// Id of the transaction.
        id: Hash,
        /// What happened.
        error: ExplorerError,
    },
}

impl Submission {
    /// Returns the id of the transaction.
    pub fn id(&self) -> Hash {
        match self {
            Self::Accepted { id } | Self::Refused { id, .. } | Self::Unknown { id, .. } => *id,
        }
    }

    /// Returns true when the chain has the transaction.
    pub fn is_accepted(&self) -> bool {
        matches!(self, Self::Accepted { .. })
    }

    /// Returns why the transaction was not accepted for sure.
    pub fn error(&self) -> Option<&ExplorerError> {
        match self {
            Self::Accepted { .. } => None,
            Self::Refused { error, .. } | Self::Unknown { error, .. } => Some(error),
        }
    }
}

/// Submits a signed transaction once.
///
/// # Errors
/// [`EncodeError`] for a transaction without a binary form; nothing is sent then.
pub async fn submit(
    explorer: &Explorer,
    transaction: &Transaction,
) -> Result<Submission, EncodeError> {
    let id = transaction.id()?;
    let error = match explorer.transaction_post(transaction).await {
        Ok(id) => return Ok(Submission::Accepted { id }),
        Err(error) => error,
    };
    Ok(match &error {
        // Nothing was sent.
        ExplorerError::NotAvailable { .. } => Submission::Refused { id, error },
        ExplorerError::ServerPost { text, .. } if text.as_str().contains(DUPLICATE) => {
            match is_known(explorer, id).await {
                true => Submission::Accepted { id },
                false => Submission::Refused { id, error },
            }
        }
        // The node has judged it. A time-out of a proxy (408) is no judgement.
        ExplorerError::ServerPost {
            code: 400..=499, ..
        } if !is_timeout(&error) => Submission::Refused { id, error },
        // It calls it by another id: its word on ours is worth nothing either.
        ExplorerError::InvalidResponse { .. } => Submission::Unknown { id, error },
        _ => match is_known(explorer, id).await {
            true => Submission::Accepted { id },
            false => Submission::Unknown { id, error },
        },
    })
}

fn is_timeout(error: &ExplorerError) -> bool {
    matches!(error, ExplorerError::ServerPost { code: 408, .. })
}

/// Returns true when the explorer knows the transaction; it is asked up to three times, as what
/// was posted may still be on its way into the pool.
async fn is_known(explorer: &Explorer, id: Hash) -> bool {
    for pause in PAUSES {
        tokio::time::sleep(pause).await;
        match explorer.transaction(id).await {
            Ok(_) => return true,
            Err(error) if error.is_no_content() => {}
            // Whether it has it cannot be found out now.
            Err(_) => return false,
        }
    }
    false
}
