//! XChaCha20-Poly1305 sealing, padding, and the one source of random bytes.
//!
//! Nonces are 192 bits and random per write, so that no bookkeeping is needed (spec: records).
//! Random bytes come from the operating system only; this is deliberately not injectable.
use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::error::{Result, StoreError};

/// Length of an XChaCha20 nonce in bytes.
pub(crate) const NONCE: usize = 24;
/// Length of a Poly1305 tag in bytes.
pub(crate) const TAG: usize = 16;
/// Plaintexts are padded to a multiple of this many bytes, which hides the length of short
/// secrets (spec: records).
pub(crate) const BLOCK: usize = 64;
/// Length prefix of a padded plaintext in bytes.
pub(crate) const PREFIX: usize = 4;

/// Fills an array with random bytes of the operating system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0u8; N];
    getrandom::fill(&mut bytes).map_err(|e| StoreError::Entropy(e.to_string()))?;
    Ok(bytes)
}

/// The seal did not open: other key, other associated data, or changed bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotAuthentic;

/// Encrypts in place under an explicit nonce; the tag is appended.
pub(crate) fn seal_in_place(
    key: &[u8; 32],
    nonce: &[u8; NONCE],
    aad: &[u8],
    buffer: &mut Vec<u8>,
) -> Result<()> {
    XChaCha20Poly1305::new(&(*key).into())
        .encrypt_in_place(&XNonce::from(*nonce), aad, buffer)
        // The only cause is a message beyond the cipher's 256 GiB.
        .map_err(|_| StoreError::TooLarge {
            found: buffer.len(),
            highest: usize::MAX,
        })
}

/// Decrypts in place; the tag is checked and removed.
pub(crate) fn open_in_place(
    key: &[u8; 32],
    nonce: &[u8; NONCE],
    aad: &[u8],
    buffer: &mut Vec<u8>,
) -> std::result::Result<(), NotAuthentic> {
    XChaCha20Poly1305::new(&(*key).into())
        .decrypt_in_place(&XNonce::from(*nonce), aad, buffer)
        .map_err(|_| NotAuthentic)
}

/// Seals under a fresh random nonce: `nonce ‖ ciphertext ‖ tag`.
pub(crate) fn seal(key: &[u8; 32], aad: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
    let nonce = random::<NONCE>()?;
    // Capacity for everything, so that no plaintext copy stays behind in a freed block.
    let mut body = Vec::with_capacity(plain.len() + TAG);
    body.extend_from_slice(plain);
    seal_in_place(key, &nonce, aad, &mut body)?;
    let mut out = Vec::with_capacity(NONCE + body.len());
    out.extend_from_slice(&nonce);
    out.extend_from_slice(&body);
    Ok(out)
}

/// Opens what [`seal`] made.
pub(crate) fn open(
    key: &[u8; 32],
    aad: &[u8],
    sealed: &[u8],
) -> std::result::Result<Zeroizing<Vec<u8>>, NotAuthentic> {
    let (nonce, body) = sealed.split_first_chunk::<NONCE>().ok_or(NotAuthentic)?;
    let mut plain = Zeroizing::new(body.to_vec());
    open_in_place(key, nonce, aad, &mut plain)?;
    Ok(plain)
}

/// Pads: `length(u32 LE) ‖ plain ‖ zeros` up to a multiple of [`BLOCK`] bytes.
pub(crate) fn pad(plain: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let too_large = || StoreError::TooLarge {
        found: plain.len(),
        highest: super::record::MAX_RECORD,
    };
    let length = u32::try_from(plain.len()).map_err(|_| too_large())?;
    let total = (PREFIX + plain.len()).next_multiple_of(BLOCK);
    let mut out = Zeroizing::new(Vec::with_capacity(total + TAG));
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(plain);
    out.resize(total, 0);
    Ok(out)
}

/// Returns what was padded, or `None` when the padding is not exactly as [`pad`] makes it.
pub(crate) fn unpad(padded: &[u8]) -> Option<&[u8]> {
    let (length, rest) = padded.split_first_chunk::<PREFIX>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (plain, zeros) = rest.split_at_checked(length)?;
    let exact = padded.len() == (PREFIX + length).next_multiple_of(BLOCK);
    (exact && zeros.iter().all(|&b| b == 0)).then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seals_open_only_with_the_same_key_and_data() {
        let key = [7u8; 32];
        let sealed = seal(&key, b"aad", b"secret").unwrap();
        assert_eq!(sealed.len(), NONCE + 6 + TAG);
        assert_eq!(open(&key, b"aad", &sealed).unwrap().as_slice(), b"secret");
        assert!(open(&key, b"AAD", &sealed).is_err());
        assert!(open(&[8u8; 32], b"aad", &sealed).is_err());
        for at in 0..sealed.len() {
            let mut bad = sealed.clone();
            bad[at] ^= 1;
            assert!(open(&key, b"aad", &bad).is_err(), "byte {at}");
            assert!(open(&key, b"aad", &sealed[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn nonces_of_many_writes_are_distinct() {
        let mut seen = std::collections::HashSet::new();
        for _ in 0..20_000 {
            assert!(seen.insert(random::<NONCE>().unwrap()));
        }
    }

    #[test]
    fn padding_hides_lengths_and_is_strict() {
        for length in 0..200usize {
            let plain = vec![0xa5u8; length];
            let padded = pad(&plain).unwrap();
            assert_eq!(padded.len() % BLOCK, 0);
            assert_eq!(unpad(&padded).unwrap(), plain.as_slice());
        }
        let mut bad = pad(b"abc").unwrap();
        *bad.last_mut().unwrap() = 1;
        assert!(unpad(&bad).is_none());
        assert!(unpad(&[1, 2]).is_none());
        assert!(unpad(&[255u8; 64]).is_none());
    }
}
