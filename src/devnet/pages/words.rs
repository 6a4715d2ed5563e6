//! What a transaction did, in plain words.

use super::html::Html;
use super::moment::{Moment, count, length, list};
use crate::tfchain::transaction::{BotRecordUpdate, ListChange};
use crate::tfchain::{
    Amount, BotId, BotName, Condition, Fulfillment, Output, Transaction, UnlockHash,
};

/// Who pays in a transaction, who is paid, and what comes back to the payers.
struct Flow<'a> {
    payers: Vec<UnlockHash>,
    spent: Amount,
    paid: Vec<&'a Output>,
    back: Amount,
}

impl<'a> Flow<'a> {
    fn new(moment: &Moment<'_>, transaction: &Transaction, outputs: &'a [Output]) -> Self {
        let mut payers = Vec::new();
        let mut spent = Amount::ZERO;
        for input in transaction.coin_inputs() {
            let parent = moment.output(&input.parent_id);
            let address = match parent {
                Some(output) => Some(output.condition.unlock_hash()),
                None => input.fulfillment.unlock_hash(),
            };
            payers.extend(address.filter(|address| !payers.contains(address)));
            if let Some(output) = parent {
                spent += &output.value;
            }
        }
        // Coins that come back behind a lock are not change: who locks them means to.
        let is_back = |output: &&Output| {
            output.condition.lock_time().is_none()
                && payers.contains(&output.condition.unlock_hash())
        };
        let back = outputs.iter().filter(is_back).map(|o| &o.value).sum();
        let paid = outputs.iter().filter(|output| !is_back(output)).collect();
        Self {
            payers,
            spent,
            paid,
            back,
        }
    }
}

/// Writes one line about a transaction, for lists. `makes_block` tells that it is the first one of
/// a block above genesis.
pub fn summary(moment: &Moment<'_>, html: &mut Html, transaction: &Transaction, makes_block: bool) {
    let outputs = transaction.coin_outputs();
    let flow = Flow::new(moment, transaction, &outputs);
    match transaction {
        Transaction::Legacy(_) | Transaction::Standard(_) => {
            if makes_block && transaction.coin_inputs().is_empty() {
                html.raw("used a block stake to make the block");
                return;
            }
            let sum: Amount = flow.paid.iter().map(|o| &o.value).sum();
            match (flow.payers.as_slice(), flow.paid.as_slice()) {
                ([], []) => _ = html.raw("moved block stakes"),
                ([], paid) => {
                    html.amount(&sum).raw(" created for ");
                    recipients(moment, html, paid);
                }
                (payers, []) => {
                    moment.addresses(html, payers);
                    html.raw(" moved ").amount(&flow.back).raw(" to itself");
                }
                (payers, paid) => {
                    moment.addresses(html, payers);
                    html.raw(" paid ").amount(&sum).raw(" to ");
                    recipients(moment, html, paid);
                }
            }
        }
        Transaction::CoinCreation(_) => {
            let sum: Amount = outputs.iter().map(|o| &o.value).sum();
            let to: Vec<&Output> = outputs.iter().collect();
            html.amount(&sum).raw(" minted for ");
            recipients(moment, html, &to);
        }
        Transaction::MinterDefinition(_) => _ = html.raw("named new minters"),
        Transaction::CoinDestruction(_) => {
            let fees: Amount = transaction.miner_fees().iter().sum();
            let lost = flow.spent.saturating_sub(&flow.back).saturating_sub(&fees);
            html.amount(&lost).raw(" destroyed");
        }
        Transaction::BotRegistration(bot) => {
            html.raw("registered ");
            this_bot(moment, html, &bot.identification.public_key);
            if !bot.names.is_empty() {
                html.raw(": ");
                list(html, &bot.names, |h, name| bot_name(moment, h, name));
            }
        }
        Transaction::BotRecordUpdate(update) => {
            html.raw("changed ");
            bot_link(html, update.id);
        }
        Transaction::BotNameTransfer(transfer) => {
            bot_link(html, transfer.sender.id);
            html.raw(" handed ");
            list(html, &transfer.names, |h, name| bot_name(moment, h, name));
            html.raw(" to ");
            bot_link(html, transfer.receiver.id);
        }
        Transaction::AuthAddressUpdate(update) => {
            html.text(count(length(&update.auth_addresses), "address"));
            html.raw(" authorized, ");
            html.text(length(&update.deauth_addresses))
                .raw(" no longer");
        }
        Transaction::AuthConditionUpdate(_) => _ = html.raw("named who authorizes addresses"),
        Transaction::Erc20Convert(convert) => {
            moment.addresses(html, &flow.payers);
            html.raw(" sent ")
                .amount(&convert.value)
                .raw(" to Ethereum");
        }
        Transaction::Erc20CoinCreation(creation) => {
            html.amount(&creation.value).raw(" came from Ethereum to ");
            moment.address(html, &creation.address);
        }
        Transaction::Erc20AddressRegistration(registration) => {
            html.raw("registered ");
            moment.address(html, &registration.tft_address());
            html.raw(" for coins that come back from Ethereum");
        }
        Transaction::Unknown(unknown) => {
            html.raw("a transaction of the unknown version ")
                .text(unknown.version);
        }
    }
}

