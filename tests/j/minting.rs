//! Minting: by the devnet's minter, by several together, by those who may not, and what is refused.
use std::sync::atomic::Ordering;

use kosmos::object::Kind;

use super::{ADDRESS, Chain, Session};

const GENESIS: &str =
    "015a080a9259b9d4aaa550e2156f49b1a79a64c7ea463d810d4493e8242e6791584fbdac553e6f";

/// A session with 300 TFT, and `m`, a wallet that may mint.
fn with_minter(chain: &Chain) -> Session {
    let mut s = chain.funded();
    s.says("a = j.devnet.minter()");
    s.says("m = c.wallets.new('minter', seed=a.seed, key_count=a.key_count)");
    s
}

fn id_of(printed: &str, version: u8) -> String {
    let id = printed
        .strip_prefix(&format!("transaction V{version} "))
        .unwrap()
        .to_owned();
    assert_eq!(id.len(), 64, "{printed}");
    id
}

#[test]
fn coins_are_created_in_every_form() {
    let chain = Chain::start();
    let mut s = with_minter(&chain);
    assert!(s.says("a").starts_with(&format!("minter: {GENESIS} with ")));
    assert_eq!(s.text("c.minter.condition_get().unlockhash"), GENESIS);
    s.says("r = m.minter.coins_new(w.address, 1000)");
    let id = id_of(&s.says("r.transaction"), 129);
    assert_eq!(
        s.says("r"),
        format!("TransactionSendResult(transaction=transaction V129 {id}, submitted=True)")
    );
    assert_eq!(s.says("r.transaction.coin_inputs"), "[]");
    assert_eq!(s.says("r.transaction.miner_fees"), "[1 TFT]");
    assert_eq!(
        s.says("w.balance").lines().nth(2).unwrap(),
        "Unconfirmed: 1000 TFT available 0 TFT locked"
    );
    chain.block();
    assert_eq!(s.says("w.balance.available"), "1300 TFT");
    s.says(&format!("b = '{ADDRESS}'"));
    for form in [
        "m.minter.coins_new(recipient=b, amount='108.24')",
        "m.minter.coins_new(b, 200, lock='07/12/2040 14:35', data='for the party')",
        "m.minter.coins_new([w.address, b], '50 TFT', lock=1999999999, data=b'\\x00\\x01')",
        "m.minter.coins_new((1, [w.address, b]), 300.0, lock=42000)",
        "m.minter.coins_new(None, 1)",
        "m.minter.coins_new({'type': 1, 'data': {'unlockhash': b}}, c.minimum_miner_fee)",
        "c.address_book.set(b, 'bob')\nm.minter.coins_new('bob', 1)[1]",
    ] {
        let printed = s.says(form);
        assert!(
            printed.ends_with("True)") || printed == "True",
            "{form}: {printed}"
        );
    }
    chain.block();
    let balance = s.says("c.unlockhash_get(b).balance()");
    assert!(
        balance.contains("110.24 TFT available and 200 TFT locked"),
        "{balance}"
    );
    assert_eq!(s.says("c.transaction_get(r.transaction.id).version"), "129");
    assert_eq!(s.notes(), "");
}

#[test]
fn a_preview_says_who_may_and_what_is_created() {
    let chain = Chain::start();
    let mut s = with_minter(&chain);
    let address = s.text("w.address");
    assert_eq!(
        s.says("m.minter.coins_new(w.address, 1000, data='hi', dry_run=True)"),
        "TransactionSendResult(transaction=transaction V129 None, submitted=False)"
    );
    assert_eq!(
        s.notes(),
        format!(
            "network: DEV\nkind: coin creation\nminters now: {GENESIS}\nsend: 1000 TFT to {address}\n\
             fee: 1 TFT\ntotal: 1001 TFT (created, nobody pays it)\ndata: \"hi\""
        )
    );
    assert_eq!(
        s.says("m.minter.definition_set([w.address, a.address], dry_run=True)"),
        "TransactionSendResult(transaction=transaction V128 None, submitted=False)"
    );
    let notes = s.notes();
    for part in [
        "kind: mint definition\n",
        &format!("minters now: {GENESIS}\n"),
        "minters from then on: the 2-of-2 multi-signature wallet 03",
        &format!(" of {address}, {GENESIS}\n"),
        "fee: 1 TFT\ntotal: 1 TFT (created, nobody pays it)",
    ] {
        assert!(notes.contains(part), "{part} is not in {notes}");
    }
    chain.block();
    assert_eq!(s.text("c.minter.condition_get().unlockhash"), GENESIS);
}

