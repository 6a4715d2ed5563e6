//! Blocks as values.
use std::sync::Arc;

use indexmap::IndexMap;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::amount::Currency;
use super::transaction::TransactionValue;
use crate::object::{Class, Member, Paint, Ty, Value, class_of};
use crate::tfchain::explorer::Block;
use crate::tfchain::wallet::format_time;

/// A block of the chain.
pub struct BlockValue(Arc<Block>);

impl BlockValue {
    /// The block as a value of the shell.
    pub fn value(block: Arc<Block>) -> Value {
        Value::object(BlockValue(block))
    }
}

fn int(number: u64) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

impl Class for BlockValue {
    const NAME: &'static str = "Block";
    const DOC: &'static str = "A block of the chain; prints its id.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property("id", Ty::Str, "Its id.", "c.block_get(0).id", |this, _| {
            Ok(this.0.id.to_string().into())
        }),
        Member::property(
            "parentid",
            Ty::Str,
            "The id of the block before.",
            "c.block_get(1).parentid",
            |this, _| Ok(this.0.parent_id.to_string().into()),
        ),
        Member::property(
            "height",
            Ty::Int,
            "Its height; the first block has 0.",
            "c.block_get(1).height",
            |this, _| Ok(int(this.0.height)),
        ),
        Member::property(
            "timestamp",
            Ty::Int,
            "Its time in Unix seconds.",
            "c.block_get(1).timestamp",
            |this, _| Ok(int(this.0.time)),
        ),
        Member::property(
            "transactions",
            Ty::List,
            "Its transactions, in order.",
            "c.block_get(0).transactions",
            |this, _| {
                let list = this.0.transactions.iter().cloned();
                Ok(list.map(TransactionValue::seen).collect())
            },
        ),
        Member::property(
            "miner_payouts",
            Ty::List,
            "What it pays to its creator and others: dicts with `id`, `value`, `unlockhash`.",
            "c.block_get(1).miner_payouts",
            |this, _| {
                let payouts = this.0.miner_payouts.iter().map(|payout| {
                    let entries: [(String, Value); 3] = [
                        ("id".into(), payout.id.to_string().into()),
                        ("value".into(), Currency::value(payout.value.clone())),
                        ("unlockhash".into(), payout.unlock_hash.to_string().into()),
                    ];
                    Value::Map(IndexMap::from(entries))
                });
                Ok(payouts.collect())
            },
        ),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        self.0.id.to_string()
    }
    fn equals(&self, other: &Value) -> bool {
        match other {
            Value::Str(text) => *text == self.0.id.to_string(),
            _ => other
                .downcast::<BlockValue>()
                .is_some_and(|other| other.0.id == self.0.id),
        }
    }
}

/// The newest block, as `blockchain_info_get()` answers it.
pub struct ChainInfo(Arc<Block>);

impl ChainInfo {
    /// The newest block as a value of the shell.
    pub fn value(block: Block) -> Value {
        Value::object(ChainInfo(Arc::new(block)))
    }
}

impl Class for ChainInfo {
    const NAME: &'static str = "BlockchainInfo";
    const DOC: &'static str = "What the chain looks like now: its newest block.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property(
            "last_block",
            Ty::Object(class_of::<BlockValue>),
            "The newest block.",
            "c.blockchain_info_get().last_block",
            |this, _| Ok(BlockValue::value(this.0.clone())),
        ),
        Member::property(
            "blockid",
            Ty::Str,
            "The id of the newest block.",
            "c.blockchain_info_get().blockid",
            |this, _| Ok(this.0.id.to_string().into()),
        ),
        Member::property(
            "height",
            Ty::Int,
            "The height of the newest block.",
            "c.blockchain_info_get().height",
            |this, _| Ok(int(this.0.height)),
        ),
        Member::property(
            "timestamp",
            Ty::Int,
            "The time of the newest block in Unix seconds.",
            "c.blockchain_info_get().timestamp",
            |this, _| Ok(int(this.0.time)),
        ),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        let time = i64::try_from(self.0.time)
            .ok()
            .and_then(|time| Timestamp::from_second(time).ok())
            .map_or_else(
                || "an unknown time".to_string(),
                |time| format_time(time, &TimeZone::system()),
            );
        format!(
            "Block {} at height {}, published on {time}, is the last known block.",
            self.0.id, self.0.height
        )
    }
}
