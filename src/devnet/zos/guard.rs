//! Who may use a node.
//!
//! A node without a guard serves everybody who reaches its port, so it listens on the loopback
//! address only. One with a password, or for organizations, wants `AUTH` first.
use zeroize::Zeroizing;

use crate::devnet::identity::IdentityKey;

/// Answer to any command before `AUTH`.
pub const REFUSED: &str = "permission denied, please call AUTH first with a valid JWT";
const ARGUMENTS: &str = "invalid number of arguments";
const BAD_TOKEN: &str = "invalid jwt";
const BAD_PASSWORD: &str = "invalid password";
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
    /// The identity service's public key.
    key: IdentityKey,
    /// Seconds since 1970.
    now: fn() -> i64,
}

impl Organizations {
    /// Takes the service's public key as PEM text (P-384).
    ///
    /// # Errors
    /// A text that is no such key.
    pub fn new(names: Vec<String>, pem: &str, now: fn() -> i64) -> Result<Self, String> {
        Ok(Organizations {
            names,
            key: IdentityKey::from_pem(pem)?,
            now,
        })
    }

    fn admits(&self, token: &[u8]) -> Option<()> {
        let claims = self.key.claims(token, (self.now)())?;
        let is_ours = |name: &str| {
            self.names
                .iter()
                .any(|ours| ours.eq_ignore_ascii_case(name))
        };
        let by_party = claims.text("azp").is_some_and(is_ours);
        (by_party || claims.member_of().any(is_ours)).then_some(())
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
