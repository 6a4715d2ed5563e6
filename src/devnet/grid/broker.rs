//! The broker: reads what is paid to it, deploys what was reserved, refunds what it cannot deploy,
//! and writes mails (spec: capacity §6).
//!
//! Every step is on disk before the next one begins. A devnet that was killed goes on where it
//! stopped: a deployment is finished or refunded, never both; a refund is signed once, and that
//! same transaction is submitted until the chain has it.
//!
//! Deployments go side by side, so that a slow one holds up nobody else. What they compete for
//! (capacity, addresses, domains) is given out before, in the order of the payments.
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, watch};
use tokio::task::{self, JoinSet};
use zeroize::Zeroizing;

use super::super::error::{Error, Result};
use super::super::faucet::{DEFAULT_TFT, Faucet};
use super::super::folder;
use super::super::node::{Node, Refused};
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
/// Pauses between tries to deploy (spec: capacity §6.1). Others are for tests.
pub const PAUSES: [Duration; 3] = [
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(20),
];
/// Deployments that are tried at the same moment.
const AT_ONCE: usize = 8;
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
    /// More time for another one, which may still be on its way.
    ExtensionDue {
        earlier: String,
        /// A job has `months` of its own, in the same object.
        more: Option<u32>,
    },
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
    /// The notary's name of the reservation that it pays for; empty for none.
    #[serde(default)]
    hash: String,
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

impl Job {
    /// Whether it came to nothing, so that its reservation can be paid again.
    fn is_undone(&self) -> bool {
        matches!(
            self.stage,
            Stage::RefundDue { .. }
                | Stage::Refunding { .. }
                | Stage::Refunded { .. }
                | Stage::TooLow { .. }
        )
    }

    /// What it takes of what there is, from the moment it is planned until its time is over.
    fn active_plan(&self) -> Option<&Plan> {
        let active = matches!(self.stage, Stage::Deploying | Stage::Deployed);
        self.plan.as_ref().filter(|_| active)
    }
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Book {
    /// Blocks up to this one were read.
    height: u64,
    jobs: BTreeMap<String, Job>,
}

/// How a try to start something ended.
enum Tried {
    Started,
    Failed(Error),
    /// The devnet stops; the next one goes on.
    Stopped,
}

/// What is being started.
struct UnderWay {
    id: String,
    /// The block that was the newest when it began.
    height: u64,
    /// It was deployed before the devnet started.
    again: bool,
}

/// All that is being started, side by side.
#[derive(Default)]
struct Site {
    tasks: JoinSet<Tried>,
    under_way: HashMap<task::Id, UnderWay>,
    /// What could not be gone on with: not before the next block.
    put_off: HashSet<String>,
}

impl Site {
    fn has(&self, id: &str) -> bool {
        self.put_off.contains(id) || self.under_way.values().any(|one| one.id == id)
    }

    /// Up to which block everything is dealt with.
    fn settled(&self, height: u64) -> u64 {
        let begun = self.under_way.values().map(|one| one.height);
        begun.min().map_or(height, |first| first.saturating_sub(1))
    }

    /// The next that ends; waits for ever when there is none.
    async fn next(&mut self) -> Option<(UnderWay, Tried)> {
        let ended = match self.tasks.join_next_with_id().await {
            None => return std::future::pending().await,
            Some(ended) => ended,
        };
        let (task, tried) = match ended {
            Ok(ended) => ended,
            Err(error) => {
                let reason = format!("the deployment was broken off: {error}");
                (error.id(), Tried::Failed(Error::Start { reason }))
            }
        };
        Some((self.under_way.remove(&task)?, tried))
    }
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
    /// Pauses between tries to deploy.
    pub(super) pauses: [Duration; 3],
    /// Told each step before it is taken.
    pub(super) on_step: Option<fn(&str)>,
    /// How many deployments are tried at the same moment.
    pub(super) hands: Semaphore,
}

impl Broker {
    /// Room for so many deployments at the same moment.
    pub(super) fn hands() -> Semaphore {
        Semaphore::new(AT_ONCE)
    }

