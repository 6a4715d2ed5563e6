//! 3bots: registering one, changing its record, giving its names to another.
//!
//! Each order becomes a [`BotDraft`] (balanced to the unit: the bot fee, one miner fee, the rest
//! as refund), which has a [`Preview`], is signed by [`Wallet::sign_bot`] and submitted as any
//! other transaction. When signatures of others are missing (owners of a shared wallet that pays,
//! the other side of a name transfer), [`Wallet::sign_any`] of theirs adds them.
use std::fmt;

use super::balance::Balance;
use super::draft::{self, Draft, SendRequest};
use super::error::WalletError;
use super::keys::KeyRing;
use super::lock::format_time;
use super::preview::Preview;
use super::recipient::Recipient;
use super::sign::{MissingSignature, Signed, sign_transaction};
use super::threebot_input::{
    BotIdentifier, ThreeBotError, all_different, few_addresses, few_names, registration_months,
    update_months,
};
use super::wallet::Wallet;
use crate::tfchain::botrecord::extend_expiration;
use crate::tfchain::explorer::{Explorer, ExplorerError};
use crate::tfchain::keys::SIGNATURE_BYTES;
use crate::tfchain::transaction::{
    BotNameTransfer, BotRecordUpdate, BotRegistration, BotSignature, Identification, ListChange,
};
use crate::tfchain::{
    Amount, BotName, BotRecord, Condition, Hash, Input, NetworkAddress, Output, PublicKey,
    SignTarget, Signature, Transaction, UnlockHash,
};
use std::collections::HashMap;

/// Who pays for an order, and who receives what is left over.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Payer {
    /// The addresses that pay; empty for all single addresses of the wallet.
    pub sources: Vec<UnlockHash>,
    /// Who receives the rest; None for the source, else the primary address.
    pub refund: Option<Recipient>,
}

/// A bot to be registered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewBot {
    /// Months to be paid, 1 to 24.
    pub months: i64,
    /// Its names, 5 at most.
    pub names: Vec<BotName>,
    /// Where it can be reached, 10 addresses at most.
    pub addresses: Vec<NetworkAddress>,
    /// The number of the wallet's address whose key it gets; None for a new key.
    pub key_index: Option<i64>,
}

/// What is to be changed about a bot.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BotChange {
    /// Months to be paid beyond those that are, 0 to 24.
    pub months: i64,
    /// Names that come and go.
    pub names: ListChange<BotName>,
    /// Addresses that come and go.
    pub addresses: ListChange<NetworkAddress>,
}

/// An unsigned transaction about bots.
#[derive(Debug, Clone, PartialEq)]
pub struct BotDraft {
    /// The transaction, and what it spends.
    pub draft: Draft,
    /// What the chain takes for it, miner fee not included.
    pub price: Amount,
    /// Height of the chain when it was made.
    pub height: u64,
    /// Names that the bot loses because its time was over.
    pub lost_names: Vec<BotName>,
    /// The keys of the bots that must sign it.
    keys: BotKeys,
    /// The key that joins the wallet when it is signed.
    new_key: Option<UnlockHash>,
}

/// The HTTP status by which a node tells that the bot of a name has expired (spec: tfchain node §6).
const NAME_EXPIRED: u16 = 402;

/// Whose signatures a transaction needs besides those of its inputs.
pub(super) type BotKeys = Vec<(SignTarget, PublicKey)>;

impl Payer {
    fn request(&self) -> SendRequest {
        SendRequest {
            sources: self.sources.clone(),
            refund: self.refund.clone(),
            ..SendRequest::default()
        }
    }
}

