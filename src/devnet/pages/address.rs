//! The page of an address: what it holds, what it is, what happened on it.

use super::html::Html;
use super::moment::{Moment, count, list};
use super::transaction::makes_block;
use super::{Answer, nothing, words};
use crate::devnet::chain::{
    AddressEntry, OutputKind, StoredBlock, StoredTransaction, may_own_multisig,
};
use crate::tfchain::{
    Amount, BotRecord, Condition, Erc20Address, Output, Transaction, UnlockHash, UnlockType,
};

/// Rows of one page of the history.
const PAGE: usize = 50;

/// Coins and block stakes of an address.
#[derive(Default)]
struct Holdings {
    free: Amount,
    locked: Amount,
    maturing: Amount,
    stakes: Amount,
}

/// What happened on an address at one place of the chain.
enum Event<'a> {
    Transaction(&'a StoredBlock, &'a StoredTransaction),
    Payouts(&'a StoredBlock),
}

impl Event<'_> {
    /// Returns where it stands on the chain; payouts come after all transactions of their block.
    fn place(&self) -> (u64, usize) {
        match self {
            Self::Transaction(block, stored) => (block.facts.height, stored.order),
            Self::Payouts(block) => (block.facts.height, usize::MAX),
        }
    }
}

/// Answers `/address/:address?page=n`.
pub fn page(moment: &Moment<'_>, text: &str, number: Option<u64>) -> Answer {
    let address = match text.parse::<UnlockHash>() {
        Ok(address) => address,
        Err(e) => return nothing(text, format!("This is no address: {e}.")),
    };
    let nobody = AddressEntry::default();
    let entry = moment.chain().index().address(&address).unwrap_or(&nobody);
    let mut events = events(moment, entry);
    events.sort_unstable_by_key(|event| std::cmp::Reverse(event.place()));
    let (holdings, condition) = holdings(moment, &address, &events);
    let mut html = Html::default();
    html.raw("<h1>").raw(match address.kind() {
        UnlockType::Nil => "Free for all",
        UnlockType::PublicKey => "Wallet address",
        UnlockType::AtomicSwap => "Atomic swap",
        UnlockType::MultiSignature => "Shared wallet",
    });
    html.raw("</h1>\n");
    html.paragraph(|h| _ = h.id(address));
    if address.is_nil() {
        html.paragraph(|h| _ = h.raw("What stands here, anybody can spend."));
    }
    html.raw("<dl>\n");
    html.fact("Balance", |h| _ = h.amount(&holdings.free));
    if !holdings.locked.is_zero() {
        html.fact("Locked", |h| _ = h.amount(&holdings.locked).raw(" besides"));
    }
    if !holdings.maturing.is_zero() {
        html.fact("Maturing", |h| {
            h.amount(&holdings.maturing)
                .raw(" of block payouts besides");
        });
    }
    if !holdings.stakes.is_zero() {
        html.fact("Block stakes", |h| _ = h.text(holdings.stakes.units_text()));
    }
    match condition {
        Some(Condition::MultiSignature(wallet)) => {
            let needed = wallet.minimum_signature_count;
            html.fact("Signatures", |h| {
                h.text(needed)
                    .raw(" of ")
                    .text(wallet.unlock_hashes.len())
                    .raw(" needed");
            });
            html.fact("Owners", |h| moment.addresses(h, &wallet.unlock_hashes));
        }
        Some(contract @ Condition::AtomicSwap(_)) => {
            html.fact("Contract", |h| moment.condition(h, contract));
        }
        _ => {}
    }
    membership(moment, &mut html, &address);
    html.raw("</dl>\n");
    waiting(moment, &mut html, &address);
    history(moment, &mut html, &address, &events, number);
    Answer::page(format!("Address {address}"), html)
}

fn events<'a>(moment: &Moment<'a>, entry: &AddressEntry) -> Vec<Event<'a>> {
    let chain = moment.chain();
    let transactions = entry.transactions.iter();
    let transactions = transactions.filter_map(|id| chain.transaction(id));
    let paid = entry.blocks.iter();
    let paid = paid.filter_map(|(_, height)| chain.block(*height));
    transactions
        .map(|(block, stored)| Event::Transaction(block, stored))
        .chain(paid.map(Event::Payouts))
        .collect()
}

/// Returns what an address holds, and a condition of its outputs, which tells what it is.
fn holdings<'a>(
    moment: &Moment<'a>,
    address: &UnlockHash,
    events: &[Event<'a>],
) -> (Holdings, Option<&'a Condition>) {
    let chain = moment.chain();
    let mut holdings = Holdings::default();
    let mut condition = None;
    for event in events {
        let ids: &mut dyn Iterator<Item = _> = match event {
            Event::Transaction(_, stored) => {
                let (coins, stakes) = (&stored.ids.coin_outputs, &stored.ids.blockstake_outputs);
                &mut coins.iter().chain(stakes)
            }
            Event::Payouts(block) => &mut block.payout_ids.iter(),
        };
        for id in ids {
            let Some(known) = chain.index().output(id) else {
                continue;
            };
            let output: &Output = &known.output;
            if output.condition.unlock_hash() != *address {
                continue;
            }
            condition.get_or_insert(output.condition.unlocked());
            let sum = match known.kind {
                _ if known.spent_by.is_some() => continue,
                OutputKind::Stake => &mut holdings.stakes,
                OutputKind::Coin if chain.ledger().coin(id).is_none() => &mut holdings.maturing,
                OutputKind::Coin if moment.is_locked(&output.condition) => &mut holdings.locked,
                OutputKind::Coin => &mut holdings.free,
            };
            *sum += &output.value;
        }
    }
    (holdings, condition)
}

