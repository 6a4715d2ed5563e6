//! 3bots: `w.threebot` registers and changes them, `c.threebot` looks them up.
use std::future::Future;
use std::sync::Arc;

use super::order::carry_out;
use super::place::ClientCore;
use super::recipient;
use super::send::{CONFIRM, DRY_RUN, REFUND, SOURCE, SendResult};
use super::wallet::Wallet;
use crate::object::{
    Args, Class, Default, Error, Member, Needs, Paint, Param, Result, Ty, Value, class_of,
};
use crate::tfchain::transaction::ListChange;
use crate::tfchain::wallet::{
    BotChange, BotDraft, BotIdentifier, NewBot, Payer, ThreeBotError, WalletError, bot_record,
    parse_bot_name, parse_network_address,
};
use crate::tfchain::{BotName, BotRecord, NetworkAddress};

/// A list of names that need not be given.
const fn names(name: &'static str, doc: &'static str) -> Param {
    Param::optional(name, Ty::Any("list of names"), Default::None, doc)
}

/// A list of network addresses that need not be given.
const fn addresses(name: &'static str, doc: &'static str) -> Param {
    Param::optional(name, Ty::Any("list of addresses"), Default::None, doc)
}

/// A bot: its number, one of its names, its key or its record.
const fn bot(name: &'static str, doc: &'static str) -> Param {
    Param::required(name, Ty::Any("id, name or public key"), doc)
}

/// `w.threebot`.
pub struct WalletThreeBots {
    wallet: Arc<Wallet>,
}

impl WalletThreeBots {
    /// The node below a wallet.
    pub fn value(wallet: &Arc<Wallet>) -> Value {
        let wallet = wallet.clone();
        Value::object(WalletThreeBots { wallet })
    }

    /// Carries out an order that is drafted by `drafting`.
    fn carry_out(
        &self,
        args: &Args,
        drafting: impl Future<Output = std::result::Result<BotDraft, WalletError>>,
    ) -> Result<Value> {
        carry_out(&self.wallet, args, drafting).map_err(|error| self.explain(error))
    }

    /// Says what to do about a bot whose time is over.
    fn explain(&self, error: Error) -> Error {
        match error.message.contains(" is inactive since ") {
            true => error.hint(format!(
                "pay for it: {}.threebot.record_update(id, months=1); it loses its names by that",
                self.wallet.path()
            )),
            false => error,
        }
    }
}

/// Reads the parameters `source` and `refund` of a call.
pub(super) fn payer(args: &Args) -> Result<Payer> {
    let refund = match args.get("refund") {
        Value::None => None,
        given => Some(recipient::recipient(given)?),
    };
    Ok(Payer {
        sources: recipient::sources(args.get("source"))?,
        refund,
    })
}

/// Reads a list of texts; one text stands for a list of it.
fn several<T>(
    args: &Args,
    name: &str,
    parse: fn(&str) -> std::result::Result<T, ThreeBotError>,
) -> Result<Vec<T>> {
    let one = |value: &Value| match value {
        Value::Str(text) => parse(text).map_err(|error| WalletError::from(error).into()),
        other => Err(Error::type_error(format!(
            "{}(): '{name}' is a list of texts, with {} in it",
            args.method(),
            other.type_name()
        ))),
    };
    match args.get(name) {
        Value::None => Ok(Vec::new()),
        Value::List(list) => list.iter().map(one).collect(),
        text => Ok(vec![one(text)?]),
    }
}

fn bot_names(args: &Args, name: &str) -> Result<Vec<BotName>> {
    several(args, name, parse_bot_name)
}

fn network_addresses(args: &Args, name: &str) -> Result<Vec<NetworkAddress>> {
    several(args, name, parse_network_address)
}

/// Reads which bot is meant: a number, a name, a public key or a record.
fn identifier(value: &Value) -> Result<BotIdentifier> {
    let read = match value {
        Value::Int(number) => BotIdentifier::from_number(*number),
        Value::Str(text) => BotIdentifier::parse(text),
        Value::Object(_) if value.downcast::<BotRecordValue>().is_some() => {
            let id = value.downcast::<BotRecordValue>().map(|record| record.0.id);
            return Ok(BotIdentifier::Id(id.unwrap_or_default()));
        }
        other => {
            return Err(Error::type_error(format!(
                "a 3Bot is told by its number, a name or its public key, not by {}",
                other.type_name()
            )));
        }
    };
    read.map_err(|error| WalletError::from(error).into())
}

const ORDERS: Needs = Needs::NETWORK.and(Needs::MONEY).and(Needs::UNLOCKED);

