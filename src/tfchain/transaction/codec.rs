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
use crate::tfchain::json::{Tagged, read_raw, read_tagged};
use crate::tfchain::signing::{Extra, SignatureHasher, preimage_parts};
use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, SerializeStruct, Serializer};
use serde_json::value::RawValue;

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
    let layout = body.layout();
    let mut encoder = Encoder::new(layout.encoding);
    encoder.byte(layout.version);
    body.encode_data(&mut encoder);
    encoder.finish()
}

pub(super) fn id_input(body: &dyn Body) -> Result<Vec<u8>, EncodeError> {
    let layout = body.layout();
    let mut encoder = Encoder::new(layout.encoding);
    match layout.specifier {
        Some(specifier) => encoder.raw(&specifier),
        None if layout.version == VERSION_LEGACY => {}
        None => encoder.byte(layout.version),
    }
    body.encode_data(&mut encoder);
    encoder.finish()
}

fn parts(body: &dyn Body) -> Result<(Vec<u8>, Vec<u8>), EncodeError> {
    let layout = body.layout();
    preimage_parts(layout.preimage, |before, after| {
        if layout.version != VERSION_LEGACY {
            before.byte(layout.version);
        }
        if let Some(specifier) = layout.specifier {
            before.raw(&specifier);
        }
        body.write_preimage(before, after);
    })
}

pub(super) fn signature_hasher(body: &dyn Body) -> Result<SignatureHasher, EncodeError> {
    let (before, after) = parts(body)?;
    Ok(SignatureHasher::new(&before, after, body.layout().preimage))
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
                preimage.extend_from_slice(&key.to_bytes(body.layout().preimage)?);
            }
        }
    }
    preimage.extend_from_slice(&after);
    Ok(preimage)
}

pub(super) fn from_binary(bytes: &[u8]) -> Result<Transaction, DecodeError> {
    fn read<T: DecodeBody>(bytes: &[u8]) -> Result<T, DecodeError> {
        let mut decoder = Decoder::new(T::LAYOUT.encoding, bytes)?;
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

impl Tagged for Transaction {
    const KEYS: &'static [&'static str; 2] = &["version", "data"];
    /// The text: amounts may be larger than any number in memory.
    type Waiting = Box<RawValue>;

    fn check_tag<E: serde::de::Error>(number: u64) -> Result<u8, E> {
        u8::try_from(number).map_err(|_| {
            E::custom(format_args!(
                "json: cannot unmarshal number {number} into Go struct field \
                 jsonTransaction.version of type types.TransactionVersion"
            ))
        })
    }

    fn read_data<'de, D: Deserializer<'de>>(version: u8, data: D) -> Result<Self, D::Error> {
        macro_rules! read_as {
            ($variant:ident) => {
                Deserialize::deserialize(data).map(Transaction::$variant)
            };
        }
        by_version!(
            version,
            read_as,
            Ok(Transaction::Unknown(UnknownTransaction {
                version,
                data: UnknownData::Json(Deserialize::deserialize(data)?),
            }))
        )
    }

    fn read_waiting<E: serde::de::Error>(version: u8, data: Self::Waiting) -> Result<Self, E> {
        read_raw(&data, |reader| Self::read_data(version, reader))
    }

    fn without_data<E: serde::de::Error>(_version: u8) -> Result<Self, E> {
        Err(E::custom("unexpected end of JSON input"))
    }
}

impl<'de> Deserialize<'de> for Transaction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_tagged(deserializer)
    }
}
