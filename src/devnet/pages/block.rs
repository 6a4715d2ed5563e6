//! The page of a block, and the list of blocks.

use super::html::Html;
use super::moment::{Moment, count, length};
use super::{Answer, nothing, transaction};
use crate::devnet::chain::{CONSTANTS, StoredBlock};
use crate::tfchain::Amount;
use crate::tfchain::hash::Hash;

/// Blocks of one page of the list.
const PAGE: usize = 50;
/// Most transactions of a block whose raw form is put into its page.
const RAW: usize = 200;

/// Answers `/blocks?from=height`: the blocks from a height down.
pub fn list(moment: &Moment<'_>, from: Option<u64>) -> Answer {
    let from = from.unwrap_or(u64::MAX).min(moment.height());
    let mut html = Html::default();
    html.raw("<h1>Blocks</h1>\n");
    rows(moment, &mut html, from, PAGE);
    let page = u64::try_from(PAGE).unwrap_or(u64::MAX);
    html.raw("<p class=\"pager\"><span>");
    if from < moment.height() {
        html.link("/blocks?from=", from.saturating_add(page), "Newer");
    }
    html.raw("</span><span>");
    if let Some(older) = from.checked_sub(page) {
        html.link("/blocks?from=", older, "Older");
    }
    html.raw("</span></p>\n");
    Answer::page("Blocks", html)
}

/// Writes rows of `n` blocks from a height down.
pub fn rows(moment: &Moment<'_>, html: &mut Html, from: u64, n: usize) {
    html.raw("<ol class=\"rows\">\n");
    for block in (0..=from)
        .rev()
        .take(n)
        .filter_map(|h| moment.chain().block(h))
    {
        let height = block.facts.height;
        html.raw("<li><span>");
        html.link("/block/", height, format_args!("block {height}"));
        html.raw("</span><span>");
        moment.time(html, block.block.timestamp);
        html.raw("</span><span>");
        match users(block) {
            0 => _ = html.raw("<span class=\"soft\">empty</span>"),
            n => _ = html.text(count(n, "transaction")),
        }
        html.raw("</span></li>\n");
    }
    html.raw("</ol>\n");
}

/// Returns the number of transactions besides the one that makes the block.
fn users(block: &StoredBlock) -> u64 {
    let all = block.transactions.iter();
    let users = all.filter(|stored| !transaction::makes_block(block, stored));
    u64::try_from(users.count()).unwrap_or(u64::MAX)
}

/// Answers `/block/:height` and `/block/:id`.
pub fn page(moment: &Moment<'_>, text: &str) -> Answer {
    let chain = moment.chain();
    let height = match text.parse::<u64>() {
        Ok(height) => Some(height),
        Err(_) => text
            .parse::<Hash>()
            .ok()
            .and_then(|id| chain.index().block(&id)),
    };
    let Some(block) = height.and_then(|height| chain.block(height)) else {
        let newest = moment.height();
        return nothing(
            text,
            format!("There is no such block; the newest one is {newest}."),
        );
    };
    let height = block.facts.height;
    let mut html = Html::default();
    html.raw("<h1>Block ").text(height).raw("</h1>\n");
    html.paragraph(|h| {
        let n = users(block);
        match n {
            0 => _ = h.raw("Nobody did anything in this block."),
            n => _ = h.text(count(n, "transaction")).raw(" in this block."),
        }
    });
    html.raw("<dl>\n");
    html.fact("Id", |h| _ = h.id(block.id));
    html.fact("Time", |h| moment.time(h, block.block.timestamp));
    html.fact("Confirmations", |h| {
        _ = h.text(moment.height().saturating_sub(height).saturating_add(1));
    });
    html.fact("Neighbours", |h| {
        if let Some(before) = height.checked_sub(1) {
            h.link("/block/", before, format_args!("block {before}"));
        }
        if height > 0 && height < moment.height() {
            h.raw(" · ");
        }
        if height < moment.height() {
            let after = height.saturating_add(1);
            h.link("/block/", after, format_args!("block {after}"));
        }
        if moment.height() == 0 {
            h.raw("none yet");
        }
    });
    html.fact("Difficulty", |h| _ = h.text(&block.facts.difficulty));
    html.raw("</dl>\n");
    html.heading("Transactions");
    let all = block.transactions.iter();
    let all = all.map(|stored| transaction::Row::confirmed(block, stored));
    transaction::rows(moment, &mut html, all);
    payouts(moment, &mut html, block);
    if block.transactions.len() <= RAW {
        let raw = raw(block);
        html.raw("<details><summary>Raw JSON</summary>\n<pre>");
        html.text(raw).raw("</pre></details>\n");
    }
    Answer::page(format!("Block {height}"), html)
}

fn payouts(moment: &Moment<'_>, html: &mut Html, block: &StoredBlock) {
    let payouts = &block.block.payouts;
    if payouts.is_empty() {
        return;
    }
    let matures = block.facts.height.saturating_add(CONSTANTS.maturity_delay);
    let sum: Amount = payouts.iter().map(|payout| &payout.value).sum();
    html.heading("Paid out");
    html.paragraph(|h| {
        h.amount(&sum)
            .raw(" in ")
            .text(count(length(payouts), "payout"));
        h.raw(": reward and fees of the block. They can be spent ");
        h.text(moment.lock_text(matures)).raw(".");
    });
    html.raw("<ol class=\"rows\">\n");
    for (payout, id) in payouts.iter().zip(&block.payout_ids) {
        html.raw("<li><span>").short_link("/output/", id);
        html.raw("</span><span>to ");
        moment.address(html, &payout.unlock_hash);
        html.raw("</span><span>")
            .amount(&payout.value)
            .raw("</span></li>\n");
    }
    html.raw("</ol>\n");
}

/// Returns the raw block: what its id is made of.
fn raw(block: &StoredBlock) -> String {
    let raw = &block.block;
    let transactions: Vec<_> = raw.transactions.iter().map(|t| &**t).collect();
    let json = serde_json::json!({
        "parentid": raw.parent_id,
        "timestamp": raw.timestamp,
        "pobsindexes": raw.stake,
        "minerpayouts": raw.payouts,
        "transactions": transactions,
    });
    serde_json::to_string_pretty(&json).unwrap_or_default()
}
