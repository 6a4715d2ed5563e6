//! 3bots: the paste of the tutorial, looking them up, changing them, and everything refused.
use std::sync::atomic::Ordering;

use kosmos::object::Kind;
use serde_json::Value as Json;

use super::{ADDRESS, Chain, Session};

const MONTH: i64 = 2_592_000;

/// The inputs of the tutorial's part about 3bots, as they are pasted.
fn paste() -> Vec<String> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/vectors/shell/transcript.json"
    );
    let file: Json = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let records = file["records"].as_array().unwrap();
    records
        .iter()
        .filter(|record| record["section"] == "3 threebot")
        .map(|record| record["input"].as_str().unwrap().to_string())
        .collect()
}

/// A session with 300 TFT and as much again for each of `times`.
fn rich(chain: &Chain, times: usize) -> Session {
    let mut s = chain.funded();
    for _ in 0..times {
        s.says("txid = c.faucet_request(w.address)");
        chain.block();
    }
    s
}

#[test]
fn the_four_line_paste_of_the_tutorial() {
    let chain = Chain::start();
    let mut s = chain.funded();
    let inputs = paste();
    assert_eq!(inputs.len(), 5);
    assert_eq!(inputs[0].lines().count(), 4);
    assert_eq!(s.says(&inputs[0]), "");
    assert_eq!(s.says(&inputs[1]), "");
    let printed = s.says("result.transaction");
    let id = printed.strip_prefix("transaction V144 ").unwrap();
    assert_eq!(id.len(), 64);
    assert!(id.bytes().all(|b| b.is_ascii_hexdigit()));
    assert_eq!(s.says(&inputs[4]), "True");
    let error = s.fails("c.threebot.record_get('your3bot.fancyname')");
    assert_eq!(error.kind, Kind::NotFound);
    assert_eq!(error.message, "3Bot your3bot.fancyname could not be found");
    chain.block();
    s.says("r = c.threebot.record_get(result.transaction.public_key)");
    let printed = s.says("r");
    let key = s.says("r.public_key");
    let expiration = s.says("r.expiration");
    assert_eq!(
        printed,
        format!(
            "ThreeBotRecord(identifier=1, names=[your3bot.fancyname], addresses=[your3bot.org], \
             public_key={}, expiration={expiration})",
            key.trim_matches('\'')
        )
    );
    for identifier in [
        "1",
        "'1'",
        "'your3bot.fancyname'",
        "'Your3Bot.FancyName'",
        "r.public_key",
        "r",
    ] {
        let same = format!("c.threebot.record_get({identifier}) == r");
        assert_eq!(s.says(&same), "True", "{identifier}");
    }
    // 90 for the bot, 10 for the month, 1 for the block's creator; a key of its own.
    assert_eq!(s.says("w.balance.available"), "199 TFT");
    assert_eq!(s.says("w.key_count"), "2");
    assert_eq!(
        s.says("w.public_key_get(w.addresses[1]) == r.public_key"),
        "True"
    );
}

#[test]
fn what_is_asked_for_must_be_a_bot() {
    let chain = Chain::start();
    let mut s = chain.funded();
    let stranger = format!("ed25519:{}", "ab".repeat(32));
    for (identifier, kind, text) in [
        (
            "77",
            Kind::NotFound,
            "3Bot 77 could not be found".to_string(),
        ),
        (
            "'chatbot.example'",
            Kind::NotFound,
            "3Bot chatbot.example could not be found".into(),
        ),
        (
            &format!("'{stranger}'"),
            Kind::NotFound,
            format!("3Bot {stranger} could not be found"),
        ),
        (
            "'no'",
            Kind::Value,
            "a 3Bot identifier in string format has to be either a valid BotName or PublicKey, \
             'no' is neither"
                .into(),
        ),
        (
            "0",
            Kind::Value,
            "a 3Bot identifier is a number from 1 to 4294967295, not 0".into(),
        ),
    ] {
        let error = s.fails(&format!("c.threebot.record_get({identifier})"));
        assert_eq!((error.kind, error.message), (kind, text), "{identifier}");
    }
    assert_eq!(s.fails("c.threebot.record_get(1.5)").kind, Kind::Type);
    assert_eq!(
        s.fails("w.threebot.record_update(77, 1)").kind,
        Kind::NotFound
    );
}

