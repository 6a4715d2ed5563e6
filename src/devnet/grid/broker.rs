//! The broker: reads what is paid to it, deploys what was reserved, refunds what it cannot deploy,
//! and writes mails (spec: capacity §6).
//!
//! Every step is on disk before the next one begins. A devnet that was killed goes on where it
//! stopped: a deployment is finished or refunded, never both; a refund is signed once, and that
//! same transaction is submitted until the chain has it.
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::super::error::{Error, Result};
use super::super::faucet::{DEFAULT_TFT, Faucet};
use super::super::folder;
use super::super::node::Node;
use super::identity::Identity;
use super::mail::{FROM, Mail, NETWORK, Outbox};
use super::notary::{self, Notary};
use super::workloads::{Plan, Workloads};
use crate::grid::reservation::{Reservation, Wanted, expiry};
use crate::grid::sealed::open;
use crate::tfchain::hash::TransactionId;
use crate::tfchain::wallet::{Recipient, SendRequest, WalletError};
use crate::tfchain::{Amount, Condition, Transaction, UnlockHash};

/// What a refund keeps back: a miner fee of the chain (spec: capacity §6.1).
const KEPT_BACK: u128 = 100_000_000;
/// Pauses between tries to deploy. The original waits 5, 10 and 20 s for machines elsewhere; on
/// this machine what fails is there soon or never.
const PAUSES: [Duration; 3] = [
    Duration::from_millis(200),
    Duration::from_millis(500),
    Duration::from_secs(1),
];
/// Without a block this often is looked for what is over.
const LOOK: Duration = Duration::from_secs(60);

/// Where a payment stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
enum Stage {
    /// To be deployed, as planned.
    Deploying,
    /// Deployed until its time is over.
    Deployed,
    /// Its time is over; everything is removed.
    Over,
    /// Was more time for another one, which has it now; the mail is still to be written.
    Extending { earlier: String },
    /// Was more time for another one.
    Extended,
    /// To be paid back.
    RefundDue { reason: String },
    /// Being paid back by this transaction, in hex.
    Refunding { reason: String, transaction: String },
    /// Paid back.
    Refunded { reason: String },
    /// Too little to be paid back.
    TooLow { reason: String },
}

/// A payment and what becomes of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Job {
    #[serde(flatten)]
    stage: Stage,
    /// What was paid, in the smallest unit.
    units: String,
    /// Who paid; None when nobody can be told.
    from: Option<String>,
    /// Who gets mails; empty for nobody.
    email: String,
    #[serde(default)]
    plan: Option<Plan>,
    /// When it ends, seconds since 1970.
    #[serde(default)]
    expiry: u64,
    /// Whether its time is counted in months.
    #[serde(default)]
    months: bool,
    /// What one more month costs, in the smallest unit.
    #[serde(default)]
    month_price: String,
    /// Whether it is more time for another one.
    #[serde(default)]
    extends: bool,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Book {
    /// Blocks up to this one were read.
    height: u64,
    jobs: BTreeMap<String, Job>,
}

/// A payment on the chain.
struct Payment {
    id: TransactionId,
    amount: Amount,
    data: Vec<u8>,
    from: Option<UnlockHash>,
}

/// The broker of a devnet.
#[derive(Debug)]
pub(super) struct Broker {
    pub(super) node: Arc<Node>,
    pub(super) faucet: Arc<Faucet>,
    pub(super) identity: Arc<Identity>,
    pub(super) notary: Arc<Notary>,
    pub(super) workloads: Workloads,
    pub(super) outbox: Arc<Outbox>,
    pub(super) file: PathBuf,
    /// Told after each round, for those who wait for it.
    pub(super) rounds: watch::Sender<u64>,
}

