//! Transactions as values, and how a user hands one over: as a value, a dict or JSON text.
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use super::amount::Currency;
use super::output::{BlockStakeOutput, CoinOutput};
use crate::j::file;
use crate::object::{Class, Error, Kind, Member, Paint, Param, Result, Ty, Value};
use crate::tfchain::explorer::ExplorerTransaction;
use crate::tfchain::{Hash, Transaction};

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
/// What has no JSON form.
pub fn json_value(thing: &impl Serialize) -> Result<Value> {
    let json = serde_json::to_value(thing)
        .map_err(|e| Error::new(Kind::Internal, format!("there is no JSON of this: {e}")))?;
    Ok(Value::from_json(&json))
}

/// The longest file that is read as a transaction, in bytes: many times what a node takes.
const FILE_LIMIT: u64 = 4 * 1024 * 1024;

/// Reads a transaction: a value of the shell, a dict, JSON text, or a file that holds it.
///
/// # Errors
/// What is wrong with it.
pub fn transaction(value: &Value) -> Result<Transaction> {
    let wrong =
        |e: serde_json::Error| Error::value(format!("this is not the JSON of a transaction: {e}"));
    if let Some(found) = value.downcast::<TransactionValue>() {
        return Ok(found.transaction.clone());
    }
    match value {
        Value::Str(text) if text.trim_start().starts_with(['{', '[']) => {
            serde_json::from_str(text).map_err(wrong)
        }
        Value::Str(path) => {
            let text = file::read(Path::new(path), FILE_LIMIT, "a transaction").map_err(|e| {
                e.hint("give the JSON of a transaction, or the path of a file that holds it")
            })?;
            serde_json::from_str(&text).map_err(wrong)
        }
        Value::Map(_) | Value::Object(_) => serde_json::from_value(value.to_json()).map_err(wrong),
        other => Err(Error::type_error(format!(
            "a transaction is what coins_send() returns, a dict, a JSON text or a file, not {}",
            other.type_name()
        ))),
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
            |this, _| {
                let text = serde_json::to_string(&this.transaction)
                    .map_err(|e| Error::new(Kind::Internal, e.to_string()))?;
                Ok(text.into())
            },
        ),
        Member::method(
            "write",
            &[Param::required(
                "file",
                Ty::Str,
                "the file, readable by you alone; what it holds is replaced",
            )],
            Ty::Str,
            "Writes the JSON text to a file, to be handed to another owner: transaction_sign()\n             and transaction_put() read it.",
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
        format!("transaction V{} {id}", self.transaction.version())
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