#[test]
fn every_rule_is_named_before_anything_is_signed() {
    let chain = Chain::start();
    let mut s = chain.funded();
    let name = "x".repeat(64);
    let part = format!("first.{}", "y".repeat(58));
    let six = "['one11', 'two22', 'three', 'four4', 'five5', 'sixth']";
    let eleven: Vec<String> = (1..=11).map(|n| format!("'10.0.0.{n}'")).collect();
    let eleven = format!("[{}]", eleven.join(", "));
    for (arguments, part) in [
        (
            "",
            "at least one name or one address is to be given, none is defined",
        ),
        (
            "months=0, names=['good1']",
            "in the inclusive range [1,24], not 0",
        ),
        (
            "months=25, names=['good1']",
            "in the inclusive range [1,24], not 25",
        ),
        (
            "months=-1, names=['good1']",
            "in the inclusive range [1,24], not -1",
        ),
        ("names=['']", "bot name '' is not valid: it is empty"),
        (
            "names=['t1000.com']",
            "bot name 't1000.com' is not valid: 'com' has 3 characters, every part between dots has 5 or more",
        ),
        ("names=['abcd']", "'abcd' has 4 characters"),
        ("names=['3robot']", "'3robot' begins with '3'"),
        ("names=['robot-']", "'robot-' ends with '-'"),
        ("names=['ro_bot']", "it has '_'"),
        ("names=['robot\\n']", "it has '\\n'"),
        (
            "names=['.robot']",
            "nothing before, after or between its dots",
        ),
        (
            "names=['robot.']",
            "nothing before, after or between its dots",
        ),
        (
            "names=['robot..robot']",
            "nothing before, after or between its dots",
        ),
        (
            &format!("names=['{name}']"),
            "it has 64 characters, 63 are the most",
        ),
        (&format!("names=['{part}']"), "it has 64 characters"),
        (
            &format!("names={six}"),
            "a 3Bot can have a maximum of 5 names, there is no more space for sixth",
        ),
        ("names=['twice', 'TWICE']", "twice is given twice"),
        ("names=[7]", "'names' is a list of texts"),
        (
            "addresses=['foo bar']",
            "'foo bar' does not appear to be an IPv4 or IPv6 address",
        ),
        ("addresses=['01.2.3.4']", "does not appear to be"),
        ("addresses=['fe80::1%eth0']", "does not appear to be"),
        ("addresses=['sub.www.example.com']", "does not appear to be"),
        (
            &format!("addresses={eleven}"),
            "a 3Bot can have a maximum of 10 addresses, there is no more space for 10.0.0.11",
        ),
        (
            "addresses=['1.2.3.4', '::ffff:1.2.3.4']",
            "1.2.3.4 is given twice",
        ),
        (
            "names=['good1'], key_index=77",
            "key index 77 is OOB, index cannot be negative, and can be maximum 0",
        ),
        ("names=['good1'], key_index=-1", "key index -1 is OOB"),
        (
            "months=24, names=['one11', 'two22', 'three']",
            "not enough funds",
        ),
    ] {
        let error = s.fails(&format!("w.threebot.record_new({arguments})"));
        assert!(error.message.contains(part), "{arguments}: {error}");
    }
    // A part behind a dot has 57 characters at most, which leaves room for 63 in all.
    let long = format!(
        "w.threebot.record_new(names=['first.{}'], dry_run=True)",
        "y".repeat(57)
    );
    s.says(&long);
    // Nothing of that made a key or cost anything.
    assert_eq!(s.says("w.key_count"), "1");
    assert_eq!(s.says("w.balance.available"), "300 TFT");
}

#[test]
fn names_become_lower_case_and_lists_are_sorted() {
    let chain = Chain::start();
    let mut s = chain.funded();
    s.says(
        "r = w.threebot.record_new(2, ['Zebra.Robot', 'Apple'], \
         ['::1', '10.0.0.9', 'Bot.Example.org', 'alpha.org'], 0)",
    );
    chain.block();
    assert_eq!(
        s.says("c.threebot.record_get('APPLE').names"),
        "['apple', 'zebra.robot']"
    );
    assert_eq!(
        s.says("c.threebot.record_get(1).addresses"),
        "['Bot.Example.org', 'alpha.org', '10.0.0.9', '::1']"
    );
    // 90, two months, one further name, the miner; the key of the wallet's first address.
    assert_eq!(s.says("w.balance.available"), "139 TFT");
    assert_eq!(
        s.says("c.threebot.record_get(w.public_key_get()).identifier"),
        "1"
    );
    let error = s.fails("w.threebot.record_new(names=['another'], key_index=0)");
    assert!(
        error.message.contains("is that of 3Bot 1 already"),
        "{error}"
    );
    let error = s.fails("w.threebot.record_new(names=['apple'])");
    assert_eq!(
        error.message,
        "bot name 'apple' is already registered: it belongs to 3Bot 1"
    );
    // Two at once: the node refuses the second one, in its words.
    s.says("one = w.threebot.record_new(names=['later'])");
    let error = s.fails("w.threebot.record_new(names=['later'])");
    assert!(
        error.kind == Kind::Refused || error.message.contains("funds"),
        "{error}"
    );
}

