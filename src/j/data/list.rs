//! A list inside an object; what is changed in it is changed in the object.
use std::sync::Arc;

use super::object::{DataObject, Step};
use super::value::{from_tree, to_tree};
use crate::object::{
    Class, Default, Error, Kind, Member, Paint, Param, Result, Ty, Value, class_of, print,
};
use crate::schema::{self, ListMut, Type};

/// A list inside an object.
pub struct TypedList {
    owner: DataObject,
    name: String,
}

/// An example on an object with a list of numbers and a list of objects.
macro_rules! with_lists {
    ($line:literal) => {
        concat!(
            "j.data.schema.get_from_text('name = \"\"', 'shop.child')\n",
            "s = j.data.schema.get_from_text('numbers = \"1,2,3\" (LI)\\nkids = (LO) !shop.child', 'shop.parent')\n",
            "o = s.new()\n",
            $line
        )
    };
}

impl TypedList {
    pub(super) fn new(owner: DataObject, name: &str) -> TypedList {
        TypedList {
            owner,
            name: name.into(),
        }
    }

    /// A copy of the elements.
    ///
    /// # Errors
    /// When the object it is in is gone.
    pub fn data(&self) -> Result<Vec<schema::Value>> {
        self.owner.read(|object| match object.get(&self.name) {
            Ok(schema::Value::List(list)) => Ok(list.clone()),
            Ok(_) => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        })?
    }

    fn element(&self, at: usize, value: &schema::Value, object: &schema::Object) -> Value {
        match value {
            schema::Value::Object(_) => {
                Value::object(self.owner.below(Step::Item(self.name.clone(), at)))
            }
            other => to_tree(other, object.context()),
        }
    }

    fn elements(&self) -> Result<Vec<Value>> {
        self.owner.read(|object| {
            let list = object.get(&self.name)?.as_list().unwrap_or_default();
            let elements = list.iter().enumerate();
            Ok(elements
                .map(|(at, value)| self.element(at, value, object))
                .collect())
        })?
    }

    fn get(&self, index: i64) -> Result<Value> {
        self.owner.read(|object| {
            let list = object.get(&self.name)?.as_list().unwrap_or_default();
            let at = match usize::try_from(index) {
                Ok(at) => Some(at),
                Err(_) => usize::try_from(index.unsigned_abs())
                    .ok()
                    .and_then(|back| list.len().checked_sub(back)),
            };
            let found = at.and_then(|at| Some((at, list.get(at)?)));
            let (at, value) = found.ok_or_else(|| {
                Error::new(
                    Kind::NotFound,
                    format!(
                        "index {index} is out of range: '{}' has {} elements",
                        self.name,
                        list.len()
                    ),
                )
            })?;
            Ok(self.element(at, value, object))
        })?
    }

    /// Changes the list; elements keep their places.
    fn add<R>(&self, apply: impl FnOnce(&mut ListMut) -> Result<R>) -> Result<R> {
        self.owner
            .change(|object| apply(&mut object.list_mut(&self.name)?))
    }

    /// Changes the list; elements may have other places afterwards.
    fn alter<R>(&self, apply: impl FnOnce(&mut ListMut) -> Result<R>) -> Result<R> {
        let done = self.add(apply)?;
        if self.kind(|element| matches!(element, Type::Object(_))) {
            self.owner.held().moved();
        }
        Ok(done)
    }

    /// Asks the list without changing it, also when it is read-only.
    fn ask<R>(&self, ask: impl FnOnce(&mut ListMut) -> Result<R>) -> Result<R> {
        let mut copy = self.owner.snapshot()?;
        copy.set_readonly(false);
        let mut list = copy.list_mut(&self.name)?;
        ask(&mut list)
    }

    fn kind(&self, ask: impl FnOnce(&Type) -> bool) -> bool {
        let asked =
            self.owner.read(
                |object| match object.schema().property(&self.name).map(|p| &p.kind) {
                    Some(Type::List(element)) => ask(element),
                    _ => false,
                },
            );
        asked.unwrap_or(false)
    }

    fn loose(&self, value: &schema::Value) -> Result<Value> {
        self.owner.read(|object| to_tree(value, object.context()))
    }

    /// A text of the list; `***` for a secret one that is not empty.
    fn shown(
        &self,
        plain: impl FnOnce(&schema::Object, &Type, &schema::Value) -> String,
    ) -> String {
        let text = self.owner.read(|object| {
            let property = object.schema().property(&self.name)?;
            let value = object.get(&self.name).ok()?;
            let hidden = property.secret && value.as_list().is_some_and(|list| !list.is_empty());
            Some(match hidden {
                true => "***".into(),
                false => plain(object, &property.kind, value),
            })
        });
        match text {
            Ok(text) => text.unwrap_or_default(),
            Err(error) => error.message,
        }
    }
}

const ITEM: Param = Param::required("item", Ty::Any("any"), "the element");

