//! An object that holds data of a schema: its properties are read and set by name.
//!
//! What is behind it:
//!
//! * [`Held`] owns the data. All views of one object (the object itself, its sub-objects, lists and
//!   dicts) share one, so a change through any of them is a change of the object.
//! * [`DataObject`] is what a person has in a variable: the object, or a sub-object in it.
//! * [`Home`] is what keeps objects, for instance a model of a database. An object without a home
//!   lives in memory only. To keep objects somewhere, implement [`Home`], make the library's object
//!   and hand both to [`DataObject::at_home`]. `o.save()`, `o.load()`, `o.delete()` and, with
//!   `_autosave`, every change then ask the home, which uses [`Held::snapshot`] to read the data and
//!   [`Held::stored`] or [`Held::replace`] to answer. No lock is held while a home is asked, so it
//!   may run scripts (triggers) that use the same object.
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::dict::DataDict;
use super::dumps;
use super::list::TypedList;
use super::numeric;
use super::property;
use super::value::{from_tree, to_tree};
use crate::object::{
    Class, Error, Kind, Member, ModelProperty, Needs, Paint, Peek, Result, Ty, Value, similar,
};
use crate::schema::{self, Type};

/// What keeps objects, for instance a model of a database.
///
/// A home must not own the objects that it made for good (they own it); it may know them weakly.
pub trait Home: Send + Sync {
    /// Stores the object: reads [`Held::snapshot`], and after the write tells the id with
    /// [`Held::stored`].
    ///
    /// # Errors
    /// When it cannot be stored; the object stays as it is, unsaved.
    fn save(&self, object: &Arc<Held>) -> Result<()>;
    /// Deletes what is stored of the object.
    ///
    /// # Errors
    /// When it cannot be deleted.
    fn delete(&self, object: &Arc<Held>) -> Result<()>;
    /// Takes the stored version again with [`Held::replace`].
    ///
    /// # Errors
    /// When it is not stored, or not readable.
    fn load(&self, object: &Arc<Held>) -> Result<()>;
    /// True when it wants to know of changes.
    fn watches(&self) -> bool {
        false
    }
    /// Is told that a property was changed, when it [watches](Home::watches).
    ///
    /// # Errors
    /// When the change is refused; then it is taken back.
    fn changed(&self, _object: &Arc<Held>, _property: &str) -> Result<()> {
        Ok(())
    }
    /// The home itself, as a person sees it.
    fn value(&self) -> Value;
}

/// The data of one object, shared by all views of it.
pub struct Held {
    object: Mutex<schema::Object>,
    home: Option<Arc<dyn Home>>,
    autosave: AtomicBool,
    /// How often elements of a list of objects changed their places: a view of an element that was
    /// read before would look at another one.
    moves: AtomicU64,
}

impl Held {
    fn new(object: schema::Object, home: Option<Arc<dyn Home>>) -> Arc<Held> {
        Arc::new(Held {
            object: Mutex::new(object),
            home,
            autosave: AtomicBool::new(false),
            moves: AtomicU64::new(0),
        })
    }

    fn lock(&self) -> MutexGuard<'_, schema::Object> {
        // Changes of an object are made whole or not at all, also when a panic ends them.
        self.object.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A copy of the data.
    pub fn snapshot(&self) -> schema::Object {
        self.lock().clone()
    }

    /// The number of the object in its home; none until stored.
    pub fn id(&self) -> Option<u64> {
        self.lock().id()
    }

    /// Notes that the data are stored under this number, in this revision.
    pub fn stored(&self, id: u64, revision: u64) {
        self.lock().set_stored(id, revision);
    }

    /// Takes other data.
    pub fn replace(&self, object: schema::Object) {
        *self.lock() = object;
        self.moved();
    }

    /// Forbids or allows changes.
    pub fn set_readonly(&self, on: bool) {
        self.lock().set_readonly(on);
    }

    /// What keeps it.
    pub fn home(&self) -> Option<&Arc<dyn Home>> {
        self.home.as_ref()
    }

