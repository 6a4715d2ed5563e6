//! Reads numbers from paths and queries, with the error texts of the reference's two parsers.

/// Reads a number as `strconv.ParseUint` does: decimal digits only.
pub fn parse_uint(text: &str) -> Result<u64, String> {
    let fail = |why: &str| Err(format!("strconv.ParseUint: parsing {}: {why}", quote(text)));
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return fail("invalid syntax");
    }
    match text.parse() {
        Ok(number) => Ok(number),
        Err(_) => fail("value out of range"),
    }
}

/// Reads a number as a scan of the text's beginning does: leading digits count, the rest is
/// ignored.
pub fn scan_uint(text: &str) -> Result<u64, String> {
    let text = text.trim_start();
    if text.is_empty() {
        return Err("EOF".into());
    }
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    let digits = text.get(..end).unwrap_or_default();
    if digits.is_empty() {
        return Err("expected integer".into());
    }
    parse_uint(digits)
}

/// Quotes a text as the reference does in error texts.
fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() => quoted.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_texts() {
        assert_eq!(parse_uint("17"), Ok(17));
        let invalid = "strconv.ParseUint: parsing \"x\\\"\": invalid syntax";
        assert_eq!(parse_uint("x\"").unwrap_err(), invalid);
        assert!(
            parse_uint("99999999999999999999")
                .unwrap_err()
                .ends_with("value out of range")
        );
        assert_eq!(scan_uint("12abc"), Ok(12));
        assert_eq!(scan_uint("-1").unwrap_err(), "expected integer");
        assert_eq!(scan_uint(" ").unwrap_err(), "EOF");
        let large = "strconv.ParseUint: parsing \"99999999999999999999\": value out of range";
        assert_eq!(scan_uint("99999999999999999999x").unwrap_err(), large);
    }
}
