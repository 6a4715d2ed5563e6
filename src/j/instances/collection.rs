//! Instances of one class by name: in memory first, then in the store.
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use indexmap::IndexMap;

use super::Config;
use super::base::{Base, State};
use super::common::{model_of, schema_of};
use crate::j::world::World;
use crate::object::{Args, Error, Kind, Result, Value, class_of};
use crate::store::{Record, RecordId};

/// Longest name of an instance.
const LONGEST_NAME: usize = 63;

/// Words of the script language that cannot stand behind a dot.
const KEYWORDS: &[&str] = &[
    "let",
    "const",
    "if",
    "else",
    "switch",
    "do",
    "while",
    "until",
    "loop",
    "for",
    "in",
    "continue",
    "break",
    "return",
    "throw",
    "try",
    "catch",
    "fn",
    "private",
    "import",
    "export",
    "as",
    "true",
    "false",
    "call",
    "curry",
    "type_of",
    "is_shared",
    "this",
];

/// A collection of named instances of one class.
pub struct Collection<T: Config> {
    pub(super) world: Arc<World>,
    pub(super) location: String,
    header: String,
    owner: Option<Arc<Base>>,
    context: OnceLock<T::Owner>,
    memory: Mutex<IndexMap<String, Arc<T>>>,
}

impl<T: Config> Collection<T> {
    /// An empty collection at a place of the tree. `header` is what the blocks of its instances
    /// begin with; empty for the class name.
    pub fn new(
        world: &Arc<World>,
        location: String,
        header: String,
        owner: Option<Arc<Base>>,
    ) -> Arc<Self> {
        let collection = Arc::new(Collection {
            world: world.clone(),
            location,
            header,
            owner,
            context: OnceLock::new(),
            memory: Mutex::new(IndexMap::new()),
        });
        let weak: Weak<Collection<T>> = Arc::downgrade(&collection);
        world.track(&collection.location, weak);
        collection
    }

    /// An empty collection at a fixed place of the tree, for instances that need nothing else.
    pub fn top(world: &Arc<World>, location: &str) -> Arc<Self>
    where
        T: Config<Owner = ()>,
    {
        Self::new(world, location.into(), String::new(), None).with_context(())
    }

    /// What the tree needs from outside.
    pub fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// The same with what its instances need from their owner.
    pub fn with_context(self: Arc<Self>, context: T::Owner) -> Arc<Self> {
        // Set once, right after it was made.
        let _ = self.context.set(context);
        self
    }

    /// What its instances need from their owner, once it is set.
    pub fn context(&self) -> Option<&T::Owner> {
        self.context.get()
    }

    pub(super) fn memory(&self) -> MutexGuard<'_, IndexMap<String, Arc<T>>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The instances in memory.
    pub fn loaded(&self) -> Vec<Arc<T>> {
        self.memory().values().cloned().collect()
    }

    pub(super) fn key(&self) -> String {
        match &self.owner {
            None => self.location.clone(),
            Some(owner) => {
                let last = self.location.rsplit('.').next().unwrap_or_default();
                format!("{}.*.{last}", owner.collection_key())
            }
        }
    }

    /// The owner's record; None when there is an owner that was never stored.
    pub(super) fn parent(&self) -> Option<Option<RecordId>> {
        match &self.owner {
            None => Some(None),
            Some(owner) => owner.record_id().map(Some),
        }
    }