    /// The home, for an operation that needs one.
    ///
    /// # Errors
    /// When it has none.
    fn at_home(&self, what: &str) -> Result<&Arc<dyn Home>> {
        self.home.as_ref().ok_or_else(|| {
            Error::value(format!(
                "this object belongs to no database: nothing to {what}"
            ))
            .hint("make objects that can be stored with new() of a model of a database")
        })
    }

    pub(super) fn autosave(&self) -> bool {
        self.autosave.load(Ordering::Relaxed)
    }

    pub(super) fn set_autosave(&self, on: bool) -> Result<()> {
        if on {
            self.at_home("save")?;
        }
        self.autosave.store(on, Ordering::Relaxed);
        Ok(())
    }

    /// Notes that elements of a list of objects have other places now.
    pub(super) fn moved(&self) {
        self.moves.fetch_add(1, Ordering::Relaxed);
    }

    fn moves(&self) -> u64 {
        self.moves.load(Ordering::Relaxed)
    }
}

/// One step from an object to a sub-object.
#[derive(Clone)]
pub(super) enum Step {
    /// The sub-object of that property.
    Property(String),
    /// An element of a list of objects.
    Item(String, usize),
}

/// An object with data, or a sub-object in one.
#[derive(Clone)]
pub struct DataObject {
    held: Arc<Held>,
    path: Vec<Step>,
    moves: u64,
}

impl DataObject {
    /// An object that lives in memory only.
    pub fn loose(object: schema::Object) -> Arc<DataObject> {
        Arc::new(DataObject::of(Held::new(object, None)))
    }

    /// An object that belongs to a home.
    pub fn at_home(object: schema::Object, home: Arc<dyn Home>) -> Arc<DataObject> {
        Arc::new(DataObject::of(Held::new(object, Some(home))))
    }

    /// The object that holds these data.
    pub fn of(held: Arc<Held>) -> DataObject {
        DataObject {
            moves: held.moves(),
            held,
            path: Vec::new(),
        }
    }

    /// The data of the whole object.
    pub fn held(&self) -> &Arc<Held> {
        &self.held
    }

    pub(super) fn below(&self, step: Step) -> DataObject {
        let mut path = self.path.clone();
        path.push(step);
        DataObject {
            held: self.held.clone(),
            path,
            moves: self.held.moves(),
        }
    }

    /// A copy of the data.
    ///
    /// # Errors
    /// When this is an element of a list that changed since.
    pub fn snapshot(&self) -> Result<schema::Object> {
        self.read(schema::Object::clone)
    }

    /// Reads the data.
    ///
    /// # Errors
    /// When this is an element of a list that changed since.
    pub fn read<R>(&self, ask: impl FnOnce(&schema::Object) -> R) -> Result<R> {
        self.check_place()?;
        let root = self.held.lock();
        let mut object = &*root;
        for step in &self.path {
            object = match step {
                Step::Property(name) => object.object(name)?,
                Step::Item(name, at) => object
                    .get(name)?
                    .as_list()
                    .and_then(|list| list.get(*at)?.as_object())
                    .ok_or_else(gone)?,
            };
        }
        Ok(ask(object))
    }

    /// Changes the data; with `_autosave` it is stored as well, and when that fails the change is
    /// taken back.
    ///
    /// # Errors
    /// What the change fails with, or storing it.
    pub fn change<R>(&self, apply: impl FnOnce(&mut schema::Object) -> Result<R>) -> Result<R> {
        self.check_place()?;
        let home = self.held.home();
        let home = home.filter(|home| self.held.autosave() || home.watches());
        let before = home.map(|_| self.held.snapshot());
        let done = {
            let mut root = self.held.lock();
            let mut object = &mut *root;
            for step in &self.path {
                object = match step {
                    Step::Property(name) => object.object_mut(name)?,
                    Step::Item(name, at) => {
                        let at = i64::try_from(*at).map_err(|_| gone())?;
                        object.list_mut(name)?.object_mut(at)?
                    }
                };
            }
            apply(object)?
        };
        if let (Some(home), Some(before)) = (home, before)
            && let Err(error) = self.tell(home, &before)
        {
            self.held.replace(before);
            return Err(error);
        }
        Ok(done)
    }

