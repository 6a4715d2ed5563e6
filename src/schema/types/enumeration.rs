//! `enum`: one of the choices in the schema, by name in any case or by index (rules T11, O7).
use std::fmt;
use std::sync::Arc;

use crate::schema::error::ValueError;
use crate::schema::text;
use crate::schema::value::Value;

/// The choices of an enum, upper case, in the order written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choices(Vec<String>);

impl Choices {
    /// Reads the default text of a schema: names separated by commas, quotes off; nothing if one
    /// is empty or stands twice.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let names: Vec<String> = text
            .split(',')
            .map(|name| name.trim().trim_matches(['\'', '"']).trim().to_uppercase())
            .collect();
        let mut sorted: Vec<&String> = names.iter().collect();
        sorted.sort();
        let different = sorted.windows(2).all(|pair| pair.first() != pair.last());
        let filled = names.iter().all(|name| !name.is_empty());
        (different && filled).then_some(Self(names))
    }

    /// The names in the order written; the first has index 1.
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// Finds a name in any case, blanks around it ignored, or the text of an index.
    fn find(&self, text: &str) -> Option<i64> {
        let wanted = text.trim();
        let by_name = self
            .0
            .iter()
            .position(|name| *name == wanted.to_uppercase());
        match by_name {
            Some(at) => i64::try_from(at + 1).ok(),
            None if wanted == EnumValue::UNKNOWN => Some(0),
            None if wanted.bytes().all(|b| b.is_ascii_digit()) => {
                wanted.parse().ok().filter(|index| self.has_index(*index))
            }
            None => None,
        }
    }

    fn has_index(&self, index: i64) -> bool {
        usize::try_from(index).is_ok_and(|index| index <= self.0.len())
    }

    pub(super) fn accepts(&self) -> String {
        let mut names = self
            .0
            .iter()
            .take(Self::SHOWN)
            .map(String::as_str)
            .collect::<Vec<_>>();
        if self.0.len() > Self::SHOWN {
            names.push("...");
        }
        format!(
            "one of {}, or an index from 1 to {}",
            names.join(", "),
            self.0.len()
        )
    }

    /// Choices that an error lists.
    const SHOWN: usize = 30;
}

/// A choice of an enum. Reading other choices never changes it (rule O7).
#[derive(Clone)]
pub struct EnumValue {
    choices: Arc<Choices>,
    index: i64,
}

impl EnumValue {
    /// Name of index 0, which is no choice.
    pub const UNKNOWN: &str = "UNKNOWN";

    pub(super) fn first(choices: &Arc<Choices>) -> Self {
        Self {
            choices: Arc::clone(choices),
            index: 1,
        }
    }

    /// Position of the choice from 1; 0 is unknown.
    pub fn index(&self) -> i64 {
        self.index
    }

    /// Name of the choice.
    pub fn name(&self) -> &str {
        usize::try_from(self.index)
            .ok()
            .and_then(|index| self.choices.0.get(index.checked_sub(1)?))
            .map_or(Self::UNKNOWN, String::as_str)
    }

    /// All choices.
    pub fn choices(&self) -> &Choices {
        &self.choices
    }

    /// The value of another choice, by name in any case; none if there is no such choice.
    pub fn choice(&self, name: &str) -> Option<Self> {
        let index = self.choices.find(name)?;
        Some(Self {
            choices: Arc::clone(&self.choices),
            index,
        })
    }

    /// Compares with a name or an index; false for anything else.
    pub fn matches(&self, other: &Value) -> bool {
        clean(other, &self.choices).is_ok_and(|other| other.index == self.index)
    }
}

impl PartialEq for EnumValue {
    fn eq(&self, other: &Self) -> bool {
        self.index == other.index && self.name() == other.name()
    }
}

impl fmt::Debug for EnumValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.index, self.name())
    }
}

impl fmt::Display for EnumValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

pub(super) fn clean(input: &Value, choices: &Arc<Choices>) -> Result<EnumValue, ValueError> {
    let index = match input {
        Value::Int(i) => Some(*i).filter(|i| choices.has_index(*i)),
        Value::Bool(b) => Some(i64::from(*b)),
        Value::String(text) if !text.trim().is_empty() => choices.find(text),
        Value::Enum(other) => choices.find(other.name()),
        _ => None,
    };
    match index {
        Some(index) => Ok(EnumValue {
            choices: Arc::clone(choices),
            index,
        }),
        None => {
            let near = input
                .as_str()
                .and_then(|text| text::nearest(text, choices.0.iter().map(String::as_str)));
            let hint = near.map(|name| format!("did you mean {name}?"));
            Err(ValueError::new("enum", input, choices.accepts()).with_hint(hint))
        }
    }
}
