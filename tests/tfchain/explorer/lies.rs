//! Nodes that answer well-formed lies: each must be reported, none believed.
use std::sync::Arc;

use kosmos::tfchain::explorer::Explorer;
use serde_json::{Value, json};

use super::stub::Replay;
use super::vectors;

/// The recorded answer of alice's first address, which has spent and received.
const ALICE: &str = "/explorer/hashes/01723337ddbcea77185402a92ae24a6fb6162d52c50272d1dbc56b0ffd07a265280e87c26490e9";

fn recorded(path: &str) -> Value {
    let file = vectors("20_client_confirmed");
    let exchanges = file["exchanges"].as_array().unwrap();
    exchanges
        .iter()
        .find(|e| e["request"]["path"] == path)
        .unwrap()["body"]
        .clone()
}

fn serving(path: &str, body: &Value) -> Explorer {
    let mut replay = Replay::default();
    replay
        .answers
        .insert(path.to_owned(), (200, body.to_string().into_bytes()));
    Arc::new(replay).explorer()
}

async fn refused(change: impl FnOnce(&mut Value), expected: &str) {
    let mut body = recorded(ALICE);
    change(&mut body);
    let address = ALICE
        .trim_start_matches("/explorer/hashes/")
        .parse()
        .unwrap();
    let error = serving(ALICE, &body).address(address).await.unwrap_err();
    assert_eq!(error.kind(), "ExplorerInvalidResponse", "{error}");
    assert!(error.to_string().contains(expected), "{expected}: {error}");
}

/// The place of the first transaction with a coin input.
fn spender(body: &mut Value) -> &mut Value {
    let list = body["transactions"].as_array_mut().unwrap();
    list.iter_mut()
        .find(|t| t["coininputoutputs"].is_array())
        .unwrap()
}

#[tokio::test]
async fn the_honest_answer_passes() {
    let address = ALICE
        .trim_start_matches("/explorer/hashes/")
        .parse()
        .unwrap();
    let info = serving(ALICE, &recorded(ALICE))
        .address(address)
        .await
        .unwrap();
    assert_eq!(info.transactions.len(), 7);
}

#[tokio::test]
async fn another_transaction_id() {
    refused(
        |b| b["transactions"][0]["id"] = json!("11".repeat(32)),
        "its content has the id",
    )
    .await;
}

#[tokio::test]
async fn another_content() {
    let change = |b: &mut Value| {
        let output = &mut b["transactions"][0]["rawtransaction"]["data"]["coinoutputs"][0];
        output["value"] = json!("123456789000000000");
    };
    refused(change, "its content has the id").await;
}

#[tokio::test]
async fn another_output_id() {
    let change = |b: &mut Value| b["transactions"][0]["coinoutputids"][0] = json!("22".repeat(32));
    refused(change, "is said to be 2222").await;
}

#[tokio::test]
async fn an_output_too_many() {
    let change = |b: &mut Value| {
        let ids = b["transactions"][0]["coinoutputids"]
            .as_array_mut()
            .unwrap();
        ids.push(json!("22".repeat(32)));
    };
    refused(change, "outputs, not").await;
}

#[tokio::test]
async fn another_address_of_an_output() {
    let change = |b: &mut Value| {
        b["transactions"][0]["coinoutputunlockhashes"][0] =
            json!("015df22a2e82a3323bc6ffbd1730450ed844feca711c8fe0c15e218c171962fd17b206263220ee");
    };
    refused(change, "is said to belong to").await;
}

#[tokio::test]
async fn another_spent_output() {
    let foreign = "015df22a2e82a3323bc6ffbd1730450ed844feca711c8fe0c15e218c171962fd17b206263220ee";
    let change = |b: &mut Value| {
        spender(b)["coininputoutputs"][0] = json!({
            "value": "5000000000",
            "condition": {"type": 1, "data": {"unlockhash": foreign}},
            "unlockhash": foreign,
        });
    };
    refused(change, "cannot have spent").await;
}

#[tokio::test]
async fn another_value_of_a_spent_output_of_the_same_answer() {
    let change = |b: &mut Value| {
        let ids: Vec<Value> = b["transactions"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|t| t["coinoutputids"].as_array().cloned().unwrap_or_default())
            .collect();
        for transaction in b["transactions"].as_array_mut().unwrap() {
            let inputs = transaction["rawtransaction"]["data"]["coininputs"].clone();
            for (index, input) in inputs.as_array().into_iter().flatten().enumerate() {
                if ids.contains(&input["parentid"]) {
                    transaction["coininputoutputs"][index]["value"] = json!("1");
                    return;
                }
            }
        }
        panic!("no transaction of the answer spends another one's output");
    };
    refused(change, "is not as it was created").await;
}

#[tokio::test]
async fn fewer_spent_outputs_than_inputs() {
    refused(
        |b| spender(b)["coininputoutputs"] = Value::Null,
        "inputs spend 0 outputs",
    )
    .await;
}

#[tokio::test]
async fn another_kind_of_hash() {
    refused(
        |b| b["hashtype"] = json!("blockid\u{1b}[31m"),
        "expected hash type 'unlockhash' not 'blockid'",
    )
    .await;
}

#[tokio::test]
async fn another_transaction_than_asked_for() {
    let file = vectors("02_plain_transfer");
    let answers: Vec<&Value> = file["exchanges"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|e| e["status"] == 200 && e["body"]["hashtype"] == "transactionid")
        .collect();
    let body = &answers[0]["body"];
    let other = kosmos::tfchain::Hash::of(b"another");
    let explorer = serving(&format!("/explorer/hashes/{other}"), body);
    let error = explorer.transaction(other).await.unwrap_err();
    assert!(
        error.to_string().contains("the node sent transaction"),
        "{error}"
    );
}

#[tokio::test]
async fn another_block_than_asked_for() {
    let file = vectors("03_block_by_id");
    let exchange = file["exchanges"]
        .as_array()
        .unwrap()
        .iter()
        .find(|e| e["body"]["hashtype"] == "blockid")
        .unwrap();
    let other = kosmos::tfchain::Hash::of(b"another");
    let explorer = serving(&format!("/explorer/hashes/{other}"), &exchange["body"]);
    let error = explorer.block_by_id(other).await.unwrap_err();
    assert!(error.to_string().contains("the node sent block"), "{error}");
    let explorer = serving(
        "/explorer/blocks/999",
        &json!({"block": exchange["body"]["block"]}),
    );
    let error = explorer.block_by_height(999).await.unwrap_err();
    assert!(error.to_string().contains("the node sent block"), "{error}");
}
