//! Seed phrases (BIP39, English) and the keys made of them.
//!
//! Only the entropy of the phrase is used: key pair number `i` has the secret seed
//! `BLAKE2b(entropy || i)`. The BIP39 seed and BIP32 are not used on this chain.

use super::hash::Hasher;
use super::keys::KeyPair;
use super::unlockhash::UnlockHash;
use bip39::{Language, Mnemonic};
use thiserror::Error;
use zeroize::Zeroizing;

/// Numbers of words that a phrase may have.
pub const PHRASE_LENGTHS: [usize; 5] = [12, 15, 18, 21, 24];
/// Bytes of entropy of a new wallet: 24 words.
pub const NEW_ENTROPY_BYTES: usize = 32;
const SUGGESTIONS: usize = 3;

/// The entropy of a seed phrase. Wiped from memory when dropped, never printed.
#[derive(Clone)]
pub struct Seed {
    entropy: Zeroizing<Vec<u8>>,
}

/// Why a text is no seed phrase. The texts name at most the one wrong word.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MnemonicError {
    /// Not 12, 15, 18, 21 or 24 words.
    #[error("a seed phrase has 12, 15, 18, 21 or 24 words, this one has {0}")]
    WordCount(usize),
    /// A word that is not in the English list.
    #[error("word {position} of the seed phrase, `{word}`, is not in the word list{}", nearest_text(.nearest))]
    UnknownWord {
        /// Place of the word, from 1.
        position: usize,
        /// The word.
        word: String,
        /// Words of the list that are close to it, the closest first.
        nearest: Vec<&'static str>,
    },
    /// All words exist, but they do not belong together.
    #[error(
        "the checksum of the seed phrase is wrong: every word exists, but one is not the right one or two are swapped"
    )]
    Checksum,
    /// Entropy of a length that has no phrase.
    #[error("entropy has 16, 20, 24, 28 or 32 bytes, this has {0}")]
    EntropyLength(usize),
}

fn nearest_text(nearest: &[&'static str]) -> String {
    match nearest {
        [] => String::new(),
        words => format!("; did you mean {}?", words.join(", ")),
    }
}

impl Seed {
    /// Makes a seed of raw entropy: 16, 20, 24, 28 or 32 bytes.
    ///
    /// # Errors
    /// When the length is another.
    pub fn from_entropy(entropy: &[u8]) -> Result<Self, MnemonicError> {
        match entropy.len() {
            16 | 20 | 24 | 28 | 32 => Ok(Self {
                entropy: Zeroizing::new(entropy.to_vec()),
            }),
            length => Err(MnemonicError::EntropyLength(length)),
        }
    }

    /// Reads a seed phrase; words may stand apart by any white space, otherwise it is strict.
    ///
    /// # Errors
    /// Says which of the three is wrong: the number of words, a word, or the checksum.
    pub fn from_phrase(phrase: &str) -> Result<Self, MnemonicError> {
        let count = phrase.split_whitespace().count();
        if !PHRASE_LENGTHS.contains(&count) {
            return Err(MnemonicError::WordCount(count));
        }
        let list = Language::English.word_list();
        for (index, word) in phrase.split_whitespace().enumerate() {
            if list.binary_search(&word).is_err() {
                return Err(MnemonicError::UnknownWord {
                    position: index.saturating_add(1),
                    word: word.to_owned(),
                    nearest: nearest_words(word),
                });
            }
        }
        let mnemonic = Mnemonic::parse_in_normalized(Language::English, phrase)
            .map_err(|_| MnemonicError::Checksum)?;
        Ok(Self {
            entropy: Zeroizing::new(mnemonic.to_entropy()),
        })
    }

    /// Returns the seed phrase, words joined by one space.
    pub fn phrase(&self) -> Zeroizing<String> {
        let mut phrase = Zeroizing::new(String::with_capacity(24 * 9));
        // The length was checked when the seed was made, so there is always a phrase.
        if let Ok(mnemonic) = Mnemonic::from_entropy_in(Language::English, &self.entropy) {
            for word in mnemonic.words() {
                if !phrase.is_empty() {
                    phrase.push(' ');
                }
                phrase.push_str(word);
            }
        }
        phrase
    }

    /// Returns the raw entropy.
    pub fn entropy(&self) -> &[u8] {
        &self.entropy
    }

    /// Returns the 32-byte secret seed of key pair number `index`.
    pub fn secret_seed(&self, index: u64) -> Zeroizing<[u8; 32]> {
        let mut hasher = Hasher::new();
        hasher.update(&self.entropy);
        hasher.update(&index.to_le_bytes());
        Zeroizing::new(*hasher.finish().as_bytes())
    }

    /// Returns key pair number `index`, from 0.
    pub fn key_pair(&self, index: u64) -> KeyPair {
        KeyPair::from_secret_seed(&self.secret_seed(index))
    }

    /// Returns the address of key pair number `index`.
    pub fn address(&self, index: u64) -> UnlockHash {
        self.key_pair(index).unlock_hash()
    }
}

/// Returns up to three words of the list that are closest to `word`: same first letters first.
fn nearest_words(word: &str) -> Vec<&'static str> {
    // A long text is no misspelled word; the longest word of the list has 8 letters.
    if word.chars().count() > 16 {
        return Vec::new();
    }
    let lower = word.to_lowercase();
    let mut candidates: Vec<(usize, usize, &'static str)> = Language::English
        .word_list()
        .iter()
        .map(|candidate| {
            // Four letters tell every word of the list, so people cut them there.
            let is_cut = lower.len() >= 3 && candidate.starts_with(lower.as_str());
            let distance = edit_distance(&lower, candidate);
            let rank = if is_cut { 0 } else { distance };
            (rank, distance, *candidate)
        })
        .filter(|(rank, _, _)| *rank <= 2)
        .collect();
    candidates.sort_unstable();
    candidates.truncate(SUGGESTIONS);
    candidates.into_iter().map(|(_, _, word)| word).collect()
}

/// Returns how many letters must be changed, added, dropped or swapped with the next one.
fn edit_distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    let width = right.len().saturating_add(1);
    let mut before: Vec<usize> = Vec::new();
    let mut previous: Vec<usize> = (0..width).collect();
    for (row, letter) in left.iter().enumerate() {
        let mut current = Vec::with_capacity(width);
        current.push(row.saturating_add(1));
        for (column, other) in right.iter().enumerate() {
            let at = |line: &[usize], place: usize| line.get(place).copied().unwrap_or(usize::MAX);
            let replaced = at(&previous, column).saturating_add(usize::from(letter != other));
            let dropped = at(&previous, column.saturating_add(1)).saturating_add(1);
            let added = at(&current, column).saturating_add(1);
            let mut best = replaced.min(dropped).min(added);
            if let (Some(row_before), Some(column_before)) =
                (row.checked_sub(1), column.checked_sub(1))
                && left.get(row_before) == Some(other)
                && right.get(column_before) == Some(letter)
            {
                best = best.min(at(&before, column_before).saturating_add(1));
            }
            current.push(best);
        }
        before = std::mem::replace(&mut previous, current);
    }
    previous.last().copied().unwrap_or(0)
}
