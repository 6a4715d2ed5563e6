//! What is particular to `rivbin`: a length takes 1 to 4 bytes, its low bits tell how many.

use super::EncodeError;

/// Greatest length that has a prefix: 29 bits.
pub const MAX_LENGTH: usize = 536_870_911;

/// A length prefix: up to 4 bytes and how many of them count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LengthPrefix {
    bytes: [u8; 4],
    count: usize,
}

impl LengthPrefix {
    /// Returns the bytes of the prefix.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.count).unwrap_or(&self.bytes)
    }
}

/// Returns the shortest prefix of `length` (spec: rivbin length prefix).
///
/// # Errors
/// When the length is over [`MAX_LENGTH`].
pub fn length_prefix(length: usize) -> Result<LengthPrefix, EncodeError> {
    let too_long = || EncodeError::TooLong(length);
    let number = u32::try_from(length).map_err(|_| too_long())?;
    let (value, count) = match number {
        0..=0x7f => (number << 1, 1),
        0x80..=0x3fff => ((number << 2) | 0b01, 2),
        0x4000..=0x1f_ffff => ((number << 3) | 0b011, 3),
        0x20_0000..=0x1fff_ffff => ((number << 3) | 0b111, 4),
        _ => return Err(too_long()),
    };
    Ok(LengthPrefix {
        bytes: value.to_le_bytes(),
        count,
    })
}

/// Returns how many bytes a prefix has that starts with `first`, and by how many bits its value
/// is shifted.
pub fn prefix_shape(first: u8) -> (usize, u32) {
    if first & 0b1 == 0 {
        (1, 1)
    } else if first & 0b10 == 0 {
        (2, 2)
    } else if first & 0b100 == 0 {
        (3, 3)
    } else {
        (4, 3)
    }
}
