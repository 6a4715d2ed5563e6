//! Connects objects of the tree to rhai: properties, methods, operators, write-back.
//!
//! This is the only file that uses rhai's volatile `on_missing_function` (feature `internals`; the
//! crate is pinned to one version for it). There is no stable way to dispatch a method by name with
//! any number of arguments: registering every method name for every number of arguments would need
//! the whole tree in advance and would trigger write-backs.
use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;

use rhai::{Dynamic, EvalAltResult, ImmutableString, Position};

use super::convert::{Converter, raise, raise_in};
use crate::object::{Error, Kind, Obj, Result, Value, dispatch};

/// A handle of an object inside the engine.
#[derive(Clone)]
pub struct Node(pub Obj);

/// Keyword arguments, always the last argument of a call.
#[derive(Clone)]
pub struct KwArgs(pub rhai::Map);

/// How many reads are remembered to recognise a write-back. A chain of dots longer than this does
/// not occur: the dialect limits expression depth long before.
const REMEMBERED: usize = 32;

type Seen = VecDeque<(usize, String, Value)>;

thread_local! {
    /// Reads that answered an object, a list or a text (without it). After a change below a property
    /// rhai sets the property again on every level above; such a set is recognised here and does
    /// nothing.
    static READ: RefCell<Seen> = const { RefCell::new(VecDeque::new()) };
}

fn address(object: &Obj) -> usize {
    Arc::as_ptr(object).cast::<()>() as usize
}

fn remember(parent: &Obj, key: &str, value: &Value) {
    let value = match value {
        Value::Object(_) | Value::List(_) => value.clone(),
        // Only that it was read counts.
        Value::Str(_) => Value::None,
        _ => return,
    };
    READ.with_borrow_mut(|seen| {
        if seen.len() == REMEMBERED {
            seen.pop_front();
        }
        seen.push_back((address(parent), key.to_string(), value));
    });
}

fn was_read(parent: &Obj, key: &str, value: &Value) -> bool {
    let Value::Object(_) = value else {
        return false;
    };
    READ.with_borrow(|seen| {
        seen.iter()
            .any(|(p, k, read)| *p == address(parent) && k == key && is_same(read, value))
    })
}

/// True when this statement read it: what is set now may be what a method made of it in place.
fn was_read_before(parent: &Obj, key: &str) -> bool {
    READ.with_borrow(|seen| {
        seen.iter()
            .any(|(p, k, _)| *p == address(parent) && k == key)
    })
}

/// True for a list that is set as it was read last: `map()` and its like leave it unchanged.
fn is_unchanged_list(parent: &Obj, key: &str, value: &Value) -> bool {
    let Value::List(list) = value else {
        return false;
    };
    READ.with_borrow(|seen| {
        let last = seen
            .iter()
            .rfind(|(p, k, _)| *p == address(parent) && k == key);
        matches!(last, Some((_, _, Value::List(read))) if read.len() == list.len()
            && read.iter().zip(list).all(|(read, item)| is_same(read, item)))
    })
}

fn is_same(read: &Value, value: &Value) -> bool {
    match (read, value) {
        (Value::Object(read), Value::Object(object)) => address(read) == address(object),
        _ => read.equals(value),
    }
}

/// Forgets what was read, so that nothing is kept alive between inputs.
pub fn forget_reads() {
    READ.with_borrow_mut(VecDeque::clear);
}

/// The key under which the read of an element is remembered; no property has such a name.
fn element(index: i64) -> String {
    format!("[{index}]")
}

fn get(converter: &Arc<Converter>, node: &Node, key: &str) -> Result<Dynamic> {
    let value = dispatch::read(&node.0, key)?;
    remember(&node.0, key, &value);
    Ok(converter.to_dynamic(value))
}

fn set(converter: &Arc<Converter>, node: &Node, key: &str, value: Dynamic) -> Result<()> {
    let value = converter.to_value(value);
    if was_read(&node.0, key, &value) {
        return Ok(());
    }
    let unchanged = is_unchanged_list(&node.0, key, &value);
    match dispatch::assign(&node.0, key, value) {
        // Nobody wanted to set it.
        Err(error) if error.kind == Kind::Attribute && unchanged => Ok(()),
        Err(error) if error.kind == Kind::Attribute && was_read_before(&node.0, key) => {
            Err(error.hint("it is computed: take it into a variable first, and change that"))
        }
        outcome => outcome,
    }
}