impl Wallet {
    /// Drafts the registration of a bot.
    ///
    /// # Errors
    /// Every [`ThreeBotError`] of months, names, addresses and keys; those of look-ups and funding.
    pub async fn draft_bot(&self, order: &NewBot, payer: &Payer) -> Result<BotDraft, WalletError> {
        let months = registration_months(order.months)?;
        if order.names.is_empty() && order.addresses.is_empty() {
            return Err(ThreeBotError::Nothing.into());
        }
        few_names(&order.names)?;
        few_addresses(&order.addresses)?;
        all_different(&order.names)?;
        all_different(&order.addresses)?;
        let balance = self.balance().await?;
        self.names_are_free(&order.names).await?;
        let (public_key, new_key) = self.bot_key(order.key_index).await?;
        let body = BotRegistration {
            addresses: order.addresses.clone(),
            names: order.names.clone(),
            months,
            transaction_fee: self.minimum_miner_fee(),
            coin_inputs: Vec::new(),
            refund: None,
            identification: Identification {
                public_key,
                signature: Signature::default(),
            },
        };
        let price = body.bot_fee();
        let keys = vec![(SignTarget::Bot, public_key)];
        let draft = self.fund_bot(&balance, payer, price, keys, |coin_inputs, refund| {
            Transaction::from(BotRegistration {
                coin_inputs,
                refund,
                ..body.clone()
            })
        })?;
        Ok(BotDraft { new_key, ..draft })
    }

    /// Drafts a change of a bot's record, also of one whose key the wallet does not have.
    ///
    /// # Errors
    /// Every [`ThreeBotError`] of what is changed; those of look-ups and funding.
    pub async fn draft_bot_update(
        &self,
        bot: &BotIdentifier,
        order: &BotChange,
        payer: &Payer,
    ) -> Result<BotDraft, WalletError> {
        let months = update_months(order.months)?;
        if months == 0 && order.names.is_empty() && order.addresses.is_empty() {
            return Err(ThreeBotError::NoChange.into());
        }
        let (balance, record) = tokio::try_join!(self.balance(), record_of(self.explorer(), bot))?;
        let lost_names = self.check_update(&record, order, months, balance.chain.time)?;
        self.names_are_free(&order.names.add).await?;
        let body = BotRecordUpdate {
            id: record.id,
            addresses: order.addresses.clone(),
            names: order.names.clone(),
            months,
            transaction_fee: self.minimum_miner_fee(),
            ..BotRecordUpdate::default()
        };
        let price = body.bot_fee();
        let keys = vec![(SignTarget::Bot, record.public_key)];
        let draft = self.fund_bot(&balance, payer, price, keys, |coin_inputs, refund| {
            Transaction::from(BotRecordUpdate {
                coin_inputs,
                refund,
                ..body.clone()
            })
        })?;
        Ok(BotDraft {
            lost_names,
            ..draft
        })
    }

    /// Drafts a transfer of names from one bot to another.
    ///
    /// # Errors
    /// Every [`ThreeBotError`] of the names and the two bots; those of look-ups and funding.
    pub async fn draft_name_transfer(
        &self,
        sender: &BotIdentifier,
        receiver: &BotIdentifier,
        names: &[BotName],
        payer: &Payer,
    ) -> Result<BotDraft, WalletError> {
        if names.is_empty() {
            return Err(ThreeBotError::NoNames.into());
        }
        few_names(names)?;
        all_different(names)?;
        let (balance, sender, receiver) = tokio::try_join!(
            self.balance(),
            record_of(self.explorer(), sender),
            record_of(self.explorer(), receiver),
        )?;
        if sender.id == receiver.id {
            return Err(ThreeBotError::SameBot(sender.id).into());
        }
        for bot in [&sender, &receiver] {
            if bot.is_expired(balance.chain.time) {
                return Err(self.inactive(bot).into());
            }
        }
        held_names(&sender, &sender.names, names)?;
        few_names(receiver.names.iter().chain(names))?;
        let side = |bot: &BotRecord| BotSignature {
            id: bot.id,
            signature: Signature::default(),
        };
        let body = BotNameTransfer {
            sender: side(&sender),
            receiver: side(&receiver),
            names: names.to_vec(),
            transaction_fee: self.minimum_miner_fee(),
            ..BotNameTransfer::default()
        };
        let price = body.bot_fee();
        let keys = vec![
            (SignTarget::NameSender, sender.public_key),
            (SignTarget::NameReceiver, receiver.public_key),
        ];
        self.fund_bot(&balance, payer, price, keys, |coin_inputs, refund| {
            Transaction::from(BotNameTransfer {
                coin_inputs,
                refund,
                ..body.clone()
            })
        })
    }

