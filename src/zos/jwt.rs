//! What can be read from a password that is a token.
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// When the token ends, in seconds since 1970; None when it is no token, or one without an end.
pub fn expires(password: &str) -> Option<i64> {
    let mut parts = password.trim().split('.');
    let (Some(_), Some(claims), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    let claims = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
    let claims: serde_json::Value = serde_json::from_slice(&claims).ok()?;
    let end = claims.get("exp")?;
    // Some issuers write it with a point.
    end.as_i64().or_else(|| end.as_f64().map(|f| f as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn the_end_is_read_when_there_is_one() {
        assert_eq!(
            expires(&token(r#"{"exp":1700000000}"#)),
            Some(1_700_000_000)
        );
        assert_eq!(expires(&token(r#"{"exp":1.5}"#)), Some(1));
        assert_eq!(expires(&token("{}")), None);
        for text in ["", "a.b", "a.b.c", "plain password", "..."] {
            assert_eq!(expires(text), None, "{text}");
        }
    }
}
