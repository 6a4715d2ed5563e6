//! An amount of coins as a value: exact, with operators.
use std::cmp::Ordering;

use num_bigint::BigUint;

use super::recipient;
use super::types::binary::{self, ENCODING};
use crate::object::{Class, Default, Error, Member, Paint, Param, Result, Ty, Value};
use crate::tfchain::Amount;
use crate::tfchain::constants::ONE_COIN;

/// An amount of TFT.
pub struct Currency(Amount);

impl Currency {
    /// The amount as a value of the shell.
    pub fn value(amount: Amount) -> Value {
        Value::object(Currency(amount))
    }

    /// The amount.
    pub fn amount(&self) -> &Amount {
        &self.0
    }
}

fn divide(left: &Amount, right: &Amount) -> Result<Amount> {
    let divisor = right.to_biguint();
    if divisor == BigUint::ZERO {
        return Err(Error::value("an amount cannot be divided by zero"));
    }
    let dividend = left.to_biguint() * BigUint::from(ONE_COIN);
    if &dividend % &divisor != BigUint::ZERO {
        return Err(Error::value(format!(
            "precision overflow: {left} / {right} has more than 9 digits after the point"
        )));
    }
    Ok(Amount::from(dividend / divisor))
}

impl Class for Currency {
    const NAME: &'static str = "Currency";
    const DOC: &'static str = "An exact amount of TFT; + - * / and comparisons take numbers too.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::method(
            "json",
            &[],
            Ty::Str,
            "Returns the amount as the chain's JSON has it: the number of units of 0.000000001 TFT.",
            "c.minimum_miner_fee.json()",
            |this, _| Ok(this.0.units_text().into()),
        ),
        Member::property(
            "value",
            Ty::Str,
            "The number of TFT as an exact text, without the unit.",
            "c.minimum_miner_fee.value",
            |this, _| Ok(this.0.to_string().into()),
        ),
        Member::property(
            "units",
            Ty::Int,
            "The number of units of 0.000000001 TFT.",
            "c.minimum_miner_fee.units",
            |this, _| {
                let units = this.0.units().and_then(|units| i64::try_from(units).ok());
                units.map(Value::Int).ok_or_else(|| {
                    Error::value(format!("{} is too large for a number of units", this.0))
                        .hint("take the text of .json(): it has all digits")
                })
            },
        ),
        Member::method(
            "str",
            &[Param::optional(
                "with_unit",
                Ty::Bool,
                Default::Bool(false),
                "write TFT behind it",
            )],
            Ty::Str,
            "Returns the number of TFT as an exact text.",
            "c.minimum_miner_fee.str(with_unit=True)",
            |this, args| match args.flag("with_unit") {
                true => Ok(this.0.with_unit().into()),
                false => Ok(this.0.to_string().into()),
            },
        ),
        Member::method(
            "binary",
            &[ENCODING],
            Ty::Str,
            "Returns its bytes as hex digits.",
            "c.minimum_miner_fee.binary()",
            |this, args| binary::write(&this.0, args),
        ),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        self.0.with_unit()
    }
    fn text(&self) -> String {
        self.0.to_string()
    }
    fn inline(&self) -> String {
        self.0.with_unit()
    }
    fn operate(&self, op: &str, other: &Value, swapped: bool) -> Option<Result<Value>> {
        if !matches!(op, "+" | "-" | "*" | "/") {
            return None;
        }
        let result = recipient::amount(other).and_then(|other| {
            let (left, right) = if swapped {
                (&other, &self.0)
            } else {
                (&self.0, &other)
            };
            match op {
                "+" => Ok(left + right),
                "-" => Ok(left.minus(right)?),
                "*" => Ok(left.times_decimal(right)?),
                _ => divide(left, right),
            }
        });
        Some(result.map(Currency::value))
    }
    fn compare(&self, other: &Value) -> Option<Ordering> {
        match recipient::amount(other) {
            Ok(other) => Some(self.0.cmp(&other)),
            // Every amount is more than a negative number.
            Err(_) => match other {
                Value::Int(i) if *i < 0 => Some(Ordering::Greater),
                Value::Float(f) if *f < 0.0 => Some(Ordering::Greater),
                _ => None,
            },
        }
    }
    fn equals(&self, other: &Value) -> bool {
        self.compare(other) == Some(Ordering::Equal)
    }
}
