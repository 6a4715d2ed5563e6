//! `w.capacity`: reserving capacity of the grid, and what one has reserved.
//!
//! * [`order`]: from a request to a paid reservation: checks, price, lock, record, notary, payment.
//! * [`ledger`]: records of reservations, kept from before they are registered.
//! * [`list`]: what a wallet has reserved, with what became of it.
//! * [`item`]: one reservation, and the table of them.
mod item;
mod ledger;
mod list;
mod order;

use std::sync::Arc;

use super::recipient;
use super::send::{CONFIRM, DRY_RUN, REFUND, SOURCE, SendResult};
use super::wallet::Wallet;
use crate::grid::reservation::{Kind as Capacity, Password, Request};
use crate::object::{
    Args, Class, Default, Error, Member, Needs, Param, Result, Ty, Value, class_of,
};

pub use item::{ReservationList, ReservationValue};

/// `w.capacity`.
pub struct WalletCapacity {
    wallet: Arc<Wallet>,
}

impl WalletCapacity {
    /// The node below a wallet.
    pub fn value(wallet: &Arc<Wallet>) -> Value {
        let wallet = wallet.clone();
        Value::object(WalletCapacity { wallet })
    }
}

const EMAIL: Param = Param::required("email", Ty::Str, "where the connection information goes");
const THREEBOT: Param = Param::required(
    "threebot_id",
    Ty::Any("name or id"),
    "your 3bot: any of its names, or its number; the wallet must have its key",
);
const LOCATION: Param = Param::required(
    "location",
    Ty::Str,
    "the id of a farm, or of a node: where it is deployed",
);
const SIZE: Param = Param::optional("size", Ty::Any("int"), Default::Int(1), "1 or 2");
const DURATION: Param = Param::optional(
    "duration",
    Ty::Int,
    Default::None,
    "months; one week without",
);
const ORDERS: Needs = Needs::NETWORK
    .and(Needs::MONEY)
    .and(Needs::UNLOCKED)
    .and(Needs::SAVES);

/// Reads a whole number that may be written as a text.
fn size(args: &Args) -> Result<i64> {
    match args.get("size") {
        Value::Int(size) => Ok(*size),
        Value::Str(text) => text
            .trim()
            .parse()
            .map_err(|_| args.error("size", format!("must be a whole number, not '{text}'"))),
        other => Err(Error::type_error(format!(
            "{}() argument 'size' must be int, not {}",
            args.method(),
            other.type_name()
        ))),
    }
}

/// What all kinds have in common.
fn request(args: &Args, kind: Capacity) -> Result<Request> {
    let mut request = Request::new(kind, args.text("email"));
    request.location = args.text("location").to_owned();
    request.duration = args.opt_int("duration");
    if kind != Capacity::ReverseProxy {
        request.size = size(args)?;
    }
    Ok(request)
}

