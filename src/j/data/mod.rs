//! `j.data`: schemas, objects that hold data of them, and types.
//!
//! * [`schema`]: `j.data.schema`, the schemas that are known; [`schema_value`], [`property`]: one
//!   schema, one property of it.
//! * [`object`]: an object that holds data; its properties are read and set by name. Whatever keeps
//!   such objects (a database) is its [`object::Home`].
//! * [`bcdb`]: `j.data.bcdb`, databases that keep objects.
//! * [`flist`]: `j.data.flist`, file trees whose contents lie elsewhere.
//! * [`list`], [`dict`]: lists and maps inside an object; what is changed in them is changed in the
//!   object.
//! * [`numeric`], [`choice`], [`pair`]: values that are more than plain data.
//! * [`types`]: `j.data.types`, every type by name.
//! * [`value`], [`errors`]: values and errors of the library as those of the tree.
pub mod bcdb;
pub mod choice;
pub mod dict;
pub mod dumps;
pub mod errors;
pub mod flist;
pub mod list;
pub mod numeric;
pub mod object;
pub mod pair;
pub mod property;
pub mod schema;
pub mod schema_value;
pub mod types;
pub mod value;

use std::sync::Arc;

use super::world::World;
use crate::object::{Class, Member, class_of};
use bcdb::Bcdb;
use flist::Flists;
use schema::SchemaFactory;
use types::TypeFactory;

/// `j.data`.
pub struct Data {
    bcdb: Arc<Bcdb>,
    flist: Arc<Flists>,
    schema: Arc<SchemaFactory>,
    types: Arc<TypeFactory>,
}

impl Data {
    /// The node of the tree.
    pub fn open(world: &Arc<World>) -> Arc<Data> {
        Arc::new(Data {
            bcdb: Bcdb::open(world),
            flist: Flists::open(world),
            schema: SchemaFactory::open(world),
            types: TypeFactory::open(world),
        })
    }
}

impl Class for Data {
    const NAME: &'static str = "data";
    const DOC: &'static str = "Data with types: schemas, objects and values.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::child(
            "bcdb",
            class_of::<Bcdb>,
            "Databases of objects, encrypted in the store.",
            "j.data.bcdb",
            |data, _| Ok(data.bcdb.clone().into()),
        ),
        Member::child(
            "flist",
            class_of::<Flists>,
            "Flists: file trees whose contents lie in a backend as chunks.",
            "j.data.flist",
            |data, _| Ok(data.flist.clone().into()),
        ),
        Member::child(
            "schema",
            class_of::<SchemaFactory>,
            "Schemas: texts that say which properties an object has.",
            "j.data.schema",
            |data, _| Ok(data.schema.clone().into()),
        ),
        Member::child(
            "types",
            class_of::<TypeFactory>,
            "The types of properties: what they accept and how they are written.",
            "j.data.types",
            |data, _| Ok(data.types.clone().into()),
        ),
    ]];

    fn location(&self) -> String {
        "j.data".into()
    }
}
