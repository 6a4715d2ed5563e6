//! The declaration of a class, and its untyped face.
//!
//! A reader adds a member by copying three lines of a table; nothing else has to be touched.
use std::any::Any;
use std::cmp::Ordering;
use std::sync::Arc;

use super::bind::Args;
use super::error::Result;
use super::member::{Member, MemberInfo, ModelProperty};
use super::print::{self, Paint};
use super::value::{Scripts, Value};

/// A shared object of any class.
pub type Obj = Arc<dyn Object>;

/// Values that come one after the other.
pub type Stream = Box<dyn Iterator<Item = Result<Value>> + Send>;

/// A class as completion, help and the reference see it, without any object of it.
#[derive(Clone, Copy)]
pub struct ClassInfo {
    /// Name in error texts.
    pub name: &'static str,
    /// First line: one sentence.
    pub doc: &'static str,
    /// All members.
    pub members: fn() -> Vec<&'static MemberInfo>,
    /// Stored properties.
    pub model: fn() -> Vec<ModelProperty>,
    /// Class of its named instances, when it is a collection.
    pub instances: Option<fn() -> ClassInfo>,
}

/// A child as completion sees it: an object that is there, or only its class.
pub enum Peek {
    /// It is in memory.
    Object(Obj),
    /// It is known by name only (stored, not loaded).
    Class(ClassInfo),
}

/// How a class reads and sets the stored properties of its objects, and prints them: one value for
/// all classes that keep them in the same way.
pub struct Stored<T: 'static> {
    /// See [`Class::model`].
    pub model: fn() -> Vec<ModelProperty>,
    /// See [`Class::location`].
    pub location: fn(&T) -> String,
    /// See [`Class::model_get`].
    pub get: fn(&T, &str) -> Option<Value>,
    /// See [`Class::model_set`].
    pub set: fn(&Arc<T>, &str, &Value) -> Option<Result<()>>,
    /// See [`Class::repr`].
    pub repr: fn(&T, Paint) -> String,
    /// See [`Class::to_json`].
    pub to_json: fn(&T) -> serde_json::Value,
}

/// The typed side of a class: what its author writes.
///
/// Only the table is required; everything else has a sensible default for plain values.
pub trait Class: Any + Send + Sync + Sized {
    /// Name in error texts (`'wallet' object has no attribute 'x'`).
    const NAME: &'static str;
    /// What an object of it is; first line: one sentence.
    const DOC: &'static str;
    /// The members, in one or several tables (own ones first, shared ones after).
    const MEMBERS: &'static [&'static [Member<Self>]];
    /// Class of the named instances, when this is a collection.
    const INSTANCES: Option<fn() -> ClassInfo> = None;
    /// How its objects keep stored properties; None when they have none, or when the class answers
    /// for them itself.
    const STORED: Option<Stored<Self>> = None;

    /// Stored properties in schema order.
    fn model() -> Vec<ModelProperty> {
        Self::STORED.map_or_else(Vec::new, |stored| (stored.model)())
    }
    /// Path in the tree (`j.clients.tfchain.my_client`); empty for values.
    fn location(&self) -> String {
        Self::STORED.map_or_else(String::new, |stored| (stored.location)(self))
    }
    /// Names of instances, in memory first, then stored. No network, no unlocking.
    fn child_names(&self) -> Vec<String> {
        Vec::new()
    }
    /// A child without creating or loading anything.
    fn peek_child(&self, _name: &str) -> Option<Peek> {
        None
    }
    /// The instance of that name; a collection may create it.
    ///
    /// # Errors
    /// Whatever loading or creating it can fail with.
    fn child(self: &Arc<Self>, _name: &str) -> Result<Option<Value>> {
        Ok(None)
    }
    /// Stored properties of this object, when not all objects of the class have the same.
    fn properties(&self) -> Vec<ModelProperty> {
        Self::model()
    }
    /// Value of a stored property; None when there is no such property. A function that is
    /// answered here can be called like a method.
    fn model_get(&self, name: &str) -> Option<Value> {
        Self::STORED.and_then(|stored| (stored.get)(self, name))
    }
    /// Sets a stored property; None when there is no such property.
    fn model_set(self: &Arc<Self>, name: &str, value: &Value) -> Option<Result<()>> {
        Self::STORED.and_then(|stored| (stored.set)(self, name, value))
    }
    /// Tells the root of the tree what reads the functions of a script file.
    fn connect(&self, _scripts: &Scripts) {}
    /// Text at the prompt.
    fn repr(&self, paint: Paint) -> String {
        match Self::STORED {
            Some(stored) => (stored.repr)(self, paint),
            None => print::class_block(
                &class_of::<Self>(),
                &self.location(),
                &self.child_names(),
                paint,
            ),
        }
    }
    /// Text of `print(x)` and `str(x)`.
    fn text(&self) -> String {
        self.repr(Paint::Plain)
    }
    /// Text inside a list or map: one line.
    fn inline(&self) -> String {
        self.repr(Paint::Plain)
            .lines()
            .next()
            .unwrap_or_default()
            .trim_end()
            .to_string()
    }
    /// The value in `--json` answers.
    fn to_json(&self) -> serde_json::Value {
        match Self::STORED {
            Some(stored) => (stored.to_json)(self),
            None => serde_json::Value::String(self.text()),
        }
    }
    /// `x[index]`; None when the class has no elements or keys.
    fn index(self: &Arc<Self>, _index: &Value) -> Option<Result<Value>> {
        None
    }
    /// `x[index] = value`; None when the class has no elements or keys.
    fn set_index(self: &Arc<Self>, _index: &Value, _value: &Value) -> Option<Result<()>> {
        None
    }
    /// The items for `a, b = x`, `for` and `len()`; None when it cannot be taken apart.
    fn items(&self) -> Option<Vec<Value>> {
        None
    }
    /// The items for `for`, read one after the other; None when [`Class::items`] is good enough.
    fn stream(self: &Arc<Self>) -> Option<Result<Stream>> {
        None
    }
    /// `needle in x`; None when the question makes no sense.
    fn contains(&self, needle: &Value) -> Option<bool> {
        self.items()
            .map(|items| items.iter().any(|item| item.equals(needle)))
    }
    /// `x op other`, or `other op x` when `swapped`; None when the operator is not for this class.
    /// Operators: `+ - * / % **`; for `-x` it is asked for `None - x`.
    fn operate(&self, _op: &str, _other: &Value, _swapped: bool) -> Option<Result<Value>> {
        None
    }
    /// Order for `< <= > >=`; None when they cannot be compared.
    fn compare(&self, _other: &Value) -> Option<Ordering> {
        None
    }
    /// The number it stands for, for `int(x)`, `float(x)` and `bool(x)`; None when it is none.
    fn number(&self) -> Option<Result<f64>> {
        None
    }
    /// `==`; by default only the same object is equal.
    fn equals(&self, other: &Value) -> bool {
        match other {
            Value::Object(object) => {
                std::ptr::addr_eq(Arc::as_ptr(object), std::ptr::from_ref(self))
            }
            _ => self.compare(other) == Some(Ordering::Equal),
        }
    }
}

