//! The transactions that are judged, good and bad, of every version. They are made anew for each
//! run; their keys, nonces and coins are fixed, so they are the same each time.
use kosmos::devnet::chain::Block;
use kosmos::tfchain::transaction::{BotRecordUpdate, BotRegistration, StandardTransaction};
use kosmos::tfchain::{
    Amount, Condition, Fulfillment, Hash, Input, KeyPair, Output, SignTarget, SwapSecret,
    Transaction, UnlockHash,
};
use serde_json::{Value, json};

use super::mutants::mutants;
use super::setup::*;

pub struct Case {
    pub name: String,
    pub body: String,
}

#[derive(Default)]
struct Cases(Vec<Case>);

impl Cases {
    fn text(&mut self, name: &str, body: impl Into<String>) {
        let (name, body) = (name.to_owned(), body.into());
        self.0.push(Case { name, body });
    }
    fn json(&mut self, name: &str, body: &Value) {
        self.text(name, body.to_string());
    }
    fn add(&mut self, name: &str, transaction: &Transaction) {
        self.text(name, serde_json::to_string(transaction).unwrap());
    }
}

/// The coins of the chain; each is handed out once.
struct Purse {
    plain: std::vec::IntoIter<Coin>,
    setup: Setup,
    /// Its bad transactions all try to spend this one.
    spare: Coin,
}

impl Purse {
    fn coin(&mut self) -> Coin {
        self.plain.next().unwrap()
    }
    fn special(&self, name: &str, at: usize) -> Coin {
        self.setup.special(name)[at].clone()
    }
}

/// The transactions, in the order in which they are posted.
pub fn cases(chain: &Value) -> Vec<Case> {
    let setup = Setup::new();
    let mut plain = setup.plain.clone().into_iter();
    let spare = plain.next().unwrap();
    let mut purse = Purse {
        plain,
        setup,
        spare,
    };
    let mut cases = Cases::default();
    malformed(&mut cases);
    damaged(&mut cases, &mut purse);
    standard_ones(&mut cases, &mut purse, chain);
    conditions(&mut cases, &mut purse);
    fulfilling(&mut cases, &mut purse);
    stakes(&mut cases, &mut purse, chain);
    minting(&mut cases, &mut purse);
    bots(&mut cases, &mut purse);
    erc20(&mut cases, &mut purse);
    cases.0
}

/// A payment of a coin to key 5, the fee is 1 TFT.
fn pay(coin: &Coin, keys: &[&KeyPair]) -> Transaction {
    let left = coin.value.minus(&Amount::ONE_TFT).unwrap();
    standard(
        std::slice::from_ref(coin),
        vec![Output::new(left, own(5))],
        1,
        keys,
    )
}

fn value(transaction: &Transaction) -> Value {
    serde_json::to_value(transaction).unwrap()
}

fn set(whole: &Value, place: &str, to: Value) -> Value {
    let mut whole = whole.clone();
    *whole.pointer_mut(place).unwrap() = to;
    whole
}

