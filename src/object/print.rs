//! The text of a value: Python's notation for plain data, blocks for nodes and instances.
//!
//! Formats: spec of the shell, "How an instance is printed" and "Printing values".
use super::class::ClassInfo;
use super::member::MemberKind;
use super::value::Value;

/// Whether text is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// No escape sequences.
    Plain,
    /// ANSI colours.
    Ansi,
}

impl Paint {
    /// `code` when coloured, else nothing.
    pub fn code(self, code: &'static str) -> &'static str {
        match self {
            Paint::Plain => "",
            Paint::Ansi => code,
        }
    }
}

/// Escape sequences of the colours in printed blocks.
pub mod colour {
    /// Names of instances.
    pub const RED: &str = "\x1b[1;31m";
    /// Locations and methods.
    pub const BLUE: &str = "\x1b[1;34m";
    /// Children.
    pub const GREEN: &str = "\x1b[0;32m";
    /// Everything of little weight.
    pub const GRAY: &str = "\x1b[0;37m";
    /// Data.
    pub const YELLOW: &str = "\x1b[0;33m";
    /// Back to normal.
    pub const RESET: &str = "\x1b[0;0m";
}

/// The text of a value at the prompt; `None` prints nothing there but `None` inside a list.
pub fn repr(value: &Value, paint: Paint) -> String {
    match value {
        Value::Object(object) => object.repr(paint),
        other => {
            let mut out = String::new();
            write_inline(&mut out, other);
            out
        }
    }
}

/// The text of `print(x)` and `str(x)`: the same without quotes at the outer level.
pub fn text(value: &Value) -> String {
    match value {
        Value::Str(text) => text.clone(),
        Value::Object(object) => object.text(),
        other => repr(other, Paint::Plain),
    }
}

/// A truth as it prints.
pub fn truth(truth: bool) -> &'static str {
    if truth { "True" } else { "False" }
}

/// The text inside a list or map.
pub fn inline(value: &Value) -> String {
    let mut out = String::new();
    write_inline(&mut out, value);
    out
}

fn write_inline(out: &mut String, value: &Value) {
    match value {
        Value::None => out.push_str("None"),
        Value::Bool(b) => out.push_str(truth(*b)),
        Value::Int(i) => out.push_str(&i.to_string()),
        Value::Float(f) => out.push_str(&float(*f)),
        Value::Str(text) => quote_into(out, text),
        Value::Bytes(bytes) => bytes_into(out, bytes),
        Value::List(list) => {
            out.push('[');
            for (i, item) in list.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                write_inline(out, item);
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push('{');
            for (i, (key, item)) in map.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                quote_into(out, key);
                out.push_str(": ");
                write_inline(out, item);
            }
            out.push('}');
        }
        Value::Object(object) => out.push_str(&object.inline()),
        Value::Function(_) => out.push_str("<function>"),
    }
}

/// A text in Python's notation: single quotes unless it holds one and no double quote.
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    quote_into(&mut out, text);
    out
}

fn quote_into(out: &mut String, text: &str) {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if is_printable(c) => out.push(c),
            c => match u32::from(c) {
                code @ 0..=0xff => out.push_str(&format!("\\x{code:02x}")),
                code @ 0x100..=0xffff => out.push_str(&format!("\\u{code:04x}")),
                code => out.push_str(&format!("\\U{code:08x}")),
            },
        }
    }
    out.push(quote);
}

/// Python escapes separators, format characters and anything unassigned or private.
fn is_printable(c: char) -> bool {
    if c == ' ' {
        return true;
    }
    !(c.is_control()
        || c.is_whitespace()
        || matches!(u32::from(c),
            0xad | 0x600..=0x605 | 0x61c | 0x6dd | 0x70f | 0x180e
            | 0x200b..=0x200f | 0x202a..=0x202e | 0x2060..=0x206f
            | 0xe000..=0xf8ff | 0xfeff | 0xfff9..=0xfffb
            | 0xe0000..=0xe007f | 0xf0000..=0x10ffff))
}

