//! The registry of 3Bots (versions 144, 145, 146) and the rules on changing it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Display;

use super::rules::Context;
use crate::tfchain::botrecord::floor_to_minute;
use crate::tfchain::constants::{
    BOT_MAX_ADDRESSES, BOT_MAX_MONTHS, BOT_MAX_NAMES, BOT_MONTH_SECONDS,
};
use crate::tfchain::hash::TransactionId;
use crate::tfchain::transaction::{BotNameTransfer, BotRecordUpdate, BotRegistration};
use crate::tfchain::{
    BotId, BotName, BotRecord, PublicKey, SignTarget, Signature, SignatureHasher,
};

/// The registry. Ids are given from 1 up.
#[derive(Clone, Debug, Default)]
pub struct Bots {
    records: BTreeMap<BotId, BotRecord>,
    keys: HashMap<PublicKey, BotId>,
    /// Names by the bot that took them last; that bot may have expired.
    names: HashMap<BotName, BotId>,
    transactions: HashMap<BotId, Vec<TransactionId>>,
}

/// Why a name leads to no bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nobody has it.
    #[error("3bot name not found")]
    NotFound,
    /// Its bot has expired.
    #[error("3bot name expired")]
    Expired,
}

const NOT_FOUND: &str = "3bot not found";

impl Bots {
    /// Returns a bot by its number.
    pub fn get(&self, id: BotId) -> Option<&BotRecord> {
        self.records.get(&id)
    }

    /// Returns a bot by its key.
    pub fn by_key(&self, key: &PublicKey) -> Option<&BotRecord> {
        self.get(*self.keys.get(key)?)
    }

    /// Returns the bot that has a name at `time` (seconds since 1970).
    ///
    /// # Errors
    /// When nobody has it, or its bot has expired.
    pub fn by_name(&self, name: &BotName, time: u64) -> Result<&BotRecord, NameError> {
        let record = self
            .names
            .get(name)
            .and_then(|id| self.get(*id))
            .ok_or(NameError::NotFound)?;
        if record.is_expired(time) {
            Err(NameError::Expired)
        } else {
            Ok(record)
        }
    }

    /// Returns the ids of a bot's transactions in chain order.
    pub fn transactions(&self, id: BotId) -> &[TransactionId] {
        self.transactions.get(&id).map_or(&[], Vec::as_slice)
    }

    /// Checks a registration beyond the rules of all transactions.
    pub(super) fn check_registration(
        &self,
        registration: &BotRegistration,
        hasher: &SignatureHasher,
        context: Context,
    ) -> Result<(), String> {
        if self
            .keys
            .contains_key(&registration.identification.public_key)
        {
            return Err("bot key is already registered".into());
        }
        let identification = &registration.identification;
        let (key, signature) = (&identification.public_key, &identification.signature);
        check_signature(key, signature, hasher, SignTarget::Bot)
            .map_err(|e| format!("failed to fulfill bot registration condition: {e}"))?;
        if registration.months == 0 {
            return Err("bot registration requires at least one month to be paid already".into());
        }
        if registration.months > BOT_MAX_MONTHS {
            return Err(format!(
                "a 3bot can only have up to {BOT_MAX_MONTHS} months prepaid"
            ));
        }
        if registration.addresses.len() > BOT_MAX_ADDRESSES {
            return Err(format!(
                "a 3bot can have a maximum of {BOT_MAX_ADDRESSES} addresses"
            ));
        }
        if registration.names.len() > BOT_MAX_NAMES {
            return Err(format!(
                "a 3bot can have a maximum of {BOT_MAX_NAMES} names"
            ));
        }
        if registration.names.is_empty() && registration.addresses.is_empty() {
            return Err("bot registration requires a name or address to be defined".into());
        }
        let unique = |what: &str, of: &str, value: &dyn Display| {
            format!(
                "invalid bot registration Tx: validateUniquenessOf{what}: {of} {value} is not unique \
                 within the given slice"
            )
        };
        if let Some(address) = first_twice(&registration.addresses) {
            return Err(unique("NetworkAddresses", "address", address));
        }
        if let Some(name) = first_twice(&registration.names) {
            return Err(unique("BotNames", "name", name));
        }
        for name in &registration.names {
            match self.by_name(name, context.time) {
                Err(NameError::NotFound) => {}
                Ok(_) => return Err("bot name is already registered".into()),
                Err(e @ NameError::Expired) => {
                    let text = "unexpected error while validating non-existence of bot's name";
                    return Err(format!("{text} {name}: {e}"));
                }
            }
        }
        Ok(())
    }