impl Class for TypedList {
    const NAME: &'static str = "list";
    const DOC: &'static str = "A list in an object. Elements are [0], [1], …; negative numbers count from the end.\n\
                               Every element that is put in is converted to the type of the list.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::method(
            "append",
            &[ITEM],
            Ty::Nothing,
            "Adds an element at the end.",
            with_lists!("o.numbers.append('4')"),
            |this, args| {
                let item = from_tree(args.get("item"))?;
                Ok(this.add(|list| Ok(list.append(&item)?))?.into())
            },
        ),
        Member::method(
            "push",
            &[ITEM],
            Ty::Nothing,
            "Adds an element at the end.",
            with_lists!("o.numbers.push(4)"),
            |this, args| {
                let item = from_tree(args.get("item"))?;
                Ok(this.add(|list| Ok(list.append(&item)?))?.into())
            },
        ),
        Member::method(
            "insert",
            &[Param::required("index", Ty::Int, "its place"), ITEM],
            Ty::Nothing,
            "Adds an element at a place.",
            with_lists!("o.numbers.insert(0, 7)"),
            |this, args| {
                let item = from_tree(args.get("item"))?;
                let index = args.opt_int("index").unwrap_or(0);
                Ok(this.alter(|list| Ok(list.insert(index, &item)?))?.into())
            },
        ),
        Member::method(
            "extend",
            &[Param::required("items", Ty::Any("list"), "the elements")],
            Ty::Nothing,
            "Adds several elements at the end, all of them or none.",
            with_lists!("o.numbers.extend([4, 5])"),
            |this, args| {
                let items = from_tree(args.get("items"))?;
                Ok(this.add(|list| Ok(list.extend(&items)?))?.into())
            },
        ),
        Member::method(
            "pop",
            &[Param::optional(
                "index",
                Ty::Int,
                Default::None,
                "its place; the last one without",
            )],
            Ty::Any("any"),
            "Takes an element away and answers it.",
            with_lists!("o.numbers.pop()"),
            |this, args| {
                let index = args.opt_int("index");
                let value = this.alter(|list| Ok(list.pop(index)?))?;
                this.loose(&value)
            },
        ),
        Member::method(
            "remove",
            &[ITEM],
            Ty::Nothing,
            "Takes the first element away that equals the item.",
            with_lists!("o.numbers.remove(2)"),
            |this, args| {
                let item = from_tree(args.get("item"))?;
                Ok(this.alter(|list| Ok(list.remove(&item)?))?.into())
            },
        ),
        Member::method(
            "index",
            &[ITEM],
            Ty::Int,
            "Answers the place of the first element that equals the item.",
            with_lists!("o.numbers.index(2)"),
            |this, args| {
                let item = from_tree(args.get("item"))?;
                let at = this.ask(|list| Ok(list.position(&item)?))?;
                i64::try_from(at)
                    .map(Value::Int)
                    .map_err(|_| Error::value("the list is too long"))
            },
        ),
        Member::method(
            "reverse",
            &[],
            Ty::Nothing,
            "Turns the order round.",
            with_lists!("o.numbers.reverse()"),
            |this, _| {
                Ok(this
                    .alter(|list| {
                        list.reverse();
                        Ok(())
                    })?
                    .into())
            },
        ),
        Member::method(
            "clear",
            &[],
            Ty::Nothing,
            "Takes all elements away.",
            with_lists!("o.numbers.clear()"),
            |this, _| {
                Ok(this
                    .alter(|list| {
                        list.clear();
                        Ok(())
                    })?
                    .into())
            },
        ),
        Member::method(
            "pylist",
            &[],
            Ty::List,
            "Answers a copy as a plain list.",
            with_lists!("o.numbers.pylist()"),
            |this, _| Ok(Value::List(this.elements()?)),
        ),
        Member::method(
            "new",
            &[
                Param::optional("data", Ty::Any("dict"), Default::None, "values by name"),
                Param::rest("properties", "values by name"),
            ],
            Ty::Object(class_of::<DataObject>),
            "Adds a new object to a list of objects and answers it.",
            with_lists!("o.kids.new(name='Ada').name"),
            |this, args| {
                let data = super::schema_value::data_of(args)?;
                let at = this.add(|list| {
                    list.new_object(Some(&data))?;
                    Ok(list.items().len().saturating_sub(1))
                })?;
                let step = Step::Item(this.name.clone(), at);
                Ok(Value::object(this.owner.below(step)))
            },
        ),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        let text = self.shown(|object, kind, value| kind.prompt(value, object.context()));
        text.trim_end_matches('\n').to_string()
    }
    fn inline(&self) -> String {
        self.shown(|object, _, value| print::inline(&to_tree(value, object.context())))
    }
    fn to_json(&self) -> serde_json::Value {
        let list = self.elements().unwrap_or_default();
        Value::List(list).to_json()
    }
    fn index(self: &Arc<Self>, index: &Value) -> Option<Result<Value>> {
        match index {
            Value::Int(index) => Some(self.get(*index)),
            _ => None,
        }
    }
    fn set_index(self: &Arc<Self>, index: &Value, value: &Value) -> Option<Result<()>> {
        let Value::Int(index) = index else {
            return None;
        };
        let set = || {
            let value = from_tree(value)?;
            self.alter(|list| Ok(list.set(*index, &value)?))
        };
        Some(set())
    }
    fn items(&self) -> Option<Vec<Value>> {
        self.elements().ok()
    }
    fn contains(&self, needle: &Value) -> Option<bool> {
        let needle = from_tree(needle).ok()?;
        self.ask(|list| Ok(list.contains(&needle))).ok()
    }
    fn equals(&self, other: &Value) -> bool {
        from_tree(other)
            .is_ok_and(|other| self.ask(|list| Ok(list.equals(&other))).unwrap_or(false))
    }
}
