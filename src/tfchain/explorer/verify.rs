//! From what a node says to what can be relied on.
//!
//! The id of a transaction and the ids of its outputs are computed from its content; what the node
//! says must be the same. Addresses are computed from conditions; the outputs that a transaction
//! spends must be such that its keys can open them, and equal to those created in the same answer.
//! A node that fails any of this is reported, never believed.
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::facts::{Block, ExplorerTransaction, MinerPayout};
use super::model::{SaidAddress, WireBlock, WireOutput, WireTransaction};
use crate::tfchain::{Condition, Fulfillment, Hash, Input, Output, UnlockType};

/// Checks a transaction; `in_pool` when it is known to be unconfirmed.
pub(super) fn transaction(
    wire: WireTransaction,
    in_pool: bool,
) -> Result<ExplorerTransaction, String> {
    let id = wire.id;
    let named = |what: String| format!("transaction {id}: {what}");
    let ids = wire
        .rawtransaction
        .ids()
        .map_err(|error| named(format!("its content has no binary form: {error}")))?;
    if ids.transaction != id {
        return Err(named(format!("its content has the id {}", ids.transaction)));
    }
    let transaction = wire.rawtransaction;
    check_output_ids(&wire.coinoutputids, &ids.coin_outputs).map_err(named)?;
    check_output_ids(&wire.blockstakeoutputids, &ids.blockstake_outputs).map_err(named)?;
    check_addresses(&wire.coinoutputunlockhashes, &transaction.coin_outputs()).map_err(named)?;
    let spent_coin_outputs =
        spent(transaction.coin_inputs(), wire.coininputoutputs).map_err(named)?;
    let spent_blockstake_outputs =
        spent(transaction.blockstake_inputs(), wire.blockstakeinputoutputs).map_err(named)?;
    let unconfirmed = in_pool || wire.unconfirmed;
    let own_coin_outputs = match transaction.coin_outputs() {
        Cow::Borrowed(_) => None,
        Cow::Owned(list) => Some(list),
    };
    Ok(ExplorerTransaction {
        id,
        height: (!unconfirmed).then_some(wire.height),
        time: Some(wire.timestamp).filter(|time| *time > 0 && !unconfirmed),
        order: wire.order,
        transaction,
        own_coin_outputs,
        coin_output_ids: ids.coin_outputs,
        spent_coin_outputs,
        blockstake_output_ids: ids.blockstake_outputs,
        spent_blockstake_outputs,
    })
}

/// Transactions of one answer, each checked as soon as it is read: so a long history is never in
/// memory twice.
#[derive(Default)]
pub(super) struct Checked(Vec<Arc<ExplorerTransaction>>);

impl Checked {
    /// Returns the transactions after checking them against each other.
    pub(super) fn agreed(self) -> Result<Vec<Arc<ExplorerTransaction>>, String> {
        agree(&self.0)?;
        Ok(self.0)
    }
}

impl<'de> Deserialize<'de> for Checked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListVisitor;
        impl<'de> Visitor<'de> for ListVisitor {
            type Value = Checked;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of transactions")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Checked, A::Error> {
                let mut checked = Vec::new();
                while let Some(wire) = list.next_element::<WireTransaction>()? {
                    let transaction = transaction(wire, false).map_err(A::Error::custom)?;
                    checked.push(Arc::new(transaction));
                }
                Ok(Checked(checked))
            }
        }
        deserializer.deserialize_seq(ListVisitor)
    }
}

/// Checks that what transactions spend is what others of the list created.
fn agree(list: &[Arc<ExplorerTransaction>]) -> Result<(), String> {
    let created: HashMap<Hash, &Output> = list
        .iter()
        .flat_map(|transaction| transaction.created_outputs())
        .collect();
    for transaction in list {
        for (id, spent) in transaction.spent_outputs() {
            if created.get(&id).is_some_and(|created| *created != spent) {
                return Err(format!(
                    "transaction {}: the output {id} that it spends is not as it was created",
                    transaction.id
                ));
            }
        }
    }
    Ok(())
}

