//! The chain's own types: encodings, crypto, addresses, amounts, conditions and transactions.
//!
//! A library room: it knows nothing of the shell, never prints, never reads the environment;
//! time, randomness and the network are passed in. Everything that goes over the wire has two
//! forms here, JSON (serde) and binary ([`encoding`]); ids and signature hashes are computed from
//! the binary form. The node's rules on conditions and fulfillments stand in [`rules`], with the
//! node's own texts, so that wallet and embedded node judge alike.
//!
//! | what | where |
//! |---|---|
//! | bytes and JSON | [`encoding`], [`json`] |
//! | keys, words, hashes, signatures | [`keys`], [`mnemonic`], [`hash`], [`signing`] |
//! | addresses, amounts, networks, prices | [`unlockhash`], [`amount`], [`network`], [`fees`], [`constants`] |
//! | how outputs are locked and unlocked | [`condition`], [`fulfillment`], [`rules`], [`atomicswap`] |
//! | transactions of all versions | [`transaction`] |
//! | 3bots | [`botname`], [`botrecord`], [`networkaddress`] |
//! | Ethereum's side | [`erc20`] |
//! | asking nodes | [`explorer`] |
//! | owning, sending, signing | [`wallet`] |
pub mod amount;
pub mod atomicswap;
pub mod botname;
pub mod botrecord;
pub mod condition;
pub mod constants;
pub mod encoding;
pub mod erc20;
pub mod explorer;
pub mod fees;
pub mod fulfillment;
pub mod hash;
mod hexadecimal;
mod json;
pub mod keys;
pub mod mnemonic;
pub mod network;
pub mod networkaddress;
mod recent;
pub mod rules;
pub mod signing;
pub mod transaction;
pub mod unlockhash;
pub mod wallet;

pub use amount::{Amount, AmountError};
pub use atomicswap::{SwapContract, SwapSecret};
pub use botname::BotName;
pub use botrecord::{BotId, BotRecord};
pub use condition::{Condition, MultiSignatureCondition, TimeLockCondition};
pub use encoding::{DecodeError, EncodeError};
pub use erc20::{Erc20Address, Erc20Hash};
pub use fulfillment::{AtomicSwapFulfillment, Fulfillment, SignaturePair};
pub use hash::Hash;
pub use keys::{KeyPair, PublicKey, Signature, verify_all};
pub use mnemonic::{MnemonicError, Seed};
pub use network::Network;
pub use networkaddress::NetworkAddress;
pub use signing::{Extra, SignTarget, SignatureHasher};
pub use transaction::{Input, Output, Transaction, TransactionIds};
pub use unlockhash::{UnlockHash, UnlockType};