const RESERVE: &[Member<WalletCapacity>] = &[
    Member::method(
        "reserve_zos_vm",
        &[
            EMAIL, THREEBOT, LOCATION, SIZE, SOURCE, REFUND, DURATION,
            Param::optional(
                "organization",
                Ty::Str,
                Default::None,
                "who may log in; for a month or more",
            ),
            DRY_RUN, CONFIRM,
        ],
        Ty::Object(class_of::<SendResult>),
        "Reserves a virtual machine with Zero-OS for a week, or for months.\n\
         Size 1 is 1 CPU, 2 GiB of memory and 10 GiB of disk for 41.65 TFT; size 2 is 2 CPU, 4 GiB\n\
         and 40 GiB for 83.3 TFT. A mail tells how to reach it.",
        "result = w.capacity.reserve_zos_vm(\n    email='user@email.com',       # where the mail goes\n    threebot_id='your3bot.fancyname',\n    location='ac1f6b84a330',\n    size=2,\n    dry_run=True)",
        |this: &Arc<WalletCapacity>, args| {
            let mut request = request(args, Capacity::Vm)?;
            request.organization = args.opt_text("organization").map(String::from);
            order::reserve(&this.wallet, args, request)
        },
    )
    .needs(ORDERS),
    Member::method(
        "reserve_s3",
        &[
            EMAIL, THREEBOT, LOCATION, SIZE, SOURCE, REFUND, DURATION, DRY_RUN, CONFIRM,
        ],
        Ty::Object(class_of::<SendResult>),
        "Reserves an archive with the S3 protocol for a week, or for months.\n\
         Size 1 is 500 GB for 41.65 TFT, size 2 is 1000 GB for 83.3 TFT. A mail tells how to reach it.",
        "w.capacity.reserve_s3('user@mail.com', 'your3bot.fancyname', 'freefarm.s3-storage', dry_run=True)",
        |this: &Arc<WalletCapacity>, args| {
            order::reserve(&this.wallet, args, request(args, Capacity::S3)?)
        },
    )
    .needs(ORDERS),
    Member::method(
        "reserve_zdb_namespace",
        &[
            EMAIL,
            THREEBOT,
            LOCATION,
            Param::optional("size", Ty::Any("int"), Default::Int(1), "gigabytes"),
            Param::optional("disk_type", Ty::Str, Default::Str("ssd"), "ssd or hdd"),
            Param::optional(
                "mode",
                Ty::Str,
                Default::Str("seq"),
                "seq (the server numbers the values), user (own keys) or direct",
            ),
            Param::optional(
                "password",
                Ty::Str,
                Default::None,
                "of the namespace; the broker makes one without",
            )
            .secret(),
            SOURCE, REFUND, DURATION, DRY_RUN, CONFIRM,
        ],
        Ty::Object(class_of::<SendResult>),
        "Reserves a namespace of a 0-DB for a week, or for months: 0.0833 TFT for a gigabyte.\n\
         A mail tells how to reach it.",
        "w.capacity.reserve_zdb_namespace('user@mail.com', 'your3bot.fancyname', 'ac1f6b84a330', size=5, dry_run=True)",
        |this: &Arc<WalletCapacity>, args| {
            let mut request = request(args, Capacity::Namespace)?;
            request.disk_type = args.text("disk_type").to_owned();
            request.mode = args.text("mode").to_owned();
            request.password = Password::new(args.text("password"));
            order::reserve(&this.wallet, args, request)
        },
    )
    .needs(ORDERS),
    Member::method(
        "reserve_reverse_proxy",
        &[
            EMAIL,
            THREEBOT,
            Param::required("domain", Ty::Str, "the name that leads to the backends"),
            Param::required(
                "backend_urls",
                Ty::Any("list or str"),
                "where requests go: http://10.244.1.2:8080; several with commas, or a list",
            ),
            SOURCE, REFUND, DURATION, DRY_RUN, CONFIRM,
        ],
        Ty::Object(class_of::<SendResult>),
        "Reserves a reverse proxy for a week, or for months: a domain for 10 TFT.\n\
         A mail tells to which address the domain must point.",
        "w.capacity.reserve_reverse_proxy('user@mail.com', 'your3bot.fancyname', 'my.example.org', ['http://10.244.1.2:8080'], dry_run=True)",
        |this: &Arc<WalletCapacity>, args| {
            let mut request = request(args, Capacity::ReverseProxy)?;
            request.domain = args.text("domain").to_owned();
            let wrong = || args.error("backend_urls", "must be a list of texts, or a text");
            request.backend_urls = match args.get("backend_urls") {
                Value::Str(urls) => vec![urls.clone()],
                Value::List(urls) => urls
                    .iter()
                    .map(|url| url.as_str().map(String::from).ok_or_else(wrong))
                    .collect::<Result<_>>()?,
                _ => return Err(wrong()),
            };
            order::reserve(&this.wallet, args, request)
        },
    )
    .needs(ORDERS),
    Member::method(
        "reservation_extend",
        &[
            Param::required(
                "transaction_id",
                Ty::Any("id"),
                "the transaction that paid for it",
            ),
            EMAIL,
            Param::optional("duration", Ty::Int, Default::Int(1), "months more"),
            SOURCE, REFUND, DRY_RUN, CONFIRM,
        ],
        Ty::Object(class_of::<SendResult>),
        "Pays for more months of what was reserved before, at the price of its kind and size.",
        "r = w.capacity.reserve_zdb_namespace('user@mail.com', 'your3bot.fancyname', 'ac1f6b84a330', duration=1)\n\
             b = j.devnet.block_make()\n\
             w.capacity.reservation_extend(r.transaction.id, 'user@mail.com')",
        |this: &Arc<WalletCapacity>, args| {
            let id = recipient::id(args.get("transaction_id"))?;
            order::extend(&this.wallet, args, id)
        },
    )
    .needs(ORDERS),
];

const KEPT: &[Member<WalletCapacity>] = &[
    Member::method(
        "list",
        &[],
        Ty::Object(class_of::<ReservationList>),
        "Lists what the wallet has reserved, newest first, with its state, until when it lasts, and\n\
         how to reach it. Reservations of another shell with the same recovery words are found by\n\
         their payments.",
        "w.capacity.list()",
        |this: &Arc<WalletCapacity>, _| list::list(&this.wallet),
    )
    .needs(Needs::NETWORK.and(Needs::UNLOCKED)),
    Member::method(
        "pending",
        &[],
        Ty::List,
        "Lists the reservations that are not paid: their payment failed, or was not known to\n\
         succeed. pay() pays one without registering it twice.",
        "w.capacity.pending()",
        |this: &Arc<WalletCapacity>, _| {
            let all = list::reservations(&this.wallet)?;
            let open = all.into_iter().filter(|one| one.is_unpaid());
            Ok(open.map(Value::object).collect())
        },
    )
    .needs(Needs::NETWORK.and(Needs::UNLOCKED)),
    Member::method(
        "pay",
        &[
            Param::required(
                "reservation",
                Ty::Any("hash or reservation"),
                "its hash, or an element of pending()",
            ),
            SOURCE, REFUND, DRY_RUN, CONFIRM,
        ],
        Ty::Object(class_of::<SendResult>),
        "Pays for a reservation that was made before and is not paid. It keeps its hash, so it is\n\
         neither registered nor paid twice.",
        "w.capacity.pending().map(|r| w.capacity.pay(r))",
        |this: &Arc<WalletCapacity>, args| {
            let hash = match args.get("reservation").downcast::<ReservationValue>() {
                Some(reservation) => reservation.hash(),
                None => recipient::id(args.get("reservation"))?,
            };
            order::pay(&this.wallet, args, hash)
        },
    )
    .needs(ORDERS),
    Member::method(
        "reservations_transactions_list",
        &[],
        Ty::List,
        "Lists the ids of the transactions that paid for reservations.",
        "w.capacity.reservations_transactions_list()",
        |this: &Arc<WalletCapacity>, _| {
            let all = list::reservations(&this.wallet)?;
            let ids = all.iter().filter_map(ReservationValue::transaction);
            Ok(ids.map(|id| Value::Str(id.to_string())).collect())
        },
    )
    .needs(Needs::NETWORK.and(Needs::UNLOCKED)),
];

impl Class for WalletCapacity {
    const NAME: &'static str = "TFChainWalletCapacity";
    const DOC: &'static str = "Reserving capacity of the grid with the coins of a wallet.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[RESERVE, KEPT];

    fn location(&self) -> String {
        format!("{}.capacity", self.wallet.path())
    }
}
