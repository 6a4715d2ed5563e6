//! The rules on a transaction, in the reference's order and with its texts.
//!
//! [`check`] judges, [`apply`] changes the state. What concerns one condition or fulfillment
//! stands in [`crate::tfchain::rules`]; what concerns one extension beside its state.

use std::collections::HashSet;
use std::sync::Arc;

use super::block::StakeIndexes;
use super::genesis::{CONSTANTS, NETWORK};
use super::ledger::{Delta, Ledger, Stake, View};
use super::{Extensions, erc20};
use crate::tfchain::constants::{MAX_ARBITRARY_DATA_BYTES, MAX_BLOCK_TRANSACTION_BYTES};
use crate::tfchain::hash::OutputId;
use crate::tfchain::rules::{FulfillContext, check_condition, check_fulfilled, check_fulfillment};
use crate::tfchain::{
    Amount, Condition, Output, SignTarget, SignatureHasher, Transaction, TransactionIds, UnlockHash,
};

/// Height and time that a transaction is judged or applied at: for judging those of the newest
/// block, for applying those of the block that takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    /// Block height.
    pub height: u64,
    /// Seconds since 1970.
    pub time: u64,
}

impl From<Context> for FulfillContext {
    fn from(context: Context) -> Self {
        Self {
            height: context.height,
            time: context.time,
        }
    }
}

/// Which balances of inputs and outputs are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Balance {
    /// Those of every version.
    Every,
    /// Not those of versions 144 to 146, which the reference forgets.
    ReferenceOnly,
}

const V0_DISABLED: &str = "transaction is invalid as it has been disabled for validation using \
                           the ValidateInvalidByDefault function";
const TOO_SMALL_FEE: &str = "transaction has a too small miner fee";
const ZERO_OUTPUT: &str = "transaction cannot have an output or payout that has zero value";

/// Judges a transaction by all rules but those of the pool. `size` is that of its binary form.
///
/// # Errors
/// The reference's text for the first rule that is broken.
pub fn check(
    view: View<'_>,
    transaction: &Transaction,
    ids: &TransactionIds,
    size: usize,
    context: Context,
    balance: Balance,
) -> Result<(), String> {
    let spent = check_inputs(view, transaction, ids)?;
    check_version(transaction, ids, &spent)?;
    if size > MAX_BLOCK_TRANSACTION_BYTES {
        return Err("transaction is too large to fit in a block".into());
    }
    check_form(transaction)?;
    check_fees(transaction, ids)?;
    check_unique_parents(transaction)?;
    let hasher = transaction.signature_hasher().map_err(|e| e.to_string())?;
    check_spending(transaction, &spent, &hasher, context)?;
    check_extension(view.extensions(), transaction, &spent, &hasher, context)?;
    if balance == Balance::Every
        && let Some(bot_fee) = bot_fee(transaction)
    {
        let paid = total_out(transaction) + bot_fee;
        check_coin_balance(&spent.coin_total(), &paid, ids)?;
    }
    Ok(())
}

/// Returns true for a block creating transaction: it does nothing but respend the block stake
/// that the block names. A block whose stake is spent by a transaction of the pool has none.
pub(super) fn is_block_creator(transaction: &Transaction, stake: OutputId) -> bool {
    matches!(transaction.blockstake_inputs(), [input] if input.parent_id == stake)
        && transaction.blockstake_outputs().len() == 1
        && transaction.coin_inputs().is_empty()
        && transaction.coin_outputs().is_empty()
}

/// Judges a block creating transaction, which pays no fee.
///
/// # Errors
/// The rule that it breaks.
pub(super) fn check_block_creator(
    view: View<'_>,
    transaction: &Transaction,
    ids: &TransactionIds,
    context: Context,
) -> Result<(), String> {
    let spent = check_inputs(view, transaction, ids)?;
    check_version(transaction, ids, &spent)?;
    check_form(transaction)?;
    let hasher = transaction.signature_hasher().map_err(|e| e.to_string())?;
    check_spending(transaction, &spent, &hasher, context)
}

/// The outputs that a transaction spends, in the order of its inputs.
pub(super) struct Spent<'a> {
    coins: Vec<&'a Arc<Output>>,
    stakes: Vec<&'a Arc<Output>>,
}

