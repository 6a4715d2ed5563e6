//! Finds the first JSON value in a request body and words syntax errors as the reference node does.
//!
//! The reference decodes one value from the stream and ignores what follows; its error texts come
//! from a byte-wise scanner, which this follows state by state. Only syntax is looked at here.

/// Deepest nesting the reference accepts.
const MAX_DEPTH: usize = 10_000;

/// Returns the bytes of the first value in `body`, or the reference's error text.
pub fn first_value(body: &[u8]) -> Result<&[u8], String> {
    let mut scanner = Scanner { body, at: 0 };
    scanner.skip_space();
    let start = scanner.at;
    if scanner.peek().is_none() {
        return Err("EOF".into());
    }
    scanner.value()?;
    Ok(body.get(start..scanner.at).unwrap_or_default())
}

struct Scanner<'a> {
    body: &'a [u8],
    at: usize,
}

/// Where the scanner stands between two tokens.
enum Step {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    Colon,
    After,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Container {
    Object,
    Array,
}

impl Scanner<'_> {
    fn value(&mut self) -> Result<(), String> {
        let mut stack: Vec<Container> = Vec::new();
        let mut step = Step::Value;
        loop {
            if matches!(step, Step::After) && stack.is_empty() {
                return Ok(());
            }
            self.skip_space();
            let c = self.peek().ok_or_else(cut_short)?;
            step = match step {
                Step::ValueOrEnd if c == b']' => {
                    self.at += 1;
                    stack.pop();
                    Step::After
                }
                Step::Value | Step::ValueOrEnd => match c {
                    b'{' | b'[' => {
                        self.at += 1;
                        if stack.len() >= MAX_DEPTH {
                            return Err("exceeded max depth".into());
                        }
                        let object = c == b'{';
                        stack.push(if object {
                            Container::Object
                        } else {
                            Container::Array
                        });
                        if object {
                            Step::KeyOrEnd
                        } else {
                            Step::ValueOrEnd
                        }
                    }
                    _ => {
                        self.scalar(c)?;
                        Step::After
                    }
                },
                Step::KeyOrEnd if c == b'}' => {
                    self.at += 1;
                    stack.pop();
                    Step::After
                }
                Step::Key | Step::KeyOrEnd => {
                    if c != b'"' {
                        return Err(invalid(c, "looking for beginning of object key string"));
                    }
                    self.string()?;
                    Step::Colon
                }
                Step::Colon => {
                    if c != b':' {
                        return Err(invalid(c, "after object key"));
                    }
                    self.at += 1;
                    Step::Value
                }
                Step::After => {
                    self.at += 1;
                    match (stack.last(), c) {
                        (Some(Container::Object), b',') => Step::Key,
                        (Some(Container::Array), b',') => Step::Value,
                        (Some(Container::Object), b'}') | (Some(Container::Array), b']') => {
                            stack.pop();
                            Step::After
                        }
                        (Some(Container::Object), _) => {
                            return Err(invalid(c, "after object key:value pair"));
                        }
                        _ => return Err(invalid(c, "after array element")),
                    }
                }
            };
        }
    }

    fn scalar(&mut self, c: u8) -> Result<(), String> {
        match c {
            b'"' => self.string(),
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.literal("true"),
            b'f' => self.literal("false"),
            b'n' => self.literal("null"),
            _ => Err(invalid(c, "looking for beginning of value")),
        }
    }

    fn string(&mut self) -> Result<(), String> {
        self.at += 1;
        loop {
            match self.next()? {
                b'"' => return Ok(()),
                b'\\' => match self.next()? {
                    b'b' | b'f' | b'n' | b'r' | b't' | b'\\' | b'/' | b'"' => {}
                    b'u' => {
                        for _ in 0..4 {
                            let c = self.next()?;
                            if !c.is_ascii_hexdigit() {
                                return Err(invalid(c, "in \\u hexadecimal character escape"));
                            }
                        }
                    }
                    c => return Err(invalid(c, "in string escape code")),
                },
                c if c < 0x20 => return Err(invalid(c, "in string literal")),
                _ => {}
            }
        }
    }