/// Takes the arguments of a call apart: positional ones and, when the last is one, keywords.
pub fn split_arguments(
    converter: &Arc<Converter>,
    args: &mut [&mut Dynamic],
) -> (Vec<Value>, Vec<(String, Value)>) {
    let mut positional = Vec::with_capacity(args.len());
    let mut keywords = Vec::new();
    for arg in args.iter_mut() {
        let arg = std::mem::take(*arg);
        match arg.try_cast_result::<KwArgs>() {
            Ok(map) => keywords.extend(
                map.0
                    .into_iter()
                    .map(|(k, v)| (k.to_string(), converter.to_value(v))),
            ),
            Err(arg) => positional.push(converter.to_value(arg)),
        }
    }
    (positional, keywords)
}

fn operate(op: &str, left: Value, right: Value) -> Result<Value> {
    let answer = match (&left, &right) {
        (Value::Object(a), _) => a.operate(op, &right, false).or_else(|| match &right {
            Value::Object(b) => b.operate(op, &left, true),
            _ => None,
        }),
        (_, Value::Object(b)) => b.operate(op, &left, true),
        _ => None,
    };
    answer.unwrap_or_else(|| {
        Err(Error::type_error(format!(
            "unsupported operand type(s) for {op}: '{}' and '{}'",
            left.type_name(),
            right.type_name()
        )))
    })
}

fn compare(op: &str, left: &Value, right: &Value) -> Result<bool> {
    use std::cmp::Ordering;
    let order = match (left, right) {
        (Value::Object(a), _) => a.compare(right),
        (_, Value::Object(b)) => b.compare(left).map(Ordering::reverse),
        _ => None,
    };
    let Some(order) = order else {
        return Err(Error::type_error(format!(
            "'{op}' not supported between instances of '{}' and '{}'",
            left.type_name(),
            right.type_name()
        )));
    };
    Ok(match op {
        "<" => order == Ordering::Less,
        "<=" => order != Ordering::Greater,
        ">" => order == Ordering::Greater,
        _ => order != Ordering::Less,
    })
}

/// Iterating over a node gives its items.
impl IntoIterator for Node {
    type Item = std::result::Result<Dynamic, Box<EvalAltResult>>;
    type IntoIter = Box<dyn Iterator<Item = Self::Item>>;

    fn into_iter(self) -> Self::IntoIter {
        let converter = Converter::detached();
        match self.0.clone().stream() {
            Some(Ok(stream)) => {
                return Box::new(
                    stream.map(move |item| item.map(|v| converter.to_dynamic(v)).map_err(raise)),
                );
            }
            Some(Err(error)) => return Box::new(std::iter::once(Err(raise(error)))),
            None => {}
        }
        let items: Vec<Self::Item> = match self.0.items() {
            Some(items) => items
                .into_iter()
                .map(|v| Ok(converter.to_dynamic(v)))
                .collect(),
            None => vec![Err(raise(Error::type_error(format!(
                "'{}' object is not iterable",
                self.0.class().name
            ))))],
        };
        Box::new(items.into_iter())
    }
}

