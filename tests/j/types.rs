//! `j.clients.tfchain.types`: the golden vectors of the chain, driven through the tree.

use kosmos::object::{Error, Kind, print::quote};
use serde_json::Value;

use super::Session;
use crate::tfchain::vectors::{list, load, number, text, truth};

const BOTH: [&str; 2] = ["siabin", "rivbin"];

fn session() -> Session {
    let mut s = Session::new(Default::default());
    s.says("T = j.clients.tfchain.types");
    s
}

impl Session {
    /// A refusal has a kind, a reason and what to do.
    #[track_caller]
    fn refused(&mut self, source: &str) -> Error {
        let error = self.fails(source);
        assert_eq!(error.kind, Kind::Value, "{source}: {error}");
        assert!(error.message.len() > 10, "{source}: {error}");
        assert!(!error.hints.is_empty(), "{source}: {error}");
        error
    }
}

#[test]
fn transactions_leave_and_return_as_they_are() {
    let mut s = session();
    for case in list(&load("transactions.json"), "cases") {
        let (name, json) = (text(case, "name"), case["json"].to_string());
        s.says(&format!("t = T.transactions.from_json({})", quote(&json)));
        assert_eq!(s.says("t.version"), number(case, "version").to_string());
        assert_eq!(s.text("t.id"), text(case, "id"), "{name}");
        assert_eq!(s.text("t.binary()"), text(case, "binary"), "{name}");
        assert_eq!(s.text("t.json_text()"), json, "{name}");
        assert_ne!(s.text("t.kind"), "unknown");
        let shown = format!("transaction V{} {}", case["version"], text(case, "id"));
        assert_eq!(s.says("t"), shown);
        // Through a dict, through bytes, and the dict as somebody types it.
        s.says("d = T.transactions.from_json(t.json())");
        s.says("b = T.transactions.from_binary(t.binary())");
        for again in ["d", "b"] {
            assert_eq!(s.says(&format!("{again} == t")), "True", "{name}");
            assert_eq!(s.text(&format!("{again}.json_text()")), json, "{name}");
            let binary = s.text(&format!("{again}.binary()"));
            assert_eq!(binary, text(case, "binary"), "{name}");
        }
        if !json.contains("null") && json.len() < 3000 {
            s.says(&format!("l = T.transactions.from_json({json})"));
            assert_eq!(s.text("l.json_text()"), json, "{name}");
        }
        for (method, key) in [
            ("coin_output_id", "coin_output_ids"),
            ("blockstake_output_id", "blockstake_output_ids"),
        ] {
            let ids = case[key].as_array().cloned().unwrap_or_default();
            for (index, id) in ids.iter().enumerate() {
                let found = s.text(&format!("t.{method}({index})"));
                assert_eq!(found, id.as_str().unwrap(), "{name}");
            }
            for wrong in [ids.len().to_string(), "-1".to_owned()] {
                let error = s.refused(&format!("t.{method}({wrong})"));
                assert!(error.message.contains(&wrong), "{error}");
            }
        }
    }
}

