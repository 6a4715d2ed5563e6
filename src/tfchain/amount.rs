//! Amounts of coins (and block stakes) as exact integers of the smallest unit.
//!
//! 1 TFT is 1 000 000 000 units. The wire allows magnitudes of up to 256 bytes, so amounts are
//! unbounded: addition never overflows, subtraction says when the result would be negative.
//! Everything up to 2^128 units lives without an allocation.

use super::constants::{COIN_DECIMALS, COIN_UNIT, MAX_CURRENCY_BYTES, ONE_COIN};
use super::encoding::{Decode, DecodeError, Decoder, Encode, Encoder};
use num_bigint::BigUint;
use serde::de::{Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};
use std::str::FromStr;
use thiserror::Error;

/// Most digits that an amount of units may have: 256 bytes of magnitude.
const MAX_DIGITS: usize = 616;

/// An amount of units, of any size.
///
/// `Display` prints TFT (`1.5`), JSON is the decimal text of units (`"1500000000"`).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(Repr);

// `Big` only holds what does not fit in `Small`, so the derived order and equality are those of
// the numbers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Repr {
    Small(u128),
    Big(Box<BigUint>),
}

/// Why a text or a computation gives no amount.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AmountError {
    /// The text is no decimal number.
    #[error("`{0}` is not an amount; write a number of TFT such as `10`, `0.5` or `10 TFT`")]
    NotANumber(String),
    /// A text of units that is no whole number.
    #[error("`{0}` is not a number of units; a whole decimal number is expected")]
    NotUnits(String),
    /// More than 9 digits after the point.
    #[error("precision overflow: an amount has at most 9 digits after the point, `{0}` has more")]
    PrecisionOverflow(String),
    /// Below zero.
    #[error("negative value: an amount cannot be below zero (`{0}`)")]
    Negative(String),
    /// More digits than the chain can hold.
    #[error("the amount has {0} digits, the chain holds at most 616")]
    TooLarge(usize),
}

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self::from_units(0);
    /// One TFT.
    pub const ONE_TFT: Self = Self::from_units(ONE_COIN);

    /// Makes an amount of units (1 TFT = 1 000 000 000 units).
    pub const fn from_units(units: u128) -> Self {
        Self(Repr::Small(units))
    }

    /// Makes an amount of whole TFT.
    pub fn from_tft(tft: u64) -> Self {
        Self::ONE_TFT.times(tft)
    }

    /// Reads the text of a number of units, as it stands in JSON.
    ///
    /// # Errors
    /// When the text is not made of digits only, or has too many of them.
    pub fn parse_units(text: &str) -> Result<Self, AmountError> {
        if let Some(rest) = text.strip_prefix('-')
            && is_digits(rest)
        {
            return Err(AmountError::Negative(shorten(text)));
        }
        if !is_digits(text) {
            return Err(AmountError::NotUnits(shorten(text)));
        }
        Self::from_digits(text)
    }

    /// Reads an amount of TFT as people type it: `10`, `0.5`, `10 TFT`, `10.25tft`, and as
    /// programs print it: `1e-9`, `2.5E+3 TFT`.
    ///
    /// # Errors
    /// When it is no number, negative (`-0` too) or has more than 9 decimals (zeros too).
    pub fn parse_tft(text: &str) -> Result<Self, AmountError> {
        let trimmed = text.trim();
        let number = trimmed
            .len()
            .checked_sub(COIN_UNIT.len())
            .filter(|start| *start > 0)
            .and_then(|start| trimmed.split_at_checked(start))
            .filter(|(_, unit)| unit.eq_ignore_ascii_case(COIN_UNIT))
            .map_or(trimmed, |(number, _)| number.trim_end());
        let (negative, digits) = match number.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, number.strip_prefix('+').unwrap_or(number)),
        };
        let (digits, exponent) = match digits.split_once(['e', 'E']) {
            Some((digits, exponent)) => match exponent.parse::<i16>() {
                Ok(exponent) => (digits, isize::from(exponent)),
                Err(_) => return Err(AmountError::NotANumber(shorten(text))),
            },
            None => (digits, 0),
        };
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
        let well_formed = |part: &str| part.is_empty() || is_digits(part);
        if (whole.is_empty() && decimals.is_empty())
            || !well_formed(whole)
            || !well_formed(decimals)
        {
            return Err(AmountError::NotANumber(shorten(text)));
        }
        // Zeros behind the digits make them units.
        let zeros = COIN_DECIMALS
            .saturating_add_signed(exponent.max(0))
            .checked_sub(decimals.len().saturating_add_signed((-exponent).max(0)));
        let Some(zeros) = zeros else {
            return Err(AmountError::PrecisionOverflow(shorten(text)));
        };
        if negative {
            return Err(AmountError::Negative(shorten(text)));
        }
        Self::from_digits(&format!("{whole}{decimals}{:0<zeros$}", ""))
    }

    fn from_digits(digits: &str) -> Result<Self, AmountError> {
        if let Ok(units) = digits.parse() {
            return Ok(Self::from_units(units));
        }
        let digits = digits.trim_start_matches('0');
        if digits.len() > MAX_DIGITS {
            return Err(AmountError::TooLarge(digits.len()));
        }
        BigUint::parse_bytes(digits.as_bytes(), 10)
            .map(Self::from)
            .ok_or_else(|| AmountError::NotUnits(shorten(digits)))
    }

    /// Returns the units as a decimal text, the JSON form.
    pub fn units_text(&self) -> String {
        match &self.0 {
            Repr::Small(units) => units.to_string(),
            Repr::Big(units) => units.to_string(),
        }
    }

    /// Returns the units, when they fit.
    pub fn units(&self) -> Option<u128> {
        match &self.0 {
            Repr::Small(units) => Some(*units),
            Repr::Big(_) => None,
        }
    }

    /// Returns the units as a big integer.
    pub fn to_biguint(&self) -> BigUint {
        match &self.0 {
            Repr::Small(units) => BigUint::from(*units),
            Repr::Big(units) => BigUint::clone(units),
        }
    }

    /// Returns the text in TFT with the unit: `300 TFT`.
    pub fn with_unit(&self) -> String {
        format!("{self} {COIN_UNIT}")
    }

    /// Returns whether this is nothing.
    pub fn is_zero(&self) -> bool {
        self.0 == Repr::Small(0)
    }

    /// Returns `self - other`, or nothing when that is negative.
    pub fn checked_sub(&self, other: &Self) -> Option<Self> {
        match (&self.0, &other.0) {
            (Repr::Small(left), Repr::Small(right)) => {
                left.checked_sub(*right).map(Self::from_units)
            }
            _ if self < other => None,
            _ => Some(Self::from(self.to_biguint() - other.to_biguint())),
        }
    }

    /// Returns `self - other`.
    ///
    /// # Errors
    /// When that is negative.
    pub fn minus(&self, other: &Self) -> Result<Self, AmountError> {
        self.checked_sub(other)
            .ok_or_else(|| AmountError::Negative(format!("{self} - {other}")))
    }

    /// Returns `self - other`, or zero when that is negative.
    pub fn saturating_sub(&self, other: &Self) -> Self {
        self.checked_sub(other).unwrap_or(Self::ZERO)
    }

    /// Returns the amount `factor` times.
    pub fn times(&self, factor: u64) -> Self {
        match self.0 {
            Repr::Small(units) => match units.checked_mul(u128::from(factor)) {
                Some(units) => Self::from_units(units),
                None => Self::from(BigUint::from(units) * factor),
            },
            Repr::Big(ref units) => Self::from(units.as_ref() * factor),
        }
    }

    /// Returns the product of two numbers of TFT (`10 * 0.7` is 7 TFT), exactly.
    ///
    /// # Errors
    /// When the product has more than 9 decimals.
    pub fn times_decimal(&self, factor: &Self) -> Result<Self, AmountError> {
        let product = self.to_biguint() * factor.to_biguint();
        let one = BigUint::from(ONE_COIN);
        if &product % &one != BigUint::ZERO {
            return Err(AmountError::PrecisionOverflow(format!("{self} * {factor}")));
        }
        Ok(Self::from(product / one))
    }
}

