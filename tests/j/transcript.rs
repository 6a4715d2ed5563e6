//! The tutorial's wallet part, line by line, from the transcript.
use std::sync::Arc;

use kosmos::object::Kind;
use kosmos::store::Store;

use super::{ADDRESS, Chain, Session, WORDS, records};

const SECOND: &str =
    "01c0fd79ed295afe39e150d2c4308f65e4c00c172deff8cd36d031045b2dc126670a1ccd75386c";

#[test]
fn the_wallet_part_prints_what_the_tutorial_shows() {
    let chain = Chain::start();
    let mut settings = chain.settings();
    settings.test_is_devnet = true;
    let store = Arc::new(Store::ephemeral(Default::default()).unwrap());
    let mut s = Session::with_store(settings.clone(), store.clone());
    let mut section = String::new();
    let (mut played, mut balances) = (0, 0);
    for record in records() {
        let of = record["section"].as_str().unwrap();
        if !of.starts_with("1 ") && !of.starts_with("2 ") || record["source"] != "tutorial" {
            continue;
        }
        if of == "1 after restart" && section != of {
            assert_eq!(
                s.world.unsaved(),
                ["j.clients.tfchain.my_client.wallets.pocket_money"]
            );
            s = Session::with_store(settings.clone(), store.clone());
        }
        section = of.to_string();
        let input = record["input"].as_str().unwrap();
        let expected = record["expects"]["text"].as_str().unwrap_or_default();
        let kind = record["expects"]["kind"].as_str().unwrap();
        played += 1;
        if kind == "error" {
            assert_eq!(s.fails(input).message, expected, "{input}");
            continue;
        }
        if kind == "block" {
            balances += 1;
            if balances == 1 {
                s.says("txid = c.faucet_request(w.address)");
            } else {
                chain.block();
            }
        }
        let printed = s.says(input);
        match (kind, input) {
            ("none", _) => assert_eq!(printed, "", "{input}"),
            ("instance", _) => {
                assert_eq!(
                    printed.lines().next().unwrap().trim_end(),
                    expected,
                    "{input}"
                );
                assert!(!printed.contains("bullet"), "{printed}");
            }
            // Two samples of the tutorial are impossible (77 digits): the true ones.
            (_, "w.address_new()") => assert_eq!(printed, format!("'{SECOND}'")),
            (_, "w.addresses") => assert_eq!(printed, format!("['{ADDRESS}', '{SECOND}']")),
            (_, seed) if seed.ends_with(".seed") => {
                assert_eq!(printed.split(' ').count(), 24, "{printed}");
            }
            // Height and time are of the day.
            ("block", _) => assert_eq!(
                printed.split_once('\n').unwrap().1,
                expected.split_once('\n').unwrap().1
            ),
            _ => assert_eq!(printed, expected, "{input}"),
        }
    }
    assert!(played >= 24, "{played}");
    assert_eq!(balances, 2);
}

#[test]
fn names_come_back_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("store");
    let key = dir.path().join("key");
    let (store, _) = Store::create(
        &folder,
        kosmos::store::NewLock::NewKeyFile(&key),
        Default::default(),
    )
    .unwrap();
    let chain = Chain::start();
    {
        let mut s = Session::with_store(chain.settings(), Arc::new(store));
        s.says("c = j.clients.tfchain.new('my_client', network_type='DEV')");
        s.says(&format!("w = c.wallets.new('my_wallet', seed='{WORDS}')"));
        s.says("w.address_new()");
        s.says("w.save()");
    }
    let locked = Store::open(&folder, Default::default()).unwrap();
    let store = locked.unlock(kosmos::store::Unlock::KeyFile(&key)).unwrap();
    let mut s = Session::with_store(chain.settings(), Arc::new(store));
    assert_eq!(s.says("j.clients.tfchain.exists('my_client')"), "True");
    s.says("w = j.clients.tfchain.my_client.wallets.my_wallet");
    assert_eq!(s.says("w.address"), format!("'{ADDRESS}'"));
    assert_eq!(s.says("w.addresses"), format!("['{ADDRESS}', '{SECOND}']"));
    assert_eq!(s.says("w.key_count"), "2");
    assert!(s.world.unsaved().is_empty());
    assert_eq!(s.says("w.client.network"), "'DEV'");
    assert_eq!(s.fails("w.new('x')").kind, Kind::Attribute);
}

#[test]
fn a_scan_finds_addresses_that_were_used_elsewhere() {
    let chain = Chain::start();
    let mut s = Session::new(chain.settings());
    s.says("c = j.clients.tfchain.new('my_client', network_type='DEV')");
    s.says("w = c.wallets.new('a')");
    s.says("w.address_new()\nw.address_new()");
    s.says("c.faucet_request(w.addresses[2], 5)");
    s.says("again = c.wallets.new('b', seed=w.seed)");
    s.says("again.save()");
    assert_eq!(s.says("len(again.addresses)"), "2");
    assert_eq!(s.says("again.addresses[1] == w.addresses[2]"), "True");
    assert_eq!(s.says("again.key_count"), "3");
    assert_eq!(s.world.unsaved().len(), 2, "{:?}", s.world.unsaved());
    assert_eq!(s.says("again.address_new() == w.addresses[1]"), "True");
}
