//! What a wallet or an address owns, as a value.
use std::sync::Arc;

use indexmap::IndexMap;
use jiff::tz::TimeZone;

use super::amount::Currency;
use super::condition::ConditionValue;
use super::output::CoinOutput;
use super::place::ClientCore;
use super::recipient;
use super::transaction::TransactionValue;
use crate::object::{
    Class, Default, Error, Kind, Member, Paint, Param, Result, Ty, Value, class_of,
};
use crate::tfchain::wallet::{Balance, MultiSigOwners, OutputState, SelectionLimits, balance_text};

/// A balance, seen from one block.
pub struct BalanceValue {
    core: Arc<ClientCore>,
    balance: Balance,
}

impl BalanceValue {
    /// The balance as a value of the shell.
    pub fn value(core: Arc<ClientCore>, balance: Balance) -> Value {
        Value::object(BalanceValue { core, balance })
    }

    fn by_state(&self, state: OutputState) -> Value {
        let outputs = self.balance.outputs.with_state(state);
        let entries: IndexMap<String, Value> = outputs
            .map(|(id, output)| (id.to_string(), CoinOutput::value(Some(id), output.clone())))
            .collect();
        Value::Map(entries)
    }

    fn owners(&self) -> Result<&MultiSigOwners> {
        self.balance.multisig.as_ref().ok_or_else(|| {
            Error::new(
                Kind::Attribute,
                "this is not the balance of a multi-signature wallet",
            )
            .hint("those are in .wallets")
        })
    }
}

fn int(number: u64) -> Result<Value> {
    Ok(Value::Int(i64::try_from(number).unwrap_or(i64::MAX)))
}

const CURRENCY: Ty = Ty::Object(class_of::<Currency>);

impl Class for BalanceValue {
    const NAME: &'static str = "WalletBalance";
    const DOC: &'static str = "What a wallet or an address owns, seen from the newest block.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[SUMS, OUTPUTS, FACTS, METHODS];

    fn repr(&self, _paint: Paint) -> String {
        balance_text(&self.balance, &TimeZone::system())
    }
    fn inline(&self) -> String {
        format!(
            "WalletBalance({} available, {} locked)",
            self.balance.available().with_unit(),
            self.balance.locked().with_unit()
        )
    }
    fn to_json(&self) -> serde_json::Value {
        let balance = &self.balance;
        serde_json::json!({
            "height": balance.chain.height,
            "time": balance.chain.time,
            "available": balance.available().to_string(),
            "locked": balance.locked().to_string(),
            "unconfirmed": balance.unconfirmed().to_string(),
            "unconfirmed_locked": balance.unconfirmed_locked().to_string(),
            "unconfirmed_spent": balance.unconfirmed_spent().to_string(),
            "wallets": balance.wallets.iter().map(|(address, wallet)| {
                (address.to_string(), serde_json::json!({
                    "available": wallet.available().to_string(),
                    "locked": wallet.locked().to_string(),
                }))
            }).collect::<serde_json::Map<_, _>>(),
        })
    }
}

const SUMS: &[Member<BalanceValue>] = &[
    Member::property(
        "available",
        CURRENCY,
        "What can be spent now.",
        "w.balance.available",
        |this, _| Ok(Currency::value(this.balance.available())),
    ),
    Member::property(
        "locked",
        CURRENCY,
        "What is confirmed but locked.",
        "w.balance.locked",
        |this, _| Ok(Currency::value(this.balance.locked())),
    ),
    Member::property(
        "unconfirmed",
        CURRENCY,
        "What waits for its block, without what is locked.",
        "w.balance.unconfirmed",
        |this, _| Ok(Currency::value(this.balance.unconfirmed())),
    ),
    Member::property(
        "unconfirmed_locked",
        CURRENCY,
        "What waits for its block and is locked.",
        "w.balance.unconfirmed_locked",
        |this, _| Ok(Currency::value(this.balance.unconfirmed_locked())),
    ),
    Member::property(
        "active",
        Ty::Bool,
        "True when there is anything unspent or unconfirmed.",
        "w.balance.active",
        |this, _| Ok(this.balance.is_active().into()),
    ),
];

