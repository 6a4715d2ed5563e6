//! From "who gets how much" to an unsigned transaction.
//!
//! Sending has four steps, each a value of its own: a [`SendRequest`] becomes a [`Draft`], whose
//! [`super::Preview`] says in words what it would do; a draft is signed to a [`super::Signed`],
//! and that is submitted. Nothing is sent by drafting, nothing is signed by previewing.
use std::collections::HashMap;

use super::balance::Balance;
use super::erc20;
use super::error::WalletError;
use super::fund::{Funding, SelectionLimits, signed_input_bytes};
use super::recipient::Recipient;
use crate::tfchain::constants::{
    MAX_ARBITRARY_DATA_BYTES, MAX_POOL_TRANSACTION_BYTES, VERSION_ERC20_CONVERT,
};
use crate::tfchain::transaction::{Erc20Convert, StandardTransaction};
use crate::tfchain::{
    Amount, Condition, Erc20Address, Fulfillment, Hash, Input, Network, Output, PublicKey,
    Transaction, UnlockHash,
};

/// A fee of more than this many times the minimum is refused unless it is allowed.
const HIGH_FEE_FACTOR: u64 = 10;

/// One recipient of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Who receives.
    pub recipient: Recipient,
    /// How much, fee not included.
    pub amount: Amount,
    /// The lock value until which it cannot be spent.
    pub lock: Option<u64>,
}

/// What is to be sent; everything but the payments has a default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SendRequest {
    /// The outputs, in order.
    pub payments: Vec<Payment>,
    /// The addresses that pay; empty for all single addresses of the wallet.
    pub sources: Vec<UnlockHash>,
    /// Who receives what is left over; None for the source, else the primary address.
    pub refund: Option<Recipient>,
    /// Arbitrary data, 83 bytes at most.
    pub data: Vec<u8>,
    /// The miner fee; None for the minimum of the network.
    pub fee: Option<Amount>,
    /// Allows a fee of more than ten times the minimum.
    pub allow_high_fee: bool,
}

impl SendRequest {
    /// Creates a request for one payment without a lock.
    pub fn to(recipient: Recipient, amount: Amount) -> Self {
        Self::default().pay(recipient, amount, None)
    }

    /// Adds a payment.
    #[must_use]
    pub fn pay(mut self, recipient: Recipient, amount: Amount, lock: Option<u64>) -> Self {
        self.payments.push(Payment {
            recipient,
            amount,
            lock,
        });
        self
    }
}

/// An unsigned transaction and what is known of the outputs that it spends.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The network that it is for.
    pub network: Network,
    /// The transaction.
    pub transaction: Transaction,
    /// The outputs that it spends.
    pub parents: HashMap<Hash, Output>,
    /// How many of its coin outputs are payments; what follows is change.
    pub payments: usize,
}

/// Checks a fee against the minimum of the network.
fn check_fee(request: &SendRequest, minimum: &Amount) -> Result<Amount, WalletError> {
    let fee = request.fee.clone().unwrap_or_else(|| minimum.clone());
    let limit = minimum.times(HIGH_FEE_FACTOR);
    let minimum = minimum.clone();
    if fee < minimum {
        return Err(WalletError::FeeTooSmall { fee, minimum });
    }
    if fee > limit && !request.allow_high_fee {
        return Err(WalletError::FeeTooHigh {
            fee,
            minimum,
            limit,
        });
    }
    Ok(fee)
}

