//! A list of dicts that also prints as a table.
use std::sync::Arc;

use indexmap::IndexMap;

use crate::object::columns::aligned;
use crate::object::dict::Dict;
use crate::object::{
    Class, Default, Error, Member, Paint, Param, Result, Ty, Value, class_of, print,
};

/// Widest cell of a table, in characters.
const WIDEST: usize = 48;

/// A JSON value of a node: dicts keep their order, lists of dicts are [`Rows`].
pub fn shown(json: &serde_json::Value) -> Value {
    use serde_json::Value as Json;
    match json {
        Json::Object(map) => Value::object(dict(map)),
        Json::Array(list) if !list.is_empty() && list.iter().all(Json::is_object) => {
            Value::object(Rows(list.iter().map(shown).collect()))
        }
        Json::Array(list) => list.iter().map(shown).collect(),
        plain => Value::from_json(plain),
    }
}

/// A JSON object with the order of its keys.
pub fn dict(map: &serde_json::Map<String, serde_json::Value>) -> Dict {
    Dict::new(map.iter().map(|(k, v)| (k.clone(), shown(v))).collect())
}

/// A list of dicts.
pub struct Rows(Vec<Value>);

impl Rows {
    /// A list of [`Dict`]s.
    pub fn of(rows: Vec<Value>) -> Value {
        Value::object(Rows(rows))
    }

    fn table(&self, columns: &[String]) -> Table {
        let rows: Vec<IndexMap<String, Value>> = self
            .0
            .iter()
            .map(|row| {
                let mut cells = IndexMap::new();
                flatten("", row, &mut cells);
                cells
            })
            .collect();
        let mut titles: Vec<String> = Vec::new();
        for row in &rows {
            for (title, value) in row {
                if !titles.contains(title) && (!columns.is_empty() || !is_empty(value)) {
                    titles.push(title.clone());
                }
            }
        }
        if !columns.is_empty() {
            titles = columns.to_vec();
        }
        Table { titles, rows }
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::None => true,
        Value::Str(text) => text.is_empty(),
        Value::List(list) => list.is_empty(),
        _ => false,
    }
}

/// One level of dicts inside a row becomes columns `outer.inner`.
fn flatten(prefix: &str, row: &Value, cells: &mut IndexMap<String, Value>) {
    let Some(dict) = row.downcast::<Dict>() else {
        return;
    };
    for (key, value) in dict.entries() {
        if prefix.is_empty() && value.downcast::<Dict>().is_some() {
            flatten(&format!("{key}."), &value, cells);
        } else {
            cells.insert(format!("{prefix}{key}"), value);
        }
    }
}

impl Class for Rows {
    const NAME: &'static str = "rows";
    const DOC: &'static str = "A list of dicts; .table() prints it as a table.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::method(
            "table",
            &[Param::optional(
                "columns",
                Ty::Any("list"),
                Default::None,
                "names of columns (cmd.id); all without",
            )],
            Ty::Object(class_of::<Table>),
            "The same as a table.",
            "vm.client.job.list().table()",
            |rows: &Arc<Self>, args| {
                let columns = match args.get("columns") {
                    Value::None => Vec::new(),
                    Value::List(list) => list
                        .iter()
                        .map(|name| name.as_str().map(String::from))
                        .collect::<Option<_>>()
                        .ok_or_else(|| args.error("columns", "must be a list of texts"))?,
                    _ => return Err(args.error("columns", "must be a list of texts")),
                };
                Ok(Value::object(rows.table(&columns)))
            },
        ),
        Member::method(
            "list",
            &[],
            Ty::List,
            "The same as a plain list.",
            "vm.client.job.list().list()",
            |rows, _| Ok(Value::List(rows.0.clone())),
        ),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        print::inline(&Value::List(self.0.clone()))
    }
    fn inline(&self) -> String {
        Class::repr(self, Paint::Plain)
    }
    fn to_json(&self) -> serde_json::Value {
        Value::List(self.0.clone()).to_json()
    }
    fn items(&self) -> Option<Vec<Value>> {
        Some(self.0.clone())
    }
    fn index(self: &Arc<Self>, index: &Value) -> Option<Result<Value>> {
        let Value::Int(at) = index else { return None };
        let length = self.0.len();
        let place = match usize::try_from(*at) {
            Ok(place) => Some(place),
            Err(_) => usize::try_from(at.unsigned_abs())
                .ok()
                .and_then(|back| length.checked_sub(back)),
        };
        let found = place.and_then(|place| self.0.get(place)).cloned();
        Some(
            found.ok_or_else(|| Error::value(format!("list index out of range: {at} of {length}"))),
        )
    }
    fn equals(&self, other: &Value) -> bool {
        match other {
            Value::List(list) => Value::List(self.0.clone()).equals(&Value::List(list.clone())),
            _ => other.downcast::<Rows>().is_some_and(|rows| {
                Value::List(self.0.clone()).equals(&Value::List(rows.0.clone()))
            }),
        }
    }
}

/// A table of texts.
pub struct Table {
    titles: Vec<String>,
    rows: Vec<IndexMap<String, Value>>,
}

impl Class for Table {
    const NAME: &'static str = "table";
    const DOC: &'static str = "A list of dicts in columns.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[];

    fn repr(&self, _paint: Paint) -> String {
        let mut lines = vec![self.titles.clone()];
        for row in &self.rows {
            let cell = |title: &String| match row.get(title) {
                None | Some(Value::None) => String::new(),
                Some(value) => crate::zos::plain::line(&print::text(value), WIDEST),
            };
            lines.push(self.titles.iter().map(cell).collect());
        }
        let is_number = |title: &String| {
            self.rows.iter().all(|row| {
                matches!(
                    row.get(title),
                    None | Some(Value::None | Value::Int(_) | Value::Float(_))
                )
            })
        };
        let right: Vec<usize> = self
            .titles
            .iter()
            .enumerate()
            .filter_map(|(at, title)| is_number(title).then_some(at))
            .collect();
        aligned(&lines, &right)
    }
    fn to_json(&self) -> serde_json::Value {
        let row = |row: &IndexMap<String, Value>| {
            let cells = self.titles.iter().map(|title| {
                let value = row.get(title).map(Value::to_json).unwrap_or_default();
                (title.clone(), value)
            });
            serde_json::Value::Object(cells.collect())
        };
        serde_json::Value::Array(self.rows.iter().map(row).collect())
    }
}