impl Class for WalletThreeBots {
    const NAME: &'static str = "TFChainWalletThreeBots";
    const DOC: &'static str = "The 3bots of a wallet: registered, changed and paid here.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::method(
            "record_new",
            &[
                Param::optional(
                    "months",
                    Ty::Int,
                    Default::Int(1),
                    "for how long it is paid: 1 to 24 months of 30 days",
                ),
                names("names", "its names, 5 at most; they become lower case"),
                addresses(
                    "addresses",
                    "where it can be reached: host names, IPv4 or IPv6 addresses, 10 at most",
                ),
                Param::optional(
                    "key_index",
                    Ty::Int,
                    Default::None,
                    "the number of the address of the wallet whose key it gets; a new key without",
                ),
                SOURCE,
                REFUND,
                DRY_RUN,
                CONFIRM,
            ],
            Ty::Object(class_of::<SendResult>),
            "Registers a 3bot: 90 TFT, 10 TFT a month (30 % less from 12 months on, half for 24),\n\
             50 TFT for every name after the first. The chain knows it after the next block.",
            "w.threebot.record_new(months=1, names=['your3bot.example'], addresses=['your3bot.org'])",
            |this: &Arc<WalletThreeBots>, args| {
                let order = NewBot {
                    months: args.opt_int("months").unwrap_or(1),
                    names: bot_names(args, "names")?,
                    addresses: network_addresses(args, "addresses")?,
                    key_index: args.opt_int("key_index"),
                };
                let (library, payer) = (this.wallet.library()?, payer(args)?);
                this.carry_out(args, library.draft_bot(&order, &payer))
            },
        )
        .needs(ORDERS),
        Member::method(
            "record_update",
            &[
                bot("identifier", "the 3bot: its number, a name or its public key"),
                Param::optional(
                    "months",
                    Ty::Int,
                    Default::Int(0),
                    "months to be paid beyond those that are, 24 months ahead at most",
                ),
                names("names_to_add", "names that it gets"),
                names("names_to_remove", "names that it gives up"),
                addresses("addresses_to_add", "addresses that it gets"),
                addresses("addresses_to_remove", "addresses that it gives up"),
                SOURCE,
                REFUND,
                DRY_RUN,
                CONFIRM,
            ],
            Ty::Object(class_of::<SendResult>),
            "Changes the record of a 3bot or pays for more months: 10 TFT a month, 20 TFT for any\n\
             change of addresses, 50 TFT for every name that is added. A wallet that does not have\n\
             the key of the 3bot pays, and the owner signs with transaction_sign().",
            "r = w.threebot.record_new(names=['update.example'])\n\
             b = j.devnet.block_make()\n\
             w.threebot.record_update('update.example', months=2, addresses_to_add=['bot.example.org'])",
            |this: &Arc<WalletThreeBots>, args| {
                let bot = identifier(args.get("identifier"))?;
                let order = BotChange {
                    months: args.opt_int("months").unwrap_or(0),
                    names: ListChange {
                        add: bot_names(args, "names_to_add")?,
                        remove: bot_names(args, "names_to_remove")?,
                    },
                    addresses: ListChange {
                        add: network_addresses(args, "addresses_to_add")?,
                        remove: network_addresses(args, "addresses_to_remove")?,
                    },
                };
                let (library, payer) = (this.wallet.library()?, payer(args)?);
                this.carry_out(args, library.draft_bot_update(&bot, &order, &payer))
            },
        )
        .needs(ORDERS),
        Member::method(
            "name_transfer",
            &[
                bot("sender", "the 3bot that gives: its number, a name or its public key"),
                bot("receiver", "the 3bot that gets"),
                Param::required(
                    "names",
                    Ty::Any("list of names"),
                    "the names, all of them the sender's",
                ),
                SOURCE,
                REFUND,
                DRY_RUN,
                CONFIRM,
            ],
            Ty::Object(class_of::<SendResult>),
            "Gives names of one 3bot to another, 50 TFT for each. Both must sign: what a wallet\n\
             that has the key of one of them answers is completed by transaction_sign() of the other.",
            "r = w.threebot.record_new(addresses=['one.example.org'])\n\
             b = j.devnet.block_make()\n\
             q = w.threebot.record_new(names=['other.example'], source=w.address)\n\
             b = j.devnet.block_make()\n\
             w.threebot.name_transfer('other.example', r.transaction.public_key, ['other.example'])",
            |this: &Arc<WalletThreeBots>, args| {
                let sender = identifier(args.get("sender"))?;
                let receiver = identifier(args.get("receiver"))?;
                let names = bot_names(args, "names")?;
                let (library, payer) = (this.wallet.library()?, payer(args)?);
                let draft = library.draft_name_transfer(&sender, &receiver, &names, &payer);
                this.carry_out(args, draft)
            },
        )
        .needs(ORDERS),
    ]];

    fn location(&self) -> String {
        format!("{}.threebot", self.wallet.path())
    }
}

