//! What the original client made of recorded answers, ours must make of them too.
//!
//! The original loses the ids of the outputs of version 209 (ERC20 coin creation) and would offer
//! an all-zero id for spending; the recordings were made with that single defect corrected, so
//! nothing is exempt here.
use std::sync::Arc;

use jiff::tz::TimeZone;
use kosmos::tfchain::explorer::ExplorerTransaction;
use kosmos::tfchain::wallet::{
    Balance, OutputState, SelectionLimits, address_balance, balance_text,
};
use kosmos::tfchain::{Amount, Hash, UnlockHash};
use serde_json::{Value, json};

use super::super::explorer::stub::Replay;
use super::super::explorer::vectors;
use super::{address, text, wallet};

const FILES: [&str; 2] = ["20_client_confirmed", "21_client_unconfirmed"];
const PERSONS: [&str; 4] = ["alice", "bob", "carol", "dave"];

fn sorted_ids<'a>(ids: impl Iterator<Item = (Hash, &'a kosmos::tfchain::Output)>) -> Value {
    let mut ids: Vec<String> = ids.map(|(id, _)| id.to_string()).collect();
    ids.sort();
    json!(ids)
}

fn check_balance(name: &str, balance: &Balance, expected: &Value) {
    let printed = balance_text(balance, &TimeZone::UTC);
    assert_eq!(printed, text(&expected["printed"]), "{name}");
    for (what, ours) in [
        ("available", balance.available()),
        ("locked", balance.locked()),
        ("unconfirmed", balance.unconfirmed()),
        ("unconfirmed_locked", balance.unconfirmed_locked()),
    ] {
        assert_eq!(json!(ours.with_unit()), expected[what], "{name} {what}");
    }
    assert_eq!(
        json!(balance.chain.height),
        expected["chain_height"],
        "{name}"
    );
    assert_eq!(json!(balance.chain.time), expected["chain_time"], "{name}");
    assert_eq!(
        json!(balance.chain.block_id),
        expected["chain_blockid"],
        "{name}"
    );
    let spent = sorted_ids(balance.outputs.with_state(OutputState::Spent));
    assert_eq!(spent, expected["outputs_spent"], "{name} spent");
    assert_eq!(
        sorted_ids(balance.outputs_available()),
        expected["outputs_available"],
        "{name}"
    );
}

fn check_transactions(name: &str, ours: &[Arc<ExplorerTransaction>], expected: &Value) {
    let expected = expected.as_array().unwrap();
    let height = |t: &ExplorerTransaction| t.height.map_or(json!(-1), |height| json!(height));
    // Heights fall; within one block the original's order is that of chance.
    let ours_heights: Vec<Value> = ours.iter().map(|t| height(t)).collect();
    let heights: Vec<Value> = expected.iter().map(|t| t["height"].clone()).collect();
    assert_eq!(ours_heights, heights, "{name}");
    let key = |height: &Value, printed: String| format!("{height} {printed}");
    let mut ours_sorted: Vec<String> = ours
        .iter()
        .map(|t| key(&height(t), t.to_string()))
        .collect();
    let mut sorted: Vec<String> = expected
        .iter()
        .map(|t| key(&t["height"], text(&t["printed"]).to_owned()))
        .collect();
    let pool = ours.iter().filter(|t| t.is_unconfirmed()).count();
    assert_eq!(
        ours_sorted[..pool],
        sorted[..pool],
        "{name}: the pool's order"
    );
    ours_sorted.sort();
    sorted.sort();
    assert_eq!(ours_sorted, sorted, "{name}");
    for (ours, expected) in ours.iter().zip(expected) {
        assert_eq!(
            json!(ours.is_unconfirmed()),
            expected["unconfirmed"],
            "{name}"
        );
    }
}

fn check_funding(name: &str, balance: &Balance, expected: &Value) {
    for case in expected.as_array().unwrap() {
        let amount: Amount = text(&case["amount"]).parse().unwrap();
        let source: Option<Vec<UnlockHash>> =
            (!case["source"].is_null()).then(|| vec![address(&case["source"])]);
        let name = format!("{name} fund {amount} from {}", case["source"]);
        let funding = balance.fund(&amount, source.as_deref(), SelectionLimits::default());
        match (funding, case.get("error")) {
            (Err(error), Some(kind)) => {
                assert_eq!(json!(error.kind()), *kind, "{name}");
                assert_eq!(json!(error.to_string()), case["message"], "{name}");
            }
            (Ok(funding), None) => {
                // Outputs of one value may come in any order.
                let values: Vec<&Amount> = funding.inputs.iter().map(|(_, o)| &o.value).collect();
                let expected: Vec<&Amount> = case["inputs"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|id| &balance.output(&text(id).parse().unwrap()).unwrap().value)
                    .collect();
                assert_eq!(values, expected, "{name}");
                assert_eq!(
                    json!(funding.remainder.with_unit()),
                    case["remainder"],
                    "{name}"
                );
                let refund = serde_json::to_value(&funding.refund).unwrap();
                assert_eq!(refund, case["suggested_refund"], "{name}");
            }
            (funding, error) => panic!("{name}: {funding:?} where {error:?} was expected"),
        }
    }
}

