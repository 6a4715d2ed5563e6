//! Atomic swaps: contracts on the chain, what both sides check, and how they are closed.
//!
//! A contract is a coin output; it is made by a [`SendRequest`](super::SendRequest) whose payment
//! is [`SwapContract`] as a condition, and closed by [`close`]. Spec: tfchain protocol §7.
use super::clock::Clock;
use super::error::WalletError;
use super::lock::{describe_duration, format_time, parse_lock};
use crate::tfchain::constants::MAX_ARBITRARY_DATA_BYTES;
use crate::tfchain::explorer::{Explorer, ExplorerError};
use crate::tfchain::signing::SignError;
use crate::tfchain::transaction::StandardTransaction;
use crate::tfchain::{
    Amount, Condition, EncodeError, Fulfillment, Hash, Input, KeyPair, Output, PublicKey,
    SignTarget, SwapContract, SwapSecret, Transaction, UnlockHash,
};
use jiff::Timestamp;

/// What is wrong with a contract, or with what was asked of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SwapError {
    /// No block has the contract.
    #[error("atomic swap contract {0} could not be found")]
    NotFound(Hash),
    /// It was redeemed or refunded.
    #[error("atomic swap contract has already been spent in transaction {0}")]
    Spent(Hash),
    /// It is not what was expected.
    #[error("{0}")]
    Invalid(String),
    /// The secret is not that of the contract.
    #[error("defined secret does not match the atomic swap's contract secret hash")]
    InvalidSecret,
    /// This wallet, or this moment, is not that of the contract.
    #[error("unauthorized to {0}")]
    Forbidden(String),
    /// So little that it could not be spent again.
    #[error(
        "atomic swap contract requires an amount higher than the minimum miner fee ({minimum}): \
         {amount} is an invalid value"
    )]
    InsufficientAmount {
        /// The amount asked for.
        amount: Amount,
        /// The minimum miner fee.
        minimum: Amount,
    },
    /// It could not be asked for.
    #[error(transparent)]
    Wallet(#[from] WalletError),
    /// It could not be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
}

impl SwapError {
    /// Returns the name of the error as users know it (spec: tfchain client §8).
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "AtomicSwapContractNotFound",
            Self::Spent(_) => "AtomicSwapContractSpent",
            Self::Invalid(_) => "AtomicSwapContractInvalid",
            Self::InvalidSecret => "AtomicSwapInvalidSecret",
            Self::Forbidden(_) => "AtomicSwapForbidden",
            Self::InsufficientAmount { .. } => "AtomicSwapInsufficientAmountError",
            Self::Wallet(error) => error.kind(),
            Self::Sign(_) => "ValueError",
        }
    }
}

impl From<ExplorerError> for SwapError {
    fn from(error: ExplorerError) -> Self {
        Self::Wallet(error.into())
    }
}

impl From<EncodeError> for SwapError {
    fn from(error: EncodeError) -> Self {
        Self::Wallet(error.into())
    }
}

/// A contract, as seen from the newest block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swap {
    /// Id of its output; None while its transaction is not signed by all.
    pub id: Option<Hash>,
    /// The terms.
    pub terms: SwapContract,
    /// The coins in it.
    pub amount: Amount,
    /// The transaction that redeemed or refunded it.
    pub spent: Option<Hash>,
    /// Chain time: that of the newest block, in Unix seconds.
    pub chain_time: u64,
}

/// What a contract is expected to be; only what is given is checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SwapExpectation {
    /// The coins in it.
    pub amount: Option<Amount>,
    /// SHA-256 of the secret.
    pub secret_hash: Option<Hash>,
    /// The earliest time of a refund, in Unix seconds.
    pub min_refund_time: Option<u64>,
    /// The sender is of the wallet.
    pub sender: bool,
    /// The receiver is of the wallet.
    pub receiver: bool,
}

fn time_text(seconds: u64, clock: &Clock) -> String {
    let at = i64::try_from(seconds)
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok());
    at.map_or_else(|| seconds.to_string(), |at| format_time(at, clock.zone()))
}

