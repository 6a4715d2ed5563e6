//! The page of a transaction, and the rows that list transactions elsewhere.

use super::html::Html;
use super::moment::{Moment, count, length};
use super::{Answer, nothing, words};
use crate::devnet::chain::{StoredBlock, StoredTransaction};
use crate::devnet::pool::Entry;
use crate::tfchain::hash::{Hash, OutputId};
use crate::tfchain::{Fulfillment, Input, Output, Transaction, TransactionIds};

/// Longest arbitrary data that is shown, in bytes; the raw form has all of it.
const SHOWN_DATA: usize = 4_096;

/// Says whether a transaction is the one that makes its block.
pub fn makes_block(block: &StoredBlock, stored: &StoredTransaction) -> bool {
    block.facts.height > 0 && stored.order == 0
}

/// Answers `/transaction/:id`.
pub fn page(moment: &Moment<'_>, text: &str) -> Answer {
    let Ok(id) = text.parse::<Hash>() else {
        return nothing(text, "The id of a transaction is 64 hexadecimal digits.");
    };
    if let Some((block, stored)) = moment.chain().transaction(&id) {
        let place = Some((block, makes_block(block, stored)));
        return show(moment, &stored.transaction, &stored.ids, place);
    }
    match moment.state().pool.get(&id) {
        Some(entry) => show(moment, &entry.transaction, &entry.ids, None),
        None => nothing(text, "No transaction has this id, on the chain or waiting."),
    }
}

fn show(
    moment: &Moment<'_>,
    transaction: &Transaction,
    ids: &TransactionIds,
    place: Option<(&StoredBlock, bool)>,
) -> Answer {
    let mut html = Html::default();
    html.raw("<h1>Transaction: ")
        .text(transaction.kind())
        .raw("</h1>\n");
    let makes_block = place.is_some_and(|(_, makes)| makes);
    words::tell(moment, &mut html, transaction, makes_block);
    html.raw("<dl>\n");
    html.fact("Id", |h| _ = h.id(ids.transaction));
    match place {
        Some((block, _)) => {
            let height = block.facts.height;
            html.fact("State", |h| {
                let depth = moment.height().saturating_sub(height).saturating_add(1);
                h.raw("<span class=\"good\">confirmed</span> in ");
                h.link("/block/", height, format_args!("block {height}"));
                h.raw(", ").text(count(depth, "confirmation"));
            });
            html.fact("Time", |h| moment.time(h, block.block.timestamp));
        }
        None => {
            html.fact("State", |h| {
                _ = h.raw("<span class=\"bad\">waiting</span> in the pool for the next block");
            });
        }
    }
    html.fact("Version", |h| _ = h.text(transaction.version()));
    html.raw("</dl>\n");
    data(&mut html, transaction.arbitrary_data());
    inputs(
        moment,
        &mut html,
        "Coins spent",
        transaction.coin_inputs(),
        false,
    );
    let coins = transaction.coin_outputs();
    outputs(
        moment,
        &mut html,
        "Coins received",
        &ids.coin_outputs,
        &coins,
        false,
    );
    let stakes = transaction.blockstake_inputs();
    inputs(moment, &mut html, "Block stakes spent", stakes, true);
    let (stake_ids, stakes) = (&ids.blockstake_outputs, transaction.blockstake_outputs());
    outputs(
        moment,
        &mut html,
        "Block stakes received",
        stake_ids,
        stakes,
        true,
    );
    let raw = serde_json::to_string_pretty(transaction).unwrap_or_default();
    html.raw("<details><summary>Raw JSON</summary>\n<pre>");
    html.text(raw).raw("</pre></details>\n");
    Answer::page(format!("Transaction {}", ids.transaction), html)
}

fn data(html: &mut Html, data: &[u8]) {
    if data.is_empty() {
        return;
    }
    html.heading("Data");
    let shown = data.get(..SHOWN_DATA).unwrap_or(data);
    match std::str::from_utf8(data) {
        // Text is shown as such when a person can read it.
        Ok(text) if !text.contains(|c: char| c.is_control() && !c.is_whitespace()) => {
            let shown: String = text.chars().take(SHOWN_DATA).collect();
            html.raw("<pre>").text(shown).raw("</pre>\n");
        }
        _ => _ = html.raw("<pre>").text(hex::encode(shown)).raw("</pre>\n"),
    }
    html.paragraph(|h| {
        h.raw("<span class=\"soft\">")
            .text(count(length(data), "byte"));
        if data.len() > SHOWN_DATA {
            h.raw(", the first ").text(SHOWN_DATA).raw(" of them shown");
        }
        h.raw("</span>");
    });
}

