//! Records of reservations, kept in the store from before they are registered.
//!
//! They are named by their hashes. What is wanted is kept as it was locked for the broker; no
//! password lies open in a record.
use serde::{Deserialize, Serialize};

use super::super::records::{self, OfWallet};
use super::super::wallet::Wallet;
use crate::grid::notary::Register;
use crate::grid::reservation::{Kind as Capacity, Reservation, Wanted};
use crate::grid::sealed::Sealed;
use crate::object::Result;
use crate::tfchain::{Amount, BotId, Hash, Signature, UnlockHash};

/// A reservation that a wallet made.
#[derive(Clone, Serialize, Deserialize)]
pub struct Kept {
    /// Primary address of the wallet.
    pub address: String,
    /// Network of the chain.
    pub network: String,
    /// Its name at the notary.
    pub hash: Hash,
    /// The 3bot as its owner wrote it.
    pub threebot_id: String,
    /// Its number.
    pub bot: BotId,
    /// Name of the broker for whom it is locked.
    pub broker: String,
    /// Who is paid.
    pub pay_to: UnlockHash,
    /// What is paid.
    pub price: Amount,
    /// Hex of what the notary keeps.
    content: String,
    /// The 3bot's signature of it.
    signature: Signature,
    /// The word for its kind.
    pub kind: String,
    /// Where the mail goes.
    pub email: String,
    /// What one gets, in words.
    pub gives: String,
    /// Node or farm; the domain of a reverse proxy.
    pub location: String,
    /// Seconds since 1970.
    pub created: u64,
    /// When the record was made, in milliseconds since 1970: the order of several in a second.
    pub made: u64,
    /// Months; None for a week.
    pub duration: Option<u32>,
    /// The payment of the reservation that it extends.
    pub extends: Option<String>,
    /// The transaction that pays, from before it is sent.
    pub transaction: Option<Hash>,
    /// Whether the notary is known to have it.
    pub registered: bool,
}

impl OfWallet for Kept {
    const LOCATION: &'static str = "j.clients.tfchain.*.capacity";
    const SCHEMA_URL: &'static str = "jumpscale.tfchain.capacity";
    const WHAT: &'static str = "reservation";

    fn network(&self) -> &str {
        &self.network
    }
    fn address(&self) -> &str {
        &self.address
    }
}

/// Who is concerned by a record.
pub struct Parties {
    /// The 3bot as its owner wrote it.
    pub threebot_id: String,
    /// Its number.
    pub bot: BotId,
    /// Name of the broker.
    pub broker: String,
    /// Who is paid.
    pub pay_to: UnlockHash,
}

impl Kept {
    /// The record of a reservation of a wallet; `now` in seconds since 1970.
    ///
    /// # Errors
    /// A wallet without a network or keys.
    pub fn new(
        wallet: &Wallet,
        parties: Parties,
        reservation: &Reservation,
        sealed: &Sealed,
        (hash, price, now): (Hash, Amount, u64),
    ) -> Result<Kept> {
        let (location, extends) = match &reservation.wanted {
            Wanted::ReverseProxy { domain, .. } => (domain.clone(), None),
            Wanted::Extension { transaction_id } => (String::new(), Some(transaction_id.clone())),
            _ => (reservation.location().to_owned(), None),
        };
        Ok(Kept {
            address: wallet.library()?.address().to_string(),
            network: wallet.client().place()?.network.name().to_owned(),
            hash,
            threebot_id: parties.threebot_id,
            bot: parties.bot,
            broker: parties.broker,
            pay_to: parties.pay_to,
            price,
            content: hex::encode(&sealed.content),
            signature: sealed.signature.clone(),
            kind: reservation.kind().as_str().to_owned(),
            email: reservation.email.clone(),
            gives: reservation.gives(),
            location,
            created: match reservation.created {
                0 => now,
                created => created,
            },
            made: now.saturating_mul(1000),
            duration: reservation.duration,
            extends,
            transaction: None,
            registered: false,
        })
    }

    /// What the notary is told.
    pub fn register(&self) -> Register {
        Register {
            threebot_id: self.threebot_id.clone(),
            sealed: Sealed {
                // It was written by us.
                content: hex::decode(&self.content).unwrap_or_default(),
                signature: self.signature.clone(),
            },
        }
    }

    /// Its kind; None for one that a later version wrote.
    pub fn kind(&self) -> Option<Capacity> {
        Capacity::parse(&self.kind)
    }

    /// Stores it.
    ///
    /// # Errors
    /// When the store cannot be opened or written: then nothing must be registered or paid.
    pub fn keep(&self, wallet: &Wallet) -> Result<()> {
        records::put(wallet, self.hash, self)
    }

    /// Drops its record.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn forget(&self, wallet: &Wallet) -> Result<()> {
        records::drop_one::<Self>(wallet, &self.network, self.hash)
    }
}

/// The records of a wallet, oldest first.
///
/// # Errors
/// When the store cannot be read.
pub fn all(wallet: &Wallet) -> Result<Vec<Kept>> {
    let kept = records::all(wallet, |kept: &Kept| kept.made)?;
    Ok(kept.into_iter().map(|(_, kept)| kept).collect())
}
