//! Records of 3bots, and how long they are paid.

use super::botname::BotName;
use super::constants::{
    BOT_MAX_ADDRESSES, BOT_MAX_MONTHS, BOT_MAX_NAMES, BOT_MONTH_SECONDS, COMPACT_TIMESTAMP_EPOCH,
};
use super::encoding::{Decode, DecodeError, Decoder, Encode, EncodeError, Encoder, IntegerWidth};
use super::json::null_as_default;
use super::keys::PublicKey;
use super::networkaddress::NetworkAddress;
use thiserror::Error;

/// Number of a 3bot, from 1.
pub type BotId = u32;

/// What the chain knows of a 3bot. Both lists are kept sorted.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct BotRecord {
    /// The bot's number.
    pub id: BotId,
    /// Where it can be reached, sorted.
    #[serde(default, deserialize_with = "null_as_default")]
    pub addresses: Vec<NetworkAddress>,
    /// Its names, sorted.
    #[serde(default, deserialize_with = "null_as_default")]
    pub names: Vec<BotName>,
    /// Its key.
    #[serde(rename = "publickey")]
    pub public_key: PublicKey,
    /// Until when it is paid, Unix seconds, whole minutes.
    pub expiration: u64,
}

/// Why a record cannot be changed so. The texts are the node's, spelling included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BotRecordError {
    /// More than 24 months ahead.
    #[error("a 3bot can only have up to 24 months prepaid")]
    TooManyMonths,
    /// No month in an extension.
    #[error("at least one month is required in order to extend a bot's expiration date")]
    NoMonths,
    /// An address is removed that is not there.
    #[error("the network address is not registerd with this 3bot")]
    AddressNotRegistered,
    /// An address is added that is there.
    #[error("the network address is already registerd with this 3bot")]
    AddressRegistered,
    /// A name is removed that is not there.
    #[error("the name is not registerd with this 3bot")]
    NameNotRegistered,
    /// More than 10 addresses.
    #[error("a 3bot can have a maximum of 10 addresses")]
    TooManyAddresses,
    /// More than 5 names.
    #[error("a 3bot can have a maximum of 5 names")]
    TooManyNames,
}

/// Cuts a time (Unix seconds) down to whole minutes.
pub fn floor_to_minute(time: u64) -> u64 {
    time.saturating_sub(time % 60)
}

/// Returns the new expiration of a bot that pays `months` more at `block_time`.
///
/// # Errors
/// When no month is paid, or more than 24 months would be paid ahead of `block_time`.
pub fn extend_expiration(
    expiration: u64,
    block_time: u64,
    months: u8,
) -> Result<u64, BotRecordError> {
    if months == 0 {
        return Err(BotRecordError::NoMonths);
    }
    let now = floor_to_minute(block_time);
    let start = if expiration <= block_time {
        now
    } else {
        expiration
    };
    let paid = u64::from(months).saturating_mul(BOT_MONTH_SECONDS);
    let extended = start.saturating_add(paid);
    let longest = u64::from(BOT_MAX_MONTHS).saturating_mul(BOT_MONTH_SECONDS);
    if extended > now.saturating_add(longest) {
        return Err(BotRecordError::TooManyMonths);
    }
    Ok(extended)
}

impl BotRecord {
    /// Returns whether the paid time is over at `block_time` (Unix seconds).
    pub fn is_expired(&self, block_time: u64) -> bool {
        self.expiration <= block_time
    }

    /// Pays `months` more.
    ///
    /// # Errors
    /// As [`extend_expiration`].
    pub fn extend(&mut self, block_time: u64, months: u8) -> Result<(), BotRecordError> {
        self.expiration = extend_expiration(self.expiration, block_time, months)?;
        Ok(())
    }

    /// Removes addresses.
    ///
    /// # Errors
    /// When one is not there; earlier ones are removed by then.
    pub fn remove_addresses(&mut self, addresses: &[NetworkAddress]) -> Result<(), BotRecordError> {
        for address in addresses {
            let place = self
                .addresses
                .binary_search(address)
                .map_err(|_| BotRecordError::AddressNotRegistered)?;
            self.addresses.remove(place);
        }
        Ok(())
    }

