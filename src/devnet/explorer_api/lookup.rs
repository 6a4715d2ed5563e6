//! `/explorer/hashes/:hash`: what is this hash or address?

use super::json::Json;
use super::model;
use super::numbers::parse_uint;
use super::reply::Reply;
use super::texts::{WRONG_LENGTH, reference_text};
use crate::devnet::chain::{
    Chain, Origin, OutputKind, StoredBlock, StoredTransaction, may_own_multisig,
};
use crate::devnet::node::State;
use crate::devnet::pool::Entry;
use crate::tfchain::hash::{Hash, OutputId, TransactionId};
use crate::tfchain::unlockhash::ADDRESS_LENGTH;
use crate::tfchain::{Erc20Address, UnlockHash};

const UNRECOGNIZED: &str = "unrecognized hash used as input to /explorer/hash";
const EMPTY: &str = "can't lookup the empty unlock hash";

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
    text.parse::<UnlockHash>()
        .map_err(|e| reference_text(&e.to_string()))
}

/// A transaction of an answer, in one of the three forms that the reference shows.
enum Shown<'a> {
    Confirmed(&'a StoredBlock, &'a StoredTransaction),
    WaitingById(&'a Entry),
    WaitingOfAddress(&'a Entry),
}

/// What a lookup found; everything else stays at its filler.
struct Found<'a> {
    hash_type: &'static str,
    block: Option<&'a StoredBlock>,
    blocks: Vec<&'a StoredBlock>,
    transaction: Option<Shown<'a>>,
    transactions: Vec<Shown<'a>>,
    multisig: Vec<UnlockHash>,
    unconfirmed: bool,
    /// Addresses of an ERC20 registration and its confirmations.
    erc20: Option<(UnlockHash, Erc20Address, u64)>,
}

impl<'a> Found<'a> {
    fn new(hash_type: &'static str) -> Self {
        Self {
            hash_type,
            block: None,
            blocks: Vec::new(),
            transaction: None,
            transactions: Vec::new(),
            multisig: Vec::new(),
            unconfirmed: false,
            erc20: None,
        }
    }

    fn is_empty(&self) -> bool {
        self.blocks.is_empty()
            && self.transactions.is_empty()
            && self.multisig.is_empty()
            && self.erc20.is_none()
    }

    fn reply(self, state: &State) -> Reply {
        let chain = &state.chain;
        let show = |j: &mut Json, shown: &Shown<'_>| match shown {
            Shown::Confirmed(block, stored) => model::transaction(j, chain, block, stored),
            Shown::WaitingById(entry) => model::pool_transaction_by_id(j, chain, entry),
            Shown::WaitingOfAddress(entry) => {
                model::pool_transaction_of_address(j, chain, &state.pool, entry);
            }
        };
        let mut json = Json::with_capacity(4_096);
        json.raw(r#"{"hashtype":"#)
            .plain(self.hash_type)
            .raw(r#","block":"#);
        match self.block {
            Some(block) => model::block(&mut json, chain, block),
            None => _ = json.raw(model::NIL_BLOCK),
        }
        json.raw(r#","blocks":"#)
            .list_or_null(&self.blocks, |j, block| model::block(j, chain, block))
            .raw(r#","transaction":"#);
        match &self.transaction {
            Some(shown) => show(&mut json, shown),
            None => _ = json.raw(model::NIL_TRANSACTION),
        }
        json.raw(r#","transactions":"#)
            .list_or_null(&self.transactions, show)
            .raw(r#","multisigaddresses":"#)
            .list_or_null(&self.multisig, |j, address| _ = j.plain(address))
            .raw(r#","unconfirmed":"#)
            .number(self.unconfirmed);
        if let Some((tft, erc20, confirmations)) = self.erc20 {
            json.raw(r#","erc20info":{"tftaddress":"#)
                .plain(tft.chain_text())
                .raw(r#","erc20address":"#)
                .plain(erc20)
                .raw(r#","confirmations":"#)
                .number(confirmations)
                .raw("}");
        }
        json.raw("}");
        Reply::Json(json.into_body())
    }
}

fn by_hash(state: &State, hash: &Hash) -> Reply {
    let (chain, pool) = (&state.chain, &state.pool);
    let found = if let Some(block) = chain.index().block(hash).and_then(|h| chain.block(h)) {
        Found {
            block: Some(block),
            ..Found::new("blockid")
        }
    } else if let Some((block, stored)) = chain.transaction(hash) {
        let transaction = Some(Shown::Confirmed(block, stored));
        Found {
            transaction,
            ..Found::new("transactionid")
        }
    } else if let Some(found) = by_output(chain, hash) {
        found
    } else if let Some(entry) = pool.get(hash) {
        let transaction = Some(Shown::WaitingById(entry));
        Found {
            transaction,
            unconfirmed: true,
            ..Found::new("transactionid")
        }
    } else {
        return Reply::Error(400, UNRECOGNIZED.into());
    };
    found.reply(state)
}

fn by_output<'a>(chain: &'a Chain, id: &OutputId) -> Option<Found<'a>> {
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
    let all = ids.iter().filter_map(|id| chain.transaction(id));
    found
        .transactions
        .extend(all.map(|(block, stored)| Shown::Confirmed(block, stored)));
    Some(found)
}

fn by_address(state: &State, address: &UnlockHash, minheight: &str) -> Reply {
    let chain = &state.chain;
    let mut found = Found::new("unlockhash");
    let mut from = 0;
    if let Some(known) = chain.index().address(address) {
        from = match minheight {
            "" => 0,
            text => match parse_uint(text) {
                Ok(height) => height,
                Err(e) => return Reply::Error(400, format!("invalid minheight filter: {e}")),
            },
        };
        let all = known
            .transactions
            .iter()
            .filter_map(|id| chain.transaction(id));
        let recent = all.filter(|(block, _)| block.facts.height >= from);
        found
            .transactions
            .extend(recent.map(|(block, stored)| Shown::Confirmed(block, stored)));
        let paid = known.blocks.iter().filter(|(_, height)| *height >= from);
        found
            .blocks
            .extend(paid.filter_map(|(_, height)| chain.block(*height)));
    }
    found
        .transactions
        .extend(state.pool.of_address(address).map(Shown::WaitingOfAddress));
    if may_own_multisig(address) {
        found
            .multisig
            .extend(chain.index().multisig(address).into_iter().flatten());
    }
    found.erc20 = erc20_info(state, address, from);
    if found.is_empty() {
        Reply::NoContent
    } else {
        found.reply(state)
    }
}

/// Returns the ERC20 address of a registered address and the confirmations of its registration:
/// 0 in the pool, 1 in the newest block. The reference looks for the registration among the
/// transactions that it lists; one below `from` counts as one of the newest block.
fn erc20_info(
    state: &State,
    address: &UnlockHash,
    from: u64,
) -> Option<(UnlockHash, Erc20Address, u64)> {
    let confirmed = &state.chain.ledger().extensions().erc20;
    let confirmations = match confirmed.registered_at(address) {
        Some(height) if height < from => 1,
        Some(height) => state
            .chain
            .height()
            .saturating_sub(height)
            .saturating_add(1),
        None => {
            state
                .pool
                .view(&state.chain)
                .extensions()
                .erc20
                .registered_at(address)?;
            0
        }
    };
    Some((
        *address,
        Erc20Address::from_unlock_hash(address),
        confirmations,
    ))
}
