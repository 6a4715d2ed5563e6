//! The faucet against what was recorded from the real one.

use std::collections::BTreeMap;

use kosmos::devnet::{Clock, Config, Devnet, Handle};
use serde_json::Value;

use super::client::{get, request};
use super::recording::vector;

pub async fn start(dir: &std::path::Path) -> Handle {
    let clock = Clock::from_source(|| 1_800_000_000);
    let config = Config {
        port: 0,
        block_time: None,
        clock,
        ..Config::new(dir)
    };
    Devnet::start(config).await.unwrap()
}

/// Returns the text between two marks.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(inner, _)| inner)
}

fn is_transaction_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

#[tokio::test]
async fn answers_as_recorded() {
    let dir = tempfile::tempdir().unwrap();
    let devnet = start(dir.path()).await;
    let recording = vector("capacity/faucet_http.json");
    for (i, recorded) in recording.as_array().unwrap().iter().enumerate() {
        let name = format!("#{i} {} {}", recorded["method"], recorded["request_body"]);
        let headers: BTreeMap<String, String> =
            serde_json::from_value(recorded["request_headers"].clone()).unwrap();
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str()))
            .collect();
        let text = |key: &str| recorded[key].as_str().unwrap_or_default();
        let body = text("request_body").as_bytes();
        let (method, path) = (text("method"), text("path"));
        let answer = request(devnet.faucet_addr(), method, path, &headers, body).await;
        assert_eq!(
            u64::from(answer.status),
            recorded["status"].as_u64().unwrap(),
            "{name}"
        );
        for (key, value) in recorded["response_headers"].as_object().unwrap() {
            assert_eq!(answer.header(key), value.as_str(), "{name}: {key}");
        }
        match recorded.get("response_body") {
            Some(wanted) if wanted.as_str().unwrap().contains("txid") => {
                let id = between(&answer.body, "{\"txid\":\"", "\"}\n").unwrap();
                assert!(is_transaction_id(id), "{name}: {id}");
            }
            Some(wanted) => assert_eq!(answer.body, wanted.as_str().unwrap(), "{name}"),
            None => check_page(&name, &answer.body, &recorded["html"]),
        }
    }
    devnet.stop().await;
}

fn check_page(name: &str, page: &str, html: &Value) {
    let part = |start, end| between(page, start, end).map(str::to_owned);
    let wanted = |key: &str| html[key].as_str().map(str::to_owned);
    assert_eq!(part("<title>", "</title>"), wanted("title"), "{name}");
    assert_eq!(part("<h1>", "</h1>"), wanted("h1"), "{name}");
    assert_eq!(
        part("<form action=\"", "\""),
        wanted("form_action"),
        "{name}"
    );
    assert_eq!(part("method=\"", "\""), wanted("form_method"), "{name}");
    assert_eq!(
        part("name=\"uh\"", ">").is_some(),
        html["inputs"][0] == "uh",
        "{name}"
    );
    assert_eq!(
        part("<div class=\"error\">", "</div>"),
        wanted("error"),
        "{name}"
    );
    let id = part("<code>", "</code>");
    assert_eq!(id.is_some(), wanted("transaction_id").is_some(), "{name}");
    assert!(id.iter().all(|id| is_transaction_id(id)), "{name}");
}

#[tokio::test]
async fn pays_from_genesis_and_many_times_in_one_block() {
    let dir = tempfile::tempdir().unwrap();
    let devnet = start(dir.path()).await;
    let address = "01d761561e7203276ef2944628bfde5bfcabf0960b69eda69ac1d317bcdcc53af06a0fd08c5f91";
    for _ in 0..40 {
        devnet
            .faucet()
            .give(address.parse().unwrap(), 300)
            .await
            .unwrap();
    }
    assert_eq!(devnet.status().pool, 40);
    let made = devnet.block_make().await.unwrap();
    assert_eq!(made.transactions, 40);
    let answer = get(devnet.addr(), &format!("/explorer/hashes/{address}")).await;
    let found: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(found["transactions"].as_array().unwrap().len(), 40);
    // The pool's change is gone from the purse's view only when it was spent, so this still works.
    devnet
        .faucet()
        .give(address.parse().unwrap(), 1)
        .await
        .unwrap();
    let balance = devnet.node().read().balance(&address.parse().unwrap());
    assert_eq!(balance.units_text(), "12000000000000");
    devnet.stop().await;
}