/// Returns the refund time that a text means; `+…` counts from the chain time.
///
/// # Errors
/// What is wrong with the text.
pub fn refund_time(text: &str, chain_time: u64, clock: &Clock) -> Result<u64, WalletError> {
    let from = match text.trim().starts_with('+') {
        true => i64::try_from(chain_time)
            .ok()
            .and_then(|seconds| Timestamp::from_second(seconds).ok())
            .unwrap_or_else(|| clock.now()),
        false => clock.now(),
    };
    Ok(parse_lock(text, from, clock.zone())?)
}

/// Checks that a contract over `amount` could be spent again.
///
/// # Errors
/// [`SwapError::InsufficientAmount`].
pub fn check_amount(amount: &Amount, minimum: &Amount) -> Result<(), SwapError> {
    if amount > minimum {
        return Ok(());
    }
    Err(SwapError::InsufficientAmount {
        amount: amount.clone(),
        minimum: minimum.clone(),
    })
}

/// Asks for a contract by the id of its output.
///
/// # Errors
/// [`SwapError::NotFound`] also while it waits for its block; those of the explorer.
pub async fn find(explorer: &Explorer, id: Hash) -> Result<Swap, SwapError> {
    let info = match explorer.coin_output(id).await {
        Ok(info) => info,
        Err(error)
            if error.is_no_content() || matches!(error, ExplorerError::UnknownHash { .. }) =>
        {
            return Err(SwapError::NotFound(id));
        }
        Err(error) => return Err(error.into()),
    };
    let Condition::AtomicSwap(terms) = info.output.condition else {
        return Err(SwapError::NotFound(id));
    };
    Ok(Swap {
        id: Some(id),
        terms,
        amount: info.output.value,
        spent: info.spend.map(|transaction| transaction.id),
        chain_time: explorer.chain_info().await?.time,
    })
}

impl Swap {
    /// Checks that nobody has closed it.
    ///
    /// # Errors
    /// [`SwapError::Spent`].
    pub fn check_unspent(&self) -> Result<(), SwapError> {
        self.spent.map_or(Ok(()), |id| Err(SwapError::Spent(id)))
    }

    /// Checks it against what is expected, in the order of [`SwapExpectation`]; `owns` tells
    /// whether an address is of the wallet.
    ///
    /// # Errors
    /// [`SwapError::Spent`], [`SwapError::Invalid`].
    pub fn verify(
        &self,
        expected: &SwapExpectation,
        owns: impl Fn(&UnlockHash) -> bool,
        clock: &Clock,
    ) -> Result<(), SwapError> {
        self.check_unspent()?;
        let invalid = |text: String| Err(SwapError::Invalid(text));
        if let Some(amount) = &expected.amount
            && *amount != self.amount
        {
            let (wanted, found) = (amount.with_unit(), self.amount.with_unit());
            return invalid(format!("amount is expected to be {wanted}, not {found}"));
        }
        if let Some(hash) = expected.secret_hash
            && hash != self.terms.hashed_secret
        {
            return invalid(format!(
                "secret_hash is expected to be {hash}, not {}",
                self.terms.hashed_secret
            ));
        }
        if let Some(asked) = expected.min_refund_time {
            let wanted = asked.saturating_sub(self.chain_time);
            let left = self.terms.time_lock.saturating_sub(self.chain_time);
            if wanted == 0 && left > 0 {
                return invalid(
                    "contract cannot be refunded yet while it was expected to be possible already"
                        .to_owned(),
                );
            }
            let duration = describe_duration(wanted);
            if left == 0 && wanted > 0 {
                return invalid(format!(
                    "contract was expected to be non-refundable for at least {duration} more, but \
                     it can be refunded already since {}",
                    time_text(self.terms.time_lock, clock)
                ));
            }
            if left < wanted {
                return invalid(format!(
                    "contract was expected to be available for redemption for at least {duration}, \
                     but it is only available for {}",
                    describe_duration(left)
                ));
            }
        }
        for (asked, address, side) in [
            (expected.sender, &self.terms.sender, "sender"),
            (expected.receiver, &self.terms.receiver, "receiver"),
        ] {
            if asked && !owns(address) {
                return invalid(format!("wallet not registered as {side} of this contract"));
            }
        }
        Ok(())
    }

