//! A value of type `enum`.
use std::sync::Arc;

use super::value::from_tree;
use crate::object::{Class, Member, Paint, Peek, Result, Ty, Value};
use crate::schema::{Context, EnumValue};

/// One choice of an enum.
pub struct Choice {
    choice: EnumValue,
    context: Arc<Context>,
}

impl Choice {
    /// A choice as a value of the shell.
    pub fn value(choice: EnumValue, context: &Arc<Context>) -> Value {
        Value::object(Choice {
            choice,
            context: context.clone(),
        })
    }

    /// The choice.
    pub fn choice(&self) -> &EnumValue {
        &self.choice
    }

    fn other(&self, name: &str) -> Option<Value> {
        let other = self.choice.choice(name)?;
        Some(Choice::value(other, &self.context))
    }
}

impl Class for Choice {
    const NAME: &'static str = "enum";
    const DOC: &'static str = "One choice of an enum. It equals its name in any case, and its number.\n\
                               The other choices are below it by name; reading one changes nothing.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property(
            "value",
            Ty::Int,
            "Its number, counted from 1.",
            "j.data.types.get('e', 'red,green').clean('green').value",
            |this, _| Ok(Value::Int(this.choice.index())),
        ),
        Member::property(
            "name",
            Ty::Str,
            "Its name.",
            "j.data.types.get('e', 'red,green').clean(2).name",
            |this, _| Ok(this.choice.name().into()),
        ),
        Member::property(
            "choices",
            Ty::List,
            "The names of all choices, in the order of the schema.",
            "j.data.types.get('e', 'red,green').clean(1).choices",
            |this, _| {
                let names = this.choice.choices().names().iter();
                Ok(names.map(|name| Value::Str(name.clone())).collect())
            },
        ),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        self.choice.name().to_string()
    }
    fn to_json(&self) -> serde_json::Value {
        self.choice.name().into()
    }
    fn child_names(&self) -> Vec<String> {
        self.choice.choices().names().to_vec()
    }
    fn peek_child(&self, name: &str) -> Option<Peek> {
        match self.other(name)? {
            Value::Object(object) => Some(Peek::Object(object)),
            _ => None,
        }
    }
    fn child(self: &Arc<Self>, name: &str) -> Result<Option<Value>> {
        Ok(self.other(name))
    }
    fn number(&self) -> Option<Result<f64>> {
        #[allow(clippy::cast_precision_loss, reason = "numbers of choices are small")]
        Some(Ok(self.choice.index() as f64))
    }
    fn equals(&self, other: &Value) -> bool {
        from_tree(other).is_ok_and(|other| self.choice.matches(&other))
    }
}
