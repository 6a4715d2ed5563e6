//! `transactions.json`: every version in JSON and binary, ids, signature hashes, signing.

use super::vectors::{bytes, bytes32, list, load, number, text};
use kosmos::tfchain::rules::{
    FulfillContext, RuleError, check_condition, check_fulfilled, check_fulfillment,
};
use kosmos::tfchain::transaction::{UnknownData, UnknownTransaction};
use kosmos::tfchain::{
    Condition, Extra, Fulfillment, KeyPair, PublicKey, SignTarget, Signature, SwapSecret,
    Transaction,
};
use serde_json::{Value, json};

/// The legacy form can be read and checked, but is never made.
const NOT_MADE: [&str; 2] = ["v0-legacy-atomicswap-redeem", "v1-legacy-atomicswap-redeem"];

fn cases() -> Value {
    load("transactions.json")
}

fn read(case: &Value) -> Transaction {
    let json = serde_json::to_string(&case["json"]).expect("json");
    serde_json::from_str(&json).unwrap_or_else(|error| panic!("{}: {error}", text(case, "name")))
}

#[test]
fn json_and_binary() {
    for case in list(&cases(), "cases") {
        let name = text(case, "name");
        let transaction = read(case);
        assert_eq!(
            u64::from(transaction.version()),
            number(case, "version"),
            "{name}"
        );
        assert_eq!(
            serde_json::to_string(&transaction).expect(name),
            case["json"].to_string(),
            "{name}"
        );
        let binary = transaction.binary().expect(name);
        assert_eq!(hex::encode(&binary), text(case, "binary"), "{name}");
        let again = Transaction::from_binary(&binary).expect(name);
        assert_eq!(again, transaction, "{name}");
        // The data may stand before the version.
        let mut turned = serde_json::Map::new();
        turned.insert("data".to_owned(), case["json"]["data"].clone());
        turned.insert("version".to_owned(), case["json"]["version"].clone());
        let turned: Transaction = serde_json::from_value(Value::Object(turned)).expect(name);
        assert_eq!(turned, transaction, "{name}");
    }
}

#[test]
fn ids() {
    for case in list(&cases(), "cases") {
        let name = text(case, "name");
        let transaction = read(case);
        let input = transaction.id_input().expect(name);
        assert_eq!(hex::encode(input), text(case, "id_input"), "{name}");
        let ids = transaction.ids().expect(name);
        assert_eq!(ids.transaction.to_string(), text(case, "id"), "{name}");
        assert_eq!(transaction.id().expect(name), ids.transaction, "{name}");
        let texts = |key: &str| -> Vec<String> {
            let ids = case[key].as_array().cloned().unwrap_or_default();
            ids.iter()
                .map(|id| id.as_str().expect("id").to_owned())
                .collect()
        };
        let coins: Vec<String> = ids.coin_outputs.iter().map(ToString::to_string).collect();
        assert_eq!(coins, texts("coin_output_ids"), "{name}");
        let stakes = &ids.blockstake_outputs;
        let stakes: Vec<String> = stakes.iter().map(ToString::to_string).collect();
        assert_eq!(stakes, texts("blockstake_output_ids"), "{name}");
        for (index, id) in ids.coin_outputs.iter().enumerate() {
            assert_eq!(transaction.coin_output_id(index).as_ref(), Ok(id), "{name}");
        }
        for (index, id) in ids.blockstake_outputs.iter().enumerate() {
            assert_eq!(
                transaction.blockstake_output_id(index).as_ref(),
                Ok(id),
                "{name}"
            );
        }
    }
}

/// An extra object of the vectors, owned.
enum Owned {
    Index(u64),
    Key(PublicKey),
    Bytes(Vec<u8>),
}

fn extras(signature: &Value) -> Vec<Owned> {
    let objects = signature["extra_objects"].as_array().expect("extras");
    objects
        .iter()
        .map(|object| match text(object, "type") {
            "uint64" => Owned::Index(number(object, "value")),
            "publickey" => Owned::Key(text(object, "value").parse().expect("key")),
            "bytes_array" => Owned::Bytes(bytes(object, "hex")),
            other => panic!("unknown extra object {other}"),
        })
        .collect()
}

