//! Transfers of coins and of block stakes.
use kosmos::devnet::chain::Block;
use kosmos::tfchain::transaction::StandardTransaction;
use kosmos::tfchain::{Amount, Condition, Hash, Input, KeyPair, Output, SignTarget, Transaction};
use serde_json::{Value, json};

use super::super::setup::*;
use super::{Cases, Purse, pay, set, value};

/// Sums, fees, parents, data, sizes.
pub(super) fn standard_ones(cases: &mut Cases, purse: &mut Purse, chain: &Value) {
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
    let good = spend(
        std::slice::from_ref(&coin),
        to(left.clone()),
        fee(),
        vec![b'a'; 83],
    );
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
            std::slice::from_ref(&chained),
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
        &spend(
            std::slice::from_ref(&coin),
            vec![],
            vec![coin.value.clone()],
            vec![],
        ),
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

pub(super) fn stakes(cases: &mut Cases, purse: &mut Purse, chain: &Value) {
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
