//! Amounts, and everything that must be refused before anything is sent.
use kosmos::object::Kind;

use super::{ADDRESS, Chain, Session};

#[test]
fn amounts_are_exact_and_have_operators() {
    let mut s = Session::new(Default::default());
    s.says("c = j.clients.tfchain.new('x', network_type='DEV')");
    s.says("f = c.minimum_miner_fee");
    for (input, printed) in [
        ("f", "1 TFT"),
        ("[f]", "[1 TFT]"),
        ("f.value", "'1'"),
        ("f.json()", "'1000000000'"),
        ("f + 0.1", "1.1 TFT"),
        ("0.1 + f", "1.1 TFT"),
        ("5 - f", "4 TFT"),
        ("f * '2.5 TFT'", "2.5 TFT"),
        ("f / 8", "0.125 TFT"),
        ("f == 1", "True"),
        ("f > 0.999999999", "True"),
        ("f < '2 TFT'", "True"),
        ("f > -1", "True"),
        ("str(f)", "'1'"),
    ] {
        assert_eq!(s.says(input), printed, "{input}");
    }
    for input in [
        "f - 2",
        "f / 3",
        "f / 0",
        "f * 0.0000000001",
        "f + True",
        "f + 'a'",
    ] {
        s.fails(input);
    }
}

/// A float that was cut before it came here would send another amount than was typed.
#[test]
fn a_number_that_was_cut_is_refused() {
    let mut s = Session::new(Default::default());
    s.says("t = j.clients.tfchain.types");
    for (input, printed) in [
        ("0.1", "0.1 TFT"),
        ("1e-9", "0.000000001 TFT"),
        ("123456.123456789", "123456.123456789 TFT"),
        ("100000000000000000000", "100000000000000000000 TFT"),
        ("9007199254740993", "9007199254740993 TFT"),
        ("'123456789.123456789'", "123456789.123456789 TFT"),
        ("'2.5e-3 TFT'", "0.0025 TFT"),
    ] {
        assert_eq!(s.says(&format!("t.currency({input})")), printed, "{input}");
    }
    for input in [
        "123456789.123456789",
        "9007199254740993.0",
        "123456789012345678901",
    ] {
        let error = s.fails(&format!("t.currency({input})"));
        assert!(error.message.contains("more digits"), "{input}: {error}");
        assert!(error.hints[0].contains("in quotes"), "{input}: {error:?}");
    }
}

/// Rhai sets a property again after a method that changes its value in place.
#[test]
fn what_changes_a_computed_property_in_place_says_what_to_do() {
    let mut s = Session::new(Default::default());
    s.says("c = j.clients.tfchain.new('x', network_type='DEV')");
    for input in [
        "c.network.replace('D', 'd')",
        "c.explorer_addresses.pop()",
        "c.network += 'x'",
    ] {
        let error = s.fails(input);
        assert_eq!(error.message, "can't set attribute", "{input}");
        assert!(error.hints[0].contains("into a variable"), "{error:?}");
    }
    assert!(s.fails("c.network = 'x'").hints.is_empty());
    s.says("n = c.network");
    assert_eq!(s.says("n.replace('D', 'd')"), "'dEV'");
    assert_eq!(s.says("c.network"), "'DEV'");
}

#[test]
fn a_test_or_std_client_is_made_without_the_network() {
    let mut s = Session::new(Default::default());
    s.says("c = j.clients.tfchain.new('my_client')");
    assert_eq!(s.says("c.network_type"), "'STD'");
    assert_eq!(s.says("len(c.explorer_addresses)"), "4");
    assert_eq!(s.says("c.minimum_miner_fee"), "0.1 TFT");
    s.says("w = c.wallets.new('w')");
    assert_eq!(s.says("w.address").len(), 80);
    assert_eq!(
        s.says("c.network_type = 'TEST'\nlen(c.explorer_addresses)"),
        "2"
    );
    assert_eq!(s.fails("c.network_type = 'MOON'").kind, Kind::Value);
    assert_eq!(s.fails("c.explorer_nodes = ['ftp://x']").kind, Kind::Value);
    let error = s.fails("j.clients.tfchain.new('y', netwok_type='TEST')");
    assert!(
        error.hints.iter().any(|h| h.contains("network_type")),
        "{:?}",
        error.hints
    );
    for name in ["new", "find", "_x", "1a", "a-b", "é", ""] {
        assert_eq!(
            s.fails(&format!("j.clients.tfchain.new('{name}')")).kind,
            Kind::Value,
            "{name}"
        );
    }
    let error = s.fails(&format!("c.faucet_request('{ADDRESS}')"));
    assert_eq!(error.kind, Kind::Refused);
}

