//! Names of 3bots.

use super::encoding::{Decode, DecodeError, Decoder, Encode, Encoder};
use super::json::serde_as_text;
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

const MAX_NAME: usize = 63;
const MIN_LABEL: usize = 5;
const MAX_FIRST_LABEL: usize = 63;
const MAX_FURTHER_LABEL: usize = 57;

/// A 3bot name, always in lower case: the chain stores and hashes names so.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BotName(String);

/// A text that is no bot name. The texts begin as the node's do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BotNameError {
    /// The empty text.
    #[error("nil bot name")]
    Nil,
    /// More than 63 characters.
    #[error("the length of a bot name can maximum be 63 bytes long, this one has {0}")]
    TooLong(usize),
    /// Not of the form.
    #[error(
        "invalid bot name: `{0}`; every part between dots begins with a letter, ends with a letter or digit, has letters, digits and - between, and at least 5 characters in all"
    )]
    Form(String),
}

impl BotName {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_label(label: &[u8], longest: usize) -> bool {
    if label.len() < MIN_LABEL || label.len() > longest {
        return false;
    }
    let inner = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    label.first().is_some_and(u8::is_ascii_alphabetic)
        && label.last().is_some_and(u8::is_ascii_alphanumeric)
        && label.iter().all(inner)
}

impl FromStr for BotName {
    type Err = BotNameError;

    fn from_str(text: &str) -> Result<Self, BotNameError> {
        if text.is_empty() {
            return Err(BotNameError::Nil);
        }
        if text.len() > MAX_NAME {
            return Err(BotNameError::TooLong(text.len()));
        }
        let mut longest = MAX_FIRST_LABEL;
        for label in text.split('.') {
            if !is_label(label.as_bytes(), longest) {
                return Err(BotNameError::Form(text.to_owned()));
            }
            longest = MAX_FURTHER_LABEL;
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

impl fmt::Display for BotName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

impl fmt::Debug for BotName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

serde_as_text!(BotName);

impl Encode for BotName {
    fn encode(&self, encoder: &mut Encoder) {
        encoder.string(&self.0);
    }
}

impl Decode for BotName {
    fn decode(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        decoder
            .string()?
            .parse()
            .map_err(|error: BotNameError| DecodeError::invalid("bot name", error))
    }
}
