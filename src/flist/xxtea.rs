//! XXTEA as chunks use it: data padded with zero bytes to whole words, and their length as one more
//! word (spec: flist §4).
//!
//! Every word waits for the one before it, so a single run leaves most of a processor idle. Runs of
//! equal length are therefore encrypted side by side, word by word, which compilers turn into vector
//! instructions.
use std::cell::RefCell;

/// The delta of TEA: the golden ratio.
const DELTA: u32 = 0x9e37_79b9;
/// Runs side by side.
pub(super) const LANES: usize = 8;
/// Words of all lanes that are taken in and given out at once: they stay near the processor.
const BLOCK: usize = 512;

fn key_words(key: &[u8; 16]) -> [u32; 4] {
    let mut words = [0; 4];
    for (word, bytes) in words.iter_mut().zip(key.as_chunks().0) {
        *word = u32::from_le_bytes(*bytes);
    }
    words
}

#[inline(always)]
fn mix(z: u32, y: u32, sum: u32, key: u32) -> u32 {
    (((z >> 5) ^ (y << 2)).wrapping_add((y >> 3) ^ (z << 4))) ^ ((sum ^ y).wrapping_add(key ^ z))
}

/// The key words of a round in the order in which places use them: place `p` that of `p & 3`.
fn of_round<T: Copy>(key: &[T; 4], sum: u32) -> [T; 4] {
    let [a, b, c, d] = *key;
    // Place p uses word (p ^ e) & 3.
    match (sum >> 2) & 3 {
        0 => [a, b, c, d],
        1 => [b, a, d, c],
        2 => [c, d, a, b],
        _ => [d, c, b, a],
    }
}

/// Rounds for so many words.
fn rounds(words: usize) -> u32 {
    6 + u32::try_from(52 / words.max(1)).unwrap_or_default()
}

/// Words of the result for so many bytes.
pub(super) fn words_for(length: usize) -> usize {
    length.div_ceil(4) + 1
}

/// The words of data, their length after them.
fn words(data: &[u8]) -> impl Iterator<Item = u32> {
    let (whole, rest) = data.as_chunks::<4>();
    let mut last = [0; 4];
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    let last = (!rest.is_empty()).then_some(u32::from_le_bytes(last));
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let whole = whole.iter().map(|bytes| u32::from_le_bytes(*bytes));
    whole.chain(last).chain([length])
}

/// Encrypts data.
pub(super) fn encrypt(data: &[u8], key: &[u8; 16]) -> Vec<u8> {
    let mut all: Vec<[u32; 1]> = words(data).map(|word| [word]).collect();
    encrypt_lanes(&mut all, &key_words(key).map(|word| [word]));
    all.iter().flat_map(|[word]| word.to_le_bytes()).collect()
}

thread_local! {
    /// The words of all lanes: four megabytes that need not be asked of the system for every call.
    static ROOM: RefCell<Vec<[u32; LANES]>> = const { RefCell::new(Vec::new()) };
}

/// Encrypts up to [`LANES`] runs of data, which must give equally many words.
pub(super) fn encrypt_several(runs: &[(&[u8], &[u8; 16])]) -> Vec<Vec<u8>> {
    let count = runs.first().map_or(0, |(data, _)| words_for(data.len()));
    debug_assert!(runs.len() <= LANES);
    debug_assert!(runs.iter().all(|(data, _)| words_for(data.len()) == count));
    let mut keys = [[0_u32; LANES]; 4];
    for (lane, (_, key)) in runs.iter().enumerate() {
        for (place, word) in keys.iter_mut().zip(key_words(key)) {
            if let Some(own) = place.get_mut(lane) {
                *own = word;
            }
        }
    }
    ROOM.with_borrow_mut(|room| {
        if room.len() < count {
            room.resize(count, [0; LANES]);
        }
        // Lanes without a run go on with what is left of another call; nobody looks at them.
        let all = room.get_mut(..count).unwrap_or_default();
        let mut sources: Vec<_> = runs.iter().map(|(data, _)| words(data)).collect();
        for block in all.chunks_mut(BLOCK) {
            for (lane, source) in sources.iter_mut().enumerate() {
                // The block comes first: at its end no word is taken in vain.
                for (place, word) in block.iter_mut().zip(source.by_ref()) {
                    if let Some(own) = place.get_mut(lane) {
                        *own = word;
                    }
                }
            }
        }
        encrypt_lanes(all, &keys);
        let room = |_: &_| Vec::with_capacity(count * 4);
        let mut results: Vec<Vec<u8>> = runs.iter().map(room).collect();
        for block in all.chunks(BLOCK) {
            for (lane, bytes) in results.iter_mut().enumerate() {
                let own = block.iter().filter_map(|place| place.get(lane));
                own.for_each(|word| bytes.extend_from_slice(&word.to_le_bytes()));
            }
        }
        results
    })
}

