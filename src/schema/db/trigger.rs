//! Functions that are called when something happens to an object.
use std::sync::Arc;

use super::error::{BoxError, DbError};
use super::model::Model;
use crate::schema::Object;

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A new object was made; not stored yet.
    New,
    /// An object was read.
    Get,
    /// A property was set to another value, also while an object is made.
    Change,
    /// An object is about to be stored; it can still be changed or refused.
    SetPre,
    /// An object was stored.
    SetPost,
    /// An object is about to be deleted; that can still be refused.
    Delete,
}

impl Action {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Get => "get",
            Self::Change => "change",
            Self::SetPre => "set_pre",
            Self::SetPost => "set_post",
            Self::Delete => "delete",
        }
    }
}

/// Called with the model, the object, what happens, and for [`Action::Change`] the property.
pub type Trigger = Arc<
    dyn Fn(&Arc<Model>, &mut Object, Action, Option<&str>) -> Result<(), BoxError> + Send + Sync,
>;

/// A trigger of a model, to take it away again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TriggerId(pub u64);

impl Model {
    /// Adds a trigger. It lives as long as the model is open. No lock is held while it runs, so
    /// it may use the database.
    pub fn trigger_add(&self, trigger: Trigger) -> TriggerId {
        let mut triggers = self.triggers();
        let id = triggers.last().map_or(1, |(id, _)| id + 1);
        triggers.push((id, trigger));
        TriggerId(id)
    }

    /// Takes a trigger away; whether it was there.
    pub fn trigger_remove(&self, id: TriggerId) -> bool {
        let mut triggers = self.triggers();
        let before = triggers.len();
        triggers.retain(|(other, _)| *other != id.0);
        triggers.len() < before
    }

    /// True when there is a trigger.
    pub fn has_triggers(&self) -> bool {
        !self.triggers().is_empty()
    }

    /// Calls all triggers; the first that fails ends it.
    ///
    /// # Errors
    /// What the trigger answered.
    pub fn fire(
        self: &Arc<Self>,
        object: &mut Object,
        action: Action,
        property: Option<&str>,
    ) -> Result<(), DbError> {
        let triggers: Vec<Trigger> = {
            let known = self.triggers();
            known.iter().map(|(_, trigger)| trigger.clone()).collect()
        };
        for trigger in triggers {
            trigger(self, object, action, property).map_err(DbError::Trigger)?;
        }
        Ok(())
    }
}
