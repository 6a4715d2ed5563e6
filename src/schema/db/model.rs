//! The objects of one url.
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::catalog::Catalog;
use super::database::Shared;
use super::error::DbError;
use super::keeper::{Kept, Reader};
use super::range::Ranges;
use super::trigger::{Action, Trigger};
use crate::schema::{Context, Map, Object, Schema, Value};

/// What is known of the url, as of a change of the catalog.
pub(super) struct Current {
    seen: u64,
    pub(super) schema: Arc<Schema>,
    pub(super) sid: u32,
    /// Its texts by number, the latest one too.
    texts: HashMap<u32, Arc<Schema>>,
    pub(super) indexed: bool,
}

/// The objects of one url in a database.
pub struct Model {
    pub(super) shared: Arc<Shared>,
    url: String,
    current: Mutex<Option<Arc<Current>>>,
    pub(super) ranges: Mutex<Option<Ranges>>,
    triggers: Mutex<Vec<(u64, Trigger)>>,
    readonly: AtomicBool,
}

impl Model {
    pub(super) fn new(shared: &Arc<Shared>, url: &str) -> Arc<Self> {
        Arc::new(Self {
            shared: Arc::clone(shared),
            url: url.to_owned(),
            current: Mutex::new(None),
            ranges: Mutex::new(None),
            triggers: Mutex::default(),
            readonly: AtomicBool::new(false),
        })
    }

    /// Url of its schemas.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Name of its database.
    pub fn database_name(&self) -> &str {
        &self.shared.name
    }

    /// The surroundings of its objects.
    pub fn context(&self) -> &Arc<Context> {
        &self.shared.context
    }

    /// Forbids or allows saving and deleting through this model.
    pub fn set_readonly(&self, readonly: bool) {
        self.readonly.store(readonly, Ordering::Relaxed);
    }

    /// True when nothing is saved or deleted through this model.
    pub fn is_readonly(&self) -> bool {
        self.readonly.load(Ordering::Relaxed)
    }

    pub(super) fn triggers(&self) -> MutexGuard<'_, Vec<(u64, Trigger)>> {
        self.triggers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The latest schema.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn schema(&self) -> Result<Arc<Schema>, DbError> {
        self.reading(|_, current| Ok(Arc::clone(&current.schema)))
    }

