//! Plain text forms of values as the product prints them: `True`, `None`, text in single quotes,
//! floats by their shortest round-trip digits (source: vectors/schema, field `repl`).
use super::value::Value;

/// Returns the text form: text is itself, everything else as [`repr`].
pub(crate) fn display(value: &Value) -> String {
    match value {
        Value::String(s) => s.clone(),
        Value::Numeric(numeric) => numeric.to_string(),
        other => repr(other),
    }
}

/// Returns the form at the prompt.
pub(crate) fn repr(value: &Value) -> String {
    let mut out = String::new();
    write_repr(value, 0, &mut out);
    out
}

/// Lists and maps inside each other that are written out.
const MAX_DEPTH: usize = 128;

fn write_repr(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::List(_) | Value::Map(_) if depth >= MAX_DEPTH => out.push_str("..."),
        Value::Null => out.push_str("None"),
        Value::Bool(true) => out.push_str("True"),
        Value::Bool(false) => out.push_str("False"),
        Value::Int(i) => out.push_str(&i.to_string()),
        Value::Float(f) => out.push_str(&float(*f)),
        Value::String(s) => out.push_str(&quote(s)),
        Value::Bytes(bytes) => write_bytes(bytes, out),
        Value::List(list) => {
            out.push('[');
            for (i, item) in list.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                write_repr(item, depth + 1, out);
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push('{');
            for (i, (key, item)) in map.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                out.push_str(&quote(key));
                out.push_str(": ");
                write_repr(item, depth + 1, out);
            }
            out.push('}');
        }
        Value::Enum(choice) => out.push_str(choice.name()),
        Value::Numeric(numeric) => {
            out.push_str("numeric: ");
            out.push_str(&numeric.to_string());
        }
        Value::Hash(a, b) => out.push_str(&format!("({a}, {b})")),
        Value::Object(object) => out.push_str(&object.print()),
    }
}

/// Quotes text with single quotes, or with double quotes if it holds single ones only.
pub(crate) fn quote(text: &str) -> String {
    let mark = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(mark);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == mark => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push(mark);
    out
}

fn write_bytes(bytes: &[u8], out: &mut String) {
    let mark = if bytes.contains(&b'\'') && !bytes.contains(&b'"') {
        b'"'
    } else {
        b'\''
    };
    out.push('b');
    out.push(char::from(mark));
    for &byte in bytes {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            b if b == mark => {
                out.push('\\');
                out.push(char::from(b));
            }
            0x20..0x7f => out.push(char::from(byte)),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push(char::from(mark));
}

/// Returns the shortest digits that read back as the same float, always with a dot or exponent:
/// `1.0`, `0.1`, `1e-05`, `1e+16`.
pub(crate) fn float(value: f64) -> String {
    let text = format!("{value:?}");
    let Some((mantissa, exponent)) = text.split_once('e') else {
        return text;
    };
    let (sign, digits) = match exponent.strip_prefix('-') {
        Some(digits) => ('-', digits),
        None => ('+', exponent),
    };
    // `1.0e16` is how the standard library writes what is `1e+16` here.
    let mantissa = mantissa.strip_suffix(".0").unwrap_or(mantissa);
    format!("{mantissa}e{sign}{digits:0>2}")
}

/// Returns the shortest digits of a float times a power of ten, computed on the digits, so that
/// 0.07 shifted by two is `7`; without a trailing `.0`.
pub(crate) fn shifted(value: f64, places: i32) -> String {
    let text = format!("{value:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let digits: String = mantissa.chars().filter(|c| *c != '.').collect();
    let exponent = exponent.parse::<i32>().unwrap_or(0).saturating_add(places);
    if digits == "0" {
        return "0".into();
    }
    if !(-5..=16).contains(&exponent) {
        return format!("{sign}{mantissa}e{exponent}");
    }
    // Position of the dot, counted from the first digit.
    let dot = usize::try_from(exponent + 1).unwrap_or(0);
    if dot == 0 {
        let zeros = usize::try_from(-exponent - 1).unwrap_or(0);
        return format!("{sign}0.{}{digits}", "0".repeat(zeros));
    }
    match digits.split_at_checked(dot) {
        Some((whole, "")) => format!("{sign}{whole}"),
        Some((whole, rest)) => format!("{sign}{whole}.{rest}"),
        None => format!("{sign}{digits}{}", "0".repeat(dot - digits.len())),
    }
}

/// Writes digits in groups of three: `1,234,567`; a sign and anything after the digits stay.
pub(crate) fn thousands(digits: &str) -> String {
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", digits),
    };
    let count = digits.chars().count();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    out.push_str(sign);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (count - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// Returns the known name closest to `name`, if it is near enough to be a typing error.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let length = name.chars().count();
    if length == 0 || length > 64 {
        return None;
    }
    let limit = if length <= 4 { 1 } else { 2 };
    let lowered = name.to_lowercase();
    known
        .map(|candidate| (distance(&lowered, &candidate.to_lowercase()), candidate))
        .filter(|(d, _)| *d <= limit)
        .min_by_key(|(d, _)| *d)
        .map(|(_, candidate)| candidate)
}

/// Edit distance where two neighbours that changed places count once.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > 2 {
        return usize::MAX;
    }
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let above = &rows[i - 1];
            let mut best = (above[j] + 1).min(row[j - 1] + 1);
            best = best.min(above[j - 1] + usize::from(a[i - 1] != b[j - 1]));
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}