fn malformed(cases: &mut Cases) {
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
fn damaged(cases: &mut Cases, purse: &mut Purse) {
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

/// Sums, fees, parents, data, sizes.
fn standard_ones(cases: &mut Cases, purse: &mut Purse, chain: &Value) {
    let spare = purse.spare.clone();
    let one = Amount::ONE_TFT;
    let unit = Amount::from_units(1);
    let left = spare.value.minus(&one).unwrap();
    let to = |value: Amount| vec![Output::new(value, own(5))];
    let spend = |coins: &[Coin], outputs: Vec<Output>, fees: Vec<Amount>, data: Vec<u8>| {
        let mut transaction = Transaction::from(StandardTransaction {
            coin_inputs: inputs(coins),
            coin_outputs: outputs,
            miner_fees: fees,
            arbitrary_data: data,
            ..StandardTransaction::default()
        });
        sign(&mut transaction, coins, &[&key(1), &genesis()]);
        transaction
    };
    let bad = std::slice::from_ref(&spare);
    let fee = || vec![one.clone()];
    cases.add(
        "one unit too much",
        &spend(bad, to(left.clone() + unit.clone()), fee(), vec![]),
    );
    cases.add(
        "one unit too little",
        &spend(bad, to(left.minus(&unit).unwrap()), fee(), vec![]),
    );
    cases.add(
        "no fee",
        &spend(bad, to(spare.value.clone()), vec![], vec![]),
    );
    let small = one.minus(&unit).unwrap();
    let rest = left.clone() + unit.clone();
    cases.add(
        "a fee too small",
        &spend(bad, to(rest.clone()), vec![small], vec![]),
    );
    let fees = vec![one.clone(), unit.clone()];
    cases.add(
        "a second fee too small",
        &spend(bad, to(left.minus(&unit).unwrap()), fees, vec![]),
    );
    let mut outputs = to(left.clone());
    outputs.push(Output::new(Amount::from_units(0), own(5)));
    cases.add("an output of nothing", &spend(bad, outputs, fee(), vec![]));
    cases.add(
        "84 bytes of data",
        &spend(bad, to(left.clone()), fee(), vec![b'a'; 84]),
    );
    cases.add("no outputs", &spend(bad, vec![], fee(), vec![]));
    cases.add("nothing at all", &spend(&[], vec![], vec![], vec![]));
    cases.add("nothing but a fee", &spend(&[], vec![], fee(), vec![]));
    cases.add(
        "coins out of nothing",
        &spend(&[], to(one.clone()), fee(), vec![]),
    );
    let huge = vec![Output::new(unit.clone(), own(5)); 400];
    cases.add("too large", &spend(bad, huge, fee(), vec![]));
    let twice = [spare.clone(), spare.clone()];
    cases.add(
        "a parent twice",
        &spend(&twice, to(left.times(2) + one.clone()), fee(), vec![]),
    );
    cases.add(
        "a parent twice, counted once",
        &spend(&twice, to(left.clone()), fee(), vec![]),
    );
    for (name, id) in [("unknown", Hash::from_bytes([5; 32])), ("zero", Hash::ZERO)] {
        let coin = Coin {
            id,
            ..spare.clone()
        };
        cases.add(
            &format!("parent is {name}"),
            &spend(&[coin], to(left.clone()), fee(), vec![]),
        );
    }
    let spent = Setup::new().blocks[1][0].coin_inputs()[0].parent_id;
    let coin = Coin {
        id: spent,
        ..spare.clone()
    };
    cases.add(
        "parent was spent in a block",
        &spend(&[coin], to(left.clone()), fee(), vec![]),
    );
    let blocks = chain["blocks"].as_array().unwrap();
    let reward = |block: &Value| Coin {
        id: block["minerpayoutids"][0]
            .as_str()
            .unwrap()
            .parse()
            .unwrap(),
        value: Amount::from_tft(10),
        condition: Condition::UnlockHash(genesis().unlock_hash()),
    };
    let nine = Amount::from_tft(9);
    let young = reward(blocks.last().unwrap());
    cases.add(
        "a reward that is not mature",
        &spend(&[young], to(nine.clone()), fee(), vec![]),
    );
    cases.add(
        "a mature reward",
        &spend(&[reward(&blocks[1])], to(nine), fee(), vec![]),
    );
    cases.add("a confirmed transaction", &Setup::new().blocks[1][4]);
    cases.text("a confirmed transaction of a block's creator", {
        blocks[3]["rawblock"]["transactions"][0].to_string()
    });

    let coin = purse.coin();
    let good = spend(&[coin.clone()], to(left.clone()), fee(), vec![b'a'; 83]);
    cases.add("83 bytes of data", &good);
    cases.add("the same once more", &good);
    cases.add(
        "its coin for something else",
        &spend(&[coin], to(left.clone()), fee(), vec![1]),
    );
    let chained = Coin {
        id: good.coin_output_id(0).unwrap(),
        value: left.clone(),
        condition: own(5),
    };
    cases.add("a coin of the pool", &pay(&chained, &[&key(5)]));
    cases.add(
        "that coin again",
        &standard(
            &[chained.clone()],
            vec![Output::new(chained.value.minus(&one).unwrap(), own(6))],
            1,
            &[&key(5)],
        ),
    );
    let coin = purse.coin();
    let fees = vec![one.clone(), one.clone()];
    cases.add(
        "two fees",
        &spend(&[coin], to(left.minus(&one).unwrap()), fees, vec![]),
    );
    let coin = purse.coin();
    cases.add(
        "all of it as a fee",
        &spend(&[coin.clone()], vec![], vec![coin.value], vec![]),
    );
    let coins: Vec<Coin> = (0..20).map(|_| purse.coin()).collect();
    let sum = spare.value.times(20).minus(&one).unwrap();
    cases.add("twenty inputs", &spend(&coins, to(sum), fee(), vec![]));
    let coin = purse.coin();
    let many = vec![Output::new(one.clone(), own(5)); 150];
    let fees = vec![Amount::from_tft(PLAIN - 150)];
    cases.add("150 outputs", &spend(&[coin], many, fees, vec![]));
    // Numbers as JSON writes them.
    let whole = value(&pay(&spare, &[&key(1)]));
    for number in [
        json!("-1"),
        json!("1.5"),
        json!("1e3"),
        json!(" 1"),
        json!("abc"),
        json!(""),
        json!("999999999999999999999999999999"),
        json!("007"),
        json!(1.5),
        json!(true),
        json!(-1),
    ] {
        for place in ["/data/coinoutputs/0/value", "/data/minerfees/0"] {
            cases.json(
                &format!("{place} is {number}"),
                &set(&whole, place, number.clone()),
            );
        }
    }
}

/// What may stand in an output.
fn conditions(cases: &mut Cases, purse: &mut Purse) {
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
fn fulfilling(cases: &mut Cases, purse: &mut Purse) {
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

/// Block stakes.
fn stakes(cases: &mut Cases, purse: &mut Purse, chain: &Value) {
    let tip = chain["blocks"].as_array().unwrap().last().unwrap();
    let tip = Block::from_json(&tip["rawblock"].to_string()).unwrap();
    let id = tip.transactions[0].blockstake_output_id(0).unwrap();
    let condition = Condition::UnlockHash(genesis().unlock_hash());
    let mut give = |name: &str, parent_id: Hash, out: u128, signer: &KeyPair, fresh: bool| {
        let coin = match fresh {
            true => purse.coin(),
            false => purse.spare.clone(),
        };
        let left = coin.value.minus(&Amount::ONE_TFT).unwrap();
        let mut transaction = Transaction::from(StandardTransaction {
            coin_inputs: inputs(std::slice::from_ref(&coin)),
            coin_outputs: vec![Output::new(left, own(5))],
            blockstake_inputs: vec![Input::unsigned(parent_id)],
            blockstake_outputs: vec![Output::new(Amount::from_units(out), own(5))],
            miner_fees: vec![Amount::ONE_TFT],
            ..StandardTransaction::default()
        });
        sign(&mut transaction, &[coin], &[&key(1)]);
        let hasher = transaction.signature_hasher().unwrap();
        let target = SignTarget::BlockStakeInput(0);
        let owner = match signer.unlock_hash() == genesis().unlock_hash() {
            true => condition.clone(),
            false => Condition::UnlockHash(signer.unlock_hash()),
        };
        transaction
            .sign(&hasher, target, &owner, signer, None)
            .unwrap();
        cases.add(&format!("stake: {name}"), &transaction);
    };
    give(
        "unknown",
        Hash::from_bytes([6; 32]),
        3_000,
        &genesis(),
        false,
    );
    give("too much", id, 3_001, &genesis(), false);
    give("too little", id, 2_999, &genesis(), false);
    give("nothing", id, 0, &genesis(), false);
    give("of another", id, 3_000, &key(1), false);
    give("given away", id, 3_000, &genesis(), true);
    give("given away twice", id, 3_000, &genesis(), false);
}

fn minting(cases: &mut Cases, purse: &mut Purse) {
    let (one, two, three) = (key(1), key(2), key(3));
    let pair: [&KeyPair; 2] = [&one, &two];
    cases.add("mint: one of three", &mint([9; 8], own(5), 1, &[&one]));
    cases.add("mint: nobody", &mint([9; 8], own(5), 1, &[]));
    cases.add("mint: nonce of zeros", &mint([0; 8], own(5), 1, &pair));
    cases.add("mint: nothing", &mint([9; 8], own(5), 0, &pair));
    let whole = value(&mint([9; 8], own(5), 1, &pair));
    cases.json(
        "mint: fee too small",
        &set(&whole, "/data/minerfees/0", json!("1")),
    );
    cases.json(
        "mint: another nonce put in",
        &set(&whole, "/data/nonce", json!("AQIDBAUGBwg=")),
    );
    for nonce in ["", "AQ==", "AQIDBAUGBwgJ", "***"] {
        cases.json(
            &format!("mint: nonce {nonce:?}"),
            &set(&whole, "/data/nonce", json!(nonce)),
        );
    }
    cases.json("mint: 84 bytes of data", &{
        let mut body = whole.clone();
        body["data"]["arbitrarydata"] = json!("YWFh".repeat(28));
        body
    });
    let single = value(&pay(&purse.spare, &[&genesis(), &one]));
    let single = single
        .pointer("/data/coininputs/0/fulfillment")
        .unwrap()
        .clone();
    cases.json(
        "mint: a single signature",
        &set(&whole, "/data/mintfulfillment", single),
    );
    cases.add("mint: two of three", &mint([9; 8], own(5), 1, &pair));
    cases.add("mint: the same again", &mint([9; 8], own(5), 1, &pair));
    cases.add("mint: the same nonce", &mint([9; 8], own(5), 2, &pair));
    cases.add(
        "mint: all of three",
        &mint([10; 8], own(5), 1, &[&one, &two, &three]),
    );
    for (name, to) in [
        ("nil", Condition::Nil),
        ("owners", owners(&[4, 5], 2)),
        ("locked", own(5).locked_until(FUTURE)),
        ("swap", swap(FUTURE)),
    ] {
        cases.add(&format!("mint: to {name}"), &mint([11; 8], to, 3, &pair));
    }
    let define = |nonce: u8, condition: Condition, keys: &[&KeyPair]| {
        mint_condition([nonce; 8], condition, Some(minters()), keys)
    };
    for (name, condition) in [
        ("nil", Condition::Nil),
        ("a swap", swap(FUTURE)),
        ("nobody, locked", Condition::Nil.locked_until(9)),
        (
            "a contract",
            Condition::UnlockHash(swap(FUTURE).unlock_hash()),
        ),
        ("no hash", Condition::UnlockHash(UnlockHash::default())),
        ("one owner", owners(&[1], 1)),
        ("too many signatures", owners(&[1, 2], 3)),
        ("a lock of 0", own(5).locked_until(0)),
    ] {
        cases.add(&format!("minter: {name}"), &define(12, condition, &pair));
    }
    cases.add("minter: one of three signs", &define(12, own(5), &[&one]));
    cases.add("minter: nonce of zeros", &define(0, own(5), &pair));
    cases.add("minter: a single key", &define(12, own(5), &pair));
    cases.add("minter: locked", &define(13, own(5).locked_until(9), &pair));
    cases.add(
        "minter: owners, locked",
        &define(14, owners(&[4, 5], 2).locked_until(9), &pair),
    );
    // In the pool only: the old condition still counts.
    cases.add(
        "mint: by the old minters still",
        &mint([15; 8], own(5), 1, &pair),
    );
    cases.add(
        "mint: by the new one not yet",
        &mint([16; 8], own(5), 1, &[&key(5)]),
    );
}

fn names(list: &[&str]) -> BotRegistration {
    BotRegistration {
        names: list.iter().map(|name| name.parse().unwrap()).collect(),
        months: 1,
        ..BotRegistration::default()
    }
}

fn bots(cases: &mut Cases, purse: &mut Purse) {
    let spare = purse.spare.clone();
    let many: Vec<String> = (1..=11).map(|n| format!("10.0.0.{n}")).collect();
    let addresses = |list: &[String]| BotRegistration {
        addresses: list
            .iter()
            .map(|address| address.parse().unwrap())
            .collect(),
        months: 1,
        ..BotRegistration::default()
    };
    let months = |months: u8| BotRegistration {
        months,
        ..names(&["months.robot"])
    };
    let fresh = key(40);
    for (name, bot) in [
        ("0 months", months(0)),
        ("25 months", months(25)),
        ("31 months", months(31)),
        ("neither name nor address", names(&[])),
        (
            "six names",
            names(&["one11", "two22", "three3", "four4", "five5", "sixth"]),
        ),
        ("eleven addresses", addresses(&many)),
        ("a name twice", names(&["twice.robot", "twice.robot"])),
        (
            "an address twice",
            addresses(&["10.0.0.1".into(), "10.0.0.1".into()]),
        ),
        ("a name that is taken", names(&["alpha.robot"])),
        (
            "two names, one is taken",
            names(&["newer.robot", "bravo.robot"]),
        ),
    ] {
        cases.add(&format!("bot: {name}"), &register(&spare, bot, &fresh));
    }
    let taken = register(&spare, names(&["other.robot"]), &bot_key(1));
    cases.add("bot: a key that is taken", &taken);
    let good = register(&spare, names(&["strange.robot"]), &fresh);
    let whole = value(&good);
    for (name, place, to) in [
        ("fee too small", "/data/txfee", json!("1")),
        ("fee of nothing", "/data/txfee", json!("0")),
        ("other names put in", "/data/names", json!(["stolen.robot"])),
        ("a short name", "/data/names", json!(["abc"])),
        ("a name of two parts", "/data/names", json!(["a.b"])),
        ("a long name", "/data/names", json!(["x".repeat(64)])),
        (
            "another key put in",
            "/data/identification/publickey",
            json!(key(41).public_key().to_string()),
        ),
        ("no coins", "/data/coininputs", json!([])),
        (
            "a coin twice",
            "/data/coininputs",
            json!([
                whole["data"]["coininputs"][0],
                whole["data"]["coininputs"][0]
            ]),
        ),
        ("no signature", "/data/identification/signature", json!("")),
        (
            "a bad address",
            "/data/refundcoinoutput/condition/data/unlockhash",
            json!("01"),
        ),
    ] {
        cases.json(&format!("bot: {name}"), &set(&whole, place, to));
    }
    for (name, bot) in [
        ("one month", names(&["month.robot"])),
        (
            "24 months",
            BotRegistration {
                months: 24,
                ..names(&["years.robot"])
            },
        ),
        (
            "12 months",
            BotRegistration {
                months: 12,
                ..names(&["yearly.robot"])
            },
        ),
        (
            "five names",
            names(&["one11", "two22", "three3", "four4", "five5"]),
        ),
        ("ten addresses", addresses(&many[..10])),
        ("upper case", names(&["Upper.Robot"])),
        (
            "an address of the new kind",
            addresses(&["2001:db8::1".into()]),
        ),
    ] {
        let number = u8::try_from(cases.0.len() % 100).unwrap() + 100;
        let coin = purse.coin();
        cases.add(&format!("bot: {name}"), &register(&coin, bot, &key(number)));
    }
    let coin = purse.coin();
    let late = register(&coin, names(&["month.robot"]), &fresh);
    cases.add("bot: a name of the pool", &late);

    let mut update =
        |name: &str, id: u32, by: &KeyPair, good: bool, edit: &dyn Fn(&mut BotRecordUpdate)| {
            let mut update = BotRecordUpdate {
                id: id.to_string().parse().unwrap(),
                ..BotRecordUpdate::default()
            };
            edit(&mut update);
            let coin = match good {
                true => purse.coin(),
                false => spare.clone(),
            };
            cases.add(&format!("update: {name}"), &change(&coin, update, by));
        };
    let by = bot_key(1);
    let list = |names: &[&str]| names.iter().map(|n| n.parse().unwrap()).collect::<Vec<_>>();
    let places = |all: &[&str]| all.iter().map(|a| a.parse().unwrap()).collect::<Vec<_>>();
    update("nothing", 1, &by, false, &|_| {});
    update("unknown bot", 99, &by, false, &|u| u.months = 1);
    update("bot 0", 0, &by, false, &|u| u.months = 1);
    update("by another bot", 1, &bot_key(2), false, &|u| u.months = 1);
    update("22 months more", 1, &by, false, &|u| u.months = 22);
    update("25 months more", 1, &by, false, &|u| u.months = 25);
    update("a name that is taken", 1, &by, false, &|u| {
        u.names.add = list(&["bravo.robot"])
    });
    update("a name it has", 1, &by, false, &|u| {
        u.names.add = list(&["alpha.robot"])
    });
    update("a name twice", 1, &by, false, &|u| {
        u.names.add = list(&["twice.robot", "twice.robot"]);
    });
    update("a name it has not", 1, &by, false, &|u| {
        u.names.remove = list(&["bravo.robot"])
    });
    update("too many names", 1, &by, false, &|u| {
        u.names.add = list(&["six11", "six22", "six33", "six44", "six55"]);
    });
    update("an address it has", 1, &by, false, &|u| {
        u.addresses.add = places(&["alpha.example.org"]);
    });
    update("an address it has not", 1, &by, false, &|u| {
        u.addresses.remove = places(&["bravo.example.org"]);
    });
    update("too many addresses", 1, &by, false, &|u| {
        u.addresses.add = many[..10].iter().map(|a| a.parse().unwrap()).collect();
    });
    update("months", 1, &by, true, &|u| u.months = 2);
    update("a name more", 1, &by, true, &|u| {
        u.names.add = list(&["alpha.fourth"])
    });
    update("another address", 1, &by, true, &|u| {
        u.addresses.add = places(&["10.9.9.9"]);
        u.addresses.remove = places(&["alpha.example.org"]);
    });
    update("a name moved in one go", 2, &bot_key(2), true, &|u| {
        u.names.add = list(&["bravo.other"]);
        u.names.remove = list(&["bravo.robot"]);
    });
    update("only a name less", 3, &bot_key(3), true, &|u| {
        u.names.remove = list(&["fifth"])
    });

    let (alpha, bravo, full) = (bot_key(1), bot_key(2), bot_key(3));
    for (name, ids, what, from, to) in [
        ("to itself", (1, 1), &["alpha.robot"][..], &alpha, &alpha),
        ("from nobody", (98, 2), &["alpha.robot"], &alpha, &bravo),
        ("to nobody", (1, 99), &["alpha.robot"], &alpha, &bravo),
        (
            "not signed by the giver",
            (1, 2),
            &["alpha.robot"],
            &bravo,
            &bravo,
        ),
        (
            "not signed by the receiver",
            (1, 2),
            &["alpha.robot"],
            &alpha,
            &alpha,
        ),
        ("no names", (1, 2), &[], &alpha, &bravo),
        ("a name it has not", (1, 2), &["third"], &alpha, &bravo),
        (
            "a name twice",
            (1, 2),
            &["alpha.robot", "alpha.robot"],
            &alpha,
            &bravo,
        ),
    ] {
        let transaction = give_names(&spare, ids, what, from, to);
        cases.add(&format!("transfer: {name}"), &transaction);
    }
    let coin = purse.coin();
    let transfer = give_names(&coin, (3, 1), &["third"], &full, &alpha);
    cases.json(
        "transfer: fee too small",
        &set(&value(&transfer), "/data/txfee", json!("1")),
    );
    cases.add("transfer: one name", &transfer);
    let coin = purse.coin();
    let transfer = give_names(&coin, (3, 1), &["third"], &full, &alpha);
    cases.add("transfer: the name once more", &transfer);
}

fn erc20(cases: &mut Cases, purse: &mut Purse) {
    let spare = purse.spare.clone();
    cases.add("convert: 999", &convert(&spare, 999));
    let whole = value(&convert(&spare, 1_000));
    let changed = set(&whole, "/data/value", json!("1000000000001"));
    cases.json("convert: another value put in", &changed);
    cases.json(
        "convert: fee too small",
        &set(&whole, "/data/txfee", json!("1")),
    );
    for address in [
        "",
        "0x",
        "0x00",
        "828de486adc50aa52dab52a2ec284bcac75be211",
        "zz",
    ] {
        let name = format!("convert: address {address:?}");
        cases.json(&name, &set(&whole, "/data/address", json!(address)));
    }
    let stranger = Coin {
        condition: own(9),
        ..spare.clone()
    };
    let mut foreign = convert(&stranger, 1_000);
    sign(&mut foreign, &[stranger], &[&key(9)]);
    cases.add("convert: a stranger's coin", &foreign);
    cases.add("convert: 1000", &convert(&purse.coin(), 1_000));
    cases.add("convert: all of it", &convert(&purse.coin(), PLAIN - 2));

    cases.add(
        "withdraw: registered already",
        &withdraw_address(&spare, &key(4), 10),
    );
    cases.add("withdraw: 9 TFT", &withdraw_address(&spare, &key(50), 9));
    cases.add("withdraw: 11 TFT", &withdraw_address(&spare, &key(50), 11));
    let whole = value(&withdraw_address(&spare, &key(50), 10));
    let other = key(51);
    for (name, place, to) in [
        ("fee too small", "/data/txfee", json!("1")),
        (
            "another key put in",
            "/data/pubkey",
            json!(other.public_key().to_string()),
        ),
        ("no signature", "/data/signature", json!("")),
        (
            "another refund put in",
            "/data/refundcoinoutput/value",
            json!("5"),
        ),
    ] {
        cases.json(&format!("withdraw: {name}"), &set(&whole, place, to));
    }
    cases.add(
        "withdraw: a new one",
        &withdraw_address(&purse.coin(), &key(50), 10),
    );
    cases.add(
        "withdraw: one of the pool",
        &withdraw_address(&purse.coin(), &key(50), 10),
    );

    cases.add("bridge: not registered", &bridge(&key(52), [21; 32]));
    cases.add("bridge: used already", &bridge(&key(4), [3; 32]));
    let whole = value(&bridge(&key(4), [22; 32]));
    for (name, place, to) in [
        ("fee too small", "/data/txfee", json!("1")),
        ("nothing", "/data/value", json!("0")),
        ("nobody", "/data/address", json!("0".repeat(78))),
        (
            "shared",
            "/data/address",
            json!(minters().unlock_hash().to_string()),
        ),
        ("short id", "/data/txid", json!("0x00")),
    ] {
        cases.json(&format!("bridge: {name}"), &set(&whole, place, to));
    }
    cases.add("bridge: a new one", &bridge(&key(4), [22; 32]));
    cases.add("bridge: one of the pool", &bridge(&key(4), [22; 32]));
    let again = set(&whole, "/data/value", json!("6000000000"));
    cases.json("bridge: one of the pool with another value", &again);
}
