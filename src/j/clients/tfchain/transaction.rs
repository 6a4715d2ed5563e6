//! Transactions as values, and how a user hands one over: as a value, a dict or JSON text.
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use super::amount::Currency;
use super::json;
use super::output::{BlockStakeOutput, CoinOutput};
use super::types::plain::Plain;
use crate::j::file;
use crate::object::{Args, Class, Default, Error, Kind, Member, Paint, Param, Result, Ty, Value};
use crate::tfchain::explorer::ExplorerTransaction;
use crate::tfchain::{Hash, PublicKey, SignTarget, Transaction};

/// A transaction: one of the chain, or one that is being made.
pub struct TransactionValue {
    transaction: Transaction,
    /// None while it was not submitted: signing still changes it.
    id: Option<Hash>,
    height: Option<u64>,
    time: Option<u64>,
    seen: Option<Arc<ExplorerTransaction>>,
}

impl TransactionValue {
    /// A transaction that was made here; `id` when it was submitted.
    pub fn made(transaction: Transaction, id: Option<Hash>) -> Arc<Self> {
        Arc::new(TransactionValue {
            transaction,
            id,
            height: None,
            time: None,
            seen: None,
        })
    }

    /// A transaction that an explorer told.
    pub fn seen(seen: Arc<ExplorerTransaction>) -> Value {
        Value::object(TransactionValue {
            transaction: seen.transaction.clone(),
            id: Some(seen.id),
            height: seen.height,
            time: seen.time,
            seen: Some(seen),
        })
    }

    /// A transaction that was read: its id is reckoned, as far as its version is known.
    pub fn read(transaction: Transaction) -> Arc<Self> {
        let id = transaction.id().ok();
        TransactionValue::made(transaction, id)
    }

    /// The transaction.
    pub fn transaction(&self) -> &Transaction {
        &self.transaction
    }

    fn coin_outputs(&self) -> Value {
        if let Some(seen) = &self.seen {
            return seen
                .created_outputs()
                .map(|(id, output)| CoinOutput::value(Some(id), output.clone()))
                .collect();
        }
        let ids = self.id.and_then(|_| self.transaction.ids().ok());
        let ids = ids.map(|ids| ids.coin_outputs).unwrap_or_default();
        let outputs = self.transaction.coin_outputs();
        outputs
            .iter()
            .enumerate()
            .map(|(at, output)| CoinOutput::value(ids.get(at).copied(), output.clone()))
            .collect()
    }

    fn blockstake_outputs(&self) -> Value {
        let ids = self.id.and_then(|_| self.transaction.ids().ok());
        let ids = ids.map(|ids| ids.blockstake_outputs).unwrap_or_default();
        let outputs = self.transaction.blockstake_outputs();
        outputs
            .iter()
            .enumerate()
            .map(|(at, output)| BlockStakeOutput::value(ids.get(at).copied(), output.clone()))
            .collect()
    }
}

/// Anything of the chain as the dict of its JSON.
///
/// # Errors
/// What has no JSON form, and numbers that only fit in a text.
pub fn json_value(thing: &impl Serialize) -> Result<Value> {
    let json = serde_json::to_value(thing)
        .map_err(|e| Error::new(Kind::Internal, format!("there is no JSON of this: {e}")))?;
    if !fits(&json) {
        return Err(
            Error::value("a number in it has more than 64 bits, so no dict can hold it")
                .hint("take it as text: .json_text()"),
        );
    }
    Ok(Value::from_json(&json))
}

/// Anything of the chain as JSON text.
///
/// # Errors
/// What has no JSON form.
pub fn json_text(thing: &impl Serialize) -> Result<Value> {
    match serde_json::to_string(thing) {
        Ok(text) => Ok(text.into()),
        Err(error) => Err(Error::new(
            Kind::Internal,
            format!("there is no JSON of this: {error}"),
        )),
    }
}

/// True when a dict holds all numbers of a JSON value as they are.
fn fits(json: &serde_json::Value) -> bool {
    match json {
        serde_json::Value::Number(number) => number.is_i64() || number.is_f64(),
        serde_json::Value::Array(list) => list.iter().all(fits),
        serde_json::Value::Object(map) => map.values().all(fits),
        _ => true,
    }
}

