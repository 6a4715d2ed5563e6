//! The keys of one vault, all from its one random key.
use std::sync::{Mutex, PoisonError};

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::store::keys::{Secret32, mac};

/// A shelf on disk: first 8 bytes of the keyed hash of its name. A vault has few shelves, so two
/// never meet.
pub(super) type ShelfKey = [u8; 8];
/// A label on disk: first 16 bytes of its keyed hash.
pub(super) type LabelKey = [u8; 16];

/// Shelves that are remembered.
const SHELVES: usize = 32;

/// Sub keys of a vault.
pub(crate) struct VaultKeys {
    id: [u8; 16],
    data: Secret32,
    whole: Secret32,
    label: Hmac<Sha256>,
    member: Hmac<Sha256>,
    /// Shelves that were asked for: there are few, and each is needed all the time.
    shelves: Mutex<Vec<(String, ShelfKey)>>,
}

impl VaultKeys {
    /// Derives the sub keys.
    pub(super) fn new(key: &Secret32, id: [u8; 16]) -> Self {
        let sub = |info: &str| Secret32::derive(&id, key.bytes(), info);
        Self {
            data: sub("jsx vault data v1"),
            whole: sub("jsx vault whole v1"),
            label: mac(&sub("jsx vault label v1")),
            member: mac(&sub("jsx vault member v1")),
            shelves: Mutex::default(),
            id,
        }
    }

    /// Identity of the vault; part of all associated data.
    pub(super) fn id(&self) -> &[u8; 16] {
        &self.id
    }

    /// Seals entries and notes.
    pub(super) fn data(&self) -> &[u8; 32] {
        self.data.bytes()
    }

    /// Seals manifest and generation file.
    pub(super) fn whole(&self) -> &[u8; 32] {
        self.whole.bytes()
    }

    /// A shelf on disk.
    pub(super) fn shelf(&self, name: &str) -> ShelfKey {
        let mut known = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, key)) = known.iter().find(|(other, _)| other == name) {
            return *key;
        }
        let mut key = ShelfKey::default();
        let full = hashed(&self.label, &[b"shelf", name.as_bytes()]);
        key.copy_from_slice(full.split_at(8).0);
        if known.len() < SHELVES {
            known.push((name.to_owned(), key));
        }
        key
    }

    /// A label on disk.
    pub(super) fn label(&self, shelf: &ShelfKey, label: &[u8]) -> LabelKey {
        let mut key = LabelKey::default();
        key.copy_from_slice(
            hashed(&self.label, &[b"label", shelf, label])
                .split_at(16)
                .0,
        );
        key
    }

    /// A note on disk.
    pub(super) fn note(&self, name: &str) -> LabelKey {
        let mut key = LabelKey::default();
        key.copy_from_slice(
            hashed(&self.label, &[b"note", name.as_bytes()])
                .split_at(16)
                .0,
        );
        key
    }

    /// Keyed hash of one entry, as a member of the manifest.
    pub(super) fn member(&self, shelf: &ShelfKey, id: u64, revision: u64) -> [u8; 32] {
        hashed(
            &self.member,
            &[shelf, &id.to_le_bytes(), &revision.to_le_bytes()],
        )
    }

    /// Start of associated data.
    pub(super) fn aad(&self, label: &str) -> Vec<u8> {
        let mut aad = Vec::with_capacity(64);
        aad.extend_from_slice(label.as_bytes());
        aad.extend_from_slice(&self.id);
        aad
    }
}

/// The first part is one of a few words of the same length per use, the others of fixed length
/// but the last, so two uses never share an input.
fn hashed(mac: &Hmac<Sha256>, parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = mac.clone();
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}