fn membership(moment: &Moment<'_>, html: &mut Html, address: &UnlockHash) {
    let chain = moment.chain();
    if may_own_multisig(address)
        && let Some(wallets) = chain.index().multisig(address)
    {
        let wallets: Vec<UnlockHash> = wallets.iter().copied().collect();
        html.fact("Owner in", |h| {
            h.raw(if wallets.len() == 1 {
                "the shared wallet "
            } else {
                "the shared wallets "
            });
            moment.addresses(h, &wallets);
        });
    }
    let extensions = chain.ledger().extensions();
    let bots: Vec<&BotRecord> = (1..)
        .map_while(|id| extensions.bots.get(id))
        .filter(|bot| bot.public_key.unlock_hash() == *address)
        .collect();
    if !bots.is_empty() {
        html.fact("Key of", |h| {
            list(h, &bots, |h, bot| {
                h.link("/3bot/", bot.id, format_args!("3bot {}", bot.id));
            });
        });
    }
    if extensions.erc20.registered_at(address).is_some() {
        html.fact("From Ethereum", |h| {
            h.raw("through ")
                .id(Erc20Address::from_unlock_hash(address));
        });
    }
}

/// Returns what a transaction brings to an address and takes from it.
fn change(moment: &Moment<'_>, address: &UnlockHash, transaction: &Transaction) -> [Amount; 2] {
    let ours = |output: &&Output| output.condition.unlock_hash() == *address;
    let outputs = transaction.coin_outputs();
    let brought = outputs.iter().filter(ours).map(|o| &o.value).sum();
    let inputs = transaction.coin_inputs().iter();
    let spent = inputs.filter_map(|input| moment.output(&input.parent_id));
    [brought, spent.filter(ours).map(|o| &o.value).sum()]
}

fn signed(html: &mut Html, [brought, taken]: [Amount; 2]) {
    match (brought.checked_sub(&taken), taken.checked_sub(&brought)) {
        (Some(more), _) if !more.is_zero() => {
            html.raw("<b class=\"amount good\">+")
                .text(more.with_unit())
                .raw("</b>");
        }
        (_, Some(less)) if !less.is_zero() => {
            html.raw("<b class=\"amount\">−")
                .text(less.with_unit())
                .raw("</b>");
        }
        _ => _ = html.raw("<span class=\"soft\">0 TFT</span>"),
    }
}

fn waiting(moment: &Moment<'_>, html: &mut Html, address: &UnlockHash) {
    let mut entries = moment.state().pool.of_address(address).peekable();
    if entries.peek().is_none() {
        return;
    }
    html.heading("Waiting for the next block")
        .raw("<ol class=\"rows\">\n");
    for entry in entries.take(PAGE) {
        html.raw("<li><span>")
            .short_link("/transaction/", entry.ids.transaction);
        html.raw("</span><span>");
        words::summary(moment, html, &entry.transaction, false);
        html.raw("</span><span>");
        signed(html, change(moment, address, &entry.transaction));
        html.raw("</span></li>\n");
    }
    html.raw("</ol>\n");
}

fn history(
    moment: &Moment<'_>,
    html: &mut Html,
    address: &UnlockHash,
    events: &[Event<'_>],
    number: Option<u64>,
) {
    html.heading("History");
    if events.is_empty() {
        html.paragraph(|h| {
            h.raw("Nothing happened on this address yet. Coins? <a href=\"/\">Ask the faucet.</a>");
        });
        return;
    }
    let pages = events.len().div_ceil(PAGE).max(1);
    let number = number.and_then(|n| usize::try_from(n).ok()).unwrap_or(1);
    let number = number.clamp(1, pages);
    html.raw("<ol class=\"rows\">\n");
    let skipped = number.saturating_sub(1).saturating_mul(PAGE);
    for event in events.iter().skip(skipped).take(PAGE) {
        row(moment, html, address, event);
    }
    html.raw("</ol>\n");
    html.raw("<p class=\"pager\"><span>");
    if number > 1 {
        let newer = number.saturating_sub(1);
        html.link("/address/", format_args!("{address}?page={newer}"), "Newer");
    }
    html.raw("</span><span class=\"soft\">");
    let all = u64::try_from(events.len()).unwrap_or(u64::MAX);
    html.text(count(all, "entry"));
    if pages > 1 {
        html.text(format_args!(", page {number} of {pages}"));
    }
    html.raw("</span><span>");
    if number < pages {
        let older = number.saturating_add(1);
        html.link("/address/", format_args!("{address}?page={older}"), "Older");
    }
    html.raw("</span></p>\n");
}

fn row(moment: &Moment<'_>, html: &mut Html, address: &UnlockHash, event: &Event<'_>) {
    let (Event::Transaction(block, _) | Event::Payouts(block)) = event;
    let height = block.facts.height;
    html.raw("<li><span>");
    match event {
        Event::Transaction(_, stored) => {
            html.short_link("/transaction/", stored.ids.transaction);
        }
        Event::Payouts(_) => {
            html.link("/block/", height, format_args!("block {height}"));
        }
    }
    html.raw("<br><span class=\"soft\">");
    html.text(moment.time_text(block.block.timestamp));
    html.raw("</span></span><span>");
    match event {
        Event::Transaction(_, stored) => {
            let makes_block = makes_block(block, stored);
            words::summary(moment, html, &stored.transaction, makes_block);
            html.raw("</span><span>");
            signed(html, change(moment, address, &stored.transaction));
        }
        Event::Payouts(_) => {
            let payouts = block.block.payouts.iter();
            let ours = payouts.filter(|payout| payout.unlock_hash == *address);
            html.raw("paid out by the block: reward and fees</span><span>");
            signed(html, [ours.map(|payout| &payout.value).sum(), Amount::ZERO]);
        }
    }
    html.raw("</span></li>\n");
}
