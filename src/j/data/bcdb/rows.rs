//! Objects one after the other: `for o in model.iterate() { … }`.
use std::sync::Arc;

use super::home::ModelHome;
use crate::object::{Class, Member, Result, Stream, Ty, Value};
use crate::schema::Map;
use crate::schema::db::{Database, Model};

/// Where the objects come from.
enum Source {
    Found(Arc<Model>, Map),
    All(Arc<Database>),
}

/// Objects, read when they are needed.
pub struct Rows(Source);

impl Rows {
    /// The objects of a model that fit conditions.
    pub fn found(model: &Arc<Model>, conditions: Map) -> Rows {
        Rows(Source::Found(model.clone(), conditions))
    }

    /// All objects of a database.
    pub fn all(database: &Arc<Database>) -> Rows {
        Rows(Source::All(database.clone()))
    }

    fn rows(&self) -> Result<Stream> {
        Ok(match &self.0 {
            Source::Found(model, conditions) => {
                let home = ModelHome(model.clone());
                let found = model.search(conditions)?;
                Box::new(found.map(move |object| Ok(home.at_home(object?))))
            }
            Source::All(database) => Box::new(database.iterate()?.map(|found| {
                let (model, object) = found?;
                Ok(ModelHome(model).at_home(object))
            })),
        })
    }
}

impl Class for Rows {
    const NAME: &'static str = "objects";
    const DOC: &'static str = "Objects of a database, one after the other: for o in m.iterate() { print(o) }\n\
        They are read a few at a time, however many there are.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[Member::method(
        "list",
        &[],
        Ty::List,
        "Reads them all and answers a list.",
        "b = j.data.bcdb.new('example')\nm = b.model_get('@url = shop.item\\nname* = \"\"')\nm.iterate().list()",
        |this: &Arc<Rows>, _| Ok(Value::List(this.rows()?.collect::<Result<_>>()?)),
    )]];

    fn repr(&self, _paint: crate::object::Paint) -> String {
        match &self.0 {
            Source::Found(model, _) => format!("objects of '{}'", model.url()),
            Source::All(database) => format!("objects of the database '{}'", database.name()),
        }
    }
    fn stream(self: &Arc<Self>) -> Option<Result<Stream>> {
        Some(self.rows())
    }
}
