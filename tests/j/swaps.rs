//! Atomic swaps between two wallets.
use super::Chain;

#[test]
fn two_wallets_swap() {
    let chain = Chain::start();
    let mut s = chain.funded();
    s.says("p = c.wallets.pocket");
    let error = s.fails("w.atomicswap.initiate(p.address, 1)");
    assert_eq!(
        error.message,
        "atomic swap contract requires an amount higher than the minimum miner fee (1): 1 is an \
         invalid value"
    );
    s.says("contract, secret, txn, submitted = w.atomicswap.initiate(p.address, 50)");
    s.says("id = contract.outputid");
    let id = s.says("id").replace('\'', "");
    assert_eq!(s.says("submitted"), "True");
    assert_eq!(
        s.fails("p.atomicswap.verify(id)").message,
        format!("atomic swap contract {id} could not be found")
    );
    chain.block();
    let printed = s.says("p.atomicswap.verify(id, 50, contract.secret_hash, '+1h', receiver=True)");
    assert!(printed.starts_with(&format!("Atomic Swap Contract {id}:\n")));
    assert!(printed.contains("\nValue: 50 TFT\nSender: 01"), "{printed}");
    for (call, text) in [
        (
            "verify(id, 51)",
            "amount is expected to be 51 TFT, not 50 TFT",
        ),
        (
            "verify(id, sender=True)",
            "wallet not registered as sender of this contract",
        ),
        (
            "verify(id, min_refund_time=0)",
            "contract cannot be refunded yet while it was expected to be possible already",
        ),
        (
            "redeem(id, contract.secret_hash)",
            "defined secret does not match the atomic swap's contract secret hash",
        ),
    ] {
        assert_eq!(s.fails(&format!("p.atomicswap.{call}")).message, text);
    }
    let early = s.fails("w.atomicswap.refund(id)").message;
    assert!(
        early.starts_with("unauthorized to refund: contract can only be refunded since 2"),
        "{early}"
    );
    let stranger = s.fails("w.atomicswap.redeem(id, secret)").message;
    assert!(stranger.starts_with("unauthorized to redeem: wallet does not contain receiver"));
    s.says("t = p.atomicswap.redeem(id, secret)");
    chain.block();
    assert_eq!(s.says("p.balance.available"), "49 TFT");
    let twice = s.fails("p.atomicswap.redeem(id, secret)").message;
    assert!(
        twice.starts_with("atomic swap contract has already been spent in transaction "),
        "{twice}"
    );
}

/// The facts of a contract that both sides compare, as they are printed.
fn facts(printed: &str) -> Vec<(&str, &str)> {
    let lines = printed.lines().filter_map(|line| line.split_once(": "));
    lines.collect()
}

/// A session in which `w` and `p` have coins, and `p` a label-free address `a`.
fn two(chain: &Chain) -> super::Session {
    let mut s = chain.funded();
    s.says("p = c.wallets.pocket\nx = c.faucet_request(p.address)");
    chain.block();
    s
}

#[test]
fn a_whole_swap_of_two_contracts() {
    let chain = Chain::start();
    let mut s = two(&chain);
    // One begins, the other looks it up and answers with the same hash and half the time.
    s.says("first = w.atomicswap.initiate(p.address, 50)\nid = first.contract.outputid");
    chain.block();
    s.says("k = p.atomicswap.verify(id, 50, min_refund_time='+47h', receiver=True)");
    s.says("second = p.atomicswap.participate(w.address, 20, k.secret_hash)");
    chain.block();
    s.says(
        "o = second.contract.outputid\nv = w.atomicswap.verify(o, amount=20, \
         secret_hash=first.contract.secret_hash, min_refund_time='+23h', receiver=True)",
    );
    // The one who knows the secret takes the other's coins, and so shows it on the chain.
    s.says("t = w.atomicswap.redeem(o, first.secret)");
    chain.block();
    s.says("seen = c.transaction_get(t.id).coin_inputs[0]['fulfillment']['data']['secret']");
    assert_eq!(s.says("seen == first.secret"), "True");
    s.says("t = p.atomicswap.redeem(id, seen)");
    chain.block();
    // Each paid two fees: for the own contract, and for redeeming the other's.
    assert_eq!(s.says("w.balance.available"), "268 TFT");
    assert_eq!(s.says("p.balance.available"), "328 TFT");
    for (wallet, id) in [("w", "o"), ("p", "id"), ("w", "id")] {
        let error = s
            .fails(&format!("{wallet}.atomicswap.verify({id})"))
            .message;
        assert!(
            error.starts_with("atomic swap contract has already been spent in transaction "),
            "{error}"
        );
    }
}

