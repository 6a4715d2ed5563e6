//! The value: kind, sign, currency; stored bytes, text, conversion.
use std::fmt;

use super::{CurrencyId, NumericError, Rates};
use crate::schema::text;
use crate::schema::types::float_text;

/// A whole number or a fraction, as conversions answer it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// A whole number.
    Int(i64),
    /// A fraction.
    Float(f64),
}

impl Number {
    /// The number as a float.
    #[allow(
        clippy::cast_precision_loss,
        reason = "the nearest float is what is asked for"
    )]
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Int(i) => i as f64,
            Self::Float(f) => f,
        }
    }
}

/// How the amount was given; the numbers are the stored type bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Amount {
    /// 0: whole.
    Whole(u32),
    /// 1: fraction, finite and not negative.
    Fraction(f64),
    /// 2: hundredths of a percent.
    Percent(u32),
    /// 3: whole, the fraction was lost when an older program stored it; only read.
    Truncated(u32),
    /// 4: percent with more digits than hundredths (our own, for rule N5).
    FinePercent(f64),
    /// 10: thousands.
    Thousands(u32),
    /// 11: millions.
    Millions(u32),
}

/// A number with a currency.
#[derive(Debug, Clone)]
pub struct Numeric {
    pub(super) negative: bool,
    pub(super) amount: Amount,
    pub(super) currency: CurrencyId,
}

/// Bit of the type byte that says "negative".
const NEGATIVE: u8 = 128;

impl Default for Numeric {
    /// `0` usd.
    fn default() -> Self {
        Self {
            negative: false,
            amount: Amount::Whole(0),
            currency: CurrencyId::USD,
        }
    }
}

impl From<i64> for Numeric {
    /// A whole number of usd.
    fn from(number: i64) -> Self {
        let amount = Amount::of_whole(number.unsigned_abs());
        Self {
            negative: number < 0,
            amount,
            currency: CurrencyId::USD,
        }
    }
}

impl Amount {
    /// The smallest form that holds a whole number: itself, thousands, millions, else a float.
    pub(super) fn of_whole(number: u64) -> Self {
        let fits = |unit: u64| {
            number
                .is_multiple_of(unit)
                .then(|| u32::try_from(number / unit).ok())
                .flatten()
        };
        if let Some(whole) = fits(1) {
            return Self::Whole(whole);
        }
        if let Some(thousands) = fits(1_000) {
            return Self::Thousands(thousands);
        }
        if let Some(millions) = fits(1_000_000) {
            return Self::Millions(millions);
        }
        #[allow(
            clippy::cast_precision_loss,
            reason = "rule N3: beyond millions of u32 a float"
        )]
        Self::Fraction(number as f64)
    }

    /// The amount of a finite, not negative float.
    pub(super) fn of_f64(number: f64) -> Self {
        // Below 2^64 the conversion of a float without fraction is exact.
        if number.fract() == 0.0 && number < 1.8e19 {
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "checked above"
            )]
            let whole = number as u64;
            return Self::of_whole(whole);
        }
        Self::Fraction(number)
    }

    fn code(self) -> u8 {
        match self {
            Self::Whole(_) => 0,
            Self::Fraction(_) => 1,
            Self::Percent(_) => 2,
            Self::Truncated(_) => 3,
            Self::FinePercent(_) => 4,
            Self::Thousands(_) => 10,
            Self::Millions(_) => 11,
        }
    }
}

impl Numeric {
    pub(super) fn of_parts(negative: bool, amount: Amount, currency: CurrencyId) -> Self {
        Self {
            negative,
            amount,
            currency,
        }
    }

    /// Makes a number of usd.
    ///
    /// # Errors
    /// When it is not finite.
    pub fn from_f64(number: f64) -> Result<Self, NumericError> {
        Self::of_f64(number, CurrencyId::USD)
    }

    pub(super) fn of_f64(number: f64, currency: CurrencyId) -> Result<Self, NumericError> {
        if !number.is_finite() {
            return Err(NumericError::OutOfRange);
        }
        let negative = number < 0.0;
        Ok(Self {
            negative,
            amount: Amount::of_f64(number.abs()),
            currency,
        })
    }

