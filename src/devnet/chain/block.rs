//! Blocks: header, id, Merkle root, payout ids, binary and JSON form.
//!
//! A block's id is the BLAKE2b hash of its header in siabin: parent id, the three stake indexes,
//! timestamp, Merkle root over the payouts and then the transactions (checked against the recorded
//! chain). Payout id k is the hash of the block id and k as 8 bytes LE.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::tfchain::condition::MerkleTree;
use crate::tfchain::encoding::{DecodeError, Decoder, EncodeError, Encoder, Encoding};
use crate::tfchain::hash::{BlockId, Hash, OutputId};
use crate::tfchain::{Amount, Transaction, UnlockHash};

/// Where the block stake output lies that the block's creator used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StakeIndexes {
    /// Height of the block that created the output.
    #[serde(rename = "BlockHeight")]
    pub block_height: u64,
    /// Index of the transaction in that block.
    #[serde(rename = "TransactionIndex")]
    pub transaction_index: u64,
    /// Index among the transaction's block stake outputs.
    #[serde(rename = "OutputIndex")]
    pub output_index: u64,
}

/// Coins that a block pays out: creator fee, collected fees, fees of 3Bot and ERC20 transactions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payout {
    /// The amount.
    pub value: Amount,
    /// Who gets it.
    #[serde(rename = "unlockhash")]
    pub unlock_hash: UnlockHash,
}

/// A block as it goes over the wire.
#[derive(Clone, Debug)]
pub struct Block {
    /// Id of the block before; zeros for genesis.
    pub parent_id: BlockId,
    /// Seconds since 1970.
    pub timestamp: u64,
    /// The stake that created it.
    pub stake: StakeIndexes,
    /// Its payouts, in order.
    pub payouts: Vec<Payout>,
    /// Its transactions, in order.
    pub transactions: Vec<Arc<Transaction>>,
}

/// The JSON form of a raw block (`rawblock` in the API and in import files).
#[derive(Deserialize)]
pub(crate) struct RawBlock {
    parentid: BlockId,
    timestamp: u64,
    pobsindexes: StakeIndexes,
    minerpayouts: Option<Vec<Payout>>,
    transactions: Option<Vec<Transaction>>,
}

impl From<RawBlock> for Block {
    fn from(raw: RawBlock) -> Self {
        Self {
            parent_id: raw.parentid,
            timestamp: raw.timestamp,
            stake: raw.pobsindexes,
            payouts: raw.minerpayouts.unwrap_or_default(),
            transactions: raw
                .transactions
                .unwrap_or_default()
                .into_iter()
                .map(Arc::new)
                .collect(),
        }
    }
}

impl Block {
    /// Reads the JSON form of a raw block.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str::<RawBlock>(text).map(Self::from)
    }

    /// Computes the block's id.
    ///
    /// # Errors
    /// When a transaction has no binary form.
    pub fn id(&self) -> Result<BlockId, EncodeError> {
        let mut tree = MerkleTree::default();
        for payout in &self.payouts {
            let mut encoder = Encoder::new(Encoding::Siabin);
            encoder.value(&payout.value);
            encoder.value(&payout.unlock_hash);
            tree.push(&encoder.finish()?);
        }
        for transaction in &self.transactions {
            tree.push(&transaction.binary()?);
        }
        let mut encoder = Encoder::new(Encoding::Siabin);
        self.encode_head(&mut encoder);
        encoder.value(&tree.root());
        Ok(Hash::of(&encoder.finish()?))
    }

    fn encode_head(&self, encoder: &mut Encoder) {
        encoder.value(&self.parent_id);
        encoder.u64(self.stake.block_height);
        encoder.u64(self.stake.transaction_index);
        encoder.u64(self.stake.output_index);
        encoder.u64(self.timestamp);
    }

    /// Returns the bytes of the block in the chain log: header without the root, payouts, and each
    /// transaction's binary form as a slice (siabin). Private to us, not the form between nodes.
    ///
    /// # Errors
    /// When a transaction has no binary form.
    pub fn to_record(&self) -> Result<Vec<u8>, EncodeError> {
        let mut encoder = Encoder::new(Encoding::Siabin);
        self.encode_head(&mut encoder);
        encoder.count(self.payouts.len());
        for payout in &self.payouts {
            encoder.value(&payout.value);
            encoder.value(&payout.unlock_hash);
        }
        encoder.count(self.transactions.len());
        for transaction in &self.transactions {
            encoder.slice(&transaction.binary()?);
        }
        encoder.finish()
    }

    /// Reads the bytes that [`Block::to_record`] wrote.
    ///
    /// # Errors
    /// When the bytes are no block.
    pub fn from_record(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut decoder = Decoder::new(Encoding::Siabin, bytes)?;
        let parent_id = decoder.value()?;
        let stake = StakeIndexes {
            block_height: decoder.u64()?,
            transaction_index: decoder.u64()?,
            output_index: decoder.u64()?,
        };
        let timestamp = decoder.u64()?;
        let mut payouts = Vec::new();
        for _ in 0..decoder.u64()? {
            payouts.push(Payout {
                value: decoder.value()?,
                unlock_hash: decoder.value()?,
            });
        }
        let mut transactions = Vec::new();
        for _ in 0..decoder.u64()? {
            let slice = decoder.slice()?;
            transactions.push(Arc::new(Transaction::from_binary(slice)?));
        }
        decoder.finish()?;
        Ok(Self {
            parent_id,
            timestamp,
            stake,
            payouts,
            transactions,
        })
    }
}

/// Returns the id of payout number `index` of a block.
pub fn payout_id(block: &BlockId, index: usize) -> OutputId {
    let index = u64::try_from(index).unwrap_or(u64::MAX);
    Hash::of_parts(&[block.as_bytes(), &index.to_le_bytes()])
}