impl Default for Amount {
    fn default() -> Self {
        Self::ZERO
    }
}

impl From<BigUint> for Amount {
    fn from(units: BigUint) -> Self {
        match u128::try_from(&units) {
            Ok(small) => Self(Repr::Small(small)),
            Err(_) => Self(Repr::Big(Box::new(units))),
        }
    }
}

impl Add<&Amount> for &Amount {
    type Output = Amount;

    fn add(self, other: &Amount) -> Amount {
        match (&self.0, &other.0) {
            (Repr::Small(left), Repr::Small(right)) => match left.checked_add(*right) {
                Some(units) => Amount::from_units(units),
                None => Amount::from(BigUint::from(*left) + *right),
            },
            _ => Amount::from(self.to_biguint() + other.to_biguint()),
        }
    }
}

impl Add for Amount {
    type Output = Amount;

    fn add(self, other: Amount) -> Amount {
        &self + &other
    }
}

impl Add<&Amount> for Amount {
    type Output = Amount;

    fn add(self, other: &Amount) -> Amount {
        &self + other
    }
}

impl AddAssign<&Amount> for Amount {
    fn add_assign(&mut self, other: &Amount) {
        *self = &*self + other;
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Amount) {
        *self = &*self + &other;
    }
}

impl Sum for Amount {
    fn sum<I: Iterator<Item = Amount>>(amounts: I) -> Amount {
        amounts.fold(Amount::ZERO, Amount::add)
    }
}

impl<'a> Sum<&'a Amount> for Amount {
    fn sum<I: Iterator<Item = &'a Amount>>(amounts: I) -> Amount {
        amounts.fold(Amount::ZERO, |sum, amount| sum + amount)
    }
}