/// Writes the amount of an output: coins, or a number of block stakes.
pub fn value(html: &mut Html, output: &Output, stake: bool) {
    if stake {
        html.raw("<b class=\"amount\">")
            .text(output.value.units_text());
        html.raw(" block stakes</b>");
    } else {
        html.amount(&output.value);
    }
}

fn inputs(
    moment: &Moment<'_>,
    html: &mut Html,
    title: &'static str,
    inputs: &[Input],
    stake: bool,
) {
    if inputs.is_empty() {
        return;
    }
    html.heading(title).raw("<ol class=\"rows\">\n");
    for input in inputs {
        html.raw("<li><span>")
            .short_link("/output/", input.parent_id);
        html.raw("</span><span>");
        let parent = moment.output(&input.parent_id);
        let address = match parent {
            Some(output) => Some(output.condition.unlock_hash()),
            None => input.fulfillment.unlock_hash(),
        };
        if let Some(address) = &address {
            html.raw("from ");
            moment.address(html, address);
        }
        match &input.fulfillment {
            Fulfillment::MultiSignature(pairs) => {
                html.raw(", ").text(count(length(pairs), "signature"));
            }
            Fulfillment::AtomicSwap(swap) if swap.secret.is_zero() => {
                html.raw(", a swap taken back");
            }
            Fulfillment::AtomicSwap(_) => _ = html.raw(", a swap redeemed"),
            Fulfillment::Nil | Fulfillment::SingleSignature(_) => {}
        }
        html.raw("</span><span>");
        if let Some(output) = parent {
            value(html, output, stake);
        }
        html.raw("</span></li>\n");
    }
    html.raw("</ol>\n");
}

fn outputs(
    moment: &Moment<'_>,
    html: &mut Html,
    title: &'static str,
    ids: &[OutputId],
    outputs: &[Output],
    stake: bool,
) {
    if outputs.is_empty() {
        return;
    }
    html.heading(title).raw("<ol class=\"rows\">\n");
    for (id, output) in ids.iter().zip(outputs) {
        html.raw("<li><span>").short_link("/output/", id);
        html.raw("</span><span>to ");
        moment.condition(html, &output.condition);
        html.raw("</span><span>");
        value(html, output, stake);
        html.raw("</span></li>\n");
    }
    html.raw("</ol>\n");
}

/// A transaction of a list.
pub struct Row<'a> {
    ids: &'a TransactionIds,
    transaction: &'a Transaction,
    block: Option<(&'a StoredBlock, bool)>,
}

impl<'a> Row<'a> {
    /// The row of a confirmed transaction.
    pub fn confirmed(block: &'a StoredBlock, stored: &'a StoredTransaction) -> Self {
        Self {
            ids: &stored.ids,
            transaction: &stored.transaction,
            block: Some((block, makes_block(block, stored))),
        }
    }

    /// The row of a transaction in the pool.
    pub fn waiting(entry: &'a Entry) -> Self {
        Self {
            ids: &entry.ids,
            transaction: &entry.transaction,
            block: None,
        }
    }
}

/// Writes rows of transactions with a line in words each.
pub fn rows<'a>(moment: &Moment<'_>, html: &mut Html, rows: impl Iterator<Item = Row<'a>>) {
    html.raw("<ol class=\"rows\">\n");
    for row in rows {
        html.raw("<li><span>");
        html.short_link("/transaction/", row.ids.transaction);
        html.raw("</span><span>");
        let makes_block = row.block.is_some_and(|(_, makes)| makes);
        words::summary(moment, html, row.transaction, makes_block);
        html.raw("</span><span class=\"soft\">");
        match row.block {
            Some((block, _)) => {
                let height = block.facts.height;
                html.link("/block/", height, format_args!("block {height}"));
            }
            None => _ = html.raw("waiting"),
        }
        html.raw("</span></li>\n");
    }
    html.raw("</ol>\n");
}
