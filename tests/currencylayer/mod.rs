//! Tests of the room `currencylayer`: a service on loopback that answers well, badly or not.
use std::time::Duration;

use kosmos::currencylayer::{Client, Limits, Quotes, RateError};
use proptest::prelude::*;
use serde_json::json;

use crate::tfchain::explorer::stub::{Reply, Server};

const KEY: &str = "k3y-of-the-user";

fn good() -> serde_json::Value {
    json!({ "success": true, "timestamp": 1_563_192_000, "source": "USD", "quotes": {
        "USDEUR": 0.9, "USDGBP": 0.8, "USDBTC": 0.0001, "USDXXXX": 3, "EURUSD": 2,
        "USDBAD": "x", "USDNEG": -1, "USDNUL": 0 } })
}

/// Asks a service that answers every request with this.
async fn ask(reply: Reply) -> Result<Quotes, RateError> {
    let server = Server::start(move |_| reply.clone()).await;
    let limits = Limits {
        time: Duration::from_millis(300),
        bytes: 64 * 1024,
    };
    let client = Client::new(&format!("{}/live", server.address), limits).unwrap();
    client.live(KEY).await
}

#[tokio::test]
async fn a_good_answer_gives_the_rates() {
    let server = Server::start(|_| Reply::json(200, &good())).await;
    let client = Client::new(&format!("{}/live", server.address), Limits::default()).unwrap();
    let quotes = client.live(&format!(" {KEY}\n")).await.unwrap();
    assert_eq!(quotes.time, 1_563_192_000);
    let codes: Vec<&str> = quotes.per_usd.keys().map(String::as_str).collect();
    assert_eq!(codes, ["btc", "eur", "gbp"]);
    assert_eq!(quotes.per_usd["eur"], 0.9);
    let seen = server.requests();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].path, format!("/live?access_key={KEY}"));
}

#[tokio::test]
async fn a_wrong_key_is_refused_in_the_words_of_the_service() {
    let refusal = json!({ "success": false, "error": { "code": 101, "type": "invalid_access_key",
        "info": format!("You have not\u{1b}[31m supplied a valid key: {KEY}") } });
    for status in [200, 401] {
        assert_eq!(
            ask(Reply::json(status, &refusal)).await,
            Err(RateError::Refused {
                code: 101,
                says: "You have not [31m supplied a valid key: ***".into()
            })
        );
    }
}

#[tokio::test]
async fn error_answers_are_errors() {
    for (reply, wanted) in [
        (
            Reply::Http(500, b"<h1>oops</h1>".to_vec()),
            "refuses (500): <h1>oops</h1>",
        ),
        (Reply::Http(302, Vec::new()), "refuses (302)"),
        (
            Reply::json(200, &json!({ "success": false })),
            "without a reason",
        ),
        (Reply::json(500, &good()), "refuses (500)"),
    ] {
        let error = ask(reply).await.unwrap_err();
        assert!(matches!(error, RateError::Refused { .. }), "{error:?}");
        assert!(error.to_string().contains(wanted), "{error}");
    }
}

#[tokio::test]
async fn garbage_is_no_table_of_rates() {
    for reply in [
        Reply::Http(200, b"not json".to_vec()),
        Reply::Http(200, vec![0xff; 100]),
        Reply::Http(200, Vec::new()),
        Reply::json(200, &json!([1, 2])),
        Reply::json(200, &json!({ "success": true })),
        Reply::json(
            200,
            &json!({ "success": true, "quotes": { "USDEUR": "0.9" } }),
        ),
        Reply::json(
            200,
            &json!({ "source": "EUR", "quotes": { "USDEUR": 1, "USDGBP": 1 } }),
        ),
        Reply::Http(200, vec![b'['; 60_000]),
        Reply::Http(200, vec![b' '; 70_000]),
        Reply::Endless { announced: false },
    ] {
        let error = ask(reply).await.unwrap_err();
        assert!(matches!(error, RateError::Garbage { .. }), "{error:?}");
        assert!(error.to_string().len() < 400, "{error}");
    }
}

#[tokio::test]
async fn a_service_that_does_not_answer_is_out_of_reach() {
    for reply in [
        Reply::Hang,
        Reply::Close,
        Reply::Raw(b"HTTP/1.1 nonsense\r\n\r\n".to_vec()),
        Reply::Slow(
            Duration::from_secs(60),
            200,
            good().to_string().into_bytes(),
        ),
        Reply::Drip(Duration::from_millis(100)),
    ] {
        let error = ask(reply).await.unwrap_err();
        assert!(matches!(error, RateError::OutOfReach { .. }), "{error:?}");
        assert!(!error.to_string().contains(KEY), "{error}");
    }
    let nobody = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let client = Client::new(&format!("http://{nobody}/live"), Limits::default()).unwrap();
    let error = client.live(KEY).await.unwrap_err();
    assert!(matches!(error, RateError::OutOfReach { .. }), "{error:?}");
    assert!(!format!("{error:?}{error}").contains(KEY), "{error}");
}

#[tokio::test]
async fn nothing_is_asked_without_a_key_or_in_the_clear() {
    let server = Server::start(|_| Reply::json(200, &good())).await;
    let client = Client::new(&server.address, Limits::default()).unwrap();
    assert_eq!(client.live(" ").await, Err(RateError::NoKey));
    assert!(server.requests().is_empty());
    for address in [
        "",
        "api.currencylayer.com",
        "http://api.currencylayer.com/live",
        "http://127.0.0.1.example.com/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
    ] {
        let error = Client::new(address, Limits::default()).err();
        assert!(
            matches!(error, Some(RateError::Address { .. })),
            "{address}"
        );
    }
    for address in ["https://api.currencylayer.com/live", "http://[::1]:80/"] {
        assert!(Client::new(address, Limits::default()).is_ok(), "{address}");
    }
}

proptest! {
    #[test]
    fn no_answer_panics(status in 100u16..600, body in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Quotes::read(status, &body, KEY);
    }
}