fn recipients(moment: &Moment<'_>, html: &mut Html, paid: &[&Output]) {
    let mut addresses: Vec<UnlockHash> = Vec::new();
    for output in paid {
        let address = output.condition.unlock_hash();
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    if addresses.len() > 3 {
        html.text(addresses.len()).raw(" recipients");
    } else {
        moment.addresses(html, &addresses);
    }
    if paid
        .iter()
        .any(|output| output.condition.lock_time().is_some())
    {
        html.raw(", locked");
    }
}

fn bot_link(html: &mut Html, id: BotId) {
    html.link("/3bot/", id, format_args!("3bot {id}"));
}

/// Writes a name, as a link while some 3bot has it: it may have been given up since.
fn bot_name(moment: &Moment<'_>, html: &mut Html, name: &BotName) {
    let bots = &moment.chain().ledger().extensions().bots;
    // At time zero none has expired.
    match bots.by_name(name, 0) {
        Ok(_) => _ = html.link("/3bot/", name, name),
        Err(_) => _ = html.text(name),
    }
}

/// Writes the bot of a key; while its registration waits, it has no number.
fn this_bot(moment: &Moment<'_>, html: &mut Html, key: &crate::tfchain::PublicKey) {
    match moment.chain().ledger().extensions().bots.by_key(key) {
        Some(bot) => bot_link(html, bot.id),
        None => _ = html.raw("a new 3bot"),
    }
}

/// Writes everything that a transaction did, in paragraphs.
pub fn tell(moment: &Moment<'_>, html: &mut Html, transaction: &Transaction, makes_block: bool) {
    let outputs = transaction.coin_outputs();
    let flow = Flow::new(moment, transaction, &outputs);
    html.raw("<div class=\"words\">\n");
    match transaction {
        Transaction::Legacy(_) | Transaction::Standard(_) => {
            payments(moment, html, transaction, &flow);
            stakes(moment, html, transaction, makes_block);
        }
        Transaction::CoinCreation(_) => {
            html.raw("<p>The minters created, out of nothing:</p>\n");
            let to: Vec<&Output> = outputs.iter().collect();
            output_list(moment, html, &to);
            minters(moment, html, transaction);
        }
        Transaction::MinterDefinition(definition) => {
            html.paragraph(|html| {
                html.raw("The minters handed the right to create coins on to ");
                moment.condition(html, &definition.mint_condition);
                html.raw(".");
            });
            minters(moment, html, transaction);
        }
        _ => {
            html.paragraph(|html| {
                summary(moment, html, transaction, makes_block);
                html.raw(".");
            });
            details(moment, html, transaction);
        }
    }
    swaps(html, transaction);
    costs(moment, html, transaction, &flow);
    html.raw("</div>\n");
}

/// Writes which minters signed.
fn minters(moment: &Moment<'_>, html: &mut Html, transaction: &Transaction) {
    let keys = transaction.mint_fulfillment().map(Fulfillment::public_keys);
    let signers: Vec<UnlockHash> = keys
        .unwrap_or_default()
        .iter()
        .map(crate::tfchain::PublicKey::unlock_hash)
        .collect();
    if !signers.is_empty() {
        html.paragraph(|html| {
            html.raw("Signed by ");
            moment.addresses(html, &signers);
            html.raw(".");
        });
    }
}

fn payments(moment: &Moment<'_>, html: &mut Html, transaction: &Transaction, flow: &Flow<'_>) {
    let created = transaction.coin_inputs().is_empty();
    match flow.paid.as_slice() {
        [] if flow.payers.is_empty() => {}
        [] => {
            _ = html.paragraph(|html| {
                moment.addresses(html, &flow.payers);
                html.raw(" moved ").amount(&flow.back).raw(" to itself.");
            })
        }
        [one] if !created => {
            _ = html.paragraph(|html| {
                moment.addresses(html, &flow.payers);
                html.raw(" paid ").amount(&one.value).raw(" to ");
                moment.condition(html, &one.condition);
                html.raw(".");
            })
        }
        paid => {
            html.paragraph(|html| {
                if created {
                    html.raw("Coins came into being:");
                } else {
                    moment.addresses(html, &flow.payers);
                    html.raw(" paid:");
                }
            });
            output_list(moment, html, paid);
        }
    }
}

fn output_list(moment: &Moment<'_>, html: &mut Html, outputs: &[&Output]) {
    html.raw("<ul>\n");
    for output in outputs {
        html.raw("<li>").amount(&output.value).raw(" to ");
        moment.condition(html, &output.condition);
        html.raw("</li>\n");
    }
    html.raw("</ul>\n");
}

fn stakes(moment: &Moment<'_>, html: &mut Html, transaction: &Transaction, makes_block: bool) {
    let outputs = transaction.blockstake_outputs();
    if makes_block && let [one] = outputs {
        html.paragraph(|html| {
            moment.condition(html, &one.condition);
            html.raw(" used its block stake to make the block.");
        });
        return;
    }
    for output in outputs {
        html.paragraph(|html| {
            html.text(output.value.units_text())
                .raw(" block stakes to ");
            moment.condition(html, &output.condition);
            html.raw(".");
        });
    }
}

/// Writes what is special to a version, beyond its summary.
fn details(moment: &Moment<'_>, html: &mut Html, transaction: &Transaction) {
    match transaction {
        Transaction::BotRegistration(bot) => {
            if !bot.addresses.is_empty() {
                html.paragraph(|html| {
                    html.raw("It is reached at ");
                    list(html, &bot.addresses, |h, address| _ = h.id(address));
                    html.raw(".");
                });
            }
            html.paragraph(|html| {
                html.text(count(bot.months, "month")).raw(" paid for.");
            });
        }
        Transaction::BotRecordUpdate(update) => changes(html, update),
        Transaction::AuthAddressUpdate(update) => {
            for (what, addresses) in [
                ("Authorized: ", &update.auth_addresses),
                ("No longer authorized: ", &update.deauth_addresses),
            ] {
                if !addresses.is_empty() {
                    html.paragraph(|html| {
                        html.raw(what);
                        moment.addresses(html, addresses);
                    });
                }
            }
        }
        Transaction::AuthConditionUpdate(update) => {
            _ = html.paragraph(|html| {
                html.raw("From now on: ");
                moment.condition(html, &update.auth_condition);
                html.raw(".");
            })
        }
        Transaction::Erc20Convert(convert) => {
            _ = html.paragraph(|html| {
                html.raw("They are paid out to the ERC20 address ");
                html.id(convert.address).raw(".");
            })
        }
        Transaction::Erc20CoinCreation(creation) => {
            _ = html.paragraph(|html| {
                html.raw("They were sent there in the Ethereum transaction ");
                html.id(creation.transaction_id).raw(", block ");
                html.id(creation.block_id).raw(".");
            })
        }
        Transaction::Erc20AddressRegistration(registration) => {
            _ = html.paragraph(|html| {
                html.raw("Coins sent on Ethereum to ");
                html.id(registration.erc20_address());
                html.raw(" arrive at that address. The registration cost ");
                html.amount(&registration.registration_fee).raw(".");
            })
        }
        _ => {}
    }
}

fn changes(html: &mut Html, update: &BotRecordUpdate) {
    fn change<T: std::fmt::Display>(
        html: &mut Html,
        change: &ListChange<T>,
        [added, removed]: [&'static str; 2],
    ) {
        for (what, items) in [(added, &change.add), (removed, &change.remove)] {
            if !items.is_empty() {
                html.paragraph(|html| {
                    html.raw(what);
                    list(html, items, |h, item| _ = h.id(item));
                });
            }
        }
    }
    change(html, &update.names, ["Names added: ", "Names given up: "]);
    change(
        html,
        &update.addresses,
        ["Network addresses added: ", "Network addresses removed: "],
    );
    if update.months > 0 {
        html.paragraph(|html| {
            html.raw("Prolonged by ")
                .text(count(update.months, "month"));
            html.raw(".");
        });
    }
}

/// Writes how swaps that the transaction spends ended.
fn swaps(html: &mut Html, transaction: &Transaction) {
    for input in transaction.coin_inputs() {
        if let Fulfillment::AtomicSwap(swap) = &input.fulfillment {
            html.paragraph(|html| {
                if swap.secret.is_zero() {
                    html.raw("This took an atomic swap back: its time was over.");
                } else {
                    html.raw("This redeemed an atomic swap; its secret is public from here on: ");
                    html.id(swap.secret);
                }
            });
        }
    }
    for output in transaction.coin_outputs().iter() {
        if let Condition::AtomicSwap(contract) = output.condition.unlocked() {
            html.paragraph(|html| {
                html.raw("Hash of the swap's secret: ");
                html.id(contract.hashed_secret);
            });
        }
    }
}

fn costs(moment: &Moment<'_>, html: &mut Html, transaction: &Transaction, flow: &Flow<'_>) {
    let fee: Amount = transaction.miner_fees().iter().sum();
    let bot_fee = match transaction {
        Transaction::BotRegistration(bot) => bot.bot_fee(),
        Transaction::BotRecordUpdate(update) => update.bot_fee(),
        Transaction::BotNameTransfer(transfer) => transfer.bot_fee(),
        _ => Amount::ZERO,
    };
    if !bot_fee.is_zero() {
        html.paragraph(|html| {
            moment.addresses(html, &flow.payers);
            html.raw(" paid ").amount(&bot_fee).raw(" for it.");
        });
    }
    if fee.is_zero() {
        return;
    }
    html.paragraph(|html| {
        html.raw("The fee was ").amount(&fee);
        html.raw(", for whoever made the block");
        // Nobody paid it: minters and the bridge create it, too.
        html.raw(match transaction.coin_inputs().is_empty() {
            true => "; it was created, too.",
            false => ".",
        });
        // When everything went back, the sentence before has told it.
        let told = flow.paid.is_empty()
            && matches!(
                transaction,
                Transaction::Legacy(_) | Transaction::Standard(_)
            );
        if !flow.back.is_zero() && !told {
            html.raw(" ")
                .amount(&flow.back)
                .raw(" came back as change.");
        }
    });
}
