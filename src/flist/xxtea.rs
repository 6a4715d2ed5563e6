//! XXTEA as chunks use it: data padded with zero bytes to whole words, and their length as one more
//! word (spec: flist §4).
//!
//! Every word waits for the one before it, so a single run leaves most of a processor idle. Runs of
//! about equal length are therefore encrypted side by side, word by word, which compilers turn into
//! vector instructions.
use std::cell::RefCell;

/// The delta of TEA: the golden ratio.
const DELTA: u32 = 0x9e37_79b9;
/// Runs side by side.
const LANES: usize = 8;
/// Words of all lanes that are taken in and given out at once: they stay near the processor.
const BLOCK: usize = 128;

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
fn words_for(length: usize) -> usize {
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
fn encrypt(data: &[u8], key: &[u8; 16]) -> Vec<u8> {
    let mut all: Vec<[u32; 1]> = words(data).map(|word| [word]).collect();
    let count = all.len();
    encrypt_lanes(&mut all, &[count], &key_words(key).map(|word| [word]));
    all.iter().flat_map(|[word]| word.to_le_bytes()).collect()
}

/// Encrypts several runs of data, each with its key; answers them in the same order.
pub(super) fn encrypt_all(runs: &[(&[u8], &[u8; 16])]) -> Vec<Vec<u8>> {
    let mut sorted: Vec<(usize, usize)> = runs
        .iter()
        .enumerate()
        .map(|(place, (data, _))| (words_for(data.len()), place))
        .collect();
    sorted.sort_unstable();
    let mut results = vec![Vec::new(); runs.len()];
    let mut rest = sorted.as_slice();
    while let Some((first, _)) = rest.first() {
        // Much longer ones go on alone for too long, and short ones may have another number of
        // rounds.
        let fits =
            |(words, _): &&(usize, usize)| *words <= first * 2 && rounds(*words) == rounds(*first);
        let count = rest.iter().take(LANES).take_while(fits).count().max(1);
        let (group, others) = rest.split_at_checked(count).unwrap_or((rest, &[]));
        rest = others;
        let own = group.iter().filter_map(|(_, place)| runs.get(*place));
        let own: Vec<(&[u8], &[u8; 16])> = own.copied().collect();
        let made = match own.as_slice() {
            [(data, key)] => vec![encrypt(data, key)],
            own => encrypt_several(own),
        };
        for ((_, place), bytes) in group.iter().zip(made) {
            if let Some(result) = results.get_mut(*place) {
                *result = bytes;
            }
        }
    }
    results
}

thread_local! {
    /// The words of all lanes: four megabytes that need not be asked of the system for every call.
    static ROOM: RefCell<Vec<[u32; LANES]>> = const { RefCell::new(Vec::new()) };
}

/// Encrypts up to [`LANES`] runs of data side by side; they need equally many rounds, and the
/// shortest comes first.
fn encrypt_several(runs: &[(&[u8], &[u8; 16])]) -> Vec<Vec<u8>> {
    let counts: Vec<usize> = runs.iter().map(|(data, _)| words_for(data.len())).collect();
    debug_assert!(counts.is_sorted() && counts.len() <= LANES);
    let most = counts.last().copied().unwrap_or_default();
    let mut keys = [[0_u32; LANES]; 4];
    for (lane, (_, key)) in runs.iter().enumerate() {
        for (place, word) in keys.iter_mut().zip(key_words(key)) {
            if let Some(own) = place.get_mut(lane) {
                *own = word;
            }
        }
    }
    ROOM.with_borrow_mut(|room| {
        if room.len() < most {
            room.resize(most, [0; LANES]);
        }
        // Lanes without a run go on with what is left of another call; nobody looks at them.
        let all = room.get_mut(..most).unwrap_or_default();
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
        encrypt_best(all, &counts, &keys);
        let room = |count: &usize| Vec::with_capacity(count * 4);
        let mut results: Vec<Vec<u8>> = counts.iter().map(room).collect();
        for (at, block) in all.chunks(BLOCK).enumerate() {
            for (lane, (bytes, count)) in results.iter_mut().zip(&counts).enumerate() {
                let left = count.saturating_sub(at * BLOCK);
                let own = block.iter().take(left).filter_map(|place| place.get(lane));
                own.for_each(|word| bytes.extend_from_slice(&word.to_le_bytes()));
            }
        }
        results
    })
}

/// Encrypts all lanes with the widest instructions that the processor has.
fn encrypt_best(all: &mut [[u32; LANES]], counts: &[usize], key: &[[u32; LANES]; 4]) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has the instructions that this function is compiled to.
        return unsafe { encrypt_wide(all, counts, key) };
    }
    encrypt_lanes(all, counts, key);
}

