//! Reading hex digits: most of what an explorer answers is hex, so this is done by table.

/// Stands in the table for characters that are no hex digit.
const NONE: u8 = 0xff;

/// The value of each character as a hex digit.
const VALUES: [u8; 256] = values();

#[allow(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "computed by the compiler, which stops when an index or a number is out of range"
)]
const fn values() -> [u8; 256] {
    let mut values = [NONE; 256];
    let mut digit = 0;
    while digit < 16 {
        values[b"0123456789abcdef"[digit] as usize] = digit as u8;
        values[b"0123456789ABCDEF"[digit] as usize] = digit as u8;
        digit += 1;
    }
    values
}

fn value(digit: u8) -> u8 {
    VALUES.get(usize::from(digit)).copied().unwrap_or(NONE)
}

/// Reads two digits for each byte of `bytes`; false when there are more or fewer, or one is no
/// hex digit. Both cases of letters are read.
pub(crate) fn decode(digits: &str, bytes: &mut [u8]) -> bool {
    let digits = digits.as_bytes();
    if digits.len() != bytes.len().saturating_mul(2) {
        return false;
    }
    // Looked at once, at the end: every digit that is none leaves its upper bits here.
    let mut wrong = 0;
    for (pair, byte) in digits.chunks_exact(2).zip(bytes) {
        if let [high, low] = pair {
            let (high, low) = (value(*high), value(*low));
            wrong |= high | low;
            *byte = high << 4 | low & 0x0f;
        }
    }
    wrong & 0xf0 == 0
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn every_character_is_read_as_by_the_crate_hex() {
        for first in 0..=255u8 {
            for second in ['0', 'f', 'F', 'g', '/', ':', '@', '`', ' '] {
                let text = format!("{}{second}00", char::from(first));
                let (mut ours, mut theirs) = ([7; 2], [7; 2]);
                let same = hex::decode_to_slice(&text, &mut theirs).is_ok();
                assert_eq!(decode(&text, &mut ours), same, "{text:?}");
                if same {
                    assert_eq!(ours, theirs, "{text:?}");
                }
            }
        }
        assert!(decode("", &mut []));
        assert!(!decode("0", &mut [0]) && !decode("000", &mut [0]) && !decode("", &mut [0]));
    }
}
