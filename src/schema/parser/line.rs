//! One property line: `name = default (type) !object.url # comment` (spec 1.3).
use super::blocks::Line;
use super::infer;
use crate::schema::error::SchemaError;
use crate::schema::property::Property;
use crate::schema::types::{Type, TypeError};

/// The right side of a property line, cut into its parts. Offsets are bytes of the line.
#[derive(Debug, Default)]
struct Parts<'a> {
    default: &'a str,
    code: Option<(usize, &'a str)>,
    /// Text between the type and the comment.
    after: (usize, &'a str),
    comment: &'a str,
}

/// Parses one line that is neither empty, comment nor system property.
pub(super) fn property(line: &Line<'_>) -> Result<Property, SchemaError> {
    let text = line.trimmed();
    let Some(equals) = text.find('=') else {
        let message = format!("'{}' is no property", line.short());
        return Err(line.error(1, message, "name = default (type) # comment"));
    };
    let mut property = name(line, text[..equals].trim_end())?;
    let parts = cut(line, text, equals + 1)?;
    property.comment = parts.comment.trim().to_owned();
    property.default_text = default_text(parts.default);
    let blanks = parts.default.len() - parts.default.trim_start().len();
    let default_column = column(text, equals + 1 + blanks);
    let Some((code_at, code)) = parts.code else {
        let (kind, default) = infer::infer(parts.default).ok_or_else(|| {
            let message = format!(
                "no type for the default '{}'",
                shorten(parts.default.trim())
            );
            line.error(
                default_column,
                message,
                "a quoted text, a number, true, false, [] or a (type)",
            )
        })?;
        property.kind = kind;
        property.default_text = default;
        if !parts.after.1.trim().is_empty() {
            return Err(unexpected(line, text, parts.after));
        }
        return finish(line, property, default_column);
    };
    let (object_url, rest) = object_url(&parts);
    if Type::code_needs_url(code) {
        if let Some(comment) = rest {
            property.comment = comment;
        }
    } else if !parts.after.1.trim().is_empty() && !parts.after.1.trim().starts_with('!') {
        return Err(unexpected(line, text, parts.after));
    }
    property.kind =
        Type::from_code(code, property.default_text.as_deref(), object_url).map_err(|error| {
            let at = column(text, code_at);
            match error {
                TypeError::Unknown { code } => {
                    let message = format!("unknown type '{code}'");
                    line.error(at, message, Type::known_codes())
                }
                TypeError::NoChoices => line.error(
                    default_column,
                    "an enum needs choices, none of them empty or twice",
                    "names like \"red,green\" (E)",
                ),
                TypeError::NoUrl => line.error(
                    at,
                    "an object without the url of its schema",
                    "(O) !object.url",
                ),
            }
        })?;
    finish(line, property, default_column)
}

fn unexpected(line: &Line<'_>, text: &str, after: (usize, &str)) -> SchemaError {
    let blanks = after.1.len() - after.1.trim_start().len();
    let message = format!("'{}' after the type", shorten(after.1.trim()));
    line.error(
        column(text, after.0 + blanks),
        message,
        "the end of the line or '# comment'",
    )
}

/// Checks that the default fits its type (rule S3).
fn finish(line: &Line<'_>, property: Property, at: usize) -> Result<Property, SchemaError> {
    property.with_checked_default().map_err(|error| {
        line.error(
            at,
            format!("the default {} does not fit", error.input),
            error.expected,
        )
    })
}

/// Reads the name with its markers `&` and `*`, `**`, `***`.
fn name(line: &Line<'_>, marked: &str) -> Result<Property, SchemaError> {
    let unique = marked.starts_with('&');
    let bare = marked.strip_prefix('&').unwrap_or(marked).trim();
    let name = bare.trim_end_matches('*');
    let stars = bare.len() - name.len();
    let name = name.trim_end();
    let fail = |message: String, expected: &str| Err(line.error(1, message, expected));
    if stars > 3 {
        return fail(
            format!("{stars} stars after '{}'", shorten(name)),
            "*, ** or ***",
        );
    }
    if name.is_empty() {
        return fail("a property without a name".into(), "name = default (type)");
    }
    if name.contains(':') {
        return fail(
            format!("'{}' is the old alias form", shorten(name)),
            "a name without ':'",
        );
    }
    if name == "id" {
        return fail(
            "'id' is reserved for the number of the object".into(),
            "another name",
        );
    }
    let legal = |(i, c): (usize, char)| {
        c == '_' || c.is_ascii_alphabetic() || (i > 0 && c.is_ascii_digit())
    };
    if let Some((at, c)) = name.chars().enumerate().find(|&(i, c)| !legal((i, c))) {
        let message = format!("{c:?} cannot stand in the name '{}'", shorten(name));
        let lead = marked.chars().count() - marked.trim_start_matches(['&', ' ']).chars().count();
        return Err(line.error(
            lead + at + 1,
            message,
            "letters, digits and _, no digit first",
        ));
    }
    let mut property = Property::new(name);
    property.unique = unique;
    property.index = stars >= 2;
    property.index_key = unique || stars == 1 || stars == 3;
    Ok(property)
}

/// Cuts what follows `=`; quoted text protects `# ! (` (rule S6).
fn cut<'a>(line: &Line<'_>, text: &'a str, start: usize) -> Result<Parts<'a>, SchemaError> {
    let mut parts = Parts::default();
    let (mut default_end, mut after_start, mut end) = (None, None, text.len());
    let mut at = start;
    while let Some(c) = text[at..].chars().next() {
        let next = at + c.len_utf8();
        match c {
            // Neither a mark inside a word (it's) nor one without a partner protects anything.
            '"' | '\'' if !text[..at].ends_with(char::is_alphanumeric) => {
                at = text[next..]
                    .find(c)
                    .map_or(next, |length| next + length + 1);
                continue;
            }
            '#' => {
                parts.comment = &text[next..];
                end = at;
                break;
            }
            '(' if parts.code.is_none() => {
                let Some(length) = text[next..].find(')') else {
                    let message = "a '(' without its ')'";
                    return Err(line.error(column(text, at), message, "a type like (S)"));
                };
                parts.code = Some((next, &text[next..next + length]));
                default_end = Some(at);
                at = next + length + 1;
                after_start = Some(at);
                continue;
            }
            _ => {}
        }
        at = next;
    }
    parts.default = &text[start..default_end.unwrap_or(end).min(end)];
    let after_start = after_start.unwrap_or(end);
    parts.after = (after_start, text.get(after_start..end).unwrap_or_default());
    Ok(parts)
}

/// Finds `!url` before or inside the comment and the comment without it (rule S10).
fn object_url(parts: &Parts<'_>) -> (Option<String>, Option<String>) {
    let read = |text: &str| {
        let url: String = text
            .trim_start()
            .chars()
            .take_while(|c| !c.is_whitespace())
            .collect();
        let rest = text
            .trim_start()
            .get(url.len()..)
            .unwrap_or_default()
            .trim();
        (
            super::clean_url(&url),
            rest.trim_start_matches('#').trim().to_owned(),
        )
    };
    if let Some((_, tail)) = parts.after.1.split_once('!') {
        return (Some(read(tail).0), None);
    }
    if let Some((before, tail)) = parts.comment.split_once('!') {
        let (url, rest) = read(tail);
        let comment = format!("{} {rest}", before.trim());
        return (Some(url), Some(comment.trim().to_owned()));
    }
    (None, None)
}

/// Trims a default and strips its quotes; none if nothing is left.
fn default_text(raw: &str) -> Option<String> {
    let mut text = raw.trim();
    if text.contains(['"', '\'']) {
        text = text.trim_matches('"').trim_matches('\'').trim();
    }
    (!text.is_empty()).then(|| text.to_owned())
}

/// Column in characters, from 1, of a byte offset.
fn column(text: &str, offset: usize) -> usize {
    text.get(..offset)
        .map_or(1, |before| before.chars().count() + 1)
}

fn shorten(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push_str("...");
    }
    short
}
