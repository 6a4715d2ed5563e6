//! The declaration of a class, and its untyped face.
//!
//! A reader adds a member by copying three lines of a table; nothing else has to be touched.
use std::any::Any;
use std::cmp::Ordering;
use std::sync::Arc;

use super::bind::Args;
use super::error::Result;
use super::print::{self, Paint};
use super::value::{Scripts, Value};

/// A shared object of any class.
pub type Obj = Arc<dyn Object>;

/// Values that come one after the other.
pub type Stream = Box<dyn Iterator<Item = Result<Value>> + Send>;

/// What kind of member it is; the order is the order of completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MemberKind {
    /// A fixed node below this one (`j.clients`, `client.wallets`). Reading it does no I/O.
    Child,
    /// Called with parentheses.
    Method,
    /// Computed when read; may ask the network.
    Property,
}

/// What a call needs or does, beyond memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs(u8);

impl Needs {
    /// Nothing.
    pub const NOTHING: Needs = Needs(0);
    /// Talks to a server.
    pub const NETWORK: Needs = Needs(1);
    /// Needs the store unlocked.
    pub const UNLOCKED: Needs = Needs(2);
    /// Signs or moves money.
    pub const MONEY: Needs = Needs(4);
    /// Writes to the store.
    pub const SAVES: Needs = Needs(8);

    /// Both.
    pub const fn and(self, other: Needs) -> Needs {
        Needs(self.0 | other.0)
    }

    /// True when everything in `other` is in here.
    pub const fn has(self, other: Needs) -> bool {
        self.0 & other.0 == other.0
    }
}

/// The type of a parameter or result, for conversion, help and completion.
#[derive(Clone, Copy)]
pub enum Ty {
    /// Anything; the member looks at it itself. The text names what it takes, for help.
    Any(&'static str),
    /// Nothing is returned.
    Nothing,
    /// `True` or `False`.
    Bool,
    /// Whole number.
    Int,
    /// Number with a point (whole numbers are taken too).
    Float,
    /// Text.
    Str,
    /// Raw bytes (text is taken as UTF-8).
    Bytes,
    /// List of anything.
    List,
    /// Map.
    Dict,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// An object of a class.
    Object(fn() -> ClassInfo),
    /// A function of the script.
    Function,
}

impl Ty {
    /// The word for this type in help and error texts.
    pub fn name(&self) -> String {
        match self {
            Ty::Any(name) => (*name).into(),
            Ty::Nothing => "None".into(),
            Ty::Bool => "bool".into(),
            Ty::Int => "int".into(),
            Ty::Float => "float".into(),
            Ty::Str => "str".into(),
            Ty::Bytes => "bytes".into(),
            Ty::List => "list".into(),
            Ty::Dict => "dict".into(),
            Ty::Choice(words) => words.join("|"),
            Ty::Object(class) => class().name.into(),
            Ty::Function => "function".into(),
        }
    }
}

/// What a parameter is when it is not given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Default {
    /// It must be given.
    Required,
    /// `None`.
    None,
    /// A truth value.
    Bool(bool),
    /// A number.
    Int(i64),
    /// A number with a point.
    Float(f64),
    /// A text.
    Str(&'static str),
    /// Takes all other keywords (`**data`).
    Rest,
}

/// Where completion finds candidates for a parameter's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Complete {
    /// Nowhere.
    Nothing,
    /// File names.
    File,
    /// Names of the instances in the collection that is called.
    Instance,
}

/// A parameter of a method.
#[derive(Clone, Copy)]
pub struct Param {
    /// Keyword.
    pub name: &'static str,
    /// Type it is converted to.
    pub ty: Ty,
    /// Value when it is not given.
    pub default: Default,
    /// Never recorded in history, logs or errors.
    pub secret: bool,
    /// One sentence.
    pub doc: &'static str,
    /// Source of completion candidates.
    pub complete: Complete,
}

impl Param {
    /// A parameter that must be given.
    pub const fn required(name: &'static str, ty: Ty, doc: &'static str) -> Param {
        Param::optional(name, ty, Default::Required, doc)
    }

