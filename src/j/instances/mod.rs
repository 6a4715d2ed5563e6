//! Named config objects: instances with stored properties, and the collections that hold them.
//!
//! The stored properties are a schema text; their values are kept encrypted in the store under
//! location, owner and name. Nothing is written before `save()`.
//!
//! * [`base`]: what every instance has, and how it is stored.
//! * [`common`]: the members every instance has.
//! * [`collection`]: instances by name, in memory and in the store.
//! * [`members`]: what a person calls on a collection.
mod base;
mod collection;
mod common;
mod members;

use std::sync::Arc;

use crate::object::{Class, Member, Result, Value};

pub use base::Base;
pub use collection::{Collection, Tracked};
pub use common::Common;

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