#[test]
fn signature_hashes_of_every_input() {
    let mut s = session();
    let mut seen = std::collections::BTreeSet::new();
    let vectors = load("transactions.json");
    for case in list(&vectors, "cases") {
        let name = text(case, "name");
        let json = quote(&case["json"].to_string());
        s.says(&format!("t = T.transactions.from_json({json})"));
        for signature in list(case, "signatures") {
            let target = match text(signature, "target") {
                "coininput" => "coin",
                "blockstakeinput" => "blockstake",
                "mintfulfillment" => "mint",
                "identification" | "botsignature" => "bot",
                other @ ("sender" | "receiver" | "registration") => other,
                // Version 209 is signed by nobody.
                "none" => continue,
                other => panic!("{other}"),
            };
            seen.insert(target);
            let mut call = format!("{}, {}", signature["index"], quote(target));
            let extras = signature["extra_objects"].as_array().unwrap();
            let secret = |extra: &Value| text(extra, "type") == "bytes_array";
            let key = extras.iter().find(|e| text(e, "type") == "publickey");
            if let Some(key) = key {
                call.push_str(&format!(", T.public_key('{}')", text(key, "value")));
                if let Some(secret) = extras.iter().find(|e| secret(e)) {
                    call.push_str(&format!(", secret='{}'", text(secret, "hex")));
                }
            }
            let hash = s.text(&format!("t.signature_hash({call})"));
            assert_eq!(hash, text(signature, "signature_hash"), "{name} {call}");
            if let (Some(key), Some(signed)) = (
                signature["public_key"].as_str(),
                signature["signature"].as_str(),
            ) {
                let check = format!("T.public_key('{key}').verify('{hash}', '{signed}')");
                assert_eq!(s.says(&check), "True", "{name}");
            }
        }
    }
    assert_eq!(seen.len(), 7, "{seen:?}");
    // The last one is a registration for ERC20: it has inputs and its own signature, no others.
    for wrong in [
        "99",
        "0, 'mint'",
        "0, 'bot'",
        "0, 'blockstake'",
        "0, secret='00'",
        "0, public_key='ed25519:00'",
    ] {
        assert_eq!(
            s.fails(&format!("t.signature_hash({wrong})")).kind,
            Kind::Value,
            "{wrong}"
        );
    }
    let error = s.fails("t.signature_hash(0, 'wallet')");
    assert!(error.message.contains("one of coin, blockstake"), "{error}");
}

#[test]
fn conditions_in_all_forms() {
    let mut s = session();
    let vectors = load("conditions.json");
    for case in list(&vectors, "cases") {
        let (name, json) = (text(case, "name"), case["json"].to_string());
        s.says(&format!("x = T.conditions.from_json({})", quote(&json)));
        // The node prints the nil address as the empty text; ours is zeros, as older nodes have it.
        let zeros = format!("\"{}\"", "0".repeat(78));
        assert_eq!(
            s.text("x.json_text()"),
            json.replace("\"\"", &zeros),
            "{name}"
        );
        assert_eq!(s.text("x.unlockhash"), text(case, "unlockhash"), "{name}");
        for encoding in BOTH {
            let bytes = s.text(&format!("x.binary('{encoding}')"));
            assert_eq!(bytes, text(case, encoding), "{name}");
            let again = format!("T.conditions.from_binary('{bytes}', '{encoding}') == x");
            assert_eq!(s.says(&again), "True", "{name}");
        }
        match s.ask("y = T.conditions.from_json(x.json())") {
            Ok(_) => assert_eq!(s.says("x == y"), "True", "{name}"),
            // A lock of more than 63 bits fits in no number of the language, only in the text.
            Err(error) => assert!(error.message.contains("64 bits"), "{name}: {error}"),
        }
    }
    for case in list(&vectors, "json_variants") {
        let json = quote(&case["json"].to_string());
        let read = format!("T.conditions.from_json({json})");
        assert_eq!(s.text(&format!("{read}.json_text()")), "{}");
        assert_eq!(s.text(&format!("{read}.binary()")), text(case, "siabin"));
    }
    for case in list(&vectors, "invalid_json") {
        let json = quote(&case["json"].to_string());
        s.refused(&format!("T.conditions.from_json({json})"));
    }
}

