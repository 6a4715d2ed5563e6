//! Errors of the library rooms as the one error a user meets.
use crate::object::{Error, Kind};
use crate::store::StoreError;

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let text = error.to_string();
        match error {
            StoreError::Locked { .. } => Error::new(Kind::Locked, text)
                .hint("close the other kosmos, or wait until it is done"),
            StoreError::WrongKey(_)
            | StoreError::NoSlot(_)
            | StoreError::KeyFileOpen { .. }
            | StoreError::EmptyPassphrase
            | StoreError::Words(_) => Error::new(Kind::Unlock, text),
            StoreError::Conflict { .. } => Error::new(Kind::Conflict, text),
            StoreError::NotUnique { .. } => Error::value(text)
                .hint("choose another name, or .get() the stored one and change that"),
            StoreError::NotFound(_) => Error::new(Kind::NotFound, text),
            StoreError::Invalid { .. } | StoreError::TooLarge { .. } => Error::value(text),
            _ => Error::new(Kind::Store, text),
        }
    }
}