#[test]
fn a_contract_prints_all_that_people_compare() {
    let chain = Chain::start();
    let mut s = two(&chain);
    s.says("r = w.atomicswap.initiate(p.address, '12.5 TFT', refund_time=1999999999)");
    chain.block();
    let printed = s.says("p.atomicswap.verify(r.contract.outputid)");
    assert!(printed.ends_with('\n'), "{printed:?}");
    let text = |s: &mut super::Session, what: &str| s.says(what).replace('\'', "");
    let id = text(&mut s, "r.contract.outputid");
    assert_eq!(
        printed.lines().next().unwrap(),
        format!("Atomic Swap Contract {id}:")
    );
    let time = printed.lines().nth(1).unwrap();
    assert!(
        time.starts_with("Refund available at 2033/05/1") && time.contains(" (in: "),
        "{time}"
    );
    let found = facts(&printed);
    for (name, wanted) in [
        ("Value", "12.5 TFT".to_owned()),
        ("Sender", text(&mut s, "w.address")),
        ("Receiver", text(&mut s, "p.address")),
        ("Secret Hash", text(&mut s, "r.contract.secret_hash")),
    ] {
        assert!(
            found.contains(&(name, wanted.as_str())),
            "{name}: {printed}"
        );
    }
    // The same facts on both sides, one by one and printed.
    assert_eq!(s.says("w.atomicswap.verify(r.contract.outputid)"), printed);
    assert_eq!(s.says("r.contract.refund_timestamp"), "1999999999");
    assert_eq!(
        s.says("r.contract.condition.unlockhash").get(..3),
        Some("'02")
    );
}

#[test]
fn each_fact_is_checked() {
    let chain = Chain::start();
    let mut s = two(&chain);
    s.says("r = w.atomicswap.initiate(p.address, 50)\nid = r.contract.outputid");
    chain.block();
    let hash = s.says("r.contract.secret_hash").replace('\'', "");
    let other = "ab".repeat(32);
    for (call, text) in [
        (
            "p.atomicswap.verify(id, '50.000000001 TFT')".to_owned(),
            "amount is expected to be 50.000000001 TFT, not 50 TFT".to_owned(),
        ),
        (
            format!("p.atomicswap.verify(id, secret_hash='{other}')"),
            format!("secret_hash is expected to be {other}, not {hash}"),
        ),
        (
            "p.atomicswap.verify(id, sender=True)".into(),
            "wallet not registered as sender of this contract".into(),
        ),
        (
            "w.atomicswap.verify(id, receiver=True)".into(),
            "wallet not registered as receiver of this contract".into(),
        ),
        (
            "p.atomicswap.verify(id, min_refund_time=0)".into(),
            "contract cannot be refunded yet while it was expected to be possible already".into(),
        ),
        (
            format!("p.atomicswap.verify('{other}')"),
            format!("atomic swap contract {other} could not be found"),
        ),
        (
            format!("p.atomicswap.verify('{other}', contract=r.contract)"),
            format!("output identifier is expected to be {other}, not "),
        ),
    ] {
        let error = s.fails(&call).message;
        assert!(error.starts_with(&text), "{call}: {error}");
    }
    let late = s
        .fails("p.atomicswap.verify(id, min_refund_time='+3d')")
        .message;
    let wanted = "contract was expected to be available for redemption for at least 3d, but it is \
                  only available for ";
    assert!(late.starts_with(wanted), "{late}");
    // An output that is no contract.
    let error = s.fails("p.atomicswap.verify(w.balance.outputs_available[0].id)");
    assert!(error.message.ends_with("could not be found"), "{error}");
    // All at once, and with the contract at hand, without asking.
    s.says("k = p.atomicswap.verify(id, 50, r.contract.secret_hash, '+47h', receiver=True)");
    s.says("k = w.atomicswap.verify(id, 50, sender=True, contract=r.contract)");
    // When its time has come.
    chain.later(50 * 3_600);
    s.says("k = w.atomicswap.verify(id, min_refund_time=0)");
    assert!(s.says("k").contains("\nRefund is available since "));
    let over = s
        .fails("p.atomicswap.verify(id, min_refund_time='+1h')")
        .message;
    let wanted = "contract was expected to be non-refundable for at least 1h more, but it can be \
                  refunded already since ";
    assert!(over.starts_with(wanted), "{over}");
}

