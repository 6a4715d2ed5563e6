//! `/explorer/hashes/:hash`: what is this hash or address?

use super::json::Json;
use super::model;
use super::numbers::parse_uint;
use super::reply::Reply;
use crate::devnet::chain::{AddressEntry, Chain, Origin, OutputKind, StoredBlock, may_own_multisig};
use crate::devnet::node::State;
use crate::tfchain::hash::{Hash, OutputId, TransactionId};
use crate::tfchain::unlockhash::ADDRESS_LENGTH;
use crate::tfchain::{Erc20Address, UnlockHash};

const UNRECOGNIZED: &str = "unrecognized hash used as input to /explorer/hash";
const EMPTY: &str = "can't lookup the empty unlock hash";
/// The reference's text for everything that has no length of a hash or address.
pub const WRONG_LENGTH: &str = "marshalled unlock hash is the wrong length";

/// Answers a lookup. `minheight` is the text of the query, empty when absent.
pub fn lookup(state: &State, text: &str, minheight: &str) -> Reply {
    let bad = |message: &str| Reply::Error(400, message.into());
    match text.len() {
        64 => match text.parse::<Hash>() {
            Ok(hash) if hash.is_zero() => bad(EMPTY),
            Ok(hash) => by_hash(state, &hash),
            Err(_) => bad(WRONG_LENGTH),
        },
        ADDRESS_LENGTH => match parse_address(text) {
            Ok(address) => by_address(state, &address, minheight),
            Err(message) => bad(&message),
        },
        40 | 42 => match text.parse::<Erc20Address>() {
            Ok(erc20) => match state.chain.ledger().extensions().erc20.tft_address(&erc20) {
                Some(address) => by_address(state, &address, minheight),
                None => bad("invalid ERC20 address: address not found"),
            },
            Err(_) => bad(WRONG_LENGTH),
        },
        _ => bad(WRONG_LENGTH),
    }
}

/// Reads an address given in a path or query, with the reference's texts.
pub fn parse_address(text: &str) -> Result<UnlockHash, String> {
    if text.len() != ADDRESS_LENGTH || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(WRONG_LENGTH.into());
    }
    text.parse::<UnlockHash>().map_err(|e| e.to_string())
}

/// What a lookup found; everything else stays at its filler.
struct Found<'a> {
    hash_type: &'static str,
    block: Option<&'a StoredBlock>,
    blocks: Vec<&'a StoredBlock>,
    multisig: Vec<UnlockHash>,
    unconfirmed: bool,
}

impl<'a> Found<'a> {
    fn new(hash_type: &'static str) -> Self {
        let (block, blocks, multisig) = (None, Vec::new(), Vec::new());
        Self { hash_type, block, blocks, multisig, unconfirmed: false }
    }

