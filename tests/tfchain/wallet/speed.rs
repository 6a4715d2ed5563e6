//! Many addresses against a slow node: the look-ups must run side by side.
use std::time::{Duration, Instant};

use kosmos::tfchain::Seed;
use kosmos::tfchain::explorer::HttpLimits;
use kosmos::tfchain::wallet::Wallet;

use super::super::explorer::stub::{Reply, Server, explorer, recorded_answer};
use super::super::explorer::vectors;
use super::clock;

const LATENCY: Duration = Duration::from_millis(50);

async fn slow_chain() -> Server {
    let file = vectors("20_client_confirmed");
    let answers: Vec<(String, (u16, Vec<u8>))> = file["exchanges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| (e["request"]["path"].as_str().unwrap().to_owned(), recorded_answer(e)))
        .collect();
    Server::start(move |seen| {
        let known = answers.iter().find(|(path, _)| *path == seen.path);
        let (status, body) = known.map_or((204, Vec::new()), |(_, answer)| answer.clone());
        Reply::Slow(LATENCY, status, body)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_addresses_at_50_ms_take_less_than_a_second() {
    let server = slow_chain().await;
    let seed = Seed::from_entropy(&[5; 32]).unwrap();
    let client = explorer(&[&server.address], HttpLimits::default());
    let wallet = Wallet::new(client, seed, 200, -1, clock()).unwrap();
    let start = Instant::now();
    let balance = wallet.balance().await.unwrap();
    let elapsed = start.elapsed();
    assert!(balance.chain.is_known());
    assert!(elapsed < Duration::from_secs(1), "{elapsed:?}");
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
