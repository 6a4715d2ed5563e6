//! Values of the tree to values of rhai and back.
use std::sync::{Arc, OnceLock, PoisonError, RwLock, Weak};

use indexmap::IndexMap;
use rhai::{Array, Blob, Dynamic, EvalAltResult, FnPtr, ImmutableString};

use super::node::{NOWHERE, Node};
use crate::object::{Class, Error, Kind, Member, Paint, Result, Value};

/// An error of ours on its way through rhai.
#[derive(Clone)]
pub struct Raised {
    /// The error.
    pub error: Error,
    /// The member whose call failed; rhai gives such errors no position.
    pub member: Option<String>,
}

/// Wraps an error of ours so that rhai carries it.
pub fn raise(error: Error) -> Box<EvalAltResult> {
    carry(Raised {
        error,
        member: None,
    })
}

/// Wraps an error of a call of a member.
pub fn raise_in(error: Error, member: &str) -> Box<EvalAltResult> {
    carry(Raised {
        error,
        member: Some(member.to_string()),
    })
}

fn carry(raised: Raised) -> Box<EvalAltResult> {
    Box::new(EvalAltResult::ErrorRuntime(Dynamic::from(raised), NOWHERE))
}

/// A value that only rhai knows (a range, a time stamp); it can be printed and handed back.
pub struct Foreign(pub Dynamic);

impl Foreign {
    /// The numbers of a range, also of one with steps.
    ///
    /// # Errors
    /// When it is not a range, or too long a one.
    pub fn items_of_range(self: &Arc<Self>, converter: &Arc<Converter>) -> Result<Value> {
        let (start, end) = if let Some(range) = self.0.read_lock::<std::ops::Range<i64>>() {
            (range.start, range.end)
        } else if let Some(range) = self.0.read_lock::<std::ops::RangeInclusive<i64>>() {
            (*range.start(), range.end().saturating_add(1))
        } else {
            return self.items_of_steps(converter);
        };
        if end.saturating_sub(start) > MOST_ITEMS {
            return Err(Error::value(format!(
                "a range of {start}..{end} is too long for a list"
            )));
        }
        Ok((start..end).map(Value::Int).collect())
    }

    /// The type of `range(1, 9, 2)` is rhai's own affair: rhai walks over it.
    fn items_of_steps(&self, converter: &Arc<Converter>) -> Result<Value> {
        let engine = rhai::Engine::new();
        let mut scope = rhai::Scope::new();
        scope.push_dynamic("steps", self.0.clone());
        scope.push("most", MOST_STEPS);
        let walk = "let items = []; for item in steps { items.push(item); most -= 1; \
                    if most < 0 { return (); } } items";
        match engine.eval_with_scope::<Dynamic>(&mut scope, walk) {
            Ok(items) if items.is_unit() => Err(Error::value("this range is too long for a list")),
            Ok(items) => Ok(converter.to_value(items)),
            Err(_) => Err(Error::type_error("this value is not iterable")),
        }
    }

    /// What is shown of it: never the name of a type of the engine.
    fn shown(&self) -> String {
        let text = self.0.to_string();
        match text.contains("::") {
            true => "<range>".to_string(),
            false => text,
        }
    }
}

/// A list made of a range may not be longer than this.
const MOST_ITEMS: i64 = 10_000_000;
/// The same for one with steps, which takes longer.
const MOST_STEPS: i64 = 1_000_000;

impl Class for Foreign {
    const NAME: &'static str = "value";
    const DOC: &'static str = "A value of the script language.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[];

    fn repr(&self, _paint: Paint) -> String {
        self.shown()
    }
    fn inline(&self) -> String {
        self.shown()
    }
}

/// Converts both ways. Functions of a script need the engine to be called later, so a converter
/// knows it; weakly, because the engine holds converters.
pub struct Converter {
    engine: OnceLock<Weak<rhai::Engine>>,
    library: RwLock<Arc<rhai::AST>>,
}

impl Converter {
    /// A converter whose engine is told later with [`Converter::connect`].
    pub fn detached() -> Self {
        Converter {
            engine: OnceLock::new(),
            library: RwLock::new(Arc::new(rhai::AST::empty())),
        }
    }

