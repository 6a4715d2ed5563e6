//! The JSON of blocks and transactions as the explorer shows them, key by key in the real order.

use super::json::Json;
use crate::devnet::chain::{Chain, Counts, Facts, Payout, StoredBlock, StoredTransaction};
use crate::devnet::pool::{Entry, Pool};
use crate::tfchain::hash::OutputId;
use crate::tfchain::{Input, Output, TransactionIds};

/// The filler for "no block" in a lookup.
pub const NIL_BLOCK: &str = concat!(
    r#"{"minerpayoutids":null,"transactions":null,"#,
    r#""rawblock":{"parentid":"0000000000000000000000000000000000000000000000000000000000000000","#,
    r#""timestamp":0,"pobsindexes":{"BlockHeight":0,"TransactionIndex":0,"OutputIndex":0},"#,
    r#""minerpayouts":null,"transactions":null},"#,
    r#""blockid":"0000000000000000000000000000000000000000000000000000000000000000","#,
    r#""difficulty":"0","estimatedactivebs":"0","height":0,"maturitytimestamp":0,"#,
    r#""target":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0],"#,
    r#""totalcoins":"0","arbitrarydatatotalsize":0,"minerpayoutcount":0,"transactioncount":0,"#,
    r#""coininputcount":0,"coinoutputcount":0,"blockstakeinputcount":0,"blockstakeoutputcount":0,"#,
    r#""minerfeecount":0,"arbitrarydatacount":0}"#
);

/// The filler for "no transaction" in a lookup.
pub const NIL_TRANSACTION: &str = concat!(
    r#"{"id":"0000000000000000000000000000000000000000000000000000000000000000","height":0,"#,
    r#""parent":"0000000000000000000000000000000000000000000000000000000000000000","#,
    r#""rawtransaction":{"version":0,"data":{"coininputs":[],"minerfees":null}},"#,
    r#""timestamp":0,"order":0,"minerpayouts":null,"coininputoutputs":null,"#,
    r#""coinoutputids":null,"coinoutputunlockhashes":null,"blockstakeinputoutputs":null,"#,
    r#""blockstakeoutputids":null,"blockstakeunlockhashes":null,"unconfirmed":false}"#
);

