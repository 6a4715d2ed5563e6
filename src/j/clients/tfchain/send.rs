//! Sending: request, draft, preview, consent, signature, record, post, outcome.
use std::sync::Arc;

use jiff::Timestamp;

use super::address_book::Labels;
use super::handed;
use super::pending;
use super::place::{ClientCore, Place, is_interrupted};
use super::recipient;
use super::transaction::TransactionValue;
use super::wallet::Wallet;
use crate::object::{
    Args, Class, Default, Error, Kind, Member, Paint, Param, Result, Ty, Value, class_of, print,
};
use crate::tfchain::wallet::{
    ChainPoint, Clock, Draft, Preview, SendRequest, Signed, Submission, Wallet as Library,
    format_time,
};
use crate::tfchain::{Fulfillment, Hash, Network, Transaction};

/// Parameters that everything that sends has.
pub const SOURCE: Param = Param::optional(
    "source",
    Ty::Any("address or list"),
    Default::None,
    "the addresses that pay; all single addresses of the wallet without",
);
/// Who receives what is left over.
pub const REFUND: Param = Param::optional(
    "refund",
    Ty::Any("recipient"),
    Default::None,
    "who receives the change; the source, else the primary address without",
);
/// When it can be spent.
pub const LOCK: Param = Param::optional(
    "lock",
    Ty::Any("int or str"),
    Default::None,
    "a height, a Unix time, '+7d12h' or '18/04/2030 10:30': when it can be spent",
);
/// Data carried along.
pub const DATA: Param = Param::optional(
    "data",
    Ty::Any("str or bytes"),
    Default::None,
    "83 bytes at most, for everybody to read",
);
/// The fee.
pub const FEE: Param = Param::optional(
    "fee",
    Ty::Any("amount"),
    Default::None,
    "the miner fee; the least of the network without",
);
/// Allows a high fee.
pub const FEE_HIGH: Param = Param::optional(
    "fee_high",
    Ty::Bool,
    Default::Bool(false),
    "allow a fee of more than ten times the least",
);
/// Only makes the transaction.
pub const DRY_RUN: Param = Param::optional(
    "dry_run",
    Ty::Bool,
    Default::Bool(false),
    "only show what would be done: the transaction is neither signed nor sent",
);
/// Asks first.
pub const CONFIRM: Param = Param::optional(
    "confirm",
    Ty::Bool,
    Default::Bool(true),
    "show a preview and ask first, on STD and TEST; False for scripts",
);

/// What is to be sent, and how.
pub struct Order {
    /// The outputs, and who pays.
    pub request: SendRequest,
    /// Neither sign nor send.
    pub dry_run: bool,
    /// Ask first where coins are not play money.
    pub confirm: bool,
}

impl Order {
    /// An order of the parameters `source`, `refund`, `data`, `fee`, `fee_high`, `dry_run` and
    /// `confirm` of a call, without payments.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn of(args: &Args) -> Result<Order> {
        let refund = match args.get("refund") {
            Value::None => None,
            given => Some(recipient::recipient(given)?),
        };
        let fee = match args.get("fee") {
            Value::None => None,
            given => Some(recipient::amount(given)?),
        };
        let request = SendRequest {
            sources: recipient::sources(args.get("source"))?,
            refund,
            data: recipient::data(args.get("data"))?,
            fee,
            allow_high_fee: args.flag("fee_high"),
            ..SendRequest::default()
        };
        Ok(Order {
            request,
            dry_run: args.flag("dry_run"),
            confirm: args.flag("confirm"),
        })
    }
}