/// One step for all lanes: the word after the mixing.
#[inline(always)]
fn step<const N: usize>(
    word: &[u32; N],
    z: &[u32; N],
    y: &[u32; N],
    sum: u32,
    key: &[u32; N],
) -> [u32; N] {
    std::array::from_fn(|lane| word[lane].wrapping_add(mix(z[lane], y[lane], sum, key[lane])))
}

fn encrypt_lanes<const N: usize>(all: &mut [[u32; N]], key: &[[u32; N]; 4]) {
    let count = all.len();
    let (Some(&last), true) = (all.last(), count > 1) else {
        return;
    };
    let (mut sum, mut z) = (0_u32, last);
    for _ in 0..rounds(count) {
        sum = sum.wrapping_add(DELTA);
        let key = of_round(key, sum);
        let mut own = all.first().copied().unwrap_or([0; N]);
        // `p & 3` is within the four words, and `p + 1` within the words.
        for p in 0..count - 1 {
            let y = all[p + 1];
            z = step(&own, &z, &y, sum, &key[p & 3]);
            all[p] = z;
            own = y;
        }
        let y = all.first().copied().unwrap_or([0; N]);
        z = step(&own, &z, &y, sum, &key[(count - 1) & 3]);
        all[count - 1] = z;
    }
}

/// Decrypts; None when the key is not the one it was encrypted with. The bytes must be two words at
/// least, and whole words.
pub(super) fn decrypt(bytes: &[u8], key: &[u8; 16]) -> Option<Vec<u8>> {
    let (words, rest) = bytes.as_chunks::<4>();
    if words.len() < 2 || !rest.is_empty() {
        return None;
    }
    let mut words: Vec<u32> = words.iter().map(|word| u32::from_le_bytes(*word)).collect();
    let key = key_words(key);
    let count = words.len();
    let mut sum = rounds(count).wrapping_mul(DELTA);
    let mut y = words.first().copied().unwrap_or_default();
    while sum != 0 {
        let key = of_round(&key, sum);
        let mut own = words[count - 1];
        for p in (1..count).rev() {
            let z = words[p - 1];
            y = own.wrapping_sub(mix(z, y, sum, key[p & 3]));
            words[p] = y;
            own = z;
        }
        let z = words[count - 1];
        y = own.wrapping_sub(mix(z, y, sum, key[0]));
        words[0] = y;
        sum = sum.wrapping_sub(DELTA);
    }
    let length = words.pop().map(|length| length as usize)?;
    let most = words.len() * 4;
    if length > most || length + 3 < most {
        return None;
    }
    let mut data: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    data.truncate(length);
    Some(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_side_by_side_give_what_each_gives_alone() {
        for length in [0, 1, 3, 4, 5, 100, 207, 208, 209, 5_000] {
            let data: Vec<Vec<u8>> = (0..LANES)
                .map(|lane| (0..length).map(|n| (n * 7 + lane * 13) as u8).collect())
                .collect();
            let keys: Vec<[u8; 16]> = (0..LANES).map(|lane| [lane as u8 * 31; 16]).collect();
            for count in [1, 3, LANES] {
                let runs: Vec<(&[u8], &[u8; 16])> = data
                    .iter()
                    .map(Vec::as_slice)
                    .zip(&keys)
                    .take(count)
                    .collect();
                for ((data, key), bytes) in runs.iter().zip(encrypt_several(&runs)) {
                    assert_eq!(bytes, encrypt(data, key), "{length}");
                    // No chunk is empty, and one word alone is none.
                    let back = (length > 0).then_some(*data);
                    assert_eq!(decrypt(&bytes, key).as_deref(), back);
                }
            }
        }
    }
}
