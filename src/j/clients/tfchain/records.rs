//! Records of wallets in the store: what a wallet began and has not seen the end of.
//!
//! They lie at places of their own, by network and name, with the primary address of the wallet
//! that made them: a wallet that was never saved finds them again by its recovery words.
use std::fmt::Display;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::wallet::Wallet;
use crate::object::{Error, Kind, Result};
use crate::store::{Expect, Record, RecordId, StoreError};

/// A record of a wallet.
pub trait OfWallet: Serialize + DeserializeOwned {
    /// Where such records lie; no instance can have this place.
    const LOCATION: &'static str;
    /// What their schema would be called.
    const SCHEMA_URL: &'static str;
    /// What is recorded, for errors.
    const WHAT: &'static str;

    /// Network of the chain.
    fn network(&self) -> &str;
    /// Primary address of the wallet.
    fn address(&self) -> &str;
}

fn key(network: &str, name: impl Display) -> String {
    format!("{network}_{name}")
}

/// Stores a record; one of that name on its network is replaced.
///
/// # Errors
/// When the store cannot be opened or written: then what it records must not be begun.
pub fn put<R: OfWallet>(wallet: &Wallet, name: impl Display, kept: &R) -> Result<()> {
    let data = serde_json::to_vec(kept).map_err(|e| {
        let what = R::WHAT;
        Error::new(Kind::Internal, format!("cannot store the {what}: {e}"))
    })?;
    let record = Record {
        id: None,
        revision: 0,
        location: R::LOCATION.into(),
        parent: None,
        name: key(kept.network(), name),
        schema_url: R::SCHEMA_URL.into(),
        schema_text: String::new(),
        data: Zeroizing::new(data),
    };
    wallet.world().store()?.put(&record, Expect::Force)?;
    Ok(())
}

/// Drops a record, if there is one.
///
/// # Errors
/// When the store cannot be written.
pub fn drop_one<R: OfWallet>(wallet: &Wallet, network: &str, name: impl Display) -> Result<()> {
    let store = wallet.world().store()?;
    if let Some(record) = store.get(R::LOCATION, None, &key(network, name))?
        && let Some(id) = record.id
    {
        delete(wallet, id)?;
    }
    Ok(())
}

/// Deletes a record that may be gone already: another shell of the same person was faster.
///
/// # Errors
/// When the store cannot be written.
pub fn delete(wallet: &Wallet, id: RecordId) -> Result<()> {
    match wallet.world().store()?.delete(id) {
        Ok(_) | Err(StoreError::NotFound(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// All records of a wallet on its network, by `order`.
///
/// # Errors
/// When the store cannot be read.
pub fn all<R: OfWallet, K: Ord>(
    wallet: &Wallet,
    order: impl Fn(&R) -> K,
) -> Result<Vec<(Option<RecordId>, R)>> {
    let network = wallet.client().place()?.network.name();
    let address = wallet.library()?.address().to_string();
    let scan = wallet.world().store()?.scan(R::LOCATION, None)?;
    let of_wallet = scan.records.iter().filter_map(|record| {
        let kept = serde_json::from_slice::<R>(&record.data).ok()?;
        (kept.network() == network && kept.address() == address).then_some((record.id, kept))
    });
    let mut found: Vec<_> = of_wallet.collect();
    found.sort_by_key(|(_, kept)| order(kept));
    Ok(found)
}