    /// Checks a record update beyond the rules of all transactions.
    pub(super) fn check_update(
        &self,
        update: &BotRecordUpdate,
        hasher: &SignatureHasher,
        context: Context,
    ) -> Result<(), String> {
        let id = update.id;
        let record = self
            .get(id)
            .ok_or_else(|| format!("bot cannot be updated: getRecordForID({id}): {NOT_FOUND}"))?;
        check_signature(
            &record.public_key,
            &update.signature,
            hasher,
            SignTarget::Bot,
        )
        .map_err(|e| format!("failed to fulfill bot record update condition: {e}"))?;
        if update.months == 0 && update.addresses.is_empty() && update.names.is_empty() {
            let text = "bot record updates requires nrOfMonths, a name or address to be defined";
            return Err(text.into());
        }
        for name in &update.names.add {
            // Also when it is the bot's own name.
            if let Ok(other) = self.by_name(name, context.time) {
                return Err(format!(
                    "bot {id} cannot be updated: areBotNamesAvailable: 3Bot with id {} and key {} \
                     already owns one of added names",
                    other.id, other.public_key
                ));
            }
        }
        updated(record, update, context.time)
            .map(|_| ())
            .map_err(|e| format!("bot cannot be updated: UpdateBotRecord: {e}"))
    }

    /// Checks a name transfer beyond the rules of all transactions.
    pub(super) fn check_transfer(
        &self,
        transfer: &BotNameTransfer,
        hasher: &SignatureHasher,
        context: Context,
    ) -> Result<(), String> {
        let (from, to) = (transfer.sender.id, transfer.receiver.id);
        if from == to {
            let text = "the identifiers of the sender and receiver bot have to be different";
            return Err(text.into());
        }
        // The reference calls a missing receiver a sender too.
        let find = |id| {
            let missing = || format!("invalid sender ({id}) of bot name transfer: {NOT_FOUND}");
            self.get(id).ok_or_else(missing)
        };
        let sender = find(from)?;
        let receiver = find(to)?;
        let signed = |record: &BotRecord, signature, target, side| {
            check_signature(&record.public_key, signature, hasher, target).map_err(|e| {
                format!("failed to fulfill bot record name transfer condition of the {side}: {e}")
            })
        };
        signed(
            sender,
            &transfer.sender.signature,
            SignTarget::NameSender,
            "sender",
        )?;
        signed(
            receiver,
            &transfer.receiver.signature,
            SignTarget::NameReceiver,
            "receiver",
        )?;
        if transfer.names.is_empty() {
            let text = "a bot name transfer transaction has to transfer at least one name";
            return Err(text.into());
        }
        given(sender, transfer, context.time)
            .map_err(|e| format!("sender bot ({from}) cannot be updated by name transfer: {e}"))?;
        received(receiver, transfer, context.time)
            .map_err(|e| format!("receiver bot ({to}) cannot be updated by name transfer: {e}"))?;
        Ok(())
    }

    /// Adds a bot in a block at `time`.
    pub(super) fn register(&mut self, bot: &BotRegistration, time: u64, by: TransactionId) {
        let last = self.records.last_key_value().map_or(0, |(id, _)| *id);
        let id = last.saturating_add(1);
        let paid = u64::from(bot.months).saturating_mul(BOT_MONTH_SECONDS);
        let mut record = BotRecord {
            id,
            addresses: bot.addresses.clone(),
            names: bot.names.clone(),
            public_key: bot.identification.public_key,
            expiration: floor_to_minute(time).saturating_add(paid),
        };
        record.addresses.sort_unstable();
        record.names.sort_unstable();
        self.keys.insert(record.public_key, id);
        for name in &record.names {
            self.names.insert(name.clone(), id);
        }
        self.records.insert(id, record);
        self.transactions.entry(id).or_default().push(by);
    }