/// As [`encrypt_lanes`], eight words in one instruction.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn encrypt_wide(all: &mut [[u32; LANES]], counts: &[usize], key: &[[u32; LANES]; 4]) {
    encrypt_lanes(all, counts, key);
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
    let mut mixed = *word;
    for lane in 0..N {
        mixed[lane] = word[lane].wrapping_add(mix(z[lane], y[lane], sum, key[lane]));
    }
    mixed
}

/// Encrypts lanes of `counts` words, the shortest first, as far as they go side by side; the words
/// that only the longer ones have come one lane after the other.
#[inline(always)]
fn encrypt_lanes<const N: usize>(all: &mut [[u32; N]], counts: &[usize], key: &[[u32; N]; 4]) {
    let (Some(&least), Some(&most)) = (counts.first(), counts.last()) else {
        return;
    };
    if least < 2 || most > all.len() || counts.len() > N {
        return;
    }
    // `p & 3` is within the four words, lanes are fewer than N, `p + 1` is within the words of its
    // lane.
    let (mut sum, mut z) = (0_u32, [0; N]);
    for (lane, count) in counts.iter().enumerate() {
        z[lane] = all[count - 1][lane];
    }
    for _ in 0..rounds(least) {
        sum = sum.wrapping_add(DELTA);
        let key = of_round(key, sum);
        let mut own = all[0];
        for p in 0..least - 1 {
            let y = all[p + 1];
            z = step(&own, &z, &y, sum, &key[p & 3]);
            all[p] = z;
            own = y;
        }
        let first = all[0];
        for (lane, count) in counts.iter().enumerate() {
            let (mut z_own, mut own) = (z[lane], own[lane]);
            for p in least - 1..*count {
                let y = if p + 1 < *count {
                    all[p + 1][lane]
                } else {
                    first[lane]
                };
                z_own = own.wrapping_add(mix(z_own, y, sum, key[p & 3][lane]));
                all[p][lane] = z_own;
                own = y;
            }
            z[lane] = z_own;
        }
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
        let lengths: &[&[usize]] = &[
            &[0],
            &[1, 3, 4, 5],
            &[100; 8],
            &[207, 208, 209, 207, 208, 209, 210, 300],
            &[
                5_000, 5_001, 4_999, 5_000, 9_000, 70, 5_000, 12_000, 0, 3, 5_000,
            ],
            &[8_192; 17],
        ];
        for lengths in lengths {
            let data: Vec<(Vec<u8>, [u8; 16])> = lengths
                .iter()
                .enumerate()
                .map(|(run, length)| {
                    let data = (0..*length).map(|n| (n * 7 + run * 13) as u8).collect();
                    (data, [(run as u8).wrapping_mul(31); 16])
                })
                .collect();
            let runs: Vec<(&[u8], &[u8; 16])> = data
                .iter()
                .map(|(data, key)| (data.as_slice(), key))
                .collect();
            let all = encrypt_all(&runs);
            assert_eq!(all.len(), runs.len());
            for ((data, key), bytes) in runs.iter().zip(all) {
                assert_eq!(bytes, encrypt(data, key), "{}", data.len());
                // No chunk is empty, and one word alone is none.
                let back = (!data.is_empty()).then_some(*data);
                assert_eq!(decrypt(&bytes, key).as_deref(), back);
            }
        }
    }

    #[test]
    fn narrow_and_wide_instructions_do_the_same() {
        let mut all: Vec<[u32; LANES]> = (0..300_u32).map(|n| [n * 77; LANES]).collect();
        let (counts, key) = (
            [260, 280, 300],
            [[5; LANES], [6; LANES], [7; LANES], [8; LANES]],
        );
        let mut other = all.clone();
        encrypt_lanes(&mut all, &counts, &key);
        encrypt_best(&mut other, &counts, &key);
        assert_eq!(all, other);
    }
}