    /// Describes a draft about bots in words.
    pub fn preview_bot(&self, draft: &BotDraft) -> Preview {
        let mut preview = self.preview(&draft.draft, Some(draft.height));
        if !draft.lost_names.is_empty() {
            preview.facts.push(format!(
                "lost: {} (the paid time was over)",
                list(&draft.lost_names)
            ));
        }
        preview
    }

    /// Signs a draft about bots; the new key of a new bot joins the wallet now. Nothing is sent.
    ///
    /// # Errors
    /// [`WalletError::Encode`]; [`WalletError::NotOwned`] when another key was added meanwhile:
    /// then it must be drafted again.
    pub fn sign_bot(&self, draft: &BotDraft) -> Result<Signed, WalletError> {
        self.adopt_new_key(&draft.draft.transaction)?;
        let keys = self.keys();
        if let Some(address) = draft.new_key
            && keys.place(&address).is_none()
        {
            return Err(WalletError::NotOwned(address));
        }
        let transaction = draft.draft.transaction.clone();
        sign_with_bots(transaction, &draft.draft.parents, None, &draft.keys, &keys)
    }

    /// Adds the next key of the wallet when it is the one that a registration is for, of a bot or
    /// of an ERC20 address.
    pub(super) fn adopt_new_key(&self, transaction: &Transaction) -> Result<(), WalletError> {
        let key = match transaction {
            Transaction::BotRegistration(body) => body.identification.public_key,
            Transaction::Erc20AddressRegistration(body) => body.public_key,
            _ => return Ok(()),
        };
        let mut keys = self.keys();
        if *keys.next_pair().public_key() == key {
            keys.add_next()?;
        }
        Ok(())
    }