    /// Checks that the receiver can redeem it now with `secret`.
    ///
    /// # Errors
    /// Spent, wrong secret, not the receiver: in this order.
    pub fn check_redeem(
        &self,
        secret: &SwapSecret,
        owns: impl Fn(&UnlockHash) -> bool,
    ) -> Result<(), SwapError> {
        self.check_unspent()?;
        // All zeros stand for "no secret" on the chain.
        let is_zero = secret.reveal() == Hash::from_bytes([0; 32]);
        if is_zero || secret.hashed() != self.terms.hashed_secret {
            return Err(SwapError::InvalidSecret);
        }
        let receiver = &self.terms.receiver;
        if !owns(receiver) {
            return Err(SwapError::Forbidden(format!(
                "redeem: wallet does not contain receiver address {receiver}"
            )));
        }
        Ok(())
    }

    /// Checks that the sender can have the coins back now.
    ///
    /// # Errors
    /// Spent, too early, not the sender: in this order.
    pub fn check_refund(
        &self,
        owns: impl Fn(&UnlockHash) -> bool,
        clock: &Clock,
    ) -> Result<(), SwapError> {
        self.check_unspent()?;
        if self.chain_time < self.terms.time_lock {
            return Err(SwapError::Forbidden(format!(
                "refund: contract can only be refunded since {}",
                time_text(self.terms.time_lock, clock)
            )));
        }
        let sender = &self.terms.sender;
        if !owns(sender) {
            return Err(SwapError::Forbidden(format!(
                "refund: wallet does not contain sender address {sender}"
            )));
        }
        Ok(())
    }

    /// Returns everything two people must compare, as lines.
    pub fn text(&self, clock: &Clock) -> String {
        let time = time_text(self.terms.time_lock, clock);
        let left = self.terms.time_lock.saturating_sub(self.chain_time);
        let state = if self.spent.is_some() {
            "Spent and no longer available.".to_owned()
        } else if left == 0 {
            format!("Refund is available since {time}.")
        } else {
            format!(
                "Refund available at {time} (in: {}).",
                describe_duration(left)
            )
        };
        let id = self.id.map_or("None".to_owned(), |id| id.to_string());
        format!(
            "Atomic Swap Contract {id}:\n{state}\nValue: {}\nSender: {}\nReceiver: {}\n\
             Secret Hash: {}\n",
            self.amount.with_unit(),
            self.terms.sender,
            self.terms.receiver,
            self.terms.hashed_secret
        )
    }
}

/// Returns the signed transaction that closes a contract: with a secret `key` is the receiver's,
/// without it the sender's. The coins less `fee` go to the address of the key.
///
/// # Errors
/// [`SwapError::InsufficientAmount`], data that is too long, a key of neither side.
pub fn close(
    swap: &Swap,
    id: Hash,
    key: &KeyPair,
    secret: Option<&SwapSecret>,
    fee: &Amount,
    data: Vec<u8>,
) -> Result<Transaction, SwapError> {
    check_amount(&swap.amount, fee)?;
    if data.len() > MAX_ARBITRARY_DATA_BYTES {
        return Err(WalletError::DataTooLong(data.len()).into());
    }
    let value = swap.amount.checked_sub(fee).unwrap_or_default();
    let mut transaction = Transaction::from(StandardTransaction {
        coin_inputs: vec![Input {
            parent_id: id,
            fulfillment: Fulfillment::single(PublicKey::Nil),
        }],
        coin_outputs: vec![Output::new(
            value,
            Condition::for_address(key.unlock_hash()),
        )],
        miner_fees: vec![fee.clone()],
        arbitrary_data: data,
        ..StandardTransaction::default()
    });
    let hasher = transaction.signature_hasher()?;
    let condition = Condition::AtomicSwap(swap.terms);
    transaction.sign(&hasher, SignTarget::CoinInput(0), &condition, key, secret)?;
    Ok(transaction)
}
