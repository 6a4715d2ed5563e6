//! `j.clients.tfchain`: clients of the chain, and the wallets below them.
//!
//! * [`client`], [`wallet`]: the two kinds of instances, with their members.
//! * [`place`]: which network a client is of, and whom it asks.
//! * [`send`], [`builder`], [`sign`], [`handed`], [`pending`]: from a request to the chain.
//! * [`records`]: how wallets keep in the store what they began.
//! * [`atomicswap`]: swaps with somebody on another chain.
//! * [`recipient`]: what a user may write for recipients, amounts, locks and data.
//! * [`threebot`], [`minter`], [`erc20`]: of a wallet and of the chain; their orders go through
//!   [`order`].
//! * [`capacity`]: reserving capacity of the grid with the coins of a wallet.
//! * [`types`]: the chain's own types, from text, JSON and bytes.
//! * [`json`]: JSON that a user hands over.
//! * the other files: one class of values each.
pub mod address_book;
pub mod amount;
pub mod atomicswap;
pub mod balance;
pub mod block;
pub mod builder;
pub mod capacity;
pub mod client;
pub mod condition;
pub mod erc20;
pub mod errors;
pub mod explorers;
pub mod faucet;
pub mod fulfillment;
pub mod handed;
pub mod json;
pub mod lookup;
pub mod minter;
pub mod order;
pub mod output;
pub mod pending;
pub mod place;
pub mod qr;
pub mod recipient;
pub mod records;
pub mod send;
pub mod sign;
pub mod statement;
pub mod threebot;
pub mod transaction;
pub mod types;
pub mod wallet;

pub use client::{TfchainClient, collection};
