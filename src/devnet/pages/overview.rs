//! The first page of the explorer: where the chain is, what waits, what happened last.

use super::html::Html;
use super::moment::{Moment, count, length};
use super::{Answer, block, transaction};

/// Blocks and transactions that are listed.
const LISTED: usize = 10;
/// Blocks that are looked through for transactions: most blocks of a devnet have none.
const LOOKED_THROUGH: usize = 20_000;

/// Answers `/explorer`.
pub fn page(moment: &Moment<'_>) -> Answer {
    let (chain, pool) = (moment.chain(), &moment.state().pool);
    let mut html = Html::default();
    html.raw("<h1>The devnet</h1>\n<dl>\n");
    html.fact("Height", |h| {
        h.link("/block/", moment.height(), moment.height());
        h.raw(", ").with(|h| moment.time(h, chain.tip_time()));
    });
    html.fact("Waiting", |h| {
        _ = h.text(count(length(pool.entries()), "transaction"));
    });
    html.fact("Transactions", |h| {
        let all = chain.tip().map_or(0, |tip| tip.facts.counts.transactions);
        h.text(all).raw(" on the chain");
    });
    let bots = &chain.ledger().extensions().bots;
    // Numbers are given from 1 up without gaps.
    let last = (1..).take_while(|id| bots.get(*id).is_some()).last();
    html.fact("3bots", |h| match last {
        None => _ = h.raw("none yet"),
        Some(last) => {
            h.text(last).raw(", the newest is ");
            h.link("/3bot/", last, format_args!("3bot {last}"));
        }
    });
    html.fact("Coins", |h| {
        h.raw("<a href=\"/\">ask the faucet</a>, they are worth nothing elsewhere");
    });
    html.raw("</dl>\n");
    if !pool.entries().is_empty() {
        html.heading("Waiting for the next block");
        let waiting = pool.entries().iter().rev().take(LISTED);
        let waiting = waiting.map(transaction::Row::waiting);
        transaction::rows(moment, &mut html, waiting);
        let more = pool.entries().len().saturating_sub(LISTED);
        if more > 0 {
            html.paragraph(|h| _ = h.text(format_args!("… and {more} more")));
        }
    }
    let newest = (0..=moment.height()).rev().take(LOOKED_THROUGH);
    let newest: Vec<_> = newest
        .filter_map(|height| chain.block(height))
        .flat_map(|block| {
            let all = block.transactions.iter().rev();
            all.map(move |stored| (block, stored))
        })
        .filter(|(block, stored)| !transaction::makes_block(block, stored))
        .take(LISTED)
        .collect();
    html.heading("Newest transactions");
    let newest = newest
        .iter()
        .map(|(block, stored)| transaction::Row::confirmed(block, stored));
    transaction::rows(moment, &mut html, newest);
    html.heading("Newest blocks");
    block::rows(moment, &mut html, moment.height(), LISTED);
    html.raw("<p><a href=\"/blocks\">All blocks</a></p>\n");
    Answer::page("Explorer", html)
}
