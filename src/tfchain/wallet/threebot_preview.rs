//! What a transaction about 3bots does and costs, in words.
use super::threebot::list;
use crate::tfchain::{Amount, Transaction, fees};

/// Facts, one a line, and the price without the miner fee; None for other transactions.
pub(super) fn facts(transaction: &Transaction) -> Option<(Vec<String>, Amount)> {
    let mut facts = Vec::new();
    let mut say = |what: &str, items: String| {
        if items != "none" {
            facts.push(format!("{what}: {items}"));
        }
    };
    let mut parts: Vec<(String, Amount)> = Vec::new();
    let price = match transaction {
        Transaction::BotRegistration(body) => {
            say("names", list(&body.names));
            say("addresses", list(&body.addresses));
            say("key", body.identification.public_key.to_string());
            parts.push(("registration".into(), fees::BOT_REGISTRATION));
            parts.push(months(body.months));
            parts.push(names(body.names.len().saturating_sub(1), "further"));
            body.bot_fee()
        }
        Transaction::BotRecordUpdate(body) => {
            say("3bot", body.id.to_string());
            say("remove names", list(&body.names.remove));
            say("add names", list(&body.names.add));
            say("remove addresses", list(&body.addresses.remove));
            say("add addresses", list(&body.addresses.add));
            parts.push(months(body.months));
            if !body.addresses.is_empty() {
                parts.push(("addresses".into(), fees::BOT_ADDRESS_CHANGE));
            }
            parts.push(names(body.names.add.len(), "added"));
            body.bot_fee()
        }
        Transaction::BotNameTransfer(body) => {
            let (sender, receiver) = (body.sender.id, body.receiver.id);
            say("3bots", format!("from {sender} to {receiver}"));
            say("names", list(&body.names));
            parts.push(names(body.names.len(), "transferred"));
            body.bot_fee()
        }
        _ => return None,
    };
    let parts: Vec<String> = parts
        .iter()
        .filter(|(_, amount)| !amount.is_zero())
        .map(|(what, amount)| format!("{what} {}", amount.with_unit()))
        .collect();
    let of = match parts.as_slice() {
        [] => String::new(),
        parts => format!(" ({})", parts.join(", ")),
    };
    facts.push(format!("price: {}{of}", price.with_unit()));
    Some((facts, price))
}

fn months(months: u8) -> (String, Amount) {
    let words = match months {
        1 => "1 month".to_owned(),
        months => format!("{months} months"),
    };
    (words, fees::bot_months(months))
}

fn names(count: usize, which: &str) -> (String, Amount) {
    let words = match count {
        1 => format!("1 {which} name"),
        count => format!("{count} {which} names"),
    };
    (words, fees::bot_name_transfer(count))
}
