//! Errors of the chain's library as the one error a user meets.
use crate::object::{Error, Kind};
use crate::tfchain::explorer::ExplorerError;
use crate::tfchain::wallet::{BridgeError, LockError, RecipientError, ThreeBotError, WalletError};
use crate::tfchain::{AmountError, EncodeError, MnemonicError};

/// True when no node could be reached at all.
pub fn is_out_of_reach(error: &WalletError) -> bool {
    matches!(
        error,
        WalletError::Explorer(ExplorerError::NotAvailable { .. })
    )
}

impl From<ExplorerError> for Error {
    fn from(error: ExplorerError) -> Self {
        let mut text = error.to_string();
        let kind = match &error {
            ExplorerError::NoContent { .. }
            | ExplorerError::UnknownHash { .. }
            | ExplorerError::NotRegistered { .. }
            | ExplorerError::ThreeBotNotFound { .. } => Kind::NotFound,
            ExplorerError::ServerPost { .. } => Kind::Refused,
            ExplorerError::Server { code, .. } if (400..500).contains(code) => Kind::Refused,
            ExplorerError::NodeAddress { .. } => Kind::Value,
            _ => Kind::Network,
        };
        let tried: Vec<String> = error
            .tried()
            .iter()
            .map(|node| format!("{} ({})", node.node, node.reason))
            .collect();
        if !tried.is_empty() {
            text.push_str(&format!(": {}", tried.join(", ")));
        }
        Error::new(kind, text)
    }
}

impl From<WalletError> for Error {
    fn from(error: WalletError) -> Self {
        let text = error.to_string();
        match error {
            WalletError::Explorer(error) => error.into(),
            WalletError::SourceType(_) => Error::type_error(text),
            WalletError::ThreeBot(ThreeBotError::Inactive { .. }) => {
                Error::new(Kind::Refused, text)
            }
            WalletError::NotOwned(_) => Error::new(Kind::NotFound, text),
            WalletError::Bridge(BridgeError::NotInWallet(address)) => {
                Error::new(Kind::NotFound, text).hint(format!(
                    "ask for anybody's: c.erc20.address_get('{address}')"
                ))
            }
            WalletError::Bridge(BridgeError::Forbidden(_) | BridgeError::Network(_)) => {
                Error::new(Kind::Refused, text)
            }
            WalletError::FeeTooHigh { .. } => {
                Error::value(text).hint("when it is meant: give fee_high=True as well")
            }
            WalletError::NoFunds
            | WalletError::InsufficientFunds(_)
            | WalletError::InsufficientWalletFunds(_) => Error::value(text)
                .hint("look at .balance: the amount and the fee must be available"),
            _ => Error::value(text),
        }
    }
}

impl From<RecipientError> for Error {
    fn from(error: RecipientError) -> Self {
        Error::value(error.to_string())
    }
}

impl From<AmountError> for Error {
    fn from(error: AmountError) -> Self {
        Error::value(error.to_string())
    }
}

impl From<LockError> for Error {
    fn from(error: LockError) -> Self {
        Error::value(error.to_string())
    }
}

impl From<EncodeError> for Error {
    fn from(error: EncodeError) -> Self {
        Error::value(error.to_string())
    }
}

impl From<MnemonicError> for Error {
    fn from(error: MnemonicError) -> Self {
        Error::value(error.to_string())
    }
}
