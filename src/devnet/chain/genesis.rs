//! The devnet's first block, its funded identity, and the numbers of the network.

use std::sync::Arc;

use super::block::{Block, StakeIndexes};
use crate::tfchain::network::{
    DEVNET_GENESIS_ADDRESS, DEVNET_GENESIS_INDEX, DEVNET_GENESIS_PHRASE, Network, NetworkConstants,
};
use crate::tfchain::transaction::StandardTransaction;
use crate::tfchain::{Amount, Condition, Hash, KeyPair, Output, Seed, UnlockHash};

/// The network that the node runs.
pub const NETWORK: Network = Network::Devnet;
/// Its fixed numbers.
pub const CONSTANTS: &NetworkConstants = NETWORK.constants();
/// Block stakes of the genesis block (spec: devnet identities).
pub const BLOCK_STAKES: u64 = 3_000;
/// Coins of the genesis block, in whole TFT (spec: devnet identities).
pub const GENESIS_TFT: u64 = 100_000_000;
/// Id of the genesis block (recorded from a real devnet node).
pub const GENESIS_ID: &str = "3b9a428e733686067adf2e6ae296cdd144b5151716a884a4b4c636a4e8379b3e";
/// Version texts that the reference reports.
pub const CHAIN_VERSION: &str = "1.1.2-rc1";
/// Version of the protocol between nodes that the reference reports.
pub const PROTOCOL_VERSION: &str = "1.0.7";

/// The identity that holds the genesis coins and block stakes, makes the blocks and pays out the
/// faucet. Its phrase is public.
#[derive(Debug)]
pub struct Genesis {
    /// Its key.
    pub key: KeyPair,
    /// Its address.
    pub address: UnlockHash,
}

impl Genesis {
    /// Derives the identity from the public phrase; None can only mean that the phrase in the
    /// source was damaged (a test checks it).
    pub fn derive() -> Option<Self> {
        let key = Seed::from_phrase(DEVNET_GENESIS_PHRASE)
            .ok()?
            .key_pair(DEVNET_GENESIS_INDEX);
        let address = key.unlock_hash();
        (address.to_string() == DEVNET_GENESIS_ADDRESS).then_some(Self { key, address })
    }

    /// Returns the genesis block.
    pub fn block(&self) -> Block {
        let output = |value| Output {
            value,
            condition: Condition::for_address(self.address),
        };
        let transaction = StandardTransaction {
            coin_outputs: vec![output(Amount::from_tft(GENESIS_TFT))],
            blockstake_outputs: vec![output(Amount::from_units(u128::from(BLOCK_STAKES)))],
            ..StandardTransaction::default()
        };
        Block {
            parent_id: Hash::ZERO,
            timestamp: CONSTANTS.genesis_timestamp,
            stake: StakeIndexes::default(),
            payouts: Vec::new(),
            transactions: vec![Arc::new(transaction.into())],
        }
    }
}