/// Carries an order out.
///
/// # Errors
/// What is wrong with it; [`Kind::NotConfirmed`]; [`Kind::Refused`] by the node;
/// [`Kind::Network`] when its fate is not known: then it is among the wallet's pending ones.
pub fn send(wallet: &Arc<Wallet>, order: Order) -> Result<Value> {
    let library = wallet.library()?;
    let core = wallet.client();
    if !order.dry_run {
        refuse_while_unclear(wallet)?;
    }
    let (draft, preview) = drafted(wallet, &library, &order.request)?;
    if order.dry_run {
        wallet.world().host.note(&words(core, &preview));
        let made = TransactionValue::made(draft.transaction, None);
        return Ok(Value::object(SendResult::new(made, false)));
    }
    if order.confirm {
        confirm(core, &preview, "send it")?;
    }
    let signed = library.sign(&draft)?;
    let (transaction, submitted) = submit_signed(wallet, signed, &preview)?;
    Ok(Value::object(SendResult::new(transaction, submitted)))
}

/// Drafts what is to be sent from the balance as it is now.
///
/// # Errors
/// What is wrong with it; not enough money.
pub(super) fn drafted(
    wallet: &Wallet,
    library: &Library,
    request: &SendRequest,
) -> Result<(Draft, Preview)> {
    let drafted = wallet.client().ask(async {
        let balance = library.balance().await?;
        let draft = library.draft_from(&balance, request)?;
        let preview = library.preview(&draft, Some(balance.chain.height));
        Ok::<_, crate::tfchain::wallet::WalletError>((draft, preview, balance.chain))
    });
    wallet.note_keys(library)?;
    let (draft, mut preview, chain) = drafted?;
    if let Some(note) = reached_locks(&draft, &mut preview, &chain, &wallet.client().clock()) {
        wallet.world().host.note(&note);
    }
    Ok((draft, preview))
}

/// Corrects the words for locks that are in the future by the clock of this machine, and reached
/// by the chain's, which counts: it may be that only the other clock is wrong. Answers what to say.
fn reached_locks(
    draft: &Draft,
    preview: &mut Preview,
    chain: &ChainPoint,
    clock: &Clock,
) -> Option<String> {
    let at = i64::try_from(chain.time).ok()?;
    let at = format_time(Timestamp::from_second(at).ok()?, clock.zone());
    let outputs = draft.transaction.coin_outputs();
    let mut note = None;
    for (output, payment) in outputs.iter().zip(&mut preview.payments) {
        if output.condition.lock_time().is_some()
            && chain.is_known()
            && !chain.is_locked(&output.condition)
        {
            payment.lock = Some(format!(
                "at once: its lock is reached, the chain is at block {} of {at}",
                chain.height
            ));
            note = Some(format!(
                "the lock is reached already, these coins can be spent at once: the chain is at \
                 block {} of {at}, and its clock counts, not that of this machine",
                chain.height
            ));
        }
    }
    note
}

/// The preview in words, with the network as the user named it.
pub(super) fn words(core: &ClientCore, preview: &Preview) -> String {
    // What cannot be read must not keep anybody from seeing the preview: addresses are in full.
    let text = Labels::of(core)
        .unwrap_or_default()
        .mark(&preview.to_string());
    match (core.network_type().as_str(), preview.network) {
        // A test client that means the devnet.
        ("TEST", Network::Devnet) => text.replacen("network: DEV", "network: TEST (devnet)", 1),
        _ => text,
    }
}

/// Shows what is about to be signed, and asks, where coins are not play money of this machine.
///
/// # Errors
/// [`Kind::NotConfirmed`].
pub fn confirm(core: &ClientCore, preview: &Preview, what: &str) -> Result<()> {
    confirm_with(core, "", preview, what)
}

/// The same, with more to be said above.
///
/// # Errors
/// [`Kind::NotConfirmed`].
pub(super) fn confirm_with(
    core: &ClientCore,
    more: &str,
    preview: &Preview,
    what: &str,
) -> Result<()> {
    let place: Place = core.place()?;
    if place.is_devnet() {
        return Ok(());
    }
    let of = match place.network {
        Network::Standard => " (real TFT)",
        _ => "",
    };
    let question = format!("{what} on {}{of}?", place.network);
    let shown = match more {
        "" => words(core, preview),
        more => format!("{more}\n{}", words(core, preview)),
    };
    core.base.world.host.confirm(&shown, &question)
}

