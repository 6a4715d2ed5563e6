//! The wallet, as a library: it knows no shell, no store and no terminal.
//!
//! | step | call | gives |
//! |---|---|---|
//! | make | [`Wallet::new`] (works offline) | [`Wallet`] |
//! | look | [`Wallet::addresses`], [`Wallet::balance`], [`Wallet::transactions`], [`Wallet::statement`] | [`Balance`], [`balance_text`], [`StatementRow`] |
//! | build | [`SendRequest`], [`Wallet::draft`] | [`Draft`], unsigned |
//! | preview | [`Wallet::preview`], [`Wallet::preview_any`] for what others made | [`Preview`], to be shown and agreed to |
//! | sign | [`Wallet::sign`], [`Wallet::sign_any`] for what others made | [`Signed`], with who still must sign |
//! | submit | [`Wallet::submit`], when [`Signed::is_complete`] | [`Submission`]: accepted, refused, unknown |
//!
//! 3bots have orders of their own ([`NewBot`], [`BotChange`]): [`Wallet::draft_bot`],
//! [`Wallet::draft_bot_update`] and [`Wallet::draft_name_transfer`] give a [`BotDraft`], for
//! [`Wallet::preview_bot`] and [`Wallet::sign_bot`]. So have minters ([`MintDraft`]) and those who
//! want coins back from Ethereum ([`RegistrationDraft`]).
//!
//! Between signing and submitting is the place to store the transaction: submitting the same one
//! again is safe, making another one after [`Submission::Unknown`] is not.
//!
//! What users write becomes types at the edge: [`Recipient::parse`],
//! [`Recipient::multi_signature`], [`lock_from_int`], [`parse_lock`], `Amount::parse_tft`.
//! [`Balance`] also stands alone: [`address_balance`], [`Balance::merge`], [`Balance::fund`],
//! [`Balance::drain`]. Time and time zone come from the [`Clock`], the network from the
//! [`Explorer`](crate::tfchain::explorer::Explorer). Everything is `Send + Sync`.
pub mod atomicswap;
mod balance;
mod balance_text;
mod chain_point;
mod changed;
mod clock;
mod draft;
mod erc20;
mod error;
mod fund;
mod keys;
mod lock;
mod minter;
mod outputs;
mod preview;
mod recipient;
mod sign;
mod statement;
mod submit;
mod threebot;
mod threebot_input;
mod threebot_preview;
#[allow(clippy::module_inception, reason = "the type of that name lives there")]
mod wallet;

pub use balance::{Balance, MultiSigOwners};
pub use balance_text::balance_text;
pub use chain_point::ChainPoint;
pub use changed::{BrokenSignature, Change, broken_signatures, changes, is_same_work};
pub use clock::Clock;
pub use draft::{Draft, Payment, SendRequest, draft};
pub use erc20::{BridgeError, OwnAddress, RegistrationDraft, erc20_info_of};
pub use error::{Shortage, WalletError};
pub use fund::{Funding, SelectionLimits};
pub use keys::{KeyRing, MAX_KEYS};
pub use lock::{
    LockError, describe_duration, describe_lock, format_time, lock_from_int, parse_lock,
};
pub use minter::{MintDraft, MinterError};
pub use outputs::{OutputSet, OutputState};
pub use preview::{Preview, PreviewOutput};
pub use recipient::{Recipient, RecipientError, parse_address, parse_erc20_address};
pub use sign::{MissingSignature, Signed, sign_transaction};
pub use statement::{Purpose, StatementRow, statement, statement_text};
pub use submit::{Submission, submit};
pub use threebot::{BotChange, BotDraft, NewBot, Payer, bot_record};
pub use threebot_input::{BotIdentifier, ThreeBotError, parse_bot_name, parse_network_address};
pub use wallet::{Wallet, address_balance};
