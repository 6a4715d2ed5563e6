//! Format specs of f-strings: `[[fill]align][sign][0][width][,][.prec][type]`.
use crate::object::{Error, Result, Value, print};

struct Spec {
    fill: char,
    align: Option<char>,
    sign: Option<char>,
    zero: bool,
    width: usize,
    comma: bool,
    precision: Option<usize>,
    kind: Option<char>,
}

/// Widths and precisions beyond this are refused: they only waste memory.
const MOST: usize = 10_000;

/// The text of a value in a format spec; `!r` or `!s` may stand in front of it.
///
/// # Errors
/// A spec that cannot be read, or one that does not fit the type of the value.
pub fn format(value: &Value, spec: &str) -> Result<String> {
    let (conversion, spec) = match spec.strip_prefix('!') {
        Some(rest) => {
            let conversion = rest.chars().next();
            let after = rest
                .get(conversion.map_or(0, char::len_utf8)..)
                .unwrap_or_default();
            (conversion, after.strip_prefix(':').unwrap_or(after))
        }
        None => (None, spec),
    };
    let value = match conversion {
        None => value.clone(),
        Some('r') => Value::Str(print::repr(value, print::Paint::Plain)),
        Some('s') => Value::Str(print::text(value)),
        Some(other) => {
            return Err(Error::value(format!(
                "unknown conversion '!{other}': use !r or !s"
            )));
        }
    };
    if spec.is_empty() {
        return Ok(print::text(&value));
    }
    let parsed = parse(spec)?;
    let wrong = |kind: char| {
        Error::value(format!(
            "format code '{kind}' does not fit a value of type '{}'",
            value.type_name()
        ))
    };
    let (sign, digits, numeric) = match (&value, parsed.kind) {
        (Value::Int(_) | Value::Float(_) | Value::Bool(_), Some('s')) => return Err(wrong('s')),
        (Value::Int(i), None | Some('d')) => {
            let digits = i.unsigned_abs().to_string();
            (
                *i < 0,
                if parsed.comma {
                    grouped(&digits)
                } else {
                    digits
                },
                true,
            )
        }
        (Value::Int(i), Some(kind @ ('x' | 'X' | 'o' | 'b'))) => {
            let n = i.unsigned_abs();
            let digits = match kind {
                'x' => format!("{n:x}"),
                'X' => format!("{n:X}"),
                'o' => format!("{n:o}"),
                _ => format!("{n:b}"),
            };
            (*i < 0, digits, true)
        }
        (Value::Int(_) | Value::Float(_), kind @ (Some('f' | 'e' | 'g' | '%') | None)) => {
            let f = match &value {
                Value::Int(i) => *i as f64,
                Value::Float(f) => *f,
                _ => 0.0,
            };
            (
                f.is_sign_negative() && !f.is_nan(),
                float(f.abs(), kind, &parsed),
                true,
            )
        }
        (_, None | Some('s')) => {
            let text = print::text(&value);
            let cut = match parsed.precision {
                Some(most) => text.chars().take(most).collect(),
                None => text,
            };
            (false, cut, false)
        }
        (_, Some(kind)) => return Err(wrong(kind)),
    };
    let sign = match (sign, parsed.sign) {
        _ if !numeric => "",
        (true, _) => "-",
        (false, Some('+')) => "+",
        (false, Some(' ')) => " ",
        _ => "",
    };
    Ok(pad(sign, &digits, numeric, &parsed))
}

fn pad(sign: &str, digits: &str, numeric: bool, spec: &Spec) -> String {
    let length = sign.chars().count() + digits.chars().count();
    let missing = spec.width.saturating_sub(length);
    let (fill, align) = match spec.align {
        Some(align) => (spec.fill, align),
        None if spec.zero && numeric => ('0', '='),
        None => (spec.fill, if numeric { '>' } else { '<' }),
    };
    let fills = |n: usize| fill.to_string().repeat(n);
    match align {
        '<' => format!("{sign}{digits}{}", fills(missing)),
        '^' => format!(
            "{}{sign}{digits}{}",
            fills(missing / 2),
            fills(missing - missing / 2)
        ),
        '=' => format!("{sign}{}{digits}", fills(missing)),
        _ => format!("{}{sign}{digits}", fills(missing)),
    }
}

