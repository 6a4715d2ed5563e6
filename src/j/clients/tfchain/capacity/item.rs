//! One reservation, and the table of them.
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::json;

use super::super::amount::Currency;
use super::super::send::element;
use super::super::wallet::Wallet;
use super::ledger::Kept;
use crate::grid::reservation::Kind as Capacity;
use crate::object::columns::aligned;
use crate::object::{Class, Error, Kind, Member, Needs, Paint, Result, Ty, Value, class_of};
use crate::tfchain::Hash;
use crate::tfchain::wallet::format_time;

/// What became of a reservation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Its payment is in a block, and its time is not over.
    Paid,
    /// Its payment waits for its block.
    Waits,
    /// Its time is over.
    Expired,
    /// The broker sent the coins back.
    Refunded,
    /// A payment was made whose fate is not known.
    Unclear,
    /// It is not paid.
    Unpaid,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            State::Paid => "paid",
            State::Waits => "waits for its block",
            State::Expired => "expired",
            State::Refunded => "refunded",
            State::Unclear => "payment unclear",
            State::Unpaid => "not paid",
        }
    }
}

/// A reservation of a wallet.
pub struct ReservationValue {
    wallet: Arc<Wallet>,
    kept: Kept,
    state: State,
    transaction: Option<Hash>,
    end: u64,
}

impl ReservationValue {
    /// A reservation with what became of it; `end` in seconds since 1970.
    pub fn new(
        wallet: Arc<Wallet>,
        kept: Kept,
        state: State,
        transaction: Option<Hash>,
        end: u64,
    ) -> Self {
        ReservationValue {
            wallet,
            kept,
            state,
            transaction,
            end,
        }
    }

    /// Its name at the notary.
    pub fn hash(&self) -> Hash {
        self.kept.hash
    }

    /// Whether it waits for a payment.
    pub fn is_unpaid(&self) -> bool {
        matches!(self.state, State::Unpaid | State::Unclear)
    }

    /// The transaction that paid for it.
    pub fn transaction(&self) -> Option<Hash> {
        self.transaction
            .filter(|_| !matches!(self.state, State::Unpaid | State::Unclear))
    }

    fn until(&self) -> String {
        let at = i64::try_from(self.end).ok();
        let at = at.and_then(|at| Timestamp::from_second(at).ok());
        at.map_or_else(
            || "-".into(),
            |at| format_time(at, self.wallet.client().clock().zone()),
        )
    }

    fn lasts(&self) -> bool {
        self.kept.extends.is_none()
            && matches!(self.state, State::Paid | State::Waits | State::Expired)
    }

    /// How it is reached.
    fn reach(&self) -> String {
        match self.state {
            State::Expired | State::Refunded => return "-".into(),
            State::Unclear => return format!("{}.pending(send=True)", self.wallet.path()),
            State::Unpaid => {
                let path = self.wallet.path();
                return format!("{path}.capacity.pay('{}')", self.kept.hash);
            }
            State::Paid | State::Waits => {}
        }
        let mail = &self.kept.email;
        match self.kept.kind() {
            Some(Capacity::Vm) => {
                format!("j.clients.zos.get('my_vm', host='<address in the mail to {mail}>')")
            }
            Some(Capacity::S3) => format!(
                "j.clients.s3.new('archive', address='<…>', accesskey_='<…>', secretkey_='<…>'), all in the mail to {mail}"
            ),
            Some(Capacity::Namespace) => format!(
                "j.clients.zdb.client_get(nsname='<…>', addr='<…>', port=…, secret='<…>'), all in the mail to {mail}"
            ),
            Some(Capacity::ReverseProxy) => format!("http://{}/", self.kept.location),
            Some(Capacity::Extension) | None => "-".into(),
        }
    }

    fn json(&self) -> serde_json::Value {
        json!({
            "hash": self.kept.hash.to_string(),
            "kind": self.kept.kind,
            "gives": self.kept.gives,
            "location": self.kept.location,
            "state": self.state.word(),
            "price": self.kept.price.to_string(),
            "email": self.kept.email,
            "threebot_id": self.kept.threebot_id,
            "created": self.kept.created,
            "expires": self.lasts().then_some(self.end),
            "transaction_id": self.transaction.map(|id| id.to_string()),
            "extends": self.kept.extends,
            "reach": self.reach(),
        })
    }
}