impl fmt::Display for Amount {
    /// Prints TFT with up to 9 decimals, without trailing zeros, unit or separators.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match &self.0 {
            Repr::Small(units) => {
                let (whole, rest) = (units / ONE_COIN, units % ONE_COIN);
                format!("{whole}.{rest:0>COIN_DECIMALS$}")
            }
            Repr::Big(units) => {
                let one = BigUint::from(ONE_COIN);
                let (whole, rest) = (units.as_ref() / &one, units.as_ref() % &one);
                format!("{whole}.{:0>COIN_DECIMALS$}", rest.to_string())
            }
        };
        let text = text.trim_end_matches('0').trim_end_matches('.');
        // A precision would cut the text, and so change the amount: it is ignored.
        match formatter.width() {
            Some(width) => write!(formatter, "{text:>width$}"),
            None => formatter.write_str(text),
        }
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Amount({self} {COIN_UNIT})")
    }
}

impl FromStr for Amount {
    type Err = AmountError;

    /// As [`Amount::parse_tft`].
    fn from_str(text: &str) -> Result<Self, AmountError> {
        Self::parse_tft(text)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Repr::Small(units) => serializer.collect_str(units),
            Repr::Big(units) => serializer.collect_str(units),
        }
    }
}

impl<'de> Deserialize<'de> for Amount {
    /// Reads the text of units; a JSON number is taken too, and null is zero, as by the node.
    /// Texts with a sign or a prefix are read as the node reads them: `010` is octal.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct UnitsVisitor;
        impl Visitor<'_> for UnitsVisitor {
            type Value = Amount;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a decimal text of units")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Amount, E> {
                if text.len() > 1 && text.starts_with(['0', '+']) {
                    return prefixed(text)
                        .ok_or_else(|| E::custom(AmountError::NotUnits(shorten(text))));
                }
                Amount::parse_units(text).map_err(E::custom)
            }

            fn visit_unit<E: serde::de::Error>(self) -> Result<Amount, E> {
                Ok(Amount::ZERO)
            }

            fn visit_u64<E: serde::de::Error>(self, units: u64) -> Result<Amount, E> {
                Ok(Amount::from_units(u128::from(units)))
            }

            fn visit_i64<E: serde::de::Error>(self, units: i64) -> Result<Amount, E> {
                u128::try_from(units)
                    .map(Amount::from_units)
                    .map_err(|_| E::custom(AmountError::Negative(units.to_string())))
            }
        }
        deserializer.deserialize_any(UnitsVisitor)
    }
}

/// Reads units with a plus sign or a prefix of their base (`0x`, `0b`, `0o`, `0` for octal), as
/// the node's decoder of numbers does; None when they are none.
fn prefixed(text: &str) -> Option<Amount> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let prefixes = [
        ("0x", 16),
        ("0X", 16),
        ("0b", 2),
        ("0B", 2),
        ("0o", 8),
        ("0O", 8),
    ];
    let of_prefix = prefixes
        .iter()
        .find_map(|(prefix, base)| Some((digits.strip_prefix(prefix)?, *base)));
    let (digits, base) = match (of_prefix, digits.strip_prefix('0')) {
        (Some(found), _) => found,
        (None, Some(octal)) if !octal.is_empty() => (octal, 8),
        (None, _) => return Amount::parse_units(digits).ok(),
    };
    let valid = digits.chars().all(|digit| digit.is_digit(base));
    // Binary digits of the largest amount.
    if digits.is_empty() || !valid || digits.len() > 2048 {
        return None;
    }
    let units = BigUint::parse_bytes(digits.as_bytes(), base)?;
    Amount::parse_units(&units.to_string()).ok()
}

impl Encode for Amount {
    fn encode(&self, encoder: &mut Encoder) {
        match &self.0 {
            Repr::Small(units) => {
                let bytes = units.to_be_bytes();
                let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
                encoder.slice(bytes.get(zeros..).unwrap_or_default());
            }
            Repr::Big(units) => encoder.slice(&units.to_bytes_be()),
        }
    }
}

impl Decode for Amount {
    fn decode(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let magnitude = decoder.slice()?;
        if magnitude.len() > MAX_CURRENCY_BYTES {
            return Err(DecodeError::TooLong {
                length: u64::try_from(magnitude.len()).unwrap_or(u64::MAX),
                limit: MAX_CURRENCY_BYTES,
            });
        }
        if magnitude.len() > size_of::<u128>() {
            return Ok(Self::from(BigUint::from_bytes_be(magnitude)));
        }
        let units = magnitude
            .iter()
            .fold(0_u128, |units, byte| (units << 8) | u128::from(*byte));
        Ok(Self::from_units(units))
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Cuts a text that goes into an error message.
fn shorten(text: &str) -> String {
    const MOST: usize = 40;
    match text.char_indices().nth(MOST) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}
