//! What a model of a database does for its objects: save, load, delete, triggers.
use std::sync::Arc;

use super::model::ModelValue;
use crate::j::data::object::{DataObject, Held, Home};
use crate::object::{Callable, Error, Kind, Result, Value};
use crate::schema::Object;
use crate::schema::db::{Action, BoxError, Model, Trigger};

/// A model as the home of its objects.
#[derive(Clone)]
pub struct ModelHome(pub Arc<Model>);

impl ModelHome {
    /// An object of this model, as a person has it.
    pub fn at_home(&self, object: Object) -> Value {
        DataObject::at_home(object, Arc::new(self.clone())).into()
    }

    /// Runs something with a copy of the data, and takes what it did to them over.
    fn with_copy(held: &Arc<Held>, run: impl FnOnce(&mut Object) -> Result<()>) -> Result<Object> {
        let before = held.snapshot();
        let mut copy = before.clone();
        run(&mut copy)?;
        if copy != before {
            held.replace(copy.clone());
        }
        Ok(copy)
    }
}

impl Home for ModelHome {
    fn save(&self, held: &Arc<Held>) -> Result<()> {
        let saved = Self::with_copy(held, |object| {
            self.0.save(object)?;
            Ok(())
        })?;
        if let Some(id) = saved.id() {
            held.stored(id, saved.revision());
        }
        Ok(())
    }

    fn delete(&self, held: &Arc<Held>) -> Result<()> {
        // The number stays: saving what was deleted is a mistake that is told.
        let mut object = held.snapshot();
        Ok(self.0.delete_object(&mut object)?)
    }

    fn load(&self, held: &Arc<Held>) -> Result<()> {
        let id = held.id().ok_or_else(|| {
            Error::new(Kind::NotFound, "this object is not stored yet").hint("use .save() first")
        })?;
        held.replace(self.0.get(id)?);
        Ok(())
    }

    fn watches(&self) -> bool {
        self.0.has_triggers()
    }

    fn changed(&self, held: &Arc<Held>, property: &str) -> Result<()> {
        Self::with_copy(held, |object| {
            Ok(self.0.fire(object, Action::Change, Some(property))?)
        })
        .map(|_| ())
    }

    fn value(&self) -> Value {
        ModelValue::new(self.0.clone()).into()
    }
}

/// A function of a script as a trigger: `f(model, obj, action, propertyname)`.
pub(super) fn trigger(function: Callable) -> Trigger {
    Arc::new(move |model, object, action, property| {
        let home = ModelHome(model.clone());
        let shown = DataObject::at_home(object.clone(), Arc::new(home));
        let arguments = vec![
            ModelValue::new(model.clone()).into(),
            shown.clone().into(),
            action.name().into(),
            property.into(),
        ];
        function(arguments).map_err(|error| Box::new(error) as BoxError)?;
        let after = shown.held().snapshot();
        if after != *object {
            *object = after;
        }
        Ok(())
    })
}