#[tokio::test]
async fn wallets_see_what_the_original_saw() {
    for file in FILES {
        let vectors = vectors(file);
        for person in PERSONS {
            let name = format!("{file} {person}");
            let expected = &vectors["expected"][person];
            let replay = Arc::new(Replay::from_exchanges(&vectors["exchanges"]));
            let wallet = wallet(replay.explorer(), text(&expected["mnemonic"]));
            assert_eq!(json!(wallet.address()), expected["address"], "{name}");
            assert_eq!(
                json!(wallet.addresses().await),
                expected["addresses"],
                "{name}"
            );
            assert_eq!(json!(wallet.key_count()), expected["key_count"], "{name}");
            let balance = wallet.balance().await.unwrap();
            let multisig: Vec<UnlockHash> = balance.addresses_multisig().collect();
            assert_eq!(json!(multisig), expected["addresses_multisig"], "{name}");
            check_balance(&name, &balance, &expected["balance"]);
            for (key, expected) in expected["multisig"].as_object().unwrap() {
                let wallet = &balance.wallets[&key.parse::<UnlockHash>().unwrap()];
                check_balance(&format!("{name} {key}"), wallet, expected);
            }
            let transactions = wallet.transactions().await.unwrap();
            check_transactions(&name, &transactions, &expected["transactions"]);
            check_funding(&name, &balance, &expected["fund"]);
            for (key, expected) in expected["unlockhash"].as_object().unwrap() {
                let explorer = replay.explorer();
                let info = explorer.address(key.parse().unwrap()).await.unwrap();
                assert_eq!(json!(info.to_string()), expected["printed"], "{name} {key}");
                let balance = address_balance(&explorer, &info).await.unwrap();
                check_balance(&format!("{name} {key}"), &balance, &expected["balance"]);
            }
        }
    }
}

#[tokio::test]
async fn merged_addresses_are_the_wallet() {
    for file in FILES {
        let vectors = vectors(file);
        for person in PERSONS {
            let expected = &vectors["expected"][person];
            let replay = Arc::new(Replay::from_exchanges(&vectors["exchanges"]));
            let explorer = replay.explorer();
            let whole = wallet(explorer.clone(), text(&expected["mnemonic"]))
                .balance()
                .await
                .unwrap();
            let mut parts = Vec::new();
            for key in expected["unlockhash"].as_object().unwrap().keys() {
                let info = explorer.address(key.parse().unwrap()).await.unwrap();
                parts.push(address_balance(&explorer, &info).await.unwrap());
            }
            // In either order the parts give the whole.
            for backwards in [false, true] {
                let mut parts = parts.clone();
                if backwards {
                    parts.reverse();
                }
                let merged = parts
                    .into_iter()
                    .reduce(|left, right| left.merge(right).unwrap())
                    .unwrap();
                assert_eq!(merged.available(), whole.available(), "{file} {person}");
                assert_eq!(merged.unconfirmed_spent(), whole.unconfirmed_spent());
                let mut ours: Vec<UnlockHash> = merged.addresses_multisig().collect();
                let mut all: Vec<UnlockHash> = whole.addresses_multisig().collect();
                ours.sort();
                all.sort();
                assert_eq!(ours, all, "{file} {person}");
                if !backwards {
                    let zone = TimeZone::UTC;
                    assert_eq!(balance_text(&merged, &zone), balance_text(&whole, &zone));
                }
            }
        }
    }
}

#[tokio::test]
async fn a_wallet_is_made_and_grows_without_a_network() {
    use super::super::explorer::stub::{dead_address, explorer, short_limits};
    let dead = dead_address().await;
    let phrase = "bullet absurd cabin dose void wink toward oven catalog chef venture edge suggest \
                  strategy note merry mechanic buffalo bronze creek select walk click snow";
    let wallet = wallet(explorer(&[&dead], short_limits()), phrase);
    let first = "01d761561e7203276ef2944628bfde5bfcabf0960b69eda69ac1d317bcdcc53af06a0fd08c5f91";
    assert_eq!(wallet.address().to_string(), first);
    assert!(
        wallet
            .address_new()
            .unwrap()
            .to_string()
            .starts_with("01c0fd79")
    );
    assert_eq!(wallet.addresses().await.len(), 2);
    assert_eq!(wallet.key_count(), 2);
    assert_eq!(
        wallet.balance().await.unwrap_err().kind(),
        "ExplorerNotAvailable"
    );
    assert_eq!(
        wallet.scan().await.unwrap_err().kind(),
        "ExplorerNotAvailable"
    );
}

#[tokio::test]
async fn the_statement_adds_up_to_the_balance() {
    for file in FILES {
        let vectors = vectors(file);
        for person in PERSONS {
            let expected = &vectors["expected"][person];
            let replay = Arc::new(Replay::from_exchanges(&vectors["exchanges"]));
            let wallet = wallet(replay.explorer(), text(&expected["mnemonic"]));
            let balance = wallet.balance().await.unwrap();
            let rows = wallet.statement().await.unwrap();
            let incoming: Amount = rows.iter().map(|row| &row.incoming).sum();
            let outgoing: Amount = rows.iter().map(|row| &row.outgoing).sum();
            let owned = balance.available()
                + &balance.locked()
                + &balance.unconfirmed()
                + &balance.unconfirmed_locked();
            assert_eq!(incoming.minus(&outgoing).unwrap(), owned, "{file} {person}");
        }
    }
}
