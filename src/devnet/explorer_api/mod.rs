//! The real node's HTTP interface: paths, answers, texts.
//!
//! [`answer`] is pure: state and request in, [`Reply`] out. Only submitting a transaction changes
//! anything and has to wait for the disk; the server does that.

mod constants;
mod decode;
mod extensions;
pub(crate) mod json;
mod json_scan;
pub(crate) mod lookup;
mod model;
mod numbers;
mod pool_list;
mod reply;
mod route;
mod shape;
mod stats;
mod texts;

pub use decode::decode_transaction;
pub use reply::Reply;
pub use route::{Route, find};
pub(crate) use texts::{WRONG_LENGTH, reference_text};

use self::json::Json;
use super::node::State;
use super::query::Query;
use crate::tfchain::hash::Hash;

/// Text for requests without the agent of an official client.
pub const BROWSER: &str =
    "Browser access disabled due to security vulnerability. Use an official client.";
/// What a request's `User-Agent` must contain.
pub const AGENT: &str = "Rivine-Agent";
/// Prefix of errors about the JSON of a submitted transaction.
pub const DECODING: &str = "error decoding the supplied transaction: ";
/// Prefix of errors about a submitted transaction.
pub const CALL: &str = "error after call to /wallet/transactions: ";

const ID_LENGTH: &str = "ID does not have the right length";
/// Decimal digits that a short transaction id can have at most.
const SHORT_ID_LENGTH: usize = 19;

/// Answers a `GET`. `gateway` is the address that `/gateway` tells.
pub fn answer(state: &State, route: &Route, query: &Query, gateway: &str) -> Reply {
    let chain = &state.chain;
    match route {
        Route::Explorer => match chain.tip() {
            Some(tip) => object(|j| model::facts(j, tip)),
            None => Reply::NoContent,
        },
        Route::Block(height) => block(state, height),
        Route::Hash(hash) => lookup::lookup(state, hash, query.get("minheight")),
        Route::Constants => Reply::Json(constants::constants()),
        Route::Version => Reply::Json(constants::version()),
        Route::Consensus => object(|j| {
            j.raw(r#""synced":true,"height":"#)
                .number(chain.height())
                .raw(r#","currentblock":"#)
                .plain(chain.tip_id())
                .raw(r#","target":"#)
                .list(chain.next_target(), |j, byte| _ = j.number(byte));
        }),
        Route::History => stats::history(chain, query.get("history")),
        Route::Range => stats::range(chain, query.get("start"), query.get("end")),
        Route::MintCondition(height) => extensions::mint_condition(chain, height.as_deref()),
        Route::Bot(id) => extensions::bot(chain, id),
        Route::BotTransactions(id) => extensions::bot_transactions(chain, id),
        Route::WhoIs(name) => extensions::whois(chain, name),
        Route::Erc20Address(address) => extensions::erc20_address(chain, address),
        Route::Erc20Transaction(id) => extensions::erc20_transaction(chain, id),
        Route::Erc20Status => Reply::Json(constants::ERC20_STATUS.into()),
        Route::Erc20Balance => Reply::Json(constants::ERC20_BALANCE.into()),
        Route::Transaction(id) => transaction(state, id),
        Route::UnspentCoin(id) => unspent(id, |id| chain.ledger().coin(id).map(|o| &**o)),
        Route::UnspentStake(id) => unspent(id, |id| chain.ledger().stake(id).map(|s| &*s.output)),
        Route::Pool => pool_list::pool(state, query.get("unlockhash")),
        Route::Gateway => object(|j| {
            j.raw(r#""netaddress":"#)
                .string(gateway)
                .raw(r#","peers":[]"#);
        }),
    }
}

/// Writes an object with a line end.
fn object(write: impl FnOnce(&mut Json)) -> Reply {
    let mut json = Json::default();
    json.raw("{");
    write(&mut json);
    json.raw("}");
    Reply::Json(json.into_body())
}

fn block(state: &State, height: &str) -> Reply {
    let height = match numbers::scan_uint(height) {
        Ok(height) => height,
        Err(message) => return Reply::Error(400, message),
    };
    match state.chain.block(height) {
        Some(block) => object(|j| {
            j.raw(r#""block":"#);
            model::block(j, &state.chain, block);
        }),
        None => {
            let message = "no block found at input height in call to /explorer/block";
            Reply::Error(400, message.into())
        }
    }
}

fn transaction(state: &State, id: &str) -> Reply {
    let chain = &state.chain;
    let stored = if id.len() == 64 {
        match id.parse::<Hash>() {
            // The reference answers its genesis transaction for an unknown id; that is a flaw.
            Ok(id) => chain.transaction(&id).map(|(_, stored)| stored),
            Err(_) => return Reply::Error(400, bad_hash(id)),
        }
    } else if id.len() <= SHORT_ID_LENGTH {
        match numbers::scan_uint(id) {
            Ok(id) => chain.transaction_by_short_id(id),
            Err(message) => return Reply::Error(400, message),
        }
    } else {
        return Reply::Error(400, ID_LENGTH.into());
    };
    match stored {
        Some(stored) => {
            let mut json = Json::default();
            json.value(&*stored.transaction);
            Reply::Json(json.into_body())
        }
        None => Reply::NoContent,
    }
}

fn unspent<'a>(id: &str, find: impl FnOnce(&Hash) -> Option<&'a crate::tfchain::Output>) -> Reply {
    if id.len() != 64 {
        return Reply::Error(400, ID_LENGTH.into());
    }
    match id.parse::<Hash>() {
        Ok(id) => match find(&id) {
            Some(output) => {
                let mut json = Json::default();
                model::unspent(&mut json, output);
                Reply::Json(json.into_body())
            }
            None => Reply::NoContent,
        },
        Err(_) => Reply::Error(400, bad_hash(id)),
    }
}

/// Returns the reference's text for 64 characters that are no hash.
fn bad_hash(text: &str) -> String {
    let wrong = text.chars().find(|c| !c.is_ascii_hexdigit()).unwrap_or(' ');
    let code = u32::from(wrong);
    format!("could not unmarshal hash: encoding/hex: invalid byte: U+{code:04X} '{wrong}'")
}
