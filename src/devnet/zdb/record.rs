//! One entry of a data file: a header with a checksum of its own, the key, the value.
//!
//! | bytes | what |
//! |---|---|
//! | 0..4 | CRC-32 of bytes 4..32 |
//! | 4 | 1 a value was set, 2 a key was deleted, 3 where counting went on |
//! | 5 | 0 |
//! | 6..8 | length of the key |
//! | 8..12 | length of the value |
//! | 12..16 | CRC-32 of key and value |
//! | 16..24 | place in the order of writing |
//! | 24..32 | time of writing, seconds since 1970 |
use flate2::Crc;

/// Bytes of a header.
pub const HEADER: usize = 32;
/// Longest key in bytes (as in 0-DB).
pub const MAX_KEY: usize = 255;
/// Longest value in bytes (as in 0-DB: 8 MiB).
pub const MAX_VALUE: usize = 8 * 1024 * 1024;

/// What an entry says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The key has this value.
    Set,
    /// The key is gone.
    Delete,
    /// Nothing of a key: places, and numbers as keys, go on behind these.
    Mark,
}

/// The header of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What it says.
    pub what: What,
    /// Length of the key.
    pub key: usize,
    /// Length of the value.
    pub value: usize,
    /// CRC-32 of key and value.
    pub checksum: u32,
    /// Place in the order of writing.
    pub place: u64,
    /// Time of writing, seconds since 1970.
    pub time: u64,
}

fn crc(parts: &[&[u8]]) -> u32 {
    let mut crc = Crc::new();
    for part in parts {
        crc.update(part);
    }
    crc.sum()
}

/// CRC-32 of a key and its value.
pub fn checksum(key: &[u8], value: &[u8]) -> u32 {
    crc(&[key, value])
}

/// The bytes of an entry.
pub fn encode(what: What, key: &[u8], value: &[u8], place: u64, time: u64) -> Vec<u8> {
    let mut head = [0; HEADER];
    let mut put = |at: usize, bytes: &[u8]| {
        for (to, from) in head.iter_mut().skip(at).zip(bytes) {
            *to = *from;
        }
    };
    let kind = match what {
        What::Set => 1,
        What::Delete => 2,
        What::Mark => 3,
    };
    put(4, &[kind, 0]);
    // Callers keep to the limits, which fit.
    put(
        6,
        &u16::try_from(key.len()).unwrap_or(u16::MAX).to_le_bytes(),
    );
    put(
        8,
        &u32::try_from(value.len()).unwrap_or(u32::MAX).to_le_bytes(),
    );
    put(12, &checksum(key, value).to_le_bytes());
    put(16, &place.to_le_bytes());
    put(24, &time.to_le_bytes());
    let own = crc(&[head.get(4..).unwrap_or_default()]);
    let mut bytes = Vec::with_capacity(HEADER + key.len() + value.len());
    bytes.extend_from_slice(&own.to_le_bytes());
    bytes.extend_from_slice(head.get(4..).unwrap_or_default());
    bytes.extend_from_slice(key);
    bytes.extend_from_slice(value);
    bytes
}

/// Reads a header; None when it is none.
pub fn header(bytes: &[u8; HEADER]) -> Option<Header> {
    fn part<const N: usize>(bytes: &[u8; HEADER], at: usize) -> Option<[u8; N]> {
        bytes.get(at..at + N)?.try_into().ok()
    }
    let own = u32::from_le_bytes(part(bytes, 0)?);
    if own != crc(&[bytes.get(4..)?]) {
        return None;
    }
    let what = match part(bytes, 4)? {
        [1, 0] => What::Set,
        [2, 0] => What::Delete,
        [3, 0] => What::Mark,
        _ => return None,
    };
    let header = Header {
        what,
        key: u16::from_le_bytes(part(bytes, 6)?).into(),
        value: u32::from_le_bytes(part(bytes, 8)?) as usize,
        checksum: u32::from_le_bytes(part(bytes, 12)?),
        place: u64::from_le_bytes(part(bytes, 16)?),
        time: u64::from_le_bytes(part(bytes, 24)?),
    };
    (header.key <= MAX_KEY && header.value <= MAX_VALUE).then_some(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_read_as_it_was_written_and_a_changed_one_is_not() {
        let bytes = encode(What::Set, b"key", b"value", 7, 1_000);
        let head: [u8; HEADER] = bytes[..HEADER].try_into().unwrap();
        let read = header(&head).unwrap();
        assert_eq!(
            (read.key, read.value, read.place, read.time),
            (3, 5, 7, 1_000)
        );
        assert_eq!(read.checksum, checksum(b"key", b"value"));
        for at in 0..HEADER {
            let mut changed = head;
            changed[at] ^= 1;
            assert_eq!(header(&changed), None, "byte {at}");
        }
    }
}