#[test]
fn who_may_not_mint_hands_it_on() {
    let chain = Chain::start();
    let mut s = with_minter(&chain);
    assert_eq!(
        s.says("r = w.minter.coins_new(w.address, 10)\nr"),
        "TransactionSendResult(transaction=transaction V129 None, submitted=False)"
    );
    let note = s.notes();
    assert!(
        note.starts_with(&format!(
            "not sent: the signature of {GENESIS} is missing. "
        )),
        "{note}"
    );
    let error = s.fails("c.transaction_put(r.transaction)");
    assert_eq!(error.kind, Kind::Refused);
    let rule = "failed to fulfill mint condition for coin creation transaction: ";
    assert!(error.message.contains(rule), "{error}");
    // Signed once, another amount in it does not pass.
    s.says("good = m.transaction_sign(r.transaction.json_text(), submit=False).transaction.json()");
    s.says("bad = r.transaction.json()\nbad['data']['mintfulfillment'] = good['data']['mintfulfillment']");
    s.says("bad['data']['coinoutputs'][0]['value'] = '99000000000'");
    assert!(s.fails("c.transaction_put(bad)").message.contains(rule));
    s.says("txn, signed, submitted = m.transaction_sign(r.transaction.json())");
    assert_eq!(s.says("[signed, submitted]"), "[True, True]");
    chain.block();
    assert_eq!(s.says("w.balance.available"), "310 TFT");
}

#[test]
fn several_minters_sign_one_after_the_other() {
    let chain = Chain::start();
    let mut s = with_minter(&chain);
    s.says("v = c.wallets.second");
    s.says("x = c.wallets.stranger");
    let printed =
        s.says("m.minter.definition_set(([w.address, v.address, a.address], 2)).transaction");
    id_of(&printed, 128);
    chain.block();
    s.says("h = c.blockchain_info_get().height");
    s.says("now = c.minter.condition_get().json()");
    assert_eq!(s.says("now['data']['minimumsignaturecount']"), "2");
    assert!(
        s.says("c.minter.condition_get()")
            .starts_with("Condition(03")
    );
    assert_eq!(
        s.says("c.minter.condition_get(height=h) == c.minter.condition_get()"),
        "True"
    );
    assert_eq!(s.text("c.minter.condition_get(h - 1).unlockhash"), GENESIS);
    assert_eq!(s.text("c.minter.condition_get(0).unlockhash"), GENESIS);
    assert_eq!(
        s.says("c.minter.condition_get(999999) == c.minter.condition_get()"),
        "True"
    );

    assert_eq!(s.notes(), "");
    s.says("r = w.minter.coins_new(v.address, 50)");
    assert_eq!(s.says("r.submitted"), "False");
    let (v, a) = (s.text("v.address"), GENESIS);
    let note = s.notes();
    let missing = format!("not sent: a signature of one of {v}, {a} is missing. ");
    assert!(note.starts_with(&missing), "{note}");
    // Once is enough, and a stranger's signature is worth nothing.
    for other in ["w", "x"] {
        let signed = format!("{other}.transaction_sign(r.transaction).signed");
        assert_eq!(s.says(&signed), "False", "{other}");
    }
    let error = s.fails("c.transaction_put(r.transaction)");
    assert!(
        error
            .message
            .ends_with("coin creation transaction: not enough signatures"),
        "{error}"
    );
    s.says("t = v.transaction_sign(r.transaction.json_text())");
    assert_eq!(s.says("[t.signed, t.submitted]"), "[True, True]");
    id_of(&s.says("t.transaction"), 129);
    chain.block();
    assert_eq!(s.says("v.balance.available"), "50 TFT");
    assert_eq!(
        s.says("x.minter.coins_new(x.address, 1).submitted"),
        "False"
    );
    let note = s.notes();
    assert!(note.starts_with("not sent: 2 signatures of "), "{note}");

    // The devnet's own is one of them still; then the two others take the right for one alone.
    assert_eq!(s.says("j.devnet.minter().address == a.address"), "True");
    s.says("r = w.minter.definition_set(w.address, data='mine')");
    assert_eq!(
        s.says("v.transaction_sign(r.transaction).submitted"),
        "True"
    );
    chain.block();
    assert_eq!(
        s.says("c.minter.condition_get().unlockhash == w.address"),
        "True"
    );
    let error = s.fails("j.devnet.minter()");
    assert_eq!(error.kind, Kind::Refused);
    let w = s.text("w.address");
    assert_eq!(
        error.message,
        format!(
            "the devnet refused: the right to create coins was handed on to {w}: ask its owners"
        )
    );
    assert_eq!(
        s.says("m.minter.coins_new(w.address, 1).submitted"),
        "False"
    );
    assert_eq!(s.says("w.minter.coins_new(w.address, 1).submitted"), "True");
}

