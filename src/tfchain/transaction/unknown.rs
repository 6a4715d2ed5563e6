//! Transactions of versions that this program does not know: kept, shown, never touched.

use crate::tfchain::encoding::EncodeError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};
use serde_json::value::RawValue;

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
    /// From JSON: the text, byte by byte.
    Json(JsonText),
    /// From binary, without the version byte.
    Binary(Vec<u8>),
}

/// A JSON text as it came: white space, order and the form of numbers are kept.
#[derive(Debug, Clone)]
pub struct JsonText(Box<RawValue>);

impl JsonText {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }
}

impl PartialEq for JsonText {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for JsonText {}

impl Serialize for JsonText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for JsonText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::deserialize(deserializer).map(Self)
    }
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
