//! What users write for 3bots: names, network addresses and which bot they mean.
//!
//! Everything is checked here, before anything is signed, and every error says which rule failed.
use std::fmt;

use crate::tfchain::botname::BotNameError;
use crate::tfchain::constants::{BOT_MAX_ADDRESSES, BOT_MAX_MONTHS, BOT_MAX_NAMES};
use crate::tfchain::networkaddress::NetworkAddressError;
use crate::tfchain::{BotId, BotName, NetworkAddress, PublicKey};

/// The fewest characters between two dots of a name.
const MIN_LABEL: usize = 5;
/// The most characters of a name.
const MAX_NAME: usize = 63;
/// The most characters between two dots of a name, the first part excepted.
const MAX_FURTHER_LABEL: usize = 57;

/// Why nothing was made of an order about 3bots.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ThreeBotError {
    /// A text that is no name of a bot.
    #[error("bot name '{name}' is not valid: {rule}")]
    Name {
        /// The text.
        name: String,
        /// The rule that it breaks.
        rule: String,
    },
    /// A text that is no network address.
    #[error("'{0}' does not appear to be an IPv4 or IPv6 address{1}")]
    Address(String, &'static str),
    /// A text that tells no bot.
    #[error(
        "a 3Bot identifier in string format has to be either a valid BotName or PublicKey, \
         '{0}' is neither"
    )]
    Identifier(String),
    /// A number that is no bot.
    #[error("a 3Bot identifier is a number from 1 to 4294967295, not {0}")]
    Number(i64),
    /// A registration of no month, or too many.
    #[error(
        "number of months for a 3Bot Registration Transaction has to be in the inclusive range \
         [1,24], not {0}"
    )]
    RegistrationMonths(i64),
    /// An update of less than no month, or too many.
    #[error(
        "number of months for a 3Bot Record Update Transaction has to be in the inclusive range \
         [0,24], not {0}"
    )]
    UpdateMonths(i64),
    /// A registration without anything by which the bot can be found.
    #[error("at least one name or one address is to be given, none is defined")]
    Nothing,
    /// An update that changes nothing.
    #[error(
        "extra months is to be given or one name/address is to be added/removed, none is defined"
    )]
    NoChange,
    /// A transfer without names.
    #[error("at least one (3Bot) name has to be transfered, but none were defined")]
    NoNames,
    /// An index of a key that the wallet does not have.
    #[error("key index {index} is OOB, index cannot be negative, and can be maximum {maximum}")]
    KeyIndex {
        /// The index that was asked for.
        index: i64,
        /// The highest one.
        maximum: usize,
    },
    /// A key that has a bot.
    #[error("the key {key} is that of 3Bot {id} already: every 3Bot needs a key of its own")]
    KeyTaken {
        /// The key.
        key: PublicKey,
        /// The bot that has it.
        id: BotId,
    },
    /// A name that another bot has.
    #[error("bot name '{name}' is already registered: it belongs to 3Bot {id}")]
    NameTaken {
        /// The name.
        name: BotName,
        /// The bot that has it.
        id: BotId,
    },
    /// More names than a bot can have.
    #[error("a 3Bot can have a maximum of 5 names, there is no more space for {0}")]
    TooManyNames(BotName),
    /// More addresses than a bot can have.
    #[error("a 3Bot can have a maximum of 10 addresses, there is no more space for {0}")]
    TooManyAddresses(NetworkAddress),
    /// The same thing twice in one list.
    #[error("{0} is given twice")]
    Twice(String),
    /// A name that the bot does not have.
    #[error("3Bot {id} does not have the name {name}; it has {has}")]
    NameNotHeld {
        /// The bot.
        id: BotId,
        /// The name.
        name: BotName,
        /// The names that it has, in words.
        has: String,
    },
    /// An address that the bot does not have.
    #[error("3Bot {id} does not have the address {address}; it has {has}")]
    AddressNotHeld {
        /// The bot.
        id: BotId,
        /// The address.
        address: NetworkAddress,
        /// The addresses that it has, in words.
        has: String,
    },
    /// A name that the bot has.
    #[error("3Bot {id} has the name {name} already")]
    NameHeld {
        /// The bot.
        id: BotId,
        /// The name.
        name: BotName,
    },
    /// An address that the bot has.
    #[error("3Bot {id} has the address {address} already")]
    AddressHeld {
        /// The bot.
        id: BotId,
        /// The address.
        address: NetworkAddress,
    },
    /// A bot whose time is over.
    #[error("3Bot {identifier} is inactive since {since}")]
    Inactive {
        /// The bot.
        identifier: BotId,
        /// Since when, Unix seconds.
        expiration: u64,
        /// The same, as its user reads it.
        since: String,
    },
    /// More months than can be paid ahead.
    #[error(
        "3Bot {id} is paid until {until}: with {months} more it would be paid for more than 24 \
         months ahead, which the chain refuses"
    )]
    TooFarAhead {
        /// The bot.
        id: BotId,
        /// Until when it is paid.
        until: String,
        /// The months that were asked for.
        months: u8,
    },
    /// A transfer from a bot to itself.
    #[error("sender and receiver of names have to be different, both are 3Bot {0}")]
    SameBot(BotId),
}

impl ThreeBotError {
    /// Returns the name of the error as users know it (spec: tfchain client §12).
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Inactive { .. } => "ThreeBotInactive",
            _ => "ValueError",
        }
    }
}

/// Reads a name of a bot; what it answers is in lower case, as the chain stores and signs it.
///
/// # Errors
/// [`ThreeBotError::Name`] with the rule that is broken.
pub fn parse_bot_name(text: &str) -> Result<BotName, ThreeBotError> {
    text.parse().map_err(|error| ThreeBotError::Name {
        name: shown(text),
        rule: broken_rule(text, &error),
    })
}

