//! Signing what others made, and handing it on.
use std::sync::Arc;

use super::handed;
use super::send;
use super::transaction::{TransactionValue, transaction};
use super::wallet::Wallet;
use crate::object::{Args, Class, Member, Paint, Result, Ty, Value, class_of, print};
use crate::tfchain::wallet::{Preview, WalletError};

/// Signs everything the wallet can, asks, and submits when nothing is missing.
///
/// # Errors
/// As [`send::send`].
pub fn sign(wallet: &Arc<Wallet>, args: &Args) -> Result<Value> {
    let transaction = transaction(args.get("txn"))?;
    let differences = handed::examine(wallet, &transaction)?;
    let library = wallet.library()?;
    let core = wallet.client();
    let explorer = core.explorer()?;
    let signed = core.ask(async {
        let newest = async { Ok::<_, WalletError>(explorer.chain_info().await?) };
        let (parents, newest) = tokio::try_join!(library.parents(&transaction), newest)?;
        let signed = library.sign_spending(transaction.clone(), &parents).await?;
        Ok::<_, WalletError>((parents, signed, newest.height))
    });
    wallet.note_keys(&library)?;
    let (parents, signed, height) = signed?;
    let submit = args.flag("submit") && signed.is_complete();
    if !signed.signed && !submit {
        let same = TransactionValue::made(transaction, None);
        return Ok(Value::object(SignResult::new(same, false, false)));
    }
    let mut preview = Preview::of_transaction(
        &signed.transaction,
        |id| parents.get(id).cloned(),
        library.network(),
        &library.known_addresses(),
        Some(height),
        library.clock(),
    );
    if !differences.is_empty() {
        let words = format!(
            "not what this wallet signed before: {}",
            differences.join(", ")
        );
        wallet.world().host.note(&words);
        preview.facts.push(words);
    }
    if args.flag("confirm") {
        let what = if submit {
            "sign and send it"
        } else {
            "sign it"
        };
        send::confirm(core, &preview, what)?;
    }
    let added = signed.signed;
    if !submit {
        handed::keep(wallet, &signed.transaction)?;
        let made = TransactionValue::made(signed.transaction, None);
        return Ok(Value::object(SignResult::new(made, added, false)));
    }
    let (made, submitted) = send::submit_signed(wallet, signed, &preview)?;
    Ok(Value::object(SignResult::new(made, added, submitted)))
}

/// What signing answers.
pub struct SignResult {
    transaction: Arc<TransactionValue>,
    signed: bool,
    submitted: bool,
}

impl SignResult {
    fn new(transaction: Arc<TransactionValue>, signed: bool, submitted: bool) -> Self {
        SignResult {
            transaction,
            signed,
            submitted,
        }
    }
}

const SAMPLE: &str = "t = w.balance.drain(w.address, c.minimum_miner_fee)[0]\n\
                      txn, signed, submitted = w.transaction_sign(t)";

impl Class for SignResult {
    const NAME: &'static str = "TransactionSignResult";
    const DOC: &'static str = "What signing answers: the transaction, and what was done with it.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property(
            "transaction",
            Ty::Object(class_of::<TransactionValue>),
            "The transaction, with the signatures.",
            SAMPLE,
            |this, _| Ok(this.transaction.clone().into()),
        ),
        Member::property(
            "signed",
            Ty::Bool,
            "True if at least one signature was added.",
            SAMPLE,
            |this, _| Ok(this.signed.into()),
        ),
        Member::property(
            "submitted",
            Ty::Bool,
            "True if it was submitted.",
            SAMPLE,
            |this, _| Ok(this.submitted.into()),
        ),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        format!(
            "TransactionSignResult(transaction={}, signed={}, submitted={})",
            Class::repr(&*self.transaction, Paint::Plain),
            print::truth(self.signed),
            print::truth(self.submitted)
        )
    }
    fn items(&self) -> Option<Vec<Value>> {
        Some(vec![
            self.transaction.clone().into(),
            self.signed.into(),
            self.submitted.into(),
        ])
    }
    fn index(self: &Arc<Self>, index: &Value) -> Option<Result<Value>> {
        send::element(&self.items()?, index)
    }
    fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "transaction": Class::to_json(&*self.transaction),
            "signed": self.signed,
            "submitted": self.submitted,
        })
    }
}
