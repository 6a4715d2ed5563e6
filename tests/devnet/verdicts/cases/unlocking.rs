//! Conditions of outputs, and how inputs fulfil them.
use kosmos::tfchain::{
    Amount, Condition, Fulfillment, KeyPair, Output, SignTarget, SwapSecret, UnlockHash,
};
use serde_json::{Value, json};

use super::super::setup::*;
use super::{Cases, Purse, pay, set, value};

/// What may stand in an output.
pub(super) fn conditions(cases: &mut Cases, purse: &mut Purse) {
    let whole = value(&pay(&purse.spare.clone(), &[&key(1)]));
    let a = key(1).unlock_hash().to_string();
    let b = key(2).unlock_hash().to_string();
    let shared = owners(&[1, 2], 1).unlock_hash().to_string();
    let contract = swap(FUTURE).unlock_hash().to_string();
    let zero = UnlockHash::default().to_string();
    let wrong = format!("{}0", &a[..a.len() - 1]);
    let unlock = |hash: &str| json!({"type": 1, "data": {"unlockhash": hash}});
    let multi = |hashes: Value, count: Value| json!({"type": 4, "data": {"unlockhashes": hashes, "minimumsignaturecount": count}});
    let locked = |time: Value, inner: Value| json!({"type": 3, "data": {"locktime": time, "condition": inner}});
    let terms = |sender: &str, receiver: &str, hash: &str, time: Value| {
        json!({"type": 2, "data": {
            "sender": sender, "receiver": receiver, "hashedsecret": hash, "timelock": time}})
    };
    let hash = "11".repeat(32);
    for condition in [
        unlock(""),
        unlock(&"0".repeat(78)),
        unlock(&wrong),
        unlock(&a[..76]),
        unlock(&format!("05{}", &a[2..])),
        unlock(&zero),
        unlock(&shared),
        multi(json!([]), json!(0)),
        multi(json!([a]), json!(1)),
        multi(json!([a, b]), json!(0)),
        multi(json!([a, b]), json!(3)),
        multi(json!([a, "0".repeat(78)]), json!(1)),
        multi(json!([shared, a]), json!(1)),
        multi(json!(null), json!(1)),
        multi(json!([a, b]), json!(-1)),
        multi(json!([a, b]), json!("2")),
        locked(json!(0), unlock(&a)),
        locked(json!(5), json!({"type": 9, "data": {}})),
        locked(json!(5), unlock(&"0".repeat(78))),
        locked(json!(5), unlock(&shared)),
        locked(json!(-5), json!({})),
        locked(json!("5"), json!({})),
        locked(json!(5), locked(json!(5), json!({}))),
        locked(json!(5), multi(json!([a]), json!(1))),
        locked(json!(5), multi(json!([a, b]), json!(3))),
        locked(json!(5), terms(&a, &b, &hash, json!(5))),
        terms(&a, &b, &"00".repeat(32), json!(5)),
        terms("", &b, &hash, json!(5)),
        terms(&a, "", &hash, json!(5)),
        terms(&a, &shared, &hash, json!(5)),
        terms(&shared, &b, &hash, json!(5)),
        terms(&a, &b, "11", json!(5)),
        terms(&a, &"0".repeat(78), &hash, json!(5)),
        terms(&a, &b, &hash, json!(-5)),
        json!({"type": 5, "data": {}}),
        json!({"type": 6, "data": {}}),
        json!({"type": -1}),
        json!({"type": 256, "data": {}}),
        json!({"type": 1}),
        json!({"type": 0, "data": {}}),
    ] {
        let name = format!("condition {condition}");
        cases.json(
            &name,
            &set(&whole, "/data/coinoutputs/0/condition", condition),
        );
    }
    let contract: UnlockHash = contract.parse().unwrap();
    for (name, condition) in [
        ("nil", Condition::Nil),
        ("an address", own(7)),
        ("a contract's address", Condition::UnlockHash(contract)),
        ("two of two", owners(&[1, 2], 2)),
        ("one owner twice", owners(&[1, 1], 2)),
        ("ten owners", owners(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 10)),
        ("a lock on a height", own(7).locked_until(1)),
        ("a lock on a time", own(7).locked_until(FUTURE)),
        ("the greatest lock", own(7).locked_until(u64::MAX)),
        ("a lock on nobody's coins", Condition::Nil.locked_until(9)),
        (
            "a lock on two of three",
            owners(&[1, 2, 3], 2).locked_until(9),
        ),
        ("a swap", swap(FUTURE)),
        ("a swap without time", swap(0)),
        (
            "a swap with oneself",
            match swap(PAST) {
                Condition::AtomicSwap(mut terms) => {
                    terms.receiver = terms.sender;
                    Condition::AtomicSwap(terms)
                }
                other => other,
            },
        ),
    ] {
        let coin = purse.coin();
        let left = coin.value.minus(&Amount::ONE_TFT).unwrap();
        let outputs = vec![Output::new(left, condition)];
        cases.add(
            &format!("output: {name}"),
            &standard(&[coin], outputs, 1, &[&key(1)]),
        );
    }
}

