//! Changing how a store is unlocked: passphrase, key file, words, and the master key itself.
use super::backend::{Backend, Batch, Commit, Tree};
use super::backup;
use super::edit::Edit;
use super::error::{Result, StoreError};
use super::header::Header;
use super::health::Health;
use super::keys::Keys;
use super::manifest::{HEADER_KEY, MANIFEST_KEY};
use super::mirror::{Mirror, schema_hash};
use super::open::NewLock;
use super::record::{self, RecordId};
use super::slot::{SlotKind, Unlock};
use super::state::State;
use super::store::Store;
use super::words::RecoveryWords;

impl Store {
    /// Sets a new passphrase or key file. Records are not touched, the words stay valid, and the
    /// automatic backups open with the new secret, no longer with the old one.
    pub fn passphrase_change(&self, lock: NewLock<'_>) -> Result<()> {
        let how = lock.settle()?;
        self.change_header(|header, keys, kdf| header.set_slot(keys.master(), how, kdf))
    }

    /// Makes new recovery words; the old ones open nothing any more.
    pub fn words_new(&self) -> Result<RecoveryWords> {
        let words = RecoveryWords::random()?;
        self.change_header(|header, keys, kdf| {
            header.set_slot(keys.master(), Unlock::Words(&words), kdf)
        })?;
        self.writing(|edit| {
            edit.manifest.words_confirmed = false;
            Ok(())
        })?;
        Ok(words)
    }

    /// Removes a way to unlock; the last one stays.
    pub fn slot_remove(&self, kind: SlotKind) -> Result<()> {
        self.change_header(|header, _, _| header.remove_slot(kind))
    }

    /// Makes a new master key and encrypts every record anew, in one transaction. All ways to
    /// unlock are replaced by `lock` and new words. Other shells must unlock again. Older backups
    /// stay readable with the old secrets: whoever renews a key because it leaked removes them.
    pub fn rekey(&self, lock: NewLock<'_>) -> Result<RecoveryWords> {
        let how = lock.settle()?;
        let words = RecoveryWords::random()?;
        self.exclusive(|store, state, backend| {
            state.check_disk_or_refuse(store)?;
            let fresh = state.keys.renewed()?;
            let mut header = state.header.without_slots();
            header.set_slot(fresh.master(), how, store.options.kdf)?;
            header.set_slot(fresh.master(), Unlock::Words(&words), store.options.kdf)?;
            let header_bytes = header.encode()?;
            let (mirror, keys) = state.parts()?;
            let batch = resealed(mirror, keys, &fresh, header_bytes.clone())?;
            state.run(backend, &batch)?;
            state.keys = fresh;
            state.header = header;
            state.header_bytes = header_bytes;
            state.mirror = None;
            state.refresh(&store.site, backend)?;
            state.note_generation(&store.site);
            if let Some(dir) = store.dir()
                && store.options.backups_kept > 0
            {
                backup::make(dir, &store.options, state, (store.options.clock)())?;
            }
            Ok(())
        })?;
        Ok(words)
    }

    /// Goes on with what is left of a damaged store: the manifest is made from what is there.
    /// For the case that no backup is better; the shell asks for a typed word first. Returns the
    /// number of records.
    pub fn accept_damage(&self) -> Result<u64> {
        self.exclusive(|store, state, backend| {
            let Health::ReadOnly(report) = state.health.clone() else {
                return Ok(state.parts()?.0.manifest.count);
            };
            let (mirror, keys) = state.parts()?;
            let mut manifest = mirror.recounted(keys);
            let newest = report.expected_generation.max(report.found_generation);
            manifest.generation = newest.saturating_add(1);
            let count = manifest.count;
            let mut batch = Batch::default();
            batch.put(Tree::Meta, MANIFEST_KEY, manifest.seal(keys)?);
            state.run(backend, &batch)?;
            state.mirror = None;
            state.generation_seen = None;
            // The generation file is older than the new manifest, so the store is good again.
            state.refresh(&store.site, backend)?;
            state.note_generation(&store.site);
            Ok(count)
        })
    }

