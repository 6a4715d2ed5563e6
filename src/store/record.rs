//! Records: what is stored, and its sealed form.
//!
//! Stored value: `0x01 ‖ revision(u64 LE) ‖ nonce(24) ‖ ciphertext ‖ tag(16)`. The associated
//! data is `"jsx/rec/v1" ‖ store_id ‖ tree name ‖ object id ‖ revision(u64 LE)`, so a blob cannot
//! be moved to another record, tree, store or revision. The plaintext is msgpack, padded.
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::error::{Result, StoreError};
use super::keys::Keys;
use super::seal;

/// First byte of a stored value.
const FORMAT: u8 = 1;
/// Bytes before the nonce: format and revision.
const PREFIX: usize = 9;
/// Largest record in bytes, all fields together.
pub const MAX_RECORD: usize = 16 * 1024 * 1024;
/// Longest name, location or schema url in bytes.
const MAX_TEXT: usize = 1024;

/// Identity of a record: 16 random bytes, written as 32 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId([u8; 16]);

impl RecordId {
    /// A fresh random id.
    pub(crate) fn random() -> Result<Self> {
        seal::random().map(Self)
    }

    /// Takes 16 bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordId({self})")
    }
}

impl FromStr for RecordId {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self> {
        let mut bytes = [0u8; 16];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| StoreError::Invalid {
            what: "record id",
            value: text.chars().take(80).collect(),
            reason: "32 hex digits are needed",
        })?;
        Ok(Self(bytes))
    }
}

/// One named record. Its data is wiped when it is dropped, and `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// Identity; `None` until the record was stored once.
    pub id: Option<RecordId>,
    /// Revision that was read or written last; 0 until stored. Revisions of a store only grow
    /// and are never used twice.
    pub revision: u64,
    /// Location path in the tree, for example `j.clients.tfchain`.
    pub location: String,
    /// Owner, when the record hangs below another one.
    pub parent: Option<RecordId>,
    /// Name, unique within location and parent.
    pub name: String,
    /// Url of the schema, for example `jumpscale.tfchain.wallet`.
    pub schema_url: String,
    /// Text of the schema; kept once for all records that share it, in clear. May be empty.
    pub schema_text: String,
    /// The record's content, opaque to the store.
    pub data: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("id", &self.id)
            .field("revision", &self.revision)
            .field("location", &self.location)
            .field("parent", &self.parent)
            .field("name", &self.name)
            .field("schema_url", &self.schema_url)
            .field("data", &"***")
            .finish_non_exhaustive()
    }
}

/// One line of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Identity.
    pub id: RecordId,
    /// Name.
    pub name: String,
    /// Revision.
    pub revision: u64,
}

/// The plaintext, borrowed from or written to a buffer. Fields in this order, as a msgpack array.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Plain<'a> {
    #[serde(borrow)]
    pub(crate) schema_url: &'a str,
    /// SHA-256 of the schema text, or empty.
    #[serde(borrow, with = "bytes")]
    pub(crate) schema_id: &'a [u8],
    /// Parent id, or empty.
    #[serde(borrow, with = "bytes")]
    pub(crate) parent: &'a [u8],
    #[serde(borrow)]
    pub(crate) location: &'a str,
    #[serde(borrow)]
    pub(crate) name: &'a str,
    #[serde(borrow, with = "bytes")]
    pub(crate) data: &'a [u8],
}

impl<'a> Plain<'a> {
    /// Encodes and pads.
    pub(crate) fn encode(&self) -> Result<Zeroizing<Vec<u8>>> {
        let size = [
            self.schema_url.len(),
            self.location.len(),
            self.name.len(),
            self.data.len(),
        ]
        .into_iter()
        .fold(128usize, usize::saturating_add);
        if size > MAX_RECORD {
            return Err(StoreError::TooLarge {
                found: size,
                highest: MAX_RECORD,
            });
        }
        // Room for everything, so that growing leaves no copy of a secret behind.
        let mut buffer = Zeroizing::new(Vec::with_capacity(size));
        rmp_serde::encode::write(&mut *buffer, self).map_err(|e| StoreError::Engine {
            what: "encode a record",
            text: e.to_string(),
        })?;
        seal::pad(&buffer)
    }