#[test]
fn conditions_of_recipients() {
    let mut s = session();
    let vectors = load("addresses.json");
    let keys = list(list(&vectors, "seeds").first().unwrap(), "keys");
    let [a, b] = [0, 1].map(|index| text(keys.get(index).unwrap(), "address"));
    for (recipient, json) in [
        ("None".to_owned(), "{}".to_owned()),
        (
            format!("'{a}'"),
            format!(r#"{{"type":1,"data":{{"unlockhash":"{a}"}}}}"#),
        ),
        (
            format!("T.unlockhash('{a}')"),
            format!(r#"{{"type":1,"data":{{"unlockhash":"{a}"}}}}"#),
        ),
        (
            format!("[T.unlockhash('{a}'), '{b}']"),
            format!(
                r#"{{"type":4,"data":{{"unlockhashes":["{a}","{b}"],"minimumsignaturecount":2}}}}"#
            ),
        ),
        (
            format!("([ '{a}', '{b}'], 1)"),
            format!(
                r#"{{"type":4,"data":{{"unlockhashes":["{a}","{b}"],"minimumsignaturecount":1}}}}"#
            ),
        ),
    ] {
        s.says(&format!("x = T.conditions.from_recipient({recipient})"));
        assert_eq!(s.text("x.json_text()"), json);
        s.says("x = T.conditions.from_recipient(x, lock=500000000)");
        let locked = format!(r#"{{"type":3,"data":{{"locktime":500000000,"condition":{json}}}}}"#);
        assert_eq!(s.text("x.json_text()"), locked);
    }
    for wrong in ["'01ab'", "[]", "([], 1)"] {
        let call = format!("T.conditions.from_recipient({wrong})");
        assert_eq!(s.fails(&call).kind, Kind::Value);
    }
    let error = s.fails("T.conditions.from_recipient(1)");
    assert_eq!(error.kind, Kind::Type);
}

#[test]
fn fulfillments_in_all_forms() {
    let mut s = session();
    for case in list(&load("fulfillments.json"), "cases") {
        let (name, json) = (text(case, "name"), case["json"].to_string());
        s.says(&format!("x = T.fulfillments.from_json({})", quote(&json)));
        assert_eq!(s.text("x.json_text()"), json, "{name}");
        let kind = case["json"]["type"].as_u64().unwrap_or_default();
        assert_eq!(s.says("x.type"), kind.to_string());
        for encoding in BOTH {
            let bytes = s.text(&format!("x.binary('{encoding}')"));
            assert_eq!(bytes, text(case, encoding), "{name}");
            let again = format!("T.fulfillments.from_binary('{bytes}', '{encoding}') == x");
            assert_eq!(s.says(&again), "True", "{name}");
        }
        assert_eq!(s.says("T.fulfillments.from_json(x.json()) == x"), "True");
    }
    s.refused("T.fulfillments.from_json('{\"type\": 9}')");
}

#[test]
fn addresses() {
    let mut s = session();
    for case in list(&load("unlockhash.json"), "cases") {
        let name = text(case, "name");
        let call = format!("T.unlockhash({})", quote(text(case, "input")));
        if text(case, "rule") == "invalid" {
            s.refused(&call);
            continue;
        }
        s.says(&format!("x = {call}"));
        let printed = text(case, "input").to_lowercase();
        assert_eq!(s.says("x"), printed, "{name}");
        assert_eq!(s.text("x.str()"), printed);
        assert_eq!(s.text("x.json()"), printed);
        assert_eq!(s.says("x.type"), case["chain"]["type"].to_string());
        assert_eq!(s.text("x.hash"), text(&case["chain"], "hash"));
        for encoding in BOTH {
            let bytes = s.text(&format!("x.binary('{encoding}')"));
            assert_eq!(bytes, text(&case["chain"], encoding), "{name}");
        }
    }
    let error = s.fails("T.unlockhash(1)");
    assert_eq!(error.kind, Kind::Type);
}

#[test]
fn words_keys_and_their_addresses() {
    let mut s = session();
    let vectors = load("addresses.json");
    let seeds = list(&vectors, "seeds").iter();
    for seed in seeds.chain(list(&vectors, "other_lengths")) {
        s.says(&format!("m = '{}'", text(seed, "mnemonic")));
        assert_eq!(s.text("T.mnemonic.to_entropy(m)"), text(seed, "entropy"));
        s.says(&format!("e = '{}'", text(seed, "entropy")));
        assert_eq!(s.text("T.mnemonic.from_entropy(e)"), text(seed, "mnemonic"));
        for key in list(seed, "keys") {
            s.says(&format!("k = T.mnemonic.public_key(m, {})", key["index"]));
            assert_eq!(s.says("k"), text(key, "public_key"));
            assert_eq!(
                s.says("k == T.public_key(k.str())"),
                "True",
                "a key is its text"
            );
            assert_eq!(s.says("k.unlockhash"), text(key, "address"));
            for (encoding, name) in [
                ("siabin", "public_key_siabin"),
                ("rivbin", "public_key_rivbin"),
            ] {
                if let Some(bytes) = key[name].as_str() {
                    assert_eq!(s.text(&format!("k.binary('{encoding}')")), bytes);
                }
            }
            if let Some(address) = key["erc20_address"].as_str() {
                assert_eq!(s.says("k.unlockhash.erc20_address"), address);
                let read = format!("T.erc20_address('{address}')");
                assert_eq!(s.says(&read), address);
            }
        }
    }
    for case in list(&vectors, "phrase_checks") {
        let call = format!("T.mnemonic.to_entropy({})", quote(text(case, "input")));
        match text(case, "rule") {
            "valid" => assert_eq!(s.text(&call), text(&case["chain"], "entropy")),
            _ => {
                let error = s.refused(&call);
                assert!(!error.message.contains("notice"), "{error}");
            }
        }
    }
    s.refused("T.mnemonic.from_entropy('00')");
    s.refused("T.mnemonic.from_entropy('xyz')");
    s.fails("T.mnemonic.public_key(m, -1)");
    for wrong in ["", "ed25519", "ed25519:00", "rsa:00", "060bf143"] {
        s.refused(&format!("T.public_key('{wrong}')"));
    }
    s.refused("T.erc20_address('0x00')");
}

/// How a typed value of the vectors is written in the language.
fn typed(case: &Value) -> String {
    let value = &case["value"];
    match text(case, "type") {
        "none" => "None".to_owned(),
        "str" => quote(value.as_str().unwrap()),
        "bool" => "True".to_owned(),
        "bytes" => "b'1'".to_owned(),
        _ => value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned),
    }
}

#[test]
fn amounts() {
    let mut s = session();
    let vectors = load("currency.json");
    for case in list(&vectors, "parse") {
        let typed = typed(case);
        let call = format!("T.currency({typed})");
        let kind = text(case, "type");
        // 18446744073709551616 is no number of the language; as text it is one more amount.
        let call = match kind == "int" && typed.len() > 19 {
            true => format!("T.currency('{typed}')"),
            false => call,
        };
        // The language has one kind of numbers with a point; one that is exact is an amount.
        let exact_float = kind == "float" && typed == "1.5";
        // 1E+3 is such a number too, and refusing or taking what is `lenient` are both fine.
        let lenient = truth(case, "lenient");
        if !truth(case, "ok") && !exact_float {
            let error = s.fails(&call);
            assert!(
                matches!(error.kind, Kind::Value | Kind::Type),
                "{call}: {error}"
            );
            if error.kind == Kind::Value {
                assert!(!error.hints.is_empty(), "{call}: {error}");
            }
            continue;
        }
        if lenient && s.ask(&call).is_err() {
            continue;
        }
        s.says(&format!("x = {call}"));
        let units = case["units"].as_str().unwrap_or("1500000000");
        assert_eq!(s.text("x.json()"), units, "{call}");
        match units.parse::<i64>() {
            Ok(_) => assert_eq!(s.says("x.units"), units, "{call}"),
            Err(_) => {
                s.refused("x.units");
            }
        }
        if exact_float {
            continue;
        }
        assert_eq!(s.text("x.str()"), text(case, "str"), "{call}");
        assert_eq!(s.text("x.str(with_unit=True)"), text(case, "repr"));
        assert_eq!(s.says("x"), text(case, "repr"), "{call}");
        for encoding in BOTH {
            let bytes = s.text(&format!("x.binary('{encoding}')"));
            assert_eq!(bytes, text(case, encoding), "{call}");
        }
    }
    for case in list(&vectors, "operations") {
        let right = match text(case, "right_type") {
            "str" => quote(case["right"].as_str().unwrap()),
            "currency" => format!("T.currency('{}')", case["right"].as_str().unwrap()),
            _ => case["right"].to_string().replace('"', ""),
        };
        let sum = format!(
            "T.currency('{}') {} {right}",
            text(case, "left"),
            text(case, "op")
        );
        match truth(case, "ok") {
            true => {
                let expected = case["result"]
                    .as_str()
                    .map(|result| format!("{result} TFT"));
                let shown = s.says(&sum);
                match expected {
                    Some(expected) => assert_eq!(shown, expected, "{sum}"),
                    None => assert_eq!(shown.to_lowercase(), case["result"].to_string(), "{sum}"),
                }
            }
            false => assert_eq!(s.fails(&sum).kind, Kind::Value, "{sum}"),
        }
    }
}

#[test]
fn amounts_of_a_node() {
    // An amount of JSON is the number of units: read where it stands, as a miner fee.
    let mut s = session();
    for case in list(&load("currency.json"), "from_json") {
        let units = text(case, "json");
        let json = format!(r#"{{"version":1,"data":{{"minerfees":["{units}"]}}}}"#);
        let call = format!("T.transactions.from_json('{json}')");
        if !truth(case, "ok") {
            s.refused(&call);
            continue;
        }
        s.says(&format!("x = {call}.miner_fees[0]"));
        // Cases that are not `exact` lost digits in the original; here nothing is lost.
        assert_eq!(s.text("x.json()"), units);
        if truth(case, "exact") {
            assert_eq!(s.text("x.str()"), text(case, "str"));
        }
    }
}

#[test]
fn names_and_network_addresses() {
    let mut s = session();
    for case in list(&load("botnames.json"), "cases") {
        let call = format!("T.bot_name({})", quote(text(case, "input")));
        if text(case, "rule") == "invalid" {
            s.refused(&call);
            continue;
        }
        s.says(&format!("x = {call}"));
        assert_eq!(s.text("x.str()"), text(&case["chain"], "string"));
        for encoding in BOTH {
            let bytes = s.text(&format!("x.binary('{encoding}')"));
            assert_eq!(bytes, text(&case["chain"], encoding), "{call}");
        }
    }
    for case in list(&load("networkaddresses.json"), "cases") {
        let call = format!("T.network_address({})", quote(text(case, "input")));
        if text(case, "rule") == "invalid" {
            s.refused(&call);
            continue;
        }
        s.says(&format!("x = {call}"));
        assert_eq!(s.text("x.str()"), text(&case["chain"], "string"));
        assert_eq!(s.text("x.type"), text(&case["chain"], "type"));
        // The same bytes in both encodings.
        for encoding in BOTH {
            let bytes = s.text(&format!("x.binary('{encoding}')"));
            assert_eq!(bytes, text(&case["chain"], "rivbin"), "{call}");
        }
    }
}

#[test]
fn encodings_of_what_the_tree_has() {
    // Numbers, lists and structures of no type of the chain's are no values of the tree.
    let mut s = session();
    let mut seen = 0;
    for case in list(&load("encoding.json"), "cases") {
        let value = &case["value"];
        let made = match text(value, "type") {
            "publickey" => format!("T.public_key('{}')", text(value, "value")),
            "unlockhash" => format!("T.unlockhash('{}')", text(value, "value")),
            "currency" => {
                let json = format!(
                    r#"{{"version":1,"data":{{"minerfees":["{}"]}}}}"#,
                    text(value, "value")
                );
                format!("T.transactions.from_json('{json}').miner_fees[0]")
            }
            _ => continue,
        };
        seen += 1;
        for encoding in BOTH {
            let bytes = s.text(&format!("{made}.binary('{encoding}')"));
            assert_eq!(bytes, text(case, encoding), "{made}");
        }
    }
    assert_eq!(seen, 12);
}

#[test]
fn unknown_versions_are_kept_and_shown() {
    let mut s = session();
    let json = r#"{"version":200,"data":{"zeta":[1, 2.50,null,18446744073709551616,1e3],"alpha":"x","a":{"b":"\u003c"}}}"#;
    s.says(&format!("t = T.transactions.from_json({})", quote(json)));
    assert_eq!(s.says("t"), "transaction V200 (unknown version) None");
    assert_eq!(s.text("t.kind"), "unknown");
    assert_eq!(s.says("t.id"), "");
    assert_eq!(s.says("t.coin_outputs"), "[]");
    assert_eq!(s.says(&format!("t.json_text() == {}", quote(json))), "True");
    for what in ["t.binary()", "t.signature_hash(0)"] {
        let error = s.refused(what);
        assert!(error.message.contains("version 200"), "{error}");
    }
    s.says("t = T.transactions.from_binary('c80102ff')");
    assert_eq!(s.text("t.binary()"), "c80102ff");
    assert_eq!(s.says("t"), "transaction V200 (unknown version) None");
}

#[test]
fn what_a_dict_cannot_hold_is_left_to_the_text() {
    let mut s = session();
    let lock = r#"{"type":3,"data":{"locktime":18446744073709551615,"condition":{}}}"#;
    s.says(&format!("x = T.conditions.from_json({})", quote(lock)));
    assert_eq!(s.text("x.json_text()"), lock);
    let error = s.refused("x.json()");
    assert!(error.hints.iter().any(|hint| hint.contains("json_text")));
    // An empty dict is nothing to the script language, and the condition of anybody here.
    for empty in ["{}", "'{}'", "'null'", "{'type': 1, 'data': None}"] {
        let read = format!("T.conditions.from_json({empty}).json_text()");
        assert_eq!(s.text(&read), "{}", "{empty}");
    }
    // Keys are known in any case, as the node knows them.
    let json = quote(r#"{"Version":1,"DATA":{"MinerFees":["1"]}}"#);
    assert_eq!(
        s.text(&format!("T.transactions.from_json({json}).json_text()")),
        r#"{"version":1,"data":{"coininputs":null,"minerfees":["1"]}}"#
    );
    let twice = quote(r#"{"version":1,"version":1,"data":{}}"#);
    let error = s.refused(&format!("T.transactions.from_json({twice})"));
    assert!(error.message.contains("version stands there twice"));
}

#[test]
fn what_is_no_transaction() {
    let mut s = session();
    for json in [
        "",
        "null",
        "[]",
        "{}",
        "1",
        "{",
        r#"{"version":1}"#,
        r#"{"version":1,"data":[]}"#,
        r#"{"version":256,"data":{}}"#,
        r#"{"version":1,"data":{"coinoutputs":[{"value":"1","condition":[]}]}}"#,
        r#"{"version":1,"data":{"coinoutputs":[{"value":"-1"}]}}"#,
    ] {
        let error = s.refused(&format!("T.transactions.from_json('{json}')"));
        let prefix = "this is not the JSON of a transaction";
        assert!(error.message.starts_with(prefix), "{json}: {error}");
    }
    for wrong in ["1", "[1]", "True"] {
        let call = format!("T.transactions.from_json({wrong})");
        assert_eq!(s.fails(&call).kind, Kind::Type, "{wrong}");
    }
    for binary in ["", "0", "zz", "01", "0100", "0001"] {
        s.refused(&format!("T.transactions.from_binary('{binary}')"));
    }
    assert_eq!(s.fails("T.transactions.from_binary(1)").kind, Kind::Type);
}
