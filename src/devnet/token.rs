//! Secrets that a devnet makes for itself.

use super::error::{Error, Result};

/// Makes a secret of 256 random bits, as 64 hex characters.
///
/// # Errors
/// When the system gives no random numbers.
pub(super) fn new_token() -> Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|e| Error::Start {
        reason: e.to_string(),
    })?;
    Ok(hex::encode(bytes))
}
