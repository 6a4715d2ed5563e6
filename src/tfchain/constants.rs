//! Numbers and specifiers that the protocol fixes, in one place.
//!
//! What differs between networks (minimum fee, block frequency, …) stands in [`super::network`].

/// Units in one coin: 1 TFT = 1 000 000 000 units.
pub const ONE_COIN: u128 = 1_000_000_000;
/// Decimals of one coin.
pub const COIN_DECIMALS: usize = 9;
/// Name of the coin, as printed and accepted after amounts.
pub const COIN_UNIT: &str = "TFT";

/// Lock values below this are block heights, from it on Unix seconds.
pub const LOCK_TIMESTAMP_MIN: u64 = 500_000_000;

/// Specifier of a coin output id (spec: transactions).
pub const SPECIFIER_COIN_OUTPUT: [u8; 16] = *b"coin output\0\0\0\0\0";
/// Specifier of a block stake output id.
pub const SPECIFIER_BLOCKSTAKE_OUTPUT: [u8; 16] = *b"blstake output\0\0";
/// Specifier of an Ed25519 public key in siabin.
pub const SPECIFIER_ED25519: [u8; 16] = *b"ed25519\0\0\0\0\0\0\0\0\0";
/// Specifier of version 128, mint definition.
pub const SPECIFIER_MINTER_DEFINITION: [u8; 16] = *b"minter defin tx\0";
/// Specifier of version 129, coin creation.
pub const SPECIFIER_COIN_CREATION: [u8; 16] = *b"coin mint tx\0\0\0\0";
/// Specifier of version 130, coin destruction.
pub const SPECIFIER_COIN_DESTRUCTION: [u8; 16] = *b"coin destroy tx\0";
/// Specifier of version 144, 3bot registration.
pub const SPECIFIER_BOT_REGISTRATION: [u8; 16] = *b"bot register tx\0";
/// Specifier of version 145, 3bot record update.
pub const SPECIFIER_BOT_RECORD_UPDATE: [u8; 16] = *b"bot recupdate tx";
/// Specifier of version 146, 3bot name transfer.
pub const SPECIFIER_BOT_NAME_TRANSFER: [u8; 16] = *b"bot nametrans tx";
/// Specifier of version 176, address authorization update.
pub const SPECIFIER_AUTH_ADDRESS_UPDATE: [u8; 16] = *b"auth addr update";
/// Specifier of version 177, authorization condition update.
pub const SPECIFIER_AUTH_CONDITION_UPDATE: [u8; 16] = *b"auth cond update";
/// Specifier of version 208, ERC20 convert.
pub const SPECIFIER_ERC20_CONVERT: [u8; 16] = *b"erc20 convert tx";
/// Specifier of version 209, ERC20 coin creation.
pub const SPECIFIER_ERC20_COIN_CREATION: [u8; 16] = *b"erc20 coingen tx";
/// Specifier of version 210, ERC20 address registration.
pub const SPECIFIER_ERC20_ADDRESS_REGISTRATION: [u8; 16] = *b"erc20 addrreg tx";

/// Version of the legacy transaction (old blocks only).
pub const VERSION_LEGACY: u8 = 0;
/// Version of the standard transaction.
pub const VERSION_STANDARD: u8 = 1;
/// Version of the mint definition.
pub const VERSION_MINTER_DEFINITION: u8 = 128;
/// Version of the coin creation.
pub const VERSION_COIN_CREATION: u8 = 129;
/// Version of the coin destruction (not switched on in node v1.2.0).
pub const VERSION_COIN_DESTRUCTION: u8 = 130;
/// Version of the 3bot registration.
pub const VERSION_BOT_REGISTRATION: u8 = 144;
/// Version of the 3bot record update.
pub const VERSION_BOT_RECORD_UPDATE: u8 = 145;
/// Version of the 3bot name transfer.
pub const VERSION_BOT_NAME_TRANSFER: u8 = 146;
/// Version of the address authorization update (later nodes only).
pub const VERSION_AUTH_ADDRESS_UPDATE: u8 = 176;
/// Version of the authorization condition update (later nodes only).
pub const VERSION_AUTH_CONDITION_UPDATE: u8 = 177;
/// Version of the ERC20 convert.
pub const VERSION_ERC20_CONVERT: u8 = 208;
/// Version of the ERC20 coin creation.
pub const VERSION_ERC20_COIN_CREATION: u8 = 209;
/// Version of the ERC20 address registration.
pub const VERSION_ERC20_ADDRESS_REGISTRATION: u8 = 210;

/// ASCII put in the signature hash that a new or updating bot, or the giver of a name, signs.
pub const EXTRA_SENDER: &[u8] = b"sender";
/// ASCII put in the signature hash that the receiver of a name signs.
pub const EXTRA_RECEIVER: &[u8] = b"receiver";
/// ASCII put in the signature hash of an ERC20 address registration.
pub const EXTRA_REGISTRATION: &[u8] = b"registration";

/// Most bytes a slice may have when read from binary.
pub const MAX_SLICE_BYTES: usize = 5_000_000;
/// Most bytes a whole siabin object may have when read.
pub const MAX_OBJECT_BYTES: usize = 12_000_000;
/// Most bytes the magnitude of a currency may have when read.
pub const MAX_CURRENCY_BYTES: usize = 256;
/// Most bytes of arbitrary data in a transaction.
pub const MAX_ARBITRARY_DATA_BYTES: usize = 83;
/// Most bytes of one transaction in the pool.
pub const MAX_POOL_TRANSACTION_BYTES: usize = 16_000;
/// Most bytes of all transactions in the pool.
pub const MAX_POOL_BYTES: usize = 1_745_000;
/// Most bytes of a block.
pub const MAX_BLOCK_BYTES: usize = 2_000_000;
/// Most bytes of a transaction in a block.
pub const MAX_BLOCK_TRANSACTION_BYTES: usize = 1_995_000;
/// Most coin inputs that a client puts in one transaction.
pub const MAX_CLIENT_INPUTS: usize = 99;

/// Seconds of a 3bot month: 30 days.
pub const BOT_MONTH_SECONDS: u64 = 2_592_000;
/// Most months a 3bot may be paid ahead.
pub const BOT_MAX_MONTHS: u8 = 24;
/// Most names a 3bot may have.
pub const BOT_MAX_NAMES: usize = 5;
/// Most network addresses a 3bot may have.
pub const BOT_MAX_ADDRESSES: usize = 10;
/// Start of the compact timestamps of bot records, in Unix seconds.
pub const COMPACT_TIMESTAMP_EPOCH: u64 = 1_515_000_000;
/// Most time locks inside each other that are read; the chain takes one.
pub const MAX_CONDITION_DEPTH: usize = 32;
