//! What a thing in the tree is.
//!
//! A class is declared once as plain data: a table of [`Member`]s with names, parameters, docs and
//! the function behind each. From that table come dispatch, keyword binding, error texts,
//! completion, hints, help, printing and the reference page. This room knows neither rhai nor the
//! terminal, and imports nothing of ours.
//!
//! * [`value`]: what goes in and out of a call ([`Value`]).
//! * [`member`]: the declarations of members ([`Member`], [`Param`]).
//! * [`class`]: the declaration of a class ([`Class`]) and its untyped face ([`Object`]).
//! * [`bind`]: positional and keyword arguments to declared parameters ([`Args`]).
//! * [`dispatch`]: reading, calling and assigning members of an [`Object`].
//! * [`print`]: the text of a value at the prompt.
//! * [`complete`], [`help`], [`reference`]: what a person is told about a class.
//! * [`columns`]: rows of texts in columns.
//! * [`dict`]: an ordered map with write-through.
//! * [`error`]: the one error a user meets.
pub mod bind;
pub mod class;
pub mod columns;
pub mod complete;
pub mod dict;
pub mod dispatch;
pub mod error;
pub mod help;
pub mod member;
pub mod print;
pub mod reference;
pub mod similar;
pub mod value;

pub use bind::Args;
pub use class::{Class, ClassInfo, Obj, Object, Peek, Stored, Stream, class_of};
pub use error::{Error, Kind, Result};
pub use member::{
    Complete, Default, Member, MemberInfo, MemberKind, ModelProperty, Needs, Param, Ty,
};
pub use print::Paint;
pub use value::{Callable, Scripts, Value};