    /// Reads stored bytes: type (+128 if negative), currency id, u32 or f64 little-endian.
    ///
    /// # Errors
    /// When length, type, currency or number are not of a numeric.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NumericError> {
        let kind = bytes.first().copied().unwrap_or(0);
        let fail = || NumericError::Bytes {
            length: bytes.len(),
            kind,
        };
        let [kind_byte, currency, rest @ ..] = bytes else {
            return Err(fail());
        };
        let currency = CurrencyId::from_u8(*currency).ok_or_else(fail)?;
        let whole = || rest.try_into().map(u32::from_le_bytes).map_err(|_| fail());
        let float = || {
            let number = rest
                .try_into()
                .map(f64::from_le_bytes)
                .map_err(|_| fail())?;
            let sound = number.is_finite() && number.is_sign_positive();
            if sound { Ok(number) } else { Err(fail()) }
        };
        let amount = match kind_byte & !NEGATIVE {
            0 => Amount::Whole(whole()?),
            1 => Amount::Fraction(float()?),
            2 => Amount::Percent(whole()?),
            3 => Amount::Truncated(whole()?),
            4 => Amount::FinePercent(float()?),
            10 => Amount::Thousands(whole()?),
            11 => Amount::Millions(whole()?),
            _ => return Err(fail()),
        };
        Ok(Self {
            negative: kind_byte & NEGATIVE != 0,
            amount,
            currency,
        })
    }

    /// Returns the 6 or 10 stored bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let sign = if self.negative { NEGATIVE } else { 0 };
        let mut bytes = vec![self.amount.code() | sign, self.currency.as_u8()];
        match self.amount {
            Amount::Whole(n)
            | Amount::Percent(n)
            | Amount::Truncated(n)
            | Amount::Thousands(n)
            | Amount::Millions(n) => bytes.extend(n.to_le_bytes()),
            Amount::Fraction(f) | Amount::FinePercent(f) => bytes.extend(f.to_le_bytes()),
        }
        bytes
    }

    /// The currency.
    pub fn currency(&self) -> CurrencyId {
        self.currency
    }

    /// Lower-case code of the currency.
    pub fn currency_code(&self) -> &'static str {
        self.currency.code()
    }

    /// True for `10%` and the like.
    pub fn is_percent(&self) -> bool {
        matches!(self.amount, Amount::Percent(_) | Amount::FinePercent(_))
    }

    /// The value in its own currency; whole numbers stay whole.
    pub fn own_value(&self) -> Number {
        let sign = if self.negative { -1 } else { 1 };
        let whole = |n: u32, unit: i64| Number::Int(sign * i64::from(n) * unit);
        let float = |f: f64| Number::Float(if self.negative { -f } else { f });
        match self.amount {
            Amount::Whole(n) | Amount::Truncated(n) => whole(n, 1),
            Amount::Thousands(n) => whole(n, 1_000),
            Amount::Millions(n) => whole(n, 1_000_000),
            Amount::Percent(n) => float(f64::from(n) / 10_000.0),
            Amount::FinePercent(f) => float(f / 100.0),
            Amount::Fraction(f) => float(f),
        }
    }

    /// The value as a float in its own currency, with the sign of zero kept.
    pub(super) fn own_f64(&self) -> f64 {
        let value = self.own_value().as_f64();
        if self.negative && value == 0.0 {
            -0.0
        } else {
            value
        }
    }

    /// The value in another currency, by code in any case.
    ///
    /// # Errors
    /// When the code is unknown or a rate is missing.
    pub fn value_currency(&self, code: &str, rates: &Rates) -> Result<Number, NumericError> {
        self.value_in(rates.find(code)?, rates)
    }

    /// The value in another currency; in its own currency nothing is computed.
    ///
    /// # Errors
    /// When a rate is missing.
    pub fn value_in(&self, currency: CurrencyId, rates: &Rates) -> Result<Number, NumericError> {
        if currency == self.currency {
            return Ok(self.own_value());
        }
        // In this order, so that the digits are those of the reference.
        let value = self.own_f64() / rates.rate(self.currency)? * rates.rate(currency)?;
        // A whole amount of usd stays whole in the reference only for usd itself.
        if value.is_finite() {
            Ok(Number::Float(value))
        } else {
            Err(NumericError::OutOfRange)
        }
    }

    /// The value in usd.
    ///
    /// # Errors
    /// When the own currency has no rate.
    pub fn usd(&self, rates: &Rates) -> Result<Number, NumericError> {
        self.value_in(CurrencyId::USD, rates)
    }
}

/// Compares the stored form; [`Numeric::equals`] compares the worth.
impl PartialEq for Numeric {
    fn eq(&self, other: &Self) -> bool {
        self.to_bytes() == other.to_bytes()
    }
}

/// `10`, `10 EUR`, `10 kGBP`, `1 m`, `10%`; usd has no code.
impl fmt::Display for Numeric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.negative {
            f.write_str("-")?;
        }
        let whole = |n: u32| text::thousands(&n.to_string());
        let (digits, multiplier) = match self.amount {
            Amount::Whole(n) | Amount::Truncated(n) => (whole(n), ""),
            Amount::Thousands(n) => (whole(n), "k"),
            Amount::Millions(n) => (whole(n), "m"),
            Amount::Fraction(value) => (fraction(value), ""),
            Amount::Percent(n) => (text::shifted(f64::from(n), -2), "%"),
            Amount::FinePercent(value) => (text::shifted(value, 0), "%"),
        };
        f.write_str(&digits)?;
        let code = match self.currency {
            CurrencyId::USD => String::new(),
            currency => currency.code().to_uppercase(),
        };
        if multiplier != "%" && !(multiplier.is_empty() && code.is_empty()) {
            f.write_str(" ")?;
        }
        write!(f, "{multiplier}{code}")
    }
}

/// Shortest digits; a large whole number gets its thousands separators.
fn fraction(value: f64) -> String {
    let digits = float_text(value);
    match digits.strip_suffix(".0") {
        Some(whole) => text::thousands(whole),
        None => digits,
    }
}
