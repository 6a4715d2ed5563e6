//! The master key and the keys derived from it (spec: key hierarchy).
//!
//! One random master key encrypts nothing itself; each purpose has a sub key by HKDF-SHA256.
//! Key types have no `Debug`, `Display` or `Clone`, and are wiped when dropped.
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

use super::error::{Result, StoreError};
use super::record::RecordId;
use super::seal;

/// 32 secret bytes on the heap: never moved, kept out of swap if the system allows, wiped.
pub(crate) struct Secret32(Box<[u8; 32]>);

impl Secret32 {
    /// A zero key, to be filled.
    fn empty() -> Self {
        let bytes = Box::new([0u8; 32]);
        super::process::keep_in_memory(bytes.as_slice());
        Self(bytes)
    }

    /// A fresh random key.
    pub(crate) fn random() -> Result<Self> {
        let mut key = Self::empty();
        getrandom::fill(key.0.as_mut_slice()).map_err(|e| StoreError::Entropy(e.to_string()))?;
        Ok(key)
    }

    /// Copies 32 bytes.
    pub(crate) fn copy_from(bytes: &[u8; 32]) -> Self {
        let mut key = Self::empty();
        key.0.copy_from_slice(bytes);
        key
    }

    /// Derives with HKDF-SHA256.
    pub(crate) fn derive(salt: &[u8], secret: &[u8], info: &str) -> Self {
        let mut key = Self::empty();
        let hkdf = Hkdf::<Sha256>::new(Some(salt), secret);
        #[allow(
            clippy::expect_used,
            reason = "32 bytes are below HKDF's limit of 255 * 32"
        )]
        hkdf.expand(info.as_bytes(), key.0.as_mut_slice())
            .expect("32 bytes can be expanded");
        key
    }

    /// The bytes, for a cipher.
    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The bytes, to be filled by a key derivation function.
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8; 32] {
        &mut self.0
    }

    /// A key filled by `fill`.
    pub(crate) fn filled(fill: impl FnOnce(&mut [u8; 32]) -> Result<()>) -> Result<Self> {
        let mut key = Self::empty();
        fill(key.bytes_mut())?;
        Ok(key)
    }
}

impl Drop for Secret32 {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// The master key with its sub keys, for one store.
pub(crate) struct Keys {
    master: Secret32,
    store_id: [u8; 16],
    /// Encrypts records.
    data: Secret32,
    /// Seals manifest and generation file.
    whole: Secret32,
    /// Seals the frames of backups.
    backup: Secret32,
    /// Keyed hash of names.
    index: Hmac<Sha256>,
    /// Keyed hash of the manifest's members.
    member: Hmac<Sha256>,
}

impl Keys {
    /// Derives the sub keys.
    pub(crate) fn new(master: Secret32, store_id: [u8; 16]) -> Self {
        let sub = |info: &str| Secret32::derive(&[], master.bytes(), info);
        Self {
            data: sub("jsx data v1"),
            whole: sub("jsx whole v1"),
            backup: sub("jsx backup v1"),
            index: mac(&sub("jsx index v1")),
            member: mac(&sub("jsx member v1")),
            store_id,
            master,
        }
    }

    /// The master key, to be wrapped in a slot.
    pub(crate) fn master(&self) -> &Secret32 {
        &self.master
    }

    /// Id of the store these keys belong to.
    pub(crate) fn store_id(&self) -> &[u8; 16] {
        &self.store_id
    }

    /// Key of records.
    pub(crate) fn data(&self) -> &[u8; 32] {
        self.data.bytes()
    }

    /// Key of manifest and generation file.
    pub(crate) fn whole(&self) -> &[u8; 32] {
        self.whole.bytes()
    }

    /// Key of backups.
    pub(crate) fn backup_key(&self) -> &Secret32 {
        &self.backup
    }

    /// Key for bytes that leave the store.
    pub(crate) fn purpose(&self, purpose: &str) -> Secret32 {
        Secret32::derive(
            &[],
            self.master.bytes(),
            &format!("jsx purpose v1 {purpose}"),
        )
    }

    /// Seed of the identity key (Ed25519 or X25519), if one is needed.
    pub(crate) fn identity_seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(*Secret32::derive(&[], self.master.bytes(), "jsx id v1").bytes())
    }

    /// Index key of a name: first 16 bytes of
    /// HMAC-SHA256(IK, location ‖ 0 ‖ parent id ‖ 0 ‖ name). Location and name hold no zero byte
    /// and the parent id is empty or 16 bytes, so two names never share an input.
    pub(crate) fn index_key(
        &self,
        location: &str,
        parent: Option<RecordId>,
        name: &str,
    ) -> [u8; 16] {
        let mut mac = self.index.clone();
        mac.update(location.as_bytes());
        mac.update(&[0]);
        if let Some(parent) = parent {
            mac.update(parent.as_bytes());
        }
        mac.update(&[0]);
        mac.update(name.as_bytes());
        let full: [u8; 32] = mac.finalize().into_bytes().into();
        let mut key = [0u8; 16];
        key.copy_from_slice(full.split_at(16).0);
        key
    }

    /// Keyed hash of one member of the manifest; `kind` keeps objects and index apart.
    pub(crate) fn member_hash(&self, kind: u8, key: &[u8], value: &[u8]) -> [u8; 32] {
        let mut mac = self.member.clone();
        mac.update(&[kind]);
        mac.update(key);
        mac.update(value);
        mac.finalize().into_bytes().into()
    }

    /// `label ‖ store_id`, the start of all associated data.
    pub(crate) fn aad(&self, label: &str) -> Vec<u8> {
        let mut aad = Vec::with_capacity(64);
        aad.extend_from_slice(label.as_bytes());
        aad.extend_from_slice(&self.store_id);
        aad
    }

    /// A fresh master key for the same store.
    pub(crate) fn renewed(&self) -> Result<Self> {
        Ok(Self::new(Secret32::random()?, self.store_id))
    }

    /// Keys of a new store.
    pub(crate) fn fresh() -> Result<Self> {
        Ok(Self::new(Secret32::random()?, seal::random()?))
    }
}

/// A keyed hash, to be cloned per use.
pub(crate) fn mac(key: &Secret32) -> Hmac<Sha256> {
    #[allow(clippy::expect_used, reason = "HMAC takes keys of any length")]
    <Hmac<Sha256> as KeyInit>::new_from_slice(key.bytes()).expect("any key length is accepted")
}
