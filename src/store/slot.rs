//! Slots: each wraps the same master key under one way to unlock (spec: key hierarchy).
use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::{Result, StoreError};
use super::kdf::KdfCost;
use super::keyfile;
use super::keys::Secret32;
use super::seal::{self, NONCE};
use super::words::RecoveryWords;

/// Ways to unlock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SlotKind {
    /// A passphrase, stretched with Argon2id.
    #[serde(rename = "pass")]
    Passphrase,
    /// The 24 recovery words.
    #[serde(rename = "words")]
    Words,
    /// A key file.
    #[serde(rename = "file")]
    KeyFile,
}

impl SlotKind {
    /// The name in the header and in the associated data.
    fn label(self) -> &'static str {
        match self {
            Self::Passphrase => "pass",
            Self::Words => "words",
            Self::KeyFile => "file",
        }
    }
}

impl fmt::Display for SlotKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Passphrase => "passphrase",
            Self::Words => "recovery words",
            Self::KeyFile => "key file",
        })
    }
}

/// What the user offers to unlock the store.
#[derive(Clone, Copy)]
pub enum Unlock<'a> {
    /// The passphrase as typed: normalised to NFKD, not trimmed.
    Passphrase(&'a str),
    /// The 24 recovery words.
    Words(&'a RecoveryWords),
    /// Path of a key file that only its owner can read.
    KeyFile(&'a Path),
}

impl Unlock<'_> {
    /// The kind of slot this opens.
    pub fn kind(&self) -> SlotKind {
        match self {
            Self::Passphrase(_) => SlotKind::Passphrase,
            Self::Words(_) => SlotKind::Words,
            Self::KeyFile(_) => SlotKind::KeyFile,
        }
    }
}

/// One slot of the header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Slot {
    pub(crate) kind: SlotKind,
    #[serde(with = "hex_array")]
    salt: [u8; 16],
    /// Argon2id memory in KiB; 0 for slots without Argon2id, like `t` and `p`.
    m_kib: u32,
    t: u32,
    p: u32,
    #[serde(with = "hex_array")]
    nonce: [u8; NONCE],
    #[serde(with = "hex_array")]
    wrapped: [u8; 48],
}

impl Slot {
    /// Wraps the master key.
    pub(crate) fn wrap(
        store_id: &[u8; 16],
        master: &Secret32,
        how: Unlock<'_>,
        cost: KdfCost,
    ) -> Result<Self> {
        let kind = how.kind();
        let cost = match kind {
            SlotKind::Passphrase => cost.check()?,
            SlotKind::Words | SlotKind::KeyFile => KdfCost {
                memory_kib: 0,
                passes: 0,
                lanes: 0,
            },
        };
        let mut slot = Self {
            kind,
            salt: seal::random()?,
            m_kib: cost.memory_kib,
            t: cost.passes,
            p: cost.lanes,
            nonce: seal::random()?,
            wrapped: [0; 48],
        };
        let kek = slot.kek(how)?;
        let mut buffer = Vec::with_capacity(48);
        buffer.extend_from_slice(master.bytes());
        seal::seal_in_place(kek.bytes(), &slot.nonce, &slot.aad(store_id), &mut buffer)?;
        slot.wrapped.copy_from_slice(&buffer);
        Ok(slot)
    }

    /// Unwraps the master key. A wrong secret and a tampered slot look the same.
    pub(crate) fn unwrap(&self, store_id: &[u8; 16], how: Unlock<'_>) -> Result<Secret32> {
        let kek = self.kek(how)?;
        let mut buffer = zeroize::Zeroizing::new(self.wrapped.to_vec());
        seal::open_in_place(kek.bytes(), &self.nonce, &self.aad(store_id), &mut buffer)
            .map_err(|_| StoreError::WrongKey(self.kind))?;
        let master: &[u8; 32] = buffer
            .first_chunk()
            .ok_or(StoreError::WrongKey(self.kind))?;
        Ok(Secret32::copy_from(master))
    }

    /// Checks what can be checked without a secret.
    pub(crate) fn check(&self) -> Result<()> {
        match self.kind {
            SlotKind::Passphrase => self.cost().check().map(|_| ()),
            SlotKind::Words | SlotKind::KeyFile => Ok(()),
        }
    }

    fn cost(&self) -> KdfCost {
        KdfCost {
            memory_kib: self.m_kib,
            passes: self.t,
            lanes: self.p,
        }
    }

    /// Key that encrypts the master key.
    fn kek(&self, how: Unlock<'_>) -> Result<Secret32> {
        match how {
            Unlock::Passphrase(text) => self.cost().derive(text, &self.salt),
            Unlock::Words(words) => Ok(Secret32::derive(&self.salt, &words.entropy(), "jsx words")),
            Unlock::KeyFile(path) => Ok(Secret32::derive(
                &self.salt,
                &keyfile::read(path)?,
                "jsx file",
            )),
        }
    }

    /// `"jsx/slot/v1" ‖ store_id ‖ kind ‖ salt ‖ m ‖ t ‖ p` (numbers u32 LE). Everything after
    /// the kind has a fixed length, so the bytes read only one way.
    fn aad(&self, store_id: &[u8; 16]) -> Vec<u8> {
        let mut aad = b"jsx/slot/v1".to_vec();
        aad.extend_from_slice(store_id);
        aad.extend_from_slice(self.kind.label().as_bytes());
        aad.extend_from_slice(&self.salt);
        for number in [self.m_kib, self.t, self.p] {
            aad.extend_from_slice(&number.to_le_bytes());
        }
        aad
    }
}

/// Byte arrays as hex text in the header.
pub(crate) mod hex_array {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer, const N: usize>(
        bytes: &[u8; N],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, const N: usize>(
        deserializer: D,
    ) -> Result<[u8; N], D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut bytes = [0u8; N];
        hex::decode_to_slice(&text, &mut bytes)
            .map_err(|e| D::Error::custom(format!("{} hex digits expected: {e}", 2 * N)))?;
        Ok(bytes)
    }
}