impl Spent<'_> {
    fn coin_total(&self) -> Amount {
        self.coins.iter().map(|output| &output.value).sum()
    }
}

/// Finds the outputs that a transaction spends.
pub(super) fn check_inputs<'a>(
    view: View<'a>,
    transaction: &Transaction,
    ids: &TransactionIds,
) -> Result<Spent<'a>, String> {
    let missing = |id: &OutputId, input: &str, output: &str| {
        format!(
            "failed to find {input} {id} from txn {} as unspent {output} in the consensus state: \
             requested item does not exist",
            ids.transaction
        )
    };
    let mut spent = Spent {
        coins: Vec::new(),
        stakes: Vec::new(),
    };
    for input in transaction.coin_inputs() {
        let id = &input.parent_id;
        let output = view
            .coin(id)
            .ok_or_else(|| missing(id, "coin input", "coin output"))?;
        spent.coins.push(output);
    }
    for input in transaction.blockstake_inputs() {
        let id = &input.parent_id;
        let stake = view
            .stake(id)
            .ok_or_else(|| missing(id, "block stake input", "block stake output"))?;
        spent.stakes.push(&stake.output);
    }
    Ok(spent)
}

fn total_out(transaction: &Transaction) -> Amount {
    let outputs: Amount = transaction
        .coin_outputs()
        .iter()
        .map(|output| &output.value)
        .sum();
    outputs + transaction.miner_fees().iter().sum::<Amount>()
}

fn check_version(
    transaction: &Transaction,
    ids: &TransactionIds,
    spent: &Spent<'_>,
) -> Result<(), String> {
    match transaction {
        Transaction::Legacy(_) => Err(V0_DISABLED.into()),
        Transaction::Standard(_) => {
            check_coin_balance(&spent.coin_total(), &total_out(transaction), ids)?;
            let stakes_in: Amount = spent.stakes.iter().map(|output| &output.value).sum();
            let stakes_out: Amount = transaction
                .blockstake_outputs()
                .iter()
                .map(|output| &output.value)
                .sum();
            check_sums(&stakes_in, &stakes_out, "block stake", ids)
        }
        _ if NETWORK.supports(transaction.version()) => check_parts(transaction),
        _ => Err("unknown transaction type".into()),
    }
}

/// Checks that a transaction of an extension has the parts that its kind must have.
fn check_parts(transaction: &Transaction) -> Result<(), String> {
    let no_fees = transaction.miner_fees().is_empty();
    let no_inputs = transaction.coin_inputs().is_empty();
    let inputs = "at least one coin input and exactly one miner fee is required for";
    let missing = match transaction {
        Transaction::MinterDefinition(_) if no_fees => "a MinterDefinitionTx: at least one miner \
             fee is required for a MinterDefinitionTransaction"
            .into(),
        Transaction::CoinCreation(_) if transaction.coin_outputs().is_empty() => {
            "a CoinCreationTx: at least one coin output is required for a CoinCreationTransaction"
                .into()
        }
        Transaction::CoinCreation(_) if no_fees => "a CoinCreationTx: at least one miner fee is \
             required for a CoinCreationTransaction"
            .into(),
        Transaction::BotRegistration(_) if no_inputs => {
            format!("a BotRegistrationTx: BotRegistrationTransaction: {inputs} a Bot Transaction")
        }
        Transaction::BotRecordUpdate(_) if no_inputs => {
            format!("a BotUpdateRecordTx: BotRecordUpdateTransaction: {inputs} a Bot Transaction")
        }
        Transaction::BotNameTransfer(_) if no_inputs => {
            format!("a BotNameTransferTx: BotNameTransferTransaction: {inputs} a Bot Transaction")
        }
        Transaction::Erc20Convert(_) if no_inputs => {
            format!("an ERC20ConvertTx: {inputs} an ERC20 Convert Transaction")
        }
        Transaction::Erc20AddressRegistration(_) if no_inputs => format!(
            "an ERC20AddressRegistrationTx: {inputs} an ERC20 Address Registration Transaction"
        ),
        _ => return Ok(()),
    };
    Err(format!("failed to convert txData to {missing}"))
}

