//! Accepted, refused or unknown: what the wallet says after every kind of answer to a POST.
use std::time::Duration;

use kosmos::tfchain::explorer::HttpLimits;
use kosmos::tfchain::transaction::StandardTransaction;
use kosmos::tfchain::wallet::{Submission, submit};
use kosmos::tfchain::{Amount, Condition, Hash, Output, Transaction};
use serde_json::{Value, json};

use super::super::explorer::stub::{Reply, Seen, Server, dead_address, explorer, short_limits};
use super::super::explorer::vectors;

/// A transaction of the recordings, and its look-up as a node answers it.
fn known() -> (Transaction, Value) {
    let file = vectors("02_plain_transfer");
    let body = file["exchanges"]
        .as_array()
        .unwrap()
        .iter()
        .find(|e| e["body"]["hashtype"] == "transactionid")
        .unwrap()["body"]
        .clone();
    let raw = body["transaction"]["rawtransaction"].clone();
    (serde_json::from_value(raw).unwrap(), body)
}

fn unknown_hash() -> Reply {
    Reply::json(
        400,
        &json!({"message": "unrecognized hash used as input to /explorer/hash"}),
    )
}

async fn outcome(
    post: Reply,
    lookup: impl Fn() -> Reply + Send + Sync + 'static,
) -> (Submission, Vec<Seen>) {
    let server = Server::start(move |seen| match seen.method.as_str() {
        "POST" => post.clone(),
        _ => lookup(),
    })
    .await;
    let (transaction, _) = known();
    let client = explorer(&[&server.address], short_limits());
    let submission = submit(&client, &transaction).await.unwrap();
    assert_eq!(submission.id(), transaction.id().unwrap());
    let posts = server
        .requests()
        .iter()
        .filter(|seen| seen.method == "POST")
        .count();
    assert_eq!(posts, 1, "nothing is sent twice");
    (submission, server.requests())
}

fn found() -> Reply {
    Reply::json(200, &known().1)
}

#[tokio::test]
async fn a_good_answer_is_accepted() {
    let id = known().0.id().unwrap();
    let post = Reply::json(200, &json!({ "transactionid": id }));
    let (submission, requests) = outcome(post, unknown_hash).await;
    assert_eq!(submission, Submission::Accepted { id });
    assert_eq!(requests.len(), 1);
    assert!(
        requests[0]
            .head
            .to_lowercase()
            .contains("content-type: application/json")
    );
    let posted: Value = serde_json::from_slice(&requests[0].body).unwrap();
    assert_eq!(posted, serde_json::to_value(known().0).unwrap());
}

#[tokio::test]
async fn a_refusal_is_refused_with_the_nodes_words() {
    let message = "error after call to /wallet/transactions: transaction has a too small miner fee";
    let (submission, requests) = outcome(
        Reply::json(400, &json!({ "message": message })),
        unknown_hash,
    )
    .await;
    let Submission::Refused { error, .. } = submission else {
        panic!("{submission:?}");
    };
    assert_eq!(error.kind(), "ExplorerServerPostError");
    assert_eq!(
        error.to_string(),
        format!("/transactionpool/transactions: POST: error (code: 400): explorer said: {message}")
    );
    assert_eq!(requests.len(), 1);
}

#[tokio::test]
async fn a_duplicate_is_accepted_when_the_node_has_it() {
    let message = "error after call to /wallet/transactions: transaction set contains only duplicate transactions";
    let post = || Reply::json(400, &json!({ "message": message }));
    assert!(outcome(post(), found).await.0.is_accepted());
    let (submission, _) = outcome(post(), unknown_hash).await;
    assert!(
        matches!(submission, Submission::Refused { .. }),
        "{submission:?}"
    );
}