    /// Adds addresses.
    ///
    /// # Errors
    /// When one is there already, or there would be more than 10.
    pub fn add_addresses(&mut self, addresses: &[NetworkAddress]) -> Result<(), BotRecordError> {
        for address in addresses {
            match self.addresses.binary_search(address) {
                Ok(_) => return Err(BotRecordError::AddressRegistered),
                Err(place) => self.addresses.insert(place, address.clone()),
            }
        }
        if self.addresses.len() > BOT_MAX_ADDRESSES {
            return Err(BotRecordError::TooManyAddresses);
        }
        Ok(())
    }

    /// Removes names.
    ///
    /// # Errors
    /// When one is not there; earlier ones are removed by then.
    pub fn remove_names(&mut self, names: &[BotName]) -> Result<(), BotRecordError> {
        for name in names {
            let place = self
                .names
                .binary_search(name)
                .map_err(|_| BotRecordError::NameNotRegistered)?;
            self.names.remove(place);
        }
        Ok(())
    }

    /// Adds names.
    ///
    /// # Errors
    /// When one is there already (with the node's text, which speaks of an address), or there
    /// would be more than 5.
    pub fn add_names(&mut self, names: &[BotName]) -> Result<(), BotRecordError> {
        for name in names {
            match self.names.binary_search(name) {
                Ok(_) => return Err(BotRecordError::AddressRegistered),
                Err(place) => self.names.insert(place, name.clone()),
            }
        }
        if self.names.len() > BOT_MAX_NAMES {
            return Err(BotRecordError::TooManyNames);
        }
        Ok(())
    }
}

/// Writes a time (Unix seconds) in 3 bytes: minutes since the compact epoch, 0 when earlier.
pub fn encode_compact_timestamp(encoder: &mut Encoder, time: u64) {
    let minutes = time.saturating_sub(COMPACT_TIMESTAMP_EPOCH) / 60;
    encoder.integer(IntegerWidth::U24, i128::from(minutes));
}

/// Reads a time of 3 bytes.
///
/// # Errors
/// At the end of the data.
pub fn decode_compact_timestamp(decoder: &mut Decoder<'_>) -> Result<u64, DecodeError> {
    let [low, middle, high] = decoder.array()?;
    let minutes = u64::from(u32::from_le_bytes([low, middle, high, 0]));
    Ok(minutes
        .saturating_mul(60)
        .saturating_add(COMPACT_TIMESTAMP_EPOCH))
}

/// Writes two counts of up to 15 in one byte, the first in the low half.
pub(crate) fn encode_counts(encoder: &mut Encoder, what: &'static str, low: usize, high: usize) {
    match (half_byte(low), half_byte(high)) {
        (Some(low), Some(high)) => encoder.byte(low | (high << 4)),
        _ => encoder.fail(EncodeError::OutOfRange {
            what,
            value: low.max(high).to_string(),
            maximum: 15,
        }),
    }
}

fn half_byte(count: usize) -> Option<u8> {
    u8::try_from(count).ok().filter(|count| *count <= 0x0f)
}

/// Reads two counts of up to 15 from one byte.
pub(crate) fn decode_counts(decoder: &mut Decoder<'_>) -> Result<(usize, usize), DecodeError> {
    let byte = decoder.byte()?;
    Ok((usize::from(byte & 0x0f), usize::from(byte >> 4)))
}

impl Encode for BotRecord {
    fn encode(&self, encoder: &mut Encoder) {
        encoder.u32(self.id);
        let (addresses, names) = (self.addresses.len(), self.names.len());
        encode_counts(
            encoder,
            "the number of names or addresses",
            addresses,
            names,
        );
        for address in &self.addresses {
            encoder.value(address);
        }
        for name in &self.names {
            encoder.value(name);
        }
        encoder.value(&self.public_key);
        encode_compact_timestamp(encoder, self.expiration);
    }
}

impl Decode for BotRecord {
    fn decode(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let id = decoder.u32()?;
        let (addresses, names) = decode_counts(decoder)?;
        Ok(Self {
            id,
            addresses: decoder.values(addresses)?,
            names: decoder.values(names)?,
            public_key: decoder.value()?,
            expiration: decode_compact_timestamp(decoder)?,
        })
    }
}