/// Checks a block and its transactions. The id of a block is taken from the node.
pub(super) fn block(wire: WireBlock) -> Result<Block, String> {
    let raw = wire.rawblock;
    if wire.minerpayoutids.len() != raw.minerpayouts.len() {
        return Err(format!(
            "block {}: {} payouts have {} ids",
            wire.blockid,
            raw.minerpayouts.len(),
            wire.minerpayoutids.len()
        ));
    }
    let payouts = wire.minerpayoutids.into_iter().zip(raw.minerpayouts);
    Ok(Block {
        id: wire.blockid,
        parent_id: raw.parentid,
        height: wire.height,
        time: raw.timestamp,
        miner_payouts: payouts
            .map(|(id, payout)| MinerPayout {
                id,
                value: payout.value,
                unlock_hash: payout.unlockhash,
            })
            .collect(),
        transactions: wire.transactions.agreed()?,
    })
}

fn check_output_ids(said: &[Hash], computed: &[Hash]) -> Result<(), String> {
    if said.len() != computed.len() {
        return Err(format!(
            "it has {} outputs, not {}",
            computed.len(),
            said.len()
        ));
    }
    match said
        .iter()
        .zip(computed)
        .find(|(said, computed)| said != computed)
    {
        Some((said, computed)) => Err(format!("its output {computed} is said to be {said}")),
        None => Ok(()),
    }
}

fn check_addresses(said: &[SaidAddress], outputs: &[Output]) -> Result<(), String> {
    // Some nodes leave the list out; where it is given it must be right.
    for (said, output) in said.iter().zip(outputs) {
        let address = output.condition.unlock_hash();
        if !said.is(&address) {
            let said = said.text();
            return Err(format!(
                "an output of {address} is said to belong to {said}"
            ));
        }
    }
    Ok(())
}

/// Checks the outputs that inputs spend; None for those that the node does not know.
fn spent(inputs: &[Input], outputs: Vec<WireOutput>) -> Result<Vec<Option<Output>>, String> {
    if inputs.len() != outputs.len() {
        return Err(format!(
            "{} inputs spend {} outputs",
            inputs.len(),
            outputs.len()
        ));
    }
    inputs
        .iter()
        .zip(outputs)
        .map(|(input, wire)| {
            // No output is worth nothing: so the node prints an output that it does not know.
            if wire.value.is_zero() {
                return Ok(None);
            }
            let address = wire.condition.unlock_hash();
            if !wire.unlockhash.is(&address) {
                return Err(format!(
                    "the spent output {} of {address} is said to belong to {}",
                    input.parent_id,
                    wire.unlockhash.text()
                ));
            }
            if !can_open(&input.fulfillment, &wire.condition) {
                return Err(format!(
                    "the keys of its inputs cannot have spent {} of {address}",
                    input.parent_id
                ));
            }
            Ok(Some(Output {
                value: wire.value,
                condition: wire.condition,
            }))
        })
        .collect()
}

/// Returns false when the keys of a fulfillment have no part in a condition. Signatures are not
/// looked at.
fn can_open(fulfillment: &Fulfillment, condition: &Condition) -> bool {
    match (condition.unlocked(), fulfillment) {
        (Condition::UnlockHash(address), Fulfillment::SingleSignature(pair))
            if address.kind() == UnlockType::PublicKey =>
        {
            pair.public_key.unlock_hash() == *address
        }
        (Condition::UnlockHash(address), _) => address.kind() != UnlockType::PublicKey,
        (Condition::MultiSignature(owners), Fulfillment::MultiSignature(pairs)) => {
            pairs.iter().all(|pair| {
                owners
                    .unlock_hashes
                    .contains(&pair.public_key.unlock_hash())
            })
        }
        (Condition::MultiSignature(_), _) => false,
        (Condition::AtomicSwap(_), fulfillment) => {
            matches!(fulfillment, Fulfillment::AtomicSwap(_))
        }
        (Condition::Nil, fulfillment) => matches!(fulfillment, Fulfillment::SingleSignature(_)),
        (Condition::TimeLock(_), _) => false,
    }
}
