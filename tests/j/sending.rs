//! Sending in every form, signing together, and what is asked first.
use std::sync::atomic::Ordering;

use kosmos::object::Kind;

use super::{ADDRESS, Chain, Session};

#[test]
fn coins_are_sent_in_every_documented_form() {
    let chain = Chain::start();
    let mut s = chain.funded();
    s.says(&format!("a = '{ADDRESS}'\np = c.wallets.pocket.address"));
    for form in [
        "w.coins_send(a, 10)",
        "w.coins_send(a, 0.5)",
        "w.coins_send(a, '10 TFT')",
        "w.coins_send(recipient=a, amount=c.minimum_miner_fee)",
        "w.coins_send(None, 1)",
        "w.coins_send([a, p], 1)",
        "w.coins_send(([a, p], 1), 1)",
        "w.coins_send((1, [a, p]), 1)",
        "w.coins_send({'type': 1, 'data': {'unlockhash': a}}, 1)",
        "w.coins_send(a, 1, lock=42000)",
        "w.coins_send(a, 1, lock=1999999999)",
        "w.coins_send(a, 1, lock='+7d12h5s')",
        "w.coins_send(a, 1, lock='18/04/2040 10:30')",
        "w.coins_send(a, 1, data='hello')",
        "w.coins_send(a, 1, data=b'\\x00\\x01')",
        "w.coins_send(a, 1, source=w.address)",
        "w.coins_send(a, 1, source=[w.address])",
        "w.coins_send(a, 1, refund=p)",
        "w.coins_send(p, 1, fee=2)",
        "w.coins_send(p, 1, fee=20, fee_high=True)",
    ] {
        let printed = s.says(form);
        let id = printed
            .strip_prefix("TransactionSendResult(transaction=transaction V1 ")
            .and_then(|rest| rest.strip_suffix(", submitted=True)"))
            .unwrap_or_else(|| panic!("{form}: {printed}"));
        assert_eq!(id.len(), 64, "{form}");
        chain.block();
        if form.contains("refund") {
            // All that was left went to the other wallet.
            s.says("q = c.wallets.pocket");
            s.says("t = q.coins_send(w.address, 200)");
            chain.block();
        }
    }
    s.says("(txn, submitted) = w.coins_send(a, 1)");
    assert_eq!(s.says("submitted"), "True");
    s.says("r = w.coins_send(a, 1)");
    assert_eq!(s.says("r.transaction == r[0]"), "True");
    assert_eq!(s.says("r[1]"), "True");
    assert_eq!(
        s.says("c.transaction_get(r.transaction.id).unconfirmed"),
        "True"
    );
    assert!(s.person.questions.lock().unwrap().is_empty());
    assert!(s.world.store().unwrap().count().unwrap() == 0);
}

#[test]
fn a_dry_run_changes_nothing() {
    let chain = Chain::start();
    let mut s = chain.funded();
    let printed = s.says(&format!("w.coins_send('{ADDRESS}', 10, dry_run=True)"));
    assert_eq!(
        printed,
        "TransactionSendResult(transaction=transaction V1 None, submitted=False)"
    );
    let notes = s.person.notes.lock().unwrap().join("\n");
    assert!(
        notes.contains(&format!("send: 10 TFT to {ADDRESS}")),
        "{notes}"
    );
    assert!(notes.contains("fee: 1 TFT"), "{notes}");
    assert_eq!(s.says("w.balance.available"), "300 TFT");
}

#[test]
fn owners_sign_one_after_the_other() {
    let chain = Chain::start();
    let mut s = chain.funded();
    s.says("v = c.wallets.other");
    s.says("w.coins_send([w.address, v.address], 50)");
    chain.block();
    s.says("m = w.addresses_multisig[0]");
    assert_eq!(s.says("w.balance.wallets[m].available"), "50 TFT");
    assert_eq!(s.says("w.balance.wallets[m].signature_count"), "2");
    let printed = s.says("result = w.coins_send(v.address, 10, source=m)\nresult");
    assert_eq!(
        printed,
        "TransactionSendResult(transaction=transaction V1 None, submitted=False)"
    );
    // The same wallet has nothing more to sign.
    assert_eq!(
        s.says("w.transaction_sign(result.transaction)"),
        "TransactionSignResult(transaction=transaction V1 None, signed=False, submitted=False)"
    );
    s.says("text = result.transaction.json_text()");
    assert_eq!(s.says("v.transaction_sign(text, submit=False)[2]"), "False");
    s.says("txn, signed, submitted = v.transaction_sign(result.transaction.json())");
    assert_eq!(s.says("[signed, submitted]"), "[True, True]");
    // Once more is harmless.
    assert_eq!(s.says("v.transaction_sign(txn).submitted"), "True");
    chain.block();
    assert_eq!(s.says("v.balance.available"), "10 TFT");
    assert_eq!(s.says("w.balance.wallets[m].available"), "39 TFT");
    s.says("t = w.balance.drain(v.address, c.minimum_miner_fee)[0]");
    s.says("w.transaction_sign(t)");
    chain.block();
    assert_eq!(s.says("w.balance.available"), "0 TFT");
}

