//! What the store holds, sealed as it is, kept in memory between operations.
//!
//! Opening the engine costs milliseconds; the mirror answers reads in microseconds for as long
//! as the generation file says that nobody changed the store. Records stay sealed in it and are
//! opened when asked for; the catalog keeps only locations and names.
use std::collections::{BTreeMap, HashMap};

use super::backend::{Backend, Tree};
use super::error::{Result, StoreError};
use super::files;
use super::keys::Keys;
use super::manifest::{HEADER_KEY, MANIFEST_KEY, Manifest};
use super::record::{self, Plain, Record, RecordId};
use super::site::{GENERATION_FILE, Site};
use super::store::Scan;

/// Index keys are 16 bytes.
pub(crate) type IndexKey = [u8; 16];

/// The content of an engine as read, not yet verified.
#[derive(Default)]
pub(crate) struct Raw {
    pub(crate) header: Vec<u8>,
    pub(crate) manifest: Option<Vec<u8>>,
    pub(crate) objects: Vec<(Vec<u8>, Vec<u8>)>,
    pub(crate) index: Vec<(Vec<u8>, Vec<u8>)>,
    pub(crate) schemas: Vec<(Vec<u8>, Vec<u8>)>,
    /// Content of the generation file at the same moment.
    pub(crate) generation: Option<Vec<u8>>,
}

impl Raw {
    /// Reads everything, with the lock held; `None` when there is no header.
    pub(crate) fn read(site: &Site, backend: &dyn Backend) -> Result<Option<Self>> {
        let Some(header) = backend.get(Tree::Meta, HEADER_KEY)? else {
            return Ok(None);
        };
        let generation = match site.dir() {
            Some(dir) => files::read_if_exists(&dir.join(GENERATION_FILE))?,
            None => None,
        };
        let manifest = backend.get(Tree::Meta, MANIFEST_KEY)?;
        let mut raw = Self {
            header,
            manifest,
            generation,
            ..Self::default()
        };
        for (tree, into) in [
            (Tree::Objects, &mut raw.objects),
            (Tree::Index, &mut raw.index),
            (Tree::Schemas, &mut raw.schemas),
        ] {
            backend.scan(tree, &mut |key, value| {
                into.push((key.to_vec(), value.to_vec()));
                Ok(())
            })?;
        }
        Ok(Some(raw))
    }
}

/// What did not agree when the mirror was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mismatch {
    pub(crate) reason: String,
    /// Records that should be there, if known.
    pub(crate) expected: Option<u64>,
}

/// One record as stored.
pub(crate) struct Object {
    pub(crate) sealed: Vec<u8>,
    pub(crate) revision: u64,
}

/// Where a record hangs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) location: String,
    pub(crate) parent: Option<RecordId>,
}

/// Names by place, and what could not be opened.
#[derive(Default)]
pub(crate) struct Catalog {
    places: BTreeMap<Place, BTreeMap<String, RecordId>>,
    known: HashMap<RecordId, (Place, String)>,
    pub(crate) damaged: BTreeMap<RecordId, &'static str>,
}

/// The mirror.
pub(crate) struct Mirror {
    pub(crate) manifest: Manifest,
    pub(crate) manifest_sealed: Vec<u8>,
    pub(crate) objects: BTreeMap<RecordId, Object>,
    pub(crate) index: HashMap<IndexKey, RecordId>,
    pub(crate) index_of: HashMap<RecordId, IndexKey>,
    pub(crate) schemas: HashMap<[u8; 32], Vec<u8>>,
    catalog: Option<Catalog>,
}