    fn make(&self, name: &str, record: Option<Record>) -> Result<Arc<T>> {
        let schema = schema_of::<T>()?;
        let (data, state) = match record {
            Some(record) => (
                schema.from_bytes(&record.data)?,
                State {
                    record: record.id,
                    revision: record.revision,
                    unsaved: false,
                },
            ),
            None => {
                let mut data = schema.fresh()?;
                data.set("name", &Value::Str(name.into()))?;
                (
                    data,
                    State {
                        record: None,
                        revision: 0,
                        unsaved: true,
                    },
                )
            }
        };
        let base = Arc::new(Base {
            world: self.world.clone(),
            location: self.location.clone(),
            name: name.to_string(),
            owner: self.owner.clone(),
            header: if self.header.is_empty() {
                T::NAME.to_lowercase()
            } else {
                self.header.clone()
            },
            schema,
            data: Mutex::new(data),
            state: Mutex::new(state),
        });
        let context = self
            .context
            .get()
            .ok_or_else(|| Error::new(Kind::Internal, format!("{} has no owner", self.location)))?;
        Ok(Arc::new(T::open(base, context)?))
    }

    fn check_name(&self, name: &str) -> Result<()> {
        let legal = name.len() <= LONGEST_NAME
            && name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !legal {
            return Err(Error::value(format!(
                "'{}' is not a legal name: a letter, then letters, digits and _, at most \
                 {LONGEST_NAME} characters",
                name.chars().take(80).collect::<String>()
            )));
        }
        let info = class_of::<Self>();
        if (info.members)().iter().any(|member| member.name == name) {
            return Err(Error::value(format!(
                "name '{name}' is reserved in {}",
                self.location
            )));
        }
        if KEYWORDS.contains(&name) {
            self.world.host.note(&format!(
                "'{name}' is a word of the script language: reach it with .get(\"{name}\")"
            ));
        }
        Ok(())
    }

    /// Makes an instance with these properties and keeps it in memory under its name, replacing
    /// one that is there. Nothing is stored.
    ///
    /// # Errors
    /// An illegal name, an unknown property, a value that does not fit.
    pub fn create(&self, name: &str, properties: &[(String, Value)]) -> Result<Arc<T>> {
        self.check_name(name)?;
        let instance = self.make(name, None)?;
        self.apply(&instance, "new", properties)?;
        self.memory().insert(name.to_string(), instance.clone());
        Ok(instance)
    }

    fn apply(&self, instance: &Arc<T>, method: &str, data: &[(String, Value)]) -> Result<()> {
        for (key, value) in data {
            if key == "name" {
                return Err(Error::type_error(format!(
                    "{method}() got multiple values for argument 'name'"
                )));
            }
            if instance.base().get(key).is_none() {
                let error = Error::type_error(format!(
                    "{method}() got an unexpected keyword argument '{key}'"
                ));
                let model = model_of::<T>();
                let known = model.iter().map(|p| p.name.as_str());
                return Err(crate::object::similar::hinted(error, key, known));
            }
            instance.changing(key, value)?;
            instance.base().set(key, value)?;
        }
        if !data.is_empty() {
            instance.changed();
        }
        Ok(())
    }

