//! Partly signed transactions as a wallet handed them out, kept in the store until they are sent:
//! so that what another owner changed meanwhile can be named.
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use super::records::{self, OfWallet};
use super::wallet::Wallet;
use crate::object::{Error, Kind, Result};
use crate::store::RecordId;
use crate::tfchain::Transaction;
use crate::tfchain::wallet::{broken_signatures, changes, is_same_work};

/// The most that are kept for a wallet; the oldest go first. They are only ever compared with.
const KEPT: usize = 100;

#[derive(Serialize, Deserialize)]
struct Handed {
    address: String,
    network: String,
    since: u128,
    transaction: Transaction,
}

impl OfWallet for Handed {
    const LOCATION: &'static str = "j.clients.tfchain.*.handed";
    const SCHEMA_URL: &'static str = "jumpscale.tfchain.handed";
    const WHAT: &'static str = "transaction";

    fn network(&self) -> &str {
        &self.network
    }
    fn address(&self) -> &str {
        &self.address
    }
}

/// All records of a wallet on its network, oldest first.
fn all(wallet: &Wallet) -> Result<Vec<(Option<RecordId>, Handed)>> {
    records::all(wallet, |handed: &Handed| handed.since)
}

/// Remembers a transaction that this wallet signed, and others still must. An earlier state of it
/// is replaced.
///
/// # Errors
/// When the store cannot be read or written.
pub fn keep(wallet: &Wallet, transaction: &Transaction) -> Result<()> {
    let mut earlier = all(wallet)?;
    if earlier
        .iter()
        .any(|(_, handed)| handed.transaction == *transaction)
    {
        return Ok(());
    }
    let surplus = (earlier.len() + 1).saturating_sub(KEPT);
    let oldest = earlier.drain(..surplus.min(earlier.len()));
    for id in oldest.filter_map(|(id, _)| id) {
        records::delete(wallet, id)?;
    }
    drop_same(wallet, &earlier, transaction)?;
    let now = wallet.world().now().duration_since(UNIX_EPOCH);
    let handed = Handed {
        address: wallet.library()?.address().to_string(),
        network: wallet.client().place()?.network.name().to_string(),
        since: now.unwrap_or_default().as_millis(),
        transaction: transaction.clone(),
    };
    // Before it is complete its id changes with every signature; at this moment it is unique.
    records::put(wallet, transaction.id()?, &handed)
}

/// Forgets a transaction that was sent.
///
/// # Errors
/// When the store cannot be read or written.
pub fn forget(wallet: &Wallet, transaction: &Transaction) -> Result<()> {
    drop_same(wallet, &all(wallet)?, transaction)
}

fn drop_same(
    wallet: &Wallet,
    kept: &[(Option<RecordId>, Handed)],
    transaction: &Transaction,
) -> Result<()> {
    let same = kept
        .iter()
        .filter(|(_, handed)| is_same_work(&handed.transaction, transaction));
    for id in same.filter_map(|(id, _)| *id) {
        records::delete(wallet, id)?;
    }
    Ok(())
}

/// Looks at a transaction that comes back from another owner. Answers what differs, in words,
/// from what this wallet handed out.
///
/// # Errors
/// [`Kind::Refused`] when it holds signatures that were given for something else.
pub fn examine(wallet: &Arc<Wallet>, transaction: &Transaction) -> Result<Vec<String>> {
    let earlier = all(wallet)?;
    let earlier = earlier
        .iter()
        .rev()
        .find(|(_, handed)| is_same_work(&handed.transaction, transaction));
    let differences: Vec<String> = earlier.map_or_else(Vec::new, |(_, handed)| {
        let found = changes(&handed.transaction, transaction);
        found.iter().map(ToString::to_string).collect()
    });
    let broken = broken_signatures(transaction)?;
    let Some(first) = broken.first() else {
        return Ok(differences);
    };
    let mut text = format!(
        "this transaction was changed after it was signed: {first} is not for what it says now"
    );
    if !differences.is_empty() {
        text.push_str(&format!(
            "; since this wallet signed it: {}",
            differences.join(", ")
        ));
    }
    Err(Error::new(Kind::Refused, text)
        .hint("nothing was signed and nothing was sent")
        .hint("sign the transaction as it was, or agree on a new one and sign that from the start"))
}