#[test]
fn every_rule_is_named() {
    let chain = Chain::start();
    let mut s = with_minter(&chain);
    s.says("v = c.wallets.second");
    s.says("swap = w.atomicswap.initiate(v.address, 5).contract.condition");
    s.says("w.coins_send([w.address, v.address], 5)");
    chain.block();
    s.says("shared = w.addresses_multisig[0]");
    let shared = s.text("shared");
    let long = "x".repeat(84);
    for (call, kind, part) in [
        (
            "definition_set(None)",
            Kind::Value,
            "0 is an invalid unlock hash type and cannot be used for a minter definition",
        ),
        (
            "definition_set(swap)",
            Kind::Value,
            "2 is an invalid unlock hash type and cannot be used for a minter definition",
        ),
        (
            "definition_set(shared)",
            Kind::Value,
            &format!("the owners of {shared} must be named"),
        ),
        ("definition_set(1)", Kind::Type, "a recipient is an address"),
        (
            "definition_set(1.5)",
            Kind::Type,
            "a recipient is an address",
        ),
        (
            "definition_set([])",
            Kind::Value,
            "needs at least one address",
        ),
        (
            "definition_set('0123bla')",
            Kind::Value,
            "UnlockHash is expexcted to be of length 78 when JSON-encoded, not of length 7",
        ),
        (
            "definition_set('0x828de486adc50aa52dab52a2ec284bcac75be211')",
            Kind::Value,
            "an ERC20 address cannot be used here",
        ),
        (
            &format!("definition_set(w.address, data='{long}')"),
            Kind::Value,
            "maximum bytes length of 83, 84 exceeds this limit",
        ),
        (
            &format!("coins_new(w.address, 1, data='{long}')"),
            Kind::Value,
            "maximum bytes length of 83, 84 exceeds this limit",
        ),
        (
            "definition_set(w.address, data=7)",
            Kind::Type,
            "data is a text or bytes",
        ),
        // What only the node refuses.
        (
            "definition_set([w.address])",
            Kind::Refused,
            "defined mint condition is not standard within the given blockchain context: ",
        ),
        (
            "definition_set(([w.address, v.address], 3))",
            Kind::Refused,
            "defined mint condition is not standard within the given blockchain context: ",
        ),
        (
            "coins_new(w.address, 0)",
            Kind::Value,
            "no amount is defined to be sent",
        ),
        (
            "coins_new(w.address, -1)",
            Kind::Value,
            "an amount cannot be below zero",
        ),
        (
            "coins_new(w.address, '1.0000000001')",
            Kind::Value,
            "an amount has at most 9 digits after the point",
        ),
        (
            "coins_new(w.address, True)",
            Kind::Type,
            "an amount is a number of TFT",
        ),
        (
            "coins_new(w.address, 1, lock=-1)",
            Kind::Value,
            "output lock value cannot be negative",
        ),
        (
            "coins_new('0x828de486adc50aa52dab52a2ec284bcac75be211', 1000)",
            Kind::Value,
            "an ERC20 address cannot be used here",
        ),
        ("coins_new(7, 1)", Kind::Type, "a recipient is an address"),
    ] {
        let error = s.fails(&format!("m.minter.{call}"));
        assert_eq!(error.kind, kind, "{call}: {error}");
        assert!(error.message.contains(part), "{call}: {error}");
    }
    let error = s.fails("c.minter.condition_get(-1)");
    assert_eq!(
        error.message,
        "condition_get() argument 'height' must be 0 or more"
    );
    assert_eq!(s.fails("c.minter.condition_get('now')").kind, Kind::Type);
    assert_eq!(s.says("m.pending()"), "[]");
    chain.block();
    assert_eq!(s.text("c.minter.condition_get().unlockhash"), GENESIS);
}

/// A client of STD whose node is the devnet: what asks first must ask, whoever answers.
#[test]
fn minters_of_real_coins_are_asked_first() {
    let chain = Chain::start();
    let mut s = with_minter(&chain);
    s.says(&format!(
        "r = j.clients.tfchain.new('real', network_type='STD', explorer_nodes=['{}'])\n\
         v = r.wallets.new('v', seed=a.seed, key_count=a.key_count)",
        chain.address()
    ));
    for (call, part) in [
        (
            format!("coins_new('{ADDRESS}', 10)"),
            format!("send: 10 TFT to {ADDRESS}"),
        ),
        (
            format!("definition_set('{ADDRESS}')"),
            format!("minters from then on: {ADDRESS}"),
        ),
    ] {
        let error = s.fails(&format!("v.minter.{call}"));
        assert_eq!(error.kind, Kind::NotConfirmed);
        let asked = s.person.questions.lock().unwrap().pop().unwrap();
        for part in [
            "network: STD (real TFT)",
            &format!("minters now: {GENESIS}"),
            &part,
            "fee: 0.1 TFT",
        ] {
            assert!(asked.contains(part), "{part} is not in {asked}");
        }
    }
    // The fee of STD is too small for a devnet: all else was right.
    s.person.yes.store(true, Ordering::SeqCst);
    let error = s.fails(&format!("v.minter.coins_new('{ADDRESS}', 10)"));
    assert!(
        error
            .message
            .contains("transaction has a too small miner fee"),
        "{error}"
    );
}
