//! `j.data.schema`: the schemas that are known.
use std::path::Path;
use std::sync::Arc;

use super::schema_value::SchemaValue;
use crate::j::world::World;
use crate::object::{
    Args, Class, Complete, Default, Error, Member, Param, Result, Ty, Value, class_of,
};
use crate::schema::{Context, Schema};

/// `j.data.schema`.
pub struct SchemaFactory {
    context: Arc<Context>,
}

/// A text for examples.
macro_rules! with_text {
    ($line:literal) => {
        concat!(
            "text = '@url = shop.item.1\\n&name = \"\"\\nprice = \"10 USD\" (N)'\n",
            "s = j.data.schema.get_from_text(text)\n",
            $line
        )
    };
}

const TEXT: Param = Param::required("text", Ty::Str, "the text, with one schema or more");
const URL: Param = Param::optional("url", Ty::Str, Default::None, "url of a text without @url");

impl SchemaFactory {
    /// The node of the tree.
    pub fn open(world: &Arc<World>) -> Arc<SchemaFactory> {
        Arc::new(SchemaFactory {
            context: world.schemas().clone(),
        })
    }

    fn value(&self, schema: &Arc<Schema>) -> Value {
        SchemaValue::value(schema, &self.context)
    }

    fn values(&self, schemas: &[Arc<Schema>]) -> Value {
        schemas.iter().map(|schema| self.value(schema)).collect()
    }

    fn get(&self, args: &Args) -> Result<Value> {
        let registry = self.context.registry();
        let ways = ["schema_text", "url", "md5"];
        let schema = match (
            args.opt_text("schema_text"),
            args.opt_text("url"),
            args.opt_text("md5"),
        ) {
            (Some(text), url, None) => registry.get_from_text(text, url)?,
            (None, Some(url), None) => registry.get_from_url_latest(url)?,
            (None, None, Some(md5)) => registry.get_from_md5(md5)?,
            _ => {
                return Err(Error::type_error(format!(
                    "get() takes one of {}",
                    ways.join(", ")
                )));
            }
        };
        Ok(self.value(&schema))
    }
}

impl Class for SchemaFactory {
    const NAME: &'static str = "schema_factory";
    const DOC: &'static str = "Schemas: texts that say which properties an object has.\n\
        A line is `name = default (type) # comment`; `@url = my.schema` names the schema.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::method(
            "get_from_text",
            &[TEXT, URL],
            Ty::Object(class_of::<SchemaValue>),
            "Registers all schemas of a text and answers the first.",
            with_text!("s.new()"),
            |this, args| {
                let registry = this.context.registry();
                let schema = registry.get_from_text(args.text("text"), args.opt_text("url"))?;
                Ok(this.value(&schema))
            },
        ),
        Member::method(
            "add_from_text",
            &[TEXT, URL],
            Ty::List,
            "Registers all schemas of a text and answers them.",
            with_text!("j.data.schema.add_from_text(text)"),
            |this, args| {
                let registry = this.context.registry();
                let all = registry.add_from_text(args.text("text"), args.opt_text("url"))?;
                Ok(this.values(&all))
            },
        ),
        Member::method(
            "add_from_path",
            &[
                Param::required("path", Ty::Str, "a file, or a folder with *.toml files")
                    .completed_by(Complete::File),
            ],
            Ty::List,
            "Registers a file, or every *.toml below a folder whose name does not start with _.",
            "",
            |this, args| {
                let registry = this.context.registry();
                let all = registry.add_from_path(Path::new(args.text("path")))?;
                Ok(this.values(&all))
            },
        ),
        Member::method(
            "get_from_url_latest",
            &[Param::required("url", Ty::Str, "the url")],
            Ty::Object(class_of::<SchemaValue>),
            "Answers the newest schema of exactly this url.",
            with_text!("j.data.schema.get_from_url_latest('shop.item.1')"),
            |this, args| {
                let registry = this.context.registry();
                Ok(this.value(&registry.get_from_url_latest(args.text("url"))?))
            },
        ),
        Member::method(
            "get_from_md5",
            &[Param::required("md5", Ty::Str, "md5 of the text, in hex")],
            Ty::Object(class_of::<SchemaValue>),
            "Answers the schema with this md5.",
            with_text!("j.data.schema.get_from_md5(s.md5)"),
            |this, args| {
                let registry = this.context.registry();
                Ok(this.value(&registry.get_from_md5(args.text("md5"))?))
            },
        ),
        Member::method(
            "get",
            &[
                Param::optional("schema_text", Ty::Str, Default::None, "a text to register"),
                Param::optional("url", Ty::Str, Default::None, "the url"),
                Param::optional("md5", Ty::Str, Default::None, "the md5"),
            ],
            Ty::Object(class_of::<SchemaValue>),
            "Answers a schema by text, url or md5.",
            with_text!("j.data.schema.get(url='shop.item.1')"),
            |this, args| this.get(args),
        ),
        Member::method(
            "exists",
            &[
                Param::optional("md5", Ty::Str, Default::None, "the md5"),
                Param::optional("url", Ty::Str, Default::None, "the url"),
            ],
            Ty::Bool,
            "True when a schema of that md5 or url is registered.",
            "j.data.schema.exists(url='shop.item.1')",
            |this, args| {
                let registry = this.context.registry();
                match (args.opt_text("md5"), args.opt_text("url")) {
                    (Some(md5), None) => Ok(registry.exists_md5(md5).into()),
                    (None, Some(url)) => Ok(registry.exists_url(url).into()),
                    _ => Err(Error::type_error("exists() takes either md5 or url")),
                }
            },
        ),
        Member::property(
            "urls",
            Ty::List,
            "The urls that are registered.",
            with_text!("j.data.schema.urls"),
            |this, _| {
                let urls = this.context.registry().urls();
                Ok(urls.into_iter().map(Value::Str).collect())
            },
        ),
        Member::method(
            "reset",
            &[],
            Ty::Nothing,
            "Forgets all schemas. Objects that exist stay as they are.",
            "",
            |this, _| {
                this.context.registry().reset();
                Ok(Value::None)
            },
        ),
    ]];

    fn location(&self) -> String {
        "j.data.schema".into()
    }
}