#[test]
fn the_prices_are_those_of_the_node() {
    let chain = Chain::start();
    let mut s = chain.funded();
    for (arguments, price) in [
        ("1, ['robot']", "100"),
        ("11, ['robot']", "200"),
        ("12, ['robot']", "174"),
        // The node's own numbers, one unit below the exact ones.
        ("18, ['robot']", "215.999999999"),
        ("19, ['robot']", "222.999999999"),
        ("24, ['robot']", "210"),
        ("1, ['robot', 'robot.other'], ['1.2.3.4']", "150"),
        ("1, addresses=['1.2.3.4', '1.2.3.5']", "100"),
    ] {
        s.person.notes.lock().unwrap().clear();
        let printed = s.says(&format!("w.threebot.record_new({arguments}, dry_run=True)"));
        assert_eq!(
            printed,
            "TransactionSendResult(transaction=transaction V144 None, submitted=False)"
        );
        let notes = s.person.notes.lock().unwrap().join("\n");
        let line = format!("price: {price} TFT (registration 90 TFT, ");
        assert!(notes.contains(&line), "{arguments}: {notes}");
    }
    assert_eq!(s.says("w.key_count"), "1");
    for months in [18, 19] {
        let mut s = chain.funded();
        s.says(&format!(
            "r = w.threebot.record_new({months}, ['robot{months}'])"
        ));
        chain.block();
        let left = match months {
            18 => "83.000000001 TFT",
            _ => "76.000000001 TFT",
        };
        assert_eq!(s.says("w.balance.available"), left);
        assert_eq!(s.says("r.submitted"), "True");
    }
}

#[test]
fn a_record_is_changed() {
    let chain = Chain::start();
    let mut s = rich(&chain, 2);
    s.says("r = w.threebot.record_new(names=['robot'], addresses=['127.0.0.1', 'example.org'])");
    chain.block();
    s.says("before = c.threebot.record_get(1).expiration\nhad = w.balance.available");
    s.says(
        "result = w.threebot.record_update(\n    1,\n    months=2,\n    names_to_add=['thisis.justan.example', \
         'foobar'],\n    names_to_remove=['Robot'],\n    addresses_to_add=['bot.example.org'],\n    \
         addresses_to_remove=['127.0.0.1', 'example.org'],\n    source=w.address,\n    refund=w.address,\n)",
    );
    assert!(
        s.says("result.transaction")
            .starts_with("transaction V145 ")
    );
    assert_eq!(s.says("result.submitted"), "True");
    chain.block();
    assert_eq!(
        s.says("c.threebot.record_get(1).names"),
        "['foobar', 'thisis.justan.example']"
    );
    assert_eq!(
        s.says("c.threebot.record_get(1).addresses"),
        "['bot.example.org']"
    );
    assert_eq!(
        s.says("c.threebot.record_get(1).expiration - before"),
        (2 * MONTH).to_string()
    );
    // Two months, any change of addresses, two names, the miner.
    assert_eq!(s.says("had - w.balance.available"), "141 TFT");
    // Removing a name costs nothing but the miner's fee.
    s.says("w.threebot.record_update('foobar', names_to_remove=['foobar'])");
    chain.block();
    assert_eq!(s.says("had - w.balance.available"), "142 TFT");
    for (arguments, part) in [
        (
            "1",
            "extra months is to be given or one name/address is to be added/removed",
        ),
        ("1, months=25", "in the inclusive range [0,24], not 25"),
        ("1, months=-1", "in the inclusive range [0,24], not -1"),
        ("1, months=22", "more than 24 months ahead"),
        (
            "1, names_to_remove=['robot']",
            "3Bot 1 does not have the name robot; it has thisis.justan.example",
        ),
        (
            "1, names_to_add=['thisis.justan.example']",
            "3Bot 1 has the name thisis.justan.example already",
        ),
        (
            "1, addresses_to_add=['bot.example.org']",
            "has the address bot.example.org already",
        ),
        (
            "1, addresses_to_remove=['::1']",
            "3Bot 1 does not have the address ::1; it has bot.example.org",
        ),
        (
            "1, names_to_add=['one11', 'two22', 'three', 'four4', 'five5']",
            "maximum of 5 names, there is no more space for five5",
        ),
        ("1, names_to_add=['no']", "bot name 'no' is not valid"),
    ] {
        let error = s.fails(&format!("w.threebot.record_update({arguments})"));
        assert!(error.message.contains(part), "{arguments}: {error}");
    }
}

