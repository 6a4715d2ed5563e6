//! Named config objects: instances with stored properties, and the collections that hold them.
//!
//! The stored properties are a schema text; their values are kept encrypted in the store under
//! location, owner and name. Nothing is written before `save()`.
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use indexmap::IndexMap;

use super::model::{self, Stored};
use super::world::World;
use crate::object::{
    Args, Class, ClassInfo, Complete, Default, Error, Kind, Member, ModelProperty, Needs, Paint,
    Param, Peek, Result, Ty, Value, class_of, print,
};
use crate::store::{Expect, Record, RecordId};

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

/// A class of named instances.
pub trait Config: Class {
    /// What an instance needs from the collection it hangs in.
    type Owner: Clone + Send + Sync + 'static;
    /// The schema text of its stored properties.
    const SCHEMA: &'static str;
    /// Name of the collection's class in error texts.
    const COLLECTION: &'static str;
    /// Doc of the collection.
    const COLLECTION_DOC: &'static str;
    /// Members of the collection besides the common ones.
    const COLLECTION_MEMBERS: &'static [Member<Collection<Self>>] = &[];

    /// An instance of these data. No network.
    ///
    /// # Errors
    /// Data that do not make sense together.
    fn open(base: Arc<Base>, owner: &Self::Owner) -> Result<Self>;

    /// What all instances have.
    fn base(&self) -> &Arc<Base>;

    /// Called before a stored property changes.
    ///
    /// # Errors
    /// When the value cannot be used; nothing changes then.
    fn changing(&self, _name: &str, _value: &Value) -> Result<()> {
        Ok(())
    }

    /// Called after a stored property changed, or all of them.
    fn changed(&self) {}
}

struct State {
    record: Option<RecordId>,
    revision: u64,
    unsaved: bool,
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
    schema: &'static Stored,
    data: Mutex<model::Data>,
    state: Mutex<State>,
}

impl Base {
    fn lock(&self) -> MutexGuard<'_, model::Data> {
        self.data.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> MutexGuard<'_, State> {
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
    fn collection_key(&self) -> String {
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
        let properties = self.lock().printed();
        serde_json::Value::Object(
            properties
                .into_iter()
                .map(|(k, v)| (k, serde_json::Value::String(v)))
                .collect(),
        )
    }

    /// All data as TOML, for an editor.
    fn to_toml(&self) -> Result<String> {
        self.lock().to_toml()
    }
}

/// The stored properties of a class, for completion and help.
pub fn model_of<T: Config>() -> Vec<ModelProperty> {
    schema_of::<T>().map(Stored::model).unwrap_or_default()
}

fn schema_of<T: Config>() -> Result<&'static Stored> {
    model::schema(T::SCHEMA)
}

/// Members every instance has; put into [`Class::MEMBERS`] after the own ones.
pub struct Common<T>(std::marker::PhantomData<T>);

impl<T: Config> Common<T> {
    /// `save`, `load`, `delete`, `edit`.
    pub const MEMBERS: &'static [Member<T>] = &[
        Member::method(
            "save",
            &[Param::optional(
                "force",
                Ty::Bool,
                Default::Bool(false),
                "overwrite a change another shell made since this was read",
            )],
            Ty::Nothing,
            "Stores it encrypted, so that it is there again after a restart.\n\
             Writes only if something changed since the last time.",
            "j.clients.tfchain.my_client.save()",
            |instance: &Arc<T>, args| instance.base().save(args.flag("force")).map(Value::from),
        )
        .needs(Needs::SAVES.and(Needs::UNLOCKED)),
        Member::method(
            "load",
            &[],
            Ty::Nothing,
            "Takes the stored version again, dropping changes that were not saved.",
            "j.clients.tfchain.my_client.save()\nj.clients.tfchain.my_client.load()",
            |instance: &Arc<T>, _| {
                instance.base().load()?;
                instance.changed();
                Ok(Value::None)
            },
        )
        .needs(Needs::UNLOCKED),
        Member::method(
            "delete",
            &[],
            Ty::Nothing,
            "Deletes what is stored of it, everything below it included.",
            "j.clients.tfchain.my_client.delete()",
            |instance: &Arc<T>, _| {
                let base = instance.base();
                if let Some(id) = base.record_id() {
                    base.world.store()?.delete(id)?;
                }
                base.world.forget(&base.path());
                let mut state = base.state();
                state.record = None;
                state.unsaved = false;
                Ok(Value::None)
            },
        )
        .needs(Needs::SAVES.and(Needs::UNLOCKED)),
        Member::method(
            "edit",
            &[],
            Ty::Nothing,
            "Opens the data as TOML in $EDITOR and applies what was changed there.\n\
             Nothing is stored before save().",
            "",
            |instance: &Arc<T>, _| {
                let base = instance.base();
                let before = base.to_toml()?;
                let after = base.world.host.edit(&before)?;
                if after == before {
                    return Ok(Value::None);
                }
                for (name, value) in base.schema.from_toml(&after)? {
                    instance.changing(&name, &value)?;
                    base.set(&name, &value)?;
                }
                instance.changed();
                Ok(Value::None)
            },
        ),
    ];
}

