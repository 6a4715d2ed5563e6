//! Tokens of the identity service: JWTs signed with ES384.
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use ring::signature::{ECDSA_P384_SHA384_FIXED, UnparsedPublicKey};
use serde_json::Value as Json;

/// What a point of the curve P-384 has in front of it in a public key's file (SubjectPublicKeyInfo
/// of RFC 5480 with the curve secp384r1).
const P384_PREFIX: [u8; 23] = [
    0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b,
    0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00,
];
/// What stands before the name of an organization in a scope.
const MEMBER: &str = "user:memberof:";

/// The public key of an identity service.
#[derive(Debug, Clone)]
pub struct IdentityKey {
    /// An uncompressed point of P-384.
    point: Vec<u8>,
}

/// What a valid token says.
#[derive(Debug, Clone)]
pub struct Claims(Json);

impl IdentityKey {
    /// Takes the service's public key as PEM text (P-384).
    ///
    /// # Errors
    /// A text that is no such key.
    pub fn from_pem(pem: &str) -> Result<Self, String> {
        let base64: String = pem
            .lines()
            .filter(|line| !line.starts_with("-----"))
            .flat_map(|line| line.chars().filter(|c| !c.is_whitespace()))
            .collect();
        let der = BASE64_STANDARD.decode(base64).unwrap_or_default();
        let point = der
            .strip_prefix(&P384_PREFIX)
            .filter(|point| point.len() == 97);
        match point {
            Some(point) => Ok(Self {
                point: point.to_vec(),
            }),
            None => Err("expected a public key of the curve P-384 in PEM form".into()),
        }
    }

    /// Takes an uncompressed point of P-384.
    pub(crate) fn from_point(point: &[u8]) -> Self {
        Self {
            point: point.to_vec(),
        }
    }

    /// Checks signature and times of a token; None for one that is not valid at `now` (seconds
    /// since 1970). A token without an end, or with a time that is no number, is not valid.
    pub fn claims(&self, token: &[u8], now: i64) -> Option<Claims> {
        let token = std::str::from_utf8(token).ok()?;
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let decode = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).ok();
        let header: Json = serde_json::from_slice(&decode(header)?).ok()?;
        if header.get("alg")?.as_str()? != "ES384" {
            return None;
        }
        UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, &self.point)
            .verify(signed.as_bytes(), &decode(signature)?)
            .ok()?;
        let claims: Json = serde_json::from_slice(&decode(claims)?).ok()?;
        let time = |name: &str| claims.get(name).map(|at| at.as_f64().unwrap_or(f64::NAN));
        #[allow(clippy::cast_precision_loss, reason = "seconds since 1970 fit")]
        let now = now as f64;
        let valid = time("exp")? > now
            && time("nbf").is_none_or(|at| at <= now)
            && time("iat").is_none_or(|at| at <= now);
        valid.then_some(Claims(claims))
    }
}

impl Claims {
    /// A claim that is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Json::as_str)
    }

    /// The organizations that the scope names.
    pub fn member_of(&self) -> impl Iterator<Item = &str> {
        let scopes = self.0.get("scope").and_then(Json::as_array);
        let scopes = scopes.into_iter().flatten();
        scopes.filter_map(|scope| scope.as_str()?.strip_prefix(MEMBER))
    }
}