const NIL_SPENT: &str = r#"{"value":"0","condition":{},"unlockhash":""}"#;
const NIL_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Writes an ExplorerBlock.
pub fn block(json: &mut Json, chain: &Chain, block: &StoredBlock) {
    json.raw(r#"{"minerpayoutids":"#)
        .list_or_null(&block.payout_ids, |j, id| _ = j.plain(id))
        .raw(r#","transactions":"#)
        .list_or_null(&block.transactions, |j, t| transaction(j, chain, block, t))
        .raw(r#","rawblock":"#);
    raw_block(json, block);
    json.raw(",");
    facts(json, block);
    json.raw("}");
}

/// Writes the raw block: what the block's id is made of.
fn raw_block(json: &mut Json, block: &StoredBlock) {
    let raw = &block.block;
    json.raw(r#"{"parentid":"#)
        .plain(raw.parent_id)
        .raw(r#","timestamp":"#)
        .number(raw.timestamp)
        .raw(r#","pobsindexes":"#)
        .value(&raw.stake)
        .raw(r#","minerpayouts":"#)
        .list_or_null(&raw.payouts, payout)
        .raw(r#","transactions":"#)
        .list_or_null(&raw.transactions, |j, t| _ = j.value(&**t))
        .raw("}");
}

fn payout(json: &mut Json, payout: &Payout) {
    json.raw(r#"{"value":"#)
        .plain(payout.value.units_text())
        .raw(r#","unlockhash":"#)
        .plain(payout.unlock_hash.chain_text())
        .raw("}");
}

/// Writes the block facts without braces: they stand inline in a block and alone at `/explorer`.
pub fn facts(json: &mut Json, block: &StoredBlock) {
    let Facts {
        height,
        target,
        difficulty,
        maturity_timestamp,
        counts,
    } = &block.facts;
    json.raw(r#""blockid":"#)
        .plain(block.id)
        .raw(r#","difficulty":"#)
        .plain(difficulty)
        .raw(r#","estimatedactivebs":"0","height":"#)
        .number(height)
        .raw(r#","maturitytimestamp":"#)
        .number(maturity_timestamp)
        .raw(r#","target":"#)
        .list(target, |j, byte| _ = j.number(byte));
    count_facts(json, counts);
}

fn count_facts(json: &mut Json, counts: &Counts) {
    json.raw(r#","totalcoins":"0","arbitrarydatatotalsize":"#)
        .number(counts.arbitrary_data_size)
        .raw(r#","minerpayoutcount":"#)
        .number(counts.miner_payouts)
        .raw(r#","transactioncount":"#)
        .number(counts.transactions)
        .raw(r#","coininputcount":"#)
        .number(counts.coin_inputs)
        .raw(r#","coinoutputcount":"#)
        .number(counts.coin_outputs)
        .raw(r#","blockstakeinputcount":"#)
        .number(counts.stake_inputs)
        .raw(r#","blockstakeoutputcount":"#)
        .number(counts.stake_outputs)
        .raw(r#","minerfeecount":"#)
        .number(counts.miner_fees)
        .raw(r#","arbitrarydatacount":"#)
        .number(counts.arbitrary_data);
}

/// Writes the ExplorerTransaction of a confirmed transaction. Its text never changes, so it is kept
/// after the first time.
pub fn transaction(
    json: &mut Json,
    chain: &Chain,
    block: &StoredBlock,
    stored: &StoredTransaction,
) {
    let text = stored.explorer_json.get_or_init(|| {
        let mut json = Json::with_capacity(2_048);
        confirmed(&mut json, chain, block, stored);
        json.finish().into_boxed_str()
    });
    json.raw(text);
}

fn confirmed(json: &mut Json, chain: &Chain, block: &StoredBlock, stored: &StoredTransaction) {
    json.raw(r#"{"id":"#)
        .plain(stored.ids.transaction)
        .raw(r#","height":"#)
        .number(block.facts.height)
        .raw(r#","parent":"#)
        .plain(block.block.parent_id)
        .raw(r#","rawtransaction":"#)
        .value(&*stored.transaction)
        .raw(r#","timestamp":"#)
        .number(block.block.timestamp)
        .raw(r#","order":"#)
        .number(stored.order)
        .raw(r#","minerpayouts":"#)
        .list(
            block.block.payouts.iter().zip(&block.payout_ids),
            |j, (paid, id)| {
                j.raw(r#"{"rawminerpayout":"#);
                payout(j, paid);
                j.raw(r#","minerpayoutid":"#).plain(id).raw("}");
            },
        );
    let find = |id: &OutputId| chain.index().output(id).map(|known| &*known.output);
    parts(json, &stored.transaction, &stored.ids, find);
    json.raw(r#","unconfirmed":false}"#);
}

/// Writes a pool transaction that was asked for by its id: only spent outputs that are confirmed
/// are shown, and it does not call itself unconfirmed.
pub fn pool_transaction_by_id(json: &mut Json, chain: &Chain, entry: &Entry) {
    unconfirmed_head(json, entry, "[]");
    let find = |id: &OutputId| chain.index().output(id).map(|known| &*known.output);
    parts(json, &entry.transaction, &entry.ids, find);
    json.raw(r#","unconfirmed":false}"#);
}

/// Writes a pool transaction listed under an address: spent outputs are shown also when they are
/// themselves in the pool.
pub fn pool_transaction_of_address(json: &mut Json, chain: &Chain, pool: &Pool, entry: &Entry) {
    unconfirmed_head(json, entry, "null");
    let find = |id: &OutputId| {
        let confirmed = chain.index().output(id).map(|known| &*known.output);
        confirmed.or_else(|| pool.output(id).map(|output| &**output))
    };
    parts(json, &entry.transaction, &entry.ids, find);
    json.raw(r#","unconfirmed":true}"#);
}

fn unconfirmed_head(json: &mut Json, entry: &Entry, payouts: &str) {
    json.raw(r#"{"id":"#)
        .plain(entry.ids.transaction)
        .raw(r#","height":0,"parent":""#)
        .raw(NIL_HASH)
        .raw(r#"","rawtransaction":"#)
        .value(&*entry.transaction)
        .raw(r#","timestamp":0,"order":0,"minerpayouts":"#)
        .raw(payouts);
}

/// Writes the six lists about inputs and outputs.
fn parts<'a>(
    json: &mut Json,
    transaction: &crate::tfchain::Transaction,
    ids: &TransactionIds,
    find: impl Fn(&OutputId) -> Option<&'a Output>,
) {
    let spent = |j: &mut Json, input: &Input| match find(&input.parent_id) {
        Some(output) => spent_output(j, output),
        None => _ = j.raw(NIL_SPENT),
    };
    let address = |j: &mut Json, output: &Output| {
        j.plain(output.condition.unlock_hash().chain_text());
    };
    json.raw(r#","coininputoutputs":"#)
        .list_or_null(transaction.coin_inputs(), spent)
        .raw(r#","coinoutputids":"#)
        .list_or_null(&ids.coin_outputs, |j, id| _ = j.plain(id))
        .raw(r#","coinoutputunlockhashes":"#)
        .list_or_null(transaction.coin_outputs().iter(), address)
        .raw(r#","blockstakeinputoutputs":"#)
        .list_or_null(transaction.blockstake_inputs(), spent)
        .raw(r#","blockstakeoutputids":"#)
        .list_or_null(&ids.blockstake_outputs, |j, id| _ = j.plain(id))
        .raw(r#","blockstakeunlockhashes":"#)
        .list_or_null(transaction.blockstake_outputs().iter(), address);
}

fn spent_output(json: &mut Json, output: &Output) {
    json.raw(r#"{"value":"#)
        .plain(output.value.units_text())
        .raw(r#","condition":"#)
        .value(&output.condition)
        .raw(r#","unlockhash":"#)
        .plain(output.condition.unlock_hash().chain_text())
        .raw("}");
}

/// Writes `{"output":{"value":…,"condition":…}}`.
pub fn unspent(json: &mut Json, output: &Output) {
    json.raw(r#"{"output":{"value":"#)
        .plain(output.value.units_text())
        .raw(r#","condition":"#)
        .value(&output.condition)
        .raw("}}");
}