impl Class for ReservationValue {
    const NAME: &'static str = "CapacityReservation";
    const DOC: &'static str = "A reservation of capacity, and what became of it.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property(
            "hash",
            Ty::Str,
            "Its name at the notary, which its payment carries.",
            "w.capacity.list()",
            |this, _| Ok(this.kept.hash.to_string().into()),
        ),
        Member::property(
            "kind",
            Ty::Str,
            "What it is: vm, s3, namespace, reverse_proxy or extension.",
            "w.capacity.list()",
            |this, _| Ok(this.kept.kind.clone().into()),
        ),
        Member::property(
            "state",
            Ty::Str,
            "What became of it: paid, waits for its block, expired, refunded, payment unclear or\n\
             not paid.",
            "w.capacity.list()",
            |this, _| Ok(this.state.word().into()),
        ),
        Member::property(
            "price",
            Ty::Object(class_of::<Currency>),
            "What it costs, without the fee.",
            "w.capacity.list()",
            |this, _| Ok(Currency::value(this.kept.price.clone())),
        ),
        Member::property(
            "expires",
            Ty::Int,
            "Until when it lasts, in Unix seconds; None when it does not last.",
            "w.capacity.list()",
            |this, _| {
                let end = i64::try_from(this.end).unwrap_or(i64::MAX);
                Ok(this.lasts().then_some(end).into())
            },
        ),
        Member::property(
            "transaction_id",
            Ty::Str,
            "The transaction that pays for it; None when there is none.",
            "w.capacity.list()",
            |this, _| Ok(this.transaction.map(|id| id.to_string()).into()),
        ),
        Member::property(
            "reach",
            Ty::Str,
            "How to reach it, as far as it is known before the mail is read.",
            "w.capacity.list()",
            |this, _| Ok(this.reach().into()),
        ),
        Member::method(
            "json",
            &[],
            Ty::Dict,
            "Returns all that is known of it as a dict.",
            "w.capacity.list()",
            |this: &Arc<ReservationValue>, _| Ok(Value::from_json(&this.json())),
        ),
        Member::method(
            "forget",
            &[],
            Ty::Nothing,
            "Drops the record of one that is not paid, after a question.",
            "w.capacity.pending()",
            |this: &Arc<ReservationValue>, _| {
                if this.state != State::Unpaid {
                    return Err(Error::new(
                        Kind::Refused,
                        format!("it is not forgotten: its state is '{}'", this.state.word()),
                    ));
                }
                let host = &this.wallet.world().host;
                host.confirm(
                    &format!("{}, {}", this.kept.kind, this.kept.gives),
                    "forget this reservation? It is not paid",
                )?;
                this.kept.forget(&this.wallet).map(Value::from)
            },
        )
        .needs(Needs::SAVES),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        let kept = &self.kept;
        let until = match self.lasts() {
            true => format!(", until={}", self.until()),
            false => String::new(),
        };
        format!(
            "CapacityReservation(kind={}, gives='{}', location={}, state='{}'{until}, price={}, hash={})",
            kept.kind,
            kept.gives,
            kept.location,
            self.state.word(),
            kept.price.with_unit(),
            kept.hash
        )
    }
    fn to_json(&self) -> serde_json::Value {
        self.json()
    }
}

/// What a wallet has reserved.
pub struct ReservationList(pub Vec<Arc<ReservationValue>>);

impl Class for ReservationList {
    const NAME: &'static str = "CapacityReservations";
    const DOC: &'static str = "Reservations of a wallet; a table on screen, objects in a script.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[Member::method(
        "list",
        &[],
        Ty::List,
        "The same as a plain list.",
        "w.capacity.list().list()",
        |this: &Arc<ReservationList>, _| Ok(Value::List(this.items().unwrap_or_default())),
    )]];

    fn repr(&self, _paint: Paint) -> String {
        if self.0.is_empty() {
            return "nothing is reserved".into();
        }
        let titles = [
            "kind", "gives", "location", "state", "until", "price", "reach",
        ];
        let mut rows = vec![titles.map(String::from)];
        rows.extend(self.0.iter().map(|one| {
            let until = match one.lasts() {
                true => one.until(),
                false => "-".into(),
            };
            [
                one.kept.kind.clone(),
                one.kept.gives.clone(),
                one.kept.location.clone(),
                one.state.word().into(),
                until,
                one.kept.price.with_unit(),
                one.reach(),
            ]
        }));
        aligned(&rows, &[5])
    }
    fn inline(&self) -> String {
        format!("CapacityReservations({})", self.0.len())
    }
    fn to_json(&self) -> serde_json::Value {
        self.0.iter().map(|one| one.json()).collect()
    }
    fn items(&self) -> Option<Vec<Value>> {
        Some(self.0.iter().cloned().map(Value::from).collect())
    }
    fn index(self: &Arc<Self>, index: &Value) -> Option<Result<Value>> {
        element(&self.items()?, index)
    }
}
