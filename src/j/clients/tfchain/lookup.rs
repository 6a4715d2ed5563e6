//! What the chain knows of an address, as `unlockhash_get()` answers it.
use std::sync::Arc;

use super::address_book::Labels;
use super::balance::BalanceValue;
use super::erc20::Erc20InfoValue;
use super::place::ClientCore;
use super::transaction::TransactionValue;
use crate::object::{Class, Member, Needs, Paint, Ty, Value, class_of};
use crate::tfchain::explorer::AddressInfo;
use crate::tfchain::wallet::address_balance;

/// What the chain knows of an address.
pub struct Lookup {
    core: Arc<ClientCore>,
    info: AddressInfo,
}

impl Lookup {
    /// The answer as a value of the shell.
    pub fn value(core: Arc<ClientCore>, info: AddressInfo) -> Value {
        Value::object(Lookup { core, info })
    }
}

impl Class for Lookup {
    const NAME: &'static str = "ExplorerUnlockhashResult";
    const DOC: &'static str = "What the chain knows of an address.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property(
            "unlockhash",
            Ty::Str,
            "The address.",
            "c.unlockhash_get(w.address).unlockhash",
            |this, _| Ok(this.info.address.to_string().into()),
        ),
        Member::property(
            "transactions",
            Ty::List,
            "Its transactions, newest first, those that wait for their block on top.",
            "c.unlockhash_get(w.address).transactions",
            |this, _| {
                let list = this.info.transactions.iter().cloned();
                Ok(list.map(TransactionValue::seen).collect())
            },
        ),
        Member::property(
            "multisig_addresses",
            Ty::List,
            "The multi-signature addresses of which it is an owner.",
            "c.unlockhash_get(w.address).multisig_addresses",
            |this, _| {
                let list = this.info.multisig_addresses.iter();
                Ok(list.map(|a| Value::Str(a.to_string())).collect())
            },
        ),
        Member::property(
            "erc20_info",
            Ty::Object(class_of::<Erc20InfoValue>),
            "Its registration as an ERC20 address; None when there is none.",
            "c.unlockhash_get(w.address).erc20_info",
            |this, _| Ok(this.info.erc20.clone().map(Erc20InfoValue::value).into()),
        ),
        Member::method(
            "balance",
            &[],
            Ty::Object(class_of::<BalanceValue>),
            "Computes what the address owns, seen from the newest block.",
            "c.unlockhash_get(w.address).balance()",
            |this: &Arc<Lookup>, _| {
                let explorer = this.core.explorer()?;
                let balance = this.core.ask(address_balance(&explorer, &this.info))?;
                Ok(BalanceValue::value(this.core.clone(), balance))
            },
        )
        .needs(Needs::NETWORK),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        Labels::if_open(&self.core).mark(&self.info.to_string())
    }
}