    /// A parameter with a default.
    pub const fn optional(
        name: &'static str,
        ty: Ty,
        default: Default,
        doc: &'static str,
    ) -> Param {
        Param {
            name,
            ty,
            default,
            secret: false,
            doc,
            complete: Complete::Nothing,
        }
    }

    /// All other keywords (`**name`): the properties of the instance that is made.
    pub const fn rest(name: &'static str, doc: &'static str) -> Param {
        Param::optional(name, Ty::Any("keywords"), Default::Rest, doc)
    }

    /// The same, marked as a secret.
    pub const fn secret(mut self) -> Param {
        self.secret = true;
        self
    }

    /// The same, with a source of completion candidates.
    pub const fn completed_by(mut self, complete: Complete) -> Param {
        self.complete = complete;
        self
    }
}

/// Everything a person can be told about a member.
#[derive(Clone, Copy)]
pub struct MemberInfo {
    /// Name after the dot.
    pub name: &'static str,
    /// Child, method or property.
    pub kind: MemberKind,
    /// Parameters of a method, in order.
    pub params: &'static [Param],
    /// What it answers.
    pub result: Ty,
    /// First line: one sentence. More lines may follow.
    pub doc: &'static str,
    /// Lines that can be typed as they are; every one is run by a test.
    pub example: &'static str,
    /// What it needs beyond memory.
    pub needs: Needs,
    /// Can be assigned to.
    pub writable: bool,
}

/// The function behind a member.
pub type Call<T> = fn(&Arc<T>, &Args) -> Result<Value>;
/// The function behind an assignment to a property.
pub type Assign<T> = fn(&Arc<T>, Value) -> Result<()>;

/// A member of a class: what it is, and the function behind it.
pub struct Member<T: 'static> {
    /// What a person is told.
    pub info: MemberInfo,
    /// Reads or calls it.
    pub call: Call<T>,
    /// Assigns to it, when it can be assigned to.
    pub assign: Option<Assign<T>>,
}

impl<T> Member<T> {
    const fn new(
        kind: MemberKind,
        name: &'static str,
        result: Ty,
        doc: &'static str,
        example: &'static str,
        call: Call<T>,
    ) -> Self {
        Member {
            info: MemberInfo {
                name,
                kind,
                params: &[],
                result,
                doc,
                example,
                needs: Needs::NOTHING,
                writable: false,
            },
            call,
            assign: None,
        }
    }

    /// A method.
    pub const fn method(
        name: &'static str,
        params: &'static [Param],
        result: Ty,
        doc: &'static str,
        example: &'static str,
        call: Call<T>,
    ) -> Self {
        let mut member = Member::new(MemberKind::Method, name, result, doc, example, call);
        member.info.params = params;
        member
    }

    /// A computed property.
    pub const fn property(
        name: &'static str,
        result: Ty,
        doc: &'static str,
        example: &'static str,
        call: Call<T>,
    ) -> Self {
        Member::new(MemberKind::Property, name, result, doc, example, call)
    }

    /// A fixed node below this one. Its function must not do I/O.
    pub const fn child(
        name: &'static str,
        class: fn() -> ClassInfo,
        doc: &'static str,
        example: &'static str,
        call: Call<T>,
    ) -> Self {
        Member::new(
            MemberKind::Child,
            name,
            Ty::Object(class),
            doc,
            example,
            call,
        )
    }

    /// The same, with what it needs beyond memory.
    pub const fn needs(mut self, needs: Needs) -> Self {
        self.info.needs = needs;
        self
    }

    /// The same, with a function that assigns to it.
    pub const fn assigned_by(mut self, assign: Assign<T>) -> Self {
        self.info.writable = true;
        self.assign = Some(assign);
        self
    }
}

/// A stored property of an instance (from its schema).
#[derive(Clone, Debug, PartialEq)]
pub struct ModelProperty {
    /// Name.
    pub name: String,
    /// Type in words.
    pub type_name: String,
    /// Default in human form, empty for none.
    pub default: String,
    /// Comment of the schema text.
    pub comment: String,
    /// The forms its type accepts, in words; empty when nothing needs to be said.
    pub accepts: String,
    /// Prints as `***` in a block and is kept out of the history.
    pub secret: bool,
}

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
