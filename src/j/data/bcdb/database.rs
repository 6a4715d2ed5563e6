//! One database: its models, and what concerns all of them.
use std::path::Path;
use std::sync::Arc;

use super::home::ModelHome;
use super::model::ModelValue;
use super::rows::Rows;
use crate::j::data::schema_value::SchemaValue;
use crate::j::world::World;
use crate::object::{
    Args, Class, Complete, Default, Member, Needs, Paint, Param, Result, Ty, Value, class_of,
};
use crate::schema::db::{BoxError, Database, Exported};
use crate::store::Vault;

/// What sealed exports are for; part of their key.
const EXPORT: &str = "database export";

/// One database.
pub struct DatabaseValue {
    world: Arc<World>,
    database: Arc<Database>,
    vault: Vault,
}

/// An example on a database with a model.
macro_rules! with_database {
    ($line:literal) => {
        concat!(
            "b = j.data.bcdb.new('example')\n",
            "m = b.model_get('@url = shop.item\\nname* = \"\"\\nprice** = \"10 USD\" (N)')\n",
            "m.new(name='lamp').save()\n",
            $line
        )
    };
}

impl DatabaseValue {
    /// A database as a value of the shell.
    pub fn new(world: Arc<World>, database: Arc<Database>, vault: Vault) -> Arc<DatabaseValue> {
        Arc::new(DatabaseValue {
            world,
            database,
            vault,
        })
    }

    /// The database.
    pub fn database(&self) -> &Arc<Database> {
        &self.database
    }

    /// What keeps it.
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Removes everything, after a question when there is something.
    ///
    /// # Errors
    /// When it is not confirmed, or the store fails.
    pub fn reset(&self) -> Result<()> {
        let count = self.database.count()?;
        if count > 0 {
            let preview = format!("database '{}' with {count} objects", self.database.name());
            let question = "Remove all of them for good?";
            self.world.host.confirm(&preview, question)?;
        }
        Ok(self.database.reset()?)
    }

    fn model(&self, args: &Args) -> Result<Value> {
        let model = match args.get("schema") {
            Value::Str(text) if text.contains(['\n', '=']) => {
                self.database.model_from_text(text)?
            }
            Value::Str(url) => self.database.model_from_url(url)?,
            Value::Int(sid) => match u32::try_from(*sid) {
                Ok(sid) => self.database.model_from_sid(sid)?,
                Err(_) => return Err(args.error("schema", "is no number of a schema")),
            },
            other => match other.downcast::<SchemaValue>() {
                Some(schema) => self.database.model_from_schema(schema.schema())?,
                None => {
                    let found = other.type_name();
                    let what = format!("must be a schema, its text or its url, not {found}");
                    return Err(args.error("schema", what));
                }
            },
        };
        Ok(ModelValue::new(model).into())
    }

    fn check(&self) -> Result<Value> {
        let checked = self.database.check()?;
        let mut out = indexmap::IndexMap::new();
        out.insert("good".to_owned(), checked.problems.is_empty().into());
        let models = checked.models.into_iter();
        let models = models.map(|(url, count)| (url, number(count)));
        out.insert("objects".to_owned(), Value::Map(models.collect()));
        let problems = checked.problems.into_iter().map(Value::from);
        out.insert("problems".to_owned(), problems.collect());
        Ok(Value::Map(out))
    }

    fn export(&self, args: &Args) -> Result<Value> {
        let store = self.world.store()?;
        let seal = |plain: &[u8]| {
            let sealed = store.seal_for(EXPORT, plain);
            sealed.map_err(|error| Box::new(error) as BoxError)
        };
        let folder = Path::new(args.text("path"));
        let done = match args.flag("encrypt") {
            true => self.database.export(folder, Some(&seal))?,
            false => self.database.export(folder, None)?,
        };
        Ok(summary(done))
    }

    fn import(&self, args: &Args) -> Result<Value> {
        let store = self.world.store()?;
        let open = |sealed: &[u8]| {
            let plain = store.open_for(EXPORT, sealed);
            plain.map_err(|error| Box::new(error) as BoxError)
        };
        let reset = args.flag("reset");
        let count = self.database.count()?;
        if reset && count > 0 {
            let preview = format!("database '{}' with {count} objects", self.database.name());
            let question = "Replace all of them by those of the export?";
            self.world.host.confirm(&preview, question)?;
        }
        let folder = Path::new(args.text("path"));
        Ok(summary(self.database.import(folder, Some(&open), reset)?))
    }
}