    /// Tells the home what was changed, and stores it with `_autosave`.
    fn tell(&self, home: &Arc<dyn Home>, before: &schema::Object) -> Result<()> {
        if home.watches() {
            let after = self.held.snapshot();
            for (property, value) in after.iter() {
                if before.get(&property.name)? != value {
                    home.changed(&self.held, &property.name)?;
                }
            }
        }
        match self.held.autosave() {
            true => home.save(&self.held),
            false => Ok(()),
        }
    }

    fn check_place(&self) -> Result<()> {
        let element = self.path.iter().any(|step| matches!(step, Step::Item(..)));
        match element && self.moves != self.held.moves() {
            true => Err(gone()),
            false => Ok(()),
        }
    }

    /// The value of a property; None when there is none of that name.
    fn property(&self, name: &str) -> Option<Value> {
        let found = self.read(|object| {
            let kind = &object.schema().property(name)?.kind;
            let value = object.get(name).ok()?;
            Some(match (kind, value) {
                (Type::List(_), _) => Value::object(TypedList::new(self.clone(), name)),
                (Type::Dict, _) => Value::object(DataDict::new(self.clone(), name)),
                (Type::Object(_), _) => Value::object(self.below(Step::Property(name.into()))),
                (_, value) => to_tree(value, object.context()),
            })
        });
        found.ok().flatten()
    }

    /// `price_cur(code)`: the value of a numeric property in any currency.
    fn currency_function(&self, name: &str) -> Option<Value> {
        let property = name.strip_suffix("_cur")?.to_string();
        let is_numeric = self.read(|object| {
            let kind = object.schema().property(&property).map(|p| &p.kind);
            matches!(kind, Some(Type::Numeric))
        });
        is_numeric.ok().filter(|is_numeric| *is_numeric)?;
        let this = self.clone();
        Some(Value::Function(Arc::new(move |args| {
            let code = match args.as_slice() {
                [Value::Str(code)] => code,
                _ => {
                    return Err(Error::type_error(format!(
                        "{property}_cur() takes the code of a currency"
                    )));
                }
            };
            let value = this.read(|object| object.numeric_in(&property, code))?;
            Ok(numeric::number(value??))
        })))
    }

    /// Sets several properties, all or none.
    ///
    /// # Errors
    /// When a name is unknown or a value does not fit.
    pub fn set_all(&self, data: &schema::Map) -> Result<()> {
        self.change(|object| Ok(object.set_all(data)?))?;
        self.held.moved();
        Ok(())
    }

    fn set(&self, name: &str, value: &Value) -> Result<()> {
        let value = from_tree(value)?;
        let moves = self.change(|object| {
            object.set(name, &value)?;
            let kind = object.schema().property(name).map(|p| &p.kind);
            Ok(kind.is_some_and(property::holds_objects))
        })?;
        if moves {
            self.held.moved();
        }
        Ok(())
    }

    fn unknown(&self, name: &str) -> Error {
        let known: Vec<String> = Class::properties(self)
            .into_iter()
            .map(|p| p.name)
            .chain(
                Self::MEMBERS
                    .iter()
                    .flat_map(|table| table.iter())
                    .map(|m| m.info.name.to_string()),
            )
            .collect();
        let url = self.read(|object| object.schema().url.clone());
        let error = match url {
            Ok(url) => Error::new(
                Kind::Attribute,
                format!("'{url}' has no property '{}'", short(name)),
            ),
            Err(error) => return error,
        };
        similar::hinted(error, name, known.iter().map(String::as_str))
    }
}

fn short(name: &str) -> String {
    name.chars().take(80).collect()
}

fn gone() -> Error {
    Error::new(
        Kind::NotFound,
        "the list of this element has changed since it was read",
    )
    .hint("read the element again, with its place in the list")
}

impl Class for DataObject {
    const NAME: &'static str = "object";
    const DOC: &'static str = "An object with the properties of its schema; they are read and set by name.\n\
        A value of the wrong form is an error, and the old value stays.\n\
        A property x of type numeric also answers x_usd, x_eur and x_cur('gbp').";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[KEEPING, dumps::MEMBERS];

