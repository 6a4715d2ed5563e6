//! Text to numeric (rule N7): `[+-] number [k|m|%] [code]`, or the code in front.
use super::numeric::{Amount, Numeric};
use super::{CurrencyId, NumericError, Rates};

/// Longest text that is looked at, in bytes; numbers are shorter.
const LONGEST: usize = 400;

/// A decimal number as written: digits times ten to the power of `exponent`.
struct Decimal {
    digits: String,
    exponent: i32,
}

#[derive(Clone, Copy, PartialEq)]
enum Multiplier {
    None,
    Kilo,
    Million,
    Percent,
}

impl Numeric {
    /// Reads a text such as `10`, `-0.1 EUR`, `10k GBP`, `EUR 10`, `10,001.01 k`, `10%`, `1e3`.
    ///
    /// # Errors
    /// When the text has another form, or its currency is unknown or has no rate.
    pub fn parse(text: &str, rates: &Rates) -> Result<Self, NumericError> {
        let fail = || NumericError::Text {
            text: text.chars().take(40).collect(),
        };
        if text.len() > LONGEST {
            return Err(fail());
        }
        let mut rest = text.trim().trim_matches(['"', '\'']).trim();
        let mut sign = take_sign(&mut rest);
        let front = take_letters(&mut rest);
        if sign.is_none() {
            sign = take_sign(&mut rest);
        }
        let decimal = take_decimal(&mut rest).ok_or_else(fail)?;
        let (multiplier, back) = take_multiplier(rest, rates).ok_or_else(fail)?;
        let code = match (front, back.as_str()) {
            ("", back) => back,
            (front, "") => front,
            _ => return Err(fail()),
        };
        let currency = if code.is_empty() {
            CurrencyId::USD
        } else {
            rates.find(code)?
        };
        let amount = decimal.amount(multiplier).ok_or_else(fail)?;
        Ok(Self::of_parts(sign == Some(true), amount, currency))
    }
}

/// Takes one sign; true is minus.
fn take_sign(rest: &mut &str) -> Option<bool> {
    let negative = rest.starts_with('-');
    let tail = rest.strip_prefix(['+', '-'])?;
    *rest = tail.trim_start();
    Some(negative)
}

fn take_letters<'a>(rest: &mut &'a str) -> &'a str {
    let end = rest
        .find(|c: char| !c.is_ascii_alphabetic())
        .unwrap_or(rest.len());
    let (letters, tail) = rest.split_at(end);
    *rest = tail.trim_start();
    letters
}

/// Takes digits with commas, one dot and an exponent.
fn take_decimal(rest: &mut &str) -> Option<Decimal> {
    let end = rest.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',')));
    let (number, mut tail) = rest.split_at(end.unwrap_or(rest.len()));
    let plain: String = number.chars().filter(|c| *c != ',').collect();
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut exponent = i32::try_from(fraction.len()).ok()?.checked_neg()?;
    if let Some((power, after)) = take_exponent(tail) {
        exponent = exponent.checked_add(power)?;
        tail = after;
    }
    *rest = tail;
    Some(Decimal { digits, exponent })
}

/// Reads `e3`, `E-05`; an `e` without digits belongs to a currency code.
fn take_exponent(text: &str) -> Option<(i32, &str)> {
    let rest = text.strip_prefix(['e', 'E'])?;
    let unsigned = rest.strip_prefix(['+', '-']).unwrap_or(rest);
    let end = unsigned
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(unsigned.len());
    if end == 0 {
        return None;
    }
    let signed_end = rest.len() - unsigned.len() + end;
    let power = rest.get(..signed_end)?.parse().ok()?;
    Some((power, rest.get(signed_end..)?))
}

/// Reads what follows the number: multiplier and code, blanks free.
fn take_multiplier(rest: &str, rates: &Rates) -> Option<(Multiplier, String)> {
    let rest = rest.trim();
    if let Some(code) = rest.strip_prefix('%') {
        return letters(code).map(|code| (Multiplier::Percent, code));
    }
    let rest = letters(rest)?;
    // A known code wins, so that `5 mad` are dirhams.
    if rest.is_empty() || rates.has(&rest) {
        return Some((Multiplier::None, rest));
    }
    let multiplier = match rest.as_bytes().first() {
        Some(b'k' | b'K') => Multiplier::Kilo,
        Some(b'm' | b'M') => Multiplier::Million,
        _ => return Some((Multiplier::None, rest)),
    };
    let code = rest.get(1..)?.to_owned();
    match code.is_empty() || code.len() > 2 {
        true => Some((multiplier, code)),
        // Two letters are no code: `10 kwx` is a wrong code, not thousands of `wx`.
        false => Some((Multiplier::None, rest)),
    }
}

/// Takes the blanks out of letters; nothing if there is anything else.
fn letters(text: &str) -> Option<String> {
    let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    plain
        .bytes()
        .all(|b| b.is_ascii_alphabetic())
        .then_some(plain)
}

impl Decimal {
    /// The number times a power of ten, if it is whole and fits.
    fn whole(&self, power: i32) -> Option<u64> {
        let digits = self.digits.trim_start_matches('0');
        if digits.is_empty() {
            return Some(0);
        }
        let significant = digits.trim_end_matches('0');
        let zeros = i32::try_from(digits.len() - significant.len()).ok()?;
        let power = self.exponent.checked_add(power)?.checked_add(zeros)?;
        let scale = 10_u64.checked_pow(u32::try_from(power).ok()?)?;
        significant.parse::<u64>().ok()?.checked_mul(scale)
    }

    fn float(&self, power: i32) -> Option<f64> {
        let exponent = self.exponent.checked_add(power)?;
        format!("{}e{exponent}", self.digits)
            .parse()
            .ok()
            .filter(|f: &f64| f.is_finite())
    }

    fn amount(&self, multiplier: Multiplier) -> Option<Amount> {
        let small = |power| self.whole(power).and_then(|n| u32::try_from(n).ok());
        let amount = match multiplier {
            Multiplier::None => match self.whole(0) {
                Some(whole) => Amount::of_whole(whole),
                None => Amount::of_f64(self.float(0)?),
            },
            Multiplier::Kilo => match small(0) {
                Some(thousands) if self.is_plain() => Amount::Thousands(thousands),
                _ => self.scaled(3)?,
            },
            Multiplier::Million => match (small(0), small(3)) {
                (Some(millions), _) if self.is_plain() => Amount::Millions(millions),
                (_, Some(thousands)) => Amount::Thousands(thousands),
                _ => self.scaled(6)?,
            },
            Multiplier::Percent => match small(2) {
                Some(hundredths) => Amount::Percent(hundredths),
                None => Amount::FinePercent(self.float(0)?),
            },
        };
        Some(amount)
    }

    /// True if the number was written without a dot, which decides how it is stored.
    fn is_plain(&self) -> bool {
        self.exponent >= 0
    }

    fn scaled(&self, power: i32) -> Option<Amount> {
        match self.whole(power) {
            Some(whole) => Some(Amount::of_whole(whole)),
            None => Some(Amount::of_f64(self.float(power)?)),
        }
    }
}