    /// The instance of that name, from memory or from the store; None when there is none.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn find_one(&self, name: &str) -> Result<Option<Arc<T>>> {
        if let Some(found) = self.memory().get(name).cloned() {
            return Ok(Some(found));
        }
        let Some(parent) = self.parent() else {
            return Ok(None);
        };
        let Some(record) = self.world.store()?.get(&self.key(), parent, name)? else {
            return Ok(None);
        };
        let instance = self.make(name, Some(record))?;
        // Another thread may have been faster; the first one stays.
        Ok(Some(
            self.memory()
                .entry(name.to_string())
                .or_insert(instance)
                .clone(),
        ))
    }

    /// Names in memory, then stored ones. Opens nothing: a store that is not open is not asked.
    pub(super) fn known_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.memory().keys().cloned().collect();
        if let (Some(store), Some(parent)) = (self.world.opened_store(), self.parent())
            && let Ok(stored) = store.list(&self.key(), parent)
        {
            let more: Vec<String> = stored
                .into_iter()
                .map(|summary| summary.name)
                .filter(|name| !names.contains(name))
                .collect();
            names.extend(more);
        }
        names
    }

    /// All names: those in memory, then those in the store.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn names(&self) -> Result<Vec<String>> {
        self.world.store()?;
        Ok(self.known_names())
    }

    /// The instances whose indexed properties equal the criteria; all without any.
    ///
    /// # Errors
    /// A property that cannot be searched by, a store that cannot be read.
    pub fn matching(&self, criteria: &[(String, Value)]) -> Result<Vec<Arc<T>>> {
        let model = schema_of::<T>()?;
        for (key, _) in criteria {
            if !model.is_indexed(key) {
                return Err(Error::value(format!(
                    "cannot search by '{key}': only indexed properties can be searched ({})",
                    model.indexed().join(", ")
                )));
            }
        }
        let mut out = Vec::new();
        for name in self.names()? {
            let Some(instance) = self.find_one(&name)? else {
                continue;
            };
            let fits = criteria.iter().all(|(key, value)| {
                instance
                    .base()
                    .get(key)
                    .is_some_and(|found| found.equals(value))
            });
            if fits {
                out.push(instance);
            }
        }
        Ok(out)
    }

    pub(super) fn remove(&self, name: &str) -> Result<()> {
        let in_memory = self.memory().shift_remove(name);
        if let Some(parent) = self.parent() {
            let store = self.world.store()?;
            if let Some(record) = store.get(&self.key(), parent, name)?
                && let Some(id) = record.id
            {
                store.delete(id)?;
                return Ok(());
            }
        }
        match in_memory {
            Some(_) => Ok(()),
            None => Err(self.not_found(name)),
        }
    }

    pub(super) fn not_found(&self, name: &str) -> Error {
        let error = Error::new(
            Kind::NotFound,
            format!(
                "Did not find instance for:{}, name searched for:{name}",
                self.location
            ),
        );
        let known = self.known_names();
        crate::object::similar::hinted(error, name, known.iter().map(String::as_str))
    }

    pub(super) fn get(&self, args: &Args) -> Result<Value> {
        let instance = if let Some(id) = args.opt_text("id") {
            let mut found = None;
            for name in self.names()? {
                if let Some(instance) = self.find_one(&name)?
                    && instance
                        .base()
                        .record_id()
                        .is_some_and(|r| r.to_string() == id)
                {
                    found = Some(instance);
                }
            }
            match found {
                Some(instance) => instance,
                None if !args.flag("die") => return Ok(Value::None),
                None => return Err(self.not_found(id)),
            }
        } else if let Some(name) = args.opt_text("name") {
            let in_memory = self.memory().contains_key(name);
            match self.find_one(name)? {
                Some(instance) => {
                    if !in_memory {
                        self.apply(&instance, "get", args.rest())?;
                    }
                    instance
                }
                None if args.flag("create_new") => self.create(name, args.rest())?,
                None if !args.flag("die") => return Ok(Value::None),
                None => return Err(self.not_found(name)),
            }
        } else {
            let mut found = self.matching(args.rest())?;
            match (found.pop(), found.is_empty()) {
                (Some(instance), true) => instance,
                (Some(_), false) => {
                    return Err(Error::value(format!(
                        "Found more than 1 service for :{}, name searched for:None",
                        self.location
                    )));
                }
                (None, _) if !args.flag("die") => return Ok(Value::None),
                (None, _) => return Err(self.not_found("None")),
            }
        };
        Ok(instance.into())
    }
}

/// What the world can do with a collection without knowing the class of its instances.
pub trait Tracked: Send + Sync {
    /// Paths of instances with changes that were not saved.
    fn unsaved(&self) -> Vec<String>;
    /// Drops an instance from memory.
    fn forget(&self, path: &str);
}

impl<T: Config> Tracked for Collection<T> {
    fn unsaved(&self) -> Vec<String> {
        self.loaded()
            .iter()
            .filter(|instance| instance.base().is_unsaved())
            .map(|instance| instance.base().path())
            .collect()
    }
    fn forget(&self, path: &str) {
        if let Some((location, name)) = path.rsplit_once('.')
            && location == self.location
        {
            self.memory().shift_remove(name);
        }
    }
}
