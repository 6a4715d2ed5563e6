//! What a wallet has reserved: its records, joined with the payments that the chain has.
use std::collections::HashMap;
use std::sync::Arc;

use super::super::wallet::Wallet;
use super::item::{ReservationList, ReservationValue, State};
use super::ledger::{self, Kept, Parties};
use super::order::{data_hash, place, read_back};
use crate::grid::reservation::{MONTH, expiry};
use crate::grid::sealed::Sealed;
use crate::object::{Result, Value};
use crate::tfchain::explorer::ExplorerTransaction;
use crate::tfchain::{Amount, Hash, UnlockHash};

/// The miner fee that a refund costs (spec: capacity §6.1).
const REFUND_FEE: Amount = Amount::from_units(100_000_000);

type Transactions = Vec<Arc<ExplorerTransaction>>;

/// `w.capacity.list()`.
///
/// # Errors
/// When chain or store cannot be asked.
pub fn list(wallet: &Arc<Wallet>) -> Result<Value> {
    Ok(Value::object(ReservationList(
        reservations(wallet)?.into_iter().map(Arc::new).collect(),
    )))
}

fn transactions(wallet: &Wallet) -> Result<Transactions> {
    let library = wallet.library()?;
    let found = wallet.client().ask(library.transactions());
    wallet.note_keys(&library)?;
    found
}

/// The transactions whose data are hashes of a notary, by hash; the oldest of each.
fn by_hash(transactions: &Transactions) -> HashMap<Hash, Arc<ExplorerTransaction>> {
    let hashed = transactions
        .iter()
        .filter_map(|transaction| Some((data_hash(transaction)?, transaction.clone())));
    hashed.collect()
}

/// The payments of the wallet's reservations that the chain has, by hash.
///
/// # Errors
/// When the chain cannot be asked.
pub fn payments(wallet: &Wallet) -> Result<HashMap<Hash, Arc<ExplorerTransaction>>> {
    Ok(by_hash(&transactions(wallet)?))
}

/// What the wallet has reserved, newest first.
///
/// # Errors
/// When chain or store cannot be asked.
pub fn reservations(wallet: &Arc<Wallet>) -> Result<Vec<ReservationValue>> {
    let mut kept = ledger::all(wallet)?;
    let transactions = transactions(wallet)?;
    let paid = by_hash(&transactions);
    add_unknown(wallet, &mut kept, &paid)?;
    if kept.is_empty() {
        return Ok(Vec::new());
    }
    // Those that another shell made have the time of their block; several may be in one.
    kept.sort_by_key(|one| {
        let place = paid
            .get(&one.hash)
            .map(|it| (it.height.is_none(), it.height, it.order));
        (one.made, place)
    });
    let now = now(wallet)?;
    let mut refunds = refunds(wallet, &transactions)?;
    let mut more: HashMap<String, u64> = HashMap::new();
    let mut states: Vec<(Kept, State)> = Vec::new();
    for one in kept {
        let payment = paid.get(&one.hash);
        let mut state = state(&one, payment.map(AsRef::as_ref), now);
        if let (State::Paid | State::Expired, Some(height)) =
            (state, payment.and_then(|payment| payment.height))
        {
            let back = one.price.checked_sub(&REFUND_FEE);
            let found = refunds.iter().position(|refund| {
                refund.from == one.pay_to
                    && Some(&refund.amount) == back.as_ref()
                    && refund.height.is_none_or(|at| at >= height)
            });
            if let Some(found) = found {
                refunds.remove(found);
                state = State::Refunded;
            }
        }
        if let (Some(extended), State::Paid) = (&one.extends, state) {
            let months = u64::from(one.duration.unwrap_or(1));
            *more.entry(extended.clone()).or_default() += months.saturating_mul(MONTH);
        }
        states.push((one, state));
    }
    states.reverse();
    Ok(states
        .into_iter()
        .map(|(one, mut state)| {
            let transaction = paid.get(&one.hash).map(|payment| payment.id);
            let transaction = transaction.or(one.transaction);
            let extended = transaction.and_then(|id| more.get(&id.to_string()));
            let starts = starts(&one, paid.get(&one.hash).map(AsRef::as_ref));
            let end = expiry(starts, one.duration).saturating_add(*extended.unwrap_or(&0));
            if state == State::Expired && end > now {
                state = State::Paid;
            }
            ReservationValue::new(wallet.clone(), one, state, transaction, end)
        })
        .collect())
}