fn borrowed(extras: &[Owned]) -> Vec<Extra<'_>> {
    extras
        .iter()
        .map(|extra| match extra {
            Owned::Index(index) => Extra::Index(*index),
            Owned::Key(key) => Extra::PublicKey(key),
            Owned::Bytes(bytes) => Extra::Bytes(bytes),
        })
        .collect()
}

fn target(signature: &Value) -> Option<SignTarget> {
    let index = usize::try_from(number(signature, "index")).expect("index");
    match text(signature, "target") {
        "coininput" => Some(SignTarget::CoinInput(index)),
        "blockstakeinput" => Some(SignTarget::BlockStakeInput(index)),
        "mintfulfillment" => Some(SignTarget::MintFulfillment),
        "identification" | "botsignature" => Some(SignTarget::Bot),
        "sender" => Some(SignTarget::NameSender),
        "receiver" => Some(SignTarget::NameReceiver),
        "registration" => Some(SignTarget::Erc20Registration),
        "none" => None,
        other => panic!("unknown target {other}"),
    }
}

#[test]
fn signature_hashes_and_signatures() {
    let mut without_preimage = Vec::new();
    for case in list(&cases(), "cases") {
        let name = text(case, "name");
        let transaction = read(case);
        let hasher = transaction.signature_hasher().expect(name);
        for signature in list(case, "signatures") {
            let extras = extras(signature);
            let extras = borrowed(&extras);
            let hash = hasher.hash(&extras);
            assert_eq!(
                hash.to_string(),
                text(signature, "signature_hash"),
                "{name}"
            );
            assert_eq!(transaction.signature_hash(&extras), Ok(hash), "{name}");
            if signature["preimage"].is_string() {
                let preimage = transaction.signature_preimage(&extras).expect(name);
                assert_eq!(hex::encode(preimage), text(signature, "preimage"), "{name}");
            } else {
                without_preimage.push(name.to_owned());
            }
            let Some(target) = target(signature) else {
                continue;
            };
            let key = KeyPair::from_secret_seed(&bytes32(text(signature, "secret_seed")));
            assert_eq!(key.public_key().to_string(), text(signature, "public_key"));
            let signed = key.sign(&hash);
            assert_eq!(signed.to_string(), text(signature, "signature"), "{name}");
            assert!(key.public_key().verify(&hash, &signed), "{name}");
            // The same hash by what is signed.
            let by_target = match extras.as_slice() {
                [.., Extra::PublicKey(key)] => hasher.with_key(target, key),
                [.., Extra::PublicKey(key), Extra::Bytes(secret)] => {
                    hasher.swap(target, key, &hex::encode(secret).parse().expect("secret"))
                }
                _ => hasher.single(target),
            };
            assert_eq!(by_target, hash, "{name} {target:?}");
        }
    }
    without_preimage.dedup();
    // The vectors give no preimage for these two; their hashes are compared all the same.
    assert_eq!(
        without_preimage,
        ["v0-legacy-atomicswap-redeem", "v209-coin-creation"]
    );
}

fn parents(case: &Value) -> Vec<Condition> {
    let outputs = case["parent_outputs"].as_array().expect("parents");
    outputs
        .iter()
        .map(|output| serde_json::from_value(output["condition"].clone()).expect("condition"))
        .collect()
}

fn condition_of<'a>(
    transaction: &Transaction,
    parents: &'a [Condition],
    target: SignTarget,
) -> &'a Condition {
    let place = match target {
        SignTarget::CoinInput(index) => index,
        SignTarget::BlockStakeInput(index) => transaction.coin_inputs().len() + index,
        _ => 0,
    };
    parents.get(place).expect("parent")
}

/// Takes every signature off; version 0 keeps the keys, which its signature hashes cover.
fn strip(transaction: &mut Transaction) {
    let legacy = transaction.version() == 0;
    let clear = |fulfillment: &mut Fulfillment| {
        *fulfillment = match fulfillment {
            Fulfillment::SingleSignature(pair) if legacy => Fulfillment::single(pair.public_key),
            _ => Fulfillment::Nil,
        };
    };
    let inputs = transaction.coin_inputs_mut().iter_mut();
    inputs.for_each(|input| clear(&mut input.fulfillment));
    let inputs = transaction.blockstake_inputs_mut().iter_mut();
    inputs.for_each(|input| clear(&mut input.fulfillment));
    if let Some(fulfillment) = transaction.mint_fulfillment_mut() {
        clear(fulfillment);
    }
    match transaction {
        Transaction::BotRegistration(body) => body.identification.signature = Signature::EMPTY,
        Transaction::BotRecordUpdate(body) => body.signature = Signature::EMPTY,
        Transaction::BotNameTransfer(body) => {
            body.sender.signature = Signature::EMPTY;
            body.receiver.signature = Signature::EMPTY;
        }
        Transaction::Erc20AddressRegistration(body) => body.signature = Signature::EMPTY,
        _ => {}
    }
}