    /// Changes a bot in a block at `time`.
    pub(super) fn update(
        &mut self,
        update: &BotRecordUpdate,
        time: u64,
        by: TransactionId,
    ) -> Result<(), String> {
        let record = self.get(update.id).ok_or(NOT_FOUND)?;
        let next = updated(record, update, time)?;
        let gone: Vec<BotName> = record
            .names
            .iter()
            .filter(|n| !next.names.contains(n))
            .cloned()
            .collect();
        self.release(&gone, update.id);
        for name in &next.names {
            self.names.insert(name.clone(), update.id);
        }
        self.records.insert(update.id, next);
        self.transactions.entry(update.id).or_default().push(by);
        Ok(())
    }

    /// Moves names in a block at `time`.
    pub(super) fn transfer(
        &mut self,
        transfer: &BotNameTransfer,
        time: u64,
        by: TransactionId,
    ) -> Result<(), String> {
        let sender = self.get(transfer.sender.id).ok_or(NOT_FOUND)?;
        let receiver = self.get(transfer.receiver.id).ok_or(NOT_FOUND)?;
        let (sender, receiver) = (
            given(sender, transfer, time)?,
            received(receiver, transfer, time)?,
        );
        for name in &transfer.names {
            self.names.insert(name.clone(), receiver.id);
        }
        for record in [sender, receiver] {
            self.transactions.entry(record.id).or_default().push(by);
            self.records.insert(record.id, record);
        }
        Ok(())
    }

    /// Frees names, unless another bot has taken them meanwhile.
    fn release(&mut self, names: &[BotName], id: BotId) {
        for name in names {
            if self.names.get(name) == Some(&id) {
                self.names.remove(name);
            }
        }
    }
}

/// Returns the record after an update, applied in the reference's order.
fn updated(record: &BotRecord, update: &BotRecordUpdate, time: u64) -> Result<BotRecord, String> {
    let mut next = record.clone();
    if record.is_expired(time) {
        if update.months == 0 {
            let text = "record update Tx does not make bot active, while bot is already expired";
            return Err(text.into());
        }
        next.names.clear();
    }
    let changed = |next: &mut BotRecord| {
        if update.months > 0 {
            next.extend(time, update.months)?;
        }
        next.remove_addresses(&update.addresses.remove)?;
        next.add_addresses(&update.addresses.add)?;
        next.remove_names(&update.names.remove)?;
        next.add_names(&update.names.add)
    };
    match changed(&mut next) {
        Ok(()) => Ok(next),
        Err(e) => Err(e.to_string()),
    }
}

/// Returns the giver's record after a transfer.
fn given(record: &BotRecord, transfer: &BotNameTransfer, time: u64) -> Result<BotRecord, String> {
    if record.is_expired(time) {
        let text = "sender bot is inactive while a name transfer requires the bot to be active";
        return Err(text.into());
    }
    let mut next = record.clone();
    match next.remove_names(&transfer.names) {
        Ok(()) => Ok(next),
        Err(e) => Err(format!(
            "error while removing transferred names from sender bot: {e}"
        )),
    }
}

/// Returns the receiver's record after a transfer.
fn received(
    record: &BotRecord,
    transfer: &BotNameTransfer,
    time: u64,
) -> Result<BotRecord, String> {
    if record.is_expired(time) {
        let text = "receiver bot is inactive while a name transfer requires the bot to be active";
        return Err(text.into());
    }
    let mut next = record.clone();
    match next.add_names(&transfer.names) {
        Ok(()) => Ok(next),
        Err(e) => Err(format!(
            "error while adding transferred names to receiver bot: {e}"
        )),
    }
}

fn check_signature(
    key: &PublicKey,
    signature: &Signature,
    hasher: &SignatureHasher,
    target: SignTarget,
) -> Result<(), &'static str> {
    let good = key.verify(&hasher.single(target), signature);
    if good {
        Ok(())
    } else {
        Err("invalid signature")
    }
}

/// Returns the first value that occurred before in a list.
fn first_twice<T: Ord>(list: &[T]) -> Option<&T> {
    let mut seen = BTreeSet::new();
    list.iter().find(|value| !seen.insert(*value))
}