impl Mirror {
    /// Verifies what was read against its manifest.
    pub(crate) fn verify(raw: Raw, keys: &Keys) -> (Self, Option<Mismatch>) {
        let mut found = Manifest::empty();
        let mut mirror = Self {
            manifest: Manifest::empty(),
            manifest_sealed: raw.manifest.unwrap_or_default(),
            objects: BTreeMap::new(),
            index: HashMap::with_capacity(raw.index.len()),
            index_of: HashMap::with_capacity(raw.index.len()),
            schemas: HashMap::new(),
            catalog: None,
        };
        let mut strange = 0u64;
        for (key, sealed) in raw.objects {
            match (
                <[u8; 16]>::try_from(key.as_slice()),
                record::revision_of(&sealed),
            ) {
                (Ok(id), Some(revision)) => {
                    let id = RecordId::from_bytes(id);
                    found.toggle_object(keys, id, revision);
                    found.count += 1;
                    mirror.objects.insert(id, Object { sealed, revision });
                }
                (Ok(id), None) => {
                    // Counted and kept, so that it is reported with its id.
                    found.count += 1;
                    strange += 1;
                    let id = RecordId::from_bytes(id);
                    mirror.objects.insert(
                        id,
                        Object {
                            sealed,
                            revision: 0,
                        },
                    );
                }
                (Err(_), _) => strange += 1,
            }
        }
        for (key, id) in raw.index {
            match (
                IndexKey::try_from(key.as_slice()),
                <[u8; 16]>::try_from(id.as_slice()),
            ) {
                (Ok(key), Ok(id)) => {
                    let id = RecordId::from_bytes(id);
                    found.toggle_index(keys, &key, id);
                    mirror.index.insert(key, id);
                    mirror.index_of.insert(id, key);
                }
                _ => strange += 1,
            }
        }
        for (key, text) in raw.schemas {
            if let Ok(key) = <[u8; 32]>::try_from(key.as_slice()) {
                mirror.schemas.insert(key, text);
            }
        }
        let mismatch = match Manifest::open(keys, &mirror.manifest_sealed) {
            None => Some(Mismatch {
                reason: "its manifest is missing or broken".to_owned(),
                expected: None,
            }),
            Some(manifest) => {
                let same = strange == 0 && manifest.same_content(&found);
                let expected = Some(manifest.count);
                mirror.manifest = manifest;
                (!same).then(|| Mismatch {
                    reason: "its records are not those of its manifest".to_owned(),
                    expected,
                })
            }
        };
        (mirror, mismatch)
    }

    /// A manifest made from what is there, to continue after a loss.
    pub(crate) fn recounted(&self, keys: &Keys) -> Manifest {
        let mut manifest = Manifest::empty();
        for (id, object) in &self.objects {
            manifest.toggle_object(keys, *id, object.revision);
            manifest.count += 1;
        }
        for (key, id) in &self.index {
            manifest.toggle_index(keys, key, *id);
        }
        manifest.words_confirmed = self.manifest.words_confirmed;
        manifest
    }

    /// Opens one record.
    pub(crate) fn record(&self, keys: &Keys, id: RecordId) -> Result<Record> {
        let object = self.objects.get(&id).ok_or(StoreError::NotFound(id))?;
        let damaged = |reason| {
            let known = self
                .catalog
                .as_ref()
                .and_then(|catalog| catalog.known.get(&id));
            StoreError::Damaged {
                id,
                location: known.map(|(place, _)| place.location.clone()),
                name: known.map(|(_, name)| name.clone()),
                reason,
            }
        };
        let padded = record::open_record(keys, id, &object.sealed).map_err(damaged)?;
        let plain = Plain::decode(&padded).map_err(damaged)?;
        let schema_text = match plain.schema_id.first_chunk::<32>() {
            None => String::new(),
            Some(hash) => self
                .schema(hash)
                .ok_or(damaged("its schema text is lost"))?,
        };
        Ok(Record {
            id: Some(id),
            revision: object.revision,
            location: plain.location.to_owned(),
            parent: plain.parent_id(),
            name: plain.name.to_owned(),
            schema_url: plain.schema_url.to_owned(),
            schema_text,
            data: zeroize::Zeroizing::new(plain.data.to_vec()),
        })
    }

    /// A schema text whose hash is right.
    fn schema(&self, hash: &[u8; 32]) -> Option<String> {
        let text = self.schemas.get(hash)?;
        (schema_hash(text) == *hash).then(|| String::from_utf8(text.clone()).ok())?
    }

    /// The record of a name. The record must say the same name itself.
    pub(crate) fn named(
        &self,
        keys: &Keys,
        location: &str,
        parent: Option<RecordId>,
        name: &str,
    ) -> Result<Option<Record>> {
        let Some(&id) = self.index.get(&keys.index_key(location, parent, name)) else {
            return Ok(None);
        };
        let damaged = |reason| StoreError::Damaged {
            id,
            location: Some(location.to_owned()),
            name: Some(name.to_owned()),
            reason,
        };
        match self.record(keys, id) {
            Ok(record)
                if record.location == location
                    && record.parent == parent
                    && record.name == name =>
            {
                Ok(Some(record))
            }
            Ok(_) => Err(damaged("the index names another record")),
            Err(StoreError::NotFound(_)) => Err(damaged("the index names a lost record")),
            Err(StoreError::Damaged { reason, .. }) => Err(damaged(reason)),
            Err(other) => Err(other),
        }
    }

