//! Many addresses, each asked for once; and one address with a long history.
use std::sync::Arc;
use std::time::Duration;

use kosmos::tfchain::explorer::HttpLimits;
use kosmos::tfchain::wallet::{Balance, ChainPoint, KeyRing, Wallet};
use kosmos::tfchain::{Amount, Seed};

use super::super::explorer::stub::{Replay, Reply, Server, explorer, recorded_answer};
use super::super::explorer::vectors;
use super::clock;
use super::large::large_answer;

const LATENCY: Duration = Duration::from_millis(50);

async fn slow_chain() -> Server {
    let file = vectors("20_client_confirmed");
    let answers: Vec<(String, (u16, Vec<u8>))> = file["exchanges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| {
            (
                e["request"]["path"].as_str().unwrap().to_owned(),
                recorded_answer(e),
            )
        })
        .collect();
    Server::start(move |seen| {
        let known = answers.iter().find(|(path, _)| *path == seen.path);
        let (status, body) = known.map_or((204, Vec::new()), |(_, answer)| answer.clone());
        Reply::Slow(LATENCY, status, body)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_addresses_are_asked_for_once_each() {
    let server = slow_chain().await;
    let seed = Seed::from_entropy(&[5; 32]).unwrap();
    let client = explorer(&[&server.address], HttpLimits::default());
    let wallet = Wallet::new(client, seed, 200, -1, clock()).unwrap();
    let balance = wallet.balance().await.unwrap();
    assert!(balance.chain.is_known());
    // 200 addresses, 3 of the scan, 2 of the chain; nothing is asked twice.
    assert_eq!(server.requests().len(), 205);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_scan_goes_on_as_long_as_keys_are_found() {
    let server = slow_chain().await;
    let client = explorer(&[&server.address], HttpLimits::default());
    let phrase = super::mnemonic("alice");
    let seed = Seed::from_phrase(&phrase).unwrap();
    let wallet = Wallet::new(client, seed, 1, 2, clock()).unwrap();
    assert_eq!(wallet.scan().await.unwrap(), 2);
    assert_eq!(wallet.key_count(), 3);
    // 1 and 2 were used, so 3 and 4 were asked for as well.
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn a_scan_of_zero_asks_nothing() {
    let server = slow_chain().await;
    let client = explorer(&[&server.address], HttpLimits::default());
    let seed = Seed::from_phrase(&super::mnemonic("alice")).unwrap();
    let wallet = Wallet::new(client, seed, 1, 0, clock()).unwrap();
    assert_eq!(wallet.scan().await.unwrap(), 0);
    assert_eq!(wallet.addresses().await.len(), 1);
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_large_answer_becomes_a_balance() {
    let keys = KeyRing::new(Seed::from_entropy(&[5; 32]).unwrap(), 1).unwrap();
    let body = large_answer(&keys);
    assert!(body.len() > 5_000_000, "{}", body.len());
    let mut replay = Replay::default();
    let path = format!("/explorer/hashes/{}", keys.primary());
    replay.answers.insert(path, (200, body));
    let explorer = Arc::new(replay).explorer();
    let info = explorer.address(keys.primary()).await.unwrap();
    let balance = Balance::of_address(&info, ChainPoint::default());
    assert_eq!(balance.available(), Amount::from_tft(40 * 3_500));
}
