//! Making a block: which stake creates it, what it pays, which transactions it holds.

use std::collections::HashSet;
use std::sync::Arc;

use super::{
    Block, CONSTANTS, Chain, Context, Genesis, NETWORK, Payout, Stake, StakeIndexes, View, apply,
    rules,
};
use crate::tfchain::constants::MAX_BLOCK_TRANSACTION_BYTES;
use crate::tfchain::hash::OutputId;
use crate::tfchain::transaction::StandardTransaction;
use crate::tfchain::{Amount, Input, SignTarget, Transaction, TransactionIds, UnlockHash};

/// A pool transaction offered for a block.
pub(crate) struct Offer<'a> {
    pub transaction: &'a Arc<Transaction>,
    pub ids: &'a TransactionIds,
    pub size: usize,
}

impl Chain {
    /// Returns the next block: the block creating transaction and the offered ones in their order,
    /// without those that no longer apply.
    ///
    /// # Errors
    /// When the block creating transaction cannot be made.
    pub(crate) fn assemble<'a>(
        &self,
        genesis: &Genesis,
        timestamp: u64,
        offers: impl Iterator<Item = Offer<'a>> + Clone,
    ) -> Result<Block, String> {
        let at = Context {
            height: self.height().saturating_add(1),
            time: timestamp,
        };
        let mut delta = self.ledger.delta();
        let mut transactions = Vec::new();
        // Somebody who sends block stakes away must win against our own use of them: as in the
        // reference, their transaction then stands in for the block creating one.
        let taken: HashSet<OutputId> = offers
            .clone()
            .flat_map(|o| o.transaction.blockstake_inputs())
            .map(|input| input.parent_id)
            .collect();
        let own = self.own_stake(genesis, &taken);
        if let Some((id, found)) = own.filter(|(id, _)| !taken.contains(*id)) {
            let creator = block_creator(genesis, *id, found)?;
            let ids = creator.ids().map_err(|e| e.to_string())?;
            apply(&self.ledger, &mut delta, &creator, &ids, at, 0)?;
            transactions.push(Arc::new(creator));
        }
        let stake = own.map(|(_, found)| found.indexes).unwrap_or_default();
        let mut room = MAX_BLOCK_TRANSACTION_BYTES;
        for offer in offers {
            let Some(left) = room.checked_sub(offer.size) else {
                break;
            };
            let view = View::new(&self.ledger, &delta);
            let open = rules::check_inputs(view, offer.transaction, offer.ids).is_ok();
            let order = transactions.len();
            if open
                && apply(
                    &self.ledger,
                    &mut delta,
                    offer.transaction,
                    offer.ids,
                    at,
                    order,
                )
                .is_ok()
            {
                transactions.push(Arc::clone(offer.transaction));
                room = left;
            }
        }
        let payouts = self.expected_payouts(&transactions, genesis.address);
        Ok(Block {
            parent_id: self.tip_id,
            timestamp,
            stake,
            payouts,
            transactions,
        })
    }

    /// Returns a block stake output of the creator, one that no offered transaction spends if
    /// there is one.
    fn own_stake(
        &self,
        genesis: &Genesis,
        taken: &HashSet<OutputId>,
    ) -> Option<(&OutputId, &Stake)> {
        self.ledger
            .stakes()
            .filter(|(_, stake)| {
                stake.output.condition.unlock_hash() == genesis.address
                    && !stake
                        .output
                        .condition
                        .is_locked(self.height(), self.tip_time)
            })
            .max_by_key(|(id, stake)| (!taken.contains(*id), stake.output.value.clone(), **id))
    }

    /// Returns the payouts of a block: creator fee, all miner fees in one, custom fees in
    /// transaction order. Zero payouts would make the block invalid and are left out.
    pub(super) fn expected_payouts(
        &self,
        transactions: &[Arc<Transaction>],
        creator: UnlockHash,
    ) -> Vec<Payout> {
        let creator_fee = Amount::from_units(CONSTANTS.block_creator_fee);
        let fees: Amount = transactions.iter().flat_map(|t| t.miner_fees()).sum();
        let fee_address = NETWORK.fee_address().unwrap_or(creator);
        let custom = transactions.iter().filter_map(|t| rules::custom_payout(t));
        [(creator_fee, creator), (fees, fee_address)]
            .into_iter()
            .chain(custom.map(|fee| (fee, NETWORK.pool_address())))
            .filter(|(value, _)| !value.is_zero())
            .map(|(value, unlock_hash)| Payout { value, unlock_hash })
            .collect()
    }

    /// Returns id and owner of the stake that a block names as its creator's.
    ///
    /// # Errors
    /// When there is no such stake.
    pub(super) fn named_stake(
        &self,
        stake: StakeIndexes,
    ) -> Result<(OutputId, UnlockHash), String> {
        let find = || {
            let transactions = &self.block(stake.block_height)?.transactions;
            let creator = transactions.get(usize::try_from(stake.transaction_index).ok()?)?;
            let index = usize::try_from(stake.output_index).ok()?;
            let output = creator.transaction.blockstake_outputs().get(index)?;
            let id = creator.ids.blockstake_outputs.get(index)?;
            Some((*id, output.condition.unlock_hash()))
        };
        find().ok_or_else(|| format!("its stake {stake:?} does not exist"))
    }
}

/// Makes the transaction that respends a block stake output to its own condition.
fn block_creator(genesis: &Genesis, id: OutputId, stake: &Stake) -> Result<Transaction, String> {
    let mut transaction = Transaction::from(StandardTransaction {
        blockstake_inputs: vec![Input::unsigned(id)],
        blockstake_outputs: vec![(*stake.output).clone()],
        ..StandardTransaction::default()
    });
    let hasher = transaction.signature_hasher().map_err(|e| e.to_string())?;
    let target = SignTarget::BlockStakeInput(0);
    transaction
        .sign(
            &hasher,
            target,
            stake.output.condition.unlocked(),
            &genesis.key,
            None,
        )
        .map_err(|e| e.to_string())?;
    Ok(transaction)
}