/// What the engine, the printer and the completer see of any object.
///
/// Implemented once, for every [`Class`].
pub trait Object: Any + Send + Sync {
    /// The class.
    fn class(&self) -> ClassInfo;
    /// A member by name.
    fn member(&self, name: &str) -> Option<&'static MemberInfo>;
    /// Calls or reads a member with arguments that are not bound yet; None when there is none.
    fn invoke(
        self: Arc<Self>,
        name: &str,
        positional: Vec<Value>,
        keywords: Vec<(String, Value)>,
    ) -> Option<Result<Value>>;
    /// Assigns to a property with an assigner; None when there is none of that name.
    fn assign(self: Arc<Self>, name: &str, value: Value) -> Option<Result<()>>;
    /// For downcasts.
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
    /// See [`Class::location`].
    fn location(&self) -> String;
    /// See [`Class::child_names`].
    fn child_names(&self) -> Vec<String>;
    /// See [`Class::peek_child`].
    fn peek_child(&self, name: &str) -> Option<Peek>;
    /// See [`Class::child`].
    ///
    /// # Errors
    /// Whatever loading or creating it can fail with.
    fn child(self: Arc<Self>, name: &str) -> Result<Option<Value>>;
    /// See [`Class::properties`].
    fn properties(&self) -> Vec<ModelProperty>;
    /// See [`Class::model_get`].
    fn model_get(&self, name: &str) -> Option<Value>;
    /// See [`Class::model_set`].
    fn model_set(self: Arc<Self>, name: &str, value: &Value) -> Option<Result<()>>;
    /// See [`Class::connect`].
    fn connect(&self, scripts: &Scripts);
    /// See [`Class::repr`].
    fn repr(&self, paint: Paint) -> String;
    /// See [`Class::text`].
    fn text(&self) -> String;
    /// See [`Class::inline`].
    fn inline(&self) -> String;
    /// See [`Class::to_json`].
    fn to_json(&self) -> serde_json::Value;
    /// See [`Class::index`].
    fn index(self: Arc<Self>, index: &Value) -> Option<Result<Value>>;
    /// See [`Class::set_index`].
    fn set_index(self: Arc<Self>, index: &Value, value: &Value) -> Option<Result<()>>;
    /// See [`Class::items`].
    fn items(&self) -> Option<Vec<Value>>;
    /// See [`Class::stream`].
    fn stream(self: Arc<Self>) -> Option<Result<Stream>>;
    /// See [`Class::contains`].
    fn contains(&self, needle: &Value) -> Option<bool>;
    /// See [`Class::operate`].
    fn operate(&self, op: &str, other: &Value, swapped: bool) -> Option<Result<Value>>;
    /// See [`Class::compare`].
    fn compare(&self, other: &Value) -> Option<Ordering>;
    /// See [`Class::number`].
    fn number(&self) -> Option<Result<f64>>;
    /// See [`Class::equals`].
    fn equals(&self, other: &Value) -> bool;
}

