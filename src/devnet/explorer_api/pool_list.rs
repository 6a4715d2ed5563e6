//! `GET /transactionpool/transactions`: raw transactions in order of arrival.

use super::json::Json;
use super::lookup::parse_address;
use super::reply::Reply;
use crate::devnet::node::State;
use crate::devnet::pool::Entry;
use crate::tfchain::{Condition, UnlockHash};

/// Lists the pool; `filter` is an address, or empty for all. An empty pool is `null`, an empty
/// result of a filter is `[]`.
pub fn pool(state: &State, filter: &str) -> Reply {
    let filter = match filter {
        "" => None,
        text => match parse_address(text) {
            Ok(address) => Some(address),
            Err(message) => return Reply::Error(400, message),
        },
    };
    let entries = state.pool.entries();
    let mut json = Json::default();
    json.raw(r#"{"transactions":"#);
    let kept = entries
        .iter()
        .filter(|e| filter.is_none_or(|a| concerns(state, e, &a)));
    if entries.is_empty() {
        json.raw("null");
    } else {
        json.list(kept, |j, entry| _ = j.value(&*entry.transaction));
    }
    json.raw("}");
    Reply::Json(json.into_body())
}

/// Says whether the filter keeps a transaction: the address is that of an output or of a spent
/// confirmed output, or an owner in one that is not locked. Nil conditions match every address in the reference.
fn concerns(state: &State, entry: &Entry, address: &UnlockHash) -> bool {
    let matches = |condition: &Condition| {
        *condition.unlocked() == Condition::Nil
            || condition.unlock_hash() == *address
            || matches!(condition, Condition::MultiSignature { .. })
                && condition.owners().contains(address)
    };
    let transaction = &entry.transaction;
    let coins = transaction.coin_outputs();
    let stakes = transaction.blockstake_outputs();
    coins
        .iter()
        .chain(stakes.iter())
        .any(|output| matches(&output.condition))
        || transaction
            .coin_inputs()
            .iter()
            .chain(transaction.blockstake_inputs())
            .filter_map(|input| state.chain.index().output(&input.parent_id))
            .any(|known| matches(&known.output.condition))
}
