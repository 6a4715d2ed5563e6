//! The vaults of a store: which there are, and their keys.
//!
//! Each is a record of the store like any other: encrypted, part of its backups, sealed anew
//! with a new master key.
use std::path::PathBuf;

use zeroize::Zeroizing;

use super::Vault;
use super::copy;
use super::keys::VaultKeys;
use super::lease::Lease;
use super::manifest::Manifest;
use crate::store::backend::{Backend, Batch, Tree};
use crate::store::error::{Result, StoreError};
use crate::store::files;
use crate::store::keys::Secret32;
use crate::store::manifest::MANIFEST_KEY;
use crate::store::memory::Memory;
use crate::store::on_sled::{OnSled, Tuning};
use crate::store::open;
use crate::store::record::Record;
use crate::store::seal;
use crate::store::site::{GENERATION_FILE, Site};
use crate::store::store::{Expect, Store};

/// Folder of the vaults inside the store's.
pub(crate) const FOLDER: &str = "databases";
/// Bytes of a vault's record: identity and key.
const LENGTH: usize = 48;

impl Store {
    /// Names of the vaults at a location, sorted.
    ///
    /// # Errors
    /// As [`Store::list`].
    pub fn vaults(&self, location: &str) -> Result<Vec<String>> {
        let found = self.list(location, None)?;
        Ok(found.into_iter().map(|summary| summary.name).collect())
    }

    /// The vault of a name; None when there is none. Does not open it yet.
    ///
    /// # Errors
    /// When its record is damaged, or its files are gone.
    pub fn vault(&self, location: &str, name: &str) -> Result<Option<Vault>> {
        let Some(record) = self.get(location, None, name)? else {
            return Ok(None);
        };
        let (id, key) = parse(&record).ok_or_else(|| StoreError::Damaged {
            id: record
                .id
                .unwrap_or(crate::store::RecordId::from_bytes([0; 16])),
            location: Some(location.to_owned()),
            name: Some(name.to_owned()),
            reason: "it does not hold a key",
        })?;
        let site = self.vault_site(&id);
        if let Some(dir) = site.dir()
            && !OnSled::exists(&dir.join(OnSled::FOLDER))
        {
            return Err(StoreError::DatabaseLost {
                name: name.to_owned(),
                dir: dir.to_path_buf(),
            });
        }
        let keys = VaultKeys::new(&key, id);
        Ok(Some(Vault {
            lease: Lease::new(site, keys, self.options.lock_wait),
        }))
    }

    /// Makes a vault. When this returns it survives a crash of the machine.
    ///
    /// # Errors
    /// When the name is taken, or its folder cannot be written.
    pub fn vault_create(&self, location: &str, name: &str) -> Result<Vault> {
        if let Some(holder) = self.get(location, None, name)? {
            return Err(StoreError::NotUnique {
                location: location.to_owned(),
                name: name.to_owned(),
                id: holder
                    .id
                    .unwrap_or(crate::store::RecordId::from_bytes([0; 16])),
            });
        }
        let id = seal::random::<16>()?;
        let key = Secret32::random()?;
        let keys = VaultKeys::new(&key, id);
        let site = self.vault_site(&id);
        found(&site, &keys)?;
        let mut data = Zeroizing::new(Vec::with_capacity(LENGTH));
        data.extend_from_slice(&id);
        data.extend_from_slice(key.bytes());
        let record = Record {
            id: None,
            revision: 0,
            location: location.to_owned(),
            parent: None,
            name: name.to_owned(),
            schema_url: String::new(),
            schema_text: String::new(),
            data,
        };
        if let Err(error) = self.put(&record, Expect::New) {
            // Another shell was faster, or the store is read-only: nothing leads to these files.
            if let Some(dir) = site.dir() {
                let _ = std::fs::remove_dir_all(dir);
            }
            return Err(error);
        }
        Ok(Vault {
            lease: Lease::new(site, keys, self.options.lock_wait),
        })
    }

    /// Destroys a vault; false when there is none of this name. Its key goes first, so that
    /// nobody can read what may survive on the medium.
    ///
    /// # Errors
    /// When the store cannot be written, or files cannot be removed.
    pub fn vault_delete(&self, location: &str, name: &str) -> Result<bool> {
        let Some(record) = self.get(location, None, name)? else {
            return Ok(false);
        };
        if let Some(id) = record.id {
            self.delete(id)?;
        }
        if let Some((id, _)) = parse(&record) {
            match self.vault_site(&id) {
                Site::Disk(dir) => open::destroy(&dir)?,
                Site::Memory(_) => self.forget_memory(&id),
            }
        }
        Ok(true)
    }

    /// Names of the folders that records of the store lead to.
    pub(crate) fn vault_folders(&self) -> Result<Vec<[u8; copy::NAME]>> {
        let records = self.scan_all()?.records;
        let ids = records.iter().filter_map(|record| Some(parse(record)?.0));
        Ok(ids.filter_map(|id| id.first_chunk().copied()).collect())
    }

    fn vault_site(&self, id: &[u8; 16]) -> Site {
        match self.dir() {
            Some(dir) => Site::Disk(folder_of(dir.to_path_buf(), id)),
            None => Site::Memory(self.memory(id)),
        }
    }
}

fn folder_of(store: PathBuf, id: &[u8; 16]) -> PathBuf {
    let (short, _) = id.split_at(8);
    store.join(FOLDER).join(hex::encode(short))
}

fn parse(record: &Record) -> Option<([u8; 16], Secret32)> {
    let (id, rest) = record.data.split_first_chunk::<16>()?;
    let key = <&[u8; 32]>::try_from(rest).ok()?;
    Some((*id, Secret32::copy_from(key)))
}

/// Makes the files of an empty vault.
fn found(site: &Site, keys: &VaultKeys) -> Result<()> {
    let manifest = Manifest::empty();
    let mut batch = Batch::default();
    batch.require(Tree::Meta, MANIFEST_KEY, None);
    batch.put(Tree::Meta, MANIFEST_KEY, manifest.seal(keys)?);
    let fill = |backend: &dyn Backend| backend.transact(&batch).and_then(|_| backend.flush());
    let dir = match site {
        Site::Memory(memory) => return fill(memory),
        Site::Disk(dir) => dir,
    };
    if let Some(parent) = dir.parent() {
        files::create_private_dir(parent)?;
    }
    files::create_private_dir(dir)?;
    let made = (|| {
        let path = dir.join(OnSled::FOLDER);
        files::create_private_dir(&path)?;
        let engine = OnSled::open(&path, std::time::Duration::ZERO, Tuning::LARGE)?;
        let filled = fill(&engine);
        let closed = Box::new(engine).close();
        filled?;
        closed?;
        let numbers = manifest.numbers().seal(keys)?;
        files::write_bytes(&dir.join(GENERATION_FILE), &numbers)
    })();
    if made.is_err() {
        // Ours, unfinished and empty.
        let _ = std::fs::remove_dir_all(dir);
    }
    made
}

/// Vaults of an ephemeral store, shared by all that use it.
pub(crate) type Memories = std::collections::HashMap<[u8; 16], Memory>;
