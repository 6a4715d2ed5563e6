//! What a devnet answers those who control it.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// What a devnet says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Process id of the node.
    pub pid: u32,
    /// Address of the node's HTTP interface.
    pub addr: SocketAddr,
    /// Address of the faucet.
    pub faucet: SocketAddr,
    /// Address of the flist hub.
    pub hub: SocketAddr,
    /// Addresses of the grid.
    pub grid: GridAddresses,
    /// Height of the newest block.
    pub height: u64,
    /// Id of the newest block (64 hex).
    pub block_id: String,
    /// Timestamp of the newest block, seconds since 1970.
    pub block_time: u64,
    /// Milliseconds between blocks; None when blocks are only made on demand.
    pub block_every_ms: Option<u64>,
    /// Transactions that wait in the pool.
    pub pool: usize,
    /// Offset of the node's clock in seconds.
    pub clock_offset: i64,
    /// The node's time, seconds since 1970.
    pub now: u64,
    /// The folder of its state.
    pub dir: String,
    /// What was noticed at the start, for example a torn tail that was cut off.
    pub notices: Vec<String>,
}

impl Status {
    /// Returns the address of the pages for a browser, which the faucet's port serves.
    pub fn pages(&self) -> String {
        format!("http://{}/explorer", self.faucet)
    }
}

/// A block that was just made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// Its height.
    pub height: u64,
    /// Its id (64 hex).
    pub id: String,
    /// Its timestamp, seconds since 1970.
    pub timestamp: u64,
    /// Transactions in it besides the block creating one.
    pub transactions: usize,
}

/// A funded identity of the devnet. Its mnemonic is public knowledge: it is the same on every
/// devnet and worth nothing elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// What it is used for.
    pub name: String,
    /// Seed phrase.
    pub mnemonic: String,
    /// Key index of the address.
    pub index: u64,
    /// Address (78 hex).
    pub address: String,
    /// Spendable coins in the smallest unit.
    pub balance: String,
}

/// Where the parts of the grid listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GridAddresses {
    /// Capacity directory, REST front of the notary, and the pages of both and of mails.
    pub directory: SocketAddr,
    /// The notary's gedis server.
    pub notary: SocketAddr,
    /// The web gateway.
    pub gateway: SocketAddr,
    /// The 0-DB with reserved namespaces.
    pub zdb: SocketAddr,
}
