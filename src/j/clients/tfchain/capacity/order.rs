//! From a request to a paid reservation.
//!
//! Nothing leaves this machine before everything is checked, there is enough money, the price was
//! shown and agreed to, and the reservation is kept in the store. It is paid only when the notary
//! answers the hash that is computed here too.
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::super::place::ClientCore;
use super::super::send::{self, Order, SendResult};
use super::super::transaction::TransactionValue;
use super::super::wallet::Wallet;
use super::ledger::{self, Kept, Parties};
use crate::grid::BROKER;
use crate::grid::directory::Directory;
use crate::grid::notary::{Notary, NotaryError, Register};
use crate::grid::reservation::{Kind as Capacity, Request, Reservation, ReservationError};
use crate::grid::sealed::{NONCE, Sealed, notary_hash, open};
use crate::j::clients::grid::{Place, pay_hint};
use crate::j::devnet;
use crate::object::{Args, Error, Kind, Result, Value};
use crate::tfchain::explorer::ExplorerTransaction;
use crate::tfchain::wallet::{
    BotIdentifier, Payment, Recipient, Wallet as Library, WalletError, bot_record, format_time,
};
use crate::tfchain::{Amount, BotId, BotRecord, Hash, KeyPair};

/// Where the grid of a wallet's network is.
pub(super) fn place(wallet: &Wallet) -> Result<Place> {
    let is_devnet = wallet.client().place()?.is_devnet();
    wallet.world().grid.place(wallet.world(), is_devnet)
}

/// Reserves what is asked for.
///
/// # Errors
/// What is wrong with the request, in the order of the original; no 3bot, no key, no money; what
/// the notary or the chain says.
pub fn reserve(wallet: &Arc<Wallet>, args: &Args, request: Request) -> Result<Value> {
    let world = wallet.world();
    let place = place(wallet)?;
    let directory = world.grid.directory(world, &place.directory)?;
    let now = world.seconds();
    let reservation = match world.block_on(request.check(&*directory, now))? {
        Ok(reservation) => reservation,
        Err(error) => return Err(explain(wallet, &directory, error)),
    };
    let threebot = threebot_id(args)?;
    let (bot, key) = own_bot(wallet, &threebot)?;
    if let Some(months) = reservation.duration {
        ends_before(&bot, reservation.expiry(now), months)?;
    }
    let price = reservation.price().unwrap_or(Amount::ZERO);
    let made = make(wallet, &place, (threebot, bot, key), &reservation, price)?;
    carry_out(wallet, args, &place, made)
}

/// Pays for more months of an earlier reservation.
///
/// # Errors
/// As [`reserve`]; a transaction that paid for none.
pub fn extend(wallet: &Arc<Wallet>, args: &Args, transaction: Hash) -> Result<Value> {
    let place = place(wallet)?;
    let core = wallet.client();
    let months = args.opt_int("duration").unwrap_or(1);
    let extension = Request::extension(&transaction.to_string(), args.text("email"), months)?;
    let months = extension.duration.unwrap_or(1);
    let explorer = core.explorer()?;
    let paid = core.ask(explorer.transaction(transaction))?;
    let invalid = || {
        Error::value("Invalid reservation transaction")
            .hint("the transaction that paid for a reservation: w.capacity.list()")
    };
    let hash = data_hash(&paid).ok_or_else(invalid)?;
    let Some((register, _, earlier)) = read_back(wallet, &place, hash)? else {
        return Err(invalid());
    };
    let price = earlier.extension_price(months).ok_or_else(invalid)?;
    let threebot = register.threebot_id;
    let (bot, key) = own_bot(wallet, &threebot)?;
    let made = make(wallet, &place, (threebot, bot, key), &extension, price)?;
    carry_out(wallet, args, &place, made)
}

