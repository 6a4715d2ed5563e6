//! Who can receive coins, and what a user may write for it (spec: tfchain client §6.1).
use crate::tfchain::unlockhash::ADDRESS_LENGTH;
use crate::tfchain::{Condition, Erc20Address, Hash, UnlockHash, UnlockType};

/// A recipient of coins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    /// Anybody: the nil condition.
    FreeForAll,
    /// One address.
    Address(UnlockHash),
    /// The owners of a multi-signature wallet; without a number all of them must sign.
    MultiSignature {
        /// The owners, in the order in which the condition lists them.
        owners: Vec<UnlockHash>,
        /// How many of them must sign; None for all.
        signatures: Option<u64>,
    },
    /// An address of the Ethereum chain.
    Erc20(Erc20Address),
    /// A condition as it is.
    Condition(Condition),
}

/// A recipient that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecipientError {
    /// An address of another length.
    #[error("UnlockHash is expexcted to be of length 78 when JSON-encoded, not of length {0}")]
    Length(usize),
    /// An address whose last 12 characters do not belong to the others.
    #[error("unexpected checksum {got}, expected {want}")]
    Checksum {
        /// The checksum that was given.
        got: String,
        /// The one that belongs to the address.
        want: String,
    },
    /// A text that is no address for another reason.
    #[error("'{text}' is not an address: {reason}")]
    Address {
        /// What was given, shortened.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A tuple that is not a pair.
    #[error(
        "recipient is expected to be a tupple of 2 values in the form (sigcount,hashes) or \
         (hashes,sigcount), cannot be of length {0}"
    )]
    TupleLength(usize),
    /// A multi-signature wallet without owners.
    #[error("a list of recipients needs at least one address")]
    NoOwners,
    /// A lock on something that cannot be locked.
    #[error("a lock cannot be applied {0}")]
    Lock(&'static str),
    /// An ERC20 address where a condition is needed.
    #[error("an ERC20 address cannot be used here, only an address of this chain")]
    Erc20,
}

impl RecipientError {
    /// Returns the name of the error as users know it.
    pub fn kind(&self) -> &'static str {
        "ValueError"
    }
}

impl Recipient {
    /// Reads the text of an address: 78 hex characters, 66 without the checksum, or `0x` and 40
    /// of an ERC20 address.
    ///
    /// # Errors
    /// Says which part of the text is wrong.
    pub fn parse(text: &str) -> Result<Self, RecipientError> {
        let text = text.trim();
        if text.starts_with("0x") || text.starts_with("0X") {
            return parse_erc20_address(text).map(Self::Erc20);
        }
        parse_address(text).map(Self::Address)
    }

    /// Returns the recipient that stands for several addresses: `signatures` of `owners`.
    ///
    /// # Errors
    /// [`RecipientError::NoOwners`] for an empty list.
    pub fn multi_signature(
        owners: Vec<UnlockHash>,
        signatures: Option<u64>,
    ) -> Result<Self, RecipientError> {
        if owners.is_empty() {
            return Err(RecipientError::NoOwners);
        }
        Ok(Self::MultiSignature { owners, signatures })
    }

    /// Returns the condition of an output to this recipient, locked until `lock` when given.
    ///
    /// # Errors
    /// [`RecipientError::Erc20`]; [`RecipientError::Lock`] for a condition that is locked already
    /// or an atomic swap.
    pub fn condition(&self, lock: Option<u64>) -> Result<Condition, RecipientError> {
        let condition = match self {
            Self::FreeForAll => Condition::Nil,
            Self::Address(address) => Condition::for_address(*address),
            Self::MultiSignature { owners, signatures } => {
                let all = u64::try_from(owners.len()).unwrap_or(u64::MAX);
                Condition::multi_signature(owners.clone(), signatures.unwrap_or(all))
            }
            Self::Erc20(_) => return Err(RecipientError::Erc20),
            Self::Condition(condition) => condition.clone(),
        };
        match (lock, &condition) {
            (None, _) => Ok(condition),
            (Some(_), Condition::TimeLock(_)) => Err(RecipientError::Lock(
                "to a condition that is locked already",
            )),
            (Some(_), Condition::AtomicSwap(_)) => {
                Err(RecipientError::Lock("to an atomic swap contract"))
            }
            (Some(lock), _) => Ok(condition.locked_until(lock)),
        }
    }