    /// Changes the header in one transaction, and in the automatic backups.
    fn change_header(
        &self,
        change: impl FnOnce(&mut Header, &Keys, super::kdf::KdfCost) -> Result<()>,
    ) -> Result<()> {
        self.exclusive(|store, state, backend| {
            state.check_disk_or_refuse(store)?;
            let mut header = state.header.clone();
            change(&mut header, &state.keys, store.options.kdf)?;
            let bytes = header.encode()?;
            let mut batch = Batch::default();
            batch.require(Tree::Meta, HEADER_KEY, Some(&state.header_bytes));
            batch.put(Tree::Meta, HEADER_KEY, bytes.clone());
            state.run(backend, &batch)?;
            state.header = header;
            state.header_bytes = bytes;
            if let Some(dir) = store.dir()
                && let Err(e) = backup::renew_headers(dir, &state.header_bytes, &state.keys)
            {
                let reason = e.to_string();
                state
                    .warnings
                    .push(super::files::Warning::Backup { reason });
            }
            Ok(())
        })
    }
}

impl State {
    /// Refuses what makes no sense for a damaged or ephemeral store.
    fn check_disk_or_refuse(&self, store: &Store) -> Result<()> {
        if store.dir().is_none() {
            return Err(StoreError::Ephemeral("ways to unlock it"));
        }
        self.check_writable()
    }

    /// Commits and flushes a batch that the mirror does not follow.
    fn run(&mut self, backend: &dyn Backend, batch: &Batch) -> Result<()> {
        let outcome = match backend.transact(batch) {
            Ok(Commit::Done) => backend.flush(),
            Ok(Commit::Refused) => Err(StoreError::Replaced),
            Err(e) => Err(e),
        };
        if outcome.is_err() {
            self.mirror = None;
        }
        outcome
    }
}

/// The transaction that seals everything with other keys. Revisions stay, so that instances
/// already read can be saved.
fn resealed(mirror: &mut Mirror, keys: &Keys, fresh: &Keys, header: Vec<u8>) -> Result<Batch> {
    let mut batch = Batch::default();
    let mut manifest = Edit::new(keys, mirror)?.manifest;
    manifest.words_confirmed = false;
    batch.require(Tree::Meta, MANIFEST_KEY, Some(&mirror.manifest_sealed));
    for key in mirror.index.keys() {
        batch.delete(Tree::Index, key);
    }
    let mut renewed = super::manifest::Manifest::empty();
    renewed.generation = manifest.generation;
    let ids: Vec<RecordId> = mirror.objects.keys().copied().collect();
    for id in ids {
        let record = mirror.record(keys, id)?;
        let hash = schema_hash(record.schema_text.as_bytes());
        let plain = record::Plain {
            schema_url: &record.schema_url,
            schema_id: if record.schema_text.is_empty() {
                &[]
            } else {
                &hash
            },
            parent: record
                .parent
                .as_ref()
                .map(|p| p.as_bytes().as_slice())
                .unwrap_or_default(),
            location: &record.location,
            name: &record.name,
            data: &record.data,
        };
        let key = fresh.index_key(&record.location, record.parent, &record.name);
        let sealed = record::seal_record(fresh, id, record.revision, &plain)?;
        batch.put(Tree::Objects, id.as_bytes(), sealed);
        batch.put(Tree::Index, &key, id.as_bytes().to_vec());
        renewed.count += 1;
        renewed.toggle_object(fresh, id, record.revision);
        renewed.toggle_index(fresh, &key, id);
    }
    batch.put(Tree::Meta, HEADER_KEY, header);
    batch.put(Tree::Meta, MANIFEST_KEY, renewed.seal(fresh)?);
    Ok(batch)
}
