//! A fulfillment as a value: keys and signatures that unlock an output.
use super::transaction::{json_text, json_value};
use super::types::binary::{self, ENCODING};
use super::types::plain::Plain;
use crate::object::{Class, Member, Paint, Ty, Value};
use crate::tfchain::Fulfillment;

/// A fulfillment of an input.
pub struct FulfillmentValue(Fulfillment);

impl FulfillmentValue {
    /// The fulfillment as a value of the shell.
    pub fn value(fulfillment: Fulfillment) -> Value {
        Value::object(FulfillmentValue(fulfillment))
    }
}

const SAMPLE: &str = "f = j.clients.tfchain.types.fulfillments.from_json('{}')";

impl Class for FulfillmentValue {
    const NAME: &'static str = "Fulfillment";
    const DOC: &'static str = "What unlocks the output that an input spends.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property(
            "type",
            Ty::Int,
            "Its type: 0 nothing, 1 one signature, 2 atomic swap, 3 several signatures.",
            SAMPLE,
            |this, _| Ok(Value::Int(this.0.type_byte().into())),
        ),
        Member::property(
            "public_keys",
            Ty::List,
            "The keys that sign.",
            SAMPLE,
            |this, _| Ok(this.0.public_keys().into_iter().map(Plain::value).collect()),
        ),
        Member::property(
            "unlockhash",
            Ty::Str,
            "The address that it unlocks, as far as it tells; None for swaps and several signatures.",
            SAMPLE,
            |this, _| {
                Ok(this
                    .0
                    .unlock_hash()
                    .map(|address| address.to_string())
                    .into())
            },
        ),
        Member::method(
            "json",
            &[],
            Ty::Dict,
            "Returns the fulfillment as the chain's JSON has it.",
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
        let keys: Vec<String> = self
            .0
            .public_keys()
            .iter()
            .map(|key| key.to_string())
            .collect();
        format!("Fulfillment({}, [{}])", self.0.type_byte(), keys.join(", "))
    }
    fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(&self.0).unwrap_or_default()
    }
    fn equals(&self, other: &Value) -> bool {
        other
            .downcast::<FulfillmentValue>()
            .is_some_and(|other| other.0 == self.0)
    }
}
