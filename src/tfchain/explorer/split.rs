//! Cutting a large answer into its parts without parsing them.
//!
//! An address with a long history has an answer of many megabytes, nearly all of it in one list of
//! transactions. Skipping over JSON is several times faster than reading it, so the list is cut
//! into its elements first, and these are read and checked on several cores.
use serde::de::IgnoredAny;

/// The parts of a JSON object.
pub(super) struct Parts<'a> {
    /// The values by name, without the list.
    pub(super) values: Vec<(&'a [u8], &'a [u8])>,
    /// The elements of the list.
    pub(super) elements: Vec<&'a [u8]>,
}

impl<'a> Parts<'a> {
    /// Cuts the JSON object `body` into its values, and its list `list` into its elements. None
    /// when it is not of that form; what the parts hold is not looked at.
    pub(super) fn of(body: &'a [u8], list: &[u8]) -> Option<Self> {
        let mut parts = Self {
            values: Vec::new(),
            elements: Vec::new(),
        };
        let mut rest = skip(body, b'{')?;
        loop {
            let name;
            (name, rest) = value(rest)?;
            let name = name.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
            rest = skip(rest, b':')?;
            if name == list && rest.trim_ascii_start().starts_with(b"[") {
                rest = parts.cut_list(rest)?;
            } else {
                let found;
                (found, rest) = value(rest)?;
                parts.values.push((name, found));
            }
            match skip(rest, b',') {
                Some(more) => rest = more,
                None => {
                    let end = skip(rest, b'}')?;
                    return end.trim_ascii_start().is_empty().then_some(parts);
                }
            }
        }
    }

    fn cut_list(&mut self, list: &'a [u8]) -> Option<&'a [u8]> {
        let mut rest = skip(list, b'[')?;
        if let Some(end) = skip(rest, b']') {
            return Some(end);
        }
        loop {
            let element;
            (element, rest) = value(rest)?;
            self.elements.push(element);
            match skip(rest, b',') {
                Some(more) => rest = more,
                None => return skip(rest, b']'),
            }
        }
    }

    /// Returns the value of a name; `null` when there is none.
    pub(super) fn get(&self, name: &str) -> &'a [u8] {
        let found = self
            .values
            .iter()
            .find(|(other, _)| *other == name.as_bytes());
        found.map_or(b"null", |(_, value)| value)
    }
}

/// Skips white space and one byte.
fn skip(text: &[u8], byte: u8) -> Option<&[u8]> {
    text.trim_ascii_start().strip_prefix(&[byte])
}

/// Cuts off one JSON value.
fn value(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.trim_ascii_start();
    let mut values = serde_json::Deserializer::from_slice(text).into_iter::<IgnoredAny>();
    values.next()?.ok()?;
    text.split_at_checked(values.byte_offset())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_cut_into_elements() {
        let body = br#" {"a": 1, "list": [ {"x": "],"} , 2,[3]], "b":"}", "c":null } "#;
        let parts = Parts::of(body, b"list").unwrap();
        assert_eq!(parts.elements, [&br#"{"x": "],"}"#[..], b"2", b"[3]"]);
        assert_eq!(parts.get("a"), b"1");
        assert_eq!(parts.get("b"), b"\"}\"");
        assert_eq!(parts.get("none"), b"null");
        assert!(
            Parts::of(br#"{"list":[]}"#, b"list")
                .unwrap()
                .elements
                .is_empty()
        );
        assert_eq!(
            Parts::of(br#"{"list":null}"#, b"list").unwrap().get("list"),
            b"null"
        );
    }

    #[test]
    fn other_forms_are_left_to_the_parser() {
        for body in [
            "",
            "{",
            "[]",
            "{}",
            "{\"list\":[1,]}",
            "{\"list\":[1",
            "{\"list\":[1]}x",
            "{1:2}",
        ] {
            assert!(Parts::of(body.as_bytes(), b"list").is_none(), "{body}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(body in "[\\[\\]{}\",:a1 ]{0,60}") {
            let _ = Parts::of(body.as_bytes(), b"a");
        }
    }
}