#[test]
fn names_go_to_another_bot() {
    let chain = Chain::start();
    let mut s = rich(&chain, 2);
    s.says("r = w.threebot.record_new(names=['first', 'foobar', 'chatbot.example'])");
    chain.block();
    s.says("q = w.threebot.record_new(addresses=['1.2.3.4'])");
    chain.block();
    s.says("had = w.balance.available");
    s.says(
        "result = w.threebot.name_transfer(\n    sender=1,\n    receiver=2,\n    \
         names=['foobar', 'chatbot.example'],\n)",
    );
    assert!(
        s.says("result.transaction")
            .starts_with("transaction V146 ")
    );
    assert_eq!(s.says("result.submitted"), "True");
    chain.block();
    assert_eq!(s.says("c.threebot.record_get(1).names"), "['first']");
    assert_eq!(
        s.says("c.threebot.record_get(2).names"),
        "['chatbot.example', 'foobar']"
    );
    assert_eq!(s.says("had - w.balance.available"), "101 TFT");
    for (arguments, part) in [
        (
            "1, 2, []",
            "at least one (3Bot) name has to be transfered, but none were defined",
        ),
        ("1, 'first', ['first']", "both are 3Bot 1"),
        (
            "1, 2, ['foobar']",
            "3Bot 1 does not have the name foobar; it has first",
        ),
        ("1, 9, ['first']", "3Bot 9 could not be found"),
    ] {
        let error = s.fails(&format!("w.threebot.name_transfer({arguments})"));
        assert!(error.message.contains(part), "{arguments}: {error}");
    }
}

#[test]
fn bots_of_others_are_signed_for_by_their_owners() {
    let chain = Chain::start();
    let mut s = rich(&chain, 1);
    s.says("v = c.wallets.other");
    s.says("txid = c.faucet_request(v.address)");
    chain.block();
    s.says("r = w.threebot.record_new(names=['mine11'])");
    s.says("q = v.threebot.record_new(names=['yours'])");
    chain.block();
    s.says("mine = r.transaction.public_key\nyours = q.transaction.public_key");
    // Updating someone else's: it is paid, but not theirs to send.
    assert_eq!(
        s.says("u = v.threebot.record_update(mine, months=1)\nu"),
        "TransactionSendResult(transaction=transaction V145 None, submitted=False)"
    );
    assert_eq!(s.says("v.transaction_sign(u.transaction).signed"), "False");
    assert_eq!(
        s.fails("c.transaction_put(u.transaction)").kind,
        Kind::Refused
    );
    assert_eq!(
        s.says("t = w.transaction_sign(u.transaction.json())\nt.submitted"),
        "True"
    );
    chain.block();
    // A transfer between two people, through text.
    s.says("n = w.threebot.name_transfer(mine, yours, ['mine11'])");
    assert_eq!(s.says("n.submitted"), "False");
    assert_eq!(
        s.says("t = v.transaction_sign(n.transaction.json_text())\nt.submitted"),
        "True"
    );
    chain.block();
    assert_eq!(
        s.says("c.threebot.record_get(yours).names"),
        "['mine11', 'yours']"
    );
}

#[test]
fn a_shared_wallet_pays() {
    let chain = Chain::start();
    let mut s = rich(&chain, 1);
    s.says("v = c.wallets.other");
    s.says("w.coins_send([w.address, v.address], 250)");
    chain.block();
    s.says("m = w.addresses_multisig[0]");
    s.says("r = w.threebot.record_new(1, ['shared.robot'], source=m)");
    assert_eq!(s.says("r.submitted"), "False");
    assert_eq!(
        s.says("t = v.transaction_sign(r.transaction.json_text())\nt.submitted"),
        "True"
    );
    chain.block();
    assert_eq!(
        s.says("c.threebot.record_get(r.transaction.public_key).names"),
        "['shared.robot']"
    );
    assert_eq!(s.says("w.balance.wallets[m].available"), "149 TFT");
}

