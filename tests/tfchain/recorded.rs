//! Every transaction that a real node ever answered in the recorded exchanges: printed the same,
//! with the node's ids and addresses, and rightly signed.

use kosmos::tfchain::encoding::Encode;
use kosmos::tfchain::rules::{FulfillContext, check_condition, check_fulfilled, check_fulfillment};
use kosmos::tfchain::{
    BotId, Condition, Hash, Input, Network, Output, PublicKey, SignTarget, SignatureHasher,
    Transaction, UnlockHash,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

#[derive(Default)]
struct Seen {
    transactions: BTreeSet<String>,
    versions: BTreeMap<u8, usize>,
    conditions: usize,
    inputs: usize,
}

fn texts(value: &Value) -> Vec<String> {
    let list = value.as_array().cloned().unwrap_or_default();
    list.iter()
        .map(|item| item.as_str().expect("text").to_owned())
        .collect()
}

fn check(object: &Value, seen: &mut Seen, place: &str) {
    let raw = object["rawtransaction"].to_string();
    let transaction: Transaction =
        serde_json::from_str(&raw).unwrap_or_else(|error| panic!("{place}: {error} in {raw}"));
    let printed = serde_json::to_string(&transaction).expect("prints");
    assert_eq!(printed, raw, "{place}");
    let id = object["id"].as_str().expect("id");
    if id.chars().all(|digit| digit == '0') {
        // A filler: the node prints an empty legacy transaction.
        assert_eq!(transaction.version(), 0, "{place}");
        return;
    }
    let binary = transaction.binary().expect("binary");
    assert_eq!(
        Transaction::from_binary(&binary).as_ref(),
        Ok(&transaction),
        "{place}"
    );
    let ids = transaction.ids().expect("ids");
    assert_eq!(ids.transaction.to_string(), id, "{place}");
    let own: Vec<String> = ids.coin_outputs.iter().map(ToString::to_string).collect();
    assert_eq!(own, texts(&object["coinoutputids"]), "{place}");
    let own = ids.blockstake_outputs.iter().map(ToString::to_string);
    let own: Vec<String> = own.collect();
    assert_eq!(own, texts(&object["blockstakeoutputids"]), "{place}");
    let own: Vec<String> = transaction
        .coin_outputs()
        .iter()
        .map(|output| output.condition.unlock_hash().chain_text())
        .collect();
    assert_eq!(own, texts(&object["coinoutputunlockhashes"]), "{place}");
    let hasher = transaction.signature_hasher().expect("hasher");
    let context = FulfillContext {
        height: 400_000_000,
        time: u64::MAX,
    };
    let spent = object["coininputoutputs"].as_array().cloned();
    for (index, spent) in spent.unwrap_or_default().iter().enumerate() {
        // An output that is itself unconfirmed is shown as zero, with a nil condition.
        if spent["value"] == "0" {
            continue;
        }
        let condition: Condition =
            serde_json::from_value(spent["condition"].clone()).expect("condition");
        let address: UnlockHash =
            serde_json::from_value(spent["unlockhash"].clone()).expect("address");
        assert_eq!(condition.unlock_hash(), address, "{place}");
        let fulfillment = &transaction.coin_inputs()[index].fulfillment;
        let target = SignTarget::CoinInput(index);
        assert_eq!(
            check_fulfilled(&condition, fulfillment, context, target, &hasher),
            Ok(()),
            "{place} input {index}"
        );
        seen.inputs += 1;
    }
    if seen.transactions.insert(id.to_owned()) {
        *seen.versions.entry(transaction.version()).or_default() += 1;
    }
}

fn walk(value: &Value, seen: &mut Seen, place: &str) {
    match value {
        Value::Object(object) => {
            if object.contains_key("rawtransaction") {
                check(value, seen, place);
            }
            if let Some(condition) = object.get("condition")
                && object.contains_key("value")
            {
                let read: Condition = serde_json::from_value(condition.clone()).expect(place);
                let bytes = read.to_bytes(kosmos::tfchain::encoding::Encoding::Siabin);
                assert!(bytes.is_ok());
                seen.conditions += 1;
            }
            for (key, inner) in object {
                // What was sent may be wrong on purpose; only answers are looked at.
                if key != "request" {
                    walk(inner, seen, place);
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|inner| walk(inner, seen, place)),
        _ => {}
    }
}

#[test]
fn answers_of_a_real_node() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/explorer");
    let mut seen = Seen::default();
    for entry in std::fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("file");
        let file: Value = serde_json::from_str(&text).expect("json");
        walk(&file, &mut seen, &path.display().to_string());
    }
    let versions: Vec<u8> = seen.versions.keys().copied().collect();
    assert_eq!(versions, [1, 128, 129, 144, 145, 146, 208, 209, 210]);
    assert!(seen.transactions.len() > 50, "{}", seen.transactions.len());
    assert!(seen.inputs > 100, "{}", seen.inputs);
    assert!(seen.conditions > 100, "{}", seen.conditions);
}

/// What spending needs to know of the chain.
#[derive(Default)]
struct State {
    coins: HashMap<Hash, Output>,
    stakes: HashMap<Hash, Output>,
    bots: HashMap<BotId, PublicKey>,
    mint: Condition,
}

fn spend(
    outputs: &mut HashMap<Hash, Output>,
    input: &Input,
    target: SignTarget,
    context: FulfillContext,
    hasher: &SignatureHasher,
    place: &str,
) {
    let parent = outputs.remove(&input.parent_id).expect(place);
    assert_eq!(check_fulfillment(&input.fulfillment), Ok(()), "{place}");
    assert_eq!(
        check_fulfilled(
            &parent.condition,
            &input.fulfillment,
            context,
            target,
            hasher
        ),
        Ok(()),
        "{place} {target:?}"
    );
}

fn apply(state: &mut State, transaction: &Transaction, context: FulfillContext, place: &str) {
    let hasher = transaction.signature_hasher().expect(place);
    for (index, input) in transaction.coin_inputs().iter().enumerate() {
        let target = SignTarget::CoinInput(index);
        spend(&mut state.coins, input, target, context, &hasher, place);
    }
    for (index, input) in transaction.blockstake_inputs().iter().enumerate() {
        let target = SignTarget::BlockStakeInput(index);
        spend(&mut state.stakes, input, target, context, &hasher, place);
    }
    if let Some(fulfillment) = transaction.mint_fulfillment() {
        let target = SignTarget::MintFulfillment;
        assert_eq!(
            check_fulfilled(&state.mint, fulfillment, context, target, &hasher),
            Ok(()),
            "{place}"
        );
    }
    let signed = |target, key: &PublicKey| {
        assert_eq!(
            transaction.check_extension(&hasher, target, key),
            Ok(()),
            "{place}"
        );
    };
    match transaction {
        Transaction::MinterDefinition(body) => state.mint = body.mint_condition.clone(),
        Transaction::BotRegistration(body) => {
            signed(SignTarget::Bot, &body.identification.public_key);
            let id = BotId::try_from(state.bots.len() + 1).expect("few bots");
            state.bots.insert(id, body.identification.public_key);
        }
        Transaction::BotRecordUpdate(body) => signed(SignTarget::Bot, &state.bots[&body.id]),
        Transaction::BotNameTransfer(body) => {
            signed(SignTarget::NameSender, &state.bots[&body.sender.id]);
            signed(SignTarget::NameReceiver, &state.bots[&body.receiver.id]);
        }
        Transaction::Erc20AddressRegistration(body) => {
            signed(SignTarget::Erc20Registration, &body.public_key);
        }
        _ => {}
    }
    let ids = transaction.ids().expect(place);
    let coins = transaction.coin_outputs();
    for (id, output) in ids.coin_outputs.iter().zip(coins.iter()) {
        assert_eq!(check_condition(&output.condition), Ok(()), "{place}");
        state.coins.insert(*id, output.clone());
    }
    let stakes = transaction.blockstake_outputs();
    for (id, output) in ids.blockstake_outputs.iter().zip(stakes) {
        state.stakes.insert(*id, output.clone());
    }
}

#[test]
fn a_whole_chain_follows_the_rules() {
    let chain = super::vectors::load("../explorer/30_chain.json");
    let mut state = State {
        mint: Network::Devnet.genesis_mint_condition(),
        ..State::default()
    };
    // Of an unknown newest block before the first one.
    let mut context = FulfillContext { height: 0, time: 0 };
    let mut count = 0;
    for block in super::vectors::list(&chain, "blocks") {
        let height = super::vectors::number(block, "height");
        let raw = &block["rawblock"];
        let ids = texts(&block["transactionids"]);
        let transactions = super::vectors::list(raw, "transactions");
        assert_eq!(ids.len(), transactions.len());
        for (json, id) in transactions.iter().zip(&ids) {
            let place = format!("block {height}, transaction {id}");
            let transaction: Transaction = serde_json::from_str(&json.to_string()).expect(&place);
            assert_eq!(
                serde_json::to_string(&transaction).expect(&place),
                json.to_string()
            );
            assert_eq!(transaction.id().expect(&place).to_string(), *id);
            apply(&mut state, &transaction, context, &place);
            count += 1;
        }
        // Payouts become outputs too; that they mature later is the node's business.
        let payouts = raw["minerpayouts"].as_array().cloned().unwrap_or_default();
        for (payout, id) in payouts.iter().zip(texts(&block["minerpayoutids"])) {
            let output = Output {
                value: serde_json::from_value(payout["value"].clone()).expect("value"),
                condition: serde_json::from_value::<UnlockHash>(payout["unlockhash"].clone())
                    .expect("address")
                    .into(),
            };
            state.coins.insert(id.parse().expect("id"), output);
        }
        context = FulfillContext {
            height,
            time: super::vectors::number(raw, "timestamp"),
        };
    }
    assert_eq!(count, 130);
    assert!(state.bots.len() > 1);
}