impl Broker {
    /// Works until the devnet stops.
    pub(super) async fn run(self: Arc<Self>, stopping: watch::Receiver<bool>) {
        let stopped = super::super::stopping::stopped(stopping);
        tokio::pin!(stopped);
        let mut blocks = self.node.blocks();
        let mut book = match self.read_book() {
            Ok(book) => book,
            Err(error) => {
                self.node
                    .note(&format!("the broker does not work: {error}"));
                return;
            }
        };
        let plans = book
            .jobs
            .values()
            .filter(|job| matches!(job.stage, Stage::Deploying | Stage::Deployed));
        let taken: Vec<Plan> = plans.filter_map(|job| job.plan.clone()).collect();
        for plan in &taken {
            if let Err(error) = self.workloads.reserve(plan, false) {
                self.node.note(&error.to_string());
            }
        }
        loop {
            blocks.borrow_and_update();
            if let Err(error) = self.round(&mut book).await {
                self.node.note(&format!("broker: {error}"));
            }
            let height = book.height;
            self.rounds.send_modify(|seen| *seen = height);
            tokio::select! {
                () = &mut stopped => break,
                changed = blocks.changed() => if changed.is_err() { break },
                () = tokio::time::sleep(LOOK) => {}
            }
        }
        self.workloads.stop_all().await;
    }

