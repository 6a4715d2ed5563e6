//! The 24 recovery words: BIP-39 (English list) over 32 random bytes.
//!
//! The words wrap the master key like a passphrase does, so they recover the data and stay valid
//! when the passphrase changes.
use std::fmt;

use bip39::{Language, Mnemonic};
use zeroize::{Zeroize, Zeroizing};

use super::error::Result;
use super::seal;

/// Number of words: 32 bytes and 8 checksum bits.
pub const WORD_COUNT: usize = 24;

/// Why recovery words were refused. Never shows what was typed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WordsError {
    /// Not 24 words.
    #[error("{found} words were given, 24 are needed")]
    Count {
        /// Number of words found.
        found: usize,
    },
    /// A word is not in the list.
    #[error("word {position} is not in the list of recovery words; the nearest is `{nearest}`")]
    Unknown {
        /// Position, counted from 1.
        position: usize,
        /// The list's nearest word.
        nearest: &'static str,
    },
    /// Every word exists but together they cannot be right.
    #[error("all words are known but the checksum is wrong: a word is mistaken or misplaced")]
    Checksum,
}

/// Recovery words, shown once. Wiped when dropped; `Debug` shows nothing.
pub struct RecoveryWords(Mnemonic);

impl RecoveryWords {
    /// Fresh random words.
    pub(crate) fn random() -> Result<Self> {
        let entropy = Zeroizing::new(seal::random::<32>()?);
        #[allow(
            clippy::expect_used,
            reason = "32 bytes are one of the five lengths of BIP-39"
        )]
        let words = Mnemonic::from_entropy_in(Language::English, entropy.as_slice())
            .expect("32 bytes make 24 words");
        Ok(Self(words))
    }

    /// Reads words as typed: any blanks between them, any case.
    ///
    /// # Errors
    /// The number of words, the first unknown word with its position and nearest listed word, or
    /// a wrong checksum.
    pub fn parse(text: &str) -> std::result::Result<Self, WordsError> {
        let lower = Zeroizing::new(text.to_lowercase());
        let words: Vec<&str> = lower.split_whitespace().collect();
        for (position, word) in (1..).zip(&words) {
            if Language::English.find_word(word).is_none() {
                return Err(WordsError::Unknown {
                    position,
                    nearest: nearest(word),
                });
            }
        }
        if words.len() != WORD_COUNT {
            return Err(WordsError::Count { found: words.len() });
        }
        let mut joined = Zeroizing::new(String::with_capacity(lower.len()));
        for (position, word) in words.iter().enumerate() {
            if position > 0 {
                joined.push(' ');
            }
            joined.push_str(word);
        }
        Mnemonic::parse_in_normalized(Language::English, &joined)
            .map(Self)
            .map_err(|_| WordsError::Checksum)
    }

    /// The words joined by blanks, to be shown once.
    pub fn phrase(&self) -> Zeroizing<String> {
        let mut phrase = Zeroizing::new(String::with_capacity(WORD_COUNT * 9));
        for (position, word) in self.0.words().enumerate() {
            if position > 0 {
                phrase.push(' ');
            }
            phrase.push_str(word);
        }
        phrase
    }

    /// Whether `typed` is the word at `position` (counted from 1), for the check of one word.
    pub fn is_word(&self, position: usize, typed: &str) -> bool {
        position
            .checked_sub(1)
            .and_then(|index| self.0.words().nth(index))
            .is_some_and(|word| word.eq_ignore_ascii_case(typed.trim()))
    }

    /// The 32 bytes that the words stand for.
    pub(crate) fn entropy(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.0.to_entropy())
    }
}

impl Drop for RecoveryWords {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for RecoveryWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The listed word with the smallest edit distance.
fn nearest(word: &str) -> &'static str {
    Language::English
        .word_list()
        .iter()
        .min_by_key(|candidate| distance(word, candidate))
        .copied()
        .unwrap_or_default()
}

/// Levenshtein distance over characters; typed words are cut to 16 characters first.
fn distance(typed: &str, listed: &str) -> usize {
    let listed: Vec<char> = listed.chars().collect();
    let mut row: Vec<usize> = (0..=listed.len()).collect();
    for (i, a) in typed.chars().take(16).enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, b) in row.iter_mut().skip(1).zip(&listed) {
            let next = (diagonal + usize::from(a != *b))
                .min(left + 1)
                .min(*cell + 1);
            diagonal = *cell;
            *cell = next;
            left = next;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// BIP-39 test vector for 32 zero bytes.
    const ZEROS: &str = "abandon abandon abandon abandon abandon abandon abandon abandon abandon \
        abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon \
        abandon abandon abandon art";

    #[test]
    fn words_round_trip_and_forgive_case_and_blanks() {
        let words = RecoveryWords::parse(&ZEROS.to_uppercase().replace(' ', " \n ")).unwrap();
        assert_eq!(words.entropy().as_slice(), [0u8; 32]);
        assert_eq!(words.phrase().as_str(), ZEROS);
        assert!(
            words.is_word(24, " ART ") && !words.is_word(23, "art") && !words.is_word(0, "art")
        );
        assert_eq!(format!("{words:?}"), "***");
        let fresh = RecoveryWords::random().unwrap();
        let again = RecoveryWords::parse(&fresh.phrase()).unwrap();
        assert_eq!(fresh.entropy(), again.entropy());
    }

    #[test]
    fn errors_point_at_the_word() {
        let typo = ZEROS.replacen("abandon", "abndon", 1);
        assert_eq!(
            RecoveryWords::parse(&typo).unwrap_err(),
            WordsError::Unknown {
                position: 1,
                nearest: "abandon"
            }
        );
        assert_eq!(
            RecoveryWords::parse("art").unwrap_err(),
            WordsError::Count { found: 1 }
        );
        assert_eq!(
            RecoveryWords::parse("").unwrap_err(),
            WordsError::Count { found: 0 }
        );
        assert_eq!(
            RecoveryWords::parse(&ZEROS.replace("art", "zoo")).unwrap_err(),
            WordsError::Checksum
        );
    }

    #[test]
    fn distances() {
        for (a, b, d) in [
            ("", "abc", 3),
            ("abc", "abc", 0),
            ("abd", "abc", 1),
            ("bc", "abc", 1),
        ] {
            assert_eq!(distance(a, b), d, "{a} {b}");
        }
    }
}
