//! Argon2id: what a passphrase costs to guess.
//!
//! The parameters are stored with the slot so that they can be raised later, and bounded when
//! read: a tampered header must neither weaken the key nor exhaust the machine.
use argon2::{Algorithm, Argon2, Params, Version};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::error::{Result, StoreError};
use super::keys::Secret32;

/// Lowest accepted memory in KiB (spec: 19 MiB).
const LOWEST_MEMORY: u32 = 19 * 1024;
/// Highest accepted memory in KiB (spec: 2 GiB).
const HIGHEST_MEMORY: u32 = 2 * 1024 * 1024;
/// Lowest accepted number of passes (spec: 2).
const LOWEST_PASSES: u32 = 2;
/// Highest accepted number of passes.
const HIGHEST_PASSES: u32 = 64;
/// Highest accepted number of lanes.
const HIGHEST_LANES: u32 = 16;
/// Highest accepted memory times passes in KiB: about ten seconds on a laptop.
const HIGHEST_WORK: u64 = 16 * 1024 * 1024;

/// Cost of deriving a key from a passphrase with Argon2id v1.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KdfCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Number of passes over the memory.
    pub passes: u32,
    /// Number of lanes.
    pub lanes: u32,
}

impl Default for KdfCost {
    /// 64 MiB, 3 passes, 1 lane (spec: about 0.14 s once per session).
    fn default() -> Self {
        Self {
            memory_kib: 64 * 1024,
            passes: 3,
            lanes: 1,
        }
    }
}

impl KdfCost {
    /// The lowest cost that is accepted, 19 MiB and 2 passes; for tests.
    pub const LOWEST: Self = Self {
        memory_kib: LOWEST_MEMORY,
        passes: LOWEST_PASSES,
        lanes: 1,
    };

    /// Checks the bounds.
    ///
    /// # Errors
    /// [`StoreError::KdfBounds`] with the value found and what is accepted.
    pub fn check(self) -> Result<Self> {
        let check = |what, found: u64, lowest: u64, highest: u64| {
            if (lowest..=highest).contains(&found) {
                Ok(())
            } else {
                Err(StoreError::KdfBounds {
                    what,
                    found,
                    lowest,
                    highest,
                })
            }
        };
        let (memory, passes) = (u64::from(self.memory_kib), u64::from(self.passes));
        check(
            "memory in KiB",
            memory,
            LOWEST_MEMORY.into(),
            HIGHEST_MEMORY.into(),
        )?;
        check(
            "number of passes",
            passes,
            LOWEST_PASSES.into(),
            HIGHEST_PASSES.into(),
        )?;
        check(
            "number of lanes",
            self.lanes.into(),
            1,
            HIGHEST_LANES.into(),
        )?;
        check(
            "memory in KiB times passes",
            memory.saturating_mul(passes),
            0,
            HIGHEST_WORK,
        )?;
        Ok(self)
    }

    /// Derives a 32-byte key. The passphrase is normalised to NFKD and not trimmed.
    pub(crate) fn derive(self, passphrase: &str, salt: &[u8; 16]) -> Result<Secret32> {
        self.check()?;
        // Decomposed text is longer; room beforehand avoids copies left in freed memory.
        let mut text = Zeroizing::new(String::with_capacity(passphrase.len().saturating_mul(4)));
        text.extend(passphrase.nfkd());
        if text.is_empty() {
            return Err(StoreError::EmptyPassphrase);
        }
        let failed = |e: argon2::Error| StoreError::Header(format!("Argon2id: {e}"));
        let params =
            Params::new(self.memory_kib, self.passes, self.lanes, Some(32)).map_err(failed)?;
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        Secret32::filled(|out| {
            argon
                .hash_password_into(text.as_bytes(), salt, out)
                .map_err(failed)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_refuse_weak_and_ruinous_parameters() {
        let cost = |memory_kib, passes, lanes| KdfCost {
            memory_kib,
            passes,
            lanes,
        };
        assert!(KdfCost::default().check().is_ok());
        assert!(KdfCost::LOWEST.check().is_ok());
        for bad in [
            cost(LOWEST_MEMORY - 1, 3, 1),
            cost(65536, 1, 1),
            cost(HIGHEST_MEMORY + 1, 3, 1),
            cost(65536, 3, 0),
            cost(65536, 3, 17),
            cost(65536, u32::MAX, 1),
            cost(HIGHEST_MEMORY, 64, 1),
            cost(u32::MAX, u32::MAX, u32::MAX),
        ] {
            assert!(
                matches!(bad.check(), Err(StoreError::KdfBounds { .. })),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn passphrases_are_normalised_but_not_trimmed() {
        let salt = [1u8; 16];
        let key = |text: &str| *KdfCost::LOWEST.derive(text, &salt).unwrap().bytes();
        assert_eq!(key("caf\u{e9}"), key("cafe\u{301}"));
        assert_ne!(key("cafe"), key("cafe "));
        assert!(matches!(
            KdfCost::LOWEST.derive("", &salt),
            Err(StoreError::EmptyPassphrase)
        ));
    }
}
