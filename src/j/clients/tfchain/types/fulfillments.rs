//! `types.fulfillments`: fulfillments from JSON and from bytes.
use super::binary::{self, BYTES, ENCODING};
use crate::j::clients::tfchain::fulfillment::FulfillmentValue;
use crate::j::clients::tfchain::json;
use crate::object::{Class, Member, Param, Ty, class_of};

/// `j.clients.tfchain.types.fulfillments`.
pub struct Fulfillments;

impl Class for Fulfillments {
    const NAME: &'static str = "fulfillments";
    const DOC: &'static str = "Fulfillments: how an input unlocks the output that it spends.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::method(
            "from_json",
            &[Param::required(
                "json",
                Ty::Any("dict or JSON text"),
                "`{'type': …, 'data': {…}}`, as a dict or as text",
            )],
            Ty::Object(class_of::<FulfillmentValue>),
            "Reads a fulfillment as the chain's JSON has it.",
            "t = w.coins_send(w.address, 1).transaction\n\
             f = j.clients.tfchain.types.fulfillments.from_json(t.coin_inputs[0].fulfillment)\n\
             f.public_keys",
            |_, args| {
                let fulfillment = json::read(args.get("json"), "a fulfillment")?;
                Ok(FulfillmentValue::value(fulfillment))
            },
        ),
        Member::method(
            "from_binary",
            &[BYTES, ENCODING],
            Ty::Object(class_of::<FulfillmentValue>),
            "Reads a fulfillment from its bytes.",
            "j.clients.tfchain.types.fulfillments.from_binary('000000000000000000')",
            |_, args| Ok(FulfillmentValue::value(binary::read(args)?)),
        ),
    ]];

    fn location(&self) -> String {
        "j.clients.tfchain.types.fulfillments".into()
    }
}
