//! Errors of the chain's library as the one error a user meets.
use crate::object::{Error, Kind};
use crate::tfchain::erc20::Erc20Error;
use crate::tfchain::explorer::ExplorerError;
use crate::tfchain::keys::PublicKeyError;
use crate::tfchain::unlockhash::UnlockHashError;
use crate::tfchain::wallet::{BridgeError, LockError, RecipientError, ThreeBotError, WalletError};
use crate::tfchain::{AmountError, DecodeError, EncodeError, MnemonicError};

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

/// Makes a library's error a wrong value, with what to do about it.
macro_rules! wrong_value {
    ($($error:ty => $hint:expr),* $(,)?) => {
        $(impl From<$error> for Error {
            fn from(error: $error) -> Self {
                let hinted: fn(&$error) -> Option<&'static str> = $hint;
                let hint = hinted(&error);
                let told = Error::value(error.to_string());
                match hint {
                    Some(hint) => told.hint(hint),
                    None => told,
                }
            }
        })*
    };
}

wrong_value!(
    RecipientError => |error| match error {
        RecipientError::Length(_) => Some(
            "an address has 78 hex digits; a label works too, once it is set: \
             c.address_book.set(address, 'shop')",
        ),
        RecipientError::Checksum { .. } => {
            Some("a character is wrong: copy the whole address again")
        }
        _ => None,
    },
    LockError => |error| match error {
        LockError::NoDate(_) | LockError::Duration(_) => Some(
            "a lock is a block height, '+7d12h', '18/04/2030' or '18/04/2030 10:30'",
        ),
        _ => None,
    },
    AmountError => |error| Some(match error {
        AmountError::PrecisionOverflow(_) => "the smallest amount is 0.000000001 TFT: round it, as f'{x:.9f}' does",
        AmountError::Negative(_) => "leave the minus away, or subtract the other way round",
        _ => "write an amount as 10, 0.5 or '10 TFT'",
    }),
    EncodeError => |error| match error {
        EncodeError::UnknownVersion(_) => {
            Some("it can be shown and handed on as it is; a newer kosmos may know the version")
        }
        EncodeError::SignatureSize(_) => Some("sign it first: w.transaction_sign(t)"),
        _ => None,
    },
    DecodeError => |_| Some("give all bytes as they came: nothing may be missing or added"),
    MnemonicError => |error| Some(match error {
        MnemonicError::EntropyLength(_) => "64 hex digits stand for 24 words",
        _ => "write the words in lower case, in their order, with spaces between",
    }),
    UnlockHashError => |_| Some("copy the whole address again; its last 12 digits are a checksum"),
    PublicKeyError => |_| Some("write it as `ed25519:` and 64 hex digits"),
    Erc20Error => |_| Some("write it as `0x` and 40 hex digits"),
);