    /// Finds the keys that must sign a transaction besides those of its inputs: of its bots, or of
    /// the ERC20 address that it registers. Bots that the chain does not know
    /// are left out.
    pub(super) async fn bot_keys(&self, transaction: &Transaction) -> Result<BotKeys, WalletError> {
        let wanted = match transaction {
            Transaction::BotRegistration(body) => {
                return Ok(vec![(SignTarget::Bot, body.identification.public_key)]);
            }
            Transaction::Erc20AddressRegistration(body) => {
                return Ok(vec![(SignTarget::Erc20Registration, body.public_key)]);
            }
            Transaction::BotRecordUpdate(body) => vec![(SignTarget::Bot, body.id)],
            Transaction::BotNameTransfer(body) => vec![
                (SignTarget::NameSender, body.sender.id),
                (SignTarget::NameReceiver, body.receiver.id),
            ],
            _ => Vec::new(),
        };
        let mut keys = Vec::with_capacity(wanted.len());
        for (target, id) in wanted {
            match self.explorer().threebot_record(id).await {
                Ok(record) => keys.push((target, record.public_key)),
                Err(ExplorerError::ThreeBotNotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(keys)
    }

    /// Returns the key of a new bot, and its address when it is still to join the wallet.
    async fn bot_key(
        &self,
        index: Option<i64>,
    ) -> Result<(PublicKey, Option<UnlockHash>), WalletError> {
        if let Some(index) = index {
            let addresses = self.known_addresses();
            let address = usize::try_from(index)
                .ok()
                .and_then(|index| addresses.get(index))
                .ok_or(ThreeBotError::KeyIndex {
                    index,
                    maximum: addresses.len().saturating_sub(1),
                })?;
            let key = *self.key_pair(address)?.public_key();
            return match self.bot_of(&key).await? {
                Some(id) => Err(ThreeBotError::KeyTaken { key, id }.into()),
                None => Ok((key, None)),
            };
        }
        loop {
            let key = *self.keys().next_pair().public_key();
            if self.bot_of(&key).await?.is_none() {
                return Ok((key, Some(key.unlock_hash())));
            }
            // A bot of this seed, made elsewhere: its key is the wallet's, and not for a new one.
            self.address_new()?;
        }
    }

    async fn bot_of(&self, key: &PublicKey) -> Result<Option<u32>, ExplorerError> {
        match self.explorer().threebot_record(key).await {
            Ok(record) => Ok(Some(record.id)),
            Err(ExplorerError::ThreeBotNotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Asks whether anybody has one of these names. Those of expired bots are left to the node.
    async fn names_are_free(&self, names: &[BotName]) -> Result<(), WalletError> {
        let asked =
            self.explorer()
                .side_by_side(names.iter().cloned(), |explorer, name| async move {
                    match explorer.threebot_record_by_name(name.as_str()).await {
                        Ok(record) => Ok(Some((name, record.id))),
                        Err(
                            ExplorerError::ThreeBotNotFound { .. }
                            | ExplorerError::Server {
                                code: NAME_EXPIRED, ..
                            },
                        ) => Ok(None),
                        Err(error) => Err(error),
                    }
                });
        match asked.await?.into_iter().flatten().next() {
            Some((name, id)) => Err(ThreeBotError::NameTaken { name, id }.into()),
            None => Ok(()),
        }
    }

    fn time_words(&self, seconds: u64) -> String {
        i64::try_from(seconds)
            .ok()
            .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok())
            .map_or_else(
                || seconds.to_string(),
                |time| format_time(time, self.clock().zone()),
            )
    }

    fn inactive(&self, bot: &BotRecord) -> ThreeBotError {
        ThreeBotError::Inactive {
            identifier: bot.id,
            expiration: bot.expiration,
            since: self.time_words(bot.expiration),
        }
    }

    /// Tries an update on the record as it is; returns the names that are lost by it.
    fn check_update(
        &self,
        bot: &BotRecord,
        order: &BotChange,
        months: u8,
        time: u64,
    ) -> Result<Vec<BotName>, ThreeBotError> {
        all_different(&order.names.add)?;
        all_different(&order.names.remove)?;
        all_different(&order.addresses.add)?;
        all_different(&order.addresses.remove)?;
        let expired = bot.is_expired(time);
        if expired && months == 0 {
            return Err(self.inactive(bot));
        }
        if months > 0 && extend_expiration(bot.expiration, time, months).is_err() {
            return Err(ThreeBotError::TooFarAhead {
                id: bot.id,
                until: self.time_words(bot.expiration),
                months,
            });
        }
        // A bot that comes back has lost its names.
        let (mut names, lost) = match expired {
            true => (Vec::new(), bot.names.clone()),
            false => (bot.names.clone(), Vec::new()),
        };
        held_names(bot, &names, &order.names.remove)?;
        names.retain(|name| !order.names.remove.contains(name));
        if let Some(name) = order.names.add.iter().find(|name| names.contains(name)) {
            let name = name.clone();
            return Err(ThreeBotError::NameHeld { id: bot.id, name });
        }
        few_names(names.iter().chain(&order.names.add))?;
        let mut addresses = bot.addresses.clone();
        let missing = |address: &&NetworkAddress| !addresses.contains(address);
        if let Some(address) = order.addresses.remove.iter().find(missing) {
            return Err(ThreeBotError::AddressNotHeld {
                id: bot.id,
                address: address.clone(),
                has: list(&bot.addresses),
            });
        }
        addresses.retain(|address| !order.addresses.remove.contains(address));
        let held = |address: &&NetworkAddress| addresses.contains(address);
        if let Some(address) = order.addresses.add.iter().find(held) {
            let address = address.clone();
            return Err(ThreeBotError::AddressHeld {
                id: bot.id,
                address,
            });
        }
        few_addresses(addresses.iter().chain(&order.addresses.add))?;
        Ok(lost)
    }

    /// Funds a transaction about bots that these keys must sign.
    fn fund_bot(
        &self,
        balance: &Balance,
        payer: &Payer,
        price: Amount,
        keys: BotKeys,
        build: impl Fn(Vec<Input>, Option<Output>) -> Transaction,
    ) -> Result<BotDraft, WalletError> {
        Ok(BotDraft {
            draft: self.fund_extension(balance, payer, &price, build)?,
            price,
            height: balance.chain.height,
            lost_names: Vec::new(),
            keys,
            new_key: None,
        })
    }

    /// Funds a transaction of its own kind: its price, one miner fee, the rest as refund.
    pub(super) fn fund_extension(
        &self,
        balance: &Balance,
        payer: &Payer,
        price: &Amount,
        build: impl Fn(Vec<Input>, Option<Output>) -> Transaction,
    ) -> Result<Draft, WalletError> {
        let (request, primary) = (payer.request(), self.address());
        let refund = payer
            .refund
            .as_ref()
            .map(|refund| refund.condition(None))
            .transpose()?;
        let stand_in = draft::change_stand_in(balance, &request, refund.as_ref(), primary);
        let bytes = signed_bytes(build(Vec::new(), Some(stand_in)))?;
        let total = price.clone() + &self.minimum_miner_fee();
        let funding = draft::fund(balance, &request, &total, bytes)?;
        let change = draft::change(&funding, refund, primary);
        let transaction = build(draft::inputs(&funding), change);
        draft::finish(self.network(), transaction, funding, 0)
    }
}

/// Asks for the record of a bot.
///
/// # Errors
/// [`ExplorerError::ThreeBotNotFound`]; every other one of a look-up.
pub async fn bot_record(
    explorer: &Explorer,
    bot: &BotIdentifier,
) -> Result<BotRecord, ExplorerError> {
    match bot {
        BotIdentifier::Id(id) => explorer.threebot_record(id).await,
        BotIdentifier::Key(key) => explorer.threebot_record(key).await,
        BotIdentifier::Name(name) => explorer.threebot_record_by_name(name.as_str()).await,
    }
}

async fn record_of(explorer: &Explorer, bot: &BotIdentifier) -> Result<BotRecord, WalletError> {
    Ok(bot_record(explorer, bot).await?)
}

/// Returns the bytes that a transaction of its own kind has once its bots, or the ERC20 address
/// that it registers, have signed.
fn signed_bytes(mut transaction: Transaction) -> Result<usize, WalletError> {
    let signature = Signature::from_bytes([0; SIGNATURE_BYTES]);
    match &mut transaction {
        Transaction::BotRegistration(body) => body.identification.signature = signature,
        Transaction::BotRecordUpdate(body) => body.signature = signature,
        Transaction::BotNameTransfer(body) => {
            body.sender.signature = signature.clone();
            body.receiver.signature = signature;
        }
        Transaction::Erc20AddressRegistration(body) => body.signature = signature,
        _ => {}
    }
    Ok(transaction.binary()?.len())
}

fn held_names(bot: &BotRecord, has: &[BotName], names: &[BotName]) -> Result<(), ThreeBotError> {
    match names.iter().find(|name| !has.contains(name)) {
        None => Ok(()),
        Some(name) => Err(ThreeBotError::NameNotHeld {
            id: bot.id,
            name: name.clone(),
            has: list(has),
        }),
    }
}

/// Returns a list in words.
pub(super) fn list<T: fmt::Display>(items: &[T]) -> String {
    if items.is_empty() {
        return "none".to_owned();
    }
    let items: Vec<String> = items.iter().map(ToString::to_string).collect();
    items.join(", ")
}

/// Signs as [`sign_transaction`], the bots' own signatures included: those that are missing or do
/// not verify (any more) are given by the keys that are there.
pub(super) fn sign_with_bots(
    mut transaction: Transaction,
    parents: &HashMap<Hash, Output>,
    mint_condition: Option<&Condition>,
    bots: &BotKeys,
    keys: &KeyRing,
) -> Result<Signed, WalletError> {
    let (mut given, mut missing) = (false, Vec::new());
    for (target, key) in bots {
        let hasher = transaction.signature_hasher()?;
        if transaction.check_extension(&hasher, *target, key).is_ok() {
            continue;
        }
        let owner = key.unlock_hash();
        let pair = keys.pair(&owner).filter(|_| !key.is_nil());
        match pair.map(|pair| transaction.sign_extension(*target, pair)) {
            Some(Ok(())) => given = true,
            _ => missing.push(MissingSignature {
                target: *target,
                owners: vec![owner],
                count: 1,
            }),
        }
    }
    let mut signed = sign_transaction(transaction, parents, mint_condition, keys)?;
    signed.signed |= given;
    // What is known of the bots' keys here replaces what is missing without them.
    let judged = |missing: &MissingSignature| bots.iter().any(|(of, _)| *of == missing.target);
    signed.missing.retain(|missing| !judged(missing));
    signed.missing.extend(missing);
    Ok(signed)
}
