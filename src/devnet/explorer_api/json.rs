//! Writes JSON as the reference node does: fixed key order, compact, `<`, `>` and `&` escaped.
//!
//! Answers can hold thousands of transactions, so they are written straight into one text instead
//! of being built as a tree of values first.

use std::fmt::{Display, Write};

use serde::Serialize;

/// A JSON text under construction. Keys and separators are written by the caller with
/// [`Json::raw`]; values through the other methods.
#[derive(Debug, Default)]
pub struct Json {
    text: String,
}

impl Json {
    /// Starts with room for `capacity` bytes.
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            text: String::with_capacity(capacity),
        }
    }

    /// Appends text as it is.
    pub fn raw(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Appends a number, or anything whose text is valid JSON.
    pub fn number(&mut self, value: impl Display) -> &mut Self {
        // Writing to a String never fails.
        let _ = write!(self.text, "{value}");
        self
    }

    /// Appends a text whose characters need no escaping (ids, addresses, amounts) in quotes.
    pub fn plain(&mut self, value: impl Display) -> &mut Self {
        self.text.push('"');
        let _ = write!(self.text, "{value}");
        self.text.push('"');
        self
    }

    /// Appends any text in quotes, escaped.
    pub fn string(&mut self, value: &str) -> &mut Self {
        self.text.push('"');
        for c in value.chars() {
            match c {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\n' => self.text.push_str("\\n"),
                '\r' => self.text.push_str("\\r"),
                '\t' => self.text.push_str("\\t"),
                '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\u{0}'..='\u{1f}' => {
                    let _ = write!(self.text, "\\u{:04x}", u32::from(c));
                }
                c => self.text.push(c),
            }
        }
        self.text.push('"');
        self
    }

    /// Appends a value through its serde form, escaped like [`Json::string`].
    pub fn value(&mut self, value: &impl Serialize) -> &mut Self {
        match serde_json::to_string(value) {
            // In serde's text these characters occur inside strings only.
            Ok(text) if text.contains(['<', '>', '&', '\u{2028}', '\u{2029}']) => {
                for c in text.chars() {
                    match c {
                        '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                            let _ = write!(self.text, "\\u{:04x}", u32::from(c));
                        }
                        c => self.text.push(c),
                    }
                }
            }
            Ok(text) => self.text.push_str(&text),
            Err(_) => self.text.push_str("null"),
        }
        self
    }

    /// Appends a list; `null` when it is empty (the reference's unset slices).
    pub fn list_or_null<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut item: impl FnMut(&mut Self, T),
    ) -> &mut Self {
        let start = self.text.len();
        self.list(items, &mut item);
        if self.text.get(start..) == Some("[]") {
            self.text.truncate(start);
            self.text.push_str("null");
        }
        self
    }

    /// Appends a list; `[]` when it is empty.
    pub fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut item: impl FnMut(&mut Self, T),
    ) -> &mut Self {
        self.text.push('[');
        for (i, entry) in items.into_iter().enumerate() {
            if i > 0 {
                self.text.push(',');
            }
            item(self, entry);
        }
        self.text.push(']');
        self
    }

    /// Returns the text.
    pub fn finish(self) -> String {
        self.text
    }

    /// Returns the text as an answer's body: with a line end.
    pub fn into_body(mut self) -> String {
        self.text.push('\n');
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_as_the_reference() {
        let mut json = Json::default();
        json.string("a<b>&\"\\\n\u{1}\u{2028}é");
        assert_eq!(
            json.finish(),
            "\"a\\u003cb\\u003e\\u0026\\\"\\\\\\n\\u0001\\u2028é\""
        );
        let mut json = Json::default();
        json.value(&"x<y");
        assert_eq!(json.finish(), "\"x\\u003cy\"");
    }

    #[test]
    fn empty_lists() {
        let mut json = Json::default();
        json.list_or_null([0; 0], |j, n| _ = j.number(n));
        json.list([0; 0], |j, n| _ = j.number(n));
        json.list_or_null([1, 2], |j, n| _ = j.number(n));
        assert_eq!(json.finish(), "null[][1,2]");
    }
}