    fn read_book(&self) -> Result<Book> {
        match std::fs::read(&self.file) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| Error::Start {
                reason: format!("{} is damaged: {error}", self.file.display()),
            }),
            // A new key: nothing was paid to it before.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Book {
                height: self.node.read().chain.height(),
                jobs: BTreeMap::new(),
            }),
            Err(error) => Err(Error::file("cannot read", self.file.clone())(error)),
        }
    }

    fn save(&self, book: &Book) -> Result<()> {
        let text = serde_json::to_vec(book).map_err(|e| Error::Refused {
            reason: e.to_string(),
        })?;
        folder::replace_private(&self.file, &text)
    }

    async fn round(&self, book: &mut Book) -> Result<()> {
        let (payments, height) = self.payments(book.height);
        for payment in payments {
            let id = payment.id.to_string();
            if !book.jobs.contains_key(&id) {
                self.take(book, &id, &payment).await?;
            }
        }
        if height != book.height {
            book.height = height;
            self.save(book)?;
        }
        // What is deployed comes first: after a start it has its domain before others ask for it.
        let mut ids: Vec<String> = book.jobs.keys().cloned().collect();
        let deployed = |id: &String| {
            let job = book.jobs.get(id);
            job.is_some_and(|job| job.stage == Stage::Deployed)
        };
        ids.sort_by_cached_key(|id| !deployed(id));
        for id in ids {
            let go = self.go_on(book, &id).await;
            if let Err(error) = go {
                self.node.note(&format!("broker, payment {id}: {error}"));
            }
        }
        Ok(())
    }

    /// What was paid to us in the blocks after a height, and the height of the newest.
    fn payments(&self, after: u64) -> (Vec<Payment>, u64) {
        let ours = self.identity.address();
        let genesis = self.node.genesis().address;
        let state = self.node.read();
        let chain = &state.chain;
        let mut found = Vec::new();
        for height in after.saturating_add(1)..=chain.height() {
            let Some(block) = chain.block(height) else {
                break;
            };
            for stored in &block.transactions {
                let transaction = &stored.transaction;
                let outputs = transaction.coin_outputs();
                // Locked coins are nobody's yet.
                let paid = outputs
                    .iter()
                    .filter(|output| output.condition == Condition::UnlockHash(ours));
                let amount: Amount = paid.map(|output| &output.value).sum();
                if amount.is_zero() {
                    continue;
                }
                let parents = transaction.coin_inputs().iter();
                let from: Vec<UnlockHash> = parents
                    .filter_map(|input| chain.index().output(&input.parent_id))
                    .map(|parent| parent.output.condition.unlock_hash())
                    .collect();
                // Our change, and what the faucet gives us to work with.
                let data = transaction.arbitrary_data();
                if from.contains(&ours) || (from.contains(&genesis) && data.is_empty()) {
                    continue;
                }
                found.push(Payment {
                    id: stored.ids.transaction,
                    amount,
                    data: data.to_vec(),
                    from: from.first().copied(),
                });
            }
        }
        (found, chain.height())
    }

    /// Begins with a payment.
    async fn take(&self, book: &mut Book, id: &str, payment: &Payment) -> Result<()> {
        let mut job = Job {
            stage: Stage::Deploying,
            units: payment.amount.units_text(),
            from: payment.from.map(|from| from.to_string()),
            email: String::new(),
            plan: None,
            expiry: 0,
            months: false,
            month_price: String::new(),
            extends: false,
        };
        let begun = match self.reservation(&payment.data) {
            Ok(reservation) => {
                job.email.clone_from(&reservation.email);
                self.begin(book, &mut job, payment, &reservation).await
            }
            // Nobody can be told.
            Err(reason) => Err(Error::Refused { reason }),
        };
        if let Err(error) = begun {
            job.stage = Stage::RefundDue {
                reason: said(&error),
            };
        }
        book.jobs.insert(id.to_owned(), job);
        self.save(book)
    }

    /// The reservation that a payment is for.
    fn reservation(&self, data: &[u8]) -> std::result::Result<Reservation, String> {
        let hash = std::str::from_utf8(data).map_err(|_| "the payment names no reservation")?;
        let (_, stored) = self
            .notary
            .get(hash)
            .ok_or("the notary does not know the reservation")?;
        let bot = notary::bot(&self.node, &stored.register.threebot_id)?;
        let sealed = &stored.register.sealed;
        if !sealed.is_signed_by(&bot.public_key) {
            return Err("the signature of the reservation is not that of its 3bot".into());
        }
        let packed = open(&sealed.content, &self.identity.key(), &bot.public_key)
            .map_err(|e| e.to_string())?;
        Reservation::unpack(&packed).map_err(|e| e.to_string())
    }

    /// Checks the price, and decides what is to be deployed.
    async fn begin(
        &self,
        book: &mut Book,
        job: &mut Job,
        payment: &Payment,
        reservation: &Reservation,
    ) -> Result<()> {
        if let Wanted::Extension { transaction_id } = &reservation.wanted {
            job.extends = true;
            return extend(book, job, payment, transaction_id, reservation.duration);
        }
        let price = reservation.price().unwrap_or_default();
        enough(&payment.amount, &price)?;
        let now = self.node.clock().now();
        job.expiry = reservation.expiry(now);
        job.months = reservation.duration.is_some();
        let month = reservation.extension_price(1).unwrap_or_default();
        job.month_price = month.units_text();
        let taken: Vec<Ipv4Addr> = book
            .jobs
            .values()
            .filter(|job| matches!(job.stage, Stage::Deploying | Stage::Deployed))
            .filter_map(|job| job.plan.as_ref()?.address())
            .collect();
        let plan = self.workloads.plan(reservation, &taken).await?;
        self.workloads.reserve(&plan, false)?;
        job.plan = Some(plan);
        Ok(())
    }

    /// The mail about more time.
    fn told_extended(&self, book: &Book, id: &str, job: &Job, earlier: &str) -> Result<()> {
        let other = book.jobs.get(earlier);
        let kind = other.and_then(|job| job.plan.as_ref()).map(Plan::kind);
        let until = other.map_or(0, |job| job.expiry);
        let lines = [
            ("Reservation id", earlier.to_owned()),
            ("Type", kind.unwrap_or_default().to_owned()),
            ("Expires on", day(until)),
        ];
        self.mail(id, "extended", &job.email, "Reservation extended", &lines)
    }

    /// Does what comes next for a payment.
    async fn go_on(&self, book: &mut Book, id: &str) -> Result<()> {
        let Some(job) = book.jobs.get(id).cloned() else {
            return Ok(());
        };
        let now = self.node.clock().now();
        match (&job.stage, &job.plan) {
            (Stage::Deploying, Some(plan)) => {
                let deployed = self.deploy(id, plan).await;
                if let Err(error) = &deployed {
                    self.workloads.stop(id, plan, true).await?;
                    self.workloads.reserve(plan, true)?;
                    let reason = said(error);
                    return self.set(book, id, Stage::RefundDue { reason });
                }
                self.told(id, &job, plan)?;
                self.set(book, id, Stage::Deployed)
            }
            (Stage::Deployed, Some(plan)) if job.expiry <= now => {
                self.workloads.stop(id, plan, true).await?;
                self.workloads.reserve(plan, true)?;
                self.set(book, id, Stage::Over)
            }
            (Stage::Deployed, Some(plan)) => self.workloads.start(id, plan, true).await,
            (Stage::Extending { earlier }, _) => {
                self.told_extended(book, id, &job, earlier)?;
                self.set(book, id, Stage::Extended)
            }
            (Stage::RefundDue { reason }, _) => self.refund(book, id, &job, reason).await,
            (
                Stage::Refunding {
                    reason,
                    transaction,
                },
                _,
            ) => self.submit(book, id, &job, reason, transaction).await,
            _ => Ok(()),
        }
    }

    fn set(&self, book: &mut Book, id: &str, stage: Stage) -> Result<()> {
        if let Some(job) = book.jobs.get_mut(id) {
            job.stage = stage;
        }
        self.save(book)
    }

    async fn deploy(&self, id: &str, plan: &Plan) -> Result<()> {
        let mut pauses = PAUSES.iter();
        loop {
            match self.workloads.start(id, plan, false).await {
                Ok(()) => return Ok(()),
                // A rule does not change by waiting.
                Err(error @ Error::Refused { .. }) => return Err(error),
                Err(error) => match pauses.next() {
                    Some(pause) => tokio::time::sleep(*pause).await,
                    None => return Err(error),
                },
            }
        }
    }

    /// The mail that tells how to reach what is deployed.
    fn told(&self, id: &str, job: &Job, plan: &Plan) -> Result<()> {
        let mut lines = vec![("ZeroTier network id", NETWORK.to_owned())];
        if plan.address().is_none() && plan.kind() == "reverse_proxy" {
            lines.clear();
        }
        let (gateway, zdb) = (self.workloads.gateway_addr(), self.workloads.zdb_addr());
        lines.extend(plan.told(gateway, zdb));
        lines.push(("Reservation id", id.to_owned()));
        lines.push(("Expires on", day(job.expiry)));
        self.mail(id, "ready", &job.email, plan.subject(), &lines)
    }

    fn mail(
        &self,
        id: &str,
        word: &str,
        to: &str,
        subject: &str,
        lines: &[(&str, String)],
    ) -> Result<()> {
        if to.is_empty() {
            return Ok(());
        }
        let lines = lines
            .iter()
            .map(|(name, value)| format!("{name}: {value}\n"));
        self.outbox.send(&Mail {
            key: format!("{id}-{word}"),
            number: 0,
            time: self.node.clock().now(),
            from: FROM.to_owned(),
            to: to.to_owned(),
            subject: subject.to_owned(),
            text: lines.collect(),
        })
    }

    /// Signs the transaction that pays back, and keeps it before it is submitted.
    async fn refund(&self, book: &mut Book, id: &str, job: &Job, reason: &str) -> Result<()> {
        let fail = |reason: String| Error::Refused { reason };
        let units: u128 = job.units.parse().unwrap_or(0);
        let back = units.saturating_sub(KEPT_BACK);
        let Some(from) = job.from.as_ref().filter(|_| back > 0) else {
            let reason = reason.to_owned();
            return self.set(book, id, Stage::TooLow { reason });
        };
        let to = Recipient::parse(from).map_err(|e| fail(e.to_string()))?;
        let request = SendRequest::to(to, Amount::from_units(back));
        let wallet = self.identity.wallet();
        let draft = match wallet.draft(&request).await {
            Ok(draft) => draft,
            // The fee of this chain is more than what is kept back. The coins are there with the
            // next block, and then this is tried again.
            Err(
                error @ (WalletError::NoFunds
                | WalletError::InsufficientFunds(_)
                | WalletError::InsufficientWalletFunds(_)),
            ) => {
                let given = self.faucet.give(self.identity.address(), DEFAULT_TFT).await;
                given.map_err(|e| fail(e.to_string()))?;
                return Err(fail(error.to_string()));
            }
            Err(error) => return Err(fail(error.to_string())),
        };
        let signed = wallet.sign(&draft).map_err(|e| fail(e.to_string()))?;
        let bytes = signed
            .transaction
            .binary()
            .map_err(|e| fail(e.to_string()))?;
        let transaction = hex::encode(bytes);
        let stage = Stage::Refunding {
            reason: reason.to_owned(),
            transaction: transaction.clone(),
        };
        self.set(book, id, stage)?;
        self.submit(book, id, job, reason, &transaction).await
    }

    /// Submits the transaction that pays back, until the chain has it.
    async fn submit(
        &self,
        book: &mut Book,
        id: &str,
        job: &Job,
        reason: &str,
        transaction: &str,
    ) -> Result<()> {
        let fail = |reason: String| Error::Refused { reason };
        let bytes = hex::decode(transaction).map_err(|e| fail(e.to_string()))?;
        let transaction = Transaction::from_binary(&bytes).map_err(|e| fail(e.to_string()))?;
        let refund = transaction.id().map_err(|e| fail(e.to_string()))?;
        let known = {
            let state = self.node.read();
            state.chain.transaction(&refund).is_some() || state.pool.get(&refund).is_some()
        };
        if !known {
            match self.node.submit(transaction) {
                Ok((_, pending)) => pending.wait().await?,
                Err(error) => {
                    // Its coins were spent by another refund of ours: this one never counts.
                    let reason = reason.to_owned();
                    self.set(book, id, Stage::RefundDue { reason })?;
                    return Err(fail(error.to_string()));
                }
            }
        }
        let lines = [
            ("Refund address", job.from.clone().unwrap_or_default()),
            ("Transaction id", refund.to_string()),
            ("Error", reason.to_owned()),
        ];
        let subject = match job.extends {
            true => "Extending reservation failed",
            false => "Reservation failed",
        };
        self.mail(id, "failed", &job.email, subject, &lines)?;
        let reason = reason.to_owned();
        self.set(book, id, Stage::Refunded { reason })
    }
}