/// Pays for a reservation that was kept and is not paid.
///
/// # Errors
/// When it is not known here, or is paid; as [`reserve`].
pub fn pay(wallet: &Arc<Wallet>, args: &Args, hash: Hash) -> Result<Value> {
    let kept = ledger::all(wallet)?
        .into_iter()
        .find(|one| one.hash == hash);
    let Some(kept) = kept else {
        return Err(Error::new(
            Kind::NotFound,
            format!("this wallet has made no reservation {hash}"),
        )
        .hint(format!(
            "those that are not paid: {}.capacity.pending()",
            wallet.path()
        )));
    };
    let paid = super::list::payments(wallet)?.remove(&hash);
    if let Some(paid) = paid {
        return Err(Error::new(
            Kind::Refused,
            format!(
                "nothing was sent: reservation {hash} is paid by transaction {}",
                paid.id
            ),
        ));
    }
    let place = place(wallet)?;
    carry_out(wallet, args, &place, kept)
}

/// The notary's hash in the data of a transaction.
pub(super) fn data_hash(transaction: &ExplorerTransaction) -> Option<Hash> {
    let data = std::str::from_utf8(transaction.transaction.arbitrary_data()).ok()?;
    // Only as it is written: 64 lower-case digits.
    let hash: Hash = data.parse().ok()?;
    (hash.to_string() == data).then_some(hash)
}

/// Asks the notary for a reservation, and opens it with the key of its 3bot. None when the notary
/// has none, or the wallet has not the key.
///
/// # Errors
/// When notary or chain cannot be asked.
pub(super) fn read_back(
    wallet: &Arc<Wallet>,
    place: &Place,
    hash: Hash,
) -> Result<Option<(Register, BotId, Reservation)>> {
    let stored = match wallet.world().block_on(place.notary().get(hash))? {
        Ok(stored) => stored,
        Err(NotaryError::NotFound(_)) => return Ok(None),
        Err(error) => return Err(out_of_reach(place, error)),
    };
    let register = stored.register;
    let (bot, key) = match own_bot(wallet, &register.threebot_id) {
        Ok(own) => own,
        Err(error) if matches!(error.kind, Kind::NotFound | Kind::Value) => return Ok(None),
        Err(error) => return Err(error),
    };
    let content = &register.sealed.content;
    if notary_hash(u64::from(bot.id), content) != hash {
        return Ok(None);
    }
    let broker = broker_record(wallet.client(), &place.broker)?;
    let opened = open(content, &key, &broker.public_key);
    let read = opened
        .ok()
        .and_then(|packed| Reservation::unpack(&packed).ok());
    Ok(read.map(|reservation| (register, bot.id, reservation)))
}

fn explain(wallet: &Wallet, directory: &Directory, error: ReservationError) -> Error {
    let of_location = matches!(error, ReservationError::Location(_));
    let told = Error::from(error);
    if !of_location {
        return told;
    }
    // Whether there is no such place, or nobody to ask, is the same to the check but not to a person.
    directory.forget();
    match wallet.world().block_on(directory.farmers()) {
        Ok(Err(why)) => told.hint(format!("{why} (asked: {})", directory.address())),
        _ => told,
    }
}

fn threebot_id(args: &Args) -> Result<String> {
    match args.get("threebot_id") {
        Value::Str(text) => Ok(text.trim().to_owned()),
        Value::Int(number) => Ok(number.to_string()),
        other => Err(Error::type_error(format!(
            "{}() argument 'threebot_id' must be a name or a number, not {}",
            args.method(),
            other.type_name()
        ))),
    }
}

/// The record of a 3bot, and its key.
fn own_bot(wallet: &Arc<Wallet>, threebot: &str) -> Result<(BotRecord, KeyPair)> {
    let (core, library) = (wallet.client(), wallet.library()?);
    let bot = record(core, threebot)?;
    let mut key = key_of(&library, &bot);
    if key.is_none() {
        // It may be one of an address that was used elsewhere.
        let scanned = core.ask(library.scan());
        wallet.note_keys(&library)?;
        scanned?;
        key = key_of(&library, &bot);
    }
    let key = key.ok_or_else(|| {
        Error::new(
            Kind::NotFound,
            format!(
                "could not found the private used to create the threebot {threebot}. \
                 Please generate more addresses"
            ),
        )
        .hint(format!(
            "add the address whose key it is: {}.address_new()",
            wallet.path()
        ))
    })?;
    Ok((bot, key))
}