fn bytes_into(out: &mut String, bytes: &[u8]) {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') {
        '"'
    } else {
        '\''
    };
    out.push('b');
    out.push(quote);
    for &byte in bytes {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            byte if char::from(byte) == quote => {
                out.push('\\');
                out.push(quote);
            }
            0x20..=0x7e => out.push(char::from(byte)),
            byte => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push(quote);
}

/// The shortest text that reads back as the same number, in Python's notation: always with `.0`
/// or an exponent.
pub fn float(f: f64) -> String {
    if f.is_nan() {
        return "nan".into();
    }
    if f.is_infinite() {
        return if f > 0.0 { "inf".into() } else { "-inf".into() };
    }
    // `{:e}` gives the shortest digits and the exponent; the layout below is Python's.
    let scientific = format!("{f:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let Ok(exponent) = exponent.parse::<i32>() else {
        return scientific;
    };
    if (-4..16).contains(&exponent) {
        let plain = f.to_string();
        if plain.contains('.') {
            plain
        } else {
            format!("{plain}.0")
        }
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{mantissa}e{sign}{:02}", exponent.abs())
    }
}

/// The block of a named instance: header, one line per property sorted by name.
pub fn instance_block(
    location: &str,
    name: &str,
    properties: &[(String, String)],
    paint: Paint,
) -> String {
    use colour::{BLUE, GRAY, RED, RESET};
    let p = |code| paint.code(code);
    let mut sorted: Vec<_> = properties.iter().collect();
    sorted.sort();
    let mut out = format!(
        "## {}{location}{} {}Instance: {}'{name}'{} {}\n\n",
        p(BLUE),
        p(RESET),
        p(GRAY),
        p(RED),
        p(RESET),
        p(GRAY)
    );
    for (key, value) in sorted {
        out.push_str(&format!("- {key:<30}: {value}\n"));
    }
    out.push_str(p(RESET));
    out.push('\n');
    out
}

/// The block of a factory, a collection or any class without a text of its own.
pub fn class_block(
    class: &ClassInfo,
    location: &str,
    instances: &[String],
    paint: Paint,
) -> String {
    use colour::{BLUE, GRAY, GREEN, RED, RESET, YELLOW};
    let p = |code| paint.code(code);
    let of = |kind: MemberKind| -> Vec<String> {
        let mut names: Vec<String> = (class.members)()
            .iter()
            .filter(|m| m.kind == kind)
            .map(|m| m.name.to_string())
            .collect();
        names.sort();
        names
    };
    let mut children = of(MemberKind::Child);
    children.extend(instances.iter().cloned());
    let data = (class.model)()
        .into_iter()
        .map(|property| property.name)
        .collect();
    let title = if location.is_empty() {
        class.name
    } else {
        location
    };
    let mut out = format!("## {}{title}{}\n\n", p(RED), p(RESET));
    for (name, colour, items) in [
        ("children", GREEN, children),
        ("data", YELLOW, data),
        ("methods", BLUE, of(MemberKind::Method)),
        ("properties", GRAY, of(MemberKind::Property)),
    ] {
        if items.is_empty() {
            continue;
        }
        out.push_str(&format!("{}### {name}:\n", p(colour)));
        // Long lists are cut as the original does; Tab shows them all.
        if items.len() >= 20 {
            out.push_str(" - ...\n");
        } else {
            for item in items {
                out.push_str(&format!(" - {item}\n"));
            }
        }
        out.push('\n');
    }
    out.push_str(p(RESET));
    while out.ends_with("\n\n") {
        out.pop();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_print_as_python_prints_them() {
        for (f, text) in [
            (1.0, "1.0"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e16, "1e+16"),
            (1e15, "1000000000000000.0"),
            (1e-5, "1e-05"),
            (0.0001, "0.0001"),
            (-0.0, "-0.0"),
            (1.5e300, "1.5e+300"),
        ] {
            assert_eq!(float(f), text);
        }
    }

    #[test]
    fn texts_choose_their_quotes() {
        assert_eq!(quote("it's"), "\"it's\"");
        assert_eq!(quote("it's \"x\""), "'it\\'s \"x\"'");
        assert_eq!(quote("a\u{0}\u{1f600}\u{200b}"), "'a\\x00\u{1f600}\\u200b'");
    }
}
