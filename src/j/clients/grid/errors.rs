//! Errors of the grid's library as the one error a user meets.
use crate::grid::directory::DirectoryError;
use crate::grid::gedis::GedisError;
use crate::grid::notary::NotaryError;
use crate::grid::reservation::ReservationError;
use crate::grid::sealed::SealError;
use crate::object::{Error, Kind};
use crate::tfchain::Hash;

impl From<ReservationError> for Error {
    fn from(error: ReservationError) -> Self {
        let told = Error::value(error.to_string());
        match error {
            ReservationError::Email(_) => told.hint("write it as name@example.org"),
            ReservationError::Choice { known, .. } => told.hint(format!("one of {known}")),
            ReservationError::Empty("size") => told.hint("the smallest size is 1"),
            ReservationError::Empty(field) => told.hint(format!("give {field}=…")),
            ReservationError::Endpoint(_) => told.hint("write it as http://10.244.1.2:8080"),
            ReservationError::Location(_) => told.hint(
                "a farmer's id or a node's: j.clients.threefold_directory.nodes() lists both",
            ),
            _ => told,
        }
    }
}

impl From<DirectoryError> for Error {
    fn from(error: DirectoryError) -> Self {
        let kind = match &error {
            DirectoryError::NotFound { .. } => Kind::NotFound,
            DirectoryError::Refused { .. } => Kind::Refused,
            DirectoryError::OutOfReach(_) | DirectoryError::Answer(_) => Kind::Network,
        };
        let told = Error::new(kind, error.to_string());
        match error {
            DirectoryError::OutOfReach(_) => told.hint(
                "another directory: j.clients.threefold_directory.new('main', base_uri='https://…')",
            ),
            _ => told,
        }
    }
}

impl From<GedisError> for Error {
    fn from(error: GedisError) -> Self {
        let kind = match &error {
            GedisError::Refused { .. } => Kind::Refused,
            GedisError::Name(_) => Kind::Value,
            GedisError::Connection(_) | GedisError::Answer { .. } => Kind::Network,
        };
        Error::new(kind, error.to_string())
    }
}

impl From<NotaryError> for Error {
    fn from(error: NotaryError) -> Self {
        let kind = match &error {
            NotaryError::Refused(_)
            | NotaryError::OtherHash { .. }
            | NotaryError::OtherContent(_) => Kind::Refused,
            NotaryError::NotFound(_) => Kind::NotFound,
            _ => Kind::Network,
        };
        Error::new(kind, error.to_string())
    }
}

impl From<SealError> for Error {
    fn from(error: SealError) -> Self {
        Error::value(error.to_string())
    }
}

/// What to do about a reservation that is not paid.
pub fn pay_hint(wallet: &str, hash: Hash) -> String {
    format!(
        "it is kept, and is paid without registering it twice by {wallet}.capacity.pay('{hash}')"
    )
}