fn record(core: &ClientCore, threebot: &str) -> Result<BotRecord> {
    let identifier = match threebot.parse::<i64>() {
        Ok(number) => BotIdentifier::from_number(number),
        Err(_) => BotIdentifier::parse(threebot),
    };
    let identifier = identifier.map_err(WalletError::from)?;
    let explorer = core.explorer()?;
    core.ask(bot_record(&explorer, &identifier))
}

fn key_of(library: &Library, bot: &BotRecord) -> Option<KeyPair> {
    let keys = library.known_addresses().into_iter();
    keys.filter_map(|address| library.key_pair(&address).ok())
        .find(|key| *key.public_key() == bot.public_key)
}

fn broker_record(core: &ClientCore, broker: &str) -> Result<BotRecord> {
    let mut found = record(core, broker);
    // The broker of a devnet becomes a 3bot when somebody needs it.
    if matches!(&found, Err(error) if error.kind == Kind::NotFound)
        && broker == BROKER
        && core.place()?.is_devnet()
        && devnet::grid::broker_ready(&core.base.world)?
    {
        found = record(core, broker);
    }
    found.map_err(|error| {
        if error.kind != Kind::NotFound {
            return error;
        }
        let network = core.network_type();
        Error::new(
            Kind::NotFound,
            format!("the broker '{broker}' is no 3bot of the network {network}: nobody would deploy what is reserved"),
        )
        .hint("another broker: j.clients.threefold_directory.new('main', broker='name')")
    })
}

/// A reservation of months must end before its 3bot does; days are compared (spec: capacity §7).
fn ends_before(bot: &BotRecord, expiry: u64, months: u32) -> Result<()> {
    let day = |seconds: u64| seconds / 86_400;
    if day(expiry) <= day(bot.expiration) {
        return Ok(());
    }
    let until = i64::try_from(bot.expiration).ok();
    let until = until.and_then(|at| Timestamp::from_second(at).ok());
    let until = until.map_or_else(String::new, |at| format_time(at, &TimeZone::UTC));
    Err(
        Error::value("Capacity expiration time exceeds threebot's expiration").hint(format!(
            "the 3bot is paid until {until}: fewer than {months} months, or more time for it: \
             w.threebot.record_update(id, months=…)"
        )),
    )
}

fn nonce() -> Result<[u8; NONCE]> {
    let mut nonce = [0; NONCE];
    getrandom::fill(&mut nonce)
        .map_err(|e| Error::new(Kind::Internal, format!("no random numbers: {e}")))?;
    Ok(nonce)
}

/// Locks a reservation for the broker, and signs it. Nothing is stored or sent yet.
fn make(
    wallet: &Wallet,
    place: &Place,
    (threebot_id, bot, key): (String, BotRecord, KeyPair),
    reservation: &Reservation,
    price: Amount,
) -> Result<Kept> {
    let broker = broker_record(wallet.client(), &place.broker)?;
    let packed = zeroize::Zeroizing::new(reservation.pack());
    let sealed = Sealed::new(&packed, &key, &broker.public_key, nonce()?)?;
    let hash = notary_hash(u64::from(bot.id), &sealed.content);
    let parties = Parties {
        threebot_id,
        bot: bot.id,
        broker: place.broker.clone(),
        pay_to: broker.public_key.unlock_hash(),
    };
    let now = wallet.world().now().duration_since(UNIX_EPOCH);
    let now = now.unwrap_or_default();
    let about = (hash, price, now.as_secs());
    let mut kept = Kept::new(wallet, parties, reservation, &sealed, about)?;
    kept.made = u64::try_from(now.as_millis()).unwrap_or(kept.made);
    Ok(kept)
}

/// What is reserved, in words, above the payment.
fn words(kept: &Kept) -> String {
    let what = match kept.kind() {
        Some(Capacity::Vm) => "virtual machine with Zero-OS",
        Some(Capacity::S3) => "S3 archive",
        Some(Capacity::Namespace) => "0-DB namespace",
        Some(Capacity::ReverseProxy) => "reverse proxy",
        Some(Capacity::Extension) | None => "more time",
    };
    let place = match kept.kind() {
        Some(Capacity::Vm | Capacity::S3 | Capacity::Namespace) => {
            format!(", at {}", kept.location)
        }
        _ => String::new(),
    };
    let time = match kept.duration {
        None => "one week".to_owned(),
        Some(1) => "1 month".to_owned(),
        Some(months) => format!("{months} months"),
    };
    format!(
        "reserve: {what}: {}{place}, for {time}\nprice: {}, paid to {}\nmail to: {}",
        kept.gives,
        kept.price.with_unit(),
        kept.broker,
        kept.email
    )
}

