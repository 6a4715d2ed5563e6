//! Who may change what on a hub.
use axum::http::{HeaderMap, header};

use super::names;
use crate::devnet::clock::Clock;
use crate::devnet::identity::IdentityKey;

/// The account that everybody is on a hub without authentication.
pub const EVERYBODY: &str = "Administrator";

/// Who may change what.
pub enum Access {
    /// Everybody is [`EVERYBODY`], as the recorded hub was run.
    Open,
    /// Tokens of an identity service tell who it is.
    Tokens {
        /// The service's key.
        key: IdentityKey,
        /// What time it is.
        clock: Clock,
    },
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Access::Open => "Open",
            Access::Tokens { .. } => "Tokens",
        })
    }
}

/// Why somebody is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotIn {
    /// There is no token.
    Login,
    /// The token is not good for this.
    Forbidden,
}

impl Access {
    /// The account that a request acts as.
    ///
    /// # Errors
    /// [`NotIn`].
    pub fn who(&self, headers: &HeaderMap) -> Result<String, NotIn> {
        let Access::Tokens { key, clock } = self else {
            return Ok(EVERYBODY.to_owned());
        };
        // Older clients send the token as a cookie.
        let token = match headers.get(header::AUTHORIZATION) {
            Some(value) => {
                let value = value.to_str().map_err(|_| NotIn::Forbidden)?;
                let (scheme, token) = value.split_once(' ').ok_or(NotIn::Forbidden)?;
                match scheme.eq_ignore_ascii_case("bearer") {
                    true => token.trim().to_owned(),
                    false => return Err(NotIn::Forbidden),
                }
            }
            None => cookie(headers, "caddyoauth").ok_or(NotIn::Login)?,
        };
        let now = i64::try_from(clock.now()).unwrap_or(i64::MAX);
        let claims = key.claims(token.as_bytes(), now).ok_or(NotIn::Forbidden)?;
        let own = claims.text("username").ok_or(NotIn::Forbidden)?;
        let account = match cookie(headers, "active-user") {
            Some(other) if other == own || claims.member_of().any(|name| name == other) => other,
            Some(_) => return Err(NotIn::Forbidden),
            None => own.to_owned(),
        };
        match names::is_user(&account) {
            true => Ok(account),
            false => Err(NotIn::Forbidden),
        }
    }

    /// True for an account of the hub itself.
    pub fn is_official(&self, user: &str) -> bool {
        matches!(self, Access::Open) && user == EVERYBODY
    }
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let all = headers.get_all(header::COOKIE).into_iter();
    all.filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

/// Says whether a request comes from a page of somebody else's, which must not change anything.
/// Programs send neither header.
pub fn is_foreign(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if matches!(text("sec-fetch-site"), Some("cross-site" | "same-site")) {
        return true;
    }
    match (text("origin"), text("host")) {
        (None, _) => false,
        (Some(origin), Some(host)) => {
            let origin = origin.split_once("://").map_or(origin, |(_, host)| host);
            origin != host
        }
        (Some(_), None) => true,
    }
}