fn find<T: Class>(name: &str) -> Option<&'static Member<T>> {
    T::MEMBERS
        .iter()
        .flat_map(|table| table.iter())
        .find(|member| member.info.name == name)
}

fn member_infos<T: Class>() -> Vec<&'static MemberInfo> {
    let mut infos: Vec<&'static MemberInfo> = Vec::new();
    for member in T::MEMBERS.iter().flat_map(|table| table.iter()) {
        // An own member hides a shared one of the same name, as it does in [`find`].
        if !infos.iter().any(|info| info.name == member.info.name) {
            infos.push(&member.info);
        }
    }
    infos
}

/// The class of a Rust type, for declarations and completion.
pub fn class_of<T: Class>() -> ClassInfo {
    ClassInfo {
        name: T::NAME,
        doc: T::DOC,
        members: member_infos::<T>,
        model: T::model,
        instances: T::INSTANCES,
    }
}

impl<T: Class> Object for T {
    fn class(&self) -> ClassInfo {
        class_of::<T>()
    }
    fn member(&self, name: &str) -> Option<&'static MemberInfo> {
        find::<T>(name).map(|member| &member.info)
    }
    fn invoke(
        self: Arc<Self>,
        name: &str,
        positional: Vec<Value>,
        keywords: Vec<(String, Value)>,
    ) -> Option<Result<Value>> {
        let member = find::<T>(name)?;
        let bound = Args::bind(&member.info, positional, keywords);
        Some(bound.and_then(|args| (member.call)(&self, &args)))
    }
    fn assign(self: Arc<Self>, name: &str, value: Value) -> Option<Result<()>> {
        let assign = find::<T>(name)?.assign?;
        Some(assign(&self, value))
    }
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
    fn location(&self) -> String {
        Class::location(self)
    }
    fn child_names(&self) -> Vec<String> {
        Class::child_names(self)
    }
    fn peek_child(&self, name: &str) -> Option<Peek> {
        Class::peek_child(self, name)
    }
    fn child(self: Arc<Self>, name: &str) -> Result<Option<Value>> {
        Class::child(&self, name)
    }
    fn properties(&self) -> Vec<ModelProperty> {
        Class::properties(self)
    }
    fn model_get(&self, name: &str) -> Option<Value> {
        Class::model_get(self, name)
    }
    fn model_set(self: Arc<Self>, name: &str, value: &Value) -> Option<Result<()>> {
        Class::model_set(&self, name, value)
    }
    fn connect(&self, scripts: &Scripts) {
        Class::connect(self, scripts);
    }
    fn repr(&self, paint: Paint) -> String {
        Class::repr(self, paint)
    }
    fn text(&self) -> String {
        Class::text(self)
    }
    fn inline(&self) -> String {
        Class::inline(self)
    }
    fn to_json(&self) -> serde_json::Value {
        Class::to_json(self)
    }
    fn index(self: Arc<Self>, index: &Value) -> Option<Result<Value>> {
        Class::index(&self, index)
    }
    fn set_index(self: Arc<Self>, index: &Value, value: &Value) -> Option<Result<()>> {
        Class::set_index(&self, index, value)
    }
    fn items(&self) -> Option<Vec<Value>> {
        Class::items(self)
    }
    fn stream(self: Arc<Self>) -> Option<Result<Stream>> {
        Class::stream(&self)
    }
    fn contains(&self, needle: &Value) -> Option<bool> {
        Class::contains(self, needle)
    }
    fn operate(&self, op: &str, other: &Value, swapped: bool) -> Option<Result<Value>> {
        Class::operate(self, op, other, swapped)
    }
    fn compare(&self, other: &Value) -> Option<Ordering> {
        Class::compare(self, other)
    }
    fn number(&self) -> Option<Result<f64>> {
        Class::number(self)
    }
    fn equals(&self, other: &Value) -> bool {
        Class::equals(self, other)
    }
}
