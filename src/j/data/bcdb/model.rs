//! A model: the objects of one schema url in a database.
use std::sync::Arc;

use super::database::{id_of, number};
use super::home::{self, ModelHome};
use super::rows::Rows;
use crate::j::data::object::DataObject;
use crate::j::data::schema_value::{SchemaValue, data_of};
use crate::j::data::value::from_tree;
use crate::object::{
    Args, Class, Default, Error, Kind, Member, Needs, Paint, Param, Result, Ty, Value, class_of,
};
use crate::schema::db::{Model, TriggerId};
use crate::schema::{self, Map, Object};

/// A model.
pub struct ModelValue {
    model: Arc<Model>,
}

/// An example on a model with two objects.
macro_rules! with_model {
    ($line:literal) => {
        concat!(
            "b = j.data.bcdb.new('example')\n",
            "m = b.model_get('@url = shop.item\\nname* = \"\"\\nprice** = \"10 USD\" (N)')\n",
            "m.new(name='lamp').save()\n",
            "m.new(name='chair', price='25 USD').save()\n",
            $line
        )
    };
}

impl ModelValue {
    /// A model as a value of the shell.
    pub fn new(model: Arc<Model>) -> Arc<ModelValue> {
        Arc::new(ModelValue { model })
    }

    fn home(&self) -> ModelHome {
        ModelHome(self.model.clone())
    }

    fn list(&self, objects: Vec<Object>) -> Value {
        let home = self.home();
        let objects = objects.into_iter();
        objects.map(|object| home.at_home(object)).collect()
    }

    fn save_all(&self, args: &Args) -> Result<Value> {
        let Value::List(list) = args.get("objects") else {
            return Err(args.error("objects", "must be a list"));
        };
        let mut given = Vec::with_capacity(list.len());
        for value in list {
            match value.downcast::<DataObject>() {
                Some(object) => given.push(object),
                None => {
                    let found = value.type_name();
                    return Err(args.error("objects", format!("must hold objects, not {found}")));
                }
            }
        }
        let before = given.iter().map(|object| object.held().snapshot());
        let before: Vec<Object> = before.collect();
        let mut objects = before.clone();
        let saved = self.model.save_all(&mut objects);
        // Also after an error: some thousands may be stored.
        for ((object, before), after) in given.iter().zip(before).zip(objects) {
            if after != before {
                object.held().replace(after);
            } else if let Some(id) = after.id() {
                object.held().stored(id, after.revision());
            }
        }
        saved?;
        Ok(number(u64::try_from(given.len()).unwrap_or(0)))
    }

    fn delete(&self, args: &Args) -> Result<Value> {
        match args.get("obj").downcast::<DataObject>() {
            Some(object) => self.model.delete_object(&mut object.held().snapshot())?,
            None => self.model.delete(id_of(args, "obj")?)?,
        }
        Ok(Value::None)
    }

    fn set_dynamic(&self, args: &Args) -> Result<Value> {
        let data = from_tree(args.get("data"))?;
        let id = match args.given("obj_id") && !args.get("obj_id").is_none() {
            true => Some(id_of(args, "obj_id")?),
            false => None,
        };
        let id = self.model.set_dynamic(&data, id)?;
        Ok(self.home().at_home(self.model.get(id)?))
    }
}

/// Conditions by name of property, in a map or as keywords.
fn conditions(args: &Args) -> Result<Map> {
    let mut out = match from_tree(args.get("conditions"))? {
        schema::Value::Null => Map::new(),
        schema::Value::Map(map) => map,
        _ => return Err(args.error("conditions", "must be a dict")),
    };
    for (name, value) in args.rest() {
        out.insert(name.clone(), from_tree(value)?);
    }
    Ok(out)
}

const CONDITIONS: &[Param] = &[
    Param::optional(
        "conditions",
        Ty::Any("dict"),
        Default::None,
        "values by name of property, or [operator, value] with == != < <= > >= in contains startswith",
    ),
    Param::rest("properties", "the same, as keywords"),
];
const ID: Param = Param::required("id", Ty::Int, "its number");

impl Class for ModelValue {
    const NAME: &'static str = "model";
    const DOC: &'static str = "The objects of one schema in a database.\n\
        get_by_<property>(value) answers the objects with that value.\n\
        Properties marked name* have an exact index, price** one for ranges; &email is unique.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[READING, WRITING];

    fn model_get(&self, name: &str) -> Option<Value> {
        let property = name.strip_prefix("get_by_")?.to_owned();
        self.model.schema().ok()?.property(&property)?;
        let this = ModelValue::new(self.model.clone());
        Some(Value::Function(Arc::new(move |args| {
            let [value] = args.as_slice() else {
                let text = format!("get_by_{property}() takes one value");
                return Err(Error::type_error(text));
            };
            let exactly = schema::Value::List(vec!["==".into(), from_tree(value)?]);
            let given = Map::from_iter([(property.clone(), exactly)]);
            Ok(this.list(this.model.find(&given)?))
        })))
    }
    fn repr(&self, _paint: Paint) -> String {
        format!(
            "model '{}' of the database '{}'",
            self.model.url(),
            self.model.database_name()
        )
    }
    fn equals(&self, other: &Value) -> bool {
        let other = other.downcast::<ModelValue>();
        other.is_some_and(|other| Arc::ptr_eq(&other.model, &self.model))
    }
}