const OUTPUTS: &[Member<BalanceValue>] = &[
    Member::property(
        "outputs_available",
        Ty::List,
        "The outputs that can be spent now.",
        "w.balance.outputs_available",
        |this, _| {
            let outputs = this.balance.outputs_available();
            Ok(outputs
                .map(|(id, o)| CoinOutput::value(Some(id), o.clone()))
                .collect())
        },
    ),
    Member::property(
        "outputs_unconfirmed_available",
        Ty::List,
        "The unlocked outputs that wait for their block; they can be spent as well.",
        "w.balance.outputs_unconfirmed_available",
        |this, _| {
            let outputs = this.balance.outputs_unconfirmed_available();
            Ok(outputs
                .map(|(id, o)| CoinOutput::value(Some(id), o.clone()))
                .collect())
        },
    ),
    Member::property(
        "outputs_spent",
        Ty::Dict,
        "The outputs that were spent, by id.",
        "w.balance.outputs_spent",
        |this, _| Ok(this.by_state(OutputState::Spent)),
    ),
    Member::property(
        "outputs_unconfirmed",
        Ty::Dict,
        "The outputs that wait for their block, by id.",
        "w.balance.outputs_unconfirmed",
        |this, _| Ok(this.by_state(OutputState::Unconfirmed)),
    ),
    Member::property(
        "outputs_unconfirmed_spent",
        Ty::Dict,
        "The outputs that transactions without a block are about to spend, by id.",
        "w.balance.outputs_unconfirmed_spent",
        |this, _| Ok(this.by_state(OutputState::UnconfirmedSpent)),
    ),
];

const FACTS: &[Member<BalanceValue>] = &[
    Member::property(
        "addresses",
        Ty::List,
        "The addresses whose outputs are counted.",
        "w.balance.addresses",
        |this, _| {
            let list = this.balance.addresses.iter();
            Ok(list.map(|a| Value::Str(a.to_string())).collect())
        },
    ),
    Member::property(
        "addresses_multisig",
        Ty::List,
        "The addresses of the multi-signature wallets.",
        "w.balance.addresses_multisig",
        |this, _| {
            let list = this.balance.addresses_multisig();
            Ok(list.map(|a| Value::Str(a.to_string())).collect())
        },
    ),
    Member::property(
        "wallets",
        Ty::Dict,
        "The balances of the multi-signature wallets, by address.",
        "w.balance.wallets",
        |this, _| {
            let wallets = this.balance.wallets.iter().map(|(address, wallet)| {
                let value = BalanceValue::value(this.core.clone(), wallet.clone());
                (address.to_string(), value)
            });
            Ok(Value::Map(wallets.collect()))
        },
    ),
    Member::property(
        "chain_height",
        Ty::Int,
        "The height of the block from which it is seen.",
        "w.balance.chain_height",
        |this, _| int(this.balance.chain.height),
    ),
    Member::property(
        "chain_time",
        Ty::Int,
        "The time of that block in Unix seconds.",
        "w.balance.chain_time",
        |this, _| int(this.balance.chain.time),
    ),
    Member::property(
        "chain_blockid",
        Ty::Str,
        "The id of that block.",
        "w.balance.chain_blockid",
        |this, _| Ok(this.balance.chain.block_id.to_string().into()),
    ),
    Member::property(
        "address",
        Ty::Str,
        "The address of a multi-signature wallet.",
        MULTISIG,
        |this, _| Ok(this.owners()?.address.to_string().into()),
    ),
    Member::property(
        "owners",
        Ty::List,
        "The owners of a multi-signature wallet.",
        MULTISIG,
        |this, _| {
            let owners = this.owners()?.condition.unlock_hashes.iter();
            Ok(owners.map(|a| Value::Str(a.to_string())).collect())
        },
    ),
    Member::property(
        "signature_count",
        Ty::Int,
        "How many owners of a multi-signature wallet must sign.",
        MULTISIG,
        |this, _| int(this.owners()?.condition.minimum_signature_count),
    ),
];