/// Sets a stored property as an assignment at the prompt does.
pub fn model_set<T: Config>(instance: &Arc<T>, name: &str, value: &Value) -> Option<Result<()>> {
    instance.base().get(name)?;
    let set = || {
        if name == "name" && value.as_str() != Some(instance.base().name.as_str()) {
            return Err(Error::value("a name cannot be changed")
                .hint("make a new instance with the other name"));
        }
        instance.changing(name, value)?;
        instance.base().set(name, value)?;
        instance.changed();
        Ok(())
    };
    Some(set())
}

/// A collection of named instances of one class.
pub struct Collection<T: Config> {
    world: Arc<World>,
    location: String,
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

    fn memory(&self) -> MutexGuard<'_, IndexMap<String, Arc<T>>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The instances in memory.
    pub fn loaded(&self) -> Vec<Arc<T>> {
        self.memory().values().cloned().collect()
    }

    fn key(&self) -> String {
        match &self.owner {
            None => self.location.clone(),
            Some(owner) => {
                let last = self.location.rsplit('.').next().unwrap_or_default();
                format!("{}.*.{last}", owner.collection_key())
            }
        }
    }

    /// The owner's record; None when there is an owner that was never stored.
    fn parent(&self) -> Option<Option<RecordId>> {
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
    fn known_names(&self) -> Vec<String> {
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

    fn matching(&self, criteria: &[(String, Value)]) -> Result<Vec<Arc<T>>> {
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

    fn remove(&self, name: &str) -> Result<()> {
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

    fn not_found(&self, name: &str) -> Error {
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

    fn get(&self, args: &Args) -> Result<Value> {
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

const NAME: Param = Param::required("name", Ty::Str, "name of the instance");

impl<T: Config> Class for Collection<T> {
    const NAME: &'static str = T::COLLECTION;
    const DOC: &'static str = T::COLLECTION_DOC;
    const INSTANCES: Option<fn() -> ClassInfo> = Some(class_of::<T>);
    const MEMBERS: &'static [&'static [Member<Self>]] = &[
        T::COLLECTION_MEMBERS,
        &[
            Member::method(
                "new",
                &[NAME, Param::rest("data", "its properties")],
                Ty::Object(class_of::<T>),
                "Makes an instance with these properties, in memory.\n\
                 It replaces one of that name there; nothing is stored before save().",
                "j.clients.tfchain.new(name='my_client', network_type='DEV')",
                |this: &Arc<Self>, args| Ok(this.create(args.text("name"), args.rest())?.into()),
            ),
            Member::method(
                "get",
                &[
                    Param::optional("name", Ty::Str, Default::Str("main"), "its name")
                        .completed_by(Complete::Instance),
                    Param::optional("id", Ty::Str, Default::None, "its record, instead of a name"),
                    Param::optional("die", Ty::Bool, Default::Bool(true), "fail when absent"),
                    Param::optional(
                        "create_new",
                        Ty::Bool,
                        Default::Bool(true),
                        "make it when absent",
                    ),
                    Param::rest("data", "its properties"),
                ],
                Ty::Object(class_of::<T>),
                "Answers an instance: from memory, else stored, else a new one.\n\
                 Properties given change a stored one (unsaved); one in memory is left as it is.",
                "j.clients.tfchain.get('my_client', network_type='DEV')",
                |this: &Arc<Self>, args| this.get(args),
            )
            .needs(Needs::UNLOCKED),
            Member::method(
                "find",
                &[Param::rest("criteria", "properties that must be equal")],
                Ty::List,
                "Lists the instances whose indexed properties equal the criteria; all without any.",
                "j.clients.tfchain.find(name='my_client')",
                |this: &Arc<Self>, args| {
                    Ok(this.matching(args.rest())?.into_iter().map(Value::from).collect())
                },
            )
            .needs(Needs::UNLOCKED),
            Member::method(
                "findData",
                &[Param::rest("criteria", "properties that must be equal")],
                Ty::List,
                "The same as find(), answering the data of each as a dict, without secrets.",
                "j.clients.tfchain.findData()",
                |this: &Arc<Self>, args| {
                    let found = this.matching(args.rest())?;
                    Ok(found.iter().map(|i| Value::from_json(&i.base().to_json())).collect())
                },
            )
            .needs(Needs::UNLOCKED),
            Member::method(
                "count",
                &[Param::rest("criteria", "properties that must be equal")],
                Ty::Int,
                "Counts what find() with the same criteria answers.",
                "j.clients.tfchain.count()",
                |this: &Arc<Self>, args| {
                    let count = this.matching(args.rest())?.len();
                    i64::try_from(count).map(Value::Int).map_err(|_| Error::value("too many"))
                },
            )
            .needs(Needs::UNLOCKED),
            Member::method(
                "exists",
                &[NAME.completed_by(Complete::Instance)],
                Ty::Bool,
                "True when there is an instance of that name, stored or in memory.",
                "j.clients.tfchain.exists('my_client')",
                |this: &Arc<Self>, args| Ok(this.names()?.iter().any(|n| n == args.text("name")).into()),
            )
            .needs(Needs::UNLOCKED),
            Member::method(
                "delete",
                &[NAME.completed_by(Complete::Instance)],
                Ty::Nothing,
                "Deletes what is stored of an instance, everything below it included, and forgets it.",
                "j.clients.tfchain.new('old', network_type='DEV').save()\nj.clients.tfchain.delete('old')",
                |this: &Arc<Self>, args| this.remove(args.text("name")).map(Value::from),
            )
            .needs(Needs::SAVES.and(Needs::UNLOCKED)),
            Member::method(
                "reset",
                &[],
                Ty::Nothing,
                "Deletes all instances of this collection, stored and in memory, after a question.",
                "j.clients.tfchain.my_client.wallets.reset()",
                |this: &Arc<Self>, _| {
                    let names = this.names()?;
                    if names.is_empty() {
                        return Ok(Value::None);
                    }
                    this.world.host.confirm(
                        &format!("delete {} in {}: {}", names.len(), this.location, names.join(", ")),
                        "delete them for ever?",
                    )?;
                    if let Some(parent) = this.parent() {
                        this.world.store()?.delete_all(&this.key(), parent)?;
                    }
                    this.memory().clear();
                    Ok(Value::None)
                },
            )
            .needs(Needs::SAVES.and(Needs::UNLOCKED)),
        ],
    ];

    fn location(&self) -> String {
        self.location.clone()
    }
    fn child_names(&self) -> Vec<String> {
        self.known_names()
    }
    fn peek_child(&self, name: &str) -> Option<Peek> {
        if let Some(instance) = self.memory().get(name).cloned() {
            return Some(Peek::Object(instance));
        }
        self.known_names()
            .iter()
            .any(|n| n == name)
            .then(|| Peek::Class(class_of::<T>()))
    }
    fn child(self: &Arc<Self>, name: &str) -> Result<Option<Value>> {
        // Private names of objects are asked for by habit; they never name an instance.
        if name.starts_with('_') {
            return Ok(None);
        }
        Ok(Some(match self.find_one(name)? {
            Some(instance) => instance.into(),
            None => self.create(name, &[])?.into(),
        }))
    }
    fn to_json(&self) -> serde_json::Value {
        serde_json::Value::from(self.known_names())
    }
}