/// Drafts the payment, asks, keeps, registers, pays.
fn carry_out(wallet: &Arc<Wallet>, args: &Args, place: &Place, mut kept: Kept) -> Result<Value> {
    let core = wallet.client();
    let mut order = Order::of(args)?;
    order.request.payments.push(Payment {
        recipient: Recipient::Address(kept.pay_to),
        amount: kept.price.clone(),
        lock: None,
    });
    order.request.data = kept.hash.to_string().into_bytes();
    if !order.dry_run {
        send::refuse_while_unclear(wallet)?;
    }
    let library = wallet.library()?;
    let drafted = send::drafted(wallet, &library, &order.request);
    let (draft, preview) = drafted.map_err(|error| match error.kind {
        // Not enough money, as a rule.
        Kind::Value => error.hint(format!("the price is {}", kept.price.with_unit())),
        _ => error,
    })?;
    let said = words(&kept);
    if order.dry_run {
        let text = format!("{said}\n{}", send::words(core, &preview));
        wallet.world().host.note(&text);
        let made = TransactionValue::made(draft.transaction, None);
        return Ok(Value::object(SendResult::new(made, false)));
    }
    if order.confirm && !core.place()?.is_devnet() {
        send::confirm_with(core, &said, &preview, "reserve and pay it")?;
    } else {
        // Who is not asked sees the price all the same.
        wallet.world().host.note(&said);
    }
    kept.keep(wallet)?;
    register(wallet, place, &mut kept)?;
    let hint = || pay_hint(&wallet.path(), kept.hash);
    let signed = library
        .sign(&draft)
        .map_err(|e| Error::from(e).hint(hint()))?;
    if signed.is_complete() {
        let mut paying = kept.clone();
        paying.transaction = Some(signed.transaction.id()?);
        paying.keep(wallet)?;
    }
    match send::submit_signed(wallet, signed, &preview) {
        Ok((transaction, submitted)) => Ok(Value::object(SendResult::new(transaction, submitted))),
        // Whether it is paid is not known: the wallet's pending() makes sure.
        Err(error) if matches!(error.kind, Kind::Network | Kind::Interrupted) => Err(error),
        Err(error) => {
            kept.keep(wallet)?;
            Err(error.hint(hint()))
        }
    }
}

/// Registers a kept reservation. When the notary does not want it, its record goes; when nobody
/// knows whether the notary has it, the record stays.
fn register(wallet: &Wallet, place: &Place, kept: &mut Kept) -> Result<()> {
    let notary: Notary = place.notary();
    let known = kept.registered;
    let told = kept.register();
    let registering = notary.register(u64::from(kept.bot), &told);
    let error = match wallet.world().block_on(registering) {
        Ok(Ok(_hash)) => {
            kept.registered = true;
            return kept.keep(wallet);
        }
        Ok(Err(error)) => error,
        Err(interrupted) => {
            return Err(interrupted.hint(format!(
                "nothing was paid; {}",
                pay_hint(&wallet.path(), kept.hash)
            )));
        }
    };
    let keep = known || error.is_unclear();
    let told = out_of_reach(place, error);
    if keep {
        return Err(told.hint(format!(
            "nothing was paid; {}",
            pay_hint(&wallet.path(), kept.hash)
        )));
    }
    kept.forget(wallet)?;
    Err(told.hint("nothing was paid, nothing is reserved"))
}

fn out_of_reach(place: &Place, error: NotaryError) -> Error {
    let told = Error::from(error);
    match told.kind {
        Kind::Network => told.hint(format!(
            "the notary at {}:{} is asked; another one: j.clients.gedis.new('tfnotary', host='…', port=5000)",
            place.notary.host, place.notary.port
        )),
        _ => told,
    }
}