const READING: &[Member<ModelValue>] = &[
    Member::property(
        "url",
        Ty::Str,
        "The url of its schema.",
        with_model!("m.url"),
        |this: &Arc<ModelValue>, _| Ok(this.model.url().into()),
    ),
    Member::property(
        "schema",
        Ty::Object(class_of::<SchemaValue>),
        "Its schema: the latest text of the url.",
        with_model!("m.schema"),
        |this: &Arc<ModelValue>, _| {
            Ok(SchemaValue::value(
                &this.model.schema()?,
                this.model.context(),
            ))
        },
    )
    .needs(Needs::UNLOCKED),
    Member::property(
        "sid",
        Ty::Int,
        "The number of its schema in the database.",
        with_model!("m.sid"),
        |this: &Arc<ModelValue>, _| Ok(number(this.model.sid()?.into())),
    )
    .needs(Needs::UNLOCKED),
    Member::property(
        "ids",
        Ty::List,
        "The numbers of its objects.",
        with_model!("m.ids"),
        |this: &Arc<ModelValue>, _| {
            let ids = this.model.ids(0, usize::MAX)?;
            Ok(ids.into_iter().map(number).collect())
        },
    )
    .needs(Needs::UNLOCKED),
    Member::method(
        "get",
        &[
            ID,
            Param::optional(
                "die",
                Ty::Bool,
                Default::Bool(true),
                "False answers None when there is none",
            ),
        ],
        Ty::Object(class_of::<DataObject>),
        "Answers the object of a number.",
        with_model!("m.get(m.ids[0])"),
        |this: &Arc<ModelValue>, args| {
            let id = id_of(args, "id")?;
            match args.flag("die") {
                true => Ok(this.home().at_home(this.model.get(id)?)),
                false => match this.model.try_get(id)? {
                    Some(object) => Ok(this.home().at_home(object)),
                    None => Ok(Value::None),
                },
            }
        },
    )
    .needs(Needs::UNLOCKED),
    Member::method(
        "find",
        CONDITIONS,
        Ty::List,
        "Lists the objects that fit all conditions, in the order of their numbers.",
        with_model!("m.find(name='lamp')\nm.find(price=['>', '20 USD'])"),
        |this: &Arc<ModelValue>, args| Ok(this.list(this.model.find(&conditions(args)?)?)),
    )
    .needs(Needs::UNLOCKED),
    Member::method(
        "get_from_keys",
        &[Param::rest("properties", "values by name of property")],
        Ty::List,
        "Lists the objects that have all these values.",
        with_model!("m.get_from_keys(name='lamp')"),
        |this: &Arc<ModelValue>, args| {
            if args.rest().is_empty() {
                let error = Error::type_error("get_from_keys() needs a property at least");
                return Err(error.hint("m.get_all() lists all objects"));
            }
            let mut given = Map::new();
            for (name, value) in args.rest() {
                let exactly = schema::Value::List(vec!["==".into(), from_tree(value)?]);
                given.insert(name.clone(), exactly);
            }
            Ok(this.list(this.model.find(&given)?))
        },
    )
    .needs(Needs::UNLOCKED),
    Member::method(
        "count",
        CONDITIONS,
        Ty::Int,
        "Counts the objects that fit all conditions; without one all objects.",
        with_model!("m.count(name='lamp')"),
        |this: &Arc<ModelValue>, args| Ok(number(this.model.count(&conditions(args)?)?)),
    )
    .needs(Needs::UNLOCKED),
    Member::method(
        "exists",
        CONDITIONS,
        Ty::Bool,
        "Answers whether an object fits all conditions.",
        with_model!("m.exists(name='lamp')"),
        |this: &Arc<ModelValue>, args| Ok(this.model.exists(&conditions(args)?)?.into()),
    )
    .needs(Needs::UNLOCKED),
    Member::method(
        "iterate",
        CONDITIONS,
        Ty::Object(class_of::<Rows>),
        "Answers the objects that fit, for a loop; however many there are, few are in memory.",
        with_model!("for o in m.iterate() { print(o.name) }"),
        |this: &Arc<ModelValue>, args| {
            let given = conditions(args)?;
            // What is wrong with them is told here, not in the loop.
            this.model.conditions(&given)?;
            Ok(Value::object(Rows::found(&this.model, given)))
        },
    )
    .needs(Needs::UNLOCKED),
    Member::method(
        "get_all",
        &[],
        Ty::List,
        "Reads all objects into a list.",
        with_model!("m.get_all()"),
        |this: &Arc<ModelValue>, _| Ok(this.list(this.model.find(&Map::new())?)),
    )
    .needs(Needs::UNLOCKED),
];

