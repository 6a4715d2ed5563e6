//! Signed transactions whose fate is not known: kept in the store from before they are posted
//! until the chain has taken or refused them. They are named by their ids.
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::records::{self, OfWallet};
use super::send::{self, SendResult};
use super::transaction::TransactionValue;
use super::wallet::Wallet;
use crate::object::{Class, Member, Needs, Paint, Result, Ty, Value, class_of};
use crate::tfchain::wallet::format_time;
use crate::tfchain::{Hash, Transaction};

#[derive(Clone, Serialize, Deserialize)]
struct Kept {
    address: String,
    network: String,
    since: u64,
    words: String,
    transaction: Transaction,
}

impl OfWallet for Kept {
    const LOCATION: &'static str = "j.clients.tfchain.*.pending";
    const SCHEMA_URL: &'static str = "jumpscale.tfchain.pending";
    const WHAT: &'static str = "transaction";

    fn network(&self) -> &str {
        &self.network
    }
    fn address(&self) -> &str {
        &self.address
    }
}

/// Stores a signed transaction that is about to be posted; `words` say what it does.
///
/// # Errors
/// When the store cannot be opened or written: then nothing must be posted.
pub fn keep(wallet: &Wallet, transaction: &Transaction, id: Hash, words: String) -> Result<()> {
    let network = wallet.client().place()?.network.name().to_string();
    let now = wallet.world().now().duration_since(UNIX_EPOCH);
    let kept = Kept {
        address: wallet.library()?.address().to_string(),
        network,
        since: now.unwrap_or_default().as_secs(),
        words,
        transaction: transaction.clone(),
    };
    records::put(wallet, id, &kept)
}

/// Drops the record of a transaction whose fate is known; another shell may have done so.
///
/// # Errors
/// When the store cannot be written.
pub fn drop_record(wallet: &Wallet, id: Hash) -> Result<()> {
    let network = wallet.client().place()?.network.name();
    records::drop_one::<Kept>(wallet, network, id)
}

/// The transactions of a wallet whose fate is not known, oldest first.
///
/// # Errors
/// When the store cannot be read.
pub fn list(wallet: &Arc<Wallet>) -> Result<Vec<Arc<Pending>>> {
    let kept = records::all(wallet, |kept: &Kept| kept.since)?;
    kept.into_iter()
        .map(|(_, kept)| {
            let id = kept.transaction.id()?;
            Ok(Arc::new(Pending {
                wallet: wallet.clone(),
                id,
                kept,
            }))
        })
        .collect()
}

/// A transaction whose fate is not known.
pub struct Pending {
    wallet: Arc<Wallet>,
    id: Hash,
    kept: Kept,
}

impl Pending {
    /// Its id.
    pub fn id(&self) -> Hash {
        self.id
    }

    /// Asks the chain for it; when it has it, the record is dropped.
    ///
    /// # Errors
    /// When no node answers.
    pub fn is_settled(&self) -> Result<bool> {
        let core = self.wallet.client();
        let explorer = core.explorer()?;
        let known = core.ask(async {
            match explorer.transaction(self.id).await {
                Ok(_) => Ok(true),
                Err(error) if error.is_no_content() => Ok(false),
                Err(error) => Err(error),
            }
        })?;
        if known {
            drop_record(&self.wallet, self.id)?;
        }
        Ok(known)
    }

    /// Posts it again, unless the chain has it. It is the same transaction: it cannot be paid
    /// twice.
    ///
    /// # Errors
    /// When it is refused, or its fate is still not known.
    pub fn send(&self) -> Result<Value> {
        if !self.is_settled()? {
            send::submit_again(&self.wallet, &self.kept.transaction)?;
        }
        let transaction = TransactionValue::made(self.kept.transaction.clone(), Some(self.id));
        Ok(Value::object(SendResult::new(transaction, true)))
    }

    fn since(&self) -> String {
        let at = i64::try_from(self.kept.since).ok();
        let at = at.and_then(|at| Timestamp::from_second(at).ok());
        at.map_or_else(
            || "an unknown time".into(),
            |at| format_time(at, self.wallet.client().clock().zone()),
        )
    }
}

impl Class for Pending {
    const NAME: &'static str = "PendingTransaction";
    const DOC: &'static str = "A signed transaction whose fate is not known: its answer got lost.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property("id", Ty::Str, "Its id.", "w.pending()", |this, _| {
            Ok(this.id.to_string().into())
        }),
        Member::property(
            "transaction",
            Ty::Object(class_of::<TransactionValue>),
            "The signed transaction.",
            "w.pending()",
            |this, _| {
                let transaction = this.kept.transaction.clone();
                Ok(TransactionValue::made(transaction, Some(this.id)).into())
            },
        ),
        Member::property(
            "preview",
            Ty::Str,
            "What it does, in words: recipients, amounts, fee, change.",
            "w.pending()",
            |this, _| Ok(this.kept.words.clone().into()),
        ),
        Member::method(
            "send",
            &[],
            Ty::Object(class_of::<SendResult>),
            "Asks the chain for it, and posts it again when it is not there.\n\
             It is the same transaction, so it cannot be paid twice.",
            "w.pending()",
            |this: &Arc<Pending>, _| this.send(),
        )
        .needs(Needs::NETWORK.and(Needs::MONEY).and(Needs::SAVES)),
        Member::method(
            "forget",
            &[],
            Ty::Nothing,
            "Drops the record, after a question. The chain may still take the transaction when\n\
             some node has it.",
            "w.pending()",
            |this: &Arc<Pending>, _| {
                this.wallet.world().host.confirm(
                    &format!(
                        "transaction {} of {}\n{}",
                        this.id,
                        this.since(),
                        this.kept.words
                    ),
                    "forget it? A node that has it may still put it into a block",
                )?;
                drop_record(&this.wallet, this.id).map(Value::from)
            },
        )
        .needs(Needs::SAVES),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        format!(
            "PendingTransaction(transaction V{} {}, network={}, since={})",
            self.kept.transaction.version(),
            self.id,
            self.kept.network,
            self.since()
        )
    }
}
