//! Functions every input can call, Python's names for things Rhai calls otherwise, and the hidden
//! functions that the dialect's rewritings use.
use std::any::TypeId;
use std::sync::Arc;

use rhai::{Array, Dynamic, EvalAltResult, FnPtr, ImmutableString, NativeCallContext};

use super::Print;
use super::convert::{Converter, Foreign, Raised, raise};
use super::format;
use super::node::{KwArgs, split_arguments};
use crate::object::dispatch::Method;
use crate::object::{Error, Kind, Result, Value, help, print};

/// Most arguments of a variadic function (`print`).
const MOST_ARGUMENTS: usize = 12;

type RhaiResult<T> = std::result::Result<T, Box<EvalAltResult>>;

/// Marks the end of the shell asked for by `exit()`; carried through rhai as an error.
#[derive(Clone)]
pub struct Exit(pub i32);

/// A function that takes any number of values.
fn variadic(
    engine: &mut rhai::Engine,
    converter: &Arc<Converter>,
    name: &'static str,
    counts: std::ops::RangeInclusive<usize>,
    call: impl Fn(Vec<Value>, Vec<(String, Value)>) -> Result<Value> + Clone + Send + Sync + 'static,
) {
    for count in counts {
        let types = vec![TypeId::of::<Dynamic>(); count];
        let (c, call) = (converter.clone(), call.clone());
        engine.register_raw_fn(
            name,
            types,
            move |_: NativeCallContext, args: &mut [&mut Dynamic]| {
                let mut copies: Vec<Dynamic> = args.iter().map(|a| (**a).clone()).collect();
                let mut refs: Vec<&mut Dynamic> = copies.iter_mut().collect();
                let (positional, keywords) = split_arguments(&c, &mut refs);
                call(positional, keywords)
                    .map(|v| c.to_dynamic(v))
                    .map_err(raise)
            },
        );
    }
}

fn one(
    engine: &mut rhai::Engine,
    converter: &Arc<Converter>,
    name: &'static str,
    call: fn(&Value) -> Result<Value>,
) {
    variadic(engine, converter, name, 1..=1, move |args, _| {
        call(args.first().unwrap_or(&Value::None))
    });
}

/// Registers everything; `out` gets what `print` prints.
pub fn register(engine: &mut rhai::Engine, converter: &Arc<Converter>, out: &Print) {
    printing(engine, converter, out);
    conversions(engine, converter);
    texts(engine, converter);
    iterating(engine);
    hidden(engine, converter);
    explaining(engine, converter, out);
    variadic(engine, converter, "exit", 0..=1, leave);
    variadic(engine, converter, "quit", 0..=1, leave);
    engine.register_type_with_name::<Raised>("error");
    engine.register_fn("to_string", |e: &mut Raised| e.error.message.clone());
    engine.register_fn("to_debug", |e: &mut Raised| e.error.message.clone());
    engine.register_get("message", |e: &mut Raised| e.error.message.clone());
    engine.register_get("kind", |e: &mut Raised| e.error.kind.name().to_string());
    let c = converter.clone();
    engine.register_get("hints", move |e: &mut Raised| {
        c.to_dynamic(
            e.error
                .hints
                .iter()
                .map(|h| Value::Str(h.clone()))
                .collect(),
        )
    });
}

fn leave(args: Vec<Value>, _: Vec<(String, Value)>) -> Result<Value> {
    let code = match args.first() {
        None | Some(Value::None) => 0,
        Some(Value::Int(code)) => i32::try_from(*code).unwrap_or(1),
        Some(Value::Bool(ok)) => i32::from(!*ok),
        Some(other) => {
            return Err(Error::type_error(format!(
                "exit() argument must be int, not {}",
                other.type_name()
            )));
        }
    };
    Err(Error::new(Kind::Internal, EXIT).hint(code.to_string()))
}

/// The message by which [`exit_code`] knows the error of `exit()`.
const EXIT: &str = "\u{0}exit";

/// The code when an error is the one of `exit()`.
pub fn exit_code(error: &Error) -> Option<i32> {
    if error.message != EXIT {
        return None;
    }
    Some(
        error
            .hints
            .first()
            .and_then(|code| code.parse().ok())
            .unwrap_or(0),
    )
}