    /// Works until the devnet stops.
    pub(super) async fn run(self: Arc<Self>, stopping: watch::Receiver<bool>) {
        let stopped = super::super::stopping::stopped(stopping.clone());
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
        for plan in book.jobs.values().filter_map(Job::active_plan) {
            if let Err(error) = self.workloads.reserve(plan, false) {
                self.node.note(&error.to_string());
            }
        }
        let mut site = Site::default();
        loop {
            blocks.borrow_and_update();
            if let Err(error) = self.round(&mut book, &mut site, &stopping).await {
                self.node.note(&format!("broker: {error}"));
            }
            let height = site.settled(book.height);
            self.rounds.send_modify(|seen| *seen = height);
            tokio::select! {
                () = &mut stopped => break,
                ended = site.next() => {
                    let later = self.ended(&mut book, ended).await;
                    site.put_off.extend(later);
                }
                changed = blocks.changed() => {
                    if changed.is_err() {
                        break;
                    }
                    site.put_off.clear();
                }
                () = tokio::time::sleep(LOOK) => site.put_off.clear(),
            }
        }
        // A try that has begun ends; nothing is tried again.
        while !site.tasks.is_empty() {
            let ended = site.next().await;
            self.ended(&mut book, ended).await;
        }
        self.workloads.stop_all().await;
    }

    fn step(&self, name: &str) {
        if let Some(told) = self.on_step {
            told(name);
        }
    }