#[tokio::test]
async fn unclear_answers_make_the_wallet_ask_for_the_id() {
    let mut cases = tokio::task::JoinSet::new();
    for (name, post) in [
        ("silence", Reply::Hang),
        ("a lost connection", Reply::Close),
        ("500", Reply::json(500, &json!({"message": "x"}))),
        (
            "502",
            Reply::Http(502, b"<html>bad gateway</html>".to_vec()),
        ),
        ("408", Reply::Http(408, Vec::new())),
        ("302", Reply::Http(302, Vec::new())),
        (
            "a cut answer",
            Reply::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{".to_vec()),
        ),
        ("an endless answer", Reply::Endless { announced: false }),
    ] {
        cases.spawn(async move {
            let (submission, _) = outcome(post.clone(), found).await;
            assert!(submission.is_accepted(), "{name}: {submission:?}");
            let (submission, requests) = outcome(post, unknown_hash).await;
            let unknown = matches!(submission, Submission::Unknown { .. });
            assert!(unknown, "{name}: {submission:?}");
            assert!(requests.len() > 1, "{name}: the node was asked for the id");
        });
    }
    while let Some(case) = cases.join_next().await {
        case.unwrap();
    }
}

#[tokio::test]
async fn the_id_may_show_up_a_moment_later() {
    let calls = std::sync::atomic::AtomicUsize::new(0);
    let lookup = move || match calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
        0 => unknown_hash(),
        _ => found(),
    };
    assert!(outcome(Reply::Close, lookup).await.0.is_accepted());
}

#[tokio::test]
async fn a_node_that_names_another_id_is_not_believed() {
    let post = Reply::json(200, &json!({ "transactionid": "11".repeat(32) }));
    let (submission, _) = outcome(post, found).await;
    let Submission::Unknown { error, .. } = submission else {
        panic!("{submission:?}");
    };
    assert_eq!(error.kind(), "ExplorerInvalidResponse");
    assert!(error.to_string().contains("but calls it 1111"), "{error}");
}

#[tokio::test]
async fn without_any_node_nothing_was_sent() {
    let dead = dead_address().await;
    let client = explorer(&[&dead], short_limits());
    let submission = submit(&client, &known().0).await.unwrap();
    let Submission::Refused { error, .. } = submission else {
        panic!("{submission:?}");
    };
    assert_eq!(error.kind(), "ExplorerNotAvailable");
}

#[tokio::test]
async fn a_posted_transaction_goes_to_the_next_node_only_when_nothing_was_sent() {
    let id = known().0.id().unwrap();
    let good = Server::start(move |_| Reply::json(200, &json!({ "transactionid": id }))).await;
    let dead = dead_address().await;
    let client = explorer(&[&dead, &good.address], short_limits());
    assert!(submit(&client, &known().0).await.unwrap().is_accepted());
    assert_eq!(good.requests().len(), 1);

    let silent = Server::start(|_| Reply::Hang).await;
    let other = Server::start(|_| unknown_hash()).await;
    let limits = HttpLimits {
        search: Duration::from_millis(400),
        ..short_limits()
    };
    let client = explorer(&[&silent.address, &other.address], limits);
    let submission = submit(&client, &known().0).await.unwrap();
    assert!(
        matches!(submission, Submission::Unknown { .. }),
        "{submission:?}"
    );
    assert!(other.requests().iter().all(|seen| seen.method == "GET"));
}

#[tokio::test]
async fn what_has_no_id_is_not_sent() {
    let server = Server::start(|_| Reply::Close).await;
    let client = explorer(&[&server.address], short_limits());
    let unknown: Transaction = serde_json::from_value(json!({"version": 99, "data": {}})).unwrap();
    assert!(submit(&client, &unknown).await.is_err());
    assert!(server.requests().is_empty());
    // A transaction that has one but is nonsense is the node's to refuse.
    let odd = Transaction::from(StandardTransaction {
        coin_outputs: vec![Output::new(Amount::ONE_TFT, Condition::Nil)],
        ..StandardTransaction::default()
    });
    assert_ne!(odd.id().unwrap(), Hash::ZERO);
}