fn grouped(digits: &str) -> String {
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

fn float(f: f64, kind: Option<char>, spec: &Spec) -> String {
    if !f.is_finite() {
        return print::float(f);
    }
    let text = match kind {
        Some('f') => format!("{f:.*}", spec.precision.unwrap_or(6)),
        Some('%') => format!("{:.*}%", spec.precision.unwrap_or(6), f * 100.0),
        Some('e') => exponent(&format!("{f:.*e}", spec.precision.unwrap_or(6))),
        Some('g') => general(f, spec.precision.unwrap_or(6)),
        _ => match spec.precision {
            Some(precision) => general(f, precision),
            None => print::float(f),
        },
    };
    if !spec.comma {
        return text;
    }
    match text.split_once('.') {
        Some((whole, rest)) => format!("{}.{rest}", grouped(whole)),
        None => grouped(&text),
    }
}

/// Rust's `1e2` as Python's `1e+02`.
fn exponent(text: &str) -> String {
    match text.split_once('e') {
        Some((mantissa, exponent)) => {
            let (sign, digits) = match exponent.strip_prefix('-') {
                Some(digits) => ('-', digits),
                None => ('+', exponent),
            };
            format!("{mantissa}e{sign}{digits:0>2}")
        }
        None => text.to_string(),
    }
}

fn general(f: f64, precision: usize) -> String {
    let precision = precision.max(1);
    if f == 0.0 {
        return "0".into();
    }
    let scientific = format!("{f:.*e}", precision - 1);
    let power: i64 = scientific
        .split_once('e')
        .and_then(|(_, e)| e.parse().ok())
        .unwrap_or(0);
    let trimmed = |text: &str| -> String {
        if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.').to_string()
        } else {
            text.to_string()
        }
    };
    if power < -4 || power >= i64::try_from(precision).unwrap_or(i64::MAX) {
        match scientific.split_once('e') {
            Some((mantissa, e)) => exponent(&format!("{}e{e}", trimmed(mantissa))),
            None => scientific,
        }
    } else {
        let after = usize::try_from(i64::try_from(precision).unwrap_or(0) - 1 - power).unwrap_or(0);
        trimmed(&format!("{f:.after$}"))
    }
}

fn parse(text: &str) -> Result<Spec> {
    let bad = || Error::value(format!("invalid format spec '{text}'"));
    let chars: Vec<char> = text.chars().collect();
    let at = |i: usize| chars.get(i).copied();
    let mut i = 0;
    let mut spec = Spec {
        fill: ' ',
        align: None,
        sign: None,
        zero: false,
        width: 0,
        comma: false,
        precision: None,
        kind: None,
    };
    let is_align = |c: Option<char>| matches!(c, Some('<' | '>' | '^' | '='));
    if is_align(at(1)) {
        spec.fill = at(0).unwrap_or(' ');
        spec.align = at(1);
        i = 2;
    } else if is_align(at(0)) {
        spec.align = at(0);
        i = 1;
    }
    if matches!(at(i), Some('+' | '-' | ' ')) {
        spec.sign = at(i);
        i += 1;
    }
    if at(i) == Some('0') {
        spec.zero = true;
        i += 1;
    }
    let number = |i: &mut usize| -> Result<Option<usize>> {
        let start = *i;
        while at(*i).is_some_and(|c| c.is_ascii_digit()) {
            *i += 1;
        }
        if start == *i {
            return Ok(None);
        }
        let digits: String = chars.get(start..*i).unwrap_or_default().iter().collect();
        match digits.parse::<usize>() {
            Ok(n) if n <= MOST => Ok(Some(n)),
            _ => Err(Error::value(format!(
                "'{digits}' in format spec is too large"
            ))),
        }
    };
    spec.width = number(&mut i)?.unwrap_or(0);
    if at(i) == Some(',') {
        spec.comma = true;
        i += 1;
    }
    if at(i) == Some('.') {
        i += 1;
        spec.precision = Some(number(&mut i)?.ok_or_else(bad)?);
    }
    if let Some(kind) = at(i) {
        if !"sdfegxXob%".contains(kind) {
            return Err(bad());
        }
        spec.kind = Some(kind);
        i += 1;
    }
    if i != chars.len() {
        return Err(bad());
    }
    Ok(spec)
}
