//! What the HTTP layer adds: agents, hosts, methods, control, several devnets.

use std::time::Duration;

use kosmos::devnet::{self, Clock, Config, Control, Devnet, Error, MARKER};
use serde_json::Value;

use super::client::{AGENT, get, post, request};
use super::faucet::start;
use super::recording::{exchanges, vector};

#[tokio::test]
async fn recorded_failing_look_ups_over_http() {
    let dir = tempfile::tempdir().unwrap();
    let devnet = start(dir.path()).await;
    let mut compared = 0;
    for exchange in exchanges("09", &vector("explorer/09_lookup_errors.json")) {
        let agent = exchange.agent.as_deref().unwrap_or("Rivine-Agent");
        let (method, path) = (&exchange.method, &exchange.path);
        let answer = request(
            devnet.addr(),
            method,
            path,
            &[("User-Agent", agent)],
            &exchange.body,
        )
        .await;
        // Answers that depend on a chain are compared in the replay.
        if exchange.status < 400 || exchange.note.starts_with("minheight") {
            continue;
        }
        compared += 1;
        assert_eq!(answer.status, exchange.status, "{}", exchange.name);
        assert_eq!(answer.body, exchange.answer, "{}", exchange.name);
        assert_eq!(
            answer.header("content-type"),
            exchange.content_type.as_deref(),
            "{}",
            exchange.name
        );
    }
    assert!(compared > 25, "{compared}");
    devnet.stop().await;
}