    /// Decodes a padded plaintext; the reason when it is not one.
    pub(crate) fn decode(padded: &'a [u8]) -> std::result::Result<Self, &'static str> {
        let bytes = seal::unpad(padded).ok_or("its padding is wrong")?;
        let plain: Self =
            rmp_serde::from_slice(bytes).map_err(|_| "its content cannot be decoded")?;
        match (plain.schema_id.len(), plain.parent.len()) {
            (0 | 32, 0 | 16) => Ok(plain),
            _ => Err("its content has fields of a wrong length"),
        }
    }

    /// Parent id.
    pub(crate) fn parent_id(&self) -> Option<RecordId> {
        self.parent.first_chunk().copied().map(RecordId)
    }
}

/// Seals a record for the tree `objects`.
pub(crate) fn seal_record(
    keys: &Keys,
    id: RecordId,
    revision: u64,
    plain: &Plain<'_>,
) -> Result<Vec<u8>> {
    seal_padded(keys, id, revision, &plain.encode()?)
}

/// Seals an encoded and padded plaintext.
pub(crate) fn seal_padded(
    keys: &Keys,
    id: RecordId,
    revision: u64,
    padded: &[u8],
) -> Result<Vec<u8>> {
    let sealed = seal::seal(keys.data(), &aad(keys, id, revision), padded)?;
    let mut value = Vec::with_capacity(PREFIX + sealed.len());
    value.push(FORMAT);
    value.extend_from_slice(&revision.to_le_bytes());
    value.extend_from_slice(&sealed);
    Ok(value)
}

/// Opens a value of the tree `objects`: the padded plaintext, or the reason why not.
pub(crate) fn open_record(
    keys: &Keys,
    id: RecordId,
    value: &[u8],
) -> std::result::Result<Zeroizing<Vec<u8>>, &'static str> {
    let revision = revision_of(value).ok_or("its format is unknown")?;
    let sealed = value.get(PREFIX..).unwrap_or_default();
    seal::open(keys.data(), &aad(keys, id, revision), sealed).map_err(|_| "its seal is broken")
}

/// The revision in clear, when the value has the known format.
pub(crate) fn revision_of(value: &[u8]) -> Option<u64> {
    let (&format, rest) = value.split_first()?;
    let revision = rest.first_chunk()?;
    (format == FORMAT).then(|| u64::from_le_bytes(*revision))
}

fn aad(keys: &Keys, id: RecordId, revision: u64) -> Vec<u8> {
    let mut aad = keys.aad("jsx/rec/v1");
    aad.extend_from_slice(b"objects");
    aad.extend_from_slice(id.as_bytes());
    aad.extend_from_slice(&revision.to_le_bytes());
    aad
}

/// Checks that a location, name or url can be stored.
pub(crate) fn check_text(what: &'static str, text: &str) -> Result<()> {
    let reason = if text.is_empty() {
        "it is empty"
    } else if text.len() > MAX_TEXT {
        "it is longer than 1024 bytes"
    } else if text.contains('\0') {
        "it holds a zero character"
    } else {
        return Ok(());
    };
    Err(StoreError::Invalid {
        what,
        value: text.chars().take(80).collect(),
        reason,
    })
}

/// Borrowed byte strings as msgpack `bin`.
pub(crate) mod bytes {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], s: S) -> Result<S::Ok, S::Error> {
        s.serialize_bytes(bytes)
    }

    pub(crate) fn deserialize<'de: 'a, 'a, D: Deserializer<'de>>(
        d: D,
    ) -> Result<&'a [u8], D::Error> {
        <&[u8]>::deserialize(d)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn plaintexts_round_trip(
            url in ".{0,40}", location in ".{0,60}", name in ".{0,40}",
            parent in any::<Option<[u8; 16]>>(), schema in any::<Option<[u8; 32]>>(),
            data in proptest::collection::vec(any::<u8>(), 0..600),
        ) {
            let plain = Plain {
                schema_url: &url, location: &location, name: &name, data: &data,
                parent: parent.as_ref().map(|p| p.as_slice()).unwrap_or_default(),
                schema_id: schema.as_ref().map(|p| p.as_slice()).unwrap_or_default(),
            };
            let encoded = plain.encode().unwrap();
            prop_assert_eq!(encoded.len() % seal::BLOCK, 0);
            prop_assert_eq!(Plain::decode(&encoded).unwrap(), plain);
        }

        #[test]
        fn decoding_any_bytes_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Plain::decode(&bytes);
            let _ = Plain::decode(&seal::pad(&bytes).unwrap());
            let _ = revision_of(&bytes);
            let keys = Keys::fresh().unwrap();
            prop_assert!(open_record(&keys, RecordId([1; 16]), &bytes).is_err());
        }
    }

    #[test]
    fn a_blob_is_bound_to_its_record_revision_and_store() {
        let keys = Keys::fresh().unwrap();
        let plain = Plain {
            schema_url: "u",
            schema_id: &[],
            parent: &[],
            location: "l",
            name: "n",
            data: b"d",
        };
        let id = RecordId([1; 16]);
        let value = seal_record(&keys, id, 5, &plain).unwrap();
        assert_eq!(revision_of(&value), Some(5));
        let opened = open_record(&keys, id, &value).unwrap();
        assert_eq!(Plain::decode(&opened).unwrap(), plain);
        assert!(open_record(&keys, RecordId([2; 16]), &value).is_err());
        assert!(open_record(&Keys::fresh().unwrap(), id, &value).is_err());
        let mut newer = value.clone();
        newer[1] = 6;
        assert!(open_record(&keys, id, &newer).is_err());
        assert_eq!(
            "00".repeat(16).parse::<RecordId>().unwrap(),
            RecordId([0; 16])
        );
        assert!("zz".parse::<RecordId>().is_err());
    }
}
