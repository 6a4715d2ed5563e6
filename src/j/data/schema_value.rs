//! One schema: what a person reads of it, and new objects.
use std::sync::Arc;

use super::object::DataObject;
use super::property::PropertyValue;
use super::value::{from_tree, map_from_tree};
use crate::object::{
    Args, Class, Default, Error, Member, Paint, Param, Peek, Result, Ty, Value, class_of,
};
use crate::schema::{self, Context, Map, Object, Property, Schema};

/// One schema.
pub struct SchemaValue {
    schema: Arc<Schema>,
    context: Arc<Context>,
}

/// An example on a schema.
macro_rules! with_schema {
    ($line:literal) => {
        concat!(
            "s = j.data.schema.get_from_text('@url = shop.item.1\\n&name = \"\"\\nprice** = \"10 USD\" (N)')\n",
            $line
        )
    };
}

/// Longest JSON text that is read, in bytes.
const LONGEST: usize = 64 * 1024 * 1024;

/// The properties in a call like `new({'name': 'x'}, price=10)`.
///
/// # Errors
/// When they are no map.
pub fn data_of(args: &Args) -> Result<Map> {
    let mut data = match from_tree(args.get("data"))? {
        schema::Value::Null => Map::new(),
        schema::Value::Map(map) => map,
        _ => {
            let found = args.get("data").type_name();
            return Err(args.error("data", format!("must be a dict, not {found}")));
        }
    };
    for (name, value) in args.rest() {
        data.insert(name.clone(), from_tree(value)?);
    }
    Ok(data)
}

impl SchemaValue {
    /// A schema as a value of the shell.
    pub fn value(schema: &Arc<Schema>, context: &Arc<Context>) -> Value {
        Value::object(SchemaValue {
            schema: schema.clone(),
            context: context.clone(),
        })
    }

    /// The schema.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    fn property(&self, name: &str) -> Option<Value> {
        let name = name.strip_prefix("property_")?;
        PropertyValue::value(&self.schema, name, &self.context)
    }

    fn properties_where(&self, wanted: impl Fn(&Property) -> bool) -> Value {
        let all = self.schema.properties.iter();
        all.filter(|property| wanted(property))
            .filter_map(|p| PropertyValue::value(&self.schema, &p.name, &self.context))
            .collect()
    }

    fn object(&self, args: &Args) -> Result<Object> {
        let (context, schema) = (&self.context, &self.schema);
        let mut object = match args.get("data") {
            Value::Str(text) if text.len() > LONGEST => {
                return Err(args.error("data", format!("has {} bytes: too much", text.len())));
            }
            Value::Str(text) => Object::from_json(context, schema, text)?,
            Value::Bytes(bytes) => {
                let (md5, payload) = Object::split_bytes(bytes)?;
                // Written by an older text of this schema: what is missing has its default.
                let written_by = context.registry().get_from_md5_bytes(md5);
                if written_by.is_some_and(|by| by.url != schema.url) {
                    return Err(args.error("data", format!("is not of '{}'", schema.url)));
                }
                Object::from_payload(context, schema, payload)?
            }
            Value::Object(_) if args.get("data").downcast::<DataObject>().is_some() => {
                match from_tree(args.get("data"))? {
                    schema::Value::Object(other) if other.schema().url == schema.url => {
                        let mut copy = *other;
                        copy.set_id(None);
                        copy
                    }
                    _ => return Err(args.error("data", format!("is not of '{}'", schema.url))),
                }
            }
            _ => return Ok(Object::with_data(context, schema, &data_of(args)?)?),
        };
        let rest: indexmap::IndexMap<String, Value> = args.rest().iter().cloned().collect();
        object.set_all(&map_from_tree(&rest)?)?;
        Ok(object)
    }
}

const DATA: &[Param] = &[
    Param::optional(
        "data",
        Ty::Any("dict, JSON text or bytes"),
        Default::None,
        "values by name of property",
    ),
    Param::rest("properties", "values by name"),
];

fn make(this: &Arc<SchemaValue>, args: &Args) -> Result<Value> {
    Ok(DataObject::loose(this.object(args)?).into())
}

