//! A hub that wants tokens.
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use kosmos::devnet::hub::{Access, HubConfig};
use kosmos::devnet::identity::IdentityKey;
use kosmos::devnet::{Clock, Config, Devnet};
use kosmos::flist::hub::{Hub, HubError, HubOptions};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{config, files, get, start};
use crate::devnet::client::request;

const NOW: i64 = 1_561_000_000;

struct Service {
    key: EcdsaKeyPair,
    random: SystemRandom,
}

impl Service {
    fn new() -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P384_SHA384_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap();
        Self { key, random }
    }

    fn pem(&self) -> String {
        let prefix = "3076301006072a8648ce3d020106052b81040022036200";
        let mut der = hex::decode(prefix).unwrap();
        der.extend_from_slice(self.key.public_key().as_ref());
        let text = BASE64_STANDARD.encode(der);
        format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n")
    }

    fn token(&self, claims: &Value) -> String {
        let encode = |json: &Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
        let signed = format!("{}.{}", encode(&json!({ "alg": "ES384" })), encode(claims));
        let signature = self.key.sign(&self.random, signed.as_bytes()).unwrap();
        format!(
            "{signed}.{}",
            BASE64_URL_SAFE_NO_PAD.encode(signature.as_ref())
        )
    }
}

fn wanting_tokens(dir: &std::path::Path, service: &Service) -> HubConfig {
    HubConfig {
        access: Access::Tokens {
            key: IdentityKey::from_pem(&service.pem()).unwrap(),
            clock: Clock::from_source(|| NOW.unsigned_abs()),
        },
        ..config(dir)
    }
}

#[tokio::test]
async fn only_tokens_open_the_own_account() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::new();
    let hub = start(wanting_tokens(dir.path(), &service)).await;
    let addr = hub.addr();
    let claims = json!({ "username": "ben", "exp": NOW + 60, "scope": ["user:memberof:team"] });
    let token = service.token(&claims);
    let bearer = format!("bearer {token}");
    let cookie = format!("caddyoauth={token}");
    let late = format!(
        "bearer {}",
        service.token(&json!({ "username": "ben", "exp": NOW }))
    );
    let other = format!("bearer {}", Service::new().token(&claims));
    let sly = format!(
        "bearer {}",
        service.token(&json!({ "username": "../etc", "exp": NOW + 60 }))
    );
    let me = async |headers: &[(&str, &str)]| {
        let answer = request(addr, "GET", "/api/flist/me", headers, b"").await;
        let json: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        let name = json["payload"]["username"].as_str().map(str::to_owned);
        (answer.status, name.unwrap_or(answer.body))
    };
    let refused = (403, "Could not authorize this request!".to_owned());
    assert_eq!(me(&[("Authorization", &bearer)]).await, (200, "ben".into()));
    assert_eq!(me(&[("Cookie", &cookie)]).await, (200, "ben".into()));
    let acting = [
        ("Authorization", bearer.as_str()),
        ("Cookie", "a=b; active-user=team"),
    ];
    assert_eq!(me(&acting).await, (200, "team".into()));
    let acting = [
        ("Authorization", bearer.as_str()),
        ("Cookie", "active-user=others"),
    ];
    assert_eq!(me(&acting).await, refused);
    for bad in [&late, &other, &sly, "bearer nonsense", "Basic eDp5"] {
        assert_eq!(me(&[("Authorization", bad)]).await, refused, "{bad}");
    }
    let answer = get(addr, "/api/flist/me").await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (302, Some("/login"))
    );
    // Everybody may look.
    assert_eq!(get(addr, "/api/flist").await.body, "[]\n");
    for path in ["/upload", "/docker-convert"] {
        assert_eq!(get(addr, path).await.status, 302, "{path}");
    }
    let insert = request(addr, "PUT", "/insert", &[], b"").await;
    assert_eq!(insert.status, 302);
}

#[tokio::test]
async fn the_client_explains_refusals() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::new();
    let hub = start(wanting_tokens(dir.path(), &service)).await;
    let address = format!("http://{}/api", hub.addr());
    let with = |token: Option<String>| {
        let options = HubOptions {
            token: token.map(Zeroizing::new),
            account: None,
        };
        Hub::new(&address, &options).unwrap()
    };
    let file = dir.path().join("app.tar.gz");
    // Larger than what a connection holds back, so that the answer comes in the middle.
    let noise: Vec<u8> = (0..8_000_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 11) as u8)
        .collect();
    std::fs::write(&file, files(&[("x", &noise)])).unwrap();
    let error = with(None).me().await.unwrap_err();
    assert!(matches!(error, HubError::Login { .. }), "{error}");
    assert!(error.advice().unwrap().contains("token_"));
    let late = service.token(&json!({ "username": "ben", "exp": NOW }));
    let client = with(Some(late.clone()));
    let error = client.me().await.unwrap_err();
    assert!(matches!(error, HubError::Forbidden { .. }), "{error}");
    for text in [error.to_string(), format!("{client:?}")] {
        assert!(!text.contains(&late), "{text}");
    }
    let good = service.token(&json!({ "username": "ben", "exp": NOW + 60 }));
    let client = with(Some(good));
    let made = client.upload(&file, None).await.unwrap();
    assert_eq!(made.name, "app.flist");
    assert_eq!(client.list("ben").await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_devnet_that_was_given_a_key_wants_its_tokens() {
    let dir = tempfile::tempdir().unwrap();
    let (service, pem) = (Service::new(), dir.path().join("service.pem"));
    let config = || Config {
        port: 0,
        block_time: None,
        clock: Clock::from_source(|| NOW.unsigned_abs()),
        identity_key: Some(pem.clone()),
        ..Config::new(dir.path().join("devnet"))
    };
    let error = Devnet::start(config()).await.unwrap_err().to_string();
    assert!(error.contains("service.pem"), "{error}");
    std::fs::write(&pem, "no key").unwrap();
    let error = Devnet::start(config()).await.unwrap_err().to_string();
    assert!(
        error.contains("service.pem") && error.contains("P-384"),
        "{error}"
    );
    std::fs::write(&pem, service.pem()).unwrap();
    let devnet = Devnet::start(config()).await.unwrap();
    let address = format!("http://{}/api", devnet.status().hub);
    let with = |token: Option<String>| {
        let options = HubOptions {
            token: token.map(Zeroizing::new),
            account: None,
        };
        Hub::new(&address, &options).unwrap()
    };
    let error = with(None).me().await.unwrap_err();
    assert!(matches!(error, HubError::Login { .. }), "{error}");
    let token = service.token(&json!({ "username": "ben", "exp": NOW + 60 }));
    let file = dir.path().join("app.tar.gz");
    std::fs::write(&file, files(&[("x", b"x")])).unwrap();
    let client = with(Some(token));
    assert_eq!(client.upload(&file, None).await.unwrap().name, "app.flist");
    // Everybody may read it.
    assert_eq!(with(None).list("ben").await.unwrap().len(), 1);
    devnet.stop().await;
}
