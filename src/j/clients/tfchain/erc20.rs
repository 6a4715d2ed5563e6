//! ERC20: `w.erc20` sends coins to the Ethereum chain and registers addresses to which they come
//! back, `c.erc20` looks such addresses up.
use std::sync::Arc;

use super::order::carry_out;
use super::place::ClientCore;
use super::recipient;
use super::send::{self, CONFIRM, DRY_RUN, FEE, FEE_HIGH, Order, REFUND, SOURCE, SendResult};
use super::threebot::payer;
use super::wallet::Wallet;
use crate::object::{
    Class, Default, Error, Member, Needs, Paint, Param, Result, Ty, Value, class_of,
};
use crate::tfchain::Erc20Address;
use crate::tfchain::explorer::Erc20Info;
use crate::tfchain::wallet::{OwnAddress, Payment, Recipient, erc20_info_of, parse_erc20_address};

/// `w.erc20`.
pub struct WalletErc20 {
    wallet: Arc<Wallet>,
}

impl WalletErc20 {
    /// The node below a wallet.
    pub fn value(wallet: &Arc<Wallet>) -> Value {
        let wallet = wallet.clone();
        Value::object(WalletErc20 { wallet })
    }
}

/// Reads an address of the Ethereum chain: text, 20 bytes, or a registration.
fn erc20_address(value: &Value) -> Result<Erc20Address> {
    match value {
        Value::Str(text) => Ok(parse_erc20_address(text)?),
        Value::Bytes(bytes) => Ok(parse_erc20_address(&hex::encode(bytes))?),
        other => match other.downcast::<Erc20InfoValue>() {
            Some(info) => Ok(info.0.address_erc20),
            None => Err(Error::type_error(format!(
                "an ERC20 address is a text: 0x and 40 hex digits, not {}",
                other.type_name()
            ))),
        },
    }
}

/// Reads which address of the wallet is meant; None when none is named.
fn own_address(value: &Value) -> Result<Option<OwnAddress>> {
    match value {
        Value::None => Ok(None),
        Value::Int(index) => Ok(Some(OwnAddress::Index(*index))),
        Value::Str(_) | Value::Bytes(_) => {
            let address = recipient::address(value)?;
            Ok(Some(OwnAddress::Address(address)))
        }
        other => Err(Error::value(format!(
            "an address of the wallet is told by its place (0 is the primary one) or by itself, \
             not by {}",
            other.type_name()
        ))),
    }
}

/// Which address of the wallet.
const fn which(doc: &'static str) -> Param {
    Param::optional("value", Ty::Any("int or address"), Default::None, doc)
}

const ORDERS: Needs = Needs::NETWORK.and(Needs::MONEY).and(Needs::UNLOCKED);

impl Class for WalletErc20 {
    const NAME: &'static str = "TFChainWalletErc20";
    const DOC: &'static str =
        "Coins to the Ethereum chain, and addresses for those that come back.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::method(
            "coins_send",
            &[
                Param::required(
                    "address",
                    Ty::Any("ERC20 address"),
                    "who gets them there: 0x and 40 hex digits",
                ),
                Param::required(
                    "amount",
                    Ty::Any("amount"),
                    "how much, in TFT, without the fee: 1000 or more",
                ),
                SOURCE,
                REFUND,
                FEE,
                FEE_HIGH,
                DRY_RUN,
                CONFIRM,
            ],
            Ty::Object(class_of::<SendResult>),
            "Sends coins to the Ethereum chain: they leave this one, and as many ERC20 tokens are\n\
             given to the address there. coins_send() of the wallet does the same.",
            "txid = c.faucet_request(w.address, 1000)\n\
             b = j.devnet.block_make()\n\
             w.erc20.coins_send('0x828de486adc50aa52dab52a2ec284bcac75be211', 1000)",
            |this: &Arc<WalletErc20>, args| {
                let mut order = Order::of(args)?;
                order.request.payments.push(Payment {
                    recipient: Recipient::Erc20(erc20_address(args.get("address"))?),
                    amount: recipient::amount(args.get("amount"))?,
                    lock: None,
                });
                send::send(&this.wallet, order)
            },
        )
        .needs(ORDERS),
        Member::method(
            "address_register",
            &[
                which("the place of an address of the wallet, or the address; a new one without"),
                SOURCE,
                REFUND,
                DRY_RUN,
                CONFIRM,
            ],
            Ty::Object(class_of::<SendResult>),
            "Registers an address of the wallet for 10 TFT, once: after that it has an ERC20\n\
             address, and tokens sent there on the Ethereum chain come back as coins.",
            "result = w.erc20.address_register(0)\n\
             b = j.devnet.block_make()\n\
             w.erc20.address_get()",
            |this: &Arc<WalletErc20>, args| {
                let own = own_address(args.get("value"))?;
                let (library, payer) = (this.wallet.library()?, payer(args)?);
                let draft = library.draft_erc20_registration(own.as_ref(), &payer);
                carry_out(&this.wallet, args, draft)
            },
        )
        .needs(ORDERS),
        Member::method(
            "address_get",
            &[which(
                "the place of an address of the wallet, or the address; the primary one without",
            )],
            Ty::Object(class_of::<Erc20InfoValue>),
            "Asks for the registration of an address of the wallet.",
            "result = w.erc20.address_register(w.address)\n\
             b = j.devnet.block_make()\n\
             w.erc20.address_get(w.address)",
            |this: &Arc<WalletErc20>, args| {
                let own = own_address(args.get("value"))?;
                let (library, core) = (this.wallet.library()?, this.wallet.client());
                let info = core.ask(library.erc20_info(own.as_ref()))?;
                Ok(Erc20InfoValue::value(info))
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "addresses_get",
            &[],
            Ty::List,
            "Lists the registrations of all addresses of the wallet, in their order.",
            "result = w.erc20.address_register()\nw.erc20.addresses_get()",
            |this: &Arc<WalletErc20>, _| {
                let library = this.wallet.library()?;
                let infos = this.wallet.client().ask(library.erc20_infos());
                this.wallet.note_keys(&library)?;
                Ok(infos?.into_iter().map(Erc20InfoValue::value).collect())
            },
        )
        .needs(Needs::NETWORK),
    ]];

    fn location(&self) -> String {
        format!("{}.erc20", self.wallet.path())
    }
}

