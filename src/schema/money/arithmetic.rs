//! Arithmetic and comparison (rule N9): a result has the currency of its left side.
//!
//! The right side counts with its worth in usd: `10k GBP * "10%"` are 1 kGBP, and
//! `10 EUR + 10 USD` are 18.45101 EUR.
use std::cmp::Ordering;

use super::numeric::{Amount, Numeric};
use super::{CurrencyId, NumericError, Rates};

/// An operation on two numerics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumericOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `//`: both in usd, rounded down, in usd.
    FloorDiv,
}

impl Numeric {
    /// Computes `self op right`.
    ///
    /// # Errors
    /// When a rate is missing, on a division by zero, and when the result is out of range.
    pub fn apply(&self, op: NumericOp, right: &Self, rates: &Rates) -> Result<Self, NumericError> {
        let left = self.own_f64();
        let dollars = || right.usd(rates).map(super::Number::as_f64);
        let divisor = || match dollars()? {
            0.0 => Err(NumericError::DivisionByZero),
            number => Ok(number),
        };
        let converted = || {
            right
                .value_in(self.currency, rates)
                .map(super::Number::as_f64)
        };
        let result = match op {
            NumericOp::Add => left + converted()?,
            NumericOp::Sub => left - converted()?,
            NumericOp::Mul => left * dollars()?,
            NumericOp::Div => left / divisor()?,
            NumericOp::FloorDiv => {
                let floor = (self.usd(rates)?.as_f64() / divisor()?).floor();
                return Self::of_f64(floor, CurrencyId::USD);
            }
        };
        self.result(result)
    }

    /// Computes `left op self` for a plain number on the left, which has no currency: the result
    /// keeps the currency of `self`.
    ///
    /// # Errors
    /// As [`Numeric::apply`].
    pub fn apply_to_number(
        &self,
        op: NumericOp,
        left: f64,
        rates: &Rates,
    ) -> Result<Self, NumericError> {
        let number = Self::from_f64(left)?;
        match op {
            NumericOp::Add | NumericOp::Mul => self.apply(op, &number, rates),
            NumericOp::Sub => self.negated().apply(NumericOp::Add, &number, rates),
            NumericOp::Div | NumericOp::FloorDiv => number.apply(op, self, rates),
        }
    }

    /// Makes the result, with the multiplier of the left side where it stays whole.
    fn result(&self, number: f64) -> Result<Self, NumericError> {
        let plain = Self::of_f64(number, self.currency)?;
        // Results in usd are written out in the reference: 10k * 2 is 20,000.
        if self.currency == CurrencyId::USD {
            return Ok(plain);
        }
        let whole = match plain.amount {
            Amount::Whole(whole) => u64::from(whole),
            Amount::Thousands(n) => u64::from(n) * 1_000,
            _ => return Ok(plain),
        };
        let units: &[u64] = match self.amount {
            Amount::Thousands(_) => &[1_000],
            Amount::Millions(_) => &[1_000_000, 1_000],
            _ => &[],
        };
        let unit = units
            .iter()
            .find(|unit| whole.is_multiple_of(**unit) && whole > 0);
        let count = unit.and_then(|unit| u32::try_from(whole / unit).ok());
        let amount = match (unit, count) {
            (Some(1_000), Some(count)) => Amount::Thousands(count),
            (Some(1_000_000), Some(count)) => Amount::Millions(count),
            _ => return Ok(plain),
        };
        Ok(Self { amount, ..plain })
    }

    /// The same amount with the other sign.
    pub fn negated(&self) -> Self {
        Self {
            negative: !self.negative,
            ..self.clone()
        }
    }

    /// True if both are worth the same in usd.
    ///
    /// # Errors
    /// When a rate is missing.
    pub fn equals(&self, other: &Self, rates: &Rates) -> Result<bool, NumericError> {
        if self.currency == other.currency {
            return Ok(self.own_f64() == other.own_f64());
        }
        Ok(self.usd(rates)?.as_f64() == other.usd(rates)?.as_f64())
    }

    /// Compares the worth in usd.
    ///
    /// # Errors
    /// When a rate is missing.
    pub fn compare(&self, other: &Self, rates: &Rates) -> Result<Ordering, NumericError> {
        if self.currency == other.currency {
            return Ok(self
                .own_f64()
                .partial_cmp(&other.own_f64())
                .unwrap_or(Ordering::Equal));
        }
        let (left, right) = (self.usd(rates)?.as_f64(), other.usd(rates)?.as_f64());
        Ok(left.partial_cmp(&right).unwrap_or(Ordering::Equal))
    }

    /// The worth in usd with the fraction cut off.
    ///
    /// # Errors
    /// When a rate is missing or the number does not fit 64 bit.
    pub fn to_int(&self, rates: &Rates) -> Result<i64, NumericError> {
        match self.usd(rates)? {
            super::Number::Int(whole) => Ok(whole),
            super::Number::Float(f) => {
                crate::schema::types::truncate(f).ok_or(NumericError::OutOfRange)
            }
        }
    }
}
