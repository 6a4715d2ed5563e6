//! `atomicswap.json`: secrets, contracts, and who may spend them when.

use super::vectors::{list, load, number, text, truth};
use kosmos::tfchain::rules::{FulfillContext, check_fulfilled};
use kosmos::tfchain::{Condition, SignTarget, SwapSecret, Transaction};

#[test]
fn secrets() {
    let vectors = load("atomicswap.json");
    for case in list(&vectors, "secrets") {
        let secret = SwapSecret::parse(text(case, "secret")).expect("secret");
        assert_eq!(secret.hashed().to_string(), text(case, "hashed_secret"));
        assert_eq!(secret.reveal().to_string(), text(case, "secret"));
    }
}

#[test]
fn contracts() {
    let vectors = load("atomicswap.json");
    for case in list(&vectors, "contracts") {
        let condition: Condition =
            serde_json::from_value(case["condition"].clone()).expect("condition");
        let Condition::AtomicSwap(contract) = condition else {
            panic!("no swap: {case}");
        };
        assert_eq!(contract.sender.to_string(), text(case, "sender"));
        assert_eq!(contract.receiver.to_string(), text(case, "receiver"));
        assert_eq!(contract.time_lock, number(case, "timelock"));
        assert_eq!(
            contract.unlock_hash().to_string(),
            text(case, "contract_address")
        );
        if let Some(secret) = case["secret"].as_str() {
            let secret = SwapSecret::parse(secret).expect("secret");
            assert_eq!(secret.hashed(), contract.hashed_secret);
        }
    }
}

#[test]
fn spending() {
    let vectors = load("atomicswap.json");
    let rules = &vectors["spend_rules"];
    let condition: Condition = serde_json::from_value(rules["condition"].clone()).expect("terms");
    for case in list(rules, "cases") {
        let name = text(case, "name");
        let transaction: Transaction =
            serde_json::from_value(case["transaction"].clone()).expect(name);
        let hasher = transaction.signature_hasher().expect(name);
        let context = FulfillContext {
            height: 1,
            time: number(case, "block_time"),
        };
        let input = transaction.coin_inputs().first().expect(name);
        let result = check_fulfilled(
            &condition,
            &input.fulfillment,
            context,
            SignTarget::CoinInput(0),
            &hasher,
        );
        assert_eq!(result.is_ok(), truth(case, "ok"), "{name}: {result:?}");
        if let Err(error) = result {
            assert_eq!(error.to_string(), text(case, "error"), "{name}");
        }
    }
}