/// `c.erc20`.
pub struct ClientErc20 {
    core: Arc<ClientCore>,
}

impl ClientErc20 {
    /// The node below a client.
    pub fn value(core: &Arc<ClientCore>) -> Value {
        let core = core.clone();
        Value::object(ClientErc20 { core })
    }
}

impl Class for ClientErc20 {
    const NAME: &'static str = "TFChainErc20";
    const DOC: &'static str = "The addresses to which coins come back from the Ethereum chain.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[Member::method(
        "address_get",
        &[Param::required(
            "unlockhash",
            Ty::Any("address"),
            "an address, its label, or its ERC20 address (0x and 40 hex digits)",
        )],
        Ty::Object(class_of::<Erc20InfoValue>),
        "Asks for the registration of an address, of anybody's.",
        "result = w.erc20.address_register(0)\n\
         b = j.devnet.block_make()\n\
         c.erc20.address_get(w.address)",
        |this: &Arc<ClientErc20>, args| {
            let target = recipient::labelled(args.get("unlockhash"), &this.core)?;
            let explorer = this.core.explorer()?;
            let info = match target {
                Recipient::Erc20(address) => this.core.ask(erc20_info_of(&explorer, address))?,
                other => {
                    let address = other.unlock_hash()?;
                    this.core.ask(explorer.erc20_info(address))?
                }
            };
            Ok(Erc20InfoValue::value(info))
        },
    )
    .needs(Needs::NETWORK)]];

    fn location(&self) -> String {
        format!("{}.erc20", self.core.base.path())
    }
}

/// The registration of an address.
pub struct Erc20InfoValue(Erc20Info);

impl Erc20InfoValue {
    /// The registration as a value of the shell.
    pub fn value(info: Erc20Info) -> Value {
        Value::object(Erc20InfoValue(info))
    }
}

impl Class for Erc20InfoValue {
    const NAME: &'static str = "ERC20AddressInfo";
    const DOC: &'static str = "The registration of an address to which coins come back.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property(
            "address_tft",
            Ty::Str,
            "The address on this chain.",
            "result = w.erc20.address_register(0)\nw.erc20.address_get().address_tft",
            |this, _| Ok(this.0.address_tft.to_string().into()),
        ),
        Member::property(
            "address_erc20",
            Ty::Str,
            "The address on the Ethereum chain: tokens sent there come back as coins.",
            "result = w.erc20.address_register(0)\nw.erc20.address_get().address_erc20",
            |this, _| Ok(this.0.address_erc20.to_string().into()),
        ),
        Member::property(
            "confirmations",
            Ty::Int,
            "Blocks since the registration, its own included; 0 while it waits for its block.",
            "result = w.erc20.address_register(0)\nw.erc20.address_get().confirmations",
            |this, _| {
                let count = i64::try_from(this.0.confirmations);
                Ok(Value::Int(count.unwrap_or(i64::MAX)))
            },
        ),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        self.0.to_string()
    }
    fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "address_tft": self.0.address_tft.to_string(),
            "address_erc20": self.0.address_erc20.to_string(),
            "confirmations": self.0.confirmations,
        })
    }
    fn equals(&self, other: &Value) -> bool {
        let other = other.downcast::<Erc20InfoValue>();
        other.is_some_and(|other| other.0 == self.0)
    }
}
