//! Secrets that a devnet makes for itself, and knowing them again.

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

/// Compares a token in a time that does not depend on where it differs.
pub(super) fn token_matches(given: &[u8], token: &str) -> bool {
    given.len() == token.len()
        && given
            .iter()
            .zip(token.bytes())
            .fold(0u8, |acc, (a, b)| acc | (a ^ b))
            == 0
}
