//! Notaries that are down, slow, refuse, or lie.
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kosmos::grid::gedis::{Client, Header, Settings, Value};
use kosmos::grid::notary::{GET, HASH, Notary, NotaryError, Register, STORED};
use kosmos::grid::sealed::{Sealed, notary_hash};
use kosmos::tfchain::explorer::{Answer, Fetch, FetchFuture};
use kosmos::tfchain::{Hash, KeyPair};

use super::fake::{FakeGrid, Mood};
use super::wait;

fn sealed() -> Register {
    let (user, broker) = (
        KeyPair::from_secret_seed(&[1; 32]),
        KeyPair::from_secret_seed(&[2; 32]),
    );
    Register {
        threebot_id: "bot".into(),
        sealed: Sealed::new(b"packed", &user, broker.public_key(), [7; 24]).unwrap(),
    }
}

fn client(port: u16) -> Client {
    Client::new(Settings {
        connect: Duration::from_secs(5),
        answer: Duration::from_millis(300),
        ..Settings::new("127.0.0.1", port)
    })
}

fn setup() -> (FakeGrid, Notary) {
    let grid = FakeGrid::start();
    grid.bot("bot", 5);
    let notary = Notary::Gedis(client(grid.notary));
    (grid, notary)
}

#[test]
fn what_is_registered_is_read_back() {
    let (grid, notary) = setup();
    let register = sealed();
    let hash = wait(notary.register(5, &register)).unwrap();
    assert_eq!(hash, notary_hash(5, &register.sealed.content));
    assert_eq!(wait(notary.get(hash)).unwrap().register, register);
    // Registered once more: nothing new.
    assert_eq!(wait(notary.register(5, &register)), Ok(hash));
    assert_eq!(grid.registered(), 1);
    let error = wait(notary.get(Hash::ZERO)).unwrap_err();
    assert_eq!(error, NotaryError::NotFound(Hash::ZERO));
    let client = client(grid.notary);
    assert_eq!(wait(client.ping()).unwrap().as_str(), "PONG");
    // The other forms say the same.
    for header in [
        Header::JSON,
        Header::read(br#"{"response_type":"msgpack"}"#).unwrap(),
    ] {
        let values = [Value::Text(hash.to_string())];
        let answer = client.call_as(header, GET, &HASH, &values, &STORED);
        let stored = wait(answer).unwrap();
        assert_eq!(stored[2], Value::Data(register.sealed.content.clone()));
    }
}

#[test]
fn another_hash_is_not_believed() {
    let (grid, notary) = setup();
    grid.behave(Mood::OtherHash);
    let error = wait(notary.register(5, &sealed())).unwrap_err();
    assert!(matches!(error, NotaryError::OtherHash { .. }), "{error}");
    assert!(!error.is_unclear());
    assert!(error.to_string().ends_with("nothing was paid"), "{error}");
    // The number of the 3bot is part of the hash.
    grid.behave(Mood::Well);
    let mut other = sealed();
    other.sealed.content.push(1);
    let error = wait(notary.register(6, &other)).unwrap_err();
    assert!(matches!(error, NotaryError::OtherHash { .. }), "{error}");
}

#[test]
fn refusals_silence_and_nonsense_are_told_apart() {
    let (grid, notary) = setup();
    grid.behave(Mood::Refuses("Signature was forged or corrupt"));
    let error = wait(notary.register(5, &sealed())).unwrap_err();
    let told = "the notary refuses: Signature was forged or corrupt";
    assert_eq!(error.to_string(), told);
    assert!(!error.is_unclear());
    grid.behave(Mood::Senseless);
    let error = wait(notary.register(5, &sealed())).unwrap_err();
    assert!(error.is_unclear(), "{error}");
    for mood in [Mood::Drops, Mood::Silent] {
        grid.behave(mood);
        let error = wait(notary.register(5, &sealed())).unwrap_err();
        assert!(error.is_unclear(), "{error}");
    }
    // A port that nobody listens on.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let nobody = Notary::Gedis(client(port));
    let error = wait(nobody.register(5, &sealed())).unwrap_err();
    assert!(!error.is_unclear(), "{error}");
    assert!(error.to_string().contains(&port.to_string()), "{error}");
}

/// A REST front that answers the same to everything.
struct Front(u16, String);

impl Fetch for Front {
    fn get<'a>(&'a self, _: &'a str) -> FetchFuture<'a> {
        Box::pin(async {
            Ok(Answer {
                status: self.0,
                body: self.1.clone().into_bytes(),
                node: None,
            })
        })
    }
    fn post<'a>(&'a self, endpoint: &'a str, body: &'a str) -> FetchFuture<'a> {
        let sent: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(
            (endpoint, &sent["threebot_id"]),
            ("/register", &"bot".into())
        );
        assert!(sent.get("hash").is_none());
        self.get(endpoint)
    }
    fn addresses(&self) -> Vec<String> {
        Vec::new()
    }
}

#[test]
fn the_rest_front_is_checked_alike() {
    let register = sealed();
    let hash = notary_hash(5, &register.sealed.content);
    let front = |status: u16, body: String| Notary::Rest(Arc::new(Front(status, body)));
    let stored = serde_json::json!({
        "hash": hash.to_string(),
        "threebot_id": "bot",
        "content": STANDARD.encode(&register.sealed.content),
        "content_signature": STANDARD.encode(register.sealed.signature.as_bytes()),
    });
    let good = front(200, stored.to_string());
    assert_eq!(wait(good.get(hash)).unwrap().register, register);
    let error = wait(good.get(Hash::ZERO)).unwrap_err();
    assert_eq!(error, NotaryError::OtherContent(Hash::ZERO));
    let created = front(201, format!(r#"{{"hash":"{hash}"}}"#));
    assert_eq!(wait(created.register(5, &register)), Ok(hash));
    assert!(wait(created.register(6, &register)).is_err());
    let error = wait(front(404, String::new()).get(hash)).unwrap_err();
    assert_eq!(error, NotaryError::NotFound(hash));
    let error = wait(front(500, "'reservation not found'".into()).get(hash)).unwrap_err();
    assert_eq!(error, NotaryError::NotFound(hash));
    let error = wait(front(200, "[]".into()).register(5, &register)).unwrap_err();
    assert!(matches!(error, NotaryError::Answer(_)), "{error}");
    let error = wait(front(403, "\u{1b}[2Jno".into()).register(5, &register)).unwrap_err();
    assert_eq!(error.to_string(), "the notary refuses: no");
}