fn summary(done: Exported) -> Value {
    let mut out = indexmap::IndexMap::new();
    out.insert("schemas".to_owned(), number(done.schemas));
    out.insert("objects".to_owned(), number(done.objects));
    Value::Map(out)
}

/// A count as the shell has numbers.
pub(super) fn number(count: u64) -> Value {
    Value::Int(i64::try_from(count).unwrap_or(i64::MAX))
}

/// The number of an object that was given.
pub(super) fn id_of(args: &Args, name: &str) -> Result<u64> {
    let given = args.opt_int(name).unwrap_or(0);
    match u64::try_from(given) {
        Ok(id) if id > 0 => Ok(id),
        _ => Err(args.error(
            name,
            format!("must be the number of an object, from 1, not {given}"),
        )),
    }
}

const SCHEMA: Param = Param::required(
    "schema",
    Ty::Any("schema, text or url"),
    "a schema, its text, or the url of one that is known",
);
const FOLDER: Param = Param::required("path", Ty::Str, "the folder").completed_by(Complete::File);

impl Class for DatabaseValue {
    const NAME: &'static str = "bcdb";
    const DOC: &'static str = "A database of objects. Each schema url in it has a model.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property(
            "name",
            Ty::Str,
            "Its name.",
            with_database!("b.name"),
            |this: &Arc<DatabaseValue>, _| Ok(this.database.name().into()),
        ),
        Member::property(
            "models",
            Ty::List,
            "The urls of its models.",
            with_database!("b.models"),
            |this: &Arc<DatabaseValue>, _| Ok(this.database.urls()?.into_iter().map(Value::from).collect()),
        )
        .needs(Needs::UNLOCKED),
        Member::property(
            "count",
            Ty::Int,
            "How many objects it holds.",
            with_database!("b.count"),
            |this: &Arc<DatabaseValue>, _| Ok(number(this.database.count()?)),
        )
        .needs(Needs::UNLOCKED),
        Member::method(
            "model_get",
            &[SCHEMA],
            Ty::Object(class_of::<ModelValue>),
            "Answers the model of a schema. A new text of a url takes the place of the old one:\n\
             stored objects are read with it, and indexes are made again where it needs them.",
            with_database!("b.model_get('shop.item')"),
            |this: &Arc<DatabaseValue>, args| this.model(args),
        )
        .needs(Needs::UNLOCKED),
        Member::method(
            "model_get_from_schema",
            &[SCHEMA],
            Ty::Object(class_of::<ModelValue>),
            "The same.",
            with_database!("b.model_get_from_schema(m.schema)"),
            |this: &Arc<DatabaseValue>, args| this.model(args),
        )
        .needs(Needs::UNLOCKED),
        Member::method(
            "model_get_from_url",
            &[Param::required("schema", Ty::Str, "the url")],
            Ty::Object(class_of::<ModelValue>),
            "Answers the model of a url.",
            with_database!("b.model_get_from_url('shop.item')"),
            |this: &Arc<DatabaseValue>, args| {
                let model = this.database.model_from_url(args.text("schema"))?;
                Ok(ModelValue::new(model).into())
            },
        )
        .needs(Needs::UNLOCKED),
        Member::method(
            "model_get_from_sid",
            &[Param::required("schema", Ty::Int, "number of a schema, from 1")],
            Ty::Object(class_of::<ModelValue>),
            "Answers the model of the schema with this number in the database.",
            with_database!("b.model_get_from_sid(1)"),
            |this: &Arc<DatabaseValue>, args| this.model(args),
        )
        .needs(Needs::UNLOCKED),
        Member::method(
            "obj_get",
            &[Param::required("id", Ty::Int, "number of the object")],
            Ty::Object(class_of::<crate::j::data::object::DataObject>),
            "Answers the object of a number, of whatever model.",
            with_database!("b.obj_get(m.ids[0])"),
            |this: &Arc<DatabaseValue>, args| {
                let (model, object) = this.database.object(id_of(args, "id")?)?;
                Ok(ModelHome(model).at_home(object))
            },
        )
        .needs(Needs::UNLOCKED),
        Member::method(
            "iterate",
            &[],
            Ty::Object(class_of::<Rows>),
            "Answers all objects of all models in the order of their numbers, for a loop.",
            with_database!("for o in b.iterate() { print(o.id) }"),
            |this: &Arc<DatabaseValue>, _| Ok(Value::object(Rows::all(&this.database))),
        )
        .needs(Needs::UNLOCKED),
        Member::method(
            "get_all",
            &[],
            Ty::List,
            "Reads all objects of all models into a list.",
            with_database!("b.get_all()"),
            |this: &Arc<DatabaseValue>, _| {
                let all = this.database.iterate()?.map(|found| {
                    let (model, object) = found?;
                    Ok(ModelHome(model).at_home(object))
                });
                Ok(Value::List(all.collect::<Result<_>>()?))
            },
        )
        .needs(Needs::UNLOCKED),
        Member::method(
            "check",
            &[],
            Ty::Dict,
            "Reads everything from disk and says what is wrong. Changes nothing.",
            with_database!("b.check()"),
            |this: &Arc<DatabaseValue>, _| this.check(),
        )
        .needs(Needs::UNLOCKED),
        Member::method(
            "index_rebuild",
            &[],
            Ty::Nothing,
            "Makes the indexes of all models again.",
            with_database!("b.index_rebuild()"),
            |this: &Arc<DatabaseValue>, _| Ok(this.database.index_rebuild()?.into()),
        )
        .needs(Needs::SAVES.and(Needs::UNLOCKED)),
        Member::method(
            "accept_damage",
            &[],
            Ty::Int,
            "Goes on with what is left of a damaged database, which is read-only until then, after a\n\
             question. Answers how many objects that are.",
            with_database!("b.accept_damage()"),
            |this: &Arc<DatabaseValue>, _| {
                let preview = format!("database '{}'", this.database.name());
                let question = "Go on with what is left of it, for good?";
                this.world.host.confirm(&preview, question)?;
                let left = this.vault.accept_damage()?;
                this.database.index_rebuild()?;
                Ok(number(left))
            },
        )
        .needs(Needs::SAVES.and(Needs::UNLOCKED)),
        Member::method(
            "export_",
            &[
                FOLDER,
                Param::optional(
                    "encrypt",
                    Ty::Bool,
                    Default::Bool(true),
                    "False writes readable files, secrets too",
                ),
            ],
            Ty::Dict,
            "Writes everything into a new folder, one file per object. Encrypted files can be read\n\
             back with this store's master key only, also after a restore with its recovery words.\n\
             (export and import are words of the language, hence the _.)",
            "b = j.data.bcdb.new('mine')\nb.export_('export_of_mine')",
            |this: &Arc<DatabaseValue>, args| this.export(args),
        )
        .needs(Needs::UNLOCKED),
        Member::method(
            "import_",
            &[
                FOLDER,
                Param::optional(
                    "reset",
                    Ty::Bool,
                    Default::Bool(true),
                    "remove what the database holds first, after a question",
                ),
            ],
            Ty::Dict,
            "Reads an export back; objects keep their numbers.",
            "b = j.data.bcdb.new('mine')\nb.import_('export_of_mine')",
            |this: &Arc<DatabaseValue>, args| this.import(args),
        )
        .needs(Needs::SAVES.and(Needs::UNLOCKED)),
        Member::method(
            "reset",
            &[],
            Ty::Nothing,
            "Removes all objects and models, after a question.",
            with_database!("b.reset()"),
            |this: &Arc<DatabaseValue>, _| Ok(this.reset()?.into()),
        )
        .needs(Needs::SAVES.and(Needs::UNLOCKED)),
        Member::method(
            "stop",
            &[],
            Ty::Nothing,
            "Closes its files until it is used again.",
            with_database!("b.stop()"),
            |this: &Arc<DatabaseValue>, _| {
                this.vault.release();
                Ok(Value::None)
            },
        ),
    ]];

    fn location(&self) -> String {
        format!("j.data.bcdb.{}", self.database.name())
    }
    fn repr(&self, _paint: Paint) -> String {
        format!("database '{}'", self.database.name())
    }
    fn equals(&self, other: &Value) -> bool {
        let other = other.downcast::<DatabaseValue>();
        other.is_some_and(|other| other.database.name() == self.database.name())
    }
}