fn printing(engine: &mut rhai::Engine, converter: &Arc<Converter>, out: &Print) {
    let mut signatures: Vec<Vec<TypeId>> = (0..=MOST_ARGUMENTS)
        .map(|count| vec![TypeId::of::<Dynamic>(); count])
        .collect();
    // Rhai has a `print` of its own for each of its types, which a wildcard does not replace.
    signatures.extend(
        [
            TypeId::of::<()>(),
            TypeId::of::<bool>(),
            TypeId::of::<i64>(),
            TypeId::of::<f64>(),
            TypeId::of::<char>(),
            TypeId::of::<ImmutableString>(),
            TypeId::of::<Array>(),
            TypeId::of::<rhai::Map>(),
            TypeId::of::<rhai::Blob>(),
            TypeId::of::<FnPtr>(),
        ]
        .map(|of| vec![of]),
    );
    for types in signatures {
        let (c, out) = (converter.clone(), out.clone());
        engine.register_raw_fn(
            "print",
            types,
            move |_: NativeCallContext, args: &mut [&mut Dynamic]| {
                print_line(&c, &out, args);
                // rhai hands the result of `print` to its own printer, which is switched off.
                Ok(ImmutableString::new())
            },
        );
    }
    engine.on_print(|_| {});
    let out = out.clone();
    engine.on_debug(move |text, _, _| out(&format!("{text}\n")));
}

/// `print(a, b, sep=" ", end="\n")`.
fn print_line(converter: &Arc<Converter>, out: &Print, args: &mut [&mut Dynamic]) {
    let mut copies: Vec<Dynamic> = args.iter().map(|a| (**a).clone()).collect();
    let mut refs: Vec<&mut Dynamic> = copies.iter_mut().collect();
    let (values, keywords) = split_arguments(converter, &mut refs);
    let keyword = |name: &str, other: &str| {
        keywords
            .iter()
            .find(|(key, _)| key == name)
            .map_or_else(|| other.to_string(), |(_, value)| print::text(value))
    };
    let texts: Vec<String> = values.iter().map(print::text).collect();
    out(&format!(
        "{}{}",
        texts.join(&keyword("sep", " ")),
        keyword("end", "\n")
    ));
}

fn conversions(engine: &mut rhai::Engine, converter: &Arc<Converter>) {
    one(engine, converter, "str", |v| Ok(Value::Str(print::text(v))));
    one(engine, converter, "repr", |v| {
        Ok(Value::Str(print::repr(v, print::Paint::Plain)))
    });
    one(engine, converter, "bool", |v| Ok(Value::Bool(truth(v))));
    one(engine, converter, "type", |v| Ok(Value::Str(v.type_name())));
    one(engine, converter, "int", int);
    one(engine, converter, "float", float);
    let c = converter.clone();
    variadic(engine, converter, "list", 1..=1, move |args, _| {
        list(&c, args.first().unwrap_or(&Value::None))
    });
    one(engine, converter, "sum", |v| {
        let mut total = Value::Int(0);
        for item in items(v)? {
            total = match (&total, &item) {
                (Value::Int(a), Value::Int(b)) => Value::Int(
                    a.checked_add(*b)
                        .ok_or_else(|| Error::value("the sum is too large"))?,
                ),
                (Value::Int(a), Value::Float(b)) => Value::Float(*a as f64 + b),
                (Value::Float(a), Value::Int(b)) => Value::Float(a + *b as f64),
                (Value::Float(a), Value::Float(b)) => Value::Float(a + b),
                (Value::Int(0), Value::Object(_)) => item.clone(),
                (Value::Object(a), _) => match a.operate("+", &item, false) {
                    Some(sum) => sum?,
                    None => return Err(no_sum(&item)),
                },
                _ => return Err(no_sum(&item)),
            };
        }
        Ok(total)
    });
    // Lengths and ranges of rhai's own types are rhai's; these are for objects and one argument.
    let c = converter.clone();
    engine.register_fn("len", move |value: Dynamic| -> RhaiResult<i64> {
        let value = c.to_value(value);
        length(&value).map_err(raise)
    });
    engine.register_fn("range", |end: i64| {
        (0..end).map(Dynamic::from).collect::<Array>()
    });
}

fn no_sum(item: &Value) -> Error {
    Error::type_error(format!(
        "cannot add a value of type '{}' up",
        item.type_name()
    ))
}

fn length(value: &Value) -> Result<i64> {
    let n = match value {
        Value::Str(s) => s.chars().count(),
        Value::Bytes(b) => b.len(),
        Value::List(l) => l.len(),
        Value::Map(m) => m.len(),
        Value::Object(o) => match o.items() {
            Some(items) => items.len(),
            None => return Err(no_length(value)),
        },
        _ => return Err(no_length(value)),
    };
    i64::try_from(n).map_err(|_| Error::value("too long"))
}

fn no_length(value: &Value) -> Error {
    Error::type_error(format!(
        "object of type '{}' has no len()",
        value.type_name()
    ))
}

fn items(value: &Value) -> Result<Vec<Value>> {
    match value {
        Value::Map(map) => Ok(map.keys().map(|k| Value::Str(k.clone())).collect()),
        Value::Bytes(b) => Ok(b.iter().map(|b| Value::Int(i64::from(*b))).collect()),
        other => other.unpack().map_err(|_| {
            Error::type_error(format!("'{}' object is not iterable", other.type_name()))
        }),
    }
}

