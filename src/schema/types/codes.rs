//! Type codes of schema texts, case-insensitive (spec 1.5).
use std::sync::Arc;

use super::{Choices, Type};

/// Why a type code gives no type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TypeError {
    /// No such code.
    #[error("unknown type '{code}'; expected {}", Type::known_codes())]
    Unknown {
        /// The code, shortened.
        code: String,
    },
    /// An enum needs its choices in the default text.
    #[error("an enum needs choices, none of them empty or twice, like \"red,green\"")]
    NoChoices,
    /// An object needs the url of its schema.
    #[error("an object needs the url of its schema")]
    NoUrl,
}

/// The most characters of an unknown code that an error repeats.
const LONGEST_SHOWN: usize = 40;

/// Lists inside lists that a code may ask for.
const MAX_LIST_DEPTH: usize = 4;

impl Type {
    /// Makes the type of a code such as `S` or `lemail`, in any case; `default` holds the choices
    /// of an enum, `object_url` the url of an object's schema.
    ///
    /// # Errors
    /// When there is no such code, or an enum comes without choices or an object without url.
    pub fn from_code(
        code: &str,
        default: Option<&str>,
        object_url: Option<String>,
    ) -> Result<Self, TypeError> {
        let lowered = code.trim().to_ascii_lowercase();
        let unknown = || TypeError::Unknown {
            code: code.trim().chars().take(LONGEST_SHOWN).collect(),
        };
        if is_enum(&lowered) {
            return match default.and_then(Choices::parse) {
                Some(choices) => Ok(Self::Enum(Arc::new(choices))),
                None => Err(TypeError::NoChoices),
            };
        }
        let (depth, element) = list_depth(&lowered);
        if depth > MAX_LIST_DEPTH {
            return Err(unknown());
        }
        let mut kind = match scalar(element) {
            Some(kind) => kind,
            None if is_object(element) => match object_url.filter(|url| !url.is_empty()) {
                Some(url) => Self::Object(url.into()),
                None => return Err(TypeError::NoUrl),
            },
            None => return Err(unknown()),
        };
        for _ in 0..depth {
            kind = Self::List(Box::new(kind));
        }
        Ok(kind)
    }

    /// True if the code is an object or a list of objects.
    pub(crate) fn code_needs_url(code: &str) -> bool {
        let lowered = code.trim().to_ascii_lowercase();
        is_object(list_depth(&lowered).1)
    }

    /// The codes in words, for errors.
    pub(crate) fn known_codes() -> &'static str {
        "one of s i f b d t n p e o u h, duration, ipaddr, ipport, iprange, email, tel, guid, \
         bytes, path, multiline, dict, json, yaml, or l with one of them for a list"
    }
}

fn is_enum(code: &str) -> bool {
    matches!(code, "e" | "enum" | "enumeration")
}

fn is_object(code: &str) -> bool {
    matches!(code, "o" | "obj" | "jsobject")
}

/// Splits `lli` into two lists and `i`; `l` and `list` alone are lists of text.
fn list_depth(code: &str) -> (usize, &str) {
    let (mut depth, mut rest) = (0, code);
    while depth <= MAX_LIST_DEPTH {
        match rest {
            "l" | "list" => return (depth + 1, "s"),
            _ => match rest.strip_prefix('l') {
                Some(element) => (depth, rest) = (depth + 1, element),
                None => break,
            },
        }
    }
    (depth, rest)
}

fn scalar(code: &str) -> Option<Type> {
    Some(match code {
        "s" | "str" | "string" => Type::String,
        "i" | "int" | "integer" => Type::Integer,
        "f" | "float" => Type::Float,
        "b" | "bool" | "boolean" => Type::Boolean,
        "d" | "date" => Type::Date,
        "t" | "datetime" => Type::DateTime,
        "duration" => Type::Duration,
        "n" | "numeric" => Type::Numeric,
        "p" | "perc" | "percent" => Type::Percent,
        "dict" => Type::Dict,
        "ipaddr" | "ipaddress" => Type::IpAddr,
        "ipport" | "tcpport" => Type::IpPort,
        "iprange" => Type::IpRange,
        "email" => Type::Email,
        "u" | "url" => Type::Url,
        "guid" => Type::Guid,
        "tel" | "mobile" => Type::Tel,
        "h" | "hash" => Type::Hash,
        "bin" | "binary" | "bytes" => Type::Bytes,
        "path" => Type::Path,
        "multiline" => Type::Multiline,
        "json" => Type::Json,
        "yaml" => Type::Yaml,
        _ => return None,
    })
}