#[tokio::test]
async fn statuses_and_headers() {
    let dir = tempfile::tempdir().unwrap();
    let devnet = start(dir.path()).await;
    let addr = devnet.addr();
    let json = Some("application/json; charset=utf-8");

    let nobody = format!("/explorer/hashes/01{}", "0".repeat(76));
    assert_eq!(get(addr, &nobody).await.status, 400, "checksum");
    let stranger = "0107399dec2a53db56e59f1cca786b37c0b0abfefb1e2a516d0664d3c91117a4ea1bd11880c8ac";
    let answer = get(addr, &format!("/explorer/hashes/{stranger}")).await;
    assert_eq!((answer.status, answer.body.as_str()), (204, ""));
    assert_eq!(answer.header("content-type"), json);

    let pool = "/transactionpool/transactions";
    let answer = get(addr, pool).await;
    assert_eq!(answer.body, "{\"transactions\":null}\n");
    assert_eq!(answer.header("content-type"), json);
    // Keys are known in any case; a list is no object.
    let plain = post(addr, r#"{"version":1,"data":{"coininputs":null}}"#).await;
    let cased = post(addr, r#"{"VERSION":1,"Data":{"CoinInputs":null}}"#).await;
    assert_eq!((cased.status, cased.body), (plain.status, plain.body));
    let list = post(addr, r#"{"version":1,"data":[]}"#).await;
    assert!(
        list.body
            .contains("error decoding the supplied transaction"),
        "{}",
        list.body
    );
    let answer = request(addr, "OPTIONS", pool, &[AGENT], b"").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    assert_eq!(answer.header("access-control-allow-methods"), Some("*"));
    assert_eq!(
        request(addr, "DELETE", pool, &[AGENT], b"").await.status,
        405
    );
    assert_eq!(
        request(addr, "HEAD", "/explorer", &[AGENT], b"")
            .await
            .status,
        405
    );
    let answer = get(addr, "/explorer/").await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (301, Some("/explorer"))
    );
    assert_eq!(get(addr, "/explorer/nope/").await.status, 404);

    let answer = get(addr, "/explorer/whois/3bot/%3Cb%3E%26").await;
    assert_eq!(answer.status, 500);
    let answer = get(addr, "/explorer/mintcondition/%3Cb%3E").await;
    let text = r#"{"message":"invalid block height given: strconv.ParseUint: parsing \"\u003cb\u003e\": invalid syntax"}"#;
    assert_eq!(answer.body.trim_end(), text);

    let host = async |host: &str| {
        request(addr, "GET", "/explorer", &[AGENT, ("Host", host)], b"")
            .await
            .status
    };
    let statuses = [host("evil.example").await, host("localhost:23110").await];
    assert_eq!(statuses, [403, 200]);
    let evil = [("Host", "evil.example")];
    assert_eq!(
        request(devnet.faucet_addr(), "GET", "/", &evil, b"")
            .await
            .status,
        403
    );
    assert_eq!(get(devnet.faucet_addr(), "/").await.status, 200);

    // A key may come with its colon encoded.
    let key = "ed25519%3A0d2dbfddb14a01a014f2c909bce6abaeae1a8a88dd81b7cba60b9990040b37f4";
    assert_eq!(
        get(addr, &format!("/explorer/3bot/{key}")).await.status,
        404
    );
    assert_eq!(post(addr, "hello").await.status, 400);
    devnet.stop().await;
}

#[tokio::test]
async fn control_needs_the_token_and_nothing_shows_without() {
    let dir = tempfile::tempdir().unwrap();
    let devnet = start(dir.path()).await;
    let addr = devnet.addr();
    let unknown = get(addr, "/nope").await;
    for token in ["", "0", &"0".repeat(64)] {
        let headers = [AGENT, ("X-Kosmos-Token", token)];
        let answer = request(addr, "POST", "/kosmos/devnet/stop", &headers, b"").await;
        assert_eq!((answer.status, &answer.body), (404, &unknown.body));
    }
    let control = Control::open(dir.path()).unwrap();
    assert_eq!(control.addr(), addr);
    let made = control.block_make().await.unwrap();
    assert_eq!(
        (made.height, made.timestamp, made.transactions),
        (1, 1_800_000_000, 0)
    );
    let status = control.clock_offset_set(-90).await.unwrap();
    assert_eq!(
        (status.clock_offset, status.now, status.height),
        (-90, 1_799_999_910, 1)
    );
    // Time on the chain does not go back; with an offset ahead it goes on.
    assert_eq!(control.block_make().await.unwrap().timestamp, 1_800_000_000);
    control.clock_offset_set(3_600).await.unwrap();
    assert_eq!(control.block_make().await.unwrap().timestamp, 1_800_003_600);
    let accounts = control.accounts().await.unwrap();
    assert_eq!(accounts[0].index, 25);
    assert_eq!(accounts[0].balance, "100000000000000000");
    control.stop().await.unwrap();
    devnet.stop_requested().await;
    devnet.stop().await;
    assert!(matches!(
        Control::open(dir.path()),
        Err(Error::NotRunning { .. })
    ));
    // The clock's offset is kept.
    let devnet = start(dir.path()).await;
    assert_eq!(
        (devnet.status().clock_offset, devnet.status().height),
        (3_600, 3)
    );
    devnet.stop().await;
}

#[tokio::test]
async fn one_devnet_per_folder_and_only_our_files_are_removed() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("new/devnet");
    let devnet = start(&folder).await;
    let config = Config {
        port: 0,
        ..Config::new(&folder)
    };
    let second = Devnet::start(config).await;
    assert!(matches!(second, Err(Error::Running { pid, .. }) if pid == std::process::id()));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        for file in std::fs::read_dir(&folder).unwrap() {
            let path = file.unwrap().path();
            let private = if path.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(mode(&path), private, "{}", path.display());
        }
    }
    let port = devnet.addr().port();
    let taken = Config {
        port,
        ..Config::new(dir.path().join("other"))
    };
    assert!(matches!(
        Devnet::start(taken).await,
        Err(Error::Listen { .. })
    ));
    devnet.stop().await;

    std::fs::write(folder.join("my notes.txt"), "mine").unwrap();
    assert!(devnet::reset(&folder).await.unwrap());
    let left: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|f| f.unwrap().file_name())
        .collect();
    assert_eq!(left, ["my notes.txt"]);
    // Now it is a folder of the user's: neither used nor removed.
    assert!(matches!(
        devnet::reset(&folder).await,
        Err(Error::NotOurs { .. })
    ));
    let refused = Devnet::start(Config {
        port: 0,
        ..Config::new(&folder)
    })
    .await;
    assert!(matches!(refused, Err(Error::NotOurs { .. })));
    assert!(!devnet::reset(&dir.path().join("missing")).await.unwrap());
    assert!(!folder.join(MARKER).exists());
}

#[tokio::test]
async fn blocks_come_on_a_timer_of_fractions_of_a_second() {
    let dir = tempfile::tempdir().unwrap();
    let block_time = Some(Duration::from_millis(25));
    let devnet = Devnet::start(Config {
        port: 0,
        block_time,
        ..Config::new(dir.path())
    })
    .await;
    let devnet = devnet.unwrap();
    while devnet.status().height < 5 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let root: Value = serde_json::from_str(&get(devnet.addr(), "/explorer").await.body).unwrap();
    assert!(root["height"].as_u64().unwrap() >= 5);
    devnet.stop().await;
}

#[tokio::test]
async fn a_log_of_another_program_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    start(dir.path()).await.stop().await;
    std::fs::write(dir.path().join("chain.log"), "something else entirely").unwrap();
    let clock = Clock::from_source(|| 1);
    let config = Config {
        port: 0,
        clock,
        ..Config::new(dir.path())
    };
    assert!(matches!(
        Devnet::start(config).await,
        Err(Error::Log { .. })
    ));
    let text = std::fs::read_to_string(dir.path().join("chain.log")).unwrap();
    assert_eq!(text, "something else entirely");
}
