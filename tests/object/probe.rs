//! A small tree with one of everything, for tests of the rooms that carry trees.
use std::cmp::Ordering;
use std::sync::{Arc, Mutex};

use kosmos::object::{
    Class, ClassInfo, Complete, Default, Error, Member, ModelProperty, Needs, Obj, Paint, Param,
    Peek, Result, Ty, Value, class_of, print,
};

/// `j` of the tests.
pub struct Root {
    shelf: Arc<Shelf>,
}

pub fn tree() -> Obj {
    Arc::new(Root {
        shelf: Arc::new(Shelf {
            boxes: Mutex::new(Vec::new()),
        }),
    })
}

impl Class for Root {
    const NAME: &'static str = "root";
    const DOC: &'static str = "The test tree.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::child(
            "shelf",
            class_of::<Shelf>,
            "Boxes by name.",
            "j.shelf",
            |root, _| Ok(root.shelf.clone().into()),
        ),
        Member::method(
            "add",
            &[
                Param::required("a", Ty::Int, "one number"),
                Param::optional("b", Ty::Int, Default::Int(1), "another"),
            ],
            Ty::Int,
            "Adds two numbers.",
            "j.add(1, b=2)",
            |_, args| {
                let (a, b) = (
                    args.opt_int("a").unwrap_or(0),
                    args.opt_int("b").unwrap_or(0),
                );
                a.checked_add(b)
                    .map(Value::Int)
                    .ok_or_else(|| Error::value("too large"))
            },
        ),
        Member::method(
            "money",
            &[Param::required("amount", Ty::Int, "how much")],
            Ty::Object(class_of::<Money>),
            "Answers money.",
            "j.money(3)",
            |_, args| Ok(Value::object(Money(args.opt_int("amount").unwrap_or(0)))),
        ),
        Member::method(
            "read",
            &[Param::required("file", Ty::Str, "a file").completed_by(Complete::File)],
            Ty::Nothing,
            "Reads a file.",
            "j.read('x')",
            |_, _| Ok(Value::None),
        ),
        Member::method("fail", &[], Ty::Nothing, "Fails.", "j.fail()", |_, _| {
            Err(Error::value("it failed").hint("do not call it"))
        }),
        Member::method(
            "panics",
            &[],
            Ty::Nothing,
            "Panics.",
            "j.panics()",
            |_, _| panic!("on purpose"),
        ),
        Member::method(
            "apply",
            &[Param::required("f", Ty::Function, "a function of two")],
            Ty::Any("any"),
            "Calls a function.",
            "j.apply(|a, b| a + b)",
            |_, args| match args.get("f") {
                Value::Function(f) => f(vec![Value::Int(20), Value::Int(22)]),
                _ => Ok(Value::None),
            },
        ),
    ]];

    fn location(&self) -> String {
        "j".into()
    }
}

/// A collection that creates by attribute.
pub struct Shelf {
    boxes: Mutex<Vec<Arc<Crate>>>,
}

impl Shelf {
    fn find(&self, name: &str) -> Option<Arc<Crate>> {
        self.boxes
            .lock()
            .unwrap()
            .iter()
            .find(|b| b.name == name)
            .cloned()
    }
    fn make(&self, name: &str) -> Arc<Crate> {
        let made = Arc::new(Crate {
            name: name.into(),
            size: Mutex::new(Value::Int(7)),
            tags: Mutex::new(Value::List(Vec::new())),
        });
        self.boxes.lock().unwrap().push(made.clone());
        made
    }
}

impl Class for Shelf {
    const NAME: &'static str = "shelf";
    const DOC: &'static str = "Named boxes.";
    const INSTANCES: Option<fn() -> ClassInfo> = Some(class_of::<Crate>);
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[Member::method(
        "new",
        &[
            Param::required("name", Ty::Str, "its name").completed_by(Complete::Instance),
            Param::rest("data", "its properties"),
        ],
        Ty::Object(class_of::<Crate>),
        "Makes a box.",
        "j.shelf.new('a', size=3)",
        |shelf, args| {
            let made = shelf.make(args.text("name"));
            for (key, value) in args.rest() {
                match Class::model_set(&made, key, value) {
                    Some(result) => result?,
                    None => {
                        return Err(Error::type_error(format!(
                            "new() got an unexpected keyword argument '{key}'"
                        )));
                    }
                }
            }
            Ok(made.into())
        },
    )]];

    fn location(&self) -> String {
        "j.shelf".into()
    }
    fn child_names(&self) -> Vec<String> {
        self.boxes
            .lock()
            .unwrap()
            .iter()
            .map(|b| b.name.clone())
            .collect()
    }
    fn peek_child(&self, name: &str) -> Option<Peek> {
        self.find(name).map(|b| Peek::Object(b))
    }
    fn child(self: &Arc<Self>, name: &str) -> Result<Option<Value>> {
        Ok(Some(
            self.find(name).unwrap_or_else(|| self.make(name)).into(),
        ))
    }
}

