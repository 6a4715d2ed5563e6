//! Tokens of an identity service: who is let in by one, and who is not.
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use kosmos::devnet::zos::guard::{Guard, Organizations};
use kosmos::zos::transport::Limits;
use kosmos::zos::{Client, Endpoint, Error, Options};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value as Json, json};
use zeroize::Zeroizing;

use super::{Running, limits};

/// The clock of these tests: an hour in 2019.
const NOW: i64 = 1_560_000_000;

/// An identity service: its key, and tokens signed with it.
struct Service(EcdsaKeyPair);

impl Service {
    fn new() -> Service {
        let algorithm = &ECDSA_P384_SHA384_FIXED_SIGNING;
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        Service(EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap())
    }

    /// Its public key as the node is given it.
    fn pem(&self) -> String {
        let mut der = hex::decode("3076301006072a8648ce3d020106052b81040022036200").unwrap();
        der.extend_from_slice(self.0.public_key().as_ref());
        let text = BASE64_STANDARD.encode(der);
        let lines: Vec<&str> = text
            .as_bytes()
            .chunks(64)
            .map(|l| std::str::from_utf8(l).unwrap())
            .collect();
        format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
            lines.join("\n")
        )
    }

    fn token(&self, claims: &Json) -> String {
        self.with_header(&json!({"alg": "ES384", "typ": "JWT"}), claims)
    }

    fn with_header(&self, header: &Json, claims: &Json) -> String {
        let part = |value: &Json| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = self
            .0
            .sign(&SystemRandom::new(), signed.as_bytes())
            .unwrap();
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }

    fn node(&self) -> Running {
        let names = vec!["Farm.One".to_string(), "other".to_string()];
        let organizations = Organizations::new(names, &self.pem(), || NOW).unwrap();
        Running::with(|config| config.guard = Guard::Organizations(organizations))
    }
}

/// Claims as the identity service writes them for a member of an organization.
fn member(organization: &str) -> Json {
    json!({"azp": "some-application", "exp": NOW + 3600, "iss": "itsyouonline",
        "scope": ["user:name", format!("user:memberof:{organization}")], "username": "someone"})
}

fn changed(mut claims: Json, key: &str, value: Json) -> Json {
    claims[key] = value;
    claims
}

#[test]
fn members_come_in_and_nobody_else() {
    let service = Service::new();
    let node = service.node();
    let good = member("farm.one");
    let party = json!({"azp": "FARM.one", "exp": NOW + 1});
    for claims in [
        good.clone(),
        member("other"),
        party,
        changed(good.clone(), "nbf", (NOW - 1).into()),
        changed(good.clone(), "iat", (NOW - 1).into()),
        changed(good.clone(), "exp", json!(1_560_000_010.5)),
    ] {
        let mut client = node.client();
        let token = service.token(&claims);
        assert_eq!(client.ask(&["AUTH", &token]), json!("OK"), "{claims}");
        let pong = client.run(&format!("p{}", token.len()), "core.ping", json!({}));
        assert_eq!(pong["state"], "SUCCESS");
    }
    let mut bare = good.clone();
    bare.as_object_mut().unwrap().remove("exp");
    let refused = [
        ("over", changed(good.clone(), "exp", (NOW - 1).into())),
        (
            "over in this second",
            changed(good.clone(), "exp", NOW.into()),
        ),
        ("without an end", bare),
        (
            "an end that is no number",
            changed(good.clone(), "exp", "tomorrow".into()),
        ),
        ("not yet", changed(good.clone(), "nbf", (NOW + 60).into())),
        (
            "made tomorrow",
            changed(good.clone(), "iat", (NOW + 60).into()),
        ),
        ("another organization", member("farm.two")),
        ("a part of its name", member("farm")),
        ("below its name", member("farm.one.guests")),
        (
            "another scope",
            changed(good.clone(), "scope", json!(["user:ownerof:farm.one"])),
        ),
        (
            "a scope that is no list",
            changed(good.clone(), "scope", "user:memberof:farm.one".into()),
        ),
        ("no scope", changed(good.clone(), "scope", Json::Null)),
        ("no object", json!([1])),
    ];
    for (why, claims) in refused {
        let mut client = node.client();
        let answer = client.ask(&["AUTH", &service.token(&claims)]);
        assert_eq!(answer, json!({"error": "invalid jwt"}), "{why}");
        let closed = client.ask(&["PING"]);
        assert!(
            closed["error"]
                .as_str()
                .unwrap()
                .starts_with("permission denied"),
            "{why}"
        );
    }
}

