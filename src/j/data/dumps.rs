//! Members of an object that begin with `_`: its data in other forms, and how it is kept. They are
//! named so that they never stand in the way of a property.
use std::sync::Arc;

use super::object::DataObject;
use super::schema_value::SchemaValue;
use super::value::{from_tree, map_to_tree, to_tree};
use crate::object::{Error, Member, Param, Result, Ty, Value, class_of};
use crate::schema;

/// An example on an object with a name and a price.
macro_rules! with_item {
    ($line:literal) => {
        concat!(
            "s = j.data.schema.get_from_text('name = \"x\"\\nprice = \"10 USD\" (N)', 'shop.item')\n",
            "o = s.new(name='lamp')\n",
            $line
        )
    };
}

fn flag(value: &Value, name: &str) -> Result<bool> {
    match value {
        Value::Bool(on) => Ok(*on),
        other => Err(Error::type_error(format!(
            "{name} must be bool, not {}",
            other.type_name()
        ))),
    }
}

/// The members.
pub(super) const MEMBERS: &[Member<DataObject>] = &[
    Member::property(
        "_schema",
        Ty::Object(class_of::<SchemaValue>),
        "Its schema.",
        with_item!("o._schema.url"),
        |this: &Arc<DataObject>, _| {
            this.read(|object| SchemaValue::value(object.schema(), object.context()))
        },
    ),
    Member::property(
        "_model",
        Ty::Any("model"),
        "What keeps it, for instance a model of a database; None when it lives in memory only.",
        with_item!("o._model"),
        |this: &Arc<DataObject>, _| Ok(this.held().home().map_or(Value::None, |home| home.value())),
    ),
    Member::property(
        "_ddict",
        Ty::Dict,
        "Its data as plain values: money as bytes, dates as seconds, enums as numbers.",
        with_item!("o._ddict"),
        |this: &Arc<DataObject>, _| {
            this.read(|object| map_to_tree(&object.to_plain(), object.context()))
        },
    ),
    Member::property(
        "_ddict_hr",
        Ty::Dict,
        "Its data as texts for people.",
        with_item!("o._ddict_hr"),
        |this: &Arc<DataObject>, _| {
            this.read(|object| to_tree(&object.to_human(), object.context()))
        },
    ),
    Member::property(
        "_json",
        Ty::Str,
        "Its data as JSON; schema.get() reads it back. Secrets are shown.",
        with_item!("s.get(o._json) == o"),
        |this: &Arc<DataObject>, _| Ok(this.read(schema::Object::to_json)?.into()),
    ),
    Member::property(
        "_toml",
        Ty::Str,
        "Its data as TOML. Secrets are shown.",
        with_item!("print(o._toml)"),
        |this: &Arc<DataObject>, _| Ok(this.read(schema::Object::to_toml)?.into()),
    ),
    Member::property(
        "_msgpack",
        Ty::Bytes,
        "Its data as msgpack.",
        with_item!("o._msgpack"),
        |this: &Arc<DataObject>, _| Ok(Value::Bytes(this.read(schema::Object::to_msgpack)?)),
    ),
    Member::property(
        "_data",
        Ty::Bytes,
        "Its data as they are stored: version, md5 of the schema, msgpack.",
        with_item!("s.get(o._data) == o"),
        |this: &Arc<DataObject>, _| Ok(Value::Bytes(this.read(schema::Object::to_bytes)?)),
    ),
    Member::property(
        "_changed",
        Ty::Bool,
        "True when it was changed since it was stored.",
        with_item!("o._changed"),
        |this: &Arc<DataObject>, _| Ok(this.read(schema::Object::is_changed)?.into()),
    ),
    Member::property(
        "_changed_items",
        Ty::Dict,
        "The properties that were changed since it was stored, with their values.",
        with_item!("o._changed_items"),
        |this: &Arc<DataObject>, _| {
            this.read(|object| {
                let changed = object.changed_names().filter_map(|name| {
                    let value = object.get(name).ok()?;
                    Some((name.to_string(), to_tree(value, object.context())))
                });
                Value::Map(changed.collect())
            })
        },
    ),
    Member::property(
        "_readonly",
        Ty::Bool,
        "True when nothing in it can be changed. Can be set.",
        with_item!("o._readonly = True"),
        |this: &Arc<DataObject>, _| Ok(this.read(schema::Object::is_readonly)?.into()),
    )
    .assigned_by(|this: &Arc<DataObject>, value| {
        let on = flag(&value, "_readonly")?;
        this.held().set_readonly(on);
        Ok(())
    }),
    Member::property(
        "_autosave",
        Ty::Bool,
        "True when every change is stored at once. Can be set for an object of a database.",
        with_item!("o._autosave = False"),
        |this: &Arc<DataObject>, _| Ok(this.held().autosave().into()),
    )
    .assigned_by(|this: &Arc<DataObject>, value| {
        this.held().set_autosave(flag(&value, "_autosave")?)
    }),
    Member::method(
        "_hr_get",
        &[],
        Ty::Str,
        "Answers one line for each property, in the order of their names.",
        with_item!("print(o._hr_get())"),
        |this: &Arc<DataObject>, _| Ok(this.read(schema::Object::print_lines)?.into()),
    ),
    Member::method(
        "_data_update",
        &[Param::required(
            "data",
            Ty::Dict,
            "values by name of property",
        )],
        Ty::Nothing,
        "Sets several properties, all of them or none.",
        with_item!("o._data_update({'name': 'chair', 'price': '5 EUR'})"),
        |this, args| match from_tree(args.get("data"))? {
            schema::Value::Map(data) => Ok(this.set_all(&data)?.into()),
            _ => Err(args.error("data", "must be a dict")),
        },
    ),
];
