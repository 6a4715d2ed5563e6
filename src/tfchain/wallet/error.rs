//! What can go wrong in a wallet, before anything is sent.
use super::erc20::BridgeError;
use super::lock::LockError;
use super::minter::MinterError;
use super::recipient::RecipientError;
use super::threebot_input::ThreeBotError;
use crate::tfchain::explorer::ExplorerError;
use crate::tfchain::{Amount, AmountError, EncodeError, UnlockHash, UnlockType};

/// An error of the wallet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WalletError {
    /// The explorer could not be asked, or its answer is of no use.
    #[error(transparent)]
    Explorer(#[from] ExplorerError),
    /// A lock that cannot be understood.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// A recipient that cannot be understood.
    #[error(transparent)]
    Recipient(#[from] RecipientError),
    /// An amount that cannot be understood.
    #[error(transparent)]
    Amount(#[from] AmountError),
    /// An order about 3bots that cannot be carried out.
    #[error(transparent)]
    ThreeBot(#[from] ThreeBotError),
    /// An order of the minters that cannot be carried out.
    #[error(transparent)]
    Minter(#[from] MinterError),
    /// An order about ERC20 that cannot be carried out.
    #[error(transparent)]
    Bridge(#[from] BridgeError),
    /// Something that has no binary form.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The wallet has no outputs at all to spend.
    #[error("insufficient funds in this wallet")]
    NoFunds,
    /// The outputs of single addresses do not suffice.
    #[error("not enough funds available in the individual wallet to fund the requested amount{0}")]
    InsufficientFunds(Shortage),
    /// All outputs, those of the named multi-signature wallets included, do not suffice.
    #[error("not enough funds available in the wallets to fund the requested amount{0}")]
    InsufficientWalletFunds(Shortage),
    /// A source that is neither a wallet address nor a multi-signature address.
    #[error("cannot add source addres with unsupported UnlockHashType {}", .0.byte())]
    SourceType(UnlockType),
    /// An address whose key this wallet does not have.
    #[error("wallet does not own unlock hash {0}")]
    NotOwned(UnlockHash),
    /// Balances of blocks that cannot be of one chain.
    #[error("chain time and chain height of balances do not match")]
    BalancesDoNotMatch,
    /// Nothing to send.
    #[error("no amount is defined to be sent")]
    NoAmount,
    /// A draft without any output.
    #[error("no output is defined: add at least one recipient and amount")]
    NoOutputs,
    /// A drain without a fee.
    #[error("a non-zero miner fee has to be defined")]
    NoMinerFee,
    /// A fee below what the network takes.
    #[error("a miner fee of {fee} TFT is too small, the network takes {minimum} TFT or more")]
    FeeTooSmall {
        /// The fee that was asked for.
        fee: Amount,
        /// The minimum of the network.
        minimum: Amount,
    },
    /// A fee so high that it is likely to be a mistake.
    #[error(
        "a miner fee of {fee} TFT is far above the minimum of {minimum} TFT; \
         {limit} TFT is the most without allowing a high fee"
    )]
    FeeTooHigh {
        /// The fee that was asked for.
        fee: Amount,
        /// The minimum of the network.
        minimum: Amount,
        /// The highest fee that needs no permission.
        limit: Amount,
    },
    /// More arbitrary data than the chain takes.
    #[error("arbitrary data can have a maximum bytes length of 83, {0} exceeds this limit")]
    DataTooLong(usize),
    /// A transaction that no node would take into its pool.
    #[error(
        "the signed transaction would have {bytes} bytes, a node takes 16000 at most: \
         send to fewer recipients at once"
    )]
    TransactionTooLarge {
        /// Its size once signed.
        bytes: usize,
    },
    /// An ERC20 recipient among other outputs, with a lock or with data.
    #[error("{0}")]
    Erc20(&'static str),
    /// More keys than a wallet can have.
    #[error("a wallet can have {limit} keys at most, not {count}")]
    TooManyKeys {
        /// The number of keys asked for.
        count: u64,
        /// The most there can be.
        limit: u64,
    },
}

/// Why outputs do not suffice although their sum would: they are too many for one transaction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shortage {
    /// The sum of everything that could be spent, when it is enough.
    pub scattered: Option<Amount>,
}

impl std::fmt::Display for Shortage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.scattered {
            None => Ok(()),
            Some(sum) => write!(
                f,
                " in one transaction: {sum} TFT are available, but in too many small outputs; \
                 drain the balance to an address of this wallet first"
            ),
        }
    }
}

impl WalletError {
    /// Returns the name of the error as users know it (spec: tfchain client §12).
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Explorer(error) => error.kind(),
            Self::Lock(error) => error.kind(),
            Self::Recipient(error) => error.kind(),
            Self::ThreeBot(error) => error.kind(),
            Self::Minter(error) => error.kind(),
            Self::Bridge(error) => error.kind(),
            Self::Amount(AmountError::PrecisionOverflow(_)) => "CurrencyPrecisionOverflow",
            Self::Amount(AmountError::Negative(_)) => "CurrencyNegativeValue",
            Self::NoFunds | Self::InsufficientFunds(_) | Self::InsufficientWalletFunds(_) => {
                "InsufficientFunds"
            }
            Self::SourceType(_) => "TypeError",
            Self::NotOwned(_) => "KeyError",
            _ => "ValueError",
        }
    }
}
