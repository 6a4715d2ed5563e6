//! The page of a 3bot.

use super::html::Html;
use super::moment::{Moment, list};
use super::{Answer, nothing, transaction};
use crate::tfchain::{BotId, BotName, BotRecord, PublicKey};

/// Finds the 3bot of a number, a name (also of one that has expired) or a public key.
pub fn find<'a>(moment: &Moment<'a>, text: &str) -> Option<&'a BotRecord> {
    let bots = &moment.chain().ledger().extensions().bots;
    if let Ok(id) = text.parse::<BotId>() {
        return bots.get(id);
    }
    if let Ok(key) = text.parse::<PublicKey>() {
        return bots.by_key(&key);
    }
    // At time zero none has expired.
    bots.by_name(&text.parse::<BotName>().ok()?, 0).ok()
}

/// Answers `/3bot/:id` and `/3bot/:name`.
pub fn page(moment: &Moment<'_>, text: &str) -> Answer {
    let Some(bot) = find(moment, text) else {
        return nothing(text, "No 3bot has this name or number.");
    };
    let mut html = Html::default();
    html.raw("<h1>3bot ").text(bot.id);
    if let Some(name) = bot.names.first() {
        html.raw(": ").text(name);
    }
    html.raw("</h1>\n<dl>\n");
    html.fact("State", |h| {
        if bot.is_expired(moment.chain().tip_time()) {
            h.raw("<span class=\"bad\">expired</span> ");
        } else {
            h.raw("<span class=\"good\">active</span>, paid until ");
        }
        moment.time(h, bot.expiration);
    });
    html.fact("Names", |h| {
        list(h, &bot.names, |h, name| _ = h.link("/3bot/", name, name));
        if bot.names.is_empty() {
            h.raw("none");
        }
    });
    html.fact("Reached at", |h| {
        list(h, &bot.addresses, |h, address| _ = h.id(address));
        if bot.addresses.is_empty() {
            h.raw("nothing told");
        }
    });
    html.fact("Public key", |h| _ = h.id(bot.public_key));
    html.fact("Address of the key", |h| {
        moment.address(h, &bot.public_key.unlock_hash());
    });
    html.raw("</dl>\n");
    html.heading("Its record's transactions");
    let bots = &moment.chain().ledger().extensions().bots;
    let ids = bots.transactions(bot.id).iter().rev();
    let found = ids.filter_map(|id| moment.chain().transaction(id));
    let found = found.map(|(block, stored)| transaction::Row::confirmed(block, stored));
    transaction::rows(moment, &mut html, found);
    let raw = serde_json::to_string_pretty(bot).unwrap_or_default();
    html.raw("<details><summary>Raw JSON</summary>\n<pre>");
    html.text(raw).raw("</pre></details>\n");
    Answer::page(format!("3bot {}", bot.id), html)
}