#[test]
fn several_recipients_in_one_transaction() {
    let chain = Chain::start();
    let mut s = chain.funded();
    s.says("p = c.wallets.pocket");
    s.says("b = w.coin_transaction_builder_new()");
    assert_eq!(
        s.says("b.output_add(p.address, 1).output_add(p.address, '2 TFT', lock=99999)"),
        "CoinTransactionBuilder(2 outputs)"
    );
    assert_eq!(s.says("b.send(data='two').submitted"), "True");
    let error = s.fails("b.send()");
    assert_eq!(
        error.message,
        "coin transaction builder is already consumed"
    );
    chain.block();
    assert_eq!(
        s.says("p.balance").split_once('\n').unwrap().1,
        "1 TFT available and 2 TFT locked"
    );
    assert_eq!(s.says("p.transactions[0].data"), "b'two'");
}

#[test]
fn the_same_coins_are_not_spent_twice() {
    let chain = Chain::start();
    let mut s = chain.funded();
    s.says(&format!("a = '{ADDRESS}'"));
    s.says("one = w.coins_send(a, 200, dry_run=True).transaction");
    s.says("two = w.coins_send(a, 201, dry_run=True).transaction");
    assert_eq!(s.says("w.transaction_sign(one).submitted"), "True");
    let error = s.fails("w.transaction_sign(two)");
    assert_eq!(error.kind, Kind::Refused);
    assert!(
        error.message.contains("nothing was spent; explorer said:"),
        "{error}"
    );
    assert_eq!(s.says("w.pending()"), "[]");
    chain.block();
    assert_eq!(s.says("c.unlockhash_get(a).balance().available"), "200 TFT");
}

/// A client of STD whose node is the devnet: what asks first must ask, whoever answers.
#[test]
fn real_coins_are_asked_about_first() {
    let chain = Chain::start();
    let mut s = chain.funded();
    for (network, words) in [
        ("STD", "network: STD (real TFT)"),
        ("TEST", "network: TEST"),
    ] {
        s.says(&format!(
            "r = j.clients.tfchain.new('real', network_type='{network}', \
             explorer_nodes=['{}'])\nv = r.wallets.new('v', seed=w.seed)",
            chain.address()
        ));
        let send = format!("v.coins_send('{ADDRESS}', 10, lock='+7d', fee=1)");
        let error = s.fails(&send);
        assert_eq!(error.kind, Kind::NotConfirmed);
        let asked = s.person.questions.lock().unwrap().pop().unwrap();
        for part in [
            words,
            ADDRESS,
            "send: 10 TFT",
            "fee: 1 TFT",
            "change: ",
            "can be spent on",
            "(in ",
        ] {
            assert!(asked.contains(part), "{part} is not in {asked}");
        }
        assert_eq!(s.says("v.pending()"), "[]");
    }
    assert_eq!(s.says("w.balance.available"), "300 TFT");
    s.person.yes.store(true, Ordering::SeqCst);
    assert_eq!(
        s.says("v.coins_send(w.address, 10, fee=1).submitted"),
        "True"
    );
    assert!(
        s.person
            .notes
            .lock()
            .unwrap()
            .iter()
            .any(|n| n.contains("sent on TEST"))
    );
    s.person.yes.store(false, Ordering::SeqCst);
    chain.block();
    assert_eq!(
        s.says("v.coins_send(w.address, 10, fee=1, confirm=False).submitted"),
        "True"
    );
}

#[test]
fn the_qr_code_fits_a_small_terminal() {
    let mut s = Session::new(Default::default());
    s.says("w = j.clients.tfchain.new('x', network_type='DEV').wallets.new('w')");
    let code = s.says("w.address_qr()");
    assert!(
        code.lines().all(|line| line.chars().count() <= 45),
        "{code}"
    );
    assert!(code.lines().count() <= 24, "{code}");
}

/// A clock that is wrong must not make coins look locked that are not.
#[test]
fn a_lock_that_the_chain_has_reached_is_told() {
    let chain = Chain::start();
    let mut s = chain.funded();
    chain.later(100 * 86_400);
    s.notes();
    s.says(&format!(
        "w.coins_send('{ADDRESS}', 10, lock='+7d', dry_run=True)"
    ));
    let notes = s.notes();
    assert!(notes.contains("the lock is reached already"), "{notes}");
    assert!(
        notes.contains("can be spent at once: its lock is reached"),
        "{notes}"
    );
    assert!(!notes.contains("(in 7d)"), "{notes}");
    s.says(&format!(
        "w.coins_send('{ADDRESS}', 10, lock='+101d', dry_run=True)"
    ));
    let notes = s.notes();
    assert!(
        notes.contains("(in 101d)") && !notes.contains("reached"),
        "{notes}"
    );
}