fn check_coin_balance(inputs: &Amount, out: &Amount, ids: &TransactionIds) -> Result<(), String> {
    check_sums(inputs, out, "coin", ids)
}

fn check_sums(inputs: &Amount, out: &Amount, of: &str, ids: &TransactionIds) -> Result<(), String> {
    let relation = match inputs.cmp(out) {
        std::cmp::Ordering::Equal => return Ok(()),
        std::cmp::Ordering::Less => "less",
        std::cmp::Ordering::Greater => "greater",
    };
    Err(format!(
        "unbalanced {of} outputs: the sum of {of} inputs ({}) for tx {} is {relation} than its sum \
         of {of} outputs ({})",
        inputs.units_text(),
        ids.transaction,
        out.units_text()
    ))
}

/// Checks data, fulfillments and outputs each for itself.
fn check_form(transaction: &Transaction) -> Result<(), String> {
    if transaction.arbitrary_data().len() > MAX_ARBITRARY_DATA_BYTES {
        return Err("arbitrary data is too large to fit in a transaction".into());
    }
    let outputs = |outputs: &[Output]| {
        outputs.iter().try_for_each(|output| {
            if output.value.is_zero() {
                return Err(ZERO_OUTPUT.to_string());
            }
            check_condition(&output.condition).map_err(|e| e.to_string())
        })
    };
    for input in transaction.coin_inputs() {
        check_fulfillment(&input.fulfillment).map_err(|e| e.to_string())?;
    }
    outputs(&transaction.coin_outputs())?;
    for input in transaction.blockstake_inputs() {
        check_fulfillment(&input.fulfillment).map_err(|e| e.to_string())?;
    }
    outputs(transaction.blockstake_outputs())
}

fn check_fees(transaction: &Transaction, ids: &TransactionIds) -> Result<(), String> {
    let fees = transaction.miner_fees();
    if fees.is_empty() {
        return Err(format!(
            "tx {} does not contain any miner fees while at least one was expected",
            ids.transaction
        ));
    }
    let minimum = Amount::from_units(CONSTANTS.minimum_miner_fee);
    if fees.iter().any(|fee| *fee < minimum) {
        Err(TOO_SMALL_FEE.into())
    } else {
        Ok(())
    }
}

fn check_unique_parents(transaction: &Transaction) -> Result<(), String> {
    for inputs in [transaction.coin_inputs(), transaction.blockstake_inputs()] {
        let mut seen = HashSet::with_capacity(inputs.len());
        if !inputs.iter().all(|input| seen.insert(input.parent_id)) {
            return Err("transaction uses a parent object twice".into());
        }
    }
    Ok(())
}

/// Checks that each input fulfills its condition.
fn check_spending(
    transaction: &Transaction,
    spent: &Spent<'_>,
    hasher: &SignatureHasher,
    context: Context,
) -> Result<(), String> {
    let coins = transaction.coin_inputs().iter().zip(&spent.coins);
    let stakes = transaction.blockstake_inputs().iter().zip(&spent.stakes);
    let coins = coins
        .enumerate()
        .map(|(n, pair)| (SignTarget::CoinInput(n), pair));
    let stakes = stakes
        .enumerate()
        .map(|(n, pair)| (SignTarget::BlockStakeInput(n), pair));
    for (target, (input, output)) in coins.chain(stakes) {
        let (condition, fulfillment) = (&output.condition, &input.fulfillment);
        check_fulfilled(condition, fulfillment, context.into(), target, hasher)
            .map_err(|e| e.to_string())?;
    }
    Ok(())
}

