//! The page of a coin or block stake output: what it is worth, who can spend it, what became of it.

use super::html::Html;
use super::moment::Moment;
use super::{Answer, nothing, transaction};
use crate::devnet::chain::{CONSTANTS, KnownOutput, Origin, OutputKind};
use crate::devnet::pool::Entry;
use crate::tfchain::hash::{Hash, OutputId};
use crate::tfchain::{Output, Transaction};

/// Answers `/output/:id`.
pub fn page(moment: &Moment<'_>, text: &str) -> Answer {
    let Ok(id) = text.parse::<Hash>() else {
        return nothing(text, "The id of an output is 64 hexadecimal digits.");
    };
    if let Some(known) = moment.chain().index().output(&id) {
        return confirmed(moment, &id, known);
    }
    let pool = &moment.state().pool;
    let (Some(output), Some((maker, stake))) = (pool.output(&id), maker(moment, &id)) else {
        return nothing(text, "No output has this id, on the chain or waiting.");
    };
    let mut html = head(moment, &id, output, stake);
    html.fact("Comes from", |h| {
        h.raw("the waiting transaction ");
        h.short_link("/transaction/", maker.ids.transaction);
    });
    let spender = spender(moment, &id);
    html.fact("State", |h| match spender {
        Some(entry) => spent_by_waiting(h, entry),
        None => _ = h.raw("<span class=\"bad\">waiting</span> for the next block"),
    });
    html.raw("</dl>\n");
    Answer::page(format!("Output {id}"), html)
}

fn head(moment: &Moment<'_>, id: &OutputId, output: &Output, stake: bool) -> Html {
    let mut html = Html::default();
    html.raw("<h1>Output of ");
    transaction::value(&mut html, output, stake);
    html.raw("</h1>\n<dl>\n");
    html.fact("Id", |h| _ = h.id(id));
    html.fact("For", |h| moment.condition(h, &output.condition));
    html
}

fn confirmed(moment: &Moment<'_>, id: &OutputId, known: &KnownOutput) -> Answer {
    let stake = known.kind == OutputKind::Stake;
    let mut html = head(moment, id, &known.output, stake);
    html.fact("Comes from", |h| match known.origin {
        Origin::Transaction(id) => {
            h.raw("transaction ").short_link("/transaction/", id);
        }
        Origin::Payout(height) => {
            h.raw("the payouts of ");
            h.link("/block/", height, format_args!("block {height}"));
        }
    });
    let ledger = moment.chain().ledger();
    let here = ledger.coin(id).is_some() || ledger.stake(id).is_some();
    html.fact("State", |h| match (known.spent_by, spender(moment, id)) {
        (Some(by), _) => {
            h.raw("spent by transaction ")
                .short_link("/transaction/", by);
        }
        (None, Some(entry)) => spent_by_waiting(h, entry),
        (None, None) if moment.is_locked(&known.output.condition) => {
            h.raw("unspent, <span class=\"bad\">locked</span>");
        }
        (None, None) if here => _ = h.raw("<span class=\"good\">unspent</span>"),
        (None, None) => {
            h.raw("not to be spent yet");
            if let Origin::Payout(height) = known.origin {
                let matures = height.saturating_add(CONSTANTS.maturity_delay);
                h.raw(": payouts mature, this one ");
                h.text(moment.lock_text(matures));
            }
        }
    });
    html.raw("</dl>\n");
    let raw = serde_json::to_string_pretty(&*known.output).unwrap_or_default();
    html.raw("<details><summary>Raw JSON</summary>\n<pre>");
    html.text(raw).raw("</pre></details>\n");
    Answer::page(format!("Output {id}"), html)
}

fn spent_by_waiting(html: &mut Html, entry: &Entry) {
    html.raw("being spent by the waiting transaction ");
    html.short_link("/transaction/", entry.ids.transaction);
}

/// Returns the waiting transaction that makes an output, and whether it is one of block stakes.
fn maker<'a>(moment: &Moment<'a>, id: &OutputId) -> Option<(&'a Entry, bool)> {
    moment.state().pool.entries().iter().find_map(|entry| {
        if entry.ids.coin_outputs.contains(id) {
            return Some((entry, false));
        }
        let stake = entry.ids.blockstake_outputs.contains(id);
        stake.then_some((entry, true))
    })
}

/// Returns the waiting transaction that spends an output.
fn spender<'a>(moment: &Moment<'a>, id: &OutputId) -> Option<&'a Entry> {
    let spends = |transaction: &Transaction| {
        let stakes = transaction.blockstake_inputs();
        let inputs = transaction.coin_inputs().iter().chain(stakes);
        inputs.into_iter().any(|input| input.parent_id == *id)
    };
    let entries = moment.state().pool.entries();
    entries.iter().find(|entry| spends(&entry.transaction))
}
