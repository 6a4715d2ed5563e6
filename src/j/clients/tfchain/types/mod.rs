//! `j.clients.tfchain.types`: the chain's own types, to build anything and to take it apart.
//!
//! Nothing here asks the network, and nothing is kept: what is read is checked and answered as a
//! value. JSON goes in as text or dict, bytes as hex digits.
//!
//! * [`transactions`], [`conditions`], [`fulfillments`]: from JSON and from bytes.
//! * [`mnemonic`]: words of a seed and what they stand for.
//! * [`plain`]: addresses, keys and names.
//! * [`binary`]: how bytes go in and out.
pub mod binary;
pub mod conditions;
pub mod fulfillments;
pub mod mnemonic;
pub mod plain;
pub mod transactions;

use std::sync::Arc;

use super::amount::Currency;
use super::recipient;
use crate::j::world::World;
use crate::object::{Class, Default, Error, Member, Param, Result, Ty, Value, class_of};
use crate::tfchain::wallet::{WalletError, parse_bot_name, parse_network_address};
use crate::tfchain::{BotName, Erc20Address, NetworkAddress, PublicKey, UnlockHash};
use conditions::Conditions;
use fulfillments::Fulfillments;
use mnemonic::Mnemonics;
use plain::Plain;
use transactions::Transactions;

/// `j.clients.tfchain.types`.
pub struct Types {
    world: Arc<World>,
}

impl Types {
    /// The node below the clients.
    pub fn value(world: &Arc<World>) -> Value {
        let world = world.clone();
        Value::object(Types { world })
    }
}

const fn text(doc: &'static str) -> Param {
    Param::required("text", Ty::Str, doc)
}

/// A name or address, read with the wallet's words for what is wrong with it.
fn worded<T>(
    read: std::result::Result<T, impl Into<WalletError>>,
    hint: &'static str,
) -> Result<T> {
    read.map_err(|error| Error::from(error.into()).hint(hint))
}

impl Class for Types {
    const NAME: &'static str = "types";
    const DOC: &'static str =
        "The chain's own types: reads them from text, JSON and bytes, without the network.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::child(
            "transactions",
            class_of::<Transactions>,
            "Transactions of every version.",
            "j.clients.tfchain.types.transactions",
            |_, _| Ok(Value::object(Transactions)),
        ),
        Member::child(
            "conditions",
            class_of::<Conditions>,
            "Conditions: how an output is locked.",
            "j.clients.tfchain.types.conditions",
            |types, _| Ok(Conditions::value(&types.world)),
        ),
        Member::child(
            "fulfillments",
            class_of::<Fulfillments>,
            "Fulfillments: how an input unlocks the output that it spends.",
            "j.clients.tfchain.types.fulfillments",
            |_, _| Ok(Value::object(Fulfillments)),
        ),
        Member::child(
            "mnemonic",
            class_of::<Mnemonics>,
            "The words of a seed, and the entropy that they stand for.",
            "j.clients.tfchain.types.mnemonic",
            |_, _| Ok(Value::object(Mnemonics)),
        ),
        Member::method(
            "unlockhash",
            &[text("the address: 78 hex digits")],
            Ty::Object(class_of::<Plain<UnlockHash>>),
            "Reads an address and checks its checksum.",
            "j.clients.tfchain.types.unlockhash(w.address).type",
            |_, args| Ok(Plain::value(args.text("text").parse::<UnlockHash>()?)),
        ),
        Member::method(
            "public_key",
            &[text("`ed25519:` and 64 hex digits")],
            Ty::Object(class_of::<Plain<PublicKey>>),
            "Reads a public key.",
            "k = j.clients.tfchain.types.public_key(\
             'ed25519:060bf143977959248d80635c6c89137d86e1d6e2906ab731d30a00cc9b95d68d')\n\
             k.unlockhash",
            |_, args| Ok(Plain::value(args.text("text").parse::<PublicKey>()?)),
        ),
        Member::method(
            "currency",
            &[Param::optional(
                "value",
                Ty::Any("number of TFT"),
                Default::Int(0),
                "a number of TFT, or a text such as '1.5 TFT'",
            )],
            Ty::Object(class_of::<Currency>),
            "Reads an amount of TFT; it is exact.",
            "j.clients.tfchain.types.currency('1.5 TFT').units",
            |_, args| match args.get("value") {
                Value::None => Ok(Currency::value(crate::tfchain::Amount::ZERO)),
                given => Ok(Currency::value(recipient::amount(given)?)),
            },
        ),
        Member::method(
            "bot_name",
            &[text("the name of a 3bot")],
            Ty::Object(class_of::<Plain<BotName>>),
            "Reads the name of a 3bot; the chain knows it in lower case only.",
            "j.clients.tfchain.types.bot_name('My-Bot.example')",
            |_, args| {
                let name = worded(
                    parse_bot_name(args.text("text")),
                    "parts of 5 to 63 letters, digits and -, with dots between; each begins with \
                     a letter and ends with a letter or digit",
                )?;
                Ok(Plain::value(name))
            },
        ),
        Member::method(
            "network_address",
            &[text("a host name, an IPv4 or an IPv6 address")],
            Ty::Object(class_of::<Plain<NetworkAddress>>),
            "Reads the address at which a 3bot can be reached.",
            "j.clients.tfchain.types.network_address('bot.example.org').type",
            |_, args| {
                let address = worded(
                    parse_network_address(args.text("text")),
                    "write it as bot.example.org, 192.0.2.1 or 2001:db8::1",
                )?;
                Ok(Plain::value(address))
            },
        ),
        Member::method(
            "erc20_address",
            &[text("`0x` and 40 hex digits")],
            Ty::Object(class_of::<Plain<Erc20Address>>),
            "Reads an address of Ethereum.",
            "j.clients.tfchain.types.erc20_address('0x878f491ede981a1959f2a767a9d6aaa7b7eef7d8')",
            |_, args| Ok(Plain::value(args.text("text").parse::<Erc20Address>()?)),
        ),
    ]];

    fn location(&self) -> String {
        "j.clients.tfchain.types".into()
    }
}