/// Returns a text as it can be shown: control characters escaped, not too long.
fn shown(text: &str) -> String {
    let text: String = text.chars().take(80).collect();
    text.escape_debug().to_string()
}

fn broken_rule(text: &str, error: &BotNameError) -> String {
    if text.is_empty() {
        return "it is empty".to_owned();
    }
    let is_wrong = |c: &char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '.'));
    if let Some(wrong) = text.chars().find(is_wrong) {
        let wrong = wrong.escape_debug();
        return format!("it has '{wrong}', but only letters, digits, - and . are allowed");
    }
    if text.len() > MAX_NAME {
        let length = text.len();
        return format!("it has {length} characters, {MAX_NAME} are the most");
    }
    let rule = text
        .split('.')
        .enumerate()
        .find_map(|(place, label)| broken_rule_of_label(place, label));
    rule.unwrap_or_else(|| error.to_string())
}

fn broken_rule_of_label(place: usize, label: &str) -> Option<String> {
    let length = label.len();
    let (first, last) = (label.chars().next(), label.chars().next_back());
    match (first, last) {
        (None, _) | (_, None) => {
            Some("there is nothing before, after or between its dots".to_owned())
        }
        (Some(first), _) if !first.is_ascii_alphabetic() => Some(format!(
            "'{label}' begins with '{first}', every part between dots begins with a letter"
        )),
        (_, Some(last)) if !last.is_ascii_alphanumeric() => Some(format!(
            "'{label}' ends with '{last}', every part between dots ends with a letter or digit"
        )),
        _ if length < MIN_LABEL => Some(format!(
            "'{label}' has {length} characters, every part between dots has {MIN_LABEL} or more"
        )),
        _ if place > 0 && length > MAX_FURTHER_LABEL => Some(format!(
            "'{label}' has {length} characters, parts behind a dot have {MAX_FURTHER_LABEL} at most"
        )),
        _ => None,
    }
}

/// Reads where a bot can be reached: a host name, an IPv4 or an IPv6 address.
///
/// # Errors
/// [`ThreeBotError::Address`].
pub fn parse_network_address(text: &str) -> Result<NetworkAddress, ThreeBotError> {
    text.parse().map_err(|error| {
        let why = match error {
            NetworkAddressError::TooLong(_) => ": a host name has 63 characters at most",
            _ => ", nor to be a host name like bot.example.org",
        };
        ThreeBotError::Address(shown(text), why)
    })
}

/// Which bot is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BotIdentifier {
    /// The one of this number.
    Id(BotId),
    /// The one that has this name.
    Name(BotName),
    /// The one of this key.
    Key(PublicKey),
}

impl BotIdentifier {
    /// Reads a number.
    ///
    /// # Errors
    /// [`ThreeBotError::Number`] for numbers that no bot can have.
    pub fn from_number(number: i64) -> Result<Self, ThreeBotError> {
        BotId::try_from(number)
            .ok()
            .filter(|id| *id > 0)
            .map(Self::Id)
            .ok_or(ThreeBotError::Number(number))
    }

    /// Reads a text: the digits of a number, a name or a public key (`ed25519:…`).
    ///
    /// # Errors
    /// [`ThreeBotError::Identifier`]; [`ThreeBotError::Number`].
    pub fn parse(text: &str) -> Result<Self, ThreeBotError> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Self::from_number(text.parse().unwrap_or(i64::MAX));
        }
        if let Ok(name) = text.parse::<BotName>() {
            return Ok(Self::Name(name));
        }
        match text.parse::<PublicKey>() {
            Ok(key) if !key.is_nil() => Ok(Self::Key(key)),
            _ => Err(ThreeBotError::Identifier(shown(text))),
        }
    }
}

impl fmt::Display for BotIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "{id}"),
            Self::Name(name) => write!(f, "{name}"),
            Self::Key(key) => write!(f, "{key}"),
        }
    }
}

/// Checks the months of a registration.
pub(super) fn registration_months(months: i64) -> Result<u8, ThreeBotError> {
    u8::try_from(months)
        .ok()
        .filter(|months| (1..=BOT_MAX_MONTHS).contains(months))
        .ok_or(ThreeBotError::RegistrationMonths(months))
}

/// Checks the months of an update.
pub(super) fn update_months(months: i64) -> Result<u8, ThreeBotError> {
    u8::try_from(months)
        .ok()
        .filter(|months| *months <= BOT_MAX_MONTHS)
        .ok_or(ThreeBotError::UpdateMonths(months))
}

/// Checks that there are no more names than a bot can have.
pub(super) fn few_names<'a>(
    names: impl IntoIterator<Item = &'a BotName>,
) -> Result<(), ThreeBotError> {
    match names.into_iter().nth(BOT_MAX_NAMES) {
        Some(name) => Err(ThreeBotError::TooManyNames(name.clone())),
        None => Ok(()),
    }
}

/// Checks that there are no more addresses than a bot can have.
pub(super) fn few_addresses<'a>(
    addresses: impl IntoIterator<Item = &'a NetworkAddress>,
) -> Result<(), ThreeBotError> {
    match addresses.into_iter().nth(BOT_MAX_ADDRESSES) {
        Some(address) => Err(ThreeBotError::TooManyAddresses(address.clone())),
        None => Ok(()),
    }
}

/// Checks that nothing stands in a list twice.
pub(super) fn all_different<T: PartialEq + fmt::Display>(list: &[T]) -> Result<(), ThreeBotError> {
    let mut rest = list;
    while let [first, others @ ..] = rest {
        if others.contains(first) {
            return Err(ThreeBotError::Twice(first.to_string()));
        }
        rest = others;
    }
    Ok(())
}