/// `c.threebot`.
pub struct ClientThreeBots {
    core: Arc<ClientCore>,
}

impl ClientThreeBots {
    /// The node below a client.
    pub fn value(core: &Arc<ClientCore>) -> Value {
        let core = core.clone();
        Value::object(ClientThreeBots { core })
    }
}

impl Class for ClientThreeBots {
    const NAME: &'static str = "TFChainThreeBots";
    const DOC: &'static str = "The 3bots that the chain knows.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[Member::method(
        "record_get",
        &[bot(
            "identifier",
            "the 3bot: its number, a name or its public key",
        )],
        Ty::Object(class_of::<BotRecordValue>),
        "Asks for the record of a 3bot by its number, one of its names or its public key.",
        "r = w.threebot.record_new(names=['lookup.example'])\n\
         b = j.devnet.block_make()\n\
         c.threebot.record_get('lookup.example')",
        |this: &Arc<ClientThreeBots>, args| {
            let bot = identifier(args.get("identifier"))?;
            let explorer = this.core.explorer()?;
            let record = this.core.ask(bot_record(&explorer, &bot))?;
            Ok(Value::object(BotRecordValue(record)))
        },
    )
    .needs(Needs::NETWORK)]];

    fn location(&self) -> String {
        format!("{}.threebot", self.core.base.path())
    }
}

/// The record of a 3bot.
pub struct BotRecordValue(BotRecord);

fn texts<T: ToString>(items: &[T]) -> Value {
    let texts = items.iter().map(ToString::to_string);
    texts.map(Value::Str).collect()
}

impl Class for BotRecordValue {
    const NAME: &'static str = "ThreeBotRecord";
    const DOC: &'static str = "What the chain knows of a 3bot.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property(
            "identifier",
            Ty::Int,
            "Its number, from 1 on.",
            "r = w.threebot.record_new(names=['identifier'])\n\
             b = j.devnet.block_make()\n\
             c.threebot.record_get('identifier').identifier",
            |this, _| Ok(Value::Int(this.0.id.into())),
        ),
        Member::property(
            "names",
            Ty::List,
            "Its names, sorted.",
            "r = w.threebot.record_new(names=['names.example'])\n\
             b = j.devnet.block_make()\n\
             c.threebot.record_get('names.example').names",
            |this, _| Ok(texts(&this.0.names)),
        ),
        Member::property(
            "addresses",
            Ty::List,
            "Where it can be reached: host names, then IPv4, then IPv6 addresses, each sorted.",
            "r = w.threebot.record_new(names=['addresses'], addresses=['127.0.0.1'])\n\
             b = j.devnet.block_make()\n\
             c.threebot.record_get('addresses').addresses",
            |this, _| Ok(texts(&this.0.addresses)),
        ),
        Member::property(
            "public_key",
            Ty::Str,
            "Its public key, which no other 3bot has.",
            "r = w.threebot.record_new(names=['publickey'])\n\
             b = j.devnet.block_make()\n\
             c.threebot.record_get(r.transaction.public_key).public_key",
            |this, _| Ok(this.0.public_key.to_string().into()),
        ),
        Member::property(
            "expiration",
            Ty::Int,
            "Until when it is paid, in Unix seconds.",
            "r = w.threebot.record_new(names=['expiration'])\n\
             b = j.devnet.block_make()\n\
             c.threebot.record_get('expiration').expiration",
            |this, _| {
                Ok(Value::Int(
                    i64::try_from(this.0.expiration).unwrap_or(i64::MAX),
                ))
            },
        ),
        Member::method(
            "json",
            &[],
            Ty::Dict,
            "Returns the record as the chain's JSON has it, as a dict.",
            "r = w.threebot.record_new(names=['asjson'])\n\
             b = j.devnet.block_make()\n\
             c.threebot.record_get('asjson').json()",
            |this, _| super::transaction::json_value(&this.0),
        ),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        let join = |items: Vec<String>| items.join(", ");
        format!(
            "ThreeBotRecord(identifier={}, names=[{}], addresses=[{}], public_key={}, expiration={})",
            self.0.id,
            join(self.0.names.iter().map(ToString::to_string).collect()),
            join(self.0.addresses.iter().map(ToString::to_string).collect()),
            self.0.public_key,
            self.0.expiration
        )
    }
    fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(&self.0).unwrap_or_default()
    }
    fn equals(&self, other: &Value) -> bool {
        other
            .downcast::<BotRecordValue>()
            .is_some_and(|other| other.0 == self.0)
    }
}
