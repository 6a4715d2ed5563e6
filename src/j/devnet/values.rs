//! What `j.devnet` answers: how a devnet is, blocks, coins from Ethereum, funded identities.
use std::time::Duration;

use crate::devnet::{Account, Bridged, Made, Status};
use crate::j::clients::tfchain::amount::Currency;
use crate::object::{Class, Member, Paint, Ty, Value, class_of};
use crate::tfchain::Amount;

/// What a devnet says of itself.
pub struct DevnetStatus(pub(super) Status);

fn number(n: impl TryInto<i64>) -> Value {
    n.try_into().map_or(Value::None, Value::Int)
}

impl Class for DevnetStatus {
    const NAME: &'static str = "DevnetStatus";
    const DOC: &'static str = "How a devnet is.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property(
            "address",
            Ty::Str,
            "Address of the node.",
            "j.devnet.status().address",
            |s, _| Ok(format!("http://{}", s.0.addr).into()),
        ),
        Member::property(
            "faucet",
            Ty::Str,
            "Address of the faucet.",
            "j.devnet.status().faucet",
            |s, _| Ok(format!("http://{}", s.0.faucet).into()),
        ),
        Member::property(
            "pages",
            Ty::Str,
            "Address of its pages for a browser: blocks, transactions, addresses, 3bots.",
            "j.devnet.status().pages",
            |s, _| Ok(s.0.pages().into()),
        ),
        Member::property(
            "hub",
            Ty::Str,
            "Address of its flist hub, also for a browser.",
            "j.devnet.status().hub",
            |s, _| Ok(format!("http://{}", s.0.hub).into()),
        ),
        Member::property(
            "directory",
            Ty::Str,
            "Address of its capacity directory, also for a browser; the broker's mails are there too.",
            "j.devnet.status().directory",
            |s, _| Ok(format!("http://{}", s.0.grid.directory).into()),
        ),
        Member::property(
            "mail_server",
            Ty::Str,
            "Host, port and encryption of the mail server that its mails go to; None without one.",
            "j.devnet.status().mail_server",
            |s, _| Ok(s.0.mail_server.clone().map_or(Value::None, Value::from)),
        ),
        Member::property(
            "gateway",
            Ty::Str,
            "Address of its web gateway, which forwards by host name.",
            "j.devnet.status().gateway",
            |s, _| Ok(format!("http://{}", s.0.grid.gateway).into()),
        ),
        Member::property(
            "height",
            Ty::Int,
            "Height of the newest block.",
            "j.devnet.status().height",
            |s, _| Ok(number(s.0.height)),
        ),
        Member::property(
            "block_id",
            Ty::Str,
            "Id of the newest block.",
            "j.devnet.status().block_id",
            |s, _| Ok(s.0.block_id.clone().into()),
        ),
        Member::property(
            "pool",
            Ty::Int,
            "Transactions that wait for a block.",
            "j.devnet.status().pool",
            |s, _| Ok(number(s.0.pool)),
        ),
        Member::property(
            "pid",
            Ty::Int,
            "Id of its process.",
            "j.devnet.status().pid",
            |s, _| Ok(number(s.0.pid)),
        ),
        Member::property(
            "dir",
            Ty::Str,
            "Folder of its state.",
            "j.devnet.status().dir",
            |s, _| Ok(s.0.dir.clone().into()),
        ),
        Member::property(
            "clock_offset",
            Ty::Int,
            "Seconds its clock is ahead.",
            "j.devnet.status().clock_offset",
            |s, _| Ok(Value::Int(s.0.clock_offset)),
        ),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        let s = &self.0;
        let blocks = match s.block_every_ms {
            Some(ms) => format!(
                "a block every {} s",
                Duration::from_millis(ms).as_secs_f64()
            ),
            None => "blocks on demand".to_string(),
        };
        let mut text = format!(
            "devnet on http://{}, faucet on http://{}\npages: {}\nflist hub: http://{}\ncapacity: http://{}\nheight {}, {blocks}, {} waiting in \
             the pool",
            s.addr,
            s.faucet,
            s.pages(),
            s.hub,
            s.grid.directory,
            s.height,
            s.pool
        );
        if let Some(server) = &s.mail_server {
            text.push_str(&format!("\nmail server: {server}"));
        }
        for notice in &s.notices {
            text.push_str(&format!("\nnote: {notice}"));
        }
        text
    }
    fn to_json(&self) -> serde_json::Value {
        let mut json = serde_json::to_value(&self.0).unwrap_or_default();
        if let Some(fields) = json.as_object_mut() {
            fields.insert("pages".into(), self.0.pages().into());
        }
        json
    }
}