    fn properties(&self) -> Vec<ModelProperty> {
        self.read(|object| {
            object
                .schema()
                .properties
                .iter()
                .map(property::model)
                .collect()
        })
        .unwrap_or_default()
    }
    fn model_get(&self, name: &str) -> Option<Value> {
        self.property(name).or_else(|| self.currency_function(name))
    }
    fn model_set(self: &Arc<Self>, name: &str, value: &Value) -> Option<Result<()>> {
        match self.read(|object| object.schema().property(name).is_some()) {
            Ok(true) => Some(self.set(name, value)),
            Ok(false) if crate::object::Object::member(&**self, name).is_some() => None,
            Ok(false) => Some(Err(self.unknown(name))),
            Err(error) => Some(Err(error)),
        }
    }
    fn child(self: &Arc<Self>, name: &str) -> Result<Option<Value>> {
        let computed = self.read(|object| {
            let (property, code) = object.computed_numeric(name)?;
            Some(object.numeric_in(property, code))
        })?;
        match computed {
            Some(value) => Ok(Some(numeric::number(value??))),
            None => Err(self.unknown(name)),
        }
    }
    fn peek_child(&self, name: &str) -> Option<Peek> {
        match self.property(name)? {
            Value::Object(object) => Some(Peek::Object(object)),
            _ => None,
        }
    }
    fn repr(&self, _paint: Paint) -> String {
        match self.read(schema::Object::print) {
            Ok(text) => text.trim_end().to_string(),
            Err(error) => error.message,
        }
    }
    fn inline(&self) -> String {
        self.read(|object| match object.id() {
            Some(id) => format!("<{} {id}>", object.schema().url),
            None => format!("<{}>", object.schema().url),
        })
        .unwrap_or_else(|error| error.message)
    }
    fn to_json(&self) -> serde_json::Value {
        self.read(|object| object.to_shown().to_json())
            .unwrap_or_default()
    }
    fn equals(&self, other: &Value) -> bool {
        let Some(other) = other.downcast::<DataObject>() else {
            return false;
        };
        match (self.snapshot(), other.snapshot()) {
            (Ok(one), Ok(other)) => one == other,
            _ => false,
        }
    }
}

/// What needs a home.
const KEEPING: &[Member<DataObject>] = &[
    Member::property(
        "id",
        Ty::Int,
        "Its number in its database; None until it is stored.",
        "o = j.data.schema.get_from_text('name = \"x\"', 'shop.item').new()\no.id",
        |this: &Arc<DataObject>, _| {
            let id = this.held.id().and_then(|id| i64::try_from(id).ok());
            Ok(id.into())
        },
    ),
    Member::method(
        "save",
        &[],
        Ty::Nothing,
        "Stores it in the database it belongs to.",
        concat!(
            "m = j.data.bcdb.new('example').model_get('@url = shop.item\\nname = \"\"')\n",
            "o = m.new(name='lamp')\n",
            "o.save()"
        ),
        |this: &Arc<DataObject>, _| Ok(this.held.at_home("save")?.save(&this.held)?.into()),
    )
    .needs(Needs::SAVES.and(Needs::UNLOCKED)),
    Member::method(
        "load",
        &[],
        Ty::Nothing,
        "Takes the stored version again, dropping changes that were not saved.",
        concat!(
            "m = j.data.bcdb.new('example').model_get('@url = shop.item\\nname = \"\"')\n",
            "o = m.new(name='lamp')\n",
            "o.save()\no.load()"
        ),
        |this: &Arc<DataObject>, _| Ok(this.held.at_home("load")?.load(&this.held)?.into()),
    )
    .needs(Needs::UNLOCKED),
    Member::method(
        "delete",
        &[],
        Ty::Nothing,
        "Deletes what is stored of it in the database it belongs to.",
        concat!(
            "m = j.data.bcdb.new('example').model_get('@url = shop.item\\nname = \"\"')\n",
            "o = m.new(name='lamp')\n",
            "o.save()\no.delete()"
        ),
        |this: &Arc<DataObject>, _| Ok(this.held.at_home("delete")?.delete(&this.held)?.into()),
    )
    .needs(Needs::SAVES.and(Needs::UNLOCKED)),
];