#[test]
fn signing_again_gives_the_same_transaction() {
    let mut left_out = Vec::new();
    for case in list(&cases(), "cases") {
        let name = text(case, "name");
        if NOT_MADE.contains(&name) {
            left_out.push(name.to_owned());
            continue;
        }
        let signed = read(case);
        let parents = parents(case);
        let mut transaction = signed.clone();
        strip(&mut transaction);
        let hasher = transaction.signature_hasher().expect(name);
        for signature in list(case, "signatures") {
            let Some(target) = target(signature) else {
                continue;
            };
            let key = KeyPair::from_secret_seed(&bytes32(text(signature, "secret_seed")));
            if matches!(
                target,
                SignTarget::CoinInput(_)
                    | SignTarget::BlockStakeInput(_)
                    | SignTarget::MintFulfillment
            ) {
                let secret = match extras(signature).last() {
                    Some(Owned::Bytes(secret)) => Some(SwapSecret::from_bytes(
                        secret.as_slice().try_into().expect("32 bytes"),
                    )),
                    _ => None,
                };
                let condition = condition_of(&transaction, &parents, target);
                transaction
                    .sign(&hasher, target, condition, &key, secret.as_ref())
                    .unwrap_or_else(|error| panic!("{name}: {error}"));
            } else {
                transaction
                    .sign_extension(target, &key)
                    .unwrap_or_else(|error| panic!("{name}: {error}"));
            }
        }
        assert_eq!(transaction, signed, "{name}");
    }
    assert_eq!(left_out, NOT_MADE);
}

#[test]
fn all_inputs_fulfill_their_conditions() {
    let context = FulfillContext {
        height: 400_000_000,
        time: 4_000_000_000,
    };
    for case in list(&cases(), "cases") {
        let name = text(case, "name");
        let transaction = read(case);
        let parents = parents(case);
        let hasher = transaction.signature_hasher().expect(name);
        let coins = transaction.coin_inputs().iter().enumerate();
        let stakes = transaction.blockstake_inputs().iter().enumerate();
        let fulfillments = coins
            .map(|(index, input)| (SignTarget::CoinInput(index), &input.fulfillment))
            .chain(
                stakes
                    .map(|(index, input)| (SignTarget::BlockStakeInput(index), &input.fulfillment)),
            )
            .chain(
                transaction
                    .mint_fulfillment()
                    .map(|fulfillment| (SignTarget::MintFulfillment, fulfillment)),
            );
        for (target, fulfillment) in fulfillments {
            let condition = condition_of(&transaction, &parents, target);
            assert_eq!(check_fulfillment(fulfillment), Ok(()), "{name}");
            assert_eq!(
                check_fulfilled(condition, fulfillment, context, target, &hasher),
                Ok(()),
                "{name} {target:?}"
            );
            // For another input the same signature is worth nothing.
            let other = SignTarget::CoinInput(777);
            assert_eq!(
                check_fulfilled(condition, fulfillment, context, other, &hasher),
                Err(RuleError::InvalidSignature),
                "{name} {target:?}"
            );
        }
        for output in transaction.coin_outputs().iter() {
            assert_eq!(check_condition(&output.condition), Ok(()), "{name}");
        }
        for input in transaction.coin_inputs() {
            assert!(!input.fulfillment.public_keys().is_empty(), "{name}");
        }
        assert!(
            transaction.blockstake_outputs().len()
                == transaction.ids().expect(name).blockstake_outputs.len(),
            "{name}"
        );
    }
}