fn check_extension(
    extensions: &Extensions,
    transaction: &Transaction,
    spent: &Spent<'_>,
    hasher: &SignatureHasher,
    context: Context,
) -> Result<(), String> {
    let Extensions {
        minting,
        bots,
        erc20,
    } = extensions;
    match transaction {
        Transaction::MinterDefinition(t) => minting.check_definition(t, hasher, context),
        Transaction::CoinCreation(t) => minting.check_creation(t, hasher, context),
        Transaction::BotRegistration(t) => bots.check_registration(t, hasher, context),
        Transaction::BotRecordUpdate(t) => bots.check_update(t, hasher, context),
        Transaction::BotNameTransfer(t) => bots.check_transfer(t, hasher, context),
        Transaction::Erc20Convert(t) => erc20::check_conversion(t, &spent.coin_total()),
        Transaction::Erc20CoinCreation(t) => erc20.check_creation(t),
        Transaction::Erc20AddressRegistration(t) => {
            erc20.check_registration(t, hasher, &spent.coin_total())
        }
        _ => Ok(()),
    }
}

fn bot_fee(transaction: &Transaction) -> Option<Amount> {
    match transaction {
        Transaction::BotRegistration(t) => Some(t.bot_fee()),
        Transaction::BotRecordUpdate(t) => Some(t.bot_fee()),
        Transaction::BotNameTransfer(t) => Some(t.bot_fee()),
        _ => None,
    }
}

/// Returns what a transaction pays to the network's pool by a payout of its block.
pub(super) fn custom_payout(transaction: &Transaction) -> Option<Amount> {
    match transaction {
        Transaction::Erc20AddressRegistration(t) => Some(t.registration_fee.clone()),
        _ => bot_fee(transaction),
    }
}

/// Returns the address that a transaction names besides those of its outputs.
pub(super) fn named_address(transaction: &Transaction) -> Option<UnlockHash> {
    match transaction {
        Transaction::BotRegistration(t) => Some(t.identification.public_key.unlock_hash()),
        Transaction::MinterDefinition(t) => Some(t.mint_condition.unlock_hash()),
        Transaction::Erc20AddressRegistration(t) => Some(t.tft_address()),
        _ => None,
    }
}

/// Applies a transaction to a delta of the ledger. `order` is its index in the block.
///
/// # Errors
/// When it does not fit the state; then the delta has not changed.
pub fn apply(
    ledger: &Ledger,
    delta: &mut Delta,
    transaction: &Transaction,
    ids: &TransactionIds,
    at: Context,
    order: usize,
) -> Result<(), String> {
    check_inputs(View::new(ledger, delta), transaction, ids)?;
    check_unique_parents(transaction)?;
    apply_extension(delta, transaction, ids, at)?;
    for input in transaction.coin_inputs() {
        delta.spend_coin(input.parent_id);
    }
    for (output, id) in transaction.coin_outputs().iter().zip(&ids.coin_outputs) {
        delta.add_coin(*id, Arc::new(output.clone()));
    }
    for input in transaction.blockstake_inputs() {
        delta.spend_stake(input.parent_id);
    }
    let stakes = transaction
        .blockstake_outputs()
        .iter()
        .zip(&ids.blockstake_outputs);
    for (index, (output, id)) in stakes.enumerate() {
        let number = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        let indexes = StakeIndexes {
            block_height: at.height,
            transaction_index: number(order),
            output_index: number(index),
        };
        delta.add_stake(
            *id,
            Stake {
                output: Arc::new(output.clone()),
                indexes,
            },
        );
    }
    Ok(())
}

fn apply_extension(
    delta: &mut Delta,
    transaction: &Transaction,
    ids: &TransactionIds,
    at: Context,
) -> Result<(), String> {
    let id = ids.transaction;
    match transaction {
        Transaction::MinterDefinition(t) => {
            let condition: Condition = t.mint_condition.clone();
            delta.extensions_mut().minting.define(at.height, condition);
        }
        Transaction::BotRegistration(t) => delta.extensions_mut().bots.register(t, at.time, id),
        Transaction::BotRecordUpdate(t) => delta.extensions_mut().bots.update(t, at.time, id)?,
        Transaction::BotNameTransfer(t) => delta.extensions_mut().bots.transfer(t, at.time, id)?,
        Transaction::Erc20CoinCreation(t) => {
            delta
                .extensions_mut()
                .erc20
                .map_transaction(t.transaction_id, id);
        }
        Transaction::Erc20AddressRegistration(t) => {
            delta
                .extensions_mut()
                .erc20
                .register(t.tft_address(), at.height);
        }
        _ => {}
    }
    Ok(())
}