/// Before anything new is sent, what was sent before must be clear: else something could be paid
/// twice.
pub(super) fn refuse_while_unclear(wallet: &Arc<Wallet>) -> Result<()> {
    for pending in pending::list(wallet)? {
        if !pending.is_settled()? {
            let path = wallet.path();
            return Err(Error::new(
                Kind::Refused,
                format!(
                    "nothing was sent: it is still not known whether the chain took transaction {}",
                    pending.id()
                ),
            )
            .hint(format!(
                "send that one again, which is safe: {path}.pending(send=True)"
            ))
            .hint(format!("or give it up: {path}.pending()[0].forget()")));
        }
    }
    Ok(())
}

/// Posts a transaction when it is completely signed; else it is handed back for the next owner.
///
/// # Errors
/// As [`send`].
pub fn submit_signed(
    wallet: &Wallet,
    signed: Signed,
    preview: &Preview,
) -> Result<(Arc<TransactionValue>, bool)> {
    if !signed.is_complete() {
        if signed.signed {
            handed::keep(wallet, &signed.transaction)?;
        }
        return Ok((TransactionValue::made(signed.transaction, None), false));
    }
    let core = wallet.client();
    let id = signed.transaction.id()?;
    pending::keep(wallet, &signed.transaction, id, words(core, preview))?;
    let library = wallet.library()?;
    let submission = post(wallet, &library, &signed.transaction, id)?;
    let several = has_several_signers(&signed.transaction);
    if !matches!(submission, Submission::Unknown { .. }) {
        tidy(wallet, id, || pending::drop_record(wallet, id));
    }
    outcome_for(core, submission, Some(&wallet.path()))?;
    if several {
        tidy(wallet, id, || handed::forget(wallet, &signed.transaction));
    }
    let place = core.place()?;
    if !place.is_devnet() {
        let network = place.network;
        wallet
            .world()
            .host
            .note(&format!("sent on {network}: transaction {id}"));
    }
    Ok((TransactionValue::made(signed.transaction, Some(id)), true))
}

/// Drops what was kept of a transaction whose fate is known. When that fails it is only told: who
/// reads of an error after sending sends again, and pays twice. The next sending drops it.
fn tidy(wallet: &Wallet, id: Hash, drop: impl FnOnce() -> Result<()>) {
    if let Err(error) = drop() {
        wallet.world().host.note(&format!(
            "what the store keeps of transaction {id} could not be removed now, which does no harm: {error}"
        ));
    }
}

/// True when others may have signed too. A transaction of one key was never handed out, and the
/// store need not be asked.
fn has_several_signers(transaction: &Transaction) -> bool {
    let single = |fulfillment: &Fulfillment| matches!(fulfillment, Fulfillment::SingleSignature(_));
    let inputs = transaction.coin_inputs().iter();
    let mut all = inputs
        .chain(transaction.blockstake_inputs())
        .map(|input| &input.fulfillment)
        .chain(transaction.mint_fulfillment());
    !matches!(transaction, Transaction::Standard(_)) || !all.all(single)
}

/// Posts a transaction whose fate was not known once more. Its record goes only when a node has
/// taken or judged it.
///
/// # Errors
/// When it is refused, or its fate is still not known.
pub fn submit_again(wallet: &Wallet, transaction: &Transaction) -> Result<()> {
    let core = wallet.client();
    let id = transaction.id()?;
    let library = wallet.library()?;
    let submission = post(wallet, &library, transaction, id)?;
    let judged = match &submission {
        Submission::Accepted { .. } => true,
        // That no node could be reached now says nothing about the first time.
        Submission::Refused { error, .. } => error.tried().is_empty(),
        Submission::Unknown { .. } => false,
    };
    if judged {
        tidy(wallet, id, || pending::drop_record(wallet, id));
    }
    outcome_for(core, submission, Some(&wallet.path())).map(|_| ())
}

