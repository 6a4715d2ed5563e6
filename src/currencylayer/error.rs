//! Why there are no live rates.

/// Why the service gave no rates. No text of it holds the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RateError {
    /// There is no key to ask with.
    #[error("currencylayer needs an API key")]
    NoKey,
    /// The address is not one that a key may be sent to.
    #[error("'{address}' cannot be asked for rates; expected https://host/path")]
    Address {
        /// The address, shortened.
        address: String,
    },
    /// The service could not be reached, or did not answer in time.
    #[error("currencylayer is out of reach: {reason}")]
    OutOfReach {
        /// What happened.
        reason: String,
    },
    /// The service refused, in its own words.
    #[error("currencylayer refuses ({code}): {says}")]
    Refused {
        /// Its error code, or the HTTP status.
        code: i64,
        /// Its words, cleaned and cut.
        says: String,
    },
    /// The answer makes no sense.
    #[error("the answer of currencylayer makes no sense: {reason}")]
    Garbage {
        /// What is wrong with it.
        reason: String,
    },
}
