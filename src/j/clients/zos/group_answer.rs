//! What each node of a group answered.
use std::sync::Arc;

use indexmap::IndexMap;

use crate::object::columns::aligned;
use crate::object::dict::Dict;
use crate::object::{Class, Error, Kind, Member, Paint, Result, Ty, Value, class_of, print};
use crate::zos::plain;

/// Widest answer in a printed line, in characters.
const WIDEST: usize = 100;

/// What each node of a group answered, by name.
pub struct GroupAnswer(IndexMap<String, Result<Value>>);

impl GroupAnswer {
    /// Answers by name of the node.
    pub fn new(answers: IndexMap<String, Result<Value>>) -> Self {
        GroupAnswer(answers)
    }

    fn failed(&self) -> IndexMap<String, Value> {
        let failed = self.0.iter().filter_map(|(name, answer)| {
            let error = answer.as_ref().err()?;
            Some((name.clone(), Value::Str(error.message.clone())))
        });
        failed.collect()
    }
}

impl Class for GroupAnswer {
    const NAME: &'static str = "GroupAnswer";
    const DOC: &'static str = "What each node of a group answered: x['name'] is the value of one, \
                               or fails as it failed.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property(
            "values",
            Ty::Object(class_of::<Dict>),
            "The answers of the nodes where it worked, by name.",
            "j.clients.zos.all().ping().values",
            |this: &Arc<Self>, _| {
                let good = this.0.iter().filter_map(|(name, answer)| {
                    Some((name.clone(), answer.as_ref().ok()?.clone()))
                });
                Ok(Value::object(Dict::new(good.collect())))
            },
        ),
        Member::property(
            "failed",
            Ty::Object(class_of::<Dict>),
            "What went wrong on the other nodes, by name.",
            "j.clients.zos.all().ping().failed",
            |this: &Arc<Self>, _| Ok(Value::object(Dict::new(this.failed()))),
        ),
        Member::property(
            "ok",
            Ty::Bool,
            "True when it worked on all nodes.",
            "j.clients.zos.all().ping().ok",
            |this: &Arc<Self>, _| Ok(this.failed().is_empty().into()),
        ),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        let mut lines = vec![["node", "", "answer"].map(String::from)];
        for (name, answer) in &self.0 {
            let (mark, text) = match answer {
                Ok(value) => ("ok", print::inline(value)),
                Err(error) => ("failed", error.message.clone()),
            };
            lines.push([name.clone(), mark.into(), plain::line(&text, WIDEST)]);
        }
        let failed = self.failed().len();
        let mut text = aligned(&lines, &[]);
        if failed > 0 {
            text.push_str(&format!("\n{failed} of {} failed", self.0.len()));
        }
        text
    }
    fn inline(&self) -> String {
        format!("GroupAnswer({} nodes)", self.0.len())
    }
    fn to_json(&self) -> serde_json::Value {
        let answers = self.0.iter().map(|(name, answer)| {
            let answer = match answer {
                Ok(value) => serde_json::json!({"value": value.to_json()}),
                Err(error) => {
                    serde_json::json!({"error": error.message, "kind": error.kind.name()})
                }
            };
            (name.clone(), answer)
        });
        serde_json::Value::Object(answers.collect())
    }
    fn items(&self) -> Option<Vec<Value>> {
        Some(self.0.keys().map(|name| Value::Str(name.clone())).collect())
    }
    fn index(self: &Arc<Self>, index: &Value) -> Option<Result<Value>> {
        let name = index.as_str()?;
        Some(match self.0.get(name) {
            Some(answer) => answer.clone(),
            None => Err(Error::new(
                Kind::NotFound,
                format!("there is no node '{name}' in this group"),
            )),
        })
    }
}
