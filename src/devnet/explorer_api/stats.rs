//! `/explorer/stats/…`: numbers over a range of blocks.

use std::collections::BTreeMap;

use super::json::Json;
use super::numbers::scan_uint;
use super::reply::Reply;
use crate::devnet::chain::{Chain, StoredBlock};

/// Answers `/explorer/stats/history`: the newest `history` blocks.
pub fn history(chain: &Chain, history: &str) -> Reply {
    match scan_uint(history) {
        Ok(0) => Reply::Error(400, "No history to show for 0 blocks".into()),
        Ok(count) => {
            let end = chain.height();
            write(chain, end.saturating_add(1).saturating_sub(count), end)
        }
        Err(message) => Reply::Error(400, message),
    }
}

/// Answers `/explorer/stats/range`: the blocks from `start` to `end`, both included.
pub fn range(chain: &Chain, start: &str, end: &str) -> Reply {
    match (scan_uint(start), scan_uint(end)) {
        (Ok(start), Ok(end)) if start > end => Reply::Error(400, "Invalid range".into()),
        (Ok(start), Ok(_)) if start > chain.height() => Reply::Json("null\n".into()),
        (Ok(start), Ok(end)) => write(chain, start, end.min(chain.height())),
        (Err(message), _) | (_, Err(message)) => Reply::Error(400, message),
    }
}

fn write(chain: &Chain, start: u64, end: u64) -> Reply {
    let blocks: Vec<&StoredBlock> = (start..=end).filter_map(|h| chain.block(h)).collect();
    let mut creators: BTreeMap<String, u64> = BTreeMap::new();
    // As the reference counts: a block whose first transaction holds no block stake has nobody's.
    for block in blocks.iter().filter(|b| b.facts.height > 0) {
        let first = block.transactions.first().map(|t| &t.transaction);
        if let Some(stake) = first.and_then(|t| t.blockstake_outputs().first()) {
            let creator = stake.condition.unlock_hash().chain_text();
            let count = creators.entry(creator).or_default();
            *count = count.saturating_add(1);
        }
    }
    let time_since_parent = |block: &StoredBlock| {
        let parent = block
            .facts
            .height
            .checked_sub(1)
            .and_then(|h| chain.block(h));
        let time = |b: &StoredBlock| i128::from(b.block.timestamp);
        parent.map_or(0, |p| time(block) - time(p))
    };
    let mut json = Json::default();
    json.raw(r#"{"blockcount":"#).number(blocks.len());
    let mut column = |key: &str, write: &dyn Fn(&mut Json, &StoredBlock)| {
        json.raw(",\"")
            .raw(key)
            .raw("\":")
            .list(&blocks, |j, block| write(j, block));
    };
    column("blockheights", &|j, b| _ = j.number(b.facts.height));
    column("blocktimestamps", &|j, b| _ = j.number(b.block.timestamp));
    column("blocktimes", &|j, b| _ = j.number(time_since_parent(b)));
    column("estimatedactivebs", &|j, _| _ = j.raw("\"0\""));
    column("blocktransactioncounts", &|j, b| {
        let first = b.transactions.first();
        let creating = first.is_some_and(|t| t.transaction.miner_fees().is_empty());
        let count = b.transactions.len();
        j.number(count.saturating_sub(usize::from(creating)));
    });
    column("difficulties", &|j, b| _ = j.plain(&b.facts.difficulty));
    json.raw(r#","creators":{"#);
    for (i, (address, count)) in creators.iter().enumerate() {
        json.raw(if i > 0 { "," } else { "" })
            .plain(address)
            .raw(":")
            .number(count);
    }
    json.raw("}");
    let mut column = |key: &str, write: &dyn Fn(&StoredBlock) -> u64| {
        json.raw(",\"")
            .raw(key)
            .raw("\":")
            .list(&blocks, |j, block| _ = j.number(write(block)));
    };
    column("transactioncounts", &|b| b.facts.counts.transactions);
    column("coininputcounts", &|b| b.facts.counts.coin_inputs);
    column("coinoutputcounts", &|b| b.facts.counts.coin_outputs);
    column("blockstakeinputcounts", &|b| b.facts.counts.stake_inputs);
    column("blockstakeoutputcounts", &|b| b.facts.counts.stake_outputs);
    json.raw("}");
    Reply::Json(json.into_body())
}
