//! Sealed form of entries and notes.
//!
//! An entry is `0x01 ‖ revision(u64 LE) ‖ nonce(24) ‖ ciphertext ‖ tag(16)`. Vault, shelf, number
//! and revision are associated data: an entry cannot be moved or put back under another revision.
use zeroize::Zeroizing;

use super::keys::{LabelKey, ShelfKey, VaultKeys};
use crate::store::error::{Result, StoreError};
use crate::store::record::MAX_RECORD;
use crate::store::seal::{self, NONCE, TAG};

/// First byte of a stored value.
const FORMAT: u8 = 1;
/// Bytes before the nonce: format and revision.
const PREFIX: usize = 9;
const LABEL: &[u8; 16] = b"jsx/vault/ent/v1";

/// Key of an entry in the tree `objects`: shelf and number, so that a shelf lies together in the
/// order of its numbers.
pub(super) fn entry_key(shelf: &ShelfKey, id: u64) -> [u8; 16] {
    let mut key = [0; 16];
    let (first, last) = key.split_at_mut(8);
    first.copy_from_slice(shelf);
    last.copy_from_slice(&id.to_be_bytes());
    key
}

/// Shelf and number of a key; None when it is none.
pub(super) fn parse_entry_key(key: &[u8]) -> Option<(ShelfKey, u64)> {
    let (shelf, rest) = key.split_first_chunk()?;
    let id = <[u8; 8]>::try_from(rest).ok()?;
    Some((*shelf, u64::from_be_bytes(id)))
}

/// Key of a mark in the tree `index`: shelf, label, number.
pub(super) fn mark_key(shelf: &ShelfKey, label: &LabelKey, id: u64) -> [u8; 32] {
    let mut key = [0; 32];
    let (first, rest) = key.split_at_mut(8);
    let (middle, last) = rest.split_at_mut(16);
    first.copy_from_slice(shelf);
    middle.copy_from_slice(label);
    last.copy_from_slice(&id.to_be_bytes());
    key
}

/// Number at the end of a mark's key.
pub(super) fn marked_id(key: &[u8]) -> Option<u64> {
    key.last_chunk().copied().map(u64::from_be_bytes)
}

fn aad(keys: &VaultKeys, shelf: &ShelfKey, id: u64, revision: u64) -> [u8; 56] {
    let mut aad = [0; 56];
    let mut rest = aad.as_mut_slice();
    for part in [
        LABEL.as_slice(),
        keys.id(),
        shelf,
        &id.to_le_bytes(),
        &revision.to_le_bytes(),
    ] {
        let (here, behind) = rest.split_at_mut(part.len());
        here.copy_from_slice(part);
        rest = behind;
    }
    aad
}

/// Seals an entry.
pub(super) fn seal_entry(
    keys: &VaultKeys,
    shelf: &ShelfKey,
    id: u64,
    revision: u64,
    plain: &[u8],
) -> Result<Vec<u8>> {
    if plain.len() > MAX_RECORD {
        return Err(StoreError::TooLarge {
            found: plain.len(),
            highest: MAX_RECORD,
        });
    }
    let nonce = seal::random::<NONCE>()?;
    let mut body = seal::pad(plain)?;
    seal::seal_in_place(
        keys.data(),
        &nonce,
        &aad(keys, shelf, id, revision),
        &mut body,
    )?;
    let mut value = Vec::with_capacity(PREFIX + NONCE + body.len());
    value.push(FORMAT);
    value.extend_from_slice(&revision.to_le_bytes());
    value.extend_from_slice(&nonce);
    value.extend_from_slice(&body);
    Ok(value)
}

/// Revision of an entry; None when the format is unknown.
pub(super) fn revision_of(value: &[u8]) -> Option<u64> {
    let (&format, rest) = value.split_first()?;
    (format == FORMAT).then(|| rest.first_chunk().copied().map(u64::from_le_bytes))?
}

/// Opens an entry, or says why that fails.
pub(super) fn open_entry(
    keys: &VaultKeys,
    shelf: &ShelfKey,
    id: u64,
    value: &[u8],
) -> std::result::Result<(u64, Zeroizing<Vec<u8>>), &'static str> {
    let revision = revision_of(value).ok_or("its format is unknown")?;
    let sealed = value.get(PREFIX..).unwrap_or_default();
    let (nonce, body) = sealed
        .split_first_chunk::<NONCE>()
        .filter(|(_, body)| body.len() >= TAG)
        .ok_or("it is too short")?;
    let mut plain = Zeroizing::new(body.to_vec());
    seal::open_in_place(
        keys.data(),
        nonce,
        &aad(keys, shelf, id, revision),
        &mut plain,
    )
    .map_err(|_| "its seal is broken")?;
    let length = seal::unpad(&plain).ok_or("its padding is wrong")?.len();
    plain.drain(..seal::PREFIX);
    plain.truncate(length);
    Ok((revision, plain))
}

/// Seals a note.
pub(super) fn seal_note(keys: &VaultKeys, name: &LabelKey, plain: &[u8]) -> Result<Vec<u8>> {
    let mut aad = keys.aad("jsx/vault/note/v1");
    aad.extend_from_slice(name);
    seal::seal(keys.data(), &aad, &seal::pad(plain)?)
}

/// Opens a note; None when its seal is broken.
pub(super) fn open_note(
    keys: &VaultKeys,
    name: &LabelKey,
    sealed: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let mut aad = keys.aad("jsx/vault/note/v1");
    aad.extend_from_slice(name);
    let padded = seal::open(keys.data(), &aad, sealed).ok()?;
    seal::unpad(&padded).map(|plain| Zeroizing::new(plain.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::keys::Secret32;

    #[test]
    fn an_entry_is_bound_to_its_place() {
        let secret = Secret32::random().unwrap();
        let keys = VaultKeys::new(&secret, [1; 16]);
        let (shelf, other) = (keys.shelf("a"), keys.shelf("b"));
        let value = seal_entry(&keys, &shelf, 7, 3, b"text").unwrap();
        let (revision, plain) = open_entry(&keys, &shelf, 7, &value).unwrap();
        assert_eq!((revision, plain.as_slice()), (3, b"text".as_slice()));
        assert!(open_entry(&keys, &other, 7, &value).is_err());
        assert!(open_entry(&keys, &shelf, 8, &value).is_err());
        assert!(open_entry(&VaultKeys::new(&secret, [2; 16]), &shelf, 7, &value).is_err());
        for at in 0..value.len() {
            let mut bad = value.clone();
            bad[at] ^= 1;
            assert!(open_entry(&keys, &shelf, 7, &bad).is_err(), "byte {at}");
            assert!(
                open_entry(&keys, &shelf, 7, &value[..at]).is_err(),
                "cut at {at}"
            );
        }
        let note = keys.note("n");
        let sealed = seal_note(&keys, &note, b"x").unwrap();
        assert_eq!(open_note(&keys, &note, &sealed).unwrap().as_slice(), b"x");
        assert!(open_note(&keys, &keys.note("m"), &sealed).is_none());
    }
}
