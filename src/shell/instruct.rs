//! Instruction files: calls of the tree written down in TOML, with a TOML document of their
//! results.
//!
//! Format: spec of the shell, "Instruction file". Every entry is tried by its dotted path, with
//! keyword arguments only.
use toml::{Table, Value as Toml};

use super::secrecy::Secrecy;
use crate::object::{Error, Kind, Obj, Result, Value, dispatch};

/// One call of an instruction file.
#[derive(Debug, Clone, PartialEq)]
pub struct Instruction {
    /// Top-level key it stands under.
    pub key: String,
    /// Dotted path of the method.
    pub method: String,
    /// Name, as given.
    pub name: String,
    /// Description, as given.
    pub description: String,
    /// Keyword arguments.
    pub kwargs: Table,
}

/// Reads an instruction file.
///
/// # Errors
/// When it is not TOML, or has a top-level key that is neither `instruction` nor a path below `j`.
pub fn parse(text: &str) -> Result<Vec<Instruction>> {
    let document: Table = text.parse().map_err(|error: toml::de::Error| {
        Error::new(
            Kind::Syntax,
            format!("not a TOML document: {}", error.message()),
        )
    })?;
    let mut found = Vec::new();
    for (key, value) in document {
        let long = key == "instruction";
        if !long && !key.starts_with("j.") {
            return Err(Error::value(format!(
                "unknown key '{key}' in an instruction file: expected [[instruction]] or a path \
                 such as [[\"j.tools.console.echo\"]]"
            )));
        }
        let entries = match value {
            Toml::Array(entries) => entries,
            table @ Toml::Table(_) => vec![table],
            _ => return Err(not_tables(&key)),
        };
        for entry in entries {
            let Toml::Table(mut table) = entry else {
                return Err(not_tables(&key));
            };
            let mut text = |name: &str| match table.remove(name) {
                None => Ok(None),
                Some(Toml::String(text)) => Ok(Some(text)),
                Some(_) => Err(Error::value(format!("'{name}' must be a text"))),
            };
            let method = match long {
                true => text("instruction_method")?.ok_or_else(|| {
                    Error::value("an [[instruction]] has no instruction_method".to_string())
                })?,
                false => key.clone(),
            };
            let name = text("instruction_name")?.unwrap_or_default();
            let description = text("instruction_description")?.unwrap_or_default();
            found.push(Instruction {
                key: key.clone(),
                method,
                name,
                description,
                kwargs: table,
            });
        }
    }
    Ok(found)
}

fn not_tables(key: &str) -> Error {
    Error::value(format!("'{key}' must be a table or a list of tables"))
}

/// What became of the instructions.
pub struct Results {
    document: Table,
    /// True when one failed.
    pub failed: bool,
    /// True when the rest was left out because one failed.
    pub stopped: bool,
}

impl Results {
    /// The text that ends the output: a mark that programs look for, then the document.
    pub fn text(&self) -> String {
        format!("\n\n####TOMLRESULT####\n\n\n{}", self.document)
    }
}

/// Runs the instructions in order; `ignore_errors` goes on after one that failed.
pub fn run(root: &Obj, instructions: Vec<Instruction>, ignore_errors: bool) -> Results {
    let mut results = Results {
        document: Table::new(),
        failed: false,
        stopped: false,
    };
    // What is printed may be kept in a log.
    let secrecy = Secrecy::of(root);
    for mut instruction in instructions {
        let outcome = call(root, &instruction);
        let mut entry = Table::new();
        let mut put = |key: &str, value: Toml| entry.insert(key.to_string(), value);
        put("method", instruction.method.into());
        put("name", instruction.name.into());
        put("description", instruction.description.into());
        put("error", outcome.is_err().into());
        let failed = outcome.is_err();
        match outcome {
            Ok(value) => {
                put("result", express(&value).into());
            }
            Err((category, error)) => {
                put("error_msg", error.message.into());
                put("error_cat", category.into());
            }
        }
        for (name, value) in &mut instruction.kwargs {
            if secrecy.is_secret(name) {
                *value = "***".into();
            }
        }
        put("kwargs", Toml::Table(instruction.kwargs));
        match results
            .document
            .entry(instruction.key)
            .or_insert_with(|| Toml::Array(Vec::new()))
        {
            Toml::Array(entries) => entries.push(Toml::Table(entry)),
            _ => unreachable!("only arrays are put into the document"),
        }
        results.failed |= failed;
        if failed && !ignore_errors {
            results.stopped = true;
            break;
        }
    }
    results
}

const LOAD: &str = "could not load method";
const EXECUTE: &str = "could not execute method";

fn call(
    root: &Obj,
    instruction: &Instruction,
) -> std::result::Result<Value, (&'static str, Error)> {
    let path = instruction.method.strip_prefix("j.").ok_or_else(|| {
        (
            LOAD,
            Error::new(
                Kind::Name,
                format!("'{}' does not start with 'j.'", instruction.method),
            ),
        )
    })?;
    let (parents, method) = path.rsplit_once('.').unwrap_or(("", path));
    let mut object = root.clone();
    for name in parents.split('.').filter(|name| !name.is_empty()) {
        object = match dispatch::read(&object, name).map_err(|error| (LOAD, error))? {
            Value::Object(object) => object,
            other => {
                let text = format!("'{}' object has no attribute '{method}'", other.type_name());
                return Err((LOAD, Error::new(Kind::Attribute, text)));
            }
        };
    }
    if object.member(method).is_none() {
        return Err((LOAD, dispatch::no_attribute(&object, method)));
    }
    let keywords = instruction
        .kwargs
        .iter()
        .map(|(key, value)| (key.clone(), from_toml(value)))
        .collect();
    dispatch::call(&object, method, Vec::new(), keywords).map_err(|error| (EXECUTE, error))
}

fn from_toml(value: &Toml) -> Value {
    match value {
        Toml::String(text) => Value::Str(text.clone()),
        Toml::Integer(i) => Value::Int(*i),
        Toml::Float(f) => Value::Float(*f),
        Toml::Boolean(b) => Value::Bool(*b),
        Toml::Datetime(time) => Value::Str(time.to_string()),
        Toml::Array(items) => items.iter().map(from_toml).collect(),
        Toml::Table(table) => Value::Map(
            table
                .iter()
                .map(|(k, v)| (k.clone(), from_toml(v)))
                .collect(),
        ),
    }
}

/// JSON text of a value; a mark for what JSON cannot express.
fn express(value: &Value) -> String {
    if expressible(value) {
        value.to_json().to_string()
    } else {
        "COULDNOTSERIALIZE".to_string()
    }
}

fn expressible(value: &Value) -> bool {
    match value {
        Value::Function(_) => false,
        Value::Float(f) => f.is_finite(),
        Value::List(items) => items.iter().all(expressible),
        Value::Map(map) => map.values().all(expressible),
        _ => true,
    }
}
