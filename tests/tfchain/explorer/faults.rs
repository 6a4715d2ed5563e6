//! Servers that are dead, silent, slow, endless or talk something else.
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use kosmos::tfchain::Hash;
use kosmos::tfchain::explorer::{ExplorerError, HttpFetch, HttpLimits};
use serde_json::json;

use super::stub::{Reply, Server, dead_address, explorer, short_limits};

fn facts() -> Reply {
    // Enough of an answer to be told apart: the pool is empty.
    Reply::json(200, &json!({ "transactions": null }))
}

async fn error_of(reply: Reply) -> ExplorerError {
    let server = Server::start(move |_| reply.clone()).await;
    explorer(&[&server.address], short_limits())
        .pool()
        .await
        .unwrap_err()
}

#[tokio::test]
async fn a_dead_node_is_skipped() {
    let dead = dead_address().await;
    let alive = Server::start(|_| facts()).await;
    let explorer = explorer(&[&dead, &alive.address], short_limits());
    assert_eq!(explorer.pool().await, Ok(Vec::new()));
    let seen = &alive.requests()[0];
    assert_eq!(
        (seen.method.as_str(), seen.path.as_str()),
        ("GET", "/transactionpool/transactions")
    );
    assert!(
        seen.head
            .to_lowercase()
            .contains("user-agent: rivine-agent\r\n"),
        "{}",
        seen.head
    );
}

