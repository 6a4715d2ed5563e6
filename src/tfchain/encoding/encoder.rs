//! Writing of either encoding.

use super::{Encode, EncodeError, Encoding, rivbin, siabin};

/// Width of an integer, for [`Encoder::integer`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntegerWidth {
    /// 1 byte in rivbin.
    U8,
    /// 2 bytes in rivbin.
    U16,
    /// 3 bytes in rivbin, no form in siabin.
    U24,
    /// 4 bytes in rivbin.
    U32,
    /// 8 bytes in both.
    U64,
}

impl IntegerWidth {
    fn bytes(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::U16 => 2,
            Self::U24 => 3,
            Self::U32 => 4,
            Self::U64 => 8,
        }
    }

    fn maximum(self) -> u64 {
        match self {
            Self::U8 => u64::from(u8::MAX),
            Self::U16 => u64::from(u16::MAX),
            Self::U24 => 0xff_ffff,
            Self::U32 => u64::from(u32::MAX),
            Self::U64 => u64::MAX,
        }
    }
}

/// Collects the bytes of a value.
///
/// The first error is kept and returned by [`Encoder::finish`], so that encoding reads as a plain
/// sequence of fields.
#[derive(Debug, Clone)]
pub struct Encoder {
    encoding: Encoding,
    buffer: Vec<u8>,
    error: Option<EncodeError>,
}

impl Encoder {
    /// Returns an empty encoder.
    pub fn new(encoding: Encoding) -> Self {
        Self {
            encoding,
            buffer: Vec::with_capacity(256),
            error: None,
        }
    }

    /// Returns the encoding that is written.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Returns the bytes.
    ///
    /// # Errors
    /// The first error of any write.
    pub fn finish(self) -> Result<Vec<u8>, EncodeError> {
        match self.error {
            None => Ok(self.buffer),
            Some(error) => Err(error),
        }
    }

    /// Keeps `error` unless there is an earlier one.
    pub fn fail(&mut self, error: EncodeError) {
        self.error.get_or_insert(error);
    }

    /// Writes bytes as they are: byte arrays, and single-byte types.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Writes one byte in both encodings: versions, type bytes, flags.
    pub fn byte(&mut self, byte: u8) {
        self.buffer.push(byte);
    }

    /// Writes a truth value: one byte.
    pub fn bool(&mut self, value: bool) {
        self.byte(u8::from(value));
    }

    /// Writes an integer of the given width.
    pub fn integer(&mut self, width: IntegerWidth, value: i128) {
        match u64::try_from(value) {
            Ok(number) if number <= width.maximum() => self.unsigned(width, number),
            _ => self.fail(EncodeError::OutOfRange {
                what: "the number",
                value: value.to_string(),
                maximum: width.maximum(),
            }),
        }
    }

    fn unsigned(&mut self, width: IntegerWidth, value: u64) {
        let bytes = value.to_le_bytes();
        let count = match self.encoding {
            Encoding::Rivbin => width.bytes(),
            Encoding::Siabin if width == IntegerWidth::U24 => {
                return self.fail(EncodeError::NoForm("a 24-bit number"));
            }
            Encoding::Siabin => siabin::INTEGER_BYTES,
        };
        self.raw(bytes.get(..count).unwrap_or(&bytes));
    }

    /// Writes an 8-bit number.
    pub fn u8(&mut self, value: u8) {
        self.unsigned(IntegerWidth::U8, u64::from(value));
    }

    /// Writes a 16-bit number.
    pub fn u16(&mut self, value: u16) {
        self.unsigned(IntegerWidth::U16, u64::from(value));
    }

    /// Writes a 32-bit number.
    pub fn u32(&mut self, value: u32) {
        self.unsigned(IntegerWidth::U32, u64::from(value));
    }

    /// Writes a 64-bit number: 8 bytes in both encodings.
    pub fn u64(&mut self, value: u64) {
        self.raw(&value.to_le_bytes());
    }

    /// Writes a count as 8 bytes in both encodings (a count written as an int).
    pub fn count(&mut self, count: usize) {
        self.integer(IntegerWidth::U64, i128::try_from(count).unwrap_or(-1));
    }

    /// Writes the length of a slice that follows.
    pub fn length(&mut self, length: usize) {
        match self.encoding {
            Encoding::Siabin => self.count(length),
            Encoding::Rivbin => match rivbin::length_prefix(length) {
                Ok(prefix) => self.raw(prefix.as_bytes()),
                Err(error) => self.fail(error),
            },
        }
    }

    /// Writes variable bytes: length, then the bytes.
    pub fn slice(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.raw(bytes);
    }

    /// Writes a text: its number of UTF-8 bytes, then these.
    pub fn string(&mut self, text: &str) {
        self.slice(text.as_bytes());
    }

    /// Writes what `body` writes, as a slice: with its length in front.
    pub fn slice_of(&mut self, body: impl FnOnce(&mut Self)) {
        let start = self.buffer.len();
        body(self);
        let length = self.buffer.len().saturating_sub(start);
        // The prefix goes to the end first and is then turned to the front of the body.
        self.length(length);
        if let Some(written) = self.buffer.get_mut(start..) {
            written.rotate_left(length);
        }
    }

    /// Writes one value.
    pub fn value<T: Encode + ?Sized>(&mut self, value: &T) {
        value.encode(self);
    }

    /// Writes a slice of values: count, then each of them.
    pub fn list<T: Encode>(&mut self, values: &[T]) {
        self.length(values.len());
        for value in values {
            value.encode(self);
        }
    }

    /// Writes an optional pointer: 00 when absent, else 01 and the value.
    pub fn optional<T: Encode>(&mut self, value: Option<&T>) {
        match value {
            Some(value) => {
                self.byte(1);
                value.encode(self);
            }
            None if self.encoding == Encoding::Rivbin => self.byte(0),
            None => self.fail(EncodeError::NoForm("an absent pointer")),
        }
    }
}
