//! The state of the chain's three extensions together: minting, 3Bots, ERC20.

use super::bots::Bots;
use super::erc20::Erc20;
use super::minting::Minting;

/// State of the extensions. Copied as a whole when a transaction changes it, which is rare.
#[derive(Clone, Debug, Default)]
pub struct Extensions {
    /// Who may create coins.
    pub minting: Minting,
    /// The registry of 3Bots.
    pub bots: Bots,
    /// The registry of ERC20 addresses and transactions.
    pub erc20: Erc20,
}
