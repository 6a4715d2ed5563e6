//! Two people who sign one transaction, and what one of them may do to it meanwhile.
use kosmos::object::Kind;

use super::{ADDRESS, Chain, Session};

/// A session in which `m` is a 2-of-2 wallet of `w` and `v` with 50 TFT, and `text` the JSON of a
/// payment of 10 TFT that `w` has signed.
fn half_signed(chain: &Chain) -> Session {
    let mut s = chain.funded();
    s.says("v = c.wallets.other");
    s.says("w.coins_send([w.address, v.address], 50)");
    chain.block();
    s.says("m = w.addresses_multisig[0]");
    s.says(&format!(
        "t = w.coins_send('{ADDRESS}', 10, source=m).transaction"
    ));
    s.says("text = t.json_text()");
    s
}

#[test]
fn a_changed_field_is_named() {
    let chain = Chain::start();
    let mut s = half_signed(&chain);
    let cases = [
        (
            "bad = t.json()\nbad['data']['coinoutputs'][0]['value'] = '30000000000'",
            "coinoutputs[0].value was 10 TFT and is 30 TFT",
        ),
        (
            "bad = t.json()\nbad['data']['coinoutputs'][0]['condition']['data']['unlockhash'] = v.address",
            "coinoutputs[0].condition.data.unlockhash was 01d761561e",
        ),
        (
            "bad = t.json()\nbad['data']['minerfees'][0] = '2000000000'",
            "minerfees[0] was 1 TFT and is 2 TFT",
        ),
        (
            "bad = t.json()\nbad['data']['arbitrarydata'] = 'aGk='",
            "arbitrarydata",
        ),
        (
            "bad = t.json()\nbad['data']['coinoutputs'].pop()",
            "coinoutputs[1] was taken away",
        ),
    ];
    let address = s.says("w.address").replace('\'', "");
    for (change, words) in cases {
        s.says(change);
        // Who changed it is told by whose signature does not fit, whoever looks at it.
        for who in ["w", "v"] {
            let error = s.fails(&format!("{who}.transaction_sign(bad)"));
            assert_eq!(error.kind, Kind::Refused, "{error}");
            assert!(
                error.message.contains(&format!(
                    "the signature of coin input 0 by {address} is not for what it says now"
                )),
                "{error}"
            );
        }
        // The one who signed it before is told what changed.
        let error = s.fails("w.transaction_sign(bad)");
        assert!(error.message.contains(words), "{error}");
    }
    assert_eq!(s.says("v.transaction_sign(text).submitted"), "True");
}

#[test]
fn what_was_signed_before_is_compared_even_without_the_old_signature() {
    let chain = Chain::start();
    let mut s = half_signed(&chain);
    s.says("bad = t.json()");
    s.says("bad['data']['coinoutputs'][0]['value'] = '20000000000'");
    s.says("bad['data']['coinoutputs'][1]['value'] = '19000000000'");
    s.says("bad['data']['coininputs'][0]['fulfillment'] = #{}");
    s.says("n = v.transaction_sign(bad).transaction");
    s.person.notes.lock().unwrap().clear();
    s.says("w.transaction_sign(n, submit=False)");
    let notes = s.person.notes.lock().unwrap().join("\n");
    assert!(
        notes.contains(
            "not what this wallet signed before: coinoutputs[0].value was 10 TFT and is 20 TFT"
        ),
        "{notes}"
    );
}

#[test]
fn it_goes_from_hand_to_hand_in_a_file() {
    let chain = Chain::start();
    let mut s = half_signed(&chain);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("rent.json");
    let path = file.display();
    assert_eq!(s.says(&format!("t.write('{path}')")), format!("'{path}'"));
    s.says(&format!("r = v.transaction_sign('{path}', submit=False)"));
    assert_eq!(s.says("r.signed"), "True");
    s.says(&format!("r.transaction.write('{path}')"));
    let id = s.says(&format!("c.transaction_put('{path}')"));
    chain.block();
    assert_eq!(
        s.says(&format!("c.transaction_get({id}).unconfirmed")),
        "False"
    );
    // A file that is not there, is no text, or holds something else.
    std::fs::write(dir.path().join("page.json"), "<html>").unwrap();
    std::fs::write(dir.path().join("bytes.json"), [0xff, 0xfe]).unwrap();
    for (name, kind) in [
        ("none.json", Kind::Io),
        ("bytes.json", Kind::Io),
        ("page.json", Kind::Value),
    ] {
        let path = dir.path().join(name);
        let error = s.fails(&format!("w.transaction_sign('{}')", path.display()));
        assert_eq!(error.kind, kind, "{error}");
    }
    let error = s.fails(&format!("t.write('{}/no/such')", dir.path().display()));
    assert!(
        error.message.contains("cannot write the transaction"),
        "{error}"
    );
}

#[test]
fn what_was_sent_is_forgotten() {
    let chain = Chain::start();
    let mut s = half_signed(&chain);
    let place = "j.clients.tfchain.*.handed";
    let count = |s: &Session| {
        s.world
            .store()
            .unwrap()
            .scan(place, None)
            .unwrap()
            .records
            .len()
    };
    assert_eq!(count(&s), 1);
    s.says("r = v.transaction_sign(text, submit=False)");
    assert_eq!(count(&s), 2);
    s.says("w.transaction_sign(r.transaction)");
    assert_eq!(count(&s), 1);
}
