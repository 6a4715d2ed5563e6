//! The keys of a wallet, derived once and kept.
//!
//! Key number 0 is the primary one. `key_count` keys exist; those that the key scan skipped
//! because they were unused are pending and are the next ones to be given out.
use std::collections::{HashMap, VecDeque};

use super::error::WalletError;
use crate::tfchain::{KeyPair, Seed, UnlockHash};

/// The most keys a wallet can have; deriving that many takes a second or two.
pub const MAX_KEYS: u64 = 100_000;

/// The key pairs of a wallet, in order of their addition, and the seed they come from.
pub struct KeyRing {
    seed: Seed,
    key_count: u64,
    keys: Vec<(UnlockHash, KeyPair)>,
    places: HashMap<UnlockHash, usize>,
    pending: VecDeque<(UnlockHash, KeyPair)>,
}

impl KeyRing {
    /// Derives keys number 0 to `key_count - 1` (at least one) of a seed.
    ///
    /// # Errors
    /// [`WalletError::TooManyKeys`].
    pub fn new(seed: Seed, key_count: u64) -> Result<Self, WalletError> {
        let key_count = key_count.max(1);
        if key_count > MAX_KEYS {
            return Err(WalletError::TooManyKeys {
                count: key_count,
                limit: MAX_KEYS,
            });
        }
        let mut ring = Self {
            seed,
            key_count,
            keys: Vec::new(),
            places: HashMap::new(),
            pending: VecDeque::new(),
        };
        for index in 0..key_count {
            ring.add(ring.derive(index));
        }
        Ok(ring)
    }

    fn derive(&self, index: u64) -> (UnlockHash, KeyPair) {
        let pair = self.seed.key_pair(index);
        (pair.unlock_hash(), pair)
    }

    fn add(&mut self, key: (UnlockHash, KeyPair)) {
        self.places.insert(key.0, self.keys.len());
        self.keys.push(key);
    }

    /// Returns the seed.
    pub fn seed(&self) -> &Seed {
        &self.seed
    }

    /// Returns how many keys are to be derived at the next start.
    pub fn key_count(&self) -> u64 {
        self.key_count
    }

    /// Returns the address of key number 0.
    pub fn primary(&self) -> UnlockHash {
        self.keys
            .first()
            .map(|(address, _)| *address)
            .unwrap_or_default()
    }

    /// Returns the addresses in order of their addition.
    pub fn addresses(&self) -> Vec<UnlockHash> {
        self.keys.iter().map(|(address, _)| *address).collect()
    }

    /// Returns true when skipped keys wait to be given out.
    pub fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Adds a key, the first pending one, else the next of the seed, and returns its address.
    ///
    /// # Errors
    /// [`WalletError::TooManyKeys`].
    pub fn add_next(&mut self) -> Result<UnlockHash, WalletError> {
        let key = match self.pending.pop_front() {
            Some(key) => key,
            None if self.key_count >= MAX_KEYS => {
                let count = self.key_count.saturating_add(1);
                return Err(WalletError::TooManyKeys {
                    count,
                    limit: MAX_KEYS,
                });
            }
            None => {
                let key = self.derive(self.key_count);
                self.key_count = self.key_count.saturating_add(1);
                key
            }
        };
        let address = key.0;
        self.add(key);
        Ok(address)
    }

    /// Returns the key pair that [`KeyRing::add_next`] would add.
    pub(super) fn next_pair(&self) -> KeyPair {
        match self.pending.front() {
            Some((_, pair)) => pair.clone(),
            None => self.derive(self.key_count).1,
        }
    }

    /// Returns the key pair of an address; an address of type 00 (free for all) has key 0.
    pub fn pair(&self, address: &UnlockHash) -> Option<&KeyPair> {
        let place = if address.is_nil() {
            0
        } else {
            *self.places.get(address)?
        };
        self.keys.get(place).map(|(_, pair)| pair)
    }

    /// Returns the place of an address (0 is the primary one).
    pub fn place(&self, address: &UnlockHash) -> Option<usize> {
        self.places.get(address).copied()
    }

    /// Returns the next `count` keys of the seed that do not belong to the wallet yet.
    pub(super) fn candidates(&self, count: u64) -> Vec<Candidate> {
        let end = self.key_count.saturating_add(count).min(MAX_KEYS);
        (self.key_count..end)
            .map(|index| {
                let (address, pair) = self.derive(index);
                Candidate {
                    index,
                    address,
                    pair,
                }
            })
            .collect()
    }

    /// Takes over what a scan found: the used ones join, unused ones before the last used one are
    /// pending. Returns false, changing nothing, when keys were added meanwhile.
    pub(super) fn adopt(&mut self, candidates: Vec<Candidate>, used: &[bool]) -> bool {
        let first = candidates.first().map(|candidate| candidate.index);
        if first != Some(self.key_count) || self.has_pending() {
            return false;
        }
        let count = used
            .iter()
            .rposition(|used| *used)
            .map_or(0, |last| last.saturating_add(1));
        for (candidate, used) in candidates.into_iter().zip(used).take(count) {
            self.key_count = self.key_count.saturating_add(1);
            let key = (candidate.address, candidate.pair);
            if *used {
                self.add(key)
            } else {
                self.pending.push_back(key)
            }
        }
        true
    }
}

/// A key that may turn out to have been used.
pub(super) struct Candidate {
    index: u64,
    pub(super) address: UnlockHash,
    pair: KeyPair,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring() -> KeyRing {
        KeyRing::new(Seed::from_entropy(&[7; 32]).unwrap(), 1).unwrap()
    }

    #[test]
    fn unused_keys_before_the_last_used_one_are_pending() {
        let mut ring = ring();
        let candidates = ring.candidates(3);
        let addresses: Vec<UnlockHash> = candidates.iter().map(|c| c.address).collect();
        assert!(ring.adopt(candidates, &[false, true, false]));
        assert_eq!(ring.key_count(), 3);
        assert_eq!(ring.addresses(), vec![ring.primary(), addresses[1]]);
        assert!(ring.has_pending());
        assert_eq!(ring.add_next().unwrap(), addresses[0]);
        assert_eq!(ring.key_count(), 3);
        assert_eq!(ring.add_next().unwrap(), addresses[2]);
        assert_eq!(ring.key_count(), 4);
    }

    #[test]
    fn a_scan_overtaken_by_a_new_key_changes_nothing() {
        let mut ring = ring();
        let candidates = ring.candidates(3);
        ring.add_next().unwrap();
        assert!(!ring.adopt(candidates, &[true, true, true]));
        assert_eq!(ring.key_count(), 2);
    }

    #[test]
    fn too_many_keys_are_refused() {
        let seed = Seed::from_entropy(&[7; 32]).unwrap();
        assert!(matches!(
            KeyRing::new(seed, u64::MAX),
            Err(WalletError::TooManyKeys { .. })
        ));
    }
}