/// Gives an earlier reservation more time.
fn extend(
    book: &mut Book,
    job: &mut Job,
    payment: &Payment,
    earlier: &str,
    months: Option<u32>,
) -> Result<()> {
    let refuse = |reason: &str| Error::Refused {
        reason: reason.to_owned(),
    };
    let other = book.jobs.get_mut(earlier);
    let other = other.filter(|job| job.stage == Stage::Deployed);
    let other = other.ok_or_else(|| refuse("Invalid reservation transaction"))?;
    let months = months.unwrap_or(1);
    let month = other.month_price.parse::<u128>().map(Amount::from_units);
    let month = month.map_err(|_| refuse("the price of the reservation is not known"))?;
    enough(&payment.amount, &month.times(u64::from(months)))?;
    other.expiry = expiry(other.expiry, Some(months));
    other.months = true;
    job.stage = Stage::Extending {
        earlier: earlier.to_owned(),
    };
    Ok(())
}

/// What an error says of itself, as mails tell it.
fn said(error: &Error) -> String {
    match error {
        Error::Refused { reason } => reason.clone(),
        other => other.to_string(),
    }
}

/// The text is the original's (spec: capacity §6.3).
fn enough(given: &Amount, needed: &Amount) -> Result<()> {
    match given >= needed {
        true => Ok(()),
        false => Err(Error::Refused {
            reason: format!(
                "transaction amount is to low to deploy the workload. given: {given} needed: \
                 {needed}"
            ),
        }),
    }
}

/// `dd/mm/yy`, as mails tell it.
fn day(seconds: u64) -> String {
    let at = i64::try_from(seconds).ok();
    let at = at.and_then(|at| jiff::Timestamp::from_second(at).ok());
    at.map_or_else(String::new, |at| at.strftime("%d/%m/%y").to_string())
}
