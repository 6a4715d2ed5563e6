//! The packed form of a message: zero bytes are left out.
//!
//! Each word of 8 bytes is written as a tag, whose bits say which bytes are not zero, and these
//! bytes. After a tag of 0x00 stands how many more words of zeros follow; after a full word (0xff)
//! how many more words follow as they are.
use super::reader::MessageError;

const WORD: usize = 8;
/// The most words that one count can tell.
const MOST: usize = 255;

/// Packs a framed message. Bytes behind the last whole word are taken as a word of their own.
pub fn pack(message: &[u8]) -> Vec<u8> {
    let words: Vec<[u8; WORD]> = message
        .chunks(WORD)
        .map(|chunk| std::array::from_fn(|at| chunk.get(at).copied().unwrap_or(0)))
        .collect();
    let mut packed = Vec::with_capacity(message.len());
    let mut rest = words.as_slice();
    while let Some((word, others)) = rest.split_first() {
        rest = others;
        let tag = (0..WORD).fold(0_u8, |tag, at| tag | u8::from(word[at] != 0) << at);
        packed.push(tag);
        packed.extend(word.iter().filter(|byte| **byte != 0));
        let more = match tag {
            0 => run(rest, |word| *word == [0; WORD]),
            // A word with two zeros or more is shorter on its own.
            0xff => run(rest, |word| {
                word.iter().filter(|byte| **byte == 0).count() < 2
            }),
            _ => continue,
        };
        let (taken, others) = rest.split_at(more);
        packed.push(u8::try_from(more).unwrap_or(u8::MAX));
        if tag == 0xff {
            packed.extend(taken.iter().flatten());
        }
        rest = others;
    }
    packed
}

fn run(words: &[[u8; WORD]], same: impl Fn(&[u8; WORD]) -> bool) -> usize {
    words
        .iter()
        .take(MOST)
        .take_while(|word| same(word))
        .count()
}

/// Unpacks a message of at most `limit` bytes.
///
/// # Errors
/// [`MessageError::CutOff`] when it ends within a word, [`MessageError::TooMuch`] when it would
/// be larger.
pub fn unpack(packed: &[u8], limit: usize) -> Result<Vec<u8>, MessageError> {
    let mut message = Vec::with_capacity(packed.len().min(limit));
    let mut rest = packed.iter().copied();
    let mut next = || rest.next().ok_or(MessageError::CutOff);
    let room = |message: &Vec<u8>, words: usize| {
        let size = message.len().saturating_add(words.saturating_mul(WORD));
        (size <= limit).then_some(()).ok_or(MessageError::TooMuch)
    };
    loop {
        let Ok(tag) = next() else {
            return Ok(message);
        };
        room(&message, 1)?;
        for bit in 0..WORD {
            let byte = if tag & (1 << bit) == 0 { 0 } else { next()? };
            message.push(byte);
        }
        if tag == 0 || tag == 0xff {
            let words = usize::from(next()?);
            room(&message, words)?;
            for _ in 0..words * WORD {
                message.push(if tag == 0 { 0 } else { next()? });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_examples_of_the_format() {
        for (plain, packed) in [
            ("0000000000000000", "0000"),
            ("0800000003000200", "51080302"),
            ("0000000c22000000", "180c22"),
            ("00000000000000000000000000000000", "0001"),
            (
                "0102030405060708ff02030405060700",
                "ff010203040506070801ff02030405060700",
            ),
        ] {
            let plain = hex::decode(plain).unwrap();
            assert_eq!(hex::encode(pack(&plain)), packed);
            assert_eq!(unpack(&pack(&plain), 1000).unwrap(), plain);
        }
    }

    #[test]
    fn a_small_text_does_not_become_large() {
        let bomb = [0_u8, 255].repeat(1000);
        assert_eq!(unpack(&bomb, 4096), Err(MessageError::TooMuch));
        assert_eq!(unpack(&[0xff, 1], 4096), Err(MessageError::CutOff));
        assert_eq!(unpack(&[], 4096), Ok(Vec::new()));
    }

    proptest! {
        #[test]
        fn whole_words_survive(words in proptest::collection::vec(
            proptest::array::uniform8(prop_oneof![3 => Just(0_u8), 5 => any::<u8>()]), 0..700)) {
            let plain: Vec<u8> = words.into_iter().flatten().collect();
            prop_assert_eq!(unpack(&pack(&plain), plain.len()).unwrap(), plain);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(message) = unpack(&bytes, 10_000) {
                prop_assert_eq!(unpack(&pack(&message), 10_000).unwrap(), message);
            }
        }
    }
}
