//! What every class of instances has: `save`, `load`, `delete`, `edit`, and its stored properties.
use std::sync::Arc;

use super::Config;
use crate::j::model;
use crate::object::{
    Default, Error, Member, ModelProperty, Needs, Param, Result, Stored, Ty, Value,
};

/// The stored properties of a class, for completion and help.
pub(super) fn model_of<T: Config>() -> Vec<ModelProperty> {
    schema_of::<T>()
        .map(model::Stored::model)
        .unwrap_or_default()
}

pub(super) fn schema_of<T: Config>() -> Result<&'static model::Stored> {
    model::schema(T::SCHEMA)
}

/// What every instance has; put into its [`Class`] beside what is its own.
///
/// [`Class`]: crate::object::Class
pub struct Common<T>(std::marker::PhantomData<T>);

impl<T: Config> Common<T> {
    /// Stored properties: those of the schema, kept in the [`Base`](super::Base).
    pub const STORED: Option<Stored<T>> = Some(Stored {
        model: model_of::<T>,
        location: |instance| instance.base().path(),
        get: |instance, name| instance.base().get(name),
        set: model_set,
        repr: |instance, paint| instance.base().block(paint),
        to_json: |instance| instance.base().to_json(),
    });

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
fn model_set<T: Config>(instance: &Arc<T>, name: &str, value: &Value) -> Option<Result<()>> {
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
