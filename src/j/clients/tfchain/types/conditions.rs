//! `types.conditions`: conditions from JSON, from bytes, and from what a recipient can be.
use std::sync::Arc;

use super::binary::{self, BYTES, ENCODING};
use crate::j::clients::tfchain::condition::ConditionValue;
use crate::j::clients::tfchain::place::clock;
use crate::j::clients::tfchain::{json, recipient};
use crate::j::world::World;
use crate::object::{Class, Default, Member, Param, Ty, Value, class_of};

/// `j.clients.tfchain.types.conditions`.
pub struct Conditions {
    world: Arc<World>,
}

impl Conditions {
    /// The node below the types.
    pub fn value(world: &Arc<World>) -> Value {
        let world = world.clone();
        Value::object(Conditions { world })
    }
}

impl Class for Conditions {
    const NAME: &'static str = "conditions";
    const DOC: &'static str = "Conditions: how an output is locked.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::method(
            "from_json",
            &[Param::required(
                "json",
                Ty::Any("dict or JSON text"),
                "`{'type': …, 'data': {…}}`, as a dict or as text",
            )],
            Ty::Object(class_of::<ConditionValue>),
            "Reads a condition as the chain's JSON has it.",
            "j.clients.tfchain.types.conditions.from_json(\
             {'type': 1, 'data': {'unlockhash': w.address}})",
            |_, args| {
                let condition = json::read(args.get("json"), "a condition")?;
                Ok(ConditionValue::value(condition))
            },
        ),
        Member::method(
            "from_recipient",
            &[
                Param::required(
                    "recipient",
                    Ty::Any("recipient"),
                    "an address, a list of addresses, a list and a number, a condition, or None",
                ),
                Param::optional(
                    "lock",
                    Ty::Any("height, time or duration"),
                    Default::None,
                    "until when it is locked: a height, a time, '+7d' or a date",
                ),
            ],
            Ty::Object(class_of::<ConditionValue>),
            "Makes the condition of an output to a recipient.",
            "j.clients.tfchain.types.conditions.from_recipient(([w.address, w.address_new()], 1), \
             lock='+7d')",
            |this, args| {
                let lock = recipient::lock(args.get("lock"), &clock(&this.world))?;
                let to = recipient::recipient(args.get("recipient"))?;
                Ok(ConditionValue::value(to.condition(lock)?))
            },
        ),
        Member::method(
            "from_binary",
            &[BYTES, ENCODING],
            Ty::Object(class_of::<ConditionValue>),
            "Reads a condition from its bytes.",
            "j.clients.tfchain.types.conditions.from_binary('000000000000000000')",
            |_, args| Ok(ConditionValue::value(binary::read(args)?)),
        ),
    ]];

    fn location(&self) -> String {
        "j.clients.tfchain.types.conditions".into()
    }
}