    /// Returns the address under which the chain lists outputs to this recipient.
    ///
    /// # Errors
    /// [`RecipientError::Erc20`].
    pub fn unlock_hash(&self) -> Result<UnlockHash, RecipientError> {
        match self {
            Self::Address(address) => Ok(*address),
            _ => Ok(self.condition(None)?.unlock_hash()),
        }
    }
}

/// Reads an address of this chain: 78 hex characters, or 66 without the checksum.
///
/// # Errors
/// Says which part of the text is wrong.
pub fn parse_address(text: &str) -> Result<UnlockHash, RecipientError> {
    const WITHOUT_CHECKSUM: usize = 66;
    let text = text.trim();
    let invalid = |reason: String| RecipientError::Address {
        text: shorten(text),
        reason,
    };
    let length = text.chars().count();
    if length != ADDRESS_LENGTH && length != WITHOUT_CHECKSUM {
        return Err(RecipientError::Length(length));
    }
    let not_hex = || invalid("an address has hex digits only (0-9, a-f)".to_owned());
    if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(not_hex());
    }
    let (kind, rest) = text.split_at_checked(2).ok_or_else(not_hex)?;
    let (hash, got) = rest.split_at_checked(64).ok_or_else(not_hex)?;
    let kind = u8::from_str_radix(kind, 16)
        .ok()
        .and_then(UnlockType::from_byte)
        .ok_or_else(|| invalid(format!("unknown address type {kind}, 00 to 03 exist")))?;
    let hash: Hash = hash.parse().map_err(|_| not_hex())?;
    if kind == UnlockType::Nil && !hash.is_zero() {
        return Err(invalid("an address of type 00 has zeros only".to_owned()));
    }
    let address = UnlockHash::new(kind, hash);
    let printed = address.to_string();
    let want = printed.get(WITHOUT_CHECKSUM..).unwrap_or_default();
    if !got.is_empty() && !got.eq_ignore_ascii_case(want) {
        return Err(RecipientError::Checksum {
            got: got.to_owned(),
            want: want.to_owned(),
        });
    }
    Ok(address)
}

/// Reads an address of the Ethereum chain: 40 hex digits, with or without `0x`.
///
/// # Errors
/// Says what is wrong with the text; the address of nobody, 40 zeros, is refused too.
pub fn parse_erc20_address(text: &str) -> Result<Erc20Address, RecipientError> {
    let text = text.trim();
    let invalid = |reason: String| RecipientError::Address {
        text: shorten(text),
        reason,
    };
    let address = Erc20Address::parse_checked(text).map_err(|error| invalid(error.to_string()))?;
    if address.is_zero() {
        let reason = "it belongs to nobody, what is sent there is lost";
        return Err(invalid(reason.to_owned()));
    }
    Ok(address)
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(80) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str =
        "01d761561e7203276ef2944628bfde5bfcabf0960b69eda69ac1d317bcdcc53af06a0fd08c5f91";

    #[test]
    fn addresses_with_and_without_checksum() {
        let expected = Recipient::Address(ADDRESS.parse().unwrap());
        for text in [
            ADDRESS,
            &ADDRESS[..66],
            &ADDRESS.to_uppercase(),
            &format!(" {ADDRESS}\n"),
        ] {
            assert_eq!(Recipient::parse(text), Ok(expected.clone()), "{text}");
        }
    }

    #[test]
    fn wrong_texts_say_what_is_wrong() {
        for (text, expected) in [
            (
                "hello".to_owned(),
                "UnlockHash is expexcted to be of length 78 when JSON-encoded, not of length 5",
            ),
            (
                ADDRESS.replace("5f91", "5f92"),
                "unexpected checksum 6a0fd08c5f92, expected 6a0fd08c5f91",
            ),
        ] {
            assert_eq!(Recipient::parse(&text).unwrap_err().to_string(), expected);
        }
        for text in [
            "é".repeat(39),
            "g".repeat(78),
            format!("09{}", &ADDRESS[2..]),
        ] {
            assert!(Recipient::parse(&text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_nil_address_is_free_for_all() {
        let nil = Recipient::parse(&"0".repeat(78)).unwrap();
        assert_eq!(nil.condition(None), Ok(Condition::Nil));
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,90}") {
            let _ = Recipient::parse(&text);
        }

        #[test]
        fn every_hex_is_judged(text in "[0-9a-fA-F]{78}") {
            let _ = Recipient::parse(&text);
        }
    }
}
