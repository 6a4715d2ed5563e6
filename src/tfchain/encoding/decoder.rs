//! Reading of either encoding, with the chain's limits.

use super::{Decode, DecodeError, Encoding, rivbin};
use crate::tfchain::constants::{MAX_OBJECT_BYTES, MAX_SLICE_BYTES};

/// Reads values from bytes; never panics, whatever the bytes are.
#[derive(Debug, Clone)]
pub struct Decoder<'a> {
    encoding: Encoding,
    input: &'a [u8],
    offset: usize,
}

impl<'a> Decoder<'a> {
    /// Returns a decoder at the start of `input`.
    ///
    /// # Errors
    /// When `input` is larger than any object may be.
    pub fn new(encoding: Encoding, input: &'a [u8]) -> Result<Self, DecodeError> {
        if input.len() > MAX_OBJECT_BYTES {
            return Err(DecodeError::TooLong {
                length: u64::try_from(input.len()).unwrap_or(u64::MAX),
                limit: MAX_OBJECT_BYTES,
            });
        }
        Ok(Self {
            encoding,
            input,
            offset: 0,
        })
    }

    /// Returns the encoding that is read.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Returns how many bytes are left.
    pub fn remaining(&self) -> usize {
        self.input.len().saturating_sub(self.offset)
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// When bytes are left.
    pub fn finish(self) -> Result<(), DecodeError> {
        match self.remaining() {
            0 => Ok(()),
            left => Err(DecodeError::TrailingBytes(left)),
        }
    }

    /// Reads `count` bytes as they are.
    ///
    /// # Errors
    /// When there are fewer.
    pub fn raw(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let bytes = self
            .offset
            .checked_add(count)
            .and_then(|end| self.input.get(self.offset..end))
            .ok_or(DecodeError::EndOfData {
                offset: self.offset,
                wanted: count,
                left: self.remaining(),
            })?;
        self.offset = self.offset.saturating_add(count);
        Ok(bytes)
    }

    /// Reads everything that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        let bytes = self.input.get(self.offset..).unwrap_or_default();
        self.offset = self.input.len();
        bytes
    }

    /// Reads a byte array of fixed size.
    ///
    /// # Errors
    /// When there are fewer bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let mut array = [0; N];
        array.copy_from_slice(self.raw(N)?);
        Ok(array)
    }

    /// Reads one byte.
    ///
    /// # Errors
    /// At the end of the data.
    pub fn byte(&mut self) -> Result<u8, DecodeError> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    /// Reads a truth value.
    ///
    /// # Errors
    /// At the end of the data, or when the byte is neither 0 nor 1.
    pub fn bool(&mut self) -> Result<bool, DecodeError> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(DecodeError::invalid("truth value", other)),
        }
    }

    /// Reads an 8-bit number.
    ///
    /// # Errors
    /// At the end of the data, or when the number is larger.
    pub fn u8(&mut self) -> Result<u8, DecodeError> {
        match self.encoding {
            Encoding::Rivbin => self.byte(),
            Encoding::Siabin => self.narrow("an 8-bit number"),
        }
    }

    /// Reads a 16-bit number.
    ///
    /// # Errors
    /// At the end of the data, or when the number is larger.
    pub fn u16(&mut self) -> Result<u16, DecodeError> {
        match self.encoding {
            Encoding::Rivbin => Ok(u16::from_le_bytes(self.array()?)),
            Encoding::Siabin => self.narrow("a 16-bit number"),
        }
    }

    /// Reads a 32-bit number.
    ///
    /// # Errors
    /// At the end of the data, or when the number is larger.
    pub fn u32(&mut self) -> Result<u32, DecodeError> {
        match self.encoding {
            Encoding::Rivbin => Ok(u32::from_le_bytes(self.array()?)),
            Encoding::Siabin => self.narrow("a 32-bit number"),
        }
    }

    /// Reads a 64-bit number: 8 bytes in both encodings.
    ///
    /// # Errors
    /// At the end of the data.
    pub fn u64(&mut self) -> Result<u64, DecodeError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    fn narrow<T: TryFrom<u64>>(&mut self, what: &'static str) -> Result<T, DecodeError> {
        let value = self.u64()?;
        T::try_from(value).map_err(|_| DecodeError::NumberTooLarge { value, what })
    }

    /// Reads the length of a slice; it is never more than the bytes left.
    ///
    /// # Errors
    /// At the end of the data, or when the length is over the chain's limit.
    pub fn length(&mut self) -> Result<usize, DecodeError> {
        let length = match self.encoding {
            Encoding::Siabin => self.u64()?,
            Encoding::Rivbin => {
                let first = self.byte()?;
                let (count, shift) = rivbin::prefix_shape(first);
                let mut bytes = [first, 0, 0, 0];
                for slot in bytes.iter_mut().take(count).skip(1) {
                    *slot = self.byte()?;
                }
                u64::from(u32::from_le_bytes(bytes) >> shift)
            }
        };
        let limit = MAX_SLICE_BYTES;
        let short = usize::try_from(length)
            .ok()
            .filter(|length| *length <= limit)
            .ok_or(DecodeError::TooLong { length, limit })?;
        // Every element takes a byte at least, so this also bounds what a list may allocate.
        if short > self.remaining() {
            return Err(DecodeError::EndOfData {
                offset: self.offset,
                wanted: short,
                left: self.remaining(),
            });
        }
        Ok(short)
    }

    /// Reads variable bytes.
    ///
    /// # Errors
    /// As [`Decoder::length`].
    pub fn slice(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = self.length()?;
        self.raw(length)
    }

    /// Reads a text.
    ///
    /// # Errors
    /// As [`Decoder::length`], and when the bytes are not UTF-8.
    pub fn string(&mut self) -> Result<&'a str, DecodeError> {
        std::str::from_utf8(self.slice()?).map_err(|error| DecodeError::invalid("text", error))
    }

    /// Reads a slice whose content is read by its own decoder.
    ///
    /// # Errors
    /// As [`Decoder::length`], those of `body`, and when `body` leaves bytes over.
    pub fn slice_of<T>(
        &mut self,
        body: impl FnOnce(&mut Decoder<'a>) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        let mut inner = Decoder::new(self.encoding, self.slice()?)?;
        let value = body(&mut inner)?;
        inner.finish()?;
        Ok(value)
    }

    /// Reads one value.
    ///
    /// # Errors
    /// Those of the value.
    pub fn value<T: Decode>(&mut self) -> Result<T, DecodeError> {
        T::decode(self)
    }

    /// Reads a slice of values.
    ///
    /// # Errors
    /// As [`Decoder::length`], and those of the values.
    pub fn list<T: Decode>(&mut self) -> Result<Vec<T>, DecodeError> {
        let length = self.length()?;
        self.values(length)
    }

    /// Reads `count` values that stand without a length.
    ///
    /// # Errors
    /// Those of the values.
    pub fn values<T: Decode>(&mut self, count: usize) -> Result<Vec<T>, DecodeError> {
        let mut values = Vec::with_capacity(count.min(1024));
        for _ in 0..count {
            values.push(T::decode(self)?);
        }
        Ok(values)
    }

    /// Reads an optional pointer.
    ///
    /// # Errors
    /// When the first byte is neither 0 nor 1, and those of the value.
    pub fn optional<T: Decode>(&mut self) -> Result<Option<T>, DecodeError> {
        if self.bool()? {
            T::decode(self).map(Some)
        } else {
            Ok(None)
        }
    }
}
