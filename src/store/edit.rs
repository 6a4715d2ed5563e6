//! One change of the store being prepared: records written and removed, with the manifest, index
//! and schemas that belong to them, committed in one transaction.
use std::collections::{BTreeMap, HashMap};

use super::backend::{Batch, Tree};
use super::error::{Result, StoreError};
use super::keys::Keys;
use super::manifest::{MANIFEST_KEY, Manifest};
use super::mirror::{IndexKey, Mirror, Object, schema_hash};
use super::record::{self, Plain, Record, RecordId};

/// A record written by the edit.
struct Written {
    sealed: Vec<u8>,
    plain: zeroize::Zeroizing<Vec<u8>>,
    key: IndexKey,
}

/// A change on top of a mirror.
pub(crate) struct Edit<'a> {
    keys: &'a Keys,
    mirror: &'a Mirror,
    /// The manifest after the change.
    pub(crate) manifest: Manifest,
    /// `None` is a removal.
    objects: BTreeMap<RecordId, Option<Written>>,
    index: HashMap<IndexKey, Option<RecordId>>,
    schemas: HashMap<[u8; 32], Vec<u8>>,
}

/// An edit that is ready to be committed and then taken over by the mirror.
pub(crate) struct Prepared {
    pub(crate) batch: Batch,
    manifest: Manifest,
    manifest_sealed: Vec<u8>,
    objects: BTreeMap<RecordId, Option<Written>>,
    schemas: HashMap<[u8; 32], Vec<u8>>,
}

impl<'a> Edit<'a> {
    /// An empty change.
    pub(crate) fn new(keys: &'a Keys, mirror: &'a Mirror) -> Result<Self> {
        let mut manifest = mirror.manifest.clone();
        manifest.generation = manifest
            .generation
            .checked_add(1)
            .ok_or(StoreError::Engine {
                what: "count changes",
                text: "the generation number is used up".to_owned(),
            })?;
        Ok(Self {
            keys,
            mirror,
            manifest,
            objects: BTreeMap::new(),
            index: HashMap::new(),
            schemas: HashMap::new(),
        })
    }

    /// Revision that records written by this change get: the generation, which is never reused.
    pub(crate) fn revision(&self) -> u64 {
        self.manifest.generation
    }

    /// The record that has a name, as of this change.
    pub(crate) fn lookup(
        &self,
        location: &str,
        parent: Option<RecordId>,
        name: &str,
    ) -> Option<RecordId> {
        self.holder(&self.keys.index_key(location, parent, name))
    }

    fn holder(&self, key: &IndexKey) -> Option<RecordId> {
        match self.index.get(key) {
            Some(changed) => *changed,
            None => self.mirror.index.get(key).copied(),
        }
    }

    /// Revision and index key of a record, as of this change.
    fn current(&self, id: RecordId) -> Option<(u64, Option<IndexKey>)> {
        match self.objects.get(&id) {
            Some(Some(written)) => Some((self.revision(), Some(written.key))),
            Some(None) => None,
            None => {
                let object = self.mirror.objects.get(&id)?;
                Some((object.revision, self.mirror.index_of.get(&id).copied()))
            }
        }
    }

    /// Revision of a stored record, as of this change.
    pub(crate) fn revision_of(&self, id: RecordId) -> Option<u64> {
        self.current(id).map(|(revision, _)| revision)
    }

    /// Writes a record under an id; its name must be free or its own.
    pub(crate) fn write(&mut self, id: RecordId, record: &Record) -> Result<()> {
        record::check_text("location", &record.location)?;
        record::check_text("name", &record.name)?;
        let key = self
            .keys
            .index_key(&record.location, record.parent, &record.name);
        if let Some(holder) = self.holder(&key)
            && holder != id
        {
            return Err(StoreError::NotUnique {
                location: record.location.clone(),
                name: record.name.clone(),
                id: holder,
            });
        }
        let schema_id = match record.schema_text.as_bytes() {
            [] => None,
            text => Some((schema_hash(text), text)),
        };
        let parent = record.parent;
        let plain = Plain {
            schema_url: &record.schema_url,
            schema_id: schema_id
                .as_ref()
                .map(|(hash, _)| hash.as_slice())
                .unwrap_or_default(),
            parent: parent
                .as_ref()
                .map(|id| id.as_bytes().as_slice())
                .unwrap_or_default(),
            location: &record.location,
            name: &record.name,
            data: &record.data,
        };
        let plain = plain.encode()?;
        let revision = self.revision();
        let sealed = record::seal_padded(self.keys, id, revision, &plain)?;
        self.remove(id);
        self.manifest.count += 1;
        self.manifest.toggle_object(self.keys, id, revision);
        self.manifest.toggle_index(self.keys, &key, id);
        if let Some((hash, text)) = schema_id
            && self.mirror.schemas.get(&hash).map(Vec::as_slice) != Some(text)
        {
            self.schemas.insert(hash, text.to_vec());
        }
        self.index.insert(key, Some(id));
        self.objects
            .insert(id, Some(Written { sealed, plain, key }));
        Ok(())
    }

    /// Removes a record; whether it was there.
    pub(crate) fn remove(&mut self, id: RecordId) -> bool {
        let Some((revision, key)) = self.current(id) else {
            return false;
        };
        self.manifest.count = self.manifest.count.saturating_sub(1);
        self.manifest.toggle_object(self.keys, id, revision);
        if let Some(key) = key {
            self.manifest.toggle_index(self.keys, &key, id);
            self.index.insert(key, None);
        }
        self.objects.insert(id, None);
        true
    }

    /// Seals the manifest and makes the transaction.
    pub(crate) fn prepare(self) -> Result<Prepared> {
        let mut batch = Batch::default();
        let before = &self.mirror.manifest_sealed;
        batch.require(Tree::Meta, MANIFEST_KEY, Some(before));
        for (key, id) in &self.index {
            let found = self
                .mirror
                .index
                .get(key)
                .map(|id| id.as_bytes().as_slice());
            batch.require(Tree::Index, key, found);
            match id {
                Some(id) => batch.put(Tree::Index, key, id.as_bytes().to_vec()),
                None => batch.delete(Tree::Index, key),
            }
        }
        for (id, written) in &self.objects {
            match written {
                Some(written) => batch.put(Tree::Objects, id.as_bytes(), written.sealed.clone()),
                None => batch.delete(Tree::Objects, id.as_bytes()),
            }
        }
        for (hash, text) in &self.schemas {
            batch.put(Tree::Schemas, hash, text.clone());
        }
        let manifest_sealed = self.manifest.seal(self.keys)?;
        batch.put(Tree::Meta, MANIFEST_KEY, manifest_sealed.clone());
        Ok(Prepared {
            batch,
            manifest: self.manifest,
            manifest_sealed,
            objects: self.objects,
            schemas: self.schemas,
        })
    }
}

impl Prepared {
    /// Brings the mirror up to date after the commit.
    pub(crate) fn apply(self, mirror: &mut Mirror) {
        for (id, written) in &self.objects {
            if written.is_none() {
                mirror.remove_object(*id);
            }
        }
        let revision = self.manifest.generation;
        for (id, written) in self.objects {
            if let Some(Written { sealed, plain, key }) = written {
                mirror.set_object(id, Object { sealed, revision }, key, &plain);
            }
        }
        mirror.schemas.extend(self.schemas);
        mirror.manifest = self.manifest;
        mirror.manifest_sealed = self.manifest_sealed;
    }
}
