//! What a person calls on a collection: `new`, `get`, `find`, and the rest.
use std::sync::Arc;

use super::{Collection, Config};
use crate::object::{
    Class, ClassInfo, Complete, Default, Error, Member, Needs, Param, Peek, Result, Ty, Value,
    class_of,
};

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