impl Class for SchemaValue {
    const NAME: &'static str = "schema";
    const DOC: &'static str = "A schema: which properties an object has, with types and defaults.\n\
                               property_<name> is one of its properties.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::method(
            "new",
            DATA,
            Ty::Object(class_of::<DataObject>),
            "Makes an object with the defaults, then sets the data.",
            with_schema!("s.new({'name': 'lamp'}, price='20 EUR')"),
            make,
        ),
        Member::method(
            "get",
            DATA,
            Ty::Object(class_of::<DataObject>),
            "Makes an object of data, of JSON text (o._json) or of stored bytes (o._data).",
            with_schema!("s.get('{\"name\": \"lamp\"}')"),
            make,
        ),
        Member::property(
            "url",
            Ty::Str,
            "Its url.",
            with_schema!("s.url"),
            |this, _| Ok(this.schema.url.clone().into()),
        ),
        Member::property(
            "url_noversion",
            Ty::Str,
            "Its url without the number at the end.",
            with_schema!("s.url_noversion"),
            |this, _| Ok(this.schema.url_noversion.clone().into()),
        ),
        Member::property(
            "version",
            Ty::Int,
            "The number at the end of the url; None when there is none.",
            with_schema!("s.version"),
            |this, _| {
                let version = this.schema.version.and_then(|v| i64::try_from(v).ok());
                Ok(version.into())
            },
        ),
        Member::property(
            "key",
            Ty::Str,
            "Its url as a name.",
            with_schema!("s.key"),
            |this, _| Ok(this.schema.key.clone().into()),
        ),
        Member::property(
            "md5",
            Ty::Str,
            "The md5 of its text, without blanks.",
            with_schema!("s.md5"),
            |this, _| Ok(this.schema.md5.to_string().into()),
        ),
        Member::property(
            "text",
            Ty::Str,
            "Its text.",
            with_schema!("print(s.text)"),
            |this, _| Ok(this.schema.text.clone().into()),
        ),
        Member::property(
            "properties",
            Ty::List,
            "Its properties.",
            with_schema!("s.properties"),
            |this, _| Ok(this.properties_where(|_| true)),
        ),
        Member::property(
            "propertynames",
            Ty::List,
            "The names of its properties.",
            with_schema!("s.propertynames"),
            |this, _| {
                let names = this.schema.property_names();
                Ok(names.map(Value::from).collect())
            },
        ),
        Member::property(
            "properties_index_keys",
            Ty::List,
            "The properties a database finds objects by.",
            with_schema!("s.properties_index_keys"),
            |this, _| Ok(this.properties_where(|p| p.index_key)),
        ),
        Member::property(
            "properties_index_sql",
            Ty::List,
            "The properties a database finds objects by ranges of.",
            with_schema!("s.properties_index_sql"),
            |this, _| Ok(this.properties_where(|p| p.index)),
        ),
        Member::property(
            "properties_unique",
            Ty::List,
            "The properties no two objects of a database have the same value of.",
            with_schema!("s.properties_unique"),
            |this, _| Ok(this.properties_where(|p| p.unique)),
        ),
        Member::property(
            "systemprops",
            Ty::Dict,
            "The lines `@name = value` of its text, but the url.",
            with_schema!("s.systemprops"),
            |this, _| {
                let all = this.schema.system_properties.iter();
                Ok(Value::Map(
                    all.map(|(k, v)| (k.clone(), v.clone().into())).collect(),
                ))
            },
        ),
    ]];

    fn model_get(&self, name: &str) -> Option<Value> {
        self.property(name)
    }
    fn model_set(self: &Arc<Self>, name: &str, _value: &Value) -> Option<Result<()>> {
        self.property(name)?;
        Some(Err(Error::new(
            crate::object::Kind::Attribute,
            "a schema cannot be changed",
        )
        .hint(
            "register a changed text: j.data.schema.get_from_text(text)",
        )))
    }
    fn peek_child(&self, name: &str) -> Option<Peek> {
        match self.property(name)? {
            Value::Object(object) => Some(Peek::Object(object)),
            _ => None,
        }
    }
    fn repr(&self, _paint: Paint) -> String {
        self.schema.to_string().trim_end().to_string()
    }
    fn inline(&self) -> String {
        format!("<schema {}>", self.schema.url)
    }
    fn to_json(&self) -> serde_json::Value {
        serde_json::json!({ "url": self.schema.url, "md5": self.schema.md5.to_string(),
                            "properties": self.schema.property_names().collect::<Vec<_>>() })
    }
    fn equals(&self, other: &Value) -> bool {
        other
            .downcast::<SchemaValue>()
            .is_some_and(|other| other.schema.md5 == self.schema.md5)
    }
}
