//! Partly signed transactions as a wallet handed them out, kept in the store until they are sent:
//! so that what another owner changed meanwhile can be named.
//!
//! They lie at a place of their own, with the primary address of the wallet that signed.
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::wallet::Wallet;
use crate::object::{Error, Kind, Result};
use crate::store::{Expect, Record, RecordId, StoreError};
use crate::tfchain::Transaction;
use crate::tfchain::wallet::{broken_signatures, changes, is_same_work};

/// Where the records lie; no instance can have this place.
const LOCATION: &str = "j.clients.tfchain.*.handed";
const SCHEMA_URL: &str = "jumpscale.tfchain.handed";
/// The most that are kept for a wallet; the oldest go first. They are only ever compared with.
const KEPT: usize = 100;

#[derive(Serialize, Deserialize)]
struct Handed {
    address: String,
    network: String,
    since: u128,
    transaction: Transaction,
}

/// All records of a wallet on its network, oldest first.
fn all(wallet: &Wallet) -> Result<Vec<(Option<RecordId>, Handed)>> {
    let network = wallet.client().place()?.network.name();
    let address = wallet.library()?.address().to_string();
    let scan = wallet.world().store()?.scan(LOCATION, None)?;
    let of_wallet = scan.records.iter().filter_map(|record| {
        let handed = serde_json::from_slice::<Handed>(&record.data).ok()?;
        (handed.network == network && handed.address == address).then_some((record.id, handed))
    });
    let mut found: Vec<_> = of_wallet.collect();
    found.sort_by_key(|(_, handed)| handed.since);
    Ok(found)
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
    let store = wallet.world().store()?;
    let surplus = (earlier.len() + 1).saturating_sub(KEPT);
    let oldest = earlier.drain(..surplus.min(earlier.len()));
    for id in oldest.filter_map(|(id, _)| id) {
        store.delete(id)?;
    }
    drop_same(wallet, &earlier, transaction)?;
    let now = wallet.world().now().duration_since(UNIX_EPOCH);
    let handed = Handed {
        address: wallet.library()?.address().to_string(),
        network: wallet.client().place()?.network.name().to_string(),
        since: now.unwrap_or_default().as_millis(),
        transaction: transaction.clone(),
    };
    let data = serde_json::to_vec(&handed)
        .map_err(|e| Error::new(Kind::Internal, format!("cannot store the transaction: {e}")))?;
    let record = Record {
        id: None,
        revision: 0,
        location: LOCATION.into(),
        parent: None,
        // Before it is complete its id changes with every signature; at this moment it is unique.
        name: format!("{}_{}", handed.network, transaction.id()?),
        schema_url: SCHEMA_URL.into(),
        schema_text: String::new(),
        data: Zeroizing::new(data),
    };
    store.put(&record, Expect::Force)?;
    Ok(())
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
        match wallet.world().store()?.delete(id) {
            // Another shell was faster.
            Ok(_) | Err(StoreError::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        }
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
