//! A condition as a value: who can spend an output, and from when on.
use super::transaction::{json_text, json_value};
use super::types::binary::{self, ENCODING};
use crate::object::{Class, Member, Paint, Ty, Value};
use crate::tfchain::Condition;

/// A condition of an output.
pub struct ConditionValue(Condition);

impl ConditionValue {
    /// The condition as a value of the shell.
    pub fn value(condition: Condition) -> Value {
        Value::object(ConditionValue(condition))
    }

    /// The condition.
    pub fn condition(&self) -> &Condition {
        &self.0
    }
}

const SAMPLE: &str = "t = w.coins_send(w.address, 1).transaction\nt.coin_outputs[0].condition";

impl Class for ConditionValue {
    const NAME: &'static str = "Condition";
    const DOC: &'static str = "Who can spend an output, and from when on; it can be a recipient.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property(
            "unlockhash",
            Ty::Str,
            "The address under which the chain lists it.",
            SAMPLE,
            |this, _| Ok(this.0.unlock_hash().to_string().into()),
        ),
        Member::property(
            "type",
            Ty::Int,
            "Its type: 0 anybody, 1 an address, 2 an atomic swap, 3 a time lock, 4 several owners.",
            SAMPLE,
            |this, _| Ok(Value::Int(this.0.type_byte().into())),
        ),
        Member::property(
            "lock",
            Ty::Int,
            "The block height or Unix time until which it is locked; 0 when it is not.",
            SAMPLE,
            |this, _| {
                let lock = this.0.lock_time().unwrap_or_default();
                Ok(Value::Int(i64::try_from(lock).unwrap_or(i64::MAX)))
            },
        ),
        Member::method(
            "json",
            &[],
            Ty::Dict,
            "Returns the condition as the chain's JSON has it.",
            SAMPLE,
            |this, _| json_value(&this.0),
        ),
        Member::method(
            "json_text",
            &[],
            Ty::Str,
            "Returns the same as JSON text.",
            SAMPLE,
            |this, _| json_text(&this.0),
        ),
        Member::method(
            "binary",
            &[ENCODING],
            Ty::Str,
            "Returns its bytes as hex digits.",
            SAMPLE,
            |this, args| binary::write(&this.0, args),
        ),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        match self.0.lock_time() {
            Some(lock) => format!("Condition({}, lock={lock})", self.0.unlock_hash()),
            None => format!("Condition({})", self.0.unlock_hash()),
        }
    }
    fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(&self.0).unwrap_or_default()
    }
    fn equals(&self, other: &Value) -> bool {
        other
            .downcast::<ConditionValue>()
            .is_some_and(|other| other.0 == self.0)
    }
}