/// What time it is for the chain, in seconds since 1970: a devnet's may be ahead.
fn now(wallet: &Wallet) -> Result<u64> {
    let core = wallet.client();
    let newest = core.ask(core.explorer()?.chain_info())?;
    Ok(wallet.world().seconds().max(newest.time))
}

/// When its time begins: with the block of its payment.
fn starts(kept: &Kept, payment: Option<&ExplorerTransaction>) -> u64 {
    payment
        .and_then(|payment| payment.time)
        .unwrap_or(kept.created)
}

fn state(kept: &Kept, payment: Option<&ExplorerTransaction>, now: u64) -> State {
    match payment {
        Some(payment) if payment.is_unconfirmed() => State::Waits,
        Some(payment)
            if kept.extends.is_none()
                && expiry(starts(kept, Some(payment)), kept.duration) <= now =>
        {
            State::Expired
        }
        Some(_) => State::Paid,
        None if kept.transaction.is_some() => State::Unclear,
        None => State::Unpaid,
    }
}

/// Reservations of another shell with the same recovery words: their payments are on the chain,
/// what was reserved is at the notary. They are kept from then on.
fn add_unknown(
    wallet: &Arc<Wallet>,
    kept: &mut Vec<Kept>,
    paid: &HashMap<Hash, Arc<ExplorerTransaction>>,
) -> Result<()> {
    let known: Vec<Hash> = kept.iter().map(|one| one.hash).collect();
    let unknown = paid.iter().filter(|(hash, _)| !known.contains(hash));
    let unknown: Vec<_> = unknown.collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let place = place(wallet)?;
    for (hash, payment) in unknown {
        let Some((register, bot, reservation)) = read_back(wallet, &place, *hash)? else {
            continue;
        };
        let Some((_, output)) = payment.created_outputs().next() else {
            continue;
        };
        let parties = Parties {
            threebot_id: register.threebot_id,
            bot,
            broker: place.broker.clone(),
            pay_to: output.condition.unlock_hash(),
        };
        let sealed: Sealed = register.sealed;
        let now = payment.time.unwrap_or_else(|| wallet.world().seconds());
        let about = (*hash, output.value.clone(), now);
        let mut one = Kept::new(wallet, parties, &reservation, &sealed, about)?;
        one.registered = true;
        one.transaction = Some(payment.id);
        one.keep(wallet)?;
        kept.push(one);
    }
    Ok(())
}

/// Coins that came from somebody else's single address.
struct Refund {
    from: UnlockHash,
    amount: Amount,
    height: Option<u64>,
}

fn refunds(wallet: &Wallet, transactions: &Transactions) -> Result<Vec<Refund>> {
    let own = wallet.library()?.known_addresses();
    let mut refunds = Vec::new();
    for transaction in transactions {
        let mut from = transaction
            .spent_outputs()
            .map(|(_, output)| output.condition.unlock_hash())
            .filter(|address| !own.contains(address));
        let Some(from) = from.next() else { continue };
        for (_, output) in transaction.created_outputs() {
            if own.contains(&output.condition.unlock_hash()) {
                refunds.push(Refund {
                    from,
                    amount: output.value.clone(),
                    height: transaction.height,
                });
            }
        }
    }
    // They come newest first; a refund belongs to the oldest payment that it fits.
    refunds.reverse();
    Ok(refunds)
}
