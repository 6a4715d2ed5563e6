//! The three networks and what differs between them.

use super::amount::Amount;
use super::condition::Condition;
use super::constants::{
    ONE_COIN, VERSION_BOT_NAME_TRANSFER, VERSION_BOT_REGISTRATION,
    VERSION_ERC20_ADDRESS_REGISTRATION, VERSION_ERC20_CONVERT,
};
use super::unlockhash::UnlockHash;
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// A network of the chain. Text form: `STD`, `TEST`, `DEV`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Network {
    /// The real one.
    Standard,
    /// The public test network.
    Testnet,
    /// A development network on one machine.
    Devnet,
}

/// A text that names no network.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is no network, one of STD, TEST, DEV is expected")]
pub struct NetworkError(String);

/// A fraction, as the node prints its difficulty limits: `6/5`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ratio {
    /// Above the line.
    pub numerator: u64,
    /// Below the line.
    pub denominator: u64,
}

impl fmt::Display for Ratio {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.numerator, self.denominator)
    }
}

/// Fixed numbers of a network (spec: node, table of constants).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetworkConstants {
    /// Seconds between blocks.
    pub block_frequency: u64,
    /// Blocks until a payout can be spent.
    pub maturity_delay: u64,
    /// Units that the creator of a block gets.
    pub block_creator_fee: u128,
    /// Least units of each miner fee.
    pub minimum_miner_fee: u128,
    /// Time of the first block, Unix seconds.
    pub genesis_timestamp: u64,
    /// Version of the transaction in the first block.
    pub genesis_transaction_version: u8,
    /// Blocks over which the difficulty is reckoned.
    pub target_window: u64,
    /// Most that the difficulty goes up at once.
    pub max_adjustment_up: Ratio,
    /// Most that the difficulty goes down at once.
    pub max_adjustment_down: Ratio,
    /// Seconds that a block may lie ahead of the clock.
    pub future_threshold: u64,
    /// Seconds ahead of the clock from which a block is thrown away.
    pub extreme_future_threshold: u64,
    /// Seconds until a block stake can create blocks.
    pub block_stake_aging: u64,
    /// Blocks of the stake modifier.
    pub stake_modifier_delay: u64,
    /// Blocks whose median is the least time of a new block.
    pub median_timestamp_window: u64,
}

const STANDARD: NetworkConstants = NetworkConstants {
    block_frequency: 120,
    maturity_delay: 720,
    block_creator_fee: ONE_COIN,
    minimum_miner_fee: ONE_COIN / 10,
    genesis_timestamp: 1_522_501_000,
    genesis_transaction_version: 0,
    target_window: 1000,
    max_adjustment_up: Ratio {
        numerator: 5,
        denominator: 2,
    },
    max_adjustment_down: Ratio {
        numerator: 2,
        denominator: 5,
    },
    future_threshold: 3600,
    extreme_future_threshold: 7200,
    block_stake_aging: 131_072,
    stake_modifier_delay: 2000,
    median_timestamp_window: 11,
};

const TESTNET: NetworkConstants = NetworkConstants {
    block_creator_fee: 10 * ONE_COIN,
    genesis_timestamp: 1_519_200_000,
    block_stake_aging: 64,
    ..STANDARD
};

const DEVNET: NetworkConstants = NetworkConstants {
    block_frequency: 12,
    maturity_delay: 10,
    minimum_miner_fee: ONE_COIN,
    genesis_transaction_version: 1,
    target_window: 20,
    max_adjustment_up: Ratio {
        numerator: 6,
        denominator: 5,
    },
    max_adjustment_down: Ratio {
        numerator: 5,
        denominator: 6,
    },
    future_threshold: 120,
    extreme_future_threshold: 240,
    ..TESTNET
};

const STANDARD_FEE_ADDRESS: &str =
    "017267221ef1947bb18506e390f1f9446b995acfb6d08d8e39508bb974d9830b8cb8fdca788e34";
const STANDARD_MINTERS: [&str; 3] = [
    "01434535fd01243c02c277cd58d71423163767a575a8ae44e15807bf545e4a8456a5c4afabad51",
    "01334cf68f312026ff9df84fc023558db8624bedd717adcc9edc6900488cf6df54ac8e3d1c89a8",
    "0149a5496fea27315b7db6251e5dfda23bc9d4bf677c5a5c2d70f1382c44357197d8453d9dfa32",
];
const TESTNET_MINTERS: [&str; 3] = [
    "016148ac9b17828e0933796eaca94418a376f2aa3fefa15685cea5fa462093f0150e09067f7512",
    "01d553fab496f3fd6092e25ce60e6f72e24b57950bffc0d372d659e38e5a95e89fb117b4eb3481",
    "013a787bf6248c518aee3a040a14b0dd3a029bc8e9b19a1823faf5bcdde397f4201ad01aace4c9",
];