/// The longest file that is read as a transaction, in bytes: many times what a node takes.
const FILE_LIMIT: u64 = 4 * 1024 * 1024;

/// Reads a transaction: a value of the shell, a dict, JSON text, or a file that holds it.
///
/// # Errors
/// What is wrong with it.
pub fn transaction(value: &Value) -> Result<Transaction> {
    match value {
        Value::Str(path) if !path.trim_start().starts_with(['{', '[']) => {
            let text = file::read(Path::new(path), FILE_LIMIT, "a transaction").map_err(|e| {
                e.hint("give the JSON of a transaction, or the path of a file that holds it")
            })?;
            json::read(&Value::Str(text), "a transaction")
        }
        _ => from_json(value),
    }
}

/// Reads a transaction: a value of the shell, a dict, or JSON text.
///
/// # Errors
/// What is wrong with it.
pub fn from_json(value: &Value) -> Result<Transaction> {
    match value.downcast::<TransactionValue>() {
        Some(found) => Ok(found.transaction.clone()),
        None => json::read(value, "a transaction"),
    }
}

/// The number of an input or output that a call names.
fn place(args: &Args, name: &str, what: &str, count: usize) -> Result<usize> {
    let index = args.opt_int(name).unwrap_or(-1);
    match usize::try_from(index) {
        Ok(place) if place < count => Ok(place),
        _ => Err(args
            .error(name, format!("is {index}, but there are {count} {what}"))
            .hint("they are numbered from 0")),
    }
}

const INDEX: Param = Param::required("index", Ty::Int, "its number among them, from 0");

/// What is signed, by the words of `signature_hash()`.
const TARGETS: [&str; 7] = [
    "coin",
    "blockstake",
    "mint",
    "bot",
    "sender",
    "receiver",
    "registration",
];

/// Reads which signature a call is about.
fn target(transaction: &Transaction, args: &Args) -> Result<SignTarget> {
    let (coins, stakes) = (transaction.coin_inputs(), transaction.blockstake_inputs());
    let target = match args.text("target") {
        "coin" => SignTarget::CoinInput(place(args, "input", "coin inputs", coins.len())?),
        "blockstake" => {
            let place = place(args, "input", "block stake inputs", stakes.len())?;
            SignTarget::BlockStakeInput(place)
        }
        "mint" => SignTarget::MintFulfillment,
        "bot" => SignTarget::Bot,
        "sender" => SignTarget::NameSender,
        "receiver" => SignTarget::NameReceiver,
        _ => SignTarget::Erc20Registration,
    };
    let there = match target {
        SignTarget::CoinInput(_) | SignTarget::BlockStakeInput(_) => true,
        SignTarget::MintFulfillment => transaction.mint_fulfillment().is_some(),
        other => transaction.extension_signature(other).is_some(),
    };
    if !there {
        let version = transaction.version();
        return Err(args.error("target", format!("is {target}: version {version} has none")));
    }
    Ok(target)
}

/// Reckons what is signed for an input, or for what a version has besides them.
fn signature_hash(transaction: &Transaction, args: &Args) -> Result<Hash> {
    let hasher = transaction.signature_hasher()?;
    let target = target(transaction, args)?;
    let key = match args.get("public_key") {
        Value::None => None,
        Value::Str(text) => Some(text.parse::<PublicKey>()?),
        given => match given.downcast::<Plain<PublicKey>>() {
            Some(key) => Some(*key.inner()),
            None => return Err(args.error("public_key", "must be a public key")),
        },
    };
    let secret = args
        .opt_text("secret")
        .map(|text| text.parse::<Hash>())
        .transpose()
        .map_err(|_| args.error("secret", "must have 64 hex digits"))?;
    match (key, secret) {
        (None, None) => Ok(hasher.single(target)),
        (Some(key), None) => Ok(hasher.with_key(target, &key)),
        (Some(key), Some(secret)) => Ok(hasher.swap(target, &key, &secret)),
        (None, Some(_)) => Err(args
            .error("secret", "is given without a key")
            .hint("an atomic swap is signed with public_key and secret")),
    }
}

fn number(value: Option<u64>, without: i64) -> Value {
    Value::Int(value.map_or(without, |n| i64::try_from(n).unwrap_or(i64::MAX)))
}