#[test]
fn who_comes_too_late_too_early_or_twice() {
    let chain = Chain::start();
    let mut s = two(&chain);
    s.says("r = w.atomicswap.initiate(p.address, 50)\nid = r.contract.outputid");
    s.says("q = w.atomicswap.initiate(p.address, 40)\nlate = q.contract.outputid");
    // Before its block nobody finds it.
    let missing = s.fails("p.atomicswap.redeem(id, r.secret)").message;
    assert!(missing.ends_with("could not be found"), "{missing}");
    chain.block();
    let wrong = s.fails("p.atomicswap.redeem(id, q.secret)").message;
    assert_eq!(
        wrong,
        "defined secret does not match the atomic swap's contract secret hash"
    );
    for secret in ["'abc'", "'zz'", "7", "None", "[]"] {
        let error = s
            .fails(&format!("p.atomicswap.redeem(id, {secret})"))
            .message;
        assert!(error.contains("64 hex digits"), "{secret}: {error}");
    }
    let early = s.fails("w.atomicswap.refund(id)").message;
    assert!(
        early.starts_with("unauthorized to refund: contract can only be refunded since "),
        "{early}"
    );
    // At its time the sender may have it back, and the receiver may still come first.
    chain.later(48 * 3_600 + 120);
    s.says("t = p.atomicswap.redeem(late, q.secret)");
    s.says("t = w.atomicswap.refund(id)");
    chain.block();
    for call in [
        "p.atomicswap.redeem(id, r.secret)",
        "w.atomicswap.refund(id)",
        "w.atomicswap.refund(late)",
        "p.atomicswap.redeem(late, q.secret)",
    ] {
        let error = s.fails(call).message;
        assert!(
            error.starts_with("atomic swap contract has already been spent in transaction "),
            "{call}: {error}"
        );
    }
    assert_eq!(
        s.says("[w.balance.available, p.balance.available]"),
        "[257 TFT, 339 TFT]"
    );
}

#[test]
fn what_is_not_submitted_can_be_sent_later() {
    let chain = Chain::start();
    let mut s = two(&chain);
    s.says("r = w.atomicswap.initiate(p.address, 50, submit=False)");
    assert_eq!(s.says("[r.submitted, r.transaction.id]"), "[False, None]");
    assert_eq!(s.says("len(r.contract.outputid)"), "64");
    chain.block();
    assert_eq!(s.says("w.balance.available"), "300 TFT");
    s.says("x = c.transaction_put(r.transaction)");
    chain.block();
    s.says("t = p.atomicswap.redeem(r.contract.outputid, r.secret)");
    chain.block();
    assert_eq!(s.says("p.balance.available"), "349 TFT");
}

#[test]
fn owners_of_a_shared_wallet_swap() {
    let chain = Chain::start();
    let mut s = two(&chain);
    s.says("v = c.wallets.third\nx = w.coins_send(([w.address, v.address], 2), 100)");
    chain.block();
    s.says("m = w.addresses_multisig[0]");
    s.says("r = w.atomicswap.initiate(p.address, 60, source=m)");
    assert_eq!(
        s.says("[r.submitted, r.contract.outputid]"),
        "[False, None]"
    );
    // A shared wallet cannot be the sender of a contract: the refund is the primary address's.
    assert_eq!(s.says("r.contract.sender == w.address"), "True");
    s.says("q = v.transaction_sign(r.transaction.json())");
    assert_eq!(s.says("q.submitted"), "True");
    chain.block();
    s.says("id = c.transaction_get(q.transaction.id).coin_outputs[0].id");
    s.says("k = p.atomicswap.verify(id, 60, r.contract.secret_hash, receiver=True)");
    assert_eq!(s.says("w.balance.wallets[m].available"), "39 TFT");
    s.says("t = p.atomicswap.redeem(id, r.secret)");
    chain.block();
    assert_eq!(s.says("p.balance.available"), "359 TFT");
    // The other side of a contract is one person.
    for other in [
        "[w.address, v.address]",
        "m",
        "None",
        "([w.address, v.address], 1)",
    ] {
        let error = s.fails(&format!("p.atomicswap.initiate({other}, 50)"));
        assert_eq!(
            error.message, "the other side of a swap is a single address",
            "{other}"
        );
    }
}