#[test]
fn the_time_of_a_bot_ends_and_can_be_paid_again() {
    let chain = Chain::start();
    let mut s = rich(&chain, 1);
    s.says("r = w.threebot.record_new(names=['robot'], addresses=['1.2.3.4'])");
    chain.block();
    s.says("q = w.threebot.record_new(months=3, names=['other'])");
    chain.block();
    chain.later(MONTH + 120);
    for input in [
        "w.threebot.record_update(1, names_to_add=['second'])",
        "w.threebot.name_transfer(1, 2, ['robot'])",
        "w.threebot.name_transfer(2, 1, ['other'])",
    ] {
        let error = s.fails(input);
        assert_eq!(error.kind, Kind::Refused, "{error}");
        let since = error
            .message
            .strip_prefix("3Bot 1 is inactive since ")
            .unwrap();
        assert_eq!(since.len(), "2026/11/22 21:00:00".len(), "{since}");
        assert!(
            error
                .hints
                .iter()
                .any(|hint| hint.contains("record_update"))
        );
    }
    let error = s.fails("c.threebot.record_get('robot')");
    assert!(error.message.contains("expired"), "{error}");
    // It comes back without its names.
    s.person.notes.lock().unwrap().clear();
    s.says("w.threebot.record_update(1, months=1, dry_run=True)");
    let notes = s.person.notes.lock().unwrap().join("\n");
    assert!(notes.contains("lost: robot"), "{notes}");
    let error = s.fails("w.threebot.record_update(1, months=1, names_to_remove=['robot'])");
    assert!(error.message.contains("it has none"), "{error}");
    s.says("w.threebot.record_update(1, months=1, names_to_add=['robot'])");
    chain.block();
    assert_eq!(s.says("c.threebot.record_get('robot').identifier"), "1");
}

#[test]
fn the_price_is_shown_before_it_is_paid() {
    let chain = Chain::start();
    let mut s = chain.funded();
    s.says(&format!(
        "r = j.clients.tfchain.new('real', network_type='STD', explorer_nodes=['{}'])\n\
         v = r.wallets.new('v', seed=w.seed)",
        chain.address()
    ));
    let order = "v.threebot.record_new(2, ['robot', 'other'], ['1.2.3.4'])";
    assert_eq!(s.fails(order).kind, Kind::NotConfirmed);
    let asked = s.person.questions.lock().unwrap().pop().unwrap();
    for part in [
        "network: STD (real TFT)",
        "kind: 3bot registration",
        "names: robot, other",
        "addresses: 1.2.3.4",
        "price: 160 TFT (registration 90 TFT, 2 months 20 TFT, 1 further name 50 TFT)",
        "total: 160.1 TFT",
        "(this wallet)",
    ] {
        assert!(asked.contains(part), "{part} is not in {asked}");
    }
    // A key is used up only by what is signed.
    assert_eq!(s.says("v.key_count"), "1");
    assert_eq!(s.says("v.pending()"), "[]");
    s.person.yes.store(true, Ordering::SeqCst);
    s.says(&format!("a = '{ADDRESS}'"));
    // The devnet takes the fee of the devnet only.
    assert_eq!(s.fails(order).kind, Kind::Refused);
    assert_eq!(
        s.says("w.threebot.record_new(1, 'robot').submitted"),
        "True"
    );
}

#[test]
fn what_was_only_shown_can_be_signed_later() {
    let chain = Chain::start();
    let mut s = chain.funded();
    s.says("t = w.threebot.record_new(names=['robot'], dry_run=True).transaction");
    assert_eq!(s.says("w.key_count"), "1");
    assert_eq!(s.says("w.transaction_sign(t).submitted"), "True");
    assert_eq!(s.says("w.key_count"), "2");
    chain.block();
    assert_eq!(
        s.says("c.threebot.record_get(t.public_key).names"),
        "['robot']"
    );
    // Exactly what it costs: nothing is left over, so there is no refund.
    s.says("v = c.wallets.exact\ntxid = c.faucet_request(v.address, 101)");
    chain.block();
    assert_eq!(
        s.says("r = v.threebot.record_new(names=['exact'])\nr.transaction.coin_outputs"),
        "[]"
    );
    chain.block();
    assert_eq!(s.says("v.balance.available"), "0 TFT");
    assert_eq!(s.says("c.threebot.record_get('exact').identifier"), "2");
}

#[test]
fn a_key_of_a_bot_made_elsewhere_is_not_used_again() {
    let chain = Chain::start();
    let mut s = chain.funded();
    s.says("r = w.threebot.record_new(names=['first'])");
    chain.block();
    s.says("again = c.wallets.new('again', seed=w.seed, key_scan_count=0)");
    assert_eq!(s.says("again.key_count"), "1");
    s.says("q = again.threebot.record_new(names=['second'])");
    chain.block();
    assert_eq!(s.says("again.key_count"), "3");
    assert_eq!(s.says("c.threebot.record_get('second').identifier"), "2");
}
