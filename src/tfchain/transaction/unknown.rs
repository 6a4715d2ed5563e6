//! Transactions of versions that this program does not know: kept, shown, never touched.

use crate::tfchain::encoding::EncodeError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::ser::{Serialize, Serializer};

/// A transaction of an unknown version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownTransaction {
    /// The version.
    pub version: u8,
    /// Its data, as it came.
    pub data: UnknownData,
}

/// Data of an unknown version, in the form that it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnknownData {
    /// From JSON: all values, keys in order.
    Json(serde_json::Value),
    /// From binary, without the version byte.
    Binary(Vec<u8>),
}

impl UnknownTransaction {
    /// Returns the binary form, when it came in binary.
    pub(crate) fn binary(&self) -> Result<Vec<u8>, EncodeError> {
        match &self.data {
            UnknownData::Binary(data) => {
                let mut bytes = vec![self.version];
                bytes.extend_from_slice(data);
                Ok(bytes)
            }
            UnknownData::Json(_) => Err(EncodeError::UnknownVersion(self.version)),
        }
    }
}

impl Serialize for UnknownData {
    /// Writes JSON as it came; binary data as a base64 text.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Json(value) => value.serialize(serializer),
            Self::Binary(data) => serializer.serialize_str(&STANDARD.encode(data)),
        }
    }
}