#[test]
fn bad_terms_are_refused_before_anything_is_signed() {
    let chain = Chain::start();
    let mut s = two(&chain);
    for (arguments, part) in [
        (
            "p.address, 1",
            "requires an amount higher than the minimum miner fee (1)",
        ),
        ("p.address, 0", "requires an amount higher than"),
        ("p.address, 1000", "not enough funds"),
        (
            "p.address, 50, refund_time=5",
            "a refund time is a time, not a height",
        ),
        ("p.address, 50, refund_time=-5", "cannot be negative"),
        (
            "p.address, 50, refund_time=[]",
            "a refund time is a Unix time, a duration",
        ),
        (
            "p.address, 50, refund_time='+foo'",
            "Could not parse any time",
        ),
        ("p.address, 50, data='{}'", "83, 84 exceeds"),
    ] {
        let arguments = arguments.replace("{}", &"x".repeat(84));
        let error = s.fails(&format!("w.atomicswap.initiate({arguments})"));
        assert!(error.message.contains(part), "{arguments}: {error}");
    }
    for hash in ["'abc'", "'zz'", "7"] {
        s.fails(&format!("w.atomicswap.participate(p.address, 50, {hash})"));
    }
    assert_eq!(s.says("w.balance.available"), "300 TFT");
}

#[test]
fn the_secret_is_shown_once_and_given_on_request() {
    let chain = Chain::start();
    let mut s = two(&chain);
    s.says("r = w.atomicswap.initiate(p.address, 50)");
    let secret = s.says("r.secret").replace('\'', "");
    assert_eq!(secret.len(), 64);
    let shown = s.person.secrets.lock().unwrap().clone();
    assert_eq!(shown.len(), 1, "{shown:?}");
    assert!(shown[0].contains(&secret), "{shown:?}");
    assert!(shown[0].contains("Write it down"), "{shown:?}");
    // Not in what is printed, in lists, in JSON, nor in the notes.
    for print in [
        "r",
        "[r]",
        "str(r)",
        "r.contract",
        "r.transaction",
        "r.transaction.json_text()",
    ] {
        assert!(!s.says(print).contains(&secret), "{print}");
    }
    assert!(
        s.says("r")
            .contains("\nSecret: not shown again, `.secret` gives it\n")
    );
    assert!(!s.person.notes.lock().unwrap().join("\n").contains(&secret));
    // Who participates knows none, and is shown none.
    s.says("q = p.atomicswap.participate(w.address, 20, r.contract.secret_hash)");
    assert_eq!(s.says("[q.secret]"), "[None]");
    assert!(!s.says("q").contains("\nSecret: "));
    assert_eq!(s.person.secrets.lock().unwrap().len(), 1);
    // Nor does the history keep a line that has it.
    let secrecy = kosmos::shell::secrecy::Secrecy::of(&kosmos::j::open(s.world.clone()));
    for line in [
        format!("p.atomicswap.redeem(id, '{secret}')"),
        format!("p.atomicswap.redeem(outputid=id, secret='{secret}')"),
        format!("secret = '{secret}'"),
    ] {
        assert!(!secrecy.allows(&line), "{line}");
    }
    for line in [
        "contract, secret, txn, submitted = w.atomicswap.initiate(p.address, 50)",
        "w.atomicswap.participate(p.address, 50, secret_hash='31ca')",
        "r.secret",
    ] {
        assert!(secrecy.allows(line), "{line}");
    }
}
