//! The check of a whole store: permissions, manifest, every record, index, schemas, backups.
use std::path::PathBuf;

use super::backup::{self, BackupInfo};
use super::error::{Result, StoreError};
use super::files::{self, Warning};
use super::health::Health;
use super::keys::Keys;
use super::mirror::{Mirror, Raw};
use super::record::RecordId;
use super::slot::SlotKind;
use super::store::Store;

/// What [`Store::check`] found.
#[derive(Debug)]
pub struct CheckReport {
    /// Permissions that had to be corrected, and other warnings not yet taken.
    pub warnings: Vec<Warning>,
    /// Verdict of manifest and generation.
    pub health: Health,
    /// Ways to unlock.
    pub slots: Vec<SlotKind>,
    /// Number of records, damaged ones included.
    pub records: u64,
    /// One [`StoreError::Damaged`] per record that cannot be read.
    pub damaged: Vec<StoreError>,
    /// Automatic backups, newest first, with what they hold or why they cannot be used.
    pub backups: Vec<(PathBuf, std::result::Result<BackupInfo, StoreError>)>,
}

impl CheckReport {
    /// Whether nothing needs attention.
    pub fn is_good(&self) -> bool {
        self.warnings.is_empty()
            && self.health == Health::Good
            && self.damaged.is_empty()
            && self.backups.iter().all(|(_, outcome)| outcome.is_ok())
    }
}

impl Store {
    /// Reads everything again from disk and verifies it. Nothing is changed, except that
    /// permissions are corrected.
    pub fn check(&self) -> Result<CheckReport> {
        self.exclusive(|store, state, backend| {
            let mut warnings = std::mem::take(&mut state.warnings);
            if let Some(dir) = store.dir() {
                files::make_private(dir, &mut warnings)?;
            }
            let raw = Raw::read(&store.site, backend)?.ok_or(StoreError::Replaced)?;
            state.take_over(&store.site, raw)?;
            warnings.append(&mut state.warnings);
            let health = state.health.clone();
            let slots = state.header.kinds();
            let (mirror, keys) = state.parts()?;
            let damaged = damaged_records(mirror, keys);
            let backups = store
                .backups()
                .into_iter()
                .map(|path| {
                    let outcome = backup::inspect(&path, keys);
                    (path, outcome)
                })
                .collect();
            let records = u64::try_from(mirror.objects.len()).unwrap_or(u64::MAX);
            Ok(CheckReport {
                warnings,
                health,
                slots,
                records,
                damaged,
                backups,
            })
        })
    }
}

/// Opens every record; its name must lead back to it and its owner must exist.
fn damaged_records(mirror: &Mirror, keys: &Keys) -> Vec<StoreError> {
    let check = |id: RecordId| -> Result<()> {
        let record = mirror.record(keys, id)?;
        let damaged = |reason| StoreError::Damaged {
            id,
            location: Some(record.location.clone()),
            name: Some(record.name.clone()),
            reason,
        };
        let key = keys.index_key(&record.location, record.parent, &record.name);
        if mirror.index.get(&key) != Some(&id) {
            return Err(damaged("the index does not lead to it"));
        }
        match record.parent {
            Some(parent) if !mirror.objects.contains_key(&parent) => {
                Err(damaged("its owner is lost"))
            }
            _ => Ok(()),
        }
    };
    mirror
        .objects
        .keys()
        .filter_map(|id| check(*id).err())
        .collect()
}