fn list(converter: &Arc<Converter>, value: &Value) -> Result<Value> {
    match value.downcast::<Foreign>() {
        Some(foreign) => foreign.items_of_range(converter),
        None => Ok(Value::List(items(value)?)),
    }
}

fn truth(value: &Value) -> bool {
    match value {
        Value::None => false,
        Value::Bool(b) => *b,
        Value::Int(i) => *i != 0,
        Value::Float(f) => *f != 0.0,
        Value::Object(o) => match o.number() {
            Some(number) => !matches!(number, Ok(0.0)),
            None => o.items().is_none_or(|items| !items.is_empty()),
        },
        other => !matches!(length(other), Ok(0)),
    }
}

fn int(value: &Value) -> Result<Value> {
    match value {
        Value::Int(_) => Ok(value.clone()),
        Value::Bool(b) => Ok(Value::Int(i64::from(*b))),
        Value::Float(f) => {
            let whole = f.trunc();
            // 2^63 is exact in a float; everything below it fits.
            if whole.is_finite() && whole >= -(2f64.powi(63)) && whole < 2f64.powi(63) {
                #[allow(clippy::cast_possible_truncation)]
                return Ok(Value::Int(whole as i64));
            }
            Err(Error::value(format!(
                "cannot convert float {} to int",
                print::float(*f)
            )))
        }
        Value::Str(text) => text
            .trim()
            .replace('_', "")
            .parse()
            .map(Value::Int)
            .map_err(|_| {
                Error::value(format!("invalid literal for int(): {}", print::quote(text)))
            }),
        Value::Object(object) if object.number().is_some() => object
            .number()
            .map_or(Ok(Value::None), |number| int(&Value::Float(number?))),
        other => Err(Error::type_error(format!(
            "int() argument must be a number or str, not {}",
            other.type_name()
        ))),
    }
}

fn float(value: &Value) -> Result<Value> {
    match value {
        Value::Int(i) => Ok(Value::Float(*i as f64)),
        Value::Bool(b) => Ok(Value::Float(f64::from(u8::from(*b)))),
        Value::Float(_) => Ok(value.clone()),
        Value::Str(text) => text.trim().parse().map(Value::Float).map_err(|_| {
            Error::value(format!(
                "could not convert str to float: {}",
                print::quote(text)
            ))
        }),
        Value::Object(object) if object.number().is_some() => object
            .number()
            .map_or(Ok(Value::None), |number| Ok(Value::Float(number?))),
        other => Err(Error::type_error(format!(
            "float() argument must be a number or str, not {}",
            other.type_name()
        ))),
    }
}

fn texts(engine: &mut rhai::Engine, converter: &Arc<Converter>) {
    engine.register_fn("upper", |s: ImmutableString| s.to_uppercase());
    engine.register_fn("lower", |s: ImmutableString| s.to_lowercase());
    engine.register_fn("strip", |s: ImmutableString| s.trim().to_string());
    engine.register_fn("strip", |s: ImmutableString, chars: ImmutableString| {
        s.trim_matches(|c| chars.contains(c)).to_string()
    });
    engine.register_fn(
        "startswith",
        |s: ImmutableString, start: ImmutableString| s.starts_with(start.as_str()),
    );
    engine.register_fn("endswith", |s: ImmutableString, end: ImmutableString| {
        s.ends_with(end.as_str())
    });
    // Rhai's `replace` changes the text in place; Python's answers the new one. This does both, so
    // that programs of either kind get what they look at.
    engine.register_fn(
        "replace",
        |s: &mut ImmutableString, from: ImmutableString, to: ImmutableString| {
            replaced(s, &from, &to)
        },
    );
    // Rhai has an own one for each of these, which answers nothing.
    engine.register_fn(
        "replace",
        |s: &mut ImmutableString, from: char, to: char| {
            replaced(s, &from.to_string(), &to.to_string())
        },
    );
    engine.register_fn(
        "replace",
        |s: &mut ImmutableString, from: char, to: ImmutableString| {
            replaced(s, &from.to_string(), &to)
        },
    );
    engine.register_fn(
        "replace",
        |s: &mut ImmutableString, from: ImmutableString, to: char| {
            replaced(s, &from, &to.to_string())
        },
    );
    let c = converter.clone();
    engine.register_fn(
        "join",
        move |sep: ImmutableString, list: Dynamic| -> RhaiResult<String> {
            let value = c.to_value(list);
            let texts: Vec<String> = items(&value)
                .map_err(raise)?
                .iter()
                .map(print::text)
                .collect();
            Ok(texts.join(&sep))
        },
    );
    engine.register_fn("append", |list: &mut Array, item: Dynamic| {
        // Rhai's `append` of a list joins two lists; that stays.
        match item.clone().try_cast_result::<Array>() {
            Ok(other) => list.extend(other),
            Err(item) => list.push(item),
        }
    });
    engine.register_fn("extend", |list: &mut Array, other: Array| {
        list.extend(other)
    });
    engine.register_fn(
        "get",
        |map: &mut rhai::Map, key: ImmutableString, other: Dynamic| {
            map.get(key.as_str()).cloned().unwrap_or(other)
        },
    );
    engine.register_fn("items", |map: &mut rhai::Map| {
        map.iter()
            .map(|(k, v)| Dynamic::from_array(vec![k.clone().into(), v.clone()]))
            .collect::<Array>()
    });
    engine.register_fn("decode", |bytes: rhai::Blob| {
        String::from_utf8_lossy(&bytes).to_string()
    });
    engine.register_fn("encode", |s: ImmutableString| {
        s.as_bytes().to_vec() as rhai::Blob
    });
    engine.register_fn("hex", |bytes: rhai::Blob| ::hex::encode(bytes));
}

