//! The node's certificate: self-signed, new at every start, and worth nothing to anybody.
//!
//! Clients of a node do not verify it. Names and marks are those of the real node; the key is of
//! the curve P-256 instead of RSA, because it is made in a moment.
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// How long it is valid, as the real one: a hundred years.
const VALID: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// Makes a certificate and what answers TLS greetings with it.
///
/// # Errors
/// When no key or certificate can be made.
pub fn acceptor(now: SystemTime) -> Result<TlsAcceptor, String> {
    let key = KeyPair::generate().map_err(|e| e.to_string())?;
    let mut names = DistinguishedName::new();
    names.push(DnType::OrganizationName, "GIG");
    let mut wanted =
        CertificateParams::new(vec!["zero-os.gig.tech".to_string()]).map_err(|e| e.to_string())?;
    wanted.distinguished_name = names;
    wanted.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    wanted.key_usages = vec![
        KeyUsagePurpose::DigitalSignature,
        KeyUsagePurpose::KeyEncipherment,
        KeyUsagePurpose::KeyCertSign,
    ];
    wanted.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    wanted.not_before = now.into();
    wanted.not_after = (now + VALID).into();
    let certificate = wanted.self_signed(&key).map_err(|e| e.to_string())?;
    let secret = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], secret)
        .map_err(|e| e.to_string())?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
