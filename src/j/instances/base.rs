//! What every instance has: its name, its place, its data, and how they are stored.
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::j::model::{self, Stored};
use crate::j::world::World;
use crate::object::{Error, Kind, Paint, Result, Value, print};
use crate::store::{Expect, Record, RecordId};

pub(super) struct State {
    pub(super) record: Option<RecordId>,
    pub(super) revision: u64,
    pub(super) unsaved: bool,
}

/// What every instance has: its name, its place, its data, and how they are stored.
pub struct Base {
    /// What the tree needs from outside.
    pub world: Arc<World>,
    /// Path of its collection (`j.clients.tfchain`).
    pub location: String,
    /// Its name.
    pub name: String,
    /// The instance that owns its collection.
    pub owner: Option<Arc<Base>>,
    /// Location in the header of its printed block.
    pub header: String,
    pub(super) schema: &'static Stored,
    pub(super) data: Mutex<model::Data>,
    pub(super) state: Mutex<State>,
}

impl Base {
    fn lock(&self) -> MutexGuard<'_, model::Data> {
        self.data.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Path in the tree.
    pub fn path(&self) -> String {
        format!("{}.{}", self.location, self.name)
    }

    /// Value of a stored property.
    pub fn get(&self, name: &str) -> Option<Value> {
        self.lock().get(name)
    }

    /// The text of a stored property; empty when it has none.
    pub fn text(&self, name: &str) -> String {
        match self.get(name) {
            Some(Value::Str(text)) => text,
            _ => String::new(),
        }
    }

    /// The number of a stored property; 0 when it has none.
    pub fn int(&self, name: &str) -> i64 {
        match self.get(name) {
            Some(Value::Int(i)) => i,
            _ => 0,
        }
    }

    /// The texts of a stored list.
    pub fn texts(&self, name: &str) -> Vec<String> {
        match self.get(name) {
            Some(Value::List(list)) => list
                .iter()
                .filter_map(|v| v.as_str().map(String::from))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Sets a stored property; its type cleans the value.
    ///
    /// # Errors
    /// A value that the type does not take; the old one stays.
    pub fn set(&self, name: &str, value: &Value) -> Result<()> {
        if self.lock().set(name, value)? {
            self.state().unsaved = true;
        }
        Ok(())
    }

    /// True when there is something to save.
    pub fn is_unsaved(&self) -> bool {
        self.state().unsaved
    }

    /// True when it was stored at least once.
    pub fn is_stored(&self) -> bool {
        self.state().record.is_some()
    }

    /// The id of its record, once stored.
    pub fn record_id(&self) -> Option<RecordId> {
        self.state().record
    }

    /// Stores it if anything changed since the last time. An owner that was never stored is stored
    /// first: without it this could not be found again.
    ///
    /// # Errors
    /// A name that is taken, a change by another shell, or a store that cannot be written.
    pub fn save(&self, force: bool) -> Result<()> {
        let parent = match &self.owner {
            Some(owner) => {
                if !owner.is_stored() {
                    owner.save(false)?;
                }
                owner.record_id()
            }
            None => None,
        };
        let (id, revision) = {
            let state = self.state();
            if !state.unsaved && !force {
                return Ok(());
            }
            (state.record, state.revision)
        };
        let store = self.world.store()?;
        let record = Record {
            id,
            revision,
            location: self.collection_key(),
            parent,
            name: self.name.clone(),
            schema_url: self.schema.url().to_string(),
            schema_text: self.schema.text().to_string(),
            data: self.lock().to_bytes()?,
        };
        let expect = match (force, id) {
            (true, _) => Expect::Force,
            (false, Some(_)) => Expect::Revision(revision),
            (false, None) => Expect::New,
        };
        let saved = store.put(&record, expect)?;
        let mut state = self.state();
        state.record = Some(saved.id);
        state.revision = saved.revision;
        state.unsaved = false;
        Ok(())
    }

    /// Takes the stored version, dropping changes that were not saved.
    ///
    /// # Errors
    /// When it is not stored, or the record is damaged.
    pub fn load(&self) -> Result<()> {
        let id = self.record_id().ok_or_else(|| {
            Error::new(Kind::NotFound, format!("{} is not stored yet", self.path()))
                .hint("use .save() first")
        })?;
        let record = self.world.store()?.get_by_id(id)?;
        let data = self.schema.from_bytes(&record.data)?;
        *self.lock() = data;
        let mut state = self.state();
        state.revision = record.revision;
        state.unsaved = false;
        Ok(())
    }

    /// Path without the names of instances: what the store keys records by, beside the owner.
    pub(super) fn collection_key(&self) -> String {
        match &self.owner {
            None => self.location.clone(),
            Some(owner) => {
                let last = self.location.rsplit('.').next().unwrap_or_default();
                format!("{}.*.{last}", owner.collection_key())
            }
        }
    }

    /// The printed block.
    pub fn block(&self, paint: Paint) -> String {
        let mut properties = self.lock().printed();
        if let Some(id) = self.record_id() {
            properties.push(("id".into(), id.to_string()));
        }
        print::instance_block(&self.header, &self.name, &properties, paint)
    }

    /// The data for `--json`: secrets are left out.
    pub fn to_json(&self) -> serde_json::Value {
        let properties = self.lock().shown();
        serde_json::Value::Object(
            properties
                .into_iter()
                .map(|(k, v)| (k, v.to_json()))
                .collect(),
        )
    }

    /// All data as TOML, for an editor.
    pub(super) fn to_toml(&self) -> Result<String> {
        self.lock().to_toml()
    }
}