#[test]
fn wrong_seeds_are_named() {
    let mut s = Session::new(Default::default());
    s.says("c = j.clients.tfchain.new('x', network_type='DEV')");
    for (seed, part) in [
        ("one two", "words"),
        (&super::WORDS.replace("bullet", "bulet"), "bullet"),
        (&super::WORDS.replace("bullet", "absurd"), "checksum"),
    ] {
        let error = s.fails(&format!("c.wallets.new('w', seed='{seed}')"));
        assert_eq!(error.kind, Kind::Value);
        assert!(error.message.contains(part), "{error}");
        assert!(!error.message.contains("cabin"), "{error}");
    }
    assert_eq!(s.fails("c.wallets.new('w', key_count=0)").kind, Kind::Value);
    assert_eq!(s.says("c.wallets.exists('w')"), "False");
}

#[test]
fn bad_input_is_refused_before_anything_is_sent() {
    let chain = Chain::start();
    let mut s = chain.funded();
    s.says(&format!("a = '{ADDRESS}'"));
    for (input, kind, part) in [
        (
            "w.coins_send(a[:5], 1)",
            Kind::Value,
            "of length 78 when JSON-encoded, not of length 5",
        ),
        (
            "w.coins_send('01' + a[:76], 1)",
            Kind::Value,
            "unexpected checksum",
        ),
        ("w.coins_send(a, -1)", Kind::Value, "negative"),
        (
            "w.coins_send(a, 0)",
            Kind::Value,
            "no amount is defined to be sent",
        ),
        ("w.coins_send(a, '1.00000000001')", Kind::Value, "precision"),
        ("w.coins_send(a, 'many')", Kind::Value, "many"),
        ("w.coins_send(a, True)", Kind::Type, "bool"),
        ("w.coins_send(a, None)", Kind::Type, "not None"),
        (
            "w.coins_send(a)",
            Kind::Type,
            "missing 1 required positional argument: 'amount'",
        ),
        (
            "w.coins_send(a, 1, to=2)",
            Kind::Type,
            "unexpected keyword argument 'to'",
        ),
        ("w.coins_send(7, 1)", Kind::Type, "int"),
        ("w.coins_send([], 1)", Kind::Value, "at least one address"),
        (
            "w.coins_send([[a], 1, 2], 1)",
            Kind::Value,
            "cannot be of length 3",
        ),
        ("w.coins_send([[a], 0], 1)", Kind::Value, "1 or more"),
        ("w.coins_send({'type': 77}, 1)", Kind::Value, "condition"),
        ("w.coins_send(a, 1000)", Kind::Value, "not enough funds"),
        (
            "w.coins_send(a, 1, lock=-1)",
            Kind::Value,
            "cannot be negative",
        ),
        (
            "w.coins_send(a, 1, lock='+foo')",
            Kind::Value,
            "Could not parse any time",
        ),
        (
            "w.coins_send(a, 1, lock='foo')",
            Kind::Value,
            "date needs to have:/, now:foo",
        ),
        ("w.coins_send(a, 1, lock=1.5)", Kind::Type, "lock"),
        (
            "w.coins_send(a, 1, data='x' * 84)",
            Kind::Value,
            "83, 84 exceeds",
        ),
        ("w.coins_send(a, 1, fee='0.1')", Kind::Value, "too small"),
        ("w.coins_send(a, 1, fee=11)", Kind::Value, "far above"),
        (
            "w.coins_send(a, 1, source='02' + a[2:])",
            Kind::Value,
            "checksum",
        ),
        (
            "w.transaction_sign('{}x')",
            Kind::Value,
            "JSON of a transaction",
        ),
        ("w.transaction_sign(7)", Kind::Type, "int"),
        ("c.transaction_get('00')", Kind::Value, "64 expected"),
        ("c.transaction_get('11' * 32)", Kind::NotFound, "no content"),
        ("c.block_get(-1)", Kind::Value, "height"),
        ("c.block_get(100000)", Kind::Refused, "explorer said"),
        ("c.unlockhash_get(a)", Kind::NotFound, "no content"),
        ("c.faucet_request('x')", Kind::Value, "length"),
        ("c.faucet_request(w.address, 0)", Kind::Value, "1 or more"),
        ("w.public_key_get(a)", Kind::NotFound, "does not own"),
        (
            "w.balance()",
            Kind::Type,
            "'WalletBalance' object is not callable",
        ),
    ] {
        let input = input.replace("'x' * 84", &format!("'{}'", "x".repeat(84)));
        let input = input.replace("'11' * 32", &format!("'{}'", "11".repeat(32)));
        let input = input.replace("a[:5]", "'01d76'");
        let input = input.replace("'01' + a[:76]", &format!("'01{}'", &ADDRESS[..76]));
        let input = input.replace("'02' + a[2:]", &format!("'02{}'", &ADDRESS[2..]));
        let error = s.fails(&input);
        assert_eq!(error.kind, kind, "{input}: {error}");
        assert!(error.message.contains(part), "{input}: {error}");
    }
    assert_eq!(s.says("w.balance.available"), "300 TFT");
    assert_eq!(s.says("w.pending()"), "[]");
}