/// A block that was just made.
pub struct MadeBlock(pub(super) Made);

impl Class for MadeBlock {
    const NAME: &'static str = "MadeBlock";
    const DOC: &'static str = "A block that was just made.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property(
            "height",
            Ty::Int,
            "Its height.",
            "j.devnet.block_make().height",
            |b, _| Ok(number(b.0.height)),
        ),
        Member::property(
            "id",
            Ty::Str,
            "Its id.",
            "j.devnet.block_make().id",
            |b, _| Ok(b.0.id.clone().into()),
        ),
        Member::property(
            "timestamp",
            Ty::Int,
            "Its time, in seconds since 1970.",
            "j.devnet.block_make().timestamp",
            |b, _| Ok(number(b.0.timestamp)),
        ),
        Member::property(
            "transactions",
            Ty::Int,
            "Transactions in it, the block creating one not counted.",
            "j.devnet.block_make().transactions",
            |b, _| Ok(number(b.0.transactions)),
        ),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        let s = if self.0.transactions == 1 { "" } else { "s" };
        format!(
            "block {} at height {}, {} transaction{s}",
            self.0.id, self.0.height, self.0.transactions
        )
    }
    fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(&self.0).unwrap_or_default()
    }
}

/// Coins that the stand-in for the bridge has created.
pub struct BridgedCoins(pub(super) Bridged);

const BRIDGED: &str = "result = w.erc20.address_register(0)\n\
                       b = j.devnet.block_make()\n\
                       m = j.devnet.erc20_mint(w.address, 100)";

impl Class for BridgedCoins {
    const NAME: &'static str = "BridgedCoins";
    const DOC: &'static str = "Coins that came back from Ethereum.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property(
            "transaction",
            Ty::Str,
            "Id of the transaction on this chain.",
            BRIDGED,
            |b, _| Ok(b.0.transaction.clone().into()),
        ),
        Member::property("address", Ty::Str, "Who gets them.", BRIDGED, |b, _| {
            Ok(b.0.address.to_string().into())
        }),
        Member::property(
            "value",
            Ty::Object(class_of::<Currency>),
            "How many, the fee taken off.",
            BRIDGED,
            |b, _| Ok(Currency::value(b.0.value.clone())),
        ),
        Member::property(
            "txid",
            Ty::Str,
            "The Ethereum transaction, which counts once.",
            BRIDGED,
            |b, _| Ok(b.0.erc20_transaction.to_string().into()),
        ),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        let b = &self.0;
        format!(
            "{} for {} in transaction {}\nof the Ethereum transaction {}",
            b.value.with_unit(),
            b.address,
            b.transaction,
            b.erc20_transaction
        )
    }
    fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(&self.0).unwrap_or_default()
    }
}

/// A funded identity of the devnet.
pub struct DevnetAccount(pub(super) Account);

impl Class for DevnetAccount {
    const NAME: &'static str = "DevnetAccount";
    const DOC: &'static str = "A funded identity of the devnet; its words are public knowledge.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property(
            "name",
            Ty::Str,
            "What it is used for.",
            "j.devnet.accounts()[0].name",
            |a, _| Ok(a.0.name.clone().into()),
        ),
        Member::property(
            "address",
            Ty::Str,
            "Its address.",
            "j.devnet.accounts()[0].address",
            |a, _| Ok(a.0.address.clone().into()),
        ),
        Member::property(
            "seed",
            Ty::Str,
            "Its recovery words.",
            "j.devnet.accounts()[0].seed",
            |a, _| Ok(a.0.mnemonic.clone().into()),
        ),
        Member::property(
            "index",
            Ty::Int,
            "Index of its key.",
            "j.devnet.accounts()[0].index",
            |a, _| Ok(number(a.0.index)),
        ),
        Member::property(
            "key_count",
            Ty::Int,
            "Keys that a wallet of its words needs to have this one.",
            "a = j.devnet.accounts()[0]\n\
             g = c.wallets.new('genesis', seed=a.seed, key_count=a.key_count)\n\
             g.addresses[a.index] == a.address",
            |a, _| Ok(number(a.0.index.saturating_add(1))),
        ),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        let balance = Amount::parse_units(&self.0.balance)
            .map_or_else(|_| self.0.balance.clone(), |amount| amount.with_unit());
        format!(
            "{}: {} with {balance} (key {})",
            self.0.name, self.0.address, self.0.index
        )
    }
    fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(&self.0).unwrap_or_default()
    }
}