#[test]
fn a_token_must_be_signed_by_the_service_in_its_own_way() {
    let service = Service::new();
    let node = service.node();
    let good = service.token(&member("farm.one"));
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let none = BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
    let claims = signed.split_once('.').unwrap().1;
    let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
    bytes[7] ^= 1;
    let forged = [
        Service::new().token(&member("farm.one")),
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(&bytes)),
        format!("{signed}."),
        format!("{none}.{claims}."),
        format!("{none}.{claims}.{signature}"),
        service.with_header(&json!({"alg": "ES256"}), &member("farm.one")),
        service.with_header(&json!({"alg": "HS384"}), &member("farm.one")),
        good[1..].to_string(),
        "a.b.c".to_string(),
        String::new(),
    ];
    for token in forged {
        let answer = node.client().ask(&["AUTH", &token]);
        assert_eq!(answer, json!({"error": "invalid jwt"}), "{token}");
    }
    // A key of another kind is told when the node is made.
    let wrong = Organizations::new(vec!["farm".into()], "-----BEGIN X-----\nAAAA\n", || NOW);
    assert!(wrong.err().unwrap().contains("P-384"));
}

/// The refusals that were recorded, over TLS.
#[test]
fn refusals_are_those_of_the_recorded_node() {
    let node = Service::new().node();
    let recorded = crate::zos::vectors("transport.json");
    let mut tls = limits::Tls::connect(node.addr);
    let mut played = 0;
    for case in recorded["cases"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        if name.contains("organization configured:") {
            let got = tls.ask(case["sent"].as_str().unwrap().as_bytes());
            assert_eq!(got, case["received"].as_str().unwrap(), "{name}");
            played += 1;
        }
    }
    assert_eq!(played, 4);
}

#[test]
fn a_client_is_told_what_is_wrong_with_its_token() {
    let service = Service::new();
    let node = service.node();
    let ping = |password: &str| {
        let client = Client::new(Options {
            endpoint: Endpoint::Tcp {
                host: "127.0.0.1".into(),
                port: node.addr.port(),
                tls: true,
            },
            password: Zeroizing::new(password.into()),
            db: 0,
            fingerprint: None,
            timeout: std::time::Duration::from_secs(30),
            limits: Limits::default(),
            random: |bytes| getrandom::fill(bytes).unwrap(),
            clock: || std::time::UNIX_EPOCH + std::time::Duration::from_secs(NOW.unsigned_abs()),
        });
        node.runtime.block_on(client.ping())
    };
    assert!(
        ping(&service.token(&member("farm.one")))
            .unwrap()
            .starts_with("PONG")
    );
    let over = service.token(&changed(member("farm.one"), "exp", (NOW - 5).into()));
    for (password, ended, speaks_for) in [
        (
            over,
            Some(NOW - 5),
            Some(vec!["farm.one", "some-application"]),
        ),
        (
            service.token(&member("x")),
            None,
            Some(vec!["x", "some-application"]),
        ),
        ("a plain word".to_string(), None, None),
    ] {
        let Error::Password {
            reason,
            expired,
            organizations,
            ..
        } = ping(&password).unwrap_err()
        else {
            panic!("another error");
        };
        assert_eq!((reason.as_str(), expired), ("invalid jwt", ended));
        let speaks_for = speaks_for.map(|names| names.into_iter().map(String::from).collect());
        assert_eq!(organizations, speaks_for);
    }
}