const WRITING: &[Member<ModelValue>] = &[
    Member::method(
        "new",
        &[
            Param::optional("data", Ty::Any("dict"), Default::None, "values by name"),
            Param::rest("properties", "values by name"),
        ],
        Ty::Object(class_of::<DataObject>),
        "Makes an object; o.save() stores it.",
        with_model!("m.new({'name': 'table'}, price='99 EUR').save()"),
        |this: &Arc<ModelValue>, args| {
            let object = this.model.new_object(&data_of(args)?)?;
            Ok(this.home().at_home(object))
        },
    )
    .needs(Needs::UNLOCKED),
    Member::method(
        "save_all",
        &[Param::required(
            "objects",
            Ty::List,
            "objects of this model",
        )],
        Ty::Int,
        "Stores many objects, a thousand at a time, which is much faster than one by one.",
        with_model!("m.save_all([m.new(name='a'), m.new(name='b')])"),
        |this: &Arc<ModelValue>, args| this.save_all(args),
    )
    .needs(Needs::SAVES.and(Needs::UNLOCKED)),
    Member::method(
        "set_dynamic",
        &[
            Param::required(
                "data",
                Ty::Any("dict, JSON text, bytes or object"),
                "the data",
            ),
            Param::optional(
                "obj_id",
                Ty::Int,
                Default::None,
                "number of the object to change; a new one without",
            ),
        ],
        Ty::Object(class_of::<DataObject>),
        "Stores data and answers the object.",
        with_model!("m.set_dynamic({'name': 'desk'})"),
        |this: &Arc<ModelValue>, args| this.set_dynamic(args),
    )
    .needs(Needs::SAVES.and(Needs::UNLOCKED)),
    Member::method(
        "delete",
        &[Param::required(
            "obj",
            Ty::Any("number or object"),
            "which one",
        )],
        Ty::Nothing,
        "Deletes an object.",
        with_model!("m.delete(m.ids[0])"),
        |this: &Arc<ModelValue>, args| this.delete(args),
    )
    .needs(Needs::SAVES.and(Needs::UNLOCKED)),
    Member::method(
        "delete_all",
        &[],
        Ty::Int,
        "Deletes all its objects and answers how many. Their numbers are not given again.",
        with_model!("m.delete_all()"),
        |this: &Arc<ModelValue>, _| Ok(number(this.model.delete_all()?)),
    )
    .needs(Needs::SAVES.and(Needs::UNLOCKED)),
    Member::method(
        "trigger_add",
        &[Param::required(
            "function",
            Ty::Function,
            "called with model, object, action, and the name of the property or None",
        )],
        Ty::Int,
        "Calls a function when something happens to an object, until the shell ends: new, get,\n\
         change, set_pre, set_post or delete. An error in it stops what happens.",
        with_model!("m.trigger_add(|model, obj, action, property| print(action))"),
        |this: &Arc<ModelValue>, args| match args.get("function") {
            Value::Function(function) => {
                let TriggerId(id) = this.model.trigger_add(home::trigger(function.clone()));
                Ok(number(id))
            }
            _ => Err(args.error("function", "must be a function")),
        },
    ),
    Member::method(
        "trigger_remove",
        &[Param::required(
            "id",
            Ty::Int,
            "what trigger_add() answered",
        )],
        Ty::Nothing,
        "Takes a trigger away.",
        with_model!(
            "t = m.trigger_add(|model, obj, action, property| print(action))\nm.trigger_remove(t)"
        ),
        |this: &Arc<ModelValue>, args| match this
            .model
            .trigger_remove(TriggerId(id_of(args, "id")?))
        {
            true => Ok(Value::None),
            false => Err(Error::new(Kind::NotFound, "there is no such trigger")),
        },
    ),
    Member::property(
        "readonly",
        Ty::Bool,
        "True when nothing can be saved or deleted in this shell. Can be set.",
        with_model!("m.readonly = True"),
        |this: &Arc<ModelValue>, _| Ok(this.model.is_readonly().into()),
    )
    .assigned_by(|this: &Arc<ModelValue>, value| match value {
        Value::Bool(on) => {
            this.model.set_readonly(on);
            Ok(())
        }
        other => {
            let found = other.type_name();
            Err(Error::type_error(format!(
                "readonly must be bool, not {found}"
            )))
        }
    }),
    Member::method(
        "index_rebuild",
        &[],
        Ty::Nothing,
        "Makes its indexes again from the objects.",
        with_model!("m.index_rebuild()"),
        |this: &Arc<ModelValue>, _| Ok(this.model.index_rebuild()?.into()),
    )
    .needs(Needs::SAVES.and(Needs::UNLOCKED)),
];
