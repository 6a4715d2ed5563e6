//! From transactions to bytes and JSON, and back, whatever the version.

use super::body::{Body, DecodeBody};
use super::{Transaction, UnknownData, UnknownTransaction, with_body};
use crate::tfchain::constants::{
    VERSION_AUTH_ADDRESS_UPDATE, VERSION_AUTH_CONDITION_UPDATE, VERSION_BOT_NAME_TRANSFER,
    VERSION_BOT_RECORD_UPDATE, VERSION_BOT_REGISTRATION, VERSION_COIN_CREATION,
    VERSION_COIN_DESTRUCTION, VERSION_ERC20_ADDRESS_REGISTRATION, VERSION_ERC20_COIN_CREATION,
    VERSION_ERC20_CONVERT, VERSION_LEGACY, VERSION_MINTER_DEFINITION, VERSION_STANDARD,
};
use crate::tfchain::encoding::{DecodeError, Decoder, Encode, EncodeError, Encoder};
use crate::tfchain::signing::{Extra, SignatureHasher, preimage_parts};
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor,
};
use serde::ser::{Serialize, SerializeStruct, Serializer};
use std::fmt;

/// Runs an expression with the type of a version's body.
macro_rules! by_version {
    ($version:expr, $read:ident, $other:expr) => {
        match $version {
            VERSION_LEGACY => $read!(Legacy),
            VERSION_STANDARD => $read!(Standard),
            VERSION_MINTER_DEFINITION => $read!(MinterDefinition),
            VERSION_COIN_CREATION => $read!(CoinCreation),
            VERSION_COIN_DESTRUCTION => $read!(CoinDestruction),
            VERSION_BOT_REGISTRATION => $read!(BotRegistration),
            VERSION_BOT_RECORD_UPDATE => $read!(BotRecordUpdate),
            VERSION_BOT_NAME_TRANSFER => $read!(BotNameTransfer),
            VERSION_AUTH_ADDRESS_UPDATE => $read!(AuthAddressUpdate),
            VERSION_AUTH_CONDITION_UPDATE => $read!(AuthConditionUpdate),
            VERSION_ERC20_CONVERT => $read!(Erc20Convert),
            VERSION_ERC20_COIN_CREATION => $read!(Erc20CoinCreation),
            VERSION_ERC20_ADDRESS_REGISTRATION => $read!(Erc20AddressRegistration),
            _ => $other,
        }
    };
}

pub(super) fn binary(body: &dyn Body) -> Result<Vec<u8>, EncodeError> {
    let mut encoder = Encoder::new(body.encoding());
    encoder.byte(body.version());
    body.encode_data(&mut encoder);
    encoder.finish()
}

pub(super) fn id_input(body: &dyn Body) -> Result<Vec<u8>, EncodeError> {
    let mut encoder = Encoder::new(body.encoding());
    match body.specifier() {
        Some(specifier) => encoder.raw(&specifier),
        None if body.version() == VERSION_LEGACY => {}
        None => encoder.byte(body.version()),
    }
    body.encode_data(&mut encoder);
    encoder.finish()
}

fn parts(body: &dyn Body) -> Result<(Vec<u8>, Vec<u8>), EncodeError> {
    preimage_parts(body.preimage_encoding(), |before, after| {
        if body.version() != VERSION_LEGACY {
            before.byte(body.version());
        }
        if let Some(specifier) = body.specifier() {
            before.raw(&specifier);
        }
        body.write_preimage(before, after);
    })
}

pub(super) fn signature_hasher(body: &dyn Body) -> Result<SignatureHasher, EncodeError> {
    let (before, after) = parts(body)?;
    Ok(SignatureHasher::new(
        &before,
        after,
        body.preimage_encoding(),
    ))
}