const MULTISIG: &str = "w.coins_send(([w.address, c.wallets.pocket_money.address], 1), 5)\n\
                        j.devnet.block_make()\n\
                        a = w.addresses_multisig[0]\n\
                        w.balance.wallets[a].owners";

const METHODS: &[Member<BalanceValue>] = &[
    Member::method(
        "balance_add",
        &[Param::required(
            "other",
            Ty::Object(class_of::<BalanceValue>),
            "the other balance",
        )],
        Ty::Object(class_of::<BalanceValue>),
        "Merges two balances and returns the result.",
        "w.balance.balance_add(c.unlockhash_get(w.address).balance())",
        |this, args| {
            let Some(other) = args.get("other").downcast::<BalanceValue>() else {
                return Err(args.error("other", "must be a balance"));
            };
            let merged = this.balance.clone().merge(other.balance.clone())?;
            Ok(BalanceValue::value(this.core.clone(), merged))
        },
    ),
    Member::method(
        "drain",
        &[
            Param::required("recipient", Ty::Any("recipient"), "who receives"),
            Param::required(
                "miner_fee",
                Ty::Any("amount"),
                "the fee of each transaction",
            ),
            Param::optional(
                "unconfirmed",
                Ty::Bool,
                Default::Bool(false),
                "also what waits for its block",
            ),
            Param::optional(
                "data",
                Ty::Any("str or bytes"),
                Default::None,
                "83 bytes at most",
            ),
            Param::optional(
                "lock",
                Ty::Any("lock"),
                Default::None,
                "when it can be spent",
            ),
        ],
        Ty::List,
        "Makes unsigned transactions that move everything available to one recipient.\n\
         Nothing is sent: sign and send each with w.transaction_sign(t). Multi-signature wallets\n\
         are not drained.",
        "w.balance.drain(c.wallets.pocket_money.address, c.minimum_miner_fee)",
        |this, args| {
            let recipient = recipient::recipient(args.get("recipient"))?;
            let fee = match args.get("miner_fee") {
                Value::None => return Err(Error::type_error("miner fee has to be a currency")),
                fee => recipient::amount(fee)?,
            };
            let data = recipient::data(args.get("data"))?;
            let lock = recipient::lock(args.get("lock"), &this.core.clock())?;
            let network = this.core.place()?.network;
            let unconfirmed = args.flag("unconfirmed");
            let drafts = this
                .balance
                .drain(&recipient, &fee, unconfirmed, &data, lock, network)?;
            let made = drafts
                .into_iter()
                .map(|draft| TransactionValue::made(draft.transaction, None).into());
            Ok(made.collect())
        },
    ),
    Member::method(
        "fund",
        &[
            Param::required(
                "amount",
                Ty::Any("amount"),
                "what the outputs must be worth",
            ),
            Param::optional(
                "source",
                Ty::Any("address or list"),
                Default::None,
                "the addresses that pay; all single addresses without",
            ),
        ],
        Ty::List,
        "Chooses outputs worth an amount: answers the outputs, what is left over, and the\n\
         condition for that (None: the primary address).",
        "inputs, remainder, refund = w.balance.fund(10)",
        |this, args| {
            let amount = recipient::amount(args.get("amount"))?;
            let sources = recipient::sources(args.get("source"))?;
            let sources = Some(sources.as_slice()).filter(|list| !list.is_empty());
            let funding = this
                .balance
                .fund(&amount, sources, SelectionLimits::default())?;
            let inputs: Value = funding
                .inputs
                .into_iter()
                .map(|(id, output)| CoinOutput::value(Some(id), output))
                .collect();
            let refund = funding.refund.map(ConditionValue::value);
            Ok(Value::List(vec![
                inputs,
                Currency::value(funding.remainder),
                refund.into(),
            ]))
        },
    ),
];