/// A named instance.
pub struct Crate {
    name: String,
    size: Mutex<Value>,
    tags: Mutex<Value>,
}

impl Class for Crate {
    const NAME: &'static str = "crate";
    const DOC: &'static str = "A box.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property(
            "volume",
            Ty::Int,
            "Its volume.",
            "j.shelf.a.volume",
            |b, _| match &*b.size.lock().unwrap() {
                Value::Int(size) => Ok(Value::Int(size * size * size)),
                _ => Ok(Value::None),
            },
        ),
        Member::property(
            "price",
            Ty::Object(class_of::<Money>),
            "Its price.",
            "",
            |_, _| Ok(Value::object(Money(5))),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "unlock",
            &[Param::required("passphrase", Ty::Str, "the passphrase").secret()],
            Ty::Bool,
            "Opens it.",
            "j.shelf.a.unlock('x')",
            |_, _| Ok(Value::Bool(true)),
        ),
    ]];

    fn model() -> Vec<ModelProperty> {
        let property = |name: &str, type_name: &str, secret| ModelProperty {
            name: name.into(),
            type_name: type_name.into(),
            default: String::new(),
            comment: String::new(),
            accepts: String::new(),
            secret,
        };
        vec![
            property("size", "int", false),
            property("tags", "list", true),
        ]
    }
    fn location(&self) -> String {
        format!("j.shelf.{}", self.name)
    }
    fn model_get(&self, name: &str) -> Option<Value> {
        match name {
            "size" => Some(self.size.lock().unwrap().clone()),
            "tags" => Some(self.tags.lock().unwrap().clone()),
            _ => None,
        }
    }
    fn model_set(self: &Arc<Self>, name: &str, value: &Value) -> Option<Result<()>> {
        let slot = match name {
            "size" if !matches!(value, Value::Int(_)) => {
                return Some(Err(Error::type_error(format!(
                    "size must be int, not {}",
                    value.type_name()
                ))));
            }
            "size" => &self.size,
            "tags" => &self.tags,
            _ => return None,
        };
        *slot.lock().unwrap() = value.clone();
        Some(Ok(()))
    }
    fn repr(&self, paint: Paint) -> String {
        let size = print::inline(&self.size.lock().unwrap());
        print::instance_block(
            "crate",
            &self.name,
            &[("size".into(), size), ("name".into(), self.name.clone())],
            paint,
        )
    }
}

/// A value with operators.
pub struct Money(pub i64);

impl Class for Money {
    const NAME: &'static str = "money";
    const DOC: &'static str = "An amount.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[Member::property(
        "cents",
        Ty::Int,
        "In cents.",
        "j.money(1).cents",
        |m, _| Ok(Value::Int(m.0 * 100)),
    )]];

    fn repr(&self, _paint: Paint) -> String {
        format!("{} TFT", self.0)
    }
    fn items(&self) -> Option<Vec<Value>> {
        Some(vec![Value::Int(self.0), "TFT".into()])
    }
    fn index(self: &Arc<Self>, index: &Value) -> Option<Result<Value>> {
        match index {
            Value::Int(0) => Some(Ok(Value::Int(self.0))),
            Value::Int(i) => Some(Err(Error::value(format!("no item {i}")))),
            _ => None,
        }
    }
    fn operate(&self, op: &str, other: &Value, swapped: bool) -> Option<Result<Value>> {
        let other = match other {
            Value::Int(i) => *i,
            other => other.downcast::<Money>()?.0,
        };
        let (a, b) = if swapped {
            (other, self.0)
        } else {
            (self.0, other)
        };
        match op {
            "+" => Some(Ok(Value::object(Money(a + b)))),
            "-" if a < b => Some(Err(Error::value("negative value"))),
            "-" => Some(Ok(Value::object(Money(a - b)))),
            _ => None,
        }
    }
    fn compare(&self, other: &Value) -> Option<Ordering> {
        match other {
            Value::Int(i) => Some(self.0.cmp(i)),
            other => Some(self.0.cmp(&other.downcast::<Money>()?.0)),
        }
    }
    fn equals(&self, other: &Value) -> bool {
        Class::compare(self, other) == Some(Ordering::Equal)
    }
}