pub(super) fn signature_preimage(
    body: &dyn Body,
    extras: &[Extra<'_>],
) -> Result<Vec<u8>, EncodeError> {
    let (mut preimage, after) = parts(body)?;
    for extra in extras {
        match extra {
            Extra::Index(index) => preimage.extend_from_slice(&index.to_le_bytes()),
            Extra::Bytes(bytes) => preimage.extend_from_slice(bytes),
            Extra::PublicKey(key) => {
                preimage.extend_from_slice(&key.to_bytes(body.preimage_encoding())?);
            }
        }
    }
    preimage.extend_from_slice(&after);
    Ok(preimage)
}

pub(super) fn from_binary(bytes: &[u8]) -> Result<Transaction, DecodeError> {
    fn read<T: DecodeBody>(bytes: &[u8]) -> Result<T, DecodeError> {
        let mut decoder = Decoder::new(T::ENCODING, bytes)?;
        let body = T::decode_data(&mut decoder)?;
        decoder.finish()?;
        Ok(body)
    }

    let (version, data) = bytes.split_first().ok_or(DecodeError::EndOfData {
        offset: 0,
        wanted: 1,
        left: 0,
    })?;
    macro_rules! read_as {
        ($variant:ident) => {
            read(data).map(Transaction::$variant)
        };
    }
    by_version!(
        *version,
        read_as,
        Ok(Transaction::Unknown(UnknownTransaction {
            version: *version,
            data: UnknownData::Binary(data.to_vec()),
        }))
    )
}

impl Serialize for Transaction {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Transaction", 2)?;
        object.serialize_field("version", &self.version())?;
        with_body!(
            self,
            body => object.serialize_field("data", body)?,
            unknown body => object.serialize_field("data", &body.data)?
        );
        object.end()
    }
}

/// Reads the data of a version.
struct DataSeed(u8);

impl<'de> DeserializeSeed<'de> for DataSeed {
    type Value = Transaction;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Transaction, D::Error> {
        macro_rules! read_as {
            ($variant:ident) => {
                Deserialize::deserialize(deserializer).map(Transaction::$variant)
            };
        }
        by_version!(
            self.0,
            read_as,
            Ok(Transaction::Unknown(UnknownTransaction {
                version: self.0,
                data: UnknownData::Json(serde_json::Value::deserialize(deserializer)?),
            }))
        )
    }
}

impl<'de> Deserialize<'de> for Transaction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TransactionVisitor;

        impl<'de> Visitor<'de> for TransactionVisitor {
            type Value = Transaction;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a transaction: an object with version and data")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Transaction, A::Error> {
                #[derive(serde::Deserialize)]
                #[serde(field_identifier, rename_all = "lowercase")]
                enum Key {
                    Version,
                    Data,
                    #[serde(other)]
                    Other,
                }

                let mut version = None;
                let mut waiting: Option<serde_json::Value> = None;
                let mut transaction = None;
                while let Some(key) = map.next_key()? {
                    match key {
                        Key::Version => version = Some(check_version(map.next_value()?)?),
                        Key::Data => match version {
                            Some(version) => {
                                transaction = Some(map.next_value_seed(DataSeed(version))?);
                            }
                            // The version comes after the data: keep the data until then.
                            None => waiting = Some(map.next_value()?),
                        },
                        Key::Other => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                match (transaction, waiting) {
                    (Some(transaction), _) => Ok(transaction),
                    (None, Some(data)) => DataSeed(version.unwrap_or_default())
                        .deserialize(data)
                        .map_err(A::Error::custom),
                    (None, None) => Err(A::Error::custom("unexpected end of JSON input")),
                }
            }
        }

        deserializer.deserialize_map(TransactionVisitor)
    }
}

fn check_version<E: serde::de::Error>(version: u64) -> Result<u8, E> {
    u8::try_from(version).map_err(|_| {
        E::custom(format_args!(
            "json: cannot unmarshal number {version} into Go struct field \
             jsonTransaction.version of type types.TransactionVersion"
        ))
    })
}
