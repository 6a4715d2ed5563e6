//! Texts that are no transactions, and good transactions that are damaged.
use kosmos::tfchain::transaction::{BotRecordUpdate, BotRegistration, StandardTransaction};
use kosmos::tfchain::{Amount, Output, Transaction};
use serde_json::json;

use super::super::mutants::mutants;
use super::super::setup::*;
use super::{Cases, Purse, pay, value};

pub(super) fn texts(cases: &mut Cases) {
    for body in [
        "",
        "hello",
        "[]",
        "{}",
        "null",
        "1",
        "\"x\"",
        "{\"version\":1}",
        "{\"version\":1,\"data\":null}",
        "{\"version\":1,\"data\":{}}",
        "{\"version\":1,\"data\":[]}",
        "{\"data\":{}}",
        "{\"version\":1,\"data\":{}",
        "{\"version\":\"1\",\"data\":{}}",
        "{\"version\":-1,\"data\":{}}",
        "{\"version\":1.5,\"data\":{}}",
        "{\"version\":2,\"data\":{}}",
        "{\"version\":130,\"data\":{}}",
        "{\"version\":147,\"data\":{}}",
        "{\"version\":176,\"data\":{}}",
        "{\"version\":177,\"data\":{}}",
        "{\"version\":211,\"data\":{}}",
        "{\"version\":255,\"data\":{}}",
        "{\"version\":256,\"data\":{}}",
        "{\"version\":0,\"data\":{}}",
        "{\"version\":128,\"data\":{}}",
        "{\"version\":129,\"data\":{}}",
        "{\"version\":144,\"data\":{}}",
        "{\"version\":145,\"data\":{}}",
        "{\"version\":146,\"data\":{}}",
        "{\"version\":208,\"data\":{}}",
        "{\"version\":209,\"data\":{}}",
        "{\"version\":210,\"data\":{}}",
    ] {
        cases.text(&format!("text {body}"), body);
    }
}

/// One good transaction of each version, damaged in every place, and then as it is.
pub(super) fn damaged(cases: &mut Cases, purse: &mut Purse) {
    let bot = BotRegistration {
        names: vec!["damaged.robot".parse().unwrap()],
        addresses: vec!["10.1.2.3".parse().unwrap()],
        months: 1,
        ..BotRegistration::default()
    };
    let mut update = BotRecordUpdate {
        id: "3".parse().unwrap(),
        months: 1,
        ..BotRecordUpdate::default()
    };
    update.addresses.add = vec!["damaged.example.org".parse().unwrap()];
    update.names.remove = vec!["first".parse().unwrap()];
    let with_data = {
        let coin = purse.coin();
        let left = coin.value.minus(&Amount::ONE_TFT).unwrap();
        let mut transaction = Transaction::from(StandardTransaction {
            coin_inputs: inputs(std::slice::from_ref(&coin)),
            coin_outputs: vec![Output::new(left, own(5))],
            miner_fees: vec![Amount::ONE_TFT],
            arbitrary_data: b"damaged".to_vec(),
            ..StandardTransaction::default()
        });
        sign(&mut transaction, &[coin], &[&key(1)]);
        transaction
    };
    let good = [
        with_data,
        register(&purse.coin(), bot, &key(31)),
        change(&purse.coin(), update, &bot_key(3)),
        give_names(&purse.coin(), (3, 2), &["second"], &bot_key(3), &bot_key(2)),
        mint([3; 8], own(5), 7, &[&key(1), &key(3)]),
        mint_condition([4; 8], minters(), Some(minters()), &[&key(2), &key(3)]),
        convert(&purse.coin(), 1_500),
        bridge(&key(4), [8; 32]),
        withdraw_address(&purse.coin(), &key(32), 10),
    ];
    let mut legacy = value(&pay(&purse.coin(), &[&key(1)]));
    legacy["version"] = json!(0);
    cases.json("version 0", &legacy);
    for transaction in &good {
        let name = format!("version {}", transaction.version());
        for (name, body) in mutants(&name, &value(transaction)) {
            cases.json(&name, &body);
        }
    }
    for transaction in &good {
        cases.add(
            &format!("version {} as it is", transaction.version()),
            transaction,
        );
        cases.add(
            &format!("version {} again", transaction.version()),
            transaction,
        );
    }
}