    /// The catalog, made when first needed: one pass that opens every record.
    pub(crate) fn catalog(&mut self, keys: &Keys) -> &Catalog {
        let objects = &self.objects;
        self.catalog.get_or_insert_with(|| {
            let mut catalog = Catalog::default();
            for (id, object) in objects {
                match record::open_record(keys, *id, &object.sealed) {
                    Ok(padded) => catalog.add(*id, &padded),
                    Err(reason) => {
                        catalog.damaged.insert(*id, reason);
                    }
                }
            }
            catalog
        })
    }

    /// Calls with the catalog and the mirror.
    pub(crate) fn with_catalog<T>(
        &mut self,
        keys: &Keys,
        call: impl FnOnce(&Catalog, &Self) -> T,
    ) -> T {
        self.catalog(keys);
        let catalog = self.catalog.take().unwrap_or_default();
        let outcome = call(&catalog, self);
        self.catalog = Some(catalog);
        outcome
    }

    /// Opens several records.
    pub(crate) fn records(&self, keys: &Keys, ids: &[RecordId]) -> Scan {
        let mut scan = Scan::default();
        for id in ids {
            match self.record(keys, *id) {
                Ok(record) => scan.records.push(record),
                Err(e) => scan.damaged.push(e),
            }
        }
        scan
    }

    /// Takes over a committed change of one record; `plain` is its padded plaintext.
    pub(crate) fn set_object(&mut self, id: RecordId, object: Object, key: IndexKey, plain: &[u8]) {
        self.remove_object(id);
        self.objects.insert(id, object);
        self.index.insert(key, id);
        self.index_of.insert(id, key);
        if let Some(catalog) = &mut self.catalog {
            catalog.add(id, plain);
        }
    }

    /// Takes over a committed removal.
    pub(crate) fn remove_object(&mut self, id: RecordId) {
        self.objects.remove(&id);
        if let Some(key) = self.index_of.remove(&id)
            && self.index.get(&key) == Some(&id)
        {
            self.index.remove(&key);
        }
        if let Some(catalog) = &mut self.catalog {
            catalog.remove(id);
        }
    }
}

impl Catalog {
    fn add(&mut self, id: RecordId, padded: &[u8]) {
        match Plain::decode(padded) {
            Ok(plain) => {
                let place = Place {
                    location: plain.location.to_owned(),
                    parent: plain.parent_id(),
                };
                let name = plain.name.to_owned();
                self.known.insert(id, (place.clone(), name.clone()));
                self.places.entry(place).or_default().insert(name, id);
            }
            Err(reason) => {
                self.damaged.insert(id, reason);
            }
        }
    }

    fn remove(&mut self, id: RecordId) {
        self.damaged.remove(&id);
        if let Some((place, name)) = self.known.remove(&id)
            && let Some(names) = self.places.get_mut(&place)
            && names.get(&name) == Some(&id)
        {
            names.remove(&name);
            if names.is_empty() {
                self.places.remove(&place);
            }
        }
    }

    /// Names and ids at a place, sorted by name.
    pub(crate) fn at(&self, place: &Place) -> impl Iterator<Item = (&String, RecordId)> {
        self.places
            .get(place)
            .into_iter()
            .flatten()
            .map(|(name, id)| (name, *id))
    }

    /// A record and everything below it, owners first.
    pub(crate) fn family(&self, id: RecordId) -> Vec<RecordId> {
        let mut by_parent: HashMap<RecordId, Vec<RecordId>> = HashMap::new();
        for (place, names) in &self.places {
            if let Some(parent) = place.parent {
                by_parent.entry(parent).or_default().extend(names.values());
            }
        }
        let mut family = vec![id];
        let mut next = 0;
        while let Some(owner) = family.get(next).copied() {
            // Removing the entry makes every record appear once, even in a circle of owners.
            family.extend(by_parent.remove(&owner).unwrap_or_default());
            next += 1;
        }
        let mut seen = std::collections::HashSet::new();
        family.retain(|id| seen.insert(*id));
        family
    }
}

/// Id of a schema text: its SHA-256.
pub(crate) fn schema_hash(text: &[u8]) -> [u8; 32] {
    use sha2::Digest;
    sha2::Sha256::digest(text).into()
}
