//! A packed reservation on its way: locked for the broker, signed by the 3bot, named by its hash
//! (spec: capacity §§3.3–3.5).
//!
//! The lock is the NaCl box: X25519, HSalsa20, XSalsa20 and Poly1305. The keys are those of the
//! chain in their Curve25519 form.
use curve25519_dalek::MontgomeryPoint;
use poly1305::Poly1305;
use poly1305::universal_hash::KeyInit;
use salsa20::cipher::consts::U10;
use salsa20::cipher::{KeyIvInit, StreamCipher};
use salsa20::{XSalsa20, hsalsa};
use zeroize::Zeroizing;

use crate::tfchain::{Hash, KeyPair, PublicKey, Signature};

/// Bytes of a nonce.
pub const NONCE: usize = 24;
/// Bytes of the code that shows a change.
const MAC: usize = 16;
/// The first bytes of the key stream make the key of the code.
const MAC_KEY: usize = 32;
/// Bytes of the number of a 3bot within the hash: 64 bytes, not 64 bits.
const ID: usize = 64;

/// Why a box cannot be made or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The other's key is none, or is a weak one.
    #[error("the other side's public key cannot be used to lock or unlock")]
    Key,
    /// Fewer bytes than a nonce and a code have.
    #[error("the content is too short to be a locked reservation: {0} bytes")]
    Short(usize),
    /// Changed, or locked for someone else.
    #[error("the content was changed, or is locked for someone else")]
    Opened,
}

/// A reservation as the notary keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Nonce, code and locked reservation.
    pub content: Vec<u8>,
    /// The 3bot's signature of the content.
    pub signature: Signature,
}

impl Sealed {
    /// Locks a packed reservation for `receiver` and signs it. The nonce must be random.
    ///
    /// # Errors
    /// [`SealError::Key`] when the receiver's key cannot be used.
    pub fn new(
        packed: &[u8],
        sender: &KeyPair,
        receiver: &PublicKey,
        nonce: [u8; NONCE],
    ) -> Result<Sealed, SealError> {
        let content = seal(packed, sender, receiver, nonce)?;
        let signature = sender.sign_message(&content);
        Ok(Sealed { content, signature })
    }

    /// Returns whether the content is signed by this key.
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        key.verify_message(&self.content, &self.signature)
    }
}

/// Returns the key that two have in common: NaCl's `beforenm`.
///
/// # Errors
/// [`SealError::Key`] when the other's key cannot be used.
pub fn shared_key(own: &KeyPair, other: &PublicKey) -> Result<Zeroizing<[u8; 32]>, SealError> {
    let other = MontgomeryPoint(other.agreement_key().ok_or(SealError::Key)?);
    let secret = own.agreement_secret();
    let point = Zeroizing::new(other.mul_clamped(*secret).to_bytes());
    if *point == [0; 32] {
        return Err(SealError::Key);
    }
    Ok(Zeroizing::new(
        hsalsa::<U10>(&(*point).into(), &[0; 16].into()).into(),
    ))
}

/// Locks bytes for `receiver`: `nonce || code || bytes`.
///
/// # Errors
/// [`SealError::Key`] when the receiver's key cannot be used.
pub fn seal(
    plain: &[u8],
    sender: &KeyPair,
    receiver: &PublicKey,
    nonce: [u8; NONCE],
) -> Result<Vec<u8>, SealError> {
    let key = shared_key(sender, receiver)?;
    let (mut cipher, mac_key) = streams(&key, &nonce);
    let mut locked = plain.to_vec();
    cipher.apply_keystream(&mut locked);
    let mut content = Vec::with_capacity(NONCE + MAC + locked.len());
    content.extend(nonce);
    content.extend(code(&mac_key, &locked));
    content.extend(locked);
    Ok(content)
}

/// Opens what `other` locked for us, or we for `other`.
///
/// # Errors
/// See [`SealError`].
pub fn open(
    content: &[u8],
    own: &KeyPair,
    other: &PublicKey,
) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let short = SealError::Short(content.len());
    let (nonce, rest) = content.split_first_chunk::<NONCE>().ok_or(short)?;
    let (mac, locked) = rest.split_first_chunk::<MAC>().ok_or(short)?;
    let key = shared_key(own, other)?;
    let (mut cipher, mac_key) = streams(&key, nonce);
    let expected = code(&mac_key, locked);
    // Every byte is looked at, so that the time tells nothing.
    let differs = expected
        .iter()
        .zip(mac)
        .fold(0, |all, (a, b)| all | (a ^ b));
    if differs != 0 {
        return Err(SealError::Opened);
    }
    let mut plain = Zeroizing::new(locked.to_vec());
    cipher.apply_keystream(&mut plain);
    Ok(plain)
}

/// The stream that locks, and before it the key of the code.
fn streams(key: &[u8; 32], nonce: &[u8; NONCE]) -> (XSalsa20, Zeroizing<[u8; MAC_KEY]>) {
    let mut cipher = XSalsa20::new(&(*key).into(), &(*nonce).into());
    let mut mac_key = Zeroizing::new([0; MAC_KEY]);
    cipher.apply_keystream(&mut *mac_key);
    (cipher, mac_key)
}

fn code(key: &[u8; MAC_KEY], locked: &[u8]) -> [u8; MAC] {
    Poly1305::new(&(*key).into())
        .compute_unpadded(locked)
        .into()
}

/// Returns the notary's name of content that 3bot number `id` registers.
pub fn notary_hash(id: u64, content: &[u8]) -> Hash {
    let mut wide = [0; ID];
    if let Some(last) = wide.last_chunk_mut::<8>() {
        *last = id.to_be_bytes();
    }
    Hash::of_parts(&[&wide, content])
}
