//! A value of type `numeric`: a number with a currency.
use std::cmp::Ordering;
use std::sync::Arc;

use super::value::from_tree;
use crate::object::{Class, Default, Member, Paint, Param, Result, Ty, Value, class_of};
use crate::schema::{self, Context, Number, Numeric, NumericOp, Type};

/// A number with a currency.
pub struct NumericValue {
    numeric: Numeric,
    context: Arc<Context>,
}

/// A number as the tree sees it: whole ones are whole.
pub fn number(number: Number) -> Value {
    match number {
        Number::Int(whole) => Value::Int(whole),
        Number::Float(f) => Value::Float(f),
    }
}

impl NumericValue {
    /// A numeric as a value of the shell.
    pub fn value(numeric: Numeric, context: &Arc<Context>) -> Value {
        Value::object(NumericValue {
            numeric,
            context: context.clone(),
        })
    }

    /// The number with its currency.
    pub fn numeric(&self) -> &Numeric {
        &self.numeric
    }

    fn again(&self, numeric: Numeric) -> Value {
        NumericValue::value(numeric, &self.context)
    }

    fn in_currency(&self, code: &str) -> Result<Value> {
        let value = self.numeric.value_currency(code, &self.context.rates())?;
        Ok(number(value))
    }

    fn read(&self, other: &Value) -> Result<Numeric> {
        match Type::Numeric.clean(&from_tree(other)?, &self.context)? {
            schema::Value::Numeric(numeric) => Ok(numeric),
            // A numeric is all that this type makes.
            _ => Ok(Numeric::default()),
        }
    }

    fn compute(&self, op: NumericOp, other: &Value, swapped: bool) -> Result<Numeric> {
        let rates = self.context.rates();
        #[allow(clippy::cast_precision_loss, reason = "money is computed in floats")]
        let plain = match other {
            Value::Int(i) => Some(*i as f64),
            Value::Float(f) => Some(*f),
            _ => None,
        };
        Ok(match (swapped, plain) {
            (true, Some(left)) => self.numeric.apply_to_number(op, left, &rates)?,
            (true, None) => self.read(other)?.apply(op, &self.numeric, &rates)?,
            (false, _) => self.numeric.apply(op, &self.read(other)?, &rates)?,
        })
    }

    fn order(&self, other: &Value) -> Result<Ordering> {
        let rates = self.context.rates();
        Ok(self.numeric.compare(&self.read(other)?, &rates)?)
    }
}

impl Class for NumericValue {
    const NAME: &'static str = "numeric";
    const DOC: &'static str = "A number with a currency; usd when none is named.\n\
        + - * / and comparisons take numbers and texts like \"10 EUR\", \"10k\" or \"10%\"; the result has\n\
        the currency of the left side.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property(
            "usd",
            Ty::Any("number"),
            "What it is worth in usd.",
            "j.data.types.numeric.clean('10 EUR').usd",
            |this, _| this.in_currency("usd"),
        ),
        Member::property(
            "eur",
            Ty::Any("number"),
            "What it is worth in eur.",
            "j.data.types.numeric.clean('10 USD').eur",
            |this, _| this.in_currency("eur"),
        ),
        Member::property(
            "value",
            Ty::Any("number"),
            "What it is worth in usd.",
            "j.data.types.numeric.clean('10k GBP').value",
            |this, _| this.in_currency("usd"),
        ),
        Member::property(
            "amount",
            Ty::Any("number"),
            "The number in its own currency.",
            "j.data.types.numeric.clean('10k GBP').amount",
            |this, _| Ok(number(this.numeric.own_value())),
        ),
        Member::property(
            "currency_code",
            Ty::Str,
            "The code of its currency, in small letters.",
            "j.data.types.numeric.clean('10k GBP').currency_code",
            |this, _| Ok(this.numeric.currency_code().into()),
        ),
        Member::property(
            "is_percent",
            Ty::Bool,
            "True for a number like 10%.",
            "j.data.types.numeric.clean('10%').is_percent",
            |this, _| Ok(this.numeric.is_percent().into()),
        ),
        Member::method(
            "value_currency",
            &[Param::optional(
                "code",
                Ty::Str,
                Default::Str("usd"),
                "code of a currency, in any case",
            )],
            Ty::Any("number"),
            "Answers what it is worth in a currency, by the rates in use.",
            "j.data.types.numeric.clean('10 USD').value_currency('eur')",
            |this, args| this.in_currency(args.text("code")),
        ),
        Member::method(
            "abs",
            &[],
            Ty::Object(class_of::<NumericValue>),
            "Answers the same number without its sign.",
            "j.data.types.numeric.clean('-10 EUR').abs()",
            |this, _| {
                let negative = this.numeric.own_value().as_f64() < 0.0;
                Ok(this.again(match negative {
                    true => this.numeric.negated(),
                    false => this.numeric.clone(),
                }))
            },
        ),
        Member::method(
            "floordiv",
            &[Param::required(
                "divisor",
                Ty::Any("numeric"),
                "a number or money",
            )],
            Ty::Object(class_of::<NumericValue>),
            "Divides in usd and rounds down.",
            "j.data.types.numeric.clean(10).floordiv(3)",
            |this, args| {
                let result = this.compute(NumericOp::FloorDiv, args.get("divisor"), false)?;
                Ok(this.again(result))
            },
        ),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        format!("numeric: {}", self.numeric)
    }
    fn text(&self) -> String {
        self.numeric.to_string()
    }
    fn to_json(&self) -> serde_json::Value {
        self.numeric.to_string().into()
    }
    fn operate(&self, op: &str, other: &Value, swapped: bool) -> Option<Result<Value>> {
        if op == "-" && swapped && other.is_none() {
            return Some(Ok(self.again(self.numeric.negated())));
        }
        let op = match op {
            "+" => NumericOp::Add,
            "-" => NumericOp::Sub,
            "*" => NumericOp::Mul,
            "/" => NumericOp::Div,
            _ => return None,
        };
        Some(
            self.compute(op, other, swapped)
                .map(|numeric| self.again(numeric)),
        )
    }
    fn compare(&self, other: &Value) -> Option<Ordering> {
        self.order(other).ok()
    }
    fn number(&self) -> Option<Result<f64>> {
        let usd = self.numeric.usd(&self.context.rates());
        Some(usd.map(Number::as_f64).map_err(Into::into))
    }
    fn equals(&self, other: &Value) -> bool {
        let rates = self.context.rates();
        self.read(other)
            .is_ok_and(|other| self.numeric.equals(&other, &rates).unwrap_or(false))
    }
}
