//! Conditions of a query: a property, an operator, a value of the property's type.
use std::sync::Arc;

use super::error::DbError;
use super::label::{self, Order};
use crate::schema::{Context, Object, ObjectError, Property, Schema, Type, Value};

/// How a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `in`: one of several values
    In,
    /// `contains`: a part of a text, an element of a list
    Contains,
    /// `startswith`: the beginning of a text
    StartsWith,
}

impl Op {
    /// All, with the words for them.
    pub const WORDS: [(&'static str, Self); 10] = [
        ("==", Self::Equal),
        ("=", Self::Equal),
        ("!=", Self::NotEqual),
        ("<", Self::Less),
        ("<=", Self::LessOrEqual),
        (">", Self::Greater),
        (">=", Self::GreaterOrEqual),
        ("in", Self::In),
        ("contains", Self::Contains),
        ("startswith", Self::StartsWith),
    ];

    fn of(word: &str) -> Option<Self> {
        let found = Self::WORDS.iter().find(|(other, _)| *other == word);
        found.map(|(_, op)| *op)
    }
}

/// One condition.
#[derive(Debug, Clone)]
pub struct Condition {
    pub(super) property: Property,
    pub(super) op: Op,
    /// In the type of the property; of `in` several, of `contains` and `startswith` a text or an
    /// element.
    values: Vec<Value>,
}

impl Condition {
    /// Reads `value`, or `[operator, value]`, for a property.
    ///
    /// # Errors
    /// When there is no such property, no such operator, or the value does not fit.
    pub fn read(
        context: &Arc<Context>,
        schema: &Schema,
        name: &str,
        given: &Value,
    ) -> Result<Self, DbError> {
        let property = schema.property(name).ok_or_else(|| {
            DbError::Object(ObjectError::UnknownProperty {
                url: schema.url.clone(),
                name: name.chars().take(80).collect(),
                suggestion: schema.suggestion(name).map(str::to_owned),
            })
        })?;
        let refuse = |reason: String| DbError::Condition {
            property: name.to_owned(),
            reason,
        };
        let (op, value) = match given {
            Value::List(list) => match list.as_slice() {
                [Value::String(word), value] if Op::of(word).is_some() => {
                    (Op::of(word).unwrap_or(Op::Equal), value)
                }
                _ if matches!(property.kind, Type::List(_)) => (Op::Equal, given),
                _ => {
                    let words: Vec<&str> = Op::WORDS.iter().map(|(word, _)| *word).collect();
                    return Err(refuse(format!(
                        "{} is no condition: give a value, or [operator, value] with one of {}",
                        given.excerpt(60),
                        words.join(" ")
                    )));
                }
            },
            value => (Op::Equal, value),
        };
        let clean = |kind: &Type, value: &Value| {
            let cleaned = match value {
                Value::Null => property.default(context)?,
                value => kind.clean(value, context).map_err(|error| DbError::Value {
                    property: name.to_owned(),
                    error: match property.secret {
                        true => error.redacted(),
                        false => error,
                    },
                })?,
            };
            Ok::<Value, DbError>(cleaned)
        };
        let values = match (op, &property.kind, value) {
            (Op::In, kind, Value::List(list)) => {
                let values = list.iter().map(|value| clean(kind, value));
                values.collect::<Result<_, _>>()?
            }
            (Op::In, _, other) => {
                return Err(refuse(format!(
                    "'in' needs a list, not {}",
                    other.excerpt(60)
                )));
            }
            (Op::Contains, Type::List(element), value) => vec![clean(element, value)?],
            (Op::Contains | Op::StartsWith, _, Value::String(_)) => vec![value.clone()],
            (Op::Contains | Op::StartsWith, _, other) => {
                return Err(refuse(format!("needs a text, not {}", other.excerpt(60))));
            }
            (Op::Equal | Op::NotEqual, kind, value) => vec![clean(kind, value)?],
            (_, kind, value) => {
                let value = clean(kind, value)?;
                if label::order(kind, &value, &context.rates()).is_none() {
                    return Err(refuse(format!(
                        "nothing is larger or smaller than {}",
                        value.excerpt(60)
                    )));
                }
                vec![value]
            }
        };
        Ok(Self {
            property: property.clone(),
            op,
            values,
        })
    }

    /// The only value of it.
    fn value(&self) -> Option<&Value> {
        self.values.first()
    }

    /// Labels by which an exact index finds all objects that fit; None when it cannot.
    pub(super) fn labels(&self) -> Option<Vec<Vec<u8>>> {
        if !self.property.index_key || !matches!(self.op, Op::Equal | Op::In) {
            return None;
        }
        let values = self.values.iter();
        // An empty value has no label, so the index does not know who has it.
        values.map(|v| label::label(&self.property, v)).collect()
    }

    /// Bound for an ordered index; None when it cannot tell.
    pub(super) fn bound(&self, context: &Context) -> Option<Order> {
        let ordered = matches!(
            self.op,
            Op::Equal | Op::Less | Op::LessOrEqual | Op::Greater | Op::GreaterOrEqual
        );
        if !self.property.index || !ordered {
            return None;
        }
        label::order(&self.property.kind, self.value()?, &context.rates())
    }

    /// True when an object fits.
    pub(super) fn fits(&self, object: &Object, context: &Context) -> bool {
        let Ok(found) = object.get(&self.property.name) else {
            return false;
        };
        let kind = &self.property.kind;
        let same = |value: &Value| label::canonical(kind, found) == label::canonical(kind, value);
        let text = || kind.compact(found, context);
        match (self.op, kind, found) {
            (Op::Equal | Op::In, ..) => self.values.iter().any(same),
            (Op::NotEqual, ..) => !self.values.iter().any(same),
            (Op::Contains, Type::List(element), Value::List(list)) => {
                let wanted = self.value().and_then(|v| label::canonical(element, v));
                list.iter()
                    .any(|item| label::canonical(element, item) == wanted)
            }
            (Op::Contains, ..) => self
                .value()
                .and_then(Value::as_str)
                .is_some_and(|part| text().contains(part)),
            (Op::StartsWith, ..) => self
                .value()
                .and_then(Value::as_str)
                .is_some_and(|part| text().starts_with(part)),
            (op, ..) => {
                let rates = context.rates();
                let order = |value| label::order(kind, value, &rates);
                let (Some(found), Some(bound)) = (order(found), self.value().and_then(order))
                else {
                    return false;
                };
                match op {
                    Op::Less => found < bound,
                    Op::LessOrEqual => found <= bound,
                    Op::Greater => found > bound,
                    _ => found >= bound,
                }
            }
        }
    }
}
