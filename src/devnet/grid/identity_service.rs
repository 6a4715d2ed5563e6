//! The stand-in for the identity service whose tokens say who a farmer is (spec: capacity §1.2).
//! Its tokens have the form of the original's and count on this devnet only.
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::json;
use zeroize::Zeroizing;

use crate::devnet::error::{Error, Result};
use crate::devnet::folder;
use crate::devnet::identity::IdentityKey;

/// Seconds for which a token counts: a day, as the original's do.
const VALIDITY: u64 = 86_400;

/// Makes tokens and checks them.
#[derive(Debug)]
pub struct IdentityService {
    key: EcdsaKeyPair,
    public: IdentityKey,
}

impl IdentityService {
    /// Reads the key from its file, or makes one.
    ///
    /// # Errors
    /// When the file is damaged or cannot be written.
    pub(super) fn open(file: &Path) -> Result<Self> {
        let fail = |reason: String| Error::Start { reason };
        let (algorithm, random) = (&ECDSA_P384_SHA384_FIXED_SIGNING, SystemRandom::new());
        let document = match std::fs::read(file) {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let made = EcdsaKeyPair::generate_pkcs8(algorithm, &random)
                    .map_err(|_| fail("no key could be made".into()))?;
                folder::replace_private(file, made.as_ref())?;
                Zeroizing::new(made.as_ref().to_vec())
            }
            Err(error) => return Err(Error::file("cannot read", file)(error)),
        };
        let key = EcdsaKeyPair::from_pkcs8(algorithm, &document, &random).map_err(|_| {
            fail(format!(
                "{} is damaged: it holds no key; remove it",
                file.display()
            ))
        })?;
        let public = IdentityKey::from_point(key.public_key().as_ref());
        Ok(Self { key, public })
    }

    /// A token that speaks for a member of an organization from `now` on, for a day.
    ///
    /// # Errors
    /// When the machine has no random numbers.
    pub fn token(&self, organization: &str, now: u64) -> Result<Zeroizing<String>> {
        let part = |value: serde_json::Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let header = part(json!({"alg": "ES384", "typ": "JWT"}));
        let claims = part(json!({
            "iss": "devnet",
            "scope": [format!("user:memberof:{organization}")],
            "exp": now.saturating_add(VALIDITY),
        }));
        let signed = format!("{header}.{claims}");
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes());
        let signature = signature.map_err(|_| Error::Refused {
            reason: "no token could be signed".into(),
        })?;
        let signature = BASE64_URL_SAFE_NO_PAD.encode(signature);
        Ok(Zeroizing::new(format!("{signed}.{signature}")))
    }

    /// The organizations that a token speaks for; none for one that is not valid.
    pub(super) fn organizations(&self, token: &str, now: u64) -> Vec<String> {
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        let claims = self.public.claims(token.as_bytes(), now);
        claims.map_or_else(Vec::new, |claims| {
            claims.member_of().map(str::to_owned).collect()
        })
    }
}
