//! A map inside an object; what is changed in it is changed in the object.
use std::sync::Arc;

use super::object::DataObject;
use super::value::{from_tree, to_tree};
use crate::object::dict::key;
use crate::object::{Class, Default, Error, Kind, Member, Paint, Param, Result, Ty, Value, print};
use crate::schema;

/// A map inside an object.
pub struct DataDict {
    owner: DataObject,
    name: String,
}

/// An example on an object with a dict.
macro_rules! with_dict {
    ($line:literal) => {
        concat!(
            "o = j.data.schema.get_from_text('info = {\"number\": 468} (dict)', 'shop.info').new()\n",
            $line
        )
    };
}

const KEY: Param = Param::required("key", Ty::Str, "the key");

impl DataDict {
    pub(super) fn new(owner: DataObject, name: &str) -> DataDict {
        DataDict {
            owner,
            name: name.into(),
        }
    }

    /// A copy of the entries.
    ///
    /// # Errors
    /// When the object it is in is gone.
    pub fn data(&self) -> Result<schema::Map> {
        self.owner.read(|object| match object.get(&self.name) {
            Ok(schema::Value::Map(map)) => Ok(map.clone()),
            Ok(_) => Ok(schema::Map::new()),
            Err(error) => Err(error.into()),
        })?
    }

    fn find(&self, key: &str) -> Result<Option<Value>> {
        self.owner.read(|object| {
            let map = object.get(&self.name).ok()?.as_map()?;
            Some(to_tree(map.get(key)?, object.context()))
        })
    }

    fn entries(&self) -> Vec<(String, Value)> {
        let entries = self.owner.read(|object| {
            let map = object.get(&self.name).ok().and_then(|v| v.as_map());
            let all = map.into_iter().flatten();
            all.map(|(k, v)| (k.clone(), to_tree(v, object.context())))
                .collect()
        });
        entries.unwrap_or_default()
    }

    fn missing(&self, key: &str) -> Error {
        let error = Error::new(
            Kind::NotFound,
            format!("key not found: {}", print::quote(key)),
        );
        let known: Vec<String> = self.entries().into_iter().map(|(key, _)| key).collect();
        crate::object::similar::hinted(error, key, known.iter().map(String::as_str))
    }

    fn set(&self, key: &str, value: &Value) -> Result<()> {
        let value = from_tree(value)?;
        self.owner
            .change(|object| Ok(object.dict_set(&self.name, key, value)?))
    }

    fn remove(&self, key: &str) -> Result<Value> {
        let removed = self
            .owner
            .change(|object| Ok(object.dict_remove(&self.name, key)?))?;
        match removed {
            Some(value) => self.owner.read(|object| to_tree(&value, object.context())),
            None => Err(self.missing(key)),
        }
    }

    fn is_hidden(&self) -> bool {
        let hidden = self.owner.read(|object| {
            let property = object.schema().property(&self.name);
            property.is_some_and(|p| p.secret)
        });
        hidden.unwrap_or(false) && !self.entries().is_empty()
    }
}

impl Class for DataDict {
    const NAME: &'static str = "dict";
    const DOC: &'static str = "A map in an object, with text keys in the order they were set.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::method(
            "get",
            &[
                KEY,
                Param::optional(
                    "default",
                    Ty::Any("any"),
                    Default::None,
                    "answered when absent",
                ),
            ],
            Ty::Any("any"),
            "Answers the value of a key, or the default.",
            with_dict!("o.info.get('number')"),
            |this, args| {
                let found = this.find(args.text("key"))?;
                Ok(found.unwrap_or_else(|| args.get("default").clone()))
            },
        ),
        Member::method(
            "items",
            &[],
            Ty::List,
            "Lists pairs of key and value.",
            with_dict!("o.info.items()"),
            |this, _| {
                let entries = this.entries().into_iter();
                Ok(entries
                    .map(|(k, v)| Value::List(vec![k.into(), v]))
                    .collect())
            },
        ),
        Member::method(
            "keys",
            &[],
            Ty::List,
            "Lists the keys.",
            with_dict!("o.info.keys()"),
            |this, _| {
                Ok(this
                    .entries()
                    .into_iter()
                    .map(|(k, _)| Value::Str(k))
                    .collect())
            },
        ),
        Member::method(
            "values",
            &[],
            Ty::List,
            "Lists the values.",
            with_dict!("o.info.values()"),
            |this, _| Ok(this.entries().into_iter().map(|(_, v)| v).collect()),
        ),
        Member::method(
            "pop",
            &[KEY],
            Ty::Any("any"),
            "Takes a key away and answers its value.",
            with_dict!("o.info.pop('number')"),
            |this, args| this.remove(args.text("key")),
        ),
        Member::method(
            "remove",
            &[KEY],
            Ty::Any("any"),
            "Takes a key away and answers its value.",
            with_dict!("o.info.remove('number')"),
            |this, args| this.remove(args.text("key")),
        ),
        Member::method(
            "update",
            &[Param::required(
                "entries",
                Ty::Any("dict"),
                "keys and values",
            )],
            Ty::Nothing,
            "Sets several keys, all of them or none.",
            with_dict!("o.info.update({'a': 1, 'b': 2})"),
            |this, args| match from_tree(args.get("entries"))? {
                schema::Value::Map(entries) => {
                    let mut next = this.data()?;
                    next.extend(entries);
                    let next = schema::Value::Map(next);
                    let set = |object: &mut schema::Object| Ok(object.set(&this.name, &next)?);
                    Ok(this.owner.change(set)?.into())
                }
                _ => Err(args.error("entries", "must be a dict")),
            },
        ),
        Member::method(
            "clear",
            &[],
            Ty::Nothing,
            "Takes everything away.",
            with_dict!("o.info.clear()"),
            |this, _| {
                let empty = schema::Value::Map(schema::Map::new());
                let set = |object: &mut schema::Object| Ok(object.set(&this.name, &empty)?);
                Ok(this.owner.change(set)?.into())
            },
        ),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        if self.is_hidden() {
            return "***".into();
        }
        print::inline(&Value::Map(self.entries().into_iter().collect()))
    }
    fn inline(&self) -> String {
        Class::repr(self, Paint::Plain)
    }
    fn to_json(&self) -> serde_json::Value {
        if self.is_hidden() {
            return "***".into();
        }
        Value::Map(self.entries().into_iter().collect()).to_json()
    }
    fn index(self: &Arc<Self>, index: &Value) -> Option<Result<Value>> {
        let key = key(index)?;
        Some(match self.find(&key) {
            Ok(Some(value)) => Ok(value),
            Ok(None) => Err(self.missing(&key)),
            Err(error) => Err(error),
        })
    }
    fn set_index(self: &Arc<Self>, index: &Value, value: &Value) -> Option<Result<()>> {
        Some(self.set(&key(index)?, value))
    }
    fn items(&self) -> Option<Vec<Value>> {
        Some(
            self.entries()
                .into_iter()
                .map(|(k, _)| Value::Str(k))
                .collect(),
        )
    }
    fn contains(&self, needle: &Value) -> Option<bool> {
        let key = key(needle)?;
        Some(matches!(self.find(&key), Ok(Some(_))))
    }
    fn equals(&self, other: &Value) -> bool {
        let other = match from_tree(other) {
            Ok(schema::Value::Map(map)) => map,
            _ => return false,
        };
        self.data().is_ok_and(|data| data == other)
    }
}
