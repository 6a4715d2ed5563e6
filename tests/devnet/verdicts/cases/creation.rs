//! Coins that are made, and coins that go to Ethereum and come back.
use kosmos::tfchain::{Condition, KeyPair, UnlockHash};
use serde_json::json;

use super::super::setup::*;
use super::{Cases, Purse, pay, set, value};

pub(super) fn minting(cases: &mut Cases, purse: &mut Purse) {
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

pub(super) fn erc20(cases: &mut Cases, purse: &mut Purse) {
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
