//! What identifies a schema: md5 of its text, key and version from its url (spec 1.2).
use md5::{Digest, Md5};
use unicode_normalization::UnicodeNormalization;

/// The md5 of a block text without its blanks (0x20) and newlines; layout does not count.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SchemaMd5([u8; 16]);

impl SchemaMd5 {
    /// Computes the md5 of a block text.
    pub fn of_text(text: &str) -> Self {
        let packed: String = text.chars().filter(|c| !matches!(c, ' ' | '\n')).collect();
        Self(Md5::digest(packed.trim().as_bytes()).into())
    }

    /// Takes the 16 bytes as they stand in stored data.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Reads 32 hex digits of either case.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 16];
        hex::decode_to_slice(text.trim(), &mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// The 16 bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl std::fmt::Display for SchemaMd5 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl std::fmt::Debug for SchemaMd5 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

/// Makes the key of a url: `my.first.schema.1` gives `my_first_schema_1`.
pub(crate) fn key(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    for c in url.nfkd() {
        let c = match c.to_ascii_lowercase() {
            '-' | '/' | '\\' | '=' | ';' | '!' | '+' | '(' | ')' => '_',
            c @ ('a'..='z' | '0'..='9' | '.' | '_') => c,
            _ => continue,
        };
        if c != '_' || !out.ends_with('_') {
            out.push(c);
        }
    }
    out.trim_end_matches('_').replace('.', "_")
}

/// Splits the trailing number off a url: `a.b.12` gives 12 and `a.b` (rule S1).
pub(crate) fn version(url: &str) -> (Option<u64>, &str) {
    match url.rsplit_once('.') {
        Some((head, tail)) if !head.is_empty() && tail.bytes().all(|b| b.is_ascii_digit()) => {
            match tail.parse() {
                Ok(version) => (Some(version), head),
                Err(_) => (None, url),
            }
        }
        _ => (None, url),
    }
}