    fn read_book(&self) -> Result<Book> {
        match std::fs::read(&self.file) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| Error::Start {
                reason: format!("{} is damaged: {error}", self.file.display()),
            }),
            // A new key: nothing was paid to it before. From now on something may be.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let book = Book {
                    height: self.node.read().chain.height(),
                    jobs: BTreeMap::new(),
                };
                self.save(&book)?;
                Ok(book)
            }
            Err(error) => Err(Error::file("cannot read", self.file.clone())(error)),
        }
    }

    fn save(&self, book: &Book) -> Result<()> {
        let text = serde_json::to_vec(book).map_err(|e| Error::Refused {
            reason: e.to_string(),
        })?;
        folder::replace_private(&self.file, &text)
    }

    async fn round(
        self: &Arc<Self>,
        book: &mut Book,
        site: &mut Site,
        stopping: &watch::Receiver<bool>,
    ) -> Result<()> {
        let (payments, height) = self.payments(book.height);
        for payment in payments {
            let id = payment.id.to_string();
            if !book.jobs.contains_key(&id) {
                self.take(book, &id, &payment)?;
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
            // What is being started is gone on with when that has ended, or later.
            if site.has(&id) {
                continue;
            }
            if let Some(again) = self.to_start(book, &id).await {
                self.start(book, site, &id, again, stopping.clone());
                continue;
            }
            if let Err(error) = self.go_on(book, &id).await {
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
    fn take(&self, book: &mut Book, id: &str, payment: &Payment) -> Result<()> {
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
            hash: String::new(),
        };
        self.step("take");
        let begun = match self.packed(&payment.data) {
            Ok((hash, packed)) => {
                job.hash = hash;
                self.read(book, &mut job, payment, &packed)
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
        self.save(book)?;
        self.step("taken");
        Ok(())
    }

    /// Reads what is reserved, and begins with it. Who can be read is told what goes wrong.
    fn read(&self, book: &mut Book, job: &mut Job, payment: &Payment, packed: &[u8]) -> Result<()> {
        let read = Reservation::unpack(packed);
        let reservation = match &read {
            Ok(reservation) => reservation,
            Err(error) => {
                let email = Reservation::addressee(packed);
                job.email = email.unwrap_or_default();
                return Err(Error::Refused {
                    reason: error.to_string(),
                });
            }
        };
        job.email.clone_from(&reservation.email);
        // One that is deployed, or was, is not deployed twice.
        let mut before = book.jobs.iter();
        let before = before.find(|(_, other)| other.hash == job.hash && !other.is_undone());
        if let Some((earlier, _)) = before {
            return Err(Error::Refused {
                reason: format!("the reservation was paid before, by the transaction {earlier}"),
            });
        }
        self.begin(book, job, payment, reservation)
    }

    /// The reservation that a payment is for: its hash, and what was sealed.
    fn packed(&self, data: &[u8]) -> std::result::Result<(String, Zeroizing<Vec<u8>>), String> {
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
        Ok((hash.to_owned(), packed))
    }

    /// Checks the price, and decides what is to be deployed.
    fn begin(
        &self,
        book: &mut Book,
        job: &mut Job,
        payment: &Payment,
        reservation: &Reservation,
    ) -> Result<()> {
        if let Wanted::Extension { transaction_id } = &reservation.wanted {
            job.extends = true;
            job.stage = Stage::ExtensionDue {
                earlier: transaction_id.clone(),
                more: reservation.duration,
            };
            return Ok(());
        }
        let price = reservation.price().unwrap_or_default();
        enough(&payment.amount, &price)?;
        let now = self.node.clock().now();
        job.expiry = reservation.expiry(now);
        job.months = reservation.duration.is_some();
        let month = reservation.extension_price(1).unwrap_or_default();
        job.month_price = month.units_text();
        let taken: Vec<&Plan> = book.jobs.values().filter_map(Job::active_plan).collect();
        let plan = self.workloads.plan(reservation, &taken)?;
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
            (Stage::Deployed, Some(plan)) if job.expiry <= now => {
                self.step("remove");
                self.workloads.stop(id, plan, true).await?;
                self.workloads.reserve(plan, true)?;
                self.step("removed");
                self.set(book, id, Stage::Over)
            }
            (Stage::ExtensionDue { earlier, more }, _) => {
                let other = book.jobs.get(earlier);
                if other.is_some_and(|other| other.stage == Stage::Deploying) {
                    return Ok(());
                }
                if let Err(error) = extend(book, id, &job, earlier, *more) {
                    let reason = said(&error);
                    self.set(book, id, Stage::RefundDue { reason })?;
                    return self.refund_due(book, id).await;
                }
                self.step("extend");
                self.save(book)?;
                self.step("extended");
                self.told_extended(book, id, &job, earlier)?;
                self.set(book, id, Stage::Extended)
            }
            (Stage::Extending { earlier }, _) => {
                self.told_extended(book, id, &job, earlier)?;
                self.set(book, id, Stage::Extended)
            }
            (Stage::RefundDue { .. }, _) => self.refund_due(book, id).await,
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

    /// Whether something is to be started now, and if so, whether it had been before.
    async fn to_start(&self, book: &Book, id: &str) -> Option<bool> {
        let job = book.jobs.get(id)?;
        job.active_plan()?;
        let again = job.stage == Stage::Deployed;
        let over = again && job.expiry <= self.node.clock().now();
        let runs = again && self.workloads.runs(id).await;
        (!over && !runs).then_some(again)
    }

    /// Begins to start what is planned.
    fn start(
        self: &Arc<Self>,
        book: &Book,
        site: &mut Site,
        id: &str,
        again: bool,
        stopping: watch::Receiver<bool>,
    ) {
        let plan = book.jobs.get(id).and_then(Job::active_plan);
        let Some(plan) = plan.cloned() else {
            return;
        };
        let (broker, name) = (Arc::clone(self), id.to_owned());
        let work = async move { broker.deploy(&name, &plan, again, stopping).await };
        let task = site.tasks.spawn(work).id();
        let one = UnderWay {
            id: id.to_owned(),
            height: book.height,
            again,
        };
        site.under_way.insert(task, one);
    }

    /// Tries to start something, up to four times.
    async fn deploy(
        &self,
        id: &str,
        plan: &Plan,
        again: bool,
        stopping: watch::Receiver<bool>,
    ) -> Tried {
        let mut pauses = self.pauses.iter();
        loop {
            // Hands are free during pauses. Nobody closes the semaphore.
            let hand = self.hands.acquire().await;
            if *stopping.borrow() {
                return Tried::Stopped;
            }
            self.step(if again { "start again" } else { "deploy" });
            let started = self.workloads.start(id, plan, again).await;
            drop(hand);
            let error = match started {
                Ok(()) => return Tried::Started,
                // A rule does not change by waiting.
                Err(error @ Error::Refused { .. }) => return Tried::Failed(error),
                Err(error) => error,
            };
            let Some(pause) = pauses.next() else {
                return Tried::Failed(error);
            };
            let stopped = super::super::stopping::stopped(stopping.clone());
            if tokio::time::timeout(*pause, stopped).await.is_ok() {
                return Tried::Stopped;
            }
        }
    }

    /// Goes on with what was started, or could not be; its id when that does not go now.
    async fn ended(&self, book: &mut Book, ended: Option<(UnderWay, Tried)>) -> Option<String> {
        let (UnderWay { id, again, .. }, tried) = ended?;
        let done = match tried {
            Tried::Started if !again => self.started(book, &id),
            Tried::Failed(error) if !again => self.failed(book, &id, &error).await,
            // It was paid and mailed: it is tried again later, and stays deployed.
            Tried::Failed(error) => Err(error),
            Tried::Started | Tried::Stopped => Ok(()),
        };
        let error = done.err()?;
        self.node.note(&format!("broker, payment {id}: {error}"));
        Some(id)
    }

    fn started(&self, book: &mut Book, id: &str) -> Result<()> {
        let Some(job) = book.jobs.get(id).cloned() else {
            return Ok(());
        };
        self.step("deployed");
        if let Some(plan) = &job.plan {
            self.told(id, &job, plan)?;
        }
        self.step("told");
        self.set(book, id, Stage::Deployed)
    }

    async fn failed(&self, book: &mut Book, id: &str, error: &Error) -> Result<()> {
        let plan = book.jobs.get(id).and_then(|job| job.plan.clone());
        self.step("give up");
        if let Some(plan) = &plan {
            // What cannot be removed keeps nobody from getting the coins back.
            if let Err(error) = self.workloads.stop(id, plan, true).await {
                self.node.note(&format!("broker, payment {id}: {error}"));
            }
            self.workloads.reserve(plan, true)?;
        }
        let reason = said(error);
        self.set(book, id, Stage::RefundDue { reason })
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
    async fn refund_due(&self, book: &mut Book, id: &str) -> Result<()> {
        let fail = |reason: String| Error::Refused { reason };
        let Some(job) = book.jobs.get(id).cloned() else {
            return Ok(());
        };
        let Stage::RefundDue { reason } = &job.stage else {
            return Ok(());
        };
        let units: u128 = job.units.parse().unwrap_or(0);
        let back = units.saturating_sub(KEPT_BACK);
        let Some(from) = job.from.as_ref().filter(|_| back > 0) else {
            let paid = Amount::from_units(units).with_unit();
            self.node.note(&format!(
                "broker, payment {id}: {paid} is too low to be paid back: {reason}"
            ));
            let why = format!("none: {paid} is not more than the fee of a refund");
            self.tell_failed(id, &job, [why.clone(), why, reason.clone()])?;
            let reason = reason.clone();
            return self.set(book, id, Stage::TooLow { reason });
        };
        self.step("refund");
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
            reason: reason.clone(),
            transaction: transaction.clone(),
        };
        self.set(book, id, stage)?;
        self.step("signed");
        self.submit(book, id, &job, reason, &transaction).await
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
                // It may be on disk nevertheless: the next start knows.
                Err(Refused::Storage(error)) => return Err(error),
                Err(error @ Refused::Rule(_)) => {
                    // Its coins were spent by another refund of ours: this one never counts.
                    let reason = reason.to_owned();
                    self.set(book, id, Stage::RefundDue { reason })?;
                    return Err(fail(error.to_string()));
                }
            }
        }
        self.step("submitted");
        let address = job.from.clone().unwrap_or_default();
        self.tell_failed(id, job, [address, refund.to_string(), reason.to_owned()])?;
        self.step("refund told");
        let reason = reason.to_owned();
        self.set(book, id, Stage::Refunded { reason })
    }

    /// The mail about what failed: where the coins go, by which transaction, and why.
    fn tell_failed(&self, id: &str, job: &Job, about: [String; 3]) -> Result<()> {
        let [address, transaction, error] = about;
        let lines = [
            ("Refund address", address),
            ("Transaction id", transaction),
            ("Error", error),
        ];
        let subject = match job.extends {
            true => "Extending reservation failed",
            false => "Reservation failed",
        };
        self.mail(id, "failed", &job.email, subject, &lines)
    }
}

/// Gives an earlier reservation more time.
fn extend(book: &mut Book, id: &str, job: &Job, earlier: &str, months: Option<u32>) -> Result<()> {
    let refuse = |reason: &str| Error::Refused {
        reason: reason.to_owned(),
    };
    let other = book.jobs.get_mut(earlier);
    let other = other.filter(|job| job.stage == Stage::Deployed);
    let other = other.ok_or_else(|| refuse("Invalid reservation transaction"))?;
    let months = months.unwrap_or(1);
    let units = |text: &str| text.parse::<u128>().map(Amount::from_units);
    let month = units(&other.month_price);
    let month = month.map_err(|_| refuse("the price of the reservation is not known"))?;
    let given = units(&job.units).map_err(|_| refuse("what was paid is not known"))?;
    enough(&given, &month.times(u64::from(months)))?;
    other.expiry = expiry(other.expiry, Some(months));
    other.months = true;
    if let Some(job) = book.jobs.get_mut(id) {
        job.stage = Stage::Extending {
            earlier: earlier.to_owned(),
        };
    }
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
