//! The members of a class, declared as plain data.
use std::sync::Arc;

use super::bind::Args;
use super::class::ClassInfo;
use super::error::Result;
use super::value::Value;

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
