//! Network addresses of 3bots: host names, IPv4 and IPv6 addresses.

use super::encoding::{Decode, DecodeError, Decoder, Encode, Encoder};
use super::json::serde_as_text;
use std::cmp::Ordering;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use thiserror::Error;

const MAX_HOST_NAME: usize = 63;

/// Where a 3bot can be reached. Ordered by kind, then by bytes, as the chain sorts them.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum NetworkAddress {
    /// A host name, case kept.
    HostName(HostName),
    /// An IPv4 address.
    Ipv4(Ipv4Addr),
    /// An IPv6 address that is not a mapped IPv4 one.
    Ipv6(Ipv6Addr),
}

/// A host name that the chain takes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostName(String);

impl HostName {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for HostName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A text that is no network address. The texts begin as the node's do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NetworkAddressError {
    /// The empty text.
    #[error("nil hostname")]
    Nil,
    /// A host name of more than 63 bytes.
    #[error("the length of a hostname can maximum be 63 bytes long, this one has {0}")]
    TooLong(usize),
    /// Neither a host name nor an IP address.
    #[error(
        "invalid network address: `{0}` is neither a host name like bot.example.org nor an IP address"
    )]
    Form(String),
}

impl NetworkAddress {
    /// Returns the kind's number: 0 host name, 1 IPv4, 2 IPv6.
    pub fn kind(&self) -> u8 {
        match self {
            Self::HostName(_) => 0,
            Self::Ipv4(_) => 1,
            Self::Ipv6(_) => 2,
        }
    }

    fn with_bytes<T>(&self, body: impl FnOnce(&[u8]) -> T) -> T {
        match self {
            Self::HostName(name) => body(name.0.as_bytes()),
            Self::Ipv4(address) => body(&address.octets()),
            Self::Ipv6(address) => body(&address.octets()),
        }
    }
}

impl From<IpAddr> for NetworkAddress {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::Ipv4(address),
            IpAddr::V6(address) => match address.to_ipv4_mapped() {
                Some(mapped) => Self::Ipv4(mapped),
                None => Self::Ipv6(address),
            },
        }
    }
}

impl PartialOrd for NetworkAddress {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for NetworkAddress {
    fn cmp(&self, other: &Self) -> Ordering {
        self.kind()
            .cmp(&other.kind())
            .then_with(|| self.with_bytes(|left| other.with_bytes(|right| left.cmp(right))))
    }
}

/// Returns whether a text has the form of a host name, whatever its length in all: a left part
/// without dots, then 2 to 6 letters, or 2 to 30 characters and 2 or 3 letters.
fn has_host_name_form(text: &str) -> bool {
    let mut parts = text.split('.').map(str::as_bytes);
    let letters = |part: &[u8]| part.iter().all(u8::is_ascii_alphabetic);
    let (Some(left), Some(second)) = (parts.next(), parts.next()) else {
        return false;
    };
    let right_matches = match (parts.next(), parts.next()) {
        (None, _) => (2..=6).contains(&second.len()) && letters(second),
        (Some(last), None) => {
            let inner = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
            (2..=30).contains(&second.len())
                && second.iter().all(inner)
                && (2..=3).contains(&last.len())
                && letters(last)
        }
        (Some(_), Some(_)) => false,
    };
    right_matches && is_left_part(left)
}

fn is_left_part(part: &[u8]) -> bool {
    match part {
        [one] => one.is_ascii_alphabetic(),
        [first, second] => {
            first.is_ascii_alphanumeric()
                && second.is_ascii_alphanumeric()
                && (first.is_ascii_alphabetic() || second.is_ascii_alphabetic())
        }
        [first, middle @ .., last] => {
            part.len() <= 63
                && first.is_ascii_alphanumeric()
                && last.is_ascii_alphanumeric()
                && middle
                    .iter()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        }
        [] => false,
    }
}

fn parse_host_name(text: &str) -> Result<Option<HostName>, NetworkAddressError> {
    if !has_host_name_form(text) {
        return Ok(None);
    }
    if text.len() > MAX_HOST_NAME {
        return Err(NetworkAddressError::TooLong(text.len()));
    }
    Ok(Some(HostName(text.to_owned())))
}

impl FromStr for NetworkAddress {
    type Err = NetworkAddressError;

    fn from_str(text: &str) -> Result<Self, NetworkAddressError> {
        if text.is_empty() {
            return Err(NetworkAddressError::Nil);
        }
        if let Some(name) = parse_host_name(text)? {
            return Ok(Self::HostName(name));
        }
        text.parse::<IpAddr>()
            .map(Self::from)
            .map_err(|_| NetworkAddressError::Form(text.chars().take(80).collect()))
    }
}

impl fmt::Display for NetworkAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HostName(name) => formatter.pad(&name.0),
            Self::Ipv4(address) => fmt::Display::fmt(address, formatter),
            Self::Ipv6(address) => fmt::Display::fmt(address, formatter),
        }
    }
}

impl fmt::Debug for NetworkAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

serde_as_text!(NetworkAddress);

impl Encode for NetworkAddress {
    fn encode(&self, encoder: &mut Encoder) {
        self.with_bytes(|bytes| {
            // At most 63 bytes by construction, so the length fits in six bits.
            let length = u8::try_from(bytes.len()).unwrap_or(0);
            encoder.byte(self.kind() | (length << 2));
            encoder.raw(bytes);
        });
    }
}

impl Decode for NetworkAddress {
    fn decode(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        const WHAT: &str = "network address";
        let header = decoder.byte()?;
        let length = usize::from(header >> 2);
        match (header & 0b11, length) {
            (0, 1..) => {
                let text = std::str::from_utf8(decoder.raw(length)?)
                    .map_err(|error| DecodeError::invalid(WHAT, error))?;
                let name = parse_host_name(text)
                    .map_err(|error| DecodeError::invalid(WHAT, error))?
                    .ok_or_else(|| DecodeError::invalid(WHAT, "not a host name"))?;
                Ok(Self::HostName(name))
            }
            (1, 4) => Ok(Self::Ipv4(Ipv4Addr::from(decoder.array::<4>()?))),
            (2, 16) => Ok(Self::Ipv6(Ipv6Addr::from(decoder.array::<16>()?))),
            (kind, length) => Err(DecodeError::invalid(
                WHAT,
                format!("kind {kind} of {length} bytes"),
            )),
        }
    }
}
