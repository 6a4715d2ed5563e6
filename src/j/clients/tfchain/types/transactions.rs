//! `types.transactions`: transactions from JSON and from bytes.
use super::binary::{self, BYTES};
use crate::j::clients::tfchain::transaction::{TransactionValue, from_json};
use crate::object::{Class, Member, Param, Ty, class_of};
use crate::tfchain::Transaction;

/// `j.clients.tfchain.types.transactions`.
pub struct Transactions;

impl Class for Transactions {
    const NAME: &'static str = "transactions";
    const DOC: &'static str = "Transactions of every version, from JSON and from bytes.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::method(
            "from_json",
            &[Param::required(
                "json",
                Ty::Any("dict or JSON text"),
                "`{'version': …, 'data': {…}}`, as a dict or as text",
            )],
            Ty::Object(class_of::<TransactionValue>),
            "Reads a transaction as the chain's JSON has it.\n\
             One of a version that is not known here is kept as it is, and shown as unknown.",
            "t = j.clients.tfchain.types.transactions.from_json({'version': 1, 'data': {}})\nt.id",
            |_, args| Ok(TransactionValue::read(from_json(args.get("json"))?).into()),
        ),
        Member::method(
            "from_binary",
            &[BYTES],
            Ty::Object(class_of::<TransactionValue>),
            "Reads a transaction from its bytes: the version, then the data.",
            "t = w.coins_send(w.address, 1).transaction\n\
             j.clients.tfchain.types.transactions.from_binary(t.binary()).id == t.id",
            |_, args| {
                let bytes = binary::bytes(args.get("binary"))?;
                Ok(TransactionValue::read(Transaction::from_binary(&bytes)?).into())
            },
        ),
    ]];

    fn location(&self) -> String {
        "j.clients.tfchain.types.transactions".into()
    }
}
