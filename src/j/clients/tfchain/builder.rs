//! A transaction with several recipients, put together step by step.
use std::sync::{Arc, Mutex, PoisonError};

use super::recipient;
use super::send::SendResult;
use super::send::{self, CONFIRM, DATA, DRY_RUN, FEE, FEE_HIGH, LOCK, Order, REFUND, SOURCE};
use super::wallet::Wallet;
use crate::object::{Class, Error, Kind, Member, Needs, Paint, Param, Result, Ty, class_of};
use crate::tfchain::wallet::Payment;

/// A transaction that is being put together; None once it was sent.
pub struct Builder {
    wallet: Arc<Wallet>,
    payments: Mutex<Option<Vec<Payment>>>,
}

impl Builder {
    /// An empty one.
    pub fn new(wallet: Arc<Wallet>) -> Self {
        Builder {
            wallet,
            payments: Mutex::new(Some(Vec::new())),
        }
    }

    fn with<T>(&self, work: impl FnOnce(&mut Option<Vec<Payment>>) -> Option<T>) -> Result<T> {
        let mut payments = self.payments.lock().unwrap_or_else(PoisonError::into_inner);
        work(&mut payments).ok_or_else(|| {
            Error::new(
                Kind::Refused,
                "coin transaction builder is already consumed",
            )
            .hint("make a new one: w.coin_transaction_builder_new()")
        })
    }
}

impl Class for Builder {
    const NAME: &'static str = "CoinTransactionBuilder";
    const DOC: &'static str = "A transaction with several recipients, put together step by step.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::method(
            "output_add",
            &[
                Param::required("recipient", Ty::Any("recipient"), "who receives"),
                Param::required("amount", Ty::Any("amount"), "how much, in TFT"),
                LOCK,
            ],
            Ty::Object(class_of::<Builder>),
            "Adds a recipient, and returns the builder.",
            "b = w.coin_transaction_builder_new()\n\
             b.output_add(w.address, 1).output_add(c.wallets.pocket_money.address, 2, lock='+7d')\n\
             b.send()",
            |this, args| {
                let payment = recipient::payment(args, this.wallet.client())?;
                // Coins for Ethereum leave in a transaction of their own kind: coins_send().
                payment.recipient.condition(payment.lock)?;
                this.with(|payments| {
                    payments.as_mut()?.push(payment);
                    Some(())
                })?;
                Ok(this.clone().into())
            },
        ),
        Member::method(
            "send",
            &[SOURCE, REFUND, DATA, FEE, FEE_HIGH, DRY_RUN, CONFIRM],
            Ty::Object(class_of::<SendResult>),
            "Signs and sends it, as coins_send() does; the builder cannot be used after that.",
            "w.coin_transaction_builder_new().output_add(w.address, 1).send()",
            |this: &Arc<Builder>, args| {
                let mut order = Order::of(args)?;
                order.request.payments = match order.dry_run {
                    true => this.with(|payments| payments.clone())?,
                    false => this.with(Option::take)?,
                };
                send::send(&this.wallet, order)
            },
        )
        .needs(Needs::NETWORK.and(Needs::MONEY)),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        match self.with(|payments| payments.as_ref().map(Vec::len)) {
            Ok(count) => format!("CoinTransactionBuilder({count} outputs)"),
            Err(_) => "CoinTransactionBuilder(consumed)".into(),
        }
    }
}
