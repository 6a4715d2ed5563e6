//! Answers about minting, 3Bots and ERC20.

use super::json::Json;
use super::lookup::parse_address;
use super::numbers::parse_uint;
use super::object;
use super::reply::Reply;
use crate::devnet::chain::{Chain, NameError};
use crate::tfchain::{BotId, BotName, BotRecord, Erc20Address, Erc20Hash, PublicKey};

/// Answers `…/mintcondition[/:height]`; a height beyond the chain gets the newest condition.
pub fn mint_condition(chain: &Chain, height: Option<&str>) -> Reply {
    let height = match height.map(parse_uint) {
        None => chain.height(),
        Some(Ok(height)) => height,
        Some(Err(e)) => return Reply::Error(400, format!("invalid block height given: {e}")),
    };
    let condition = chain.ledger().extensions().minting.condition_at(height);
    object(|j| _ = j.raw(r#""mintcondition":"#).value(&condition))
}

fn record(record: &BotRecord) -> Reply {
    object(|j: &mut Json| _ = j.raw(r#""record":"#).value(record))
}

/// Answers `…/3bot/:id`, where the id is a number or a public key.
pub fn bot(chain: &Chain, id: &str) -> Reply {
    let bots = &chain.ledger().extensions().bots;
    if let Some(id) = id.parse::<BotId>().ok().filter(|id| *id > 0) {
        return match bots.get(id) {
            Some(bot) => record(bot),
            None => Reply::Error(404, "3bot not found".into()),
        };
    }
    match id.parse::<PublicKey>() {
        Ok(key) => match bots.by_key(&key) {
            Some(bot) => record(bot),
            None => Reply::Error(404, "3bot public key not found".into()),
        },
        Err(_) => {
            let text = "id has to be a valid PublicKey or BotID: invalid public key string";
            Reply::Error(400, text.into())
        }
    }
}

/// Answers `…/3bot/:id/transactions`.
pub fn bot_transactions(chain: &Chain, id: &str) -> Reply {
    let invalid = |e: &str| Reply::Error(400, format!("id has to be a valid BotID: {e}"));
    let id = match parse_uint(id).map(|number| (number, BotId::try_from(number))) {
        Ok((_, Ok(0))) => return invalid("botID has to be at least 1"),
        Ok((_, Ok(id))) => id,
        Ok((number, Err(_))) => {
            return invalid(&format!(
                "BotID: strconv.ParseUint: parsing \"{number}\": value out of range"
            ));
        }
        Err(e) => return invalid(&format!("BotID: {e}")),
    };
    let ids = chain.ledger().extensions().bots.transactions(id);
    object(|j| {
        _ = j
            .raw(r#""ids":"#)
            .list_or_null(ids, |j, id| _ = j.plain(id))
    })
}

/// Answers `…/whois/3bot/:name`.
pub fn whois(chain: &Chain, name: &str) -> Reply {
    let Ok(name) = name.parse::<BotName>() else {
        return Reply::Error(500, "invalid botname: invalid bot name".into());
    };
    match chain
        .ledger()
        .extensions()
        .bots
        .by_name(&name, chain.tip_time())
    {
        Ok(bot) => record(bot),
        Err(e @ NameError::NotFound) => Reply::Error(404, e.to_string()),
        Err(e @ NameError::Expired) => Reply::Error(402, e.to_string()),
    }
}

/// Answers `…/erc20/addresses/:address`: a TFT address, or an ERC20 address without `0x`.
pub fn erc20_address(chain: &Chain, address: &str) -> Reply {
    let erc20 = &chain.ledger().extensions().erc20;
    let tft = if address.len() == 40 {
        match address.parse::<Erc20Address>() {
            Ok(address) => erc20.tft_address(&address),
            Err(e) => return Reply::Error(400, format!("invalid ERC20 address given: {e}")),
        }
    } else {
        match parse_address(address) {
            Ok(address) => erc20.registered_at(&address).map(|_| address),
            Err(e) => return Reply::Error(400, format!("invalid (TFT) address given: {e}")),
        }
    };
    match tft {
        Some(tft) => object(|j| {
            j.raw(r#""tftaddress":"#)
                .plain(tft.chain_text())
                .raw(r#","erc20address":"#)
                .plain(Erc20Address::from_unlock_hash(&tft));
        }),
        None => Reply::NoContent,
    }
}

/// Answers `…/erc20/transactions/:txid`.
pub fn erc20_transaction(chain: &Chain, id: &str) -> Reply {
    let Ok(hash) = id.parse::<Erc20Hash>() else {
        let text = "passed string cannot be loaded as an ERC20 Hash: invalid length";
        return Reply::Error(400, format!("invalid ERC20 TransactionID given: {text}"));
    };
    match chain.ledger().extensions().erc20.tft_transaction(&hash) {
        // The reference spells the first key so.
        Some(id) => object(|j| {
            j.raw(r#""er20txid":"#)
                .plain(hash)
                .raw(r#","tfttxid":"#)
                .plain(id);
        }),
        None => Reply::NoContent,
    }
}
