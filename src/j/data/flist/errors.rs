//! Errors of the library as the one error a user meets.
use crate::flist::hub::HubError;
use crate::flist::{AddressError, BackendError, Error as FlistError};
use crate::object::{Error, Kind};

impl From<FlistError> for Error {
    fn from(error: FlistError) -> Self {
        let text = error.to_string();
        match error {
            FlistError::Backend(error) => error.into(),
            FlistError::File { .. } => Error::new(Kind::Io, text),
            FlistError::NotFound { .. } | FlistError::NoDirectory { .. } => {
                Error::new(Kind::NotFound, text)
            }
            FlistError::Missing { .. } => Error::new(Kind::NotFound, text)
                .hint("name the backend that has its chunks: backend='zdb://host:9900'"),
            FlistError::Stopped => Error::new(Kind::Interrupted, "KeyboardInterrupt"),
            _ => Error::value(text),
        }
    }
}

impl From<BackendError> for Error {
    fn from(error: BackendError) -> Self {
        match error.reason.as_str() {
            super::work::STOPPED => Error::new(Kind::Interrupted, "KeyboardInterrupt"),
            _ => Error::new(Kind::Network, error.to_string()),
        }
    }
}

impl From<AddressError> for Error {
    fn from(error: AddressError) -> Self {
        Error::value(format!("{}: {error}", error.shown))
    }
}

/// An flist that could not be fetched.
pub(super) fn fetching(error: &HubError) -> Error {
    Error::new(Kind::Network, error.to_string())
}