    /// Tells which engine calls functions of scripts.
    pub fn connect(&self, engine: &Arc<rhai::Engine>) {
        // Only the first engine counts; there is one per converter.
        let _ = self.engine.set(Arc::downgrade(engine));
    }

    /// The functions that scripts have defined so far.
    pub fn set_library(&self, library: Arc<rhai::AST>) {
        *self.library.write().unwrap_or_else(PoisonError::into_inner) = library;
    }

    /// A value as rhai sees it.
    pub fn to_dynamic(&self, value: Value) -> Dynamic {
        match value {
            Value::None => Dynamic::UNIT,
            Value::Bool(b) => b.into(),
            Value::Int(i) => i.into(),
            Value::Float(f) => f.into(),
            Value::Str(s) => s.into(),
            Value::Bytes(bytes) => Dynamic::from_blob(bytes),
            Value::List(list) => {
                Dynamic::from_array(list.into_iter().map(|v| self.to_dynamic(v)).collect())
            }
            Value::Map(map) => Dynamic::from_map(
                map.into_iter()
                    .map(|(k, v)| (k.into(), self.to_dynamic(v)))
                    .collect(),
            ),
            Value::Object(object) => match Value::Object(object.clone()).downcast::<Foreign>() {
                Some(foreign) => foreign.0.clone(),
                None => Dynamic::from(Node(object)),
            },
            Value::Function(function) => Dynamic::from(Function(function)),
        }
    }

    /// A value of rhai as the tree sees it.
    pub fn to_value(self: &Arc<Self>, value: Dynamic) -> Value {
        let value = value.flatten();
        if value.is_unit() {
            return Value::None;
        }
        if let Ok(b) = value.as_bool() {
            return Value::Bool(b);
        }
        if let Ok(i) = value.as_int() {
            return Value::Int(i);
        }
        if let Ok(f) = value.as_float() {
            return Value::Float(f);
        }
        if let Ok(c) = value.as_char() {
            return Value::Str(c.to_string());
        }
        let value = match value.try_cast_result::<ImmutableString>() {
            Ok(text) => return Value::Str(text.to_string()),
            Err(value) => value,
        };
        let value = match value.try_cast_result::<Node>() {
            Ok(node) => return Value::Object(node.0),
            Err(value) => value,
        };
        let value = match value.try_cast_result::<Array>() {
            Ok(array) => {
                return Value::List(array.into_iter().map(|v| self.to_value(v)).collect());
            }
            Err(value) => value,
        };
        let value = match value.try_cast_result::<rhai::Map>() {
            Ok(map) => {
                let entries: IndexMap<String, Value> = map
                    .into_iter()
                    .map(|(k, v)| (k.to_string(), self.to_value(v)))
                    .collect();
                return Value::Map(entries);
            }
            Err(value) => value,
        };
        let value = match value.try_cast_result::<Blob>() {
            Ok(bytes) => return Value::Bytes(bytes),
            Err(value) => value,
        };
        let value = match value.try_cast_result::<Function>() {
            Ok(function) => return Value::Function(function.0),
            Err(value) => value,
        };
        match value.try_cast_result::<FnPtr>() {
            Ok(pointer) => self.function(pointer),
            Err(other) => Value::object(Foreign(other)),
        }
    }

    fn function(self: &Arc<Self>, pointer: FnPtr) -> Value {
        let converter = self.clone();
        Value::Function(Arc::new(move |args: Vec<Value>| -> Result<Value> {
            let engine = converter
                .engine
                .get()
                .and_then(Weak::upgrade)
                .ok_or_else(|| Error::new(Kind::Internal, "the engine of this function is gone"))?;
            let library = converter
                .library
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .clone();
            let args: Vec<Dynamic> = args
                .into_iter()
                .map(|value| converter.to_dynamic(value))
                .collect();
            let answer: Dynamic = pointer
                .call(&engine, &library, args)
                .map_err(|error| super::errors::unpositioned(*error))?;
            Ok(converter.to_value(answer))
        }))
    }
}

/// A function of the tree inside rhai.
#[derive(Clone)]
pub struct Function(pub crate::object::Callable);
