//! What is particular to `siabin`: every integer and every length takes 8 bytes.

/// Bytes of an integer of any width, and of a length.
pub const INTEGER_BYTES: usize = 8;

/// Returns the bytes of a length: 8 bytes, little-endian.
pub fn length_prefix(length: u64) -> [u8; INTEGER_BYTES] {
    length.to_le_bytes()
}