    fn number(&mut self) -> Result<(), String> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.next()? {
            b'0' => {}
            b'1'..=b'9' => self.digits(),
            c => return Err(invalid(c, "in numeric literal")),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            let c = self.next()?;
            if !c.is_ascii_digit() {
                return Err(invalid(c, "after decimal point in numeric literal"));
            }
            self.digits();
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            let c = self.next()?;
            if !c.is_ascii_digit() {
                return Err(invalid(c, "in exponent of numeric literal"));
            }
            self.digits();
        }
        Ok(())
    }

    fn digits(&mut self) {
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
        }
    }

    fn literal(&mut self, word: &str) -> Result<(), String> {
        for expected in word.bytes() {
            let c = self.next()?;
            if c != expected {
                let context = format!("in literal {word} (expecting '{}')", char::from(expected));
                return Err(invalid(c, &context));
            }
        }
        Ok(())
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.body.get(self.at).copied()
    }

    fn next(&mut self) -> Result<u8, String> {
        let c = self.peek().ok_or_else(cut_short)?;
        self.at += 1;
        Ok(c)
    }
}

fn cut_short() -> String {
    "unexpected EOF".into()
}

/// Words a wrong byte; like the reference it takes the byte for a character of its own.
fn invalid(c: u8, context: &str) -> String {
    let shown = match c {
        b'\'' => "\\'".to_string(),
        b'\\' => "\\\\".to_string(),
        0x07 => "\\a".to_string(),
        0x08 => "\\b".to_string(),
        0x09 => "\\t".to_string(),
        0x0a => "\\n".to_string(),
        0x0b => "\\v".to_string(),
        0x0c => "\\f".to_string(),
        0x0d => "\\r".to_string(),
        0..=0x1f | 0x7f => format!("\\x{c:02x}"),
        0x80..=0xa0 | 0xad => format!("\\u00{c:02x}"),
        _ => char::from(c).to_string(),
    };
    format!("invalid character '{shown}' {context}")
}

#[cfg(test)]
mod tests {
    use super::first_value;
    use proptest::prelude::*;

    #[test]
    fn words_errors_as_the_reference() {
        let cases = [
            ("", "EOF"),
            (" \n", "EOF"),
            (
                "hello",
                "invalid character 'h' looking for beginning of value",
            ),
            ("{", "unexpected EOF"),
            (
                "{]",
                "invalid character ']' looking for beginning of object key string",
            ),
            ("{\"a\" 1", "invalid character '1' after object key"),
            (
                "{\"a\":1 \"",
                "invalid character '\"' after object key:value pair",
            ),
            (
                "{\"a\":1,}",
                "invalid character '}' looking for beginning of object key string",
            ),
            ("[1 2]", "invalid character '2' after array element"),
            (
                "tru3",
                "invalid character '3' in literal true (expecting 'e')",
            ),
            ("\"\n", "invalid character '\\n' in string literal"),
            ("\"\\x", "invalid character 'x' in string escape code"),
            ("-a", "invalid character 'a' in numeric literal"),
            (
                "1.x",
                "invalid character 'x' after decimal point in numeric literal",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(
                first_value(text.as_bytes()).unwrap_err(),
                expected,
                "{text:?}"
            );
        }
    }

    #[test]
    fn takes_the_first_value_only() {
        assert_eq!(
            first_value(b" {\"a\":[1,{}]} junk").unwrap(),
            b"{\"a\":[1,{}]}"
        );
        assert_eq!(first_value(b"12 {").unwrap(), b"12");
        assert!(first_value("[".repeat(20_000).as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json_on_what_is_valid(text in "[\\[\\]{}\",:0-9a-z.\\-\\\\ ]{0,40}") {
            let ours = first_value(text.as_bytes());
            if let Ok(value) = ours {
                prop_assert!(value.len() <= text.len());
            }
            if serde_json::from_str::<serde_json::Value>(&text).is_ok() {
                prop_assert!(ours.is_ok());
            }
        }

        #[test]
        fn never_panics(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = first_value(&body);
        }
    }
}