/// Address that holds the devnet's genesis funds: key index 25 of [`DEVNET_GENESIS_PHRASE`].
pub const DEVNET_GENESIS_ADDRESS: &str =
    "015a080a9259b9d4aaa550e2156f49b1a79a64c7ea463d810d4493e8242e6791584fbdac553e6f";
/// Key index of the devnet's genesis funds.
pub const DEVNET_GENESIS_INDEX: u64 = 25;
/// Seed phrase of the devnet's genesis funds: public, for development only.
pub const DEVNET_GENESIS_PHRASE: &str = "carbon boss inject cover mountain fetch fiber fit tornado \
     cloth wing dinosaur proof joy intact fabric thumb rebel borrow poet chair network expire else";

impl Network {
    /// All networks.
    pub const ALL: [Self; 3] = [Self::Standard, Self::Testnet, Self::Devnet];

    /// Returns the name that users type: `STD`, `TEST`, `DEV`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standard => "STD",
            Self::Testnet => "TEST",
            Self::Devnet => "DEV",
        }
    }

    /// Returns the name that a node reports: `standard`, `testnet`, `devnet`.
    pub const fn chain_name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Testnet => "testnet",
            Self::Devnet => "devnet",
        }
    }

    /// Returns the network of a name that a node reports.
    pub fn from_chain_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|network| network.chain_name() == name)
    }

    /// Returns the addresses of the public explorers.
    pub const fn explorers(self) -> &'static [&'static str] {
        match self {
            Self::Standard => &[
                "https://explorer.threefoldtoken.com",
                "https://explorer2.threefoldtoken.com",
                "https://explorer3.threefoldtoken.com",
                "https://explorer4.threefoldtoken.com",
            ],
            Self::Testnet => &[
                "https://explorer.testnet.threefoldtoken.com",
                "https://explorer2.testnet.threefoldtoken.com",
            ],
            Self::Devnet => &["http://localhost:23110"],
        }
    }

    /// Returns the network's fixed numbers.
    pub const fn constants(self) -> &'static NetworkConstants {
        match self {
            Self::Standard => &STANDARD,
            Self::Testnet => &TESTNET,
            Self::Devnet => &DEVNET,
        }
    }

    /// Returns the least that each miner fee must be; clients pay exactly this, once.
    pub const fn minimum_miner_fee(self) -> Amount {
        Amount::from_units(self.constants().minimum_miner_fee)
    }

    /// Returns what the creator of a block gets.
    pub const fn block_creator_fee(self) -> Amount {
        Amount::from_units(self.constants().block_creator_fee)
    }

    /// Returns the fixed address that miner fees go to; none means the block's creator.
    pub fn fee_address(self) -> Option<UnlockHash> {
        match self {
            Self::Standard => Some(address(STANDARD_FEE_ADDRESS)),
            Self::Testnet | Self::Devnet => None,
        }
    }

    /// Returns the address that 3bot and ERC20 registration fees go to.
    pub fn pool_address(self) -> UnlockHash {
        match self {
            Self::Standard => address(STANDARD_FEE_ADDRESS),
            Self::Testnet => address(TESTNET_MINTERS[0]),
            Self::Devnet => address(DEVNET_GENESIS_ADDRESS),
        }
    }

    /// Returns who may create coins at the start of the chain.
    pub fn genesis_mint_condition(self) -> Condition {
        match self {
            Self::Standard => Condition::multi_signature(STANDARD_MINTERS.map(address).into(), 2),
            Self::Testnet => Condition::multi_signature(TESTNET_MINTERS.map(address).into(), 2),
            Self::Devnet => Condition::for_address(address(DEVNET_GENESIS_ADDRESS)),
        }
    }

    /// Returns whether the network knows a transaction version at all.
    pub const fn supports(self, version: u8) -> bool {
        match version {
            0 => !matches!(self, Self::Devnet),
            1 | 128 | 129 => true,
            VERSION_BOT_REGISTRATION..=VERSION_BOT_NAME_TRANSFER
            | VERSION_ERC20_CONVERT..=VERSION_ERC20_ADDRESS_REGISTRATION => {
                !matches!(self, Self::Standard)
            }
            _ => false,
        }
    }
}

/// Reads an address of the tables above; a test reads all of them.
fn address(text: &str) -> UnlockHash {
    text.parse().unwrap_or_default()
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        Self::ALL
            .into_iter()
            .find(|network| network.name().eq_ignore_ascii_case(text.trim()))
            .ok_or_else(|| NetworkError(text.chars().take(40).collect()))
    }
}