#[test]
fn parts_are_found_in_every_version() {
    for case in list(&cases(), "cases") {
        let name = text(case, "name");
        let transaction = read(case);
        let data = &case["json"]["data"];
        let length = |key: &str| data[key].as_array().map_or(0, Vec::len);
        assert_eq!(transaction.coin_inputs().len(), length("coininputs"));
        let outputs = match transaction.version() {
            209 => 1,
            144.. => usize::from(data["refundcoinoutput"].is_object()),
            _ => length("coinoutputs"),
        };
        assert_eq!(transaction.coin_outputs().len(), outputs, "{name}");
        let fees: Vec<String> = transaction
            .miner_fees()
            .iter()
            .map(|fee| fee.units_text())
            .collect();
        let expected: Vec<String> = match &data["minerfees"] {
            Value::Array(fees) => fees
                .iter()
                .map(|fee| fee.as_str().expect("fee").to_owned())
                .collect(),
            _ => data["txfee"]
                .as_str()
                .map(str::to_owned)
                .into_iter()
                .collect(),
        };
        assert_eq!(fees, expected, "{name}");
        assert_eq!(
            transaction.arbitrary_data().is_empty(),
            data["arbitrarydata"].is_null(),
            "{name}"
        );
        assert_ne!(transaction.kind(), "unknown");
    }
}

#[test]
fn null_lists_and_missing_lists_are_empty() {
    for data in [
        json!({}),
        json!({"coininputs": null, "coinoutputs": null, "blockstakeinputs": null,
               "blockstakeoutputs": null, "minerfees": null, "arbitrarydata": null}),
        json!({"coininputs": [], "coinoutputs": [], "blockstakeinputs": [],
               "blockstakeoutputs": [], "minerfees": [], "arbitrarydata": "", "other": 1}),
    ] {
        let json = json!({"version": 1, "data": data, "other": [1, 2]});
        let transaction: Transaction = serde_json::from_value(json).expect("reads");
        assert_eq!(
            serde_json::to_string(&transaction).expect("prints"),
            r#"{"version":1,"data":{"coininputs":null,"minerfees":null}}"#
        );
    }
    let nil = r#"{"version":0,"data":{"coininputs":[],"minerfees":null}}"#;
    let transaction: Transaction = serde_json::from_str(nil).expect("nil transaction");
    assert_eq!(serde_json::to_string(&transaction).expect("prints"), nil);
    assert!(transaction.id().is_ok());
}

#[test]
fn unknown_versions_are_kept() {
    let json = r#"{"version":200,"data":{"zeta":[1,null,{"b":"\u003c"}],"alpha":"x"}}"#;
    let transaction: Transaction = serde_json::from_str(json).expect("reads");
    assert_eq!(transaction.version(), 200);
    assert_eq!(transaction.kind(), "unknown");
    assert_eq!(serde_json::to_string(&transaction).expect("prints"), json);
    assert!(transaction.id().is_err() && transaction.binary().is_err());
    assert!(transaction.coin_outputs().is_empty() && transaction.miner_fees().is_empty());

    let bytes = [200, 1, 2, 3];
    let transaction = Transaction::from_binary(&bytes).expect("keeps");
    assert_eq!(
        transaction,
        Transaction::Unknown(UnknownTransaction {
            version: 200,
            data: UnknownData::Binary(vec![1, 2, 3]),
        })
    );
    assert_eq!(transaction.binary().expect("binary"), bytes);
}