/// Builds the transaction of a request, funded by `balance`; what is left over goes to `primary`
/// when neither the request nor the funding says otherwise.
///
/// # Errors
/// Every [`WalletError`] of amounts, recipients, fees, data and funding.
pub fn draft(
    balance: &Balance,
    request: &SendRequest,
    primary: UnlockHash,
    network: Network,
) -> Result<Draft, WalletError> {
    if request.payments.is_empty() {
        return Err(WalletError::NoOutputs);
    }
    if request
        .payments
        .iter()
        .any(|payment| payment.amount.is_zero())
    {
        return Err(WalletError::NoAmount);
    }
    if request.data.len() > MAX_ARBITRARY_DATA_BYTES {
        return Err(WalletError::DataTooLong(request.data.len()));
    }
    let fee = check_fee(request, &network.minimum_miner_fee())?;
    if let Some(address) = erc20_recipient(request)? {
        return draft_erc20(balance, request, address, fee, primary, network);
    }
    let mut outputs = request
        .payments
        .iter()
        .map(|payment| {
            Ok(Output::new(
                payment.amount.clone(),
                payment.recipient.condition(payment.lock)?,
            ))
        })
        .collect::<Result<Vec<_>, WalletError>>()?;
    let payments = outputs.len();
    let refund = request
        .refund
        .as_ref()
        .map(|refund| refund.condition(None))
        .transpose()?;
    // The change is not known yet; an output that is at least as large stands in for it.
    let mut rest = StandardTransaction {
        coin_outputs: outputs.clone(),
        miner_fees: vec![fee.clone()],
        arbitrary_data: request.data.clone(),
        ..StandardTransaction::default()
    };
    rest.coin_outputs
        .push(change_stand_in(balance, request, refund.as_ref(), primary));
    let bytes = Transaction::from(rest).binary()?.len();
    let total = request
        .payments
        .iter()
        .map(|payment| &payment.amount)
        .sum::<Amount>()
        + &fee;
    let funding = fund(balance, request, &total, bytes)?;
    if let Some(change) = change(&funding, refund, primary) {
        outputs.push(change);
    }
    let transaction = Transaction::from(StandardTransaction {
        coin_inputs: inputs(&funding),
        coin_outputs: outputs,
        miner_fees: vec![fee],
        arbitrary_data: request.data.clone(),
        ..StandardTransaction::default()
    });
    finish(network, transaction, funding, payments)
}

fn erc20_recipient(request: &SendRequest) -> Result<Option<Erc20Address>, WalletError> {
    let is_erc20 = |payment: &Payment| matches!(payment.recipient, Recipient::Erc20(_));
    if !request.payments.iter().any(is_erc20) {
        return Ok(None);
    }
    let [
        Payment {
            recipient: Recipient::Erc20(address),
            lock,
            ..
        },
    ] = request.payments.as_slice()
    else {
        return Err(WalletError::Erc20(
            "an ERC20 address can only be the one recipient of a transaction",
        ));
    };
    if lock.is_some() {
        return Err(WalletError::Erc20(
            "a lock cannot be applied when sending coins to an ERC20 Address",
        ));
    }
    if !request.data.is_empty() {
        return Err(WalletError::Erc20(
            "data cannot be added to the transaction when sending coins to an ERC20 Address",
        ));
    }
    Ok(Some(*address))
}

/// Coins for the Ethereum chain leave this chain by a transaction of their own kind.
fn draft_erc20(
    balance: &Balance,
    request: &SendRequest,
    address: Erc20Address,
    fee: Amount,
    primary: UnlockHash,
    network: Network,
) -> Result<Draft, WalletError> {
    let value: Amount = request.payments.iter().map(|payment| &payment.amount).sum();
    erc20::check_network(network, VERSION_ERC20_CONVERT)?;
    erc20::check_amount(&value)?;
    let refund = request
        .refund
        .as_ref()
        .map(|refund| refund.condition(None))
        .transpose()?;
    let mut body = Erc20Convert {
        address,
        value: value.clone(),
        transaction_fee: fee.clone(),
        coin_inputs: Vec::new(),
        refund: Some(change_stand_in(balance, request, refund.as_ref(), primary)),
    };
    let bytes = Transaction::from(body.clone()).binary()?.len();
    let funding = fund(balance, request, &(value + &fee), bytes)?;
    body.coin_inputs = inputs(&funding);
    body.refund = change(&funding, refund, primary);
    finish(network, Transaction::from(body), funding, 0)
}

pub(super) fn fund(
    balance: &Balance,
    request: &SendRequest,
    total: &Amount,
    bytes: usize,
) -> Result<Funding, WalletError> {
    if bytes > MAX_POOL_TRANSACTION_BYTES {
        return Err(WalletError::TransactionTooLarge { bytes });
    }
    let sources = Some(request.sources.as_slice()).filter(|sources| !sources.is_empty());
    balance.fund(total, sources, SelectionLimits::beside(bytes))
}

/// Returns an output at least as large, in bytes, as the change will be.
pub(super) fn change_stand_in(
    balance: &Balance,
    request: &SendRequest,
    refund: Option<&Condition>,
    primary: UnlockHash,
) -> Output {
    let source = match request.sources.as_slice() {
        [source] => balance.multisig_condition(source),
        _ => None,
    };
    let condition = refund
        .cloned()
        .or(source)
        .unwrap_or_else(|| Condition::for_address(primary));
    Output::new(Amount::from_units(u128::MAX), condition)
}