fn post(
    wallet: &Wallet,
    library: &Library,
    transaction: &Transaction,
    id: Hash,
) -> Result<Submission> {
    match wallet.world().block_on(library.submit(transaction)) {
        Ok(submission) => Ok(submission?),
        Err(error) if is_interrupted(&error) => Err(error.hint(format!(
            "transaction {id} may have been sent: {}.pending() shows it, .pending(send=True) makes sure",
            wallet.path()
        ))),
        Err(error) => Err(error),
    }
}

/// The id of an accepted transaction, or the error that says what became of it.
///
/// # Errors
/// [`Kind::Refused`] in the node's words; [`Kind::Network`] when nothing was sent or the fate of
/// the transaction is not known.
pub fn outcome(core: &ClientCore, submission: Submission) -> Result<Hash> {
    outcome_for(core, submission, None)
}

fn outcome_for(core: &ClientCore, submission: Submission, wallet: Option<&str>) -> Result<Hash> {
    match submission {
        Submission::Accepted { id } => Ok(id),
        Submission::Refused { id, error } => {
            let text = match error.server_text() {
                Some(said) => {
                    format!(
                        "transaction {id} was refused, nothing was spent; explorer said: {said}"
                    )
                }
                None => format!("transaction {id} was not sent: {error}"),
            };
            let mut explained = core.explain(error.into());
            explained.message = text;
            Err(explained)
        }
        Submission::Unknown { id, error } => {
            let error = Error::new(
                Kind::Network,
                format!("it is not known whether the chain took transaction {id}: {error}"),
            );
            Err(match wallet {
                Some(path) => error.hint(format!(
                    "it is kept: {path}.pending() shows it, {path}.pending(send=True) sends it \
                     again; it cannot be paid twice"
                )),
                None => error.hint("submit the same transaction again: it cannot be paid twice"),
            })
        }
    }
}

/// What sending answers.
pub struct SendResult {
    transaction: Arc<TransactionValue>,
    submitted: bool,
}

impl SendResult {
    /// A result.
    pub fn new(transaction: Arc<TransactionValue>, submitted: bool) -> Self {
        SendResult {
            transaction,
            submitted,
        }
    }
}

/// An element of a record by its place; negative places count from the end.
pub fn element(items: &[Value], index: &Value) -> Option<Result<Value>> {
    let Value::Int(at) = index else {
        return None;
    };
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let place = if *at < 0 {
        at.saturating_add(length)
    } else {
        *at
    };
    let found = usize::try_from(place)
        .ok()
        .and_then(|place| items.get(place));
    Some(found.cloned().ok_or_else(|| {
        Error::value(format!(
            "index {at} is out of range: there are {length} items"
        ))
    }))
}

impl Class for SendResult {
    const NAME: &'static str = "TransactionSendResult";
    const DOC: &'static str =
        "What sending answers: the transaction, and whether it was submitted.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property(
            "transaction",
            Ty::Object(class_of::<TransactionValue>),
            "The transaction that was created, signed and, if possible, submitted.",
            "w.coins_send(w.address, 1).transaction",
            |this, _| Ok(this.transaction.clone().into()),
        ),
        Member::property(
            "submitted",
            Ty::Bool,
            "True if it was submitted; False while signatures of others are missing.",
            "w.coins_send(w.address, 1).submitted",
            |this, _| Ok(this.submitted.into()),
        ),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        format!(
            "TransactionSendResult(transaction={}, submitted={})",
            Class::repr(&*self.transaction, Paint::Plain),
            print::truth(self.submitted)
        )
    }
    fn items(&self) -> Option<Vec<Value>> {
        Some(vec![self.transaction.clone().into(), self.submitted.into()])
    }
    fn index(self: &Arc<Self>, index: &Value) -> Option<Result<Value>> {
        element(&self.items()?, index)
    }
    fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "transaction": Class::to_json(&*self.transaction),
            "submitted": self.submitted,
        })
    }
}
