//! The chain's two binary encodings, `siabin` and `rivbin`.
//!
//! Both describe a value without type information, so the reader has to know the structure.
//! They differ in the width of integers, in how a length is written and in optional values.
//! [`Encoder`] writes either of them, [`Decoder`] reads either; a type that has a binary form
//! implements [`Encode`] and [`Decode`] once for both.
mod decoder;
mod encoder;
pub mod rivbin;
pub mod siabin;

pub use decoder::Decoder;
pub use encoder::{Encoder, IntegerWidth};

use thiserror::Error;

/// Which of the two encodings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// The older one: 8-byte integers and lengths.
    Siabin,
    /// The newer one: natural widths, 1 to 4 byte lengths, optional pointers.
    Rivbin,
}

/// A value that has a binary form.
pub trait Encode {
    /// Appends the value to `encoder`, in the encoder's encoding.
    fn encode(&self, encoder: &mut Encoder);

    /// Returns the value's bytes in `encoding`.
    ///
    /// # Errors
    /// When a number or a list does not fit in its place.
    fn to_bytes(&self, encoding: Encoding) -> Result<Vec<u8>, EncodeError> {
        let mut encoder = Encoder::new(encoding);
        self.encode(&mut encoder);
        encoder.finish()
    }
}

/// A value that can be read from its binary form.
pub trait Decode: Sized {
    /// Reads one value.
    ///
    /// # Errors
    /// When the bytes end too early or do not describe such a value.
    fn decode(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError>;

    /// Reads the value from all of `bytes`.
    ///
    /// # Errors
    /// As [`Decode::decode`], and when bytes are left over.
    fn from_bytes(encoding: Encoding, bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut decoder = Decoder::new(encoding, bytes)?;
        let value = Self::decode(&mut decoder)?;
        decoder.finish()?;
        Ok(value)
    }
}

/// Why a value has no binary form.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EncodeError {
    /// A number outside the range of its place.
    #[error("{what} is {value}, but it has to be from 0 to {maximum}")]
    OutOfRange {
        /// What the number counts.
        what: &'static str,
        /// The number.
        value: String,
        /// The greatest possible one.
        maximum: u64,
    },
    /// A list or text that is too long for a rivbin length prefix.
    #[error("{0} elements are too many for one list, at most 536870911 can be encoded")]
    TooLong(usize),
    /// A value that the encoding has no form for.
    #[error("the encoding has no form for {0}")]
    NoForm(&'static str),
    /// A signature of another size where exactly 64 bytes are stored.
    #[error("the signature has {0} bytes, but 64 are stored here")]
    SignatureSize(usize),
    /// A transaction of a version that this program does not know.
    #[error("unknown transaction type: version {0} has no known binary form")]
    UnknownVersion(u8),
    /// A part that a transaction of this version cannot hold.
    #[error("a transaction of version {version} cannot hold {what}")]
    NotInVersion {
        /// The transaction's version.
        version: u8,
        /// The part.
        what: &'static str,
    },
}

/// Why bytes could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// The bytes end inside a value.
    #[error("the data ends too early: {wanted} bytes expected at offset {offset}, {left} left")]
    EndOfData {
        /// Where the value starts.
        offset: usize,
        /// Bytes expected.
        wanted: usize,
        /// Bytes there.
        left: usize,
    },
    /// Bytes are left after the value.
    #[error("{0} bytes are left after the end of the value")]
    TrailingBytes(usize),
    /// A length above the chain's limit.
    #[error("a length of {length} is over the limit of {limit}")]
    TooLong {
        /// The length read.
        length: u64,
        /// The limit.
        limit: usize,
    },
    /// A number that does not fit the field it is read for.
    #[error("the number {value} is too large for {what}")]
    NumberTooLarge {
        /// The number read.
        value: u64,
        /// The field.
        what: &'static str,
    },
    /// A type byte that the chain does not know.
    #[error("unknown {what} type {value}")]
    UnknownType {
        /// Of what.
        what: &'static str,
        /// The byte.
        value: u64,
    },
    /// Bytes that are no such value.
    #[error("invalid {what}: {reason}")]
    Invalid {
        /// What was read.
        what: &'static str,
        /// Why it is not one.
        reason: String,
    },
}

impl DecodeError {
    /// Makes the error of bytes that are no `what`.
    pub fn invalid(what: &'static str, reason: impl ToString) -> Self {
        Self::Invalid {
            what,
            reason: reason.to_string(),
        }
    }
}