pub(super) fn change(
    funding: &Funding,
    refund: Option<Condition>,
    primary: UnlockHash,
) -> Option<Output> {
    if funding.remainder.is_zero() {
        return None;
    }
    let condition = refund
        .or_else(|| funding.refund.clone())
        .unwrap_or_else(|| Condition::for_address(primary));
    Some(Output::new(funding.remainder.clone(), condition))
}

pub(super) fn inputs(funding: &Funding) -> Vec<Input> {
    funding
        .inputs
        .iter()
        .map(|(id, output)| unsigned_input(*id, &output.condition))
        .collect()
}

/// Returns an unsigned input, of the kind that its parent asks for.
fn unsigned_input(id: Hash, condition: &Condition) -> Input {
    let fulfillment = match condition.unlocked() {
        Condition::MultiSignature(_) => Fulfillment::MultiSignature(Vec::new()),
        _ => Fulfillment::single(PublicKey::Nil),
    };
    Input {
        parent_id: id,
        fulfillment,
    }
}

pub(super) fn finish(
    network: Network,
    transaction: Transaction,
    funding: Funding,
    payments: usize,
) -> Result<Draft, WalletError> {
    let parents = funding.inputs.into_iter().collect();
    Ok(Draft {
        network,
        transaction,
        parents,
        payments,
    })
}

impl Balance {
    /// Returns unsigned transactions that move everything available (with `unconfirmed` also
    /// what waits for its block) to one recipient. Each has one output, its sum less the fee;
    /// outputs that do not even pay their own fee stay. Multi-signature wallets are not drained.
    ///
    /// # Errors
    /// [`WalletError::NoMinerFee`]; every one of recipients and data.
    pub fn drain(
        &self,
        recipient: &Recipient,
        miner_fee: &Amount,
        unconfirmed: bool,
        data: &[u8],
        lock: Option<u64>,
        network: Network,
    ) -> Result<Vec<Draft>, WalletError> {
        if miner_fee.is_zero() {
            return Err(WalletError::NoMinerFee);
        }
        if data.len() > MAX_ARBITRARY_DATA_BYTES {
            return Err(WalletError::DataTooLong(data.len()));
        }
        let condition = recipient.condition(lock)?;
        let build = |inputs: Vec<Input>, value: Amount| {
            Transaction::from(StandardTransaction {
                coin_inputs: inputs,
                coin_outputs: vec![Output::new(value, condition.clone())],
                miner_fees: vec![miner_fee.clone()],
                arbitrary_data: data.to_vec(),
                ..StandardTransaction::default()
            })
        };
        let rest = build(Vec::new(), Amount::from_units(u128::MAX))
            .binary()?
            .len();
        let limits = SelectionLimits::beside(rest);
        let mut outputs: Vec<(Hash, &Output)> = Vec::new();
        if self.multisig.is_none() {
            outputs.extend(self.outputs_available());
            if unconfirmed {
                outputs.extend(self.outputs_unconfirmed_available());
            }
        }
        outputs.sort_by(|(_, left), (_, right)| right.value.cmp(&left.value));
        let mut drafts = Vec::new();
        let mut outputs = outputs.into_iter().peekable();
        while outputs.peek().is_some() {
            let (mut batch, mut bytes) = (Vec::new(), 0_usize);
            while let Some((_, next)) = outputs.peek() {
                let size = bytes.saturating_add(signed_input_bytes(&next.condition));
                let full = batch.len() >= limits.inputs || size > limits.bytes;
                if full && !batch.is_empty() {
                    break;
                }
                bytes = size;
                batch.extend(outputs.next());
            }
            let sum: Amount = batch.iter().map(|(_, output)| &output.value).sum();
            let Some(value) = sum.checked_sub(miner_fee).filter(|value| !value.is_zero()) else {
                // The outputs come largest first: all that follow are worth even less.
                break;
            };
            let inputs = batch
                .iter()
                .map(|(id, output)| unsigned_input(*id, &output.condition))
                .collect();
            drafts.push(Draft {
                network,
                transaction: build(inputs, value),
                parents: batch
                    .into_iter()
                    .map(|(id, output)| (id, output.clone()))
                    .collect(),
                payments: 1,
            });
        }
        Ok(drafts)
    }
}