#[tokio::test]
async fn a_silent_node_is_skipped() {
    let silent = Server::start(|_| Reply::Hang).await;
    let alive = Server::start(|_| facts()).await;
    let explorer = explorer(&[&silent.address, &alive.address], short_limits());
    assert_eq!(explorer.pool().await, Ok(Vec::new()));
    assert_eq!(silent.requests().len(), 1);
    // A moment later it is tried last, so the next question does not wait for it.
    let start = Instant::now();
    assert_eq!(explorer.pool().await, Ok(Vec::new()));
    assert!(
        start.elapsed() < Duration::from_millis(250),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(silent.requests().len(), 1);
}

#[tokio::test]
async fn a_node_that_hangs_up_is_skipped() {
    let rude = Server::start(|_| Reply::Close).await;
    let alive = Server::start(|_| facts()).await;
    let explorer = explorer(&[&rude.address, &alive.address], short_limits());
    assert_eq!(explorer.pool().await, Ok(Vec::new()));
}

#[tokio::test]
async fn any_answer_ends_the_search() {
    let sick = Server::start(|_| Reply::json(500, &json!({"message": "out of order"}))).await;
    let alive = Server::start(|_| facts()).await;
    let explorer = explorer(&[&sick.address, &alive.address], short_limits());
    let error = explorer.pool().await.unwrap_err();
    assert_eq!(error.kind(), "ExplorerServerError");
    assert_eq!(
        error.to_string(),
        "/transactionpool/transactions: GET: error (code: 500): explorer said: out of order"
    );
    assert!(alive.requests().is_empty());
}

#[tokio::test]
async fn no_node_at_all_is_said_with_the_reasons() {
    let dead = dead_address().await;
    let silent = Server::start(|_| Reply::Hang).await;
    let explorer = explorer(&[&dead, &silent.address], short_limits());
    let start = Instant::now();
    let error = explorer.pool().await.unwrap_err();
    assert!(
        start.elapsed() < Duration::from_millis(1500),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(error.kind(), "ExplorerNotAvailable");
    assert_eq!(
        error.to_string(),
        "/transactionpool/transactions: no explorer was available"
    );
    let tried: Vec<&str> = error
        .tried()
        .iter()
        .map(|node| node.node.as_str())
        .collect();
    assert_eq!(tried, [dead.as_str(), silent.address.as_str()]);
    assert!(error.tried()[0].reason.contains("refused"), "{error:?}");
    assert!(
        error.tried()[1].reason.contains("no answer within"),
        "{error:?}"
    );
}

#[test]
fn the_default_limits_keep_the_promise_of_ten_seconds() {
    let limits = HttpLimits::default();
    assert!(limits.search < Duration::from_secs(10));
    assert!(limits.connect <= Duration::from_secs(3));
}

#[tokio::test]
async fn answers_that_are_no_json_are_told_apart() {
    for (reply, expected) in [
        (
            Reply::Http(200, b"<html><title>Login</title>".to_vec()),
            "HTML page",
        ),
        (
            Reply::Http(200, b"{\"transactions\":[{\"version\":1,".to_vec()),
            "cut off",
        ),
        (Reply::Http(200, b"".to_vec()), "empty"),
        (
            Reply::Http(200, b"\xff\xfe\x00garbage".to_vec()),
            "not as expected",
        ),
        (Reply::Http(200, b"[1, 2, 3]".to_vec()), "not as expected"),
        (
            Reply::Http(200, b"{\"transactions\": \"\x1b[31m\"}".to_vec()),
            "not as expected",
        ),
        (
            Reply::Raw(
                b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"transactions\":".to_vec(),
            ),
            "breaks off after 16 bytes",
        ),
        (Reply::Drip(Duration::from_millis(20)), "stalls after"),
        (Reply::Endless { announced: true }, "larger than 4 MiB"),
        (Reply::Endless { announced: false }, "larger than 4 MiB"),
    ] {
        let start = Instant::now();
        let error = error_of(reply).await;
        assert_eq!(
            error.kind(),
            "ExplorerInvalidResponse",
            "{expected}: {error}"
        );
        let text = error.to_string();
        assert!(text.contains(expected), "{expected}: {text}");
        assert!(text.chars().all(|c| !c.is_control()), "{text:?}");
        assert!(
            start.elapsed() < Duration::from_secs(2),
            "{expected}: {:?}",
            start.elapsed()
        );
    }
}

#[tokio::test]
async fn what_is_no_http_counts_as_out_of_reach() {
    let error = error_of(Reply::Raw(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec())).await;
    assert_eq!(error.kind(), "ExplorerNotAvailable", "{error:?}");
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let other = Server::start(|_| facts()).await;
    let location = other.address.clone();
    let server = Server::start(move |seen| {
        let head = "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: ";
        Reply::Raw(format!("{head}{location}{}\r\n\r\n", seen.path).into_bytes())
    })
    .await;
    let error = explorer(&[&server.address], short_limits())
        .pool()
        .await
        .unwrap_err();
    assert!(error.to_string().contains("error (code: 302)"), "{error}");
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn the_words_of_a_server_are_cleaned_cut_and_marked() {
    let hostile = format!(
        "\u{1b}]0;x\u{7}\u{1b}[2Jpay\r\nto \u{202e}me{}",
        "!".repeat(10_000)
    );
    let error = error_of(Reply::json(503, &json!({ "message": hostile }))).await;
    let text = error.to_string();
    assert!(text.contains("explorer said: pay to me!!!"), "{text}");
    assert!(text.chars().count() < 400, "{}", text.len());
    let said = error.server_text().unwrap();
    assert!(said.as_str().starts_with("pay to me!"), "{said}");
}

#[tokio::test]
async fn statuses_become_the_errors_of_the_original() {
    let id = Hash::of(b"nothing");
    for (status, body, kind, expected) in [
        (
            204,
            "",
            "ExplorerNoContent",
            "no content available (code: 204)",
        ),
        (
            400,
            "{\"message\":\"unrecognized hash used as input to /explorer/hash\"}\n",
            "ExplorerNoContent",
            "no content available for specified hash (code: 400)",
        ),
        (
            400,
            "{\"message\":\"invalid ERC20 address: address not found\"}\n",
            "ExplorerNoContent",
            "no content available for specified hash (code: 400)",
        ),
        (
            400,
            "{\"message\":\"x\"}",
            "ExplorerServerError",
            "error (code: 400): explorer said: x",
        ),
        (
            404,
            "404 page not found\n",
            "ExplorerServerError",
            "error (code: 404)",
        ),
    ] {
        let server = Server::start(move |_| Reply::Http(status, body.into())).await;
        let client = explorer(&[&server.address], short_limits());
        let error = client.transaction(id).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{status} {body}");
        let text = error.to_string();
        assert!(
            text.starts_with(&format!("/explorer/hashes/{id}: GET: {expected}")),
            "{text}"
        );
    }
}

#[tokio::test]
async fn connections_are_kept() {
    let server = Server::start(|_| facts()).await;
    let explorer = explorer(&[&server.address], short_limits());
    for _ in 0..20 {
        explorer.pool().await.unwrap();
    }
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_kept_connection_that_the_node_closed_is_replaced() {
    let server = Server::start(|_| {
        let body = "{\"transactions\":null}\n";
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        Reply::Raw(format!("{head}{body}").into_bytes())
    })
    .await;
    let explorer = explorer(&[&server.address], short_limits());
    for _ in 0..10 {
        assert_eq!(explorer.pool().await, Ok(Vec::new()));
    }
}

#[test]
fn addresses_of_nodes_are_checked() {
    for address in ["", "localhost:23110", "ftp://x", "http://", "\u{1b}[31m"] {
        let made = HttpFetch::new(&[address], Box::new(|| 0), HttpLimits::default());
        assert!(
            matches!(made, Err(ExplorerError::NodeAddress { .. })),
            "{address}"
        );
    }
    assert!(
        HttpFetch::new(
            &["http://localhost:23110/"],
            Box::new(|| 0),
            HttpLimits::default()
        )
        .is_ok()
    );
}

#[test]
fn nodes_are_tried_in_random_order() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let one = Server::start(|_| facts()).await;
        let two = Server::start(|_| facts()).await;
        let state = std::sync::atomic::AtomicU64::new(7);
        let random = move || {
            let step = |x: u64| x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            step(
                state
                    .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |x| Some(step(x)))
                    .unwrap(),
            ) >> 33
        };
        let addresses = [&one.address, &two.address];
        let fetch = HttpFetch::new(&addresses, Box::new(random), short_limits()).unwrap();
        let network = kosmos::tfchain::Network::Devnet;
        let explorer =
            kosmos::tfchain::explorer::Explorer::new(network, std::sync::Arc::new(fetch));
        for _ in 0..40 {
            explorer.pool().await.unwrap();
        }
        let counts = (one.requests().len(), two.requests().len());
        assert!(counts.0 > 5 && counts.1 > 5, "{counts:?}");
    });
}