/// How inputs are unlocked.
pub(super) fn fulfilling(cases: &mut Cases, purse: &mut Purse) {
    let spare = purse.spare.clone();
    let whole = value(&pay(&spare, &[&key(1)]));
    let stranger = Coin {
        condition: own(9),
        ..spare.clone()
    };
    cases.add("signed by a stranger", &pay(&stranger, &[&key(9)]));
    cases.add("not signed", &pay(&spare, &[]));
    let other = value(&pay(&purse.special("two of three", 7), &[&key(1), &key(2)]));
    let place = "/data/coininputs/0/fulfillment";
    let foreign = other.pointer(place).unwrap().clone();
    cases.json("signed like shared coins", &set(&whole, place, foreign));
    let pk = key(1).public_key().to_string();
    let sig = whole["data"]["coininputs"][0]["fulfillment"]["data"]["signature"].clone();
    for fulfillment in [
        json!({"type": 0}),
        json!({"type": 9, "data": {}}),
        json!({"type": 3, "data": {}}),
        json!({"type": 3, "data": {"pairs": []}}),
        json!({"type": 3, "data": {"pairs": [{"publickey": pk, "signature": sig}]}}),
        json!({"type": 2, "data": {"publickey": pk, "signature": sig}}),
        json!({"type": 2, "data": {"publickey": pk, "signature": sig, "secret": "33".repeat(32)}}),
        json!({"type": 2, "data": {"publickey": pk, "signature": sig, "secret": "33"}}),
    ] {
        cases.json(
            &format!("fulfillment {fulfillment}"),
            &set(&whole, place, fulfillment),
        );
    }
    for text in [
        "ed25519:",
        "ed25519:00",
        ":",
        "foo:11",
        "unknown:00",
        "ED25519:00",
        "ed25519",
    ] {
        let place = "/data/coininputs/0/fulfillment/data/publickey";
        cases.json(
            &format!("public key {text}"),
            &set(&whole, place, json!(text)),
        );
    }
    let place = "/data/coininputs/0/fulfillment/data/signature";
    for (name, text) in [("of zeros", "00".repeat(64)), ("too long", "00".repeat(65))] {
        cases.json(
            &format!("a signature {name}"),
            &set(&whole, place, json!(text)),
        );
    }

    // Locks.
    let (one, two, three) = (key(1), key(2), key(3));
    for (name, keys) in [
        ("height to come", vec![&one]),
        ("time to come", vec![&one]),
        ("height passed", vec![&two]),
    ] {
        let mut coin = purse.special(name, 0);
        if name == "height passed" {
            coin.condition = own(2);
        }
        cases.add(&format!("{name}: bad"), &pay(&coin, &keys));
    }
    for (name, at, keys) in [
        ("height passed", 1, vec![&one]),
        ("time passed", 1, vec![&one]),
        ("nil, time passed", 1, vec![&two]),
        ("owners, time passed", 1, vec![&one, &three]),
        ("nil", 1, vec![&two]),
        ("nil", 2, vec![&one]),
    ] {
        cases.add(
            &format!("{name} {at}"),
            &pay(&purse.special(name, at), &keys),
        );
    }

    // Owners.
    let shared = |at: usize| purse.special("two of three", at);
    cases.add("one of three signs", &pay(&shared(0), &[&one]));
    let mut strange = shared(0);
    strange.condition = owners(&[1, 9], 2);
    cases.add("an owner and a stranger", &pay(&strange, &[&one, &key(9)]));
    let both = value(&pay(&shared(0), &[&one, &two]));
    let pairs = "/data/coininputs/0/fulfillment/data/pairs";
    let list = both.pointer(pairs).unwrap().as_array().unwrap().clone();
    let (first, second) = (list[0].clone(), list[1].clone());
    let pairs_of = |list: Value| set(&both, pairs, list);
    cases.json("an owner twice", &pairs_of(json!([first, first])));
    cases.json(
        "an owner three times",
        &pairs_of(json!([first, second, first])),
    );
    let mut swapped = first.clone();
    swapped["signature"] = second["signature"].clone();
    cases.json(
        "a signature of another owner",
        &pairs_of(json!([swapped, second])),
    );
    cases.json("no owners", &pairs_of(json!([])));
    cases.json(
        "owners the other way round",
        &pairs_of(json!([second, first])),
    );
    cases.add("two of three sign", &pay(&shared(1), &[&one, &three]));
    cases.add("all of three sign", &pay(&shared(2), &[&one, &two, &three]));
    cases.add(
        "one of two signs",
        &pay(&purse.special("one of two", 0), &[&two]),
    );
    cases.add(
        "two of one needed",
        &pay(&purse.special("one of two", 1), &[&one, &two]),
    );

    // Swaps.
    let close = |coin: &Coin, keys: &[&KeyPair], with: Option<&SwapSecret>| {
        let mut transaction = pay(coin, &[]);
        let hasher = transaction.signature_hasher().unwrap();
        for key in keys {
            let target = SignTarget::CoinInput(0);
            transaction
                .sign(&hasher, target, &coin.condition, key, with)
                .unwrap();
        }
        transaction
    };
    let wrong = SwapSecret::from_bytes([78; 32]);
    let as_if = |coin: &Coin, change: &dyn Fn(&mut kosmos::tfchain::SwapContract)| {
        let Condition::AtomicSwap(mut terms) = coin.condition.clone() else {
            panic!("no swap")
        };
        change(&mut terms);
        Coin {
            condition: Condition::AtomicSwap(terms),
            ..coin.clone()
        }
    };
    let open = |at: usize| purse.special("swap", at);
    let late = |at: usize| purse.special("swap, time passed", at);
    let (right, none) = (secret(), None);
    let guess = as_if(&open(0), &|terms| terms.hashed_secret = wrong.hashed());
    cases.add(
        "swap: a wrong secret",
        &close(&guess, &[&two], Some(&wrong)),
    );
    let thief = as_if(&open(0), &|terms| terms.receiver = key(9).unlock_hash());
    cases.add(
        "swap: redeemed by a stranger",
        &close(&thief, &[&key(9)], Some(&right)),
    );
    let eager = as_if(&open(0), &|terms| terms.receiver = key(1).unlock_hash());
    cases.add(
        "swap: redeemed by the sender",
        &close(&eager, &[&one], Some(&right)),
    );
    cases.add("swap: refunded too early", &close(&open(0), &[&one], none));
    let thief = as_if(&late(0), &|terms| terms.sender = key(9).unlock_hash());
    cases.add(
        "swap: refunded by a stranger",
        &close(&thief, &[&key(9)], none),
    );
    let thief = as_if(&late(0), &|terms| terms.sender = key(2).unlock_hash());
    cases.add(
        "swap: refunded by the receiver",
        &close(&thief, &[&two], none),
    );
    let single = Coin {
        condition: own(2),
        ..open(0)
    };
    cases.add("swap: a single signature", &pay(&single, &[&two]));
    let whole = value(&close(&open(0), &[&two], Some(&right)));
    let place = "/data/coininputs/0/fulfillment/data/secret";
    cases.json(
        "swap: another secret put in",
        &set(&whole, place, json!("33".repeat(32))),
    );
    cases.json(
        "swap: the secret of zeros",
        &set(&whole, place, json!("00".repeat(32))),
    );
    cases.add("swap: redeemed", &close(&open(1), &[&two], Some(&right)));
    cases.add(
        "swap: redeemed after its time",
        &close(&late(1), &[&two], Some(&right)),
    );
    cases.add("swap: refunded", &close(&late(2), &[&one], none));
    cases.add(
        "swap: redeemed, then refunded",
        &close(&late(1), &[&one], none),
    );
    let refunded = close(&late(2), &[&two], Some(&right));
    cases.add("swap: refunded, then redeemed", &refunded);

    let two_sorts = [
        purse.setup.plain[purse.setup.plain.len() - 1].clone(),
        shared(3),
    ];
    let sum = Amount::from_tft(PLAIN + 199);
    let mut transaction = standard(&two_sorts, vec![Output::new(sum, own(5))], 1, &[&one, &two]);
    cases.add("a plain coin and a shared one", &transaction);
    if let Some(input) = transaction.coin_inputs_mut().first_mut() {
        input.fulfillment = Fulfillment::Nil;
    }
    cases.add("the same, half signed", &transaction);
}