fn replaced(text: &mut ImmutableString, from: &str, to: &str) -> ImmutableString {
    *text = text.replace(from, to).into();
    text.clone()
}

/// `for key in map`, as in Python; Rhai itself iterates over `map.keys()` only.
fn iterating(engine: &mut rhai::Engine) {
    let mut module = rhai::Module::new();
    module.set_iter(TypeId::of::<rhai::Map>(), |map| {
        let map = map.try_cast_result::<rhai::Map>().unwrap_or_default();
        Box::new(map.into_keys().map(|key| Dynamic::from(key.to_string())))
    });
    engine.register_global_module(module.into());
}

fn hidden(engine: &mut rhai::Engine, converter: &Arc<Converter>) {
    engine.register_fn("__kw", KwArgs);
    let c = converter.clone();
    engine.register_fn("__fmt", move |value: Dynamic, spec: ImmutableString| {
        format::format(&c.to_value(value), &spec).map_err(raise)
    });
    let c = converter.clone();
    engine.register_fn("__fmt", move |value: Dynamic| {
        format::format(&c.to_value(value), "").map_err(raise)
    });
    engine.register_fn(
        "__bytes",
        |text: ImmutableString| -> RhaiResult<rhai::Blob> {
            text.chars()
                .map(|c| {
                    u8::try_from(u32::from(c)).map_err(|_| {
                        raise(Error::value(format!(
                            "bytes can only hold ASCII and \\xNN escapes, not '{c}'"
                        )))
                    })
                })
                .collect()
        },
    );
    let c = converter.clone();
    engine.register_fn("assert", move |value: Dynamic| {
        check(&c.to_value(value), None)
    });
    let c = converter.clone();
    engine.register_fn("assert", move |value: Dynamic, message: Dynamic| {
        check(&c.to_value(value), Some(print::text(&c.to_value(message))))
    });
}

fn check(value: &Value, message: Option<String>) -> RhaiResult<()> {
    if truth(value) {
        return Ok(());
    }
    let text = message.map_or_else(
        || "assertion failed".to_string(),
        |m| format!("assertion failed: {m}"),
    );
    Err(raise(Error::new(Kind::Script, text)))
}

fn explaining(engine: &mut rhai::Engine, converter: &Arc<Converter>, out: &Print) {
    let printer = out.clone();
    one(engine, converter, "dir", |value| {
        let place = match value {
            Value::Object(object) => crate::object::complete::Place::Object(object.clone()),
            other => crate::object::complete::Place::Class(super::builtin::class_of(other)),
        };
        Ok(place
            .candidates("")
            .into_iter()
            .map(|c| Value::Str(c.name))
            .collect())
    });
    let o = out.clone();
    variadic(engine, converter, "help", 1..=1, move |args, _| {
        let text = args.first().map(help_of).unwrap_or_default();
        o(&format!("{}\n", text.trim_end()));
        Ok(Value::None)
    });
    variadic(engine, converter, "help", 0..=0, move |_, _| {
        printer(super::builtin::WELCOME);
        Ok(Value::None)
    });
    let c = converter.clone();
    engine.register_fn("help", move |function: FnPtr| -> RhaiResult<String> {
        let _ = &c;
        Ok(super::builtin::function(function.fn_name())
            .map(help::member)
            .unwrap_or_default())
    });
}

/// Help for a value: its class, or the method when it is one.
pub fn help_of(value: &Value) -> String {
    if let Some(method) = value.downcast::<Method>() {
        return help::member(method.info());
    }
    match value {
        Value::Object(object) => help::object(object),
        other => help::class(&super::builtin::class_of(other)),
    }
}