    /// Number of the latest schema.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn sid(&self) -> Result<u32, DbError> {
        self.reading(|_, current| Ok(current.sid))
    }

    /// The latest schema and the older ones, read again when the catalog changed.
    pub(super) fn current(&self, reader: &dyn Reader) -> Result<Arc<Current>, DbError> {
        let mut slot = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = reader.notes_generation();
        if let Some(current) = slot.as_ref().filter(|current| current.seen == seen) {
            return Ok(Arc::clone(current));
        }
        let catalog = Catalog::read(reader)?;
        let unknown = || DbError::NoModel {
            url: self.url.clone(),
        };
        let known = catalog.known.get(&self.url).ok_or_else(unknown)?;
        let mut texts = HashMap::new();
        for text in catalog.texts.iter().filter(|text| text.url == self.url) {
            let known = slot.as_ref().and_then(|old| old.texts.get(&text.sid));
            let schema = match known {
                Some(schema) => Arc::clone(schema),
                None => self.parsed(&text.text)?,
            };
            texts.insert(text.sid, schema);
        }
        let schema = texts.get(&known.sid).cloned().ok_or_else(unknown)?;
        let current = Arc::new(Current {
            seen,
            schema,
            sid: known.sid,
            texts,
            indexed: known.indexed,
        });
        *slot = Some(Arc::clone(&current));
        Ok(current)
    }

    /// A stored text as a schema. The registry keeps its own latest one.
    fn parsed(&self, text: &str) -> Result<Arc<Schema>, DbError> {
        let all = Schema::parse_all(text);
        let all = all.map_err(|e| DbError::Catalog(format!("'{}': {e}", self.url)))?;
        let ours = all.into_iter().find(|schema| schema.url == self.url);
        ours.ok_or_else(|| DbError::Catalog(format!("'{}' has another url", self.url)))
    }

    /// Reads with the latest schema.
    pub(super) fn reading<T>(
        &self,
        work: impl FnOnce(&dyn Reader, &Current) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        self.shared.read(|reader| {
            let current = self.current(reader)?;
            work(reader, &current)
        })
    }

    /// Makes the indexes when a schema change or a killed process left them incomplete.
    pub(super) fn ready(&self) -> Result<(), DbError> {
        match self.reading(|_, current| Ok(current.indexed))? {
            true => Ok(()),
            false => self.index_rebuild(),
        }
    }

    /// An entry as an object of the latest schema.
    pub(super) fn decoded(&self, current: &Current, kept: &Kept) -> Result<Object, DbError> {
        let damaged = |reason: String| DbError::Damaged {
            url: self.url.clone(),
            id: kept.id,
            reason,
        };
        let content = kept.content.as_ref();
        let content = content.map_err(|reason| damaged((*reason).to_owned()))?;
        let (sid, payload) = content
            .split_first_chunk::<4>()
            .ok_or_else(|| damaged("it is too short".to_owned()))?;
        let sid = u32::from_le_bytes(*sid);
        let context = &self.shared.context;
        let read = match sid == current.sid {
            true => Object::from_payload(context, &current.schema, payload).or_else(|_| {
                // The schema of a sub-object may have changed since.
                Object::from_older(context, &current.schema, Some(&current.schema), payload)
            }),
            false => {
                let written_by = current.texts.get(&sid).map(Arc::as_ref);
                Object::from_older(context, &current.schema, written_by, payload)
            }
        };
        let mut object = read.map_err(|error| damaged(error.to_string()))?;
        object.set_stored(kept.id, kept.revision);
        Ok(object)
    }

    /// A new object, not stored.
    ///
    /// # Errors
    /// When a name is unknown, a value does not fit, or a trigger refuses.
    pub fn new_object(self: &Arc<Self>, data: &Map) -> Result<Object, DbError> {
        let schema = self.schema()?;
        let context = &self.shared.context;
        if !self.has_triggers() {
            return Ok(match data.is_empty() {
                true => Object::new(context, &schema)?,
                false => Object::with_data(context, &schema, data)?,
            });
        }
        let mut object = Object::new(context, &schema)?;
        let defaults: Vec<String> = object.changed_names().map(str::to_owned).collect();
        for name in defaults {
            self.fire(&mut object, Action::Change, Some(&name))?;
        }
        for (name, value) in data {
            self.set(&mut object, name, value)?;
        }
        self.fire(&mut object, Action::New, None)?;
        Ok(object)
    }

    /// Sets a property, and tells the triggers when that changed it.
    ///
    /// # Errors
    /// As [`Object::set`], or when a trigger refuses; then the old value is there again.
    pub fn set(
        self: &Arc<Self>,
        object: &mut Object,
        name: &str,
        value: &Value,
    ) -> Result<(), DbError> {
        if !self.has_triggers() {
            return Ok(object.set(name, value)?);
        }
        let before = object.clone();
        object.set(name, value)?;
        if object.get(name)? == before.get(name)? {
            return Ok(());
        }
        self.fire(object, Action::Change, Some(name))
            .inspect_err(|_| *object = before)
    }

    /// The object of a number.
    ///
    /// # Errors
    /// When there is none in this model (rule B4), or it is damaged.
    pub fn get(self: &Arc<Self>, id: u64) -> Result<Object, DbError> {
        let found = self.try_get(id)?;
        found.ok_or_else(|| DbError::NotFound {
            url: self.url.clone(),
            id,
        })
    }

    /// The object of a number; None when there is none in this model.
    ///
    /// # Errors
    /// When it is damaged, or a trigger refuses.
    pub fn try_get(self: &Arc<Self>, id: u64) -> Result<Option<Object>, DbError> {
        let found = self.reading(|reader, current| {
            let kept = reader.entry(&self.url, id).map_err(DbError::Keeper)?;
            kept.map(|kept| self.decoded(current, &kept)).transpose()
        })?;
        found.map(|object| self.handed_out(object)).transpose()
    }

    /// Tells the triggers that an object was read.
    pub(super) fn handed_out(self: &Arc<Self>, mut object: Object) -> Result<Object, DbError> {
        if self.has_triggers() {
            self.fire(&mut object, Action::Get, None)?;
        }
        Ok(object)
    }

    /// How many objects there are.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn count_all(&self) -> Result<u64, DbError> {
        self.shared.read(|reader| Ok(reader.count(&self.url)))
    }
}
