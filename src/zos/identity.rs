//! Tokens of the identity service itsyou.online: what nodes of an organization take as password.
use zeroize::Zeroizing;

use super::error::{Error, Result};
use super::web::{self, Question};
use super::{jwt, plain};

/// The service that nodes know.
pub const ADDRESS: &str = "https://itsyou.online";
/// Seconds for which a token is asked for.
pub const VALIDITY: i64 = 3600;
/// A token that ends within so many seconds is renewed before it is used.
pub const EARLY: i64 = 300;
/// Longest token.
const LONGEST: usize = 16 * 1024;

/// Asks for a token that speaks for a member of an organization, and can be renewed.
///
/// # Errors
/// A service that is out of reach, refuses, or answers no token.
pub async fn token(
    address: &str,
    application: &str,
    secret: &str,
    organization: &str,
    validity: i64,
) -> Result<Zeroizing<String>> {
    let url = web::below(address, &["v1", "oauth", "access_token"])?;
    let scope = format!("{},offline_access", jwt::member_of(organization));
    let fields = web::form(&[
        ("grant_type", "client_credentials"),
        ("client_id", application),
        ("client_secret", secret),
        ("response_type", "id_token"),
        ("scope", &scope),
        ("validity", &validity.to_string()),
    ]);
    read(
        address,
        &[secret],
        web::ask(url, Question::Form(fields)).await?,
    )
}

/// Asks for the same token with a later end.
///
/// # Errors
/// As [`token`].
pub async fn renewed(address: &str, token: &str, validity: i64) -> Result<Zeroizing<String>> {
    let mut url = web::below(address, &["v1", "oauth", "jwt", "refresh"])?;
    url.query_pairs_mut()
        .append_pair("validity", &validity.to_string());
    let bearer = Question::Bearer(Zeroizing::new(token.trim().to_string()));
    read(address, &[token.trim()], web::ask(url, bearer).await?)
}

fn read(address: &str, secrets: &[&str], answer: web::Answer) -> Result<Zeroizing<String>> {
    let failed = |reason: String| Error::Service {
        service: plain::line(address, 80),
        reason,
    };
    if !(200..300).contains(&answer.status) {
        // Some servers repeat what they were sent.
        let mut said = answer.words();
        for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
            said = said.replace(secret, "***");
        }
        let said = match said.is_empty() {
            true => String::new(),
            false => format!(": {said}"),
        };
        return Err(failed(format!("it refuses ({}){said}", answer.status)));
    }
    let text = Zeroizing::new(String::from_utf8_lossy(&answer.body).trim().to_string());
    match text.len() <= LONGEST && jwt::claims(&text).is_some() {
        true => Ok(text),
        false => Err(failed("its answer is no token".into())),
    }
}