#[test]
fn versions_that_are_no_versions() {
    let error = |json: &str| {
        serde_json::from_str::<Transaction>(json)
            .expect_err(json)
            .to_string()
    };
    assert!(error(r#"{"version":300,"data":{}}"#).starts_with(
        "json: cannot unmarshal number 300 into Go struct field jsonTransaction.version"
    ));
    assert!(error("{}").starts_with("unexpected end of JSON input"));
    assert!(error(r#"{"version":1}"#).starts_with("unexpected end of JSON input"));
    assert!(Transaction::from_binary(&[]).is_err());
    assert!(error("[]").contains("expected an object with version, data"));
}

#[test]
fn transactions_of_later_nodes_are_read_and_shown() {
    let address = "017f32c2edd4bcb37b8724d307a5a086f8ed68b1ff8b78780fdfee28ea482bd5c9fbec8d190cff";
    let key = format!("ed25519:{}", "07".repeat(32));
    let fulfillment = json!({"type": 1, "data": {"publickey": key, "signature": "ab".repeat(64)}});
    let condition = json!({"type": 1, "data": {"unlockhash": address}});
    for json in [
        json!({"version": 130, "data": {
            "coininputs": [{"parentid": "01".repeat(32), "fulfillment": fulfillment}],
            "coinoutputs": [{"value": "5", "condition": condition}],
            "minerfees": ["1000000000"], "arbitrarydata": "AQI="}}),
        json!({"version": 176, "data": {
            "nonce": "AQIDBAUGBwg=", "authaddresses": [address], "deauthaddresses": [address],
            "arbitrarydata": "AQI=", "authfulfillment": fulfillment, "minerfees": ["1"]}}),
        json!({"version": 177, "data": {
            "nonce": "AQIDBAUGBwg=", "arbitrarydata": "AQI=", "authcondition": condition,
            "authfulfillment": fulfillment, "minerfees": ["1"]}}),
    ] {
        let transaction: Transaction = serde_json::from_value(json.clone()).expect("reads");
        assert_eq!(
            serde_json::to_string(&transaction).expect("prints"),
            json.to_string()
        );
        let binary = transaction.binary().expect("binary");
        assert_eq!(Transaction::from_binary(&binary), Ok(transaction.clone()));
        assert_eq!(transaction.miner_fees().len(), 1);
        assert_eq!(transaction.arbitrary_data(), [1, 2]);
        assert_ne!(transaction.kind(), "unknown");
        if transaction.version() == 130 {
            // Reckoned by the node's own code, in which the version is there but not switched on.
            assert_eq!(
                transaction.id().expect("id").to_string(),
                "fc3450a937ec5ba2d2826cb5b554a184be1613d90d99a5c23bd3e938b37640e2"
            );
        }
    }
}

#[test]
fn erc20_registrations_check_the_derived_addresses() {
    let cases = cases();
    let case = list(&cases, "cases")
        .iter()
        .find(|case| text(case, "name") == "v210-register-refund")
        .expect("case");
    for key in ["tftaddress", "erc20address"] {
        let mut json = case["json"].clone();
        json["data"].as_object_mut().expect("data").remove(key);
        let read_again: Transaction = serde_json::from_value(json).expect("optional");
        assert_eq!(read_again, read(case));
    }
    for (key, wrong) in [
        (
            "tftaddress",
            "017f32c2edd4bcb37b8724d307a5a086f8ed68b1ff8b78780fdfee28ea482bd5c9fbec8d190cff",
        ),
        ("erc20address", "0x125db719ab77551a026859e039b572b3a104becb"),
    ] {
        let mut json = case["json"].clone();
        json["data"][key] = json!(wrong);
        let error = serde_json::from_value::<Transaction>(json).expect_err(key);
        assert!(error.to_string().contains(wrong), "{error}");
    }
}

#[test]
fn what_has_no_binary_form_is_an_error() {
    let cases = cases();
    let registration = list(&cases, "cases")
        .iter()
        .find(|case| text(case, "name") == "v144-name-and-address")
        .map(read)
        .expect("case");
    let change = |change: &dyn Fn(&mut kosmos::tfchain::transaction::BotRegistration)| {
        let mut transaction = registration.clone();
        if let Transaction::BotRegistration(body) = &mut transaction {
            change(body);
        }
        transaction.id().expect_err("no form").to_string()
    };
    assert_eq!(
        change(&|body| body.months = 32),
        "the number of months is 32, but it has to be from 0 to 31"
    );
    assert_eq!(
        change(&|body| body.names = vec!["alpha1".parse().expect("name"); 16]),
        "the number of names or addresses is 16, but it has to be from 0 to 15"
    );
    assert_eq!(
        change(&|body| body.identification.signature = Signature::EMPTY),
        "the signature has 0 bytes, but 64 are stored here"
    );
    let mut legacy = list(&cases, "cases")
        .iter()
        .find(|case| text(case, "name") == "v0-single")
        .map(read)
        .expect("case");
    if let Transaction::Legacy(body) = &mut legacy {
        body.coin_outputs.first_mut().expect("output").condition = Condition::Nil;
    }
    assert!(legacy.id().is_err());
    assert!(serde_json::to_string(&legacy).is_err());
}