const SAMPLE: &str = "t = w.coins_send(w.address, 1).transaction";

impl Class for TransactionValue {
    const NAME: &'static str = "Transaction";
    const DOC: &'static str = "A transaction: one of the chain, or one that is being made.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property(
            "id",
            Ty::Str,
            "Its id; None while it was not submitted.",
            "t = w.coins_send(w.address, 1).transaction\nt.id",
            |this, _| Ok(this.id.map(|id| id.to_string()).into()),
        ),
        Member::property(
            "version",
            Ty::Int,
            "Its version; 1 moves coins.",
            "t = w.coins_send(w.address, 1).transaction\nt.version",
            |this, _| Ok(Value::Int(this.transaction.version().into())),
        ),
        Member::property(
            "height",
            Ty::Int,
            "The height of its block; -1 while it waits for one.",
            "w.transactions[0].height",
            |this, _| Ok(number(this.height, -1)),
        ),
        Member::property(
            "timestamp",
            Ty::Int,
            "The time of its block in Unix seconds; 0 while it waits for one.",
            "w.transactions[0].timestamp",
            |this, _| Ok(number(this.time, 0)),
        ),
        Member::property(
            "unconfirmed",
            Ty::Bool,
            "True while it waits for its block.",
            "w.transactions[0].unconfirmed",
            |this, _| Ok(this.height.is_none().into()),
        ),
        Member::property(
            "coin_inputs",
            Ty::List,
            "What it spends: dicts with the id of the output (`parentid`) and the signatures.",
            "t = w.coins_send(w.address, 1).transaction\nt.coin_inputs",
            |this, _| {
                this.transaction
                    .coin_inputs()
                    .iter()
                    .map(json_value)
                    .collect::<Result<_>>()
            },
        ),
        Member::property(
            "coin_outputs",
            Ty::List,
            "The coins it hands out.",
            "t = w.coins_send(w.address, 1).transaction\nt.coin_outputs",
            |this, _| Ok(this.coin_outputs()),
        ),
        Member::property(
            "blockstake_inputs",
            Ty::List,
            "The block stakes it spends.",
            SAMPLE,
            |this, _| {
                this.transaction
                    .blockstake_inputs()
                    .iter()
                    .map(json_value)
                    .collect::<Result<_>>()
            },
        ),
        Member::property(
            "blockstake_outputs",
            Ty::List,
            "The block stakes it hands out.",
            "c.block_get(0).transactions[0].blockstake_outputs",
            |this, _| Ok(this.blockstake_outputs()),
        ),
        Member::property(
            "miner_fees",
            Ty::List,
            "What it pays to the creator of its block.",
            "t = w.coins_send(w.address, 1).transaction\nt.miner_fees",
            |this, _| {
                let fees = this.transaction.miner_fees().iter().cloned();
                Ok(fees.map(Currency::value).collect())
            },
        ),
        Member::property(
            "data",
            Ty::Bytes,
            "The arbitrary data it carries.",
            "t = w.coins_send(w.address, 1, data='rent for May').transaction\nt.data",
            |this, _| Ok(Value::Bytes(this.transaction.arbitrary_data().to_vec())),
        ),
        Member::property(
            "public_key",
            Ty::Str,
            "The public key of the 3bot, or of the ERC20 address, that it registers; None for others.",
            "t = w.threebot.record_new(names=['transaction'], dry_run=True).transaction\n\
             t.public_key",
            |this, _| {
                let key = match &this.transaction {
                    Transaction::BotRegistration(body) => Some(body.identification.public_key),
                    Transaction::Erc20AddressRegistration(body) => Some(body.public_key),
                    _ => None,
                };
                Ok(key.map(|key| key.to_string()).into())
            },
        ),
        Member::property(
            "kind",
            Ty::Str,
            "What its version is for, in words; 'unknown' when that is not known here.",
            "t = w.coins_send(w.address, 1).transaction\nt.kind",
            |this, _| Ok(this.transaction.kind().into()),
        ),
        Member::method(
            "coin_output_id",
            &[INDEX],
            Ty::Str,
            "Returns the id of a coin output; every signature that is added changes it.",
            "t = w.coins_send(w.address, 1).transaction\nt.coin_output_id(0)",
            |this, args| {
                let count = this.transaction.coin_outputs().len();
                let index = place(args, "index", "coin outputs", count)?;
                Ok(this.transaction.coin_output_id(index)?.to_string().into())
            },
        ),
        Member::method(
            "blockstake_output_id",
            &[INDEX],
            Ty::Str,
            "Returns the id of a block stake output; every signature that is added changes it.",
            "c.block_get(0).transactions[0].blockstake_output_id(0)",
            |this, args| {
                let count = this.transaction.blockstake_outputs().len();
                let index = place(args, "index", "block stake outputs", count)?;
                let id = this.transaction.blockstake_output_id(index)?;
                Ok(id.to_string().into())
            },
        ),
        Member::method(
            "signature_hash",
            &[
                Param::optional("input", Ty::Int, Default::Int(0), "which input, from 0"),
                Param::optional(
                    "target",
                    Ty::Choice(&TARGETS),
                    Default::Str("coin"),
                    "a coin or block stake input, the mint condition, or what versions 144, 145, \
                     146 and 210 have besides",
                ),
                Param::optional(
                    "public_key",
                    Ty::Any("public key"),
                    Default::None,
                    "who signs, where several may: several owners, atomic swaps",
                ),
                Param::optional(
                    "secret",
                    Ty::Str,
                    Default::None,
                    "the secret with which an atomic swap is redeemed",
                )
                .secret(),
            ],
            Ty::Str,
            "Returns the hash that is signed, as hex digits.",
            "t = w.coins_send(w.address, 1).transaction\nt.signature_hash(0)",
            |this, args| Ok(signature_hash(&this.transaction, args)?.to_string().into()),
        ),
        Member::method(
            "binary",
            &[],
            Ty::Str,
            "Returns its bytes as hex digits: the version, then the data.",
            "t = w.coins_send(w.address, 1).transaction\nt.binary()",
            |this, _| Ok(hex::encode(this.transaction.binary()?).into()),
        ),
        Member::method(
            "json",
            &[],
            Ty::Dict,
            "Returns the transaction as the chain's JSON has it, as a dict.",
            "t = w.coins_send(w.address, 1).transaction\nt.json()",
            |this, _| json_value(&this.transaction),
        ),
        Member::method(
            "json_text",
            &[],
            Ty::Str,
            "Returns the same as JSON text, to be handed to another owner in a message.",
            "t = w.coins_send(w.address, 1).transaction\nt.json_text()",
            |this, _| json_text(&this.transaction),
        ),
        Member::method(
            "write",
            &[Param::required(
                "file",
                Ty::Str,
                "the file, readable by you alone; what it holds is replaced",
            )],
            Ty::Str,
            "Writes the JSON text to a file, to be handed to another owner: transaction_sign()\n\
             and transaction_put() read it.",
            "t = w.coins_send(w.address, 1, dry_run=True).transaction\n\
             t.write('/tmp/transaction.json')\nw.transaction_sign('/tmp/transaction.json')",
            |this, args| {
                let text = serde_json::to_string(&this.transaction)
                    .map_err(|e| Error::new(Kind::Internal, e.to_string()))?;
                let path = args.text("file");
                file::write(Path::new(path), &format!("{text}\n"), "the transaction")?;
                Ok(path.into())
            },
        ),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        let id = self
            .id
            .map_or_else(|| "None".to_string(), |id| id.to_string());
        let unknown = match &self.transaction {
            Transaction::Unknown(_) => " (unknown version)",
            _ => "",
        };
        format!("transaction V{}{unknown} {id}", self.transaction.version())
    }
    fn to_json(&self) -> serde_json::Value {
        let mut json = serde_json::to_value(&self.transaction).unwrap_or_default();
        if let (Some(map), Some(id)) = (json.as_object_mut(), self.id) {
            map.insert("id".into(), id.to_string().into());
        }
        json
    }
    fn equals(&self, other: &Value) -> bool {
        match (other, self.id) {
            (Value::Str(text), Some(id)) => *text == id.to_string(),
            _ => other
                .downcast::<TransactionValue>()
                .is_some_and(|other| other.transaction == self.transaction),
        }
    }
}