/// Registers the node type and everything that works on it.
pub fn register(engine: &mut rhai::Engine, converter: &Arc<Converter>) {
    engine.register_type_with_name::<Node>("object");
    engine.register_type_with_name::<KwArgs>("keyword arguments");
    engine.register_iterator_result::<Node, Dynamic>();

    let c = converter.clone();
    engine.register_indexer_get(move |node: &mut Node, key: ImmutableString| {
        get(&c, node, &key).map_err(raise)
    });
    let c = converter.clone();
    engine.register_indexer_set(
        move |node: &mut Node, key: ImmutableString, value: Dynamic| {
            set(&c, node, &key, value).map_err(raise)
        },
    );
    let c = converter.clone();
    engine.register_indexer_get(move |node: &mut Node, index: i64| {
        let value = dispatch::index(&node.0, &Value::Int(index)).map_err(raise)?;
        remember(&node.0, &element(index), &value);
        Ok::<_, Box<EvalAltResult>>(c.to_dynamic(value))
    });
    let c = converter.clone();
    engine.register_indexer_set(move |node: &mut Node, index: i64, value: Dynamic| {
        let value = c.to_value(value);
        if was_read(&node.0, &element(index), &value) {
            return Ok(());
        }
        dispatch::set_index(&node.0, &Value::Int(index), &value).map_err(raise)
    });
    engine.register_fn("to_string", |node: &mut Node| node.0.text());
    engine.register_fn("to_debug", |node: &mut Node| node.0.inline());

    for op in ["+", "-", "*", "/", "%", "**"] {
        let c = converter.clone();
        engine.register_fn(op, move |left: Node, right: Dynamic| {
            operate(op, Value::Object(left.0), c.to_value(right))
                .map(|v| c.to_dynamic(v))
                .map_err(raise)
        });
        let c = converter.clone();
        engine.register_fn(op, move |left: Dynamic, right: Node| {
            operate(op, c.to_value(left), Value::Object(right.0))
                .map(|v| c.to_dynamic(v))
                .map_err(raise)
        });
    }
    let c = converter.clone();
    engine.register_fn("-", move |node: Node| {
        let object = Value::Object(node.0);
        let type_name = object.type_name();
        operate("-", Value::None, object)
            .map(|v| c.to_dynamic(v))
            .map_err(|error| match error.kind {
                Kind::Type => raise(Error::type_error(format!(
                    "bad operand type for unary -: '{type_name}'"
                ))),
                _ => raise(error),
            })
    });
    for op in ["<", "<=", ">", ">="] {
        let c = converter.clone();
        engine.register_fn(op, move |left: Node, right: Dynamic| {
            compare(op, &Value::Object(left.0), &c.to_value(right)).map_err(raise)
        });
        let c = converter.clone();
        engine.register_fn(op, move |left: Dynamic, right: Node| {
            compare(op, &c.to_value(left), &Value::Object(right.0)).map_err(raise)
        });
    }
    for (op, wanted) in [("==", true), ("!=", false)] {
        let c = converter.clone();
        engine.register_fn(op, move |left: Node, right: Dynamic| {
            Value::Object(left.0).equals(&c.to_value(right)) == wanted
        });
        let c = converter.clone();
        engine.register_fn(op, move |left: Dynamic, right: Node| {
            c.to_value(left).equals(&Value::Object(right.0)) == wanted
        });
    }
    let c = converter.clone();
    engine.register_fn("contains", move |node: &mut Node, needle: Dynamic| {
        node.0.contains(&c.to_value(needle)).ok_or_else(|| {
            raise(Error::type_error(format!(
                "argument of type '{}' is not iterable",
                node.0.class().name
            )))
        })
    });

    let c = converter.clone();
    #[allow(deprecated)] // marked volatile, not deprecated; the version is pinned
    engine.on_missing_function(move |name, args, is_method, mut context| {
        // A function without a name, given to map() or filter() of a list of objects, is tried as
        // a method of each first; no member has its name.
        let is_name = |name: &str| name.starts_with(|ch: char| ch.is_alphabetic() || ch == '_');
        if !is_name(name) || name.contains('$') {
            return Ok(None);
        }
        let object = args
            .first()
            .filter(|_| is_method)
            .and_then(|first| first.read_lock::<Node>().map(|node| node.0.clone()));
        let Some(object) = object else {
            return Ok(as_texts(&mut context, name, args));
        };
        let (_, rest) = args.split_at_mut(1);
        // The object itself is consumed as rhai expects of a call by value.
        let (positional, keywords) = split_arguments(&c, rest);
        dispatch::call(&object, name, positional, keywords)
            .map(|value| Some(c.to_dynamic(value)))
            .map_err(|error| raise_in(error, name))
    });
}

/// Calls with each char among the arguments as a text of one character: `'a'` is a char in Rhai, and
/// text to whoever typed it. Only what Rhai has no answer to is tried so; None when nothing is won.
fn as_texts(context: &mut rhai::EvalContext, name: &str, args: &[&mut Dynamic]) -> Option<Dynamic> {
    if !args.iter().any(|arg| arg.is_char()) {
        return None;
    }
    let text = |arg: &&mut Dynamic| match arg.as_char() {
        Ok(ch) => Dynamic::from(ch.to_string()),
        Err(_) => (**arg).clone(),
    };
    let mut texts: Vec<Dynamic> = args.iter().map(text).collect();
    let mut texts: Vec<&mut Dynamic> = texts.iter_mut().collect();
    context.call_native_fn_raw(name, true, &mut texts).ok()
}

/// The position of an error that has none of its own.
pub const NOWHERE: Position = Position::NONE;
