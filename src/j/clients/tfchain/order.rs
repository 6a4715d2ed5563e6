//! Orders whose transactions are of their own kind (3bots, minting, ERC20 addresses): drafted by
//! the library, shown, agreed to, signed, posted.
use std::future::Future;
use std::sync::Arc;

use super::send::{self, SendResult};
use super::transaction::TransactionValue;
use super::wallet::Wallet;
use crate::object::{Args, Result, Value};
use crate::tfchain::Transaction;
use crate::tfchain::wallet::{
    BotDraft, MintDraft, MissingSignature, Preview, RegistrationDraft, Signed, Wallet as Library,
    WalletError,
};

/// An order that the library has drafted.
pub trait Drafted {
    /// It in words.
    fn preview(&self, library: &Library) -> Preview;
    /// It with the signatures that the wallet can give.
    ///
    /// # Errors
    /// When it cannot be signed at all.
    fn sign(&self, library: &Library) -> std::result::Result<Signed, WalletError>;
    /// Its transaction, unsigned.
    fn into_transaction(self) -> Transaction;
}

impl Drafted for BotDraft {
    fn preview(&self, library: &Library) -> Preview {
        library.preview_bot(self)
    }
    fn sign(&self, library: &Library) -> std::result::Result<Signed, WalletError> {
        library.sign_bot(self)
    }
    fn into_transaction(self) -> Transaction {
        self.draft.transaction
    }
}

impl Drafted for MintDraft {
    fn preview(&self, library: &Library) -> Preview {
        library.preview_mint(self)
    }
    fn sign(&self, library: &Library) -> std::result::Result<Signed, WalletError> {
        library.sign_mint(self)
    }
    fn into_transaction(self) -> Transaction {
        self.draft.transaction
    }
}

impl Drafted for RegistrationDraft {
    fn preview(&self, library: &Library) -> Preview {
        library.preview_erc20(self)
    }
    fn sign(&self, library: &Library) -> std::result::Result<Signed, WalletError> {
        library.sign_erc20(self)
    }
    fn into_transaction(self) -> Transaction {
        self.draft.transaction
    }
}

/// Carries an order out that is drafted by `drafting`, with the parameters `dry_run` and `confirm`
/// of the call: preview, consent, signature, post. When signatures of others are missing, the
/// transaction is handed back, and a note says whose.
///
/// # Errors
/// As [`send::send`].
pub fn carry_out<D: Drafted>(
    wallet: &Arc<Wallet>,
    args: &Args,
    drafting: impl Future<Output = std::result::Result<D, WalletError>>,
) -> Result<Value> {
    let dry_run = args.flag("dry_run");
    if !dry_run {
        send::refuse_while_unclear(wallet)?;
    }
    let (library, core) = (wallet.library()?, wallet.client());
    let drafted = core.ask(drafting);
    wallet.note_keys(&library)?;
    let draft = drafted?;
    let preview = draft.preview(&library);
    if dry_run {
        wallet.world().host.note(&send::words(core, &preview));
        let made = TransactionValue::made(draft.into_transaction(), None);
        return Ok(Value::object(SendResult::new(made, false)));
    }
    if args.flag("confirm") {
        send::confirm(core, &preview, "send it")?;
    }
    let signed = draft.sign(&library)?;
    wallet.note_keys(&library)?;
    let missing = signed.missing.iter().map(words);
    let missing: Vec<String> = missing.collect();
    let (transaction, submitted) = send::submit_signed(wallet, signed, &preview)?;
    if !missing.is_empty() {
        let missing = missing.join("; ");
        wallet.world().host.note(&format!(
            "not sent: {missing}. Hand it on as .transaction.json_text(): transaction_sign() of \
             their wallet goes on with it"
        ));
    }
    Ok(Value::object(SendResult::new(transaction, submitted)))
}

fn words(missing: &MissingSignature) -> String {
    let owners: Vec<String> = missing.owners.iter().map(ToString::to_string).collect();
    match (missing.count, owners.as_slice()) {
        (_, []) => "a signature is missing".to_owned(),
        (1, [owner]) => format!("the signature of {owner} is missing"),
        (1, owners) => format!("a signature of one of {} is missing", owners.join(", ")),
        (count, owners) => format!("{count} signatures of {} are missing", owners.join(", ")),
    }
}