    fn write(
        self,
        chain: &Chain,
        transaction: Option<&dyn Fn(&mut Json)>,
        transactions: &[&dyn Fn(&mut Json)],
        erc20: Option<&dyn Fn(&mut Json)>,
    ) -> Reply {
        let mut json = Json::with_capacity(4_096);
        json.raw(r#"{"hashtype":"#).plain(self.hash_type).raw(r#","block":"#);
        match self.block {
            Some(block) => model::block(&mut json, chain, block),
            None => _ = json.raw(model::NIL_BLOCK),
        }
        json.raw(r#","blocks":"#)
            .list_or_null(&self.blocks, |j, block| model::block(j, chain, block))
            .raw(r#","transaction":"#);
        match transaction {
            Some(write) => write(&mut json),
            None => _ = json.raw(model::NIL_TRANSACTION),
        }
        json.raw(r#","transactions":"#)
            .list_or_null(transactions, |j, write| write(j))
            .raw(r#","multisigaddresses":"#)
            .list_or_null(&self.multisig, |j, address| _ = j.plain(address))
            .raw(r#","unconfirmed":"#)
            .number(self.unconfirmed);
        if let Some(write) = erc20 {
            json.raw(r#","erc20info":"#);
            write(&mut json);
        }
        json.raw("}");
        Reply::Json(json.into_body())
    }
}

fn by_hash(state: &State, hash: &Hash) -> Reply {
    let (chain, pool) = (&state.chain, &state.pool);
    if let Some(block) = chain.index().block(hash).and_then(|height| chain.block(height)) {
        let found = Found { block: Some(block), ..Found::new("blockid") };
        return found.write(chain, None, &[], None);
    }
    if let Some((block, stored)) = chain.transaction(hash) {
        let write = |j: &mut Json| model::transaction(j, chain, block, stored);
        return Found::new("transactionid").write(chain, Some(&write), &[], None);
    }
    if let Some(reply) = by_output(chain, hash) {
        return reply;
    }
    if let Some(entry) = pool.get(hash) {
        let write = |j: &mut Json| model::pool_transaction_by_id(j, chain, entry);
        let found = Found { unconfirmed: true, ..Found::new("transactionid") };
        return found.write(chain, Some(&write), &[], None);
    }
    Reply::Error(400, UNRECOGNIZED.into())
}

fn by_output(chain: &Chain, id: &OutputId) -> Option<Reply> {
    let known = chain.index().output(id)?;
    let mut found = Found::new(match known.kind {
        OutputKind::Coin => "coinoutputid",
        OutputKind::Stake => "blockstakeoutputid",
    });
    let mut ids: Vec<TransactionId> = Vec::new();
    match known.origin {
        Origin::Transaction(id) => ids.push(id),
        Origin::Payout(height) => found.blocks.extend(chain.block(height)),
    }
    ids.extend(known.spent_by);
    // The reference keeps these in a set ordered by id, not by height.
    ids.sort_unstable();
    let writers = confirmed_writers(chain, ids.iter());
    let writers: Vec<&dyn Fn(&mut Json)> = writers.iter().map(|w| w as &dyn Fn(&mut Json)).collect();
    Some(found.write(chain, None, &writers, None))
}

fn confirmed_writers<'a>(
    chain: &'a Chain,
    ids: impl Iterator<Item = &'a TransactionId>,
) -> Vec<impl Fn(&mut Json) + 'a> {
    ids.filter_map(|id| chain.transaction(id))
        .map(|(block, stored)| move |j: &mut Json| model::transaction(j, chain, block, stored))
        .collect()
}

fn by_address(state: &State, address: &UnlockHash, minheight: &str) -> Reply {
    let (chain, pool) = (&state.chain, &state.pool);
    let nothing = AddressEntry::default();
    let known = chain.index().address(address);
    let mut from_height = 0;
    if known.is_some() && !minheight.is_empty() {
        match parse_uint(minheight) {
            Ok(height) => from_height = height,
            Err(e) => return Reply::Error(400, format!("invalid minheight filter: {e}")),
        }
    }
    let known = known.unwrap_or(&nothing);
    let recent = known
        .transactions
        .iter()
        .filter(|id| chain.index().transaction(id).is_some_and(|p| p.height >= from_height));
    let confirmed = confirmed_writers(chain, recent);
    let waiting: Vec<_> = pool
        .of_address(address)
        .map(|entry| move |j: &mut Json| model::pool_transaction_of_address(j, chain, pool, entry))
        .collect();
    let mut found = Found::new("unlockhash");
    let paid = known.blocks.iter().filter(|(_, height)| *height >= from_height);
    found.blocks.extend(paid.filter_map(|(_, height)| chain.block(*height)));
    if may_own_multisig(address) {
        found.multisig.extend(chain.index().multisig(address).into_iter().flatten());
    }
    let erc20 = erc20_info(state, address);
    let empty = confirmed.is_empty() && waiting.is_empty() && found.blocks.is_empty();
    if empty && found.multisig.is_empty() && erc20.is_none() {
        return Reply::NoContent;
    }
    let writers: Vec<&dyn Fn(&mut Json)> = confirmed
        .iter()
        .map(|w| w as &dyn Fn(&mut Json))
        .chain(waiting.iter().map(|w| w as &dyn Fn(&mut Json)))
        .collect();
    let info = erc20.map(|(erc20, confirmations)| {
        move |j: &mut Json| {
            j.raw(r#"{"tftaddress":"#)
                .plain(address.chain_text())
                .raw(r#","erc20address":"#)
                .plain(erc20)
                .raw(r#","confirmations":"#)
                .number(confirmations)
                .raw("}");
        }
    });
    found.write(chain, None, &writers, info.as_ref().map(|w| w as &dyn Fn(&mut Json)))
}

/// Returns the ERC20 address of a registered address and the confirmations of its registration:
/// 0 in the pool, 1 in the newest block.
fn erc20_info(state: &State, address: &UnlockHash) -> Option<(Erc20Address, u64)> {
    let confirmed = &state.chain.ledger().extensions().erc20;
    if let Some(height) = confirmed.registered_at(address) {
        let confirmations = state.chain.height().saturating_sub(height).saturating_add(1);
        return Some((Erc20Address::from_unlock_hash(address), confirmations));
    }
    let pending = &state.pool.view(&state.chain).extensions().erc20;
    pending.registered_at(address).map(|_| (Erc20Address::from_unlock_hash(address), 0))
}
