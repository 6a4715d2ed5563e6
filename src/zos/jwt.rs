//! What can be read from a password that is a token.
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// What a token says of itself. Only the node checks whether that is true.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// Seconds since 1970 at which it ends, if it does.
    pub expires: Option<i64>,
    /// The identity service can renew it.
    pub renewable: bool,
    /// Organizations it speaks for: those it says its owner is a member of, and the one it was
    /// made for.
    pub organizations: Vec<String>,
}

/// What scopes of members begin with.
const MEMBER: &str = "user:memberof:";

/// The scope of a token for the members of an organization.
pub fn member_of(organization: &str) -> String {
    format!("{MEMBER}{organization}")
}

/// What a password says of itself when it is a token; None when it is none.
pub fn claims(password: &str) -> Option<Claims> {
    let mut parts = password.trim().split('.');
    let (Some(_), Some(claims), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    let claims = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
    let claims: serde_json::Value = serde_json::from_slice(&claims).ok()?;
    let claims = claims.as_object()?;
    let end = claims.get("exp");
    // Some issuers write it with a point.
    let expires = end.and_then(|end| end.as_i64().or_else(|| end.as_f64().map(|f| f as i64)));
    let scopes = claims.get("scope").and_then(serde_json::Value::as_array);
    let scopes = scopes.into_iter().flatten().filter_map(|s| s.as_str());
    let members = scopes.filter_map(|scope| scope.strip_prefix(MEMBER));
    let party = claims.get("azp").and_then(serde_json::Value::as_str);
    Some(Claims {
        expires,
        renewable: claims.contains_key("refresh_token"),
        organizations: members.chain(party).map(String::from).collect(),
    })
}

/// When the token ends, in seconds since 1970; None when it is no token, or one without an end.
pub fn expires(password: &str) -> Option<i64> {
    claims(password)?.expires
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn organizations_are_read() {
        let text = r#"{"azp":"shop","scope":["user:memberof:farm","user:name",7]}"#;
        let claims = claims(&token(text)).unwrap();
        assert_eq!(claims.organizations, ["farm", "shop"]);
        assert_eq!(claims.expires, None);
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
