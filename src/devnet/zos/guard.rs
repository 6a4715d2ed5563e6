//! Who may use a node.
//!
//! A node without a guard serves everybody who reaches its port, so it listens on the loopback
//! address only. One with a password, or for organizations, wants `AUTH` first.
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::signature::{ECDSA_P384_SHA384_FIXED, UnparsedPublicKey};
use serde_json::Value as Json;
use zeroize::Zeroizing;

/// Answer to any command before `AUTH`.
pub const REFUSED: &str = "permission denied, please call AUTH first with a valid JWT";
const ARGUMENTS: &str = "invalid number of arguments";
const BAD_TOKEN: &str = "invalid jwt";
const BAD_PASSWORD: &str = "invalid password";
/// What a point of the curve P-384 has in front of it in a public key's file (SubjectPublicKeyInfo
/// of RFC 5480 with the curve secp384r1).
const P384_PREFIX: [u8; 23] = [
    0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b,
    0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00,
];

/// Who may use a node.
pub enum Guard {
    /// Everybody who reaches the port.
    Open,
    /// Who knows the password.
    Password(Zeroizing<String>),
    /// Members of organizations, by a token of the identity service.
    Organizations(Organizations),
}

impl std::fmt::Debug for Guard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Guard::Open => "Open",
            Guard::Password(_) => "Password(***)",
            Guard::Organizations(_) => "Organizations",
        })
    }
}

/// The organizations whose members may use a node.
pub struct Organizations {
    names: Vec<String>,
    /// The identity service's public key, an uncompressed point of P-384.
    key: Vec<u8>,
    /// Seconds since 1970.
    now: fn() -> i64,
}

impl Organizations {
    /// Takes the service's public key as PEM text (P-384).
    ///
    /// # Errors
    /// A text that is no such key.
    pub fn new(names: Vec<String>, pem: &str, now: fn() -> i64) -> Result<Self, String> {
        let base64: String = pem
            .lines()
            .filter(|line| !line.starts_with("-----"))
            .flat_map(|line| line.chars().filter(|c| !c.is_whitespace()))
            .collect();
        let der = base64::prelude::BASE64_STANDARD
            .decode(base64)
            .unwrap_or_default();
        let key = der
            .strip_prefix(&P384_PREFIX)
            .filter(|point| point.len() == 97);
        match key {
            Some(key) => Ok(Organizations {
                names,
                key: key.to_vec(),
                now,
            }),
            None => Err("expected a public key of the curve P-384 in PEM form".into()),
        }
    }

    fn admits(&self, token: &[u8]) -> Option<()> {
        let token = std::str::from_utf8(token).ok()?;
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let decode = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).ok();
        let header: Json = serde_json::from_slice(&decode(header)?).ok()?;
        if header.get("alg")?.as_str()? != "ES384" {
            return None;
        }
        UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, &self.key)
            .verify(signed.as_bytes(), &decode(signature)?)
            .ok()?;
        let claims: Json = serde_json::from_slice(&decode(claims)?).ok()?;
        let time = |name: &str| claims.get(name).map(|at| at.as_f64().unwrap_or(f64::NAN));
        #[allow(clippy::cast_precision_loss, reason = "seconds since 1970 fit")]
        let now = (self.now)() as f64;
        // A token without an end, or with a time that is no number, is not valid.
        let valid = time("exp")? > now
            && time("nbf").is_none_or(|at| at <= now)
            && time("iat").is_none_or(|at| at <= now);
        if !valid {
            return None;
        }
        let is_ours = |name: &str| {
            self.names
                .iter()
                .any(|ours| ours.eq_ignore_ascii_case(name))
        };
        let by_party = claims
            .get("azp")
            .and_then(Json::as_str)
            .is_some_and(is_ours);
        let by_scope = claims
            .get("scope")
            .and_then(Json::as_array)
            .is_some_and(|scopes| {
                scopes
                    .iter()
                    .filter_map(|scope| scope.as_str()?.strip_prefix("user:memberof:"))
                    .any(is_ours)
            });
        (by_party || by_scope).then_some(())
    }
}

impl Guard {
    /// True when nobody needs a password.
    pub fn is_open(&self) -> bool {
        matches!(self, Guard::Open)
    }

    /// Checks the arguments of `AUTH`.
    ///
    /// # Errors
    /// What the client is told.
    pub fn admit(&self, arguments: &[Vec<u8>]) -> Result<(), &'static str> {
        let [word] = arguments else {
            return Err(ARGUMENTS);
        };
        match self {
            Guard::Open => Ok(()),
            Guard::Password(password) => match same(password.as_bytes(), word) {
                true => Ok(()),
                false => Err(BAD_PASSWORD),
            },
            Guard::Organizations(organizations) => organizations.admits(word).ok_or(BAD_TOKEN),
        }
    }
}

/// Compares without telling by the time it takes where two texts differ.
fn same(a: &[u8], b: &[u8]) -> bool {
    use sha2::{Digest, Sha256};
    let (a, b) = (Sha256::digest(a), Sha256::digest(b));
    a.iter()
        .zip(b.iter())
        .fold(0, |different, (a, b)| different | (a ^ b))
        == 0
}
