//! Crashes, damaged logs, and clients that misbehave.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use kosmos::devnet::node::Node;
use kosmos::devnet::{self, Clock, Control, Error};
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::child;
use super::client::{AGENT, get, post, raw, request};
use super::faucet::start;

const ADDRESS: &str =
    "01d761561e7203276ef2944628bfde5bfcabf0960b69eda69ac1d317bcdcc53af06a0fd08c5f91";

async fn control_of(dir: &Path) -> Control {
    for _ in 0..1_000 {
        if let Ok(control) = Control::open(dir)
            && control.status().await.is_ok()
        {
            return control;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the child did not come up");
}

fn open(dir: &Path) -> Result<Node, Error> {
    let clock = Clock::from_source(|| 1_800_000_000);
    Node::open(&dir.join("chain.log"), &dir.join("node.log"), clock)
}

/// Kills the node while blocks are made and transactions come in; whatever was acknowledged must
/// be there afterwards, in a block or in the pool.
#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_nothing_acknowledged_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = HashSet::new();
    for round in 0..4_u64 {
        let mut process = child::spawn(dir.path());
        let control = control_of(dir.path()).await;
        let (faucet, path) = (control.faucet_addr(), "/api/v1/coins");
        let body = format!("{{\"address\":\"{ADDRESS}\",\"amount\":1}}");
        let killer = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(150 + 37 * round)).await;
            process.kill().unwrap();
            process.wait().unwrap();
        });
        while !killer.is_finished() {
            let Ok(mut stream) = TcpStream::connect(faucet).await else {
                break;
            };
            let text = format!(
                "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
                 Content-Length: {}\r\n\r\n{body}",
                body.len()
            );
            let _ = stream.write_all(text.as_bytes()).await;
            let mut answer = String::new();
            let _ = stream.read_to_string(&mut answer).await;
            if let Some((_, rest)) = answer.split_once("{\"txid\":\"") {
                acknowledged.insert(rest[..64].to_owned());
            }
        }
        killer.await.unwrap();
        let node = open(dir.path()).unwrap();
        let state = node.read();
        for id in &acknowledged {
            let id = id.parse().unwrap();
            let known = state.chain.transaction(&id).is_some() || state.pool.get(&id).is_some();
            assert!(known, "round {round}: {id} is lost");
        }
    }
    assert!(
        acknowledged.len() > 3,
        "only {} transactions came through",
        acknowledged.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_background_started_asked_stopped_and_removed() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("devnet");
    let (exe, args) = (child::executable(), child::arguments(&folder));
    assert_eq!(devnet::status(&folder).await.unwrap(), None);
    let started = devnet::start_background(&exe, &args, &folder)
        .await
        .unwrap();
    assert_ne!(started.pid, std::process::id());
    let again = devnet::start_background(&exe, &args, &folder).await;
    assert!(matches!(again, Err(Error::Running { pid, .. }) if pid == started.pid));
    let status = devnet::status(&folder).await.unwrap().unwrap();
    assert_eq!(status.addr, started.addr);
    assert_eq!(get(started.addr, "/explorer").await.status, 200);
    assert!(devnet::stop(&folder).await.unwrap());
    assert!(!devnet::stop(&folder).await.unwrap());
    assert_eq!(devnet::status(&folder).await.unwrap(), None);
    assert!(devnet::reset(&folder).await.unwrap());
    assert!(!folder.exists());
}

#[tokio::test]
async fn a_background_start_that_fails_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let args = ["-c".to_owned(), "echo no such thing >&2; exit 3".to_owned()];
    let result = devnet::start_background(Path::new("/bin/sh"), &args, dir.path()).await;
    let text = result.unwrap_err().to_string();
    assert!(
        text.contains("no such thing") && text.contains('3'),
        "{text}"
    );
}

/// A folder with three blocks and a transaction that waits in the pool.
fn sample() -> (tempfile::TempDir, Vec<u8>) {
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let devnet = start(dir.path()).await;
        for _ in 0..3 {
            devnet
                .faucet()
                .give(ADDRESS.parse().unwrap(), 1)
                .await
                .unwrap();
            devnet.block_make().await.unwrap();
        }
        devnet
            .faucet()
            .give(ADDRESS.parse().unwrap(), 1)
            .await
            .unwrap();
        devnet.stop().await;
    });
    let bytes = std::fs::read(dir.path().join("chain.log")).unwrap();
    (dir, bytes)
}

#[test]
fn a_log_cut_anywhere_opens_with_its_whole_records() {
    let (dir, bytes) = sample();
    let path = dir.path().join("chain.log");
    let mut last = 0;
    for end in (0..=bytes.len()).step_by(37).chain([bytes.len()]) {
        std::fs::write(&path, &bytes[..end]).unwrap();
        let node = open(dir.path()).unwrap_or_else(|e| panic!("cut at {end}: {e}"));
        let height = node.read().chain.height();
        assert!(height >= last, "cut at {end}: height {height} after {last}");
        last = height;
        // It goes on from there.
        node.make_block().unwrap();
        drop(node);
        assert_eq!(
            open(dir.path()).unwrap().read().chain.height(),
            height + 1,
            "cut at {end}"
        );
    }
    assert_eq!(last, 3);
    std::fs::write(&path, &bytes).unwrap();
    let node = open(dir.path()).unwrap();
    assert_eq!(node.read().pool.entries().len(), 1);
    assert!(node.notices().is_empty());
}

#[test]
fn a_flipped_bit_costs_what_follows_and_is_told() {
    let (dir, bytes) = sample();
    let path = dir.path().join("chain.log");
    for at in (16..bytes.len()).step_by(101) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        std::fs::write(&path, &damaged).unwrap();
        let node = open(dir.path()).unwrap_or_else(|e| panic!("flipped at {at}: {e}"));
        assert_eq!(node.notices().len(), 1, "flipped at {at}");
        assert!(
            node.notices()[0].contains("not whole"),
            "{}",
            node.notices()[0]
        );
        assert!(node.read().chain.height() <= 3);
    }
    let kept = std::fs::read_dir(dir.path()).unwrap();
    let kept = kept.filter(|f| {
        f.as_ref()
            .unwrap()
            .file_name()
            .to_string_lossy()
            .starts_with("discarded-")
    });
    assert!(kept.count() > 0, "what was cut off is kept");
}

#[test]
fn a_record_at_a_wrong_place_is_not_taken() {
    let (dir, bytes) = sample();
    let path = dir.path().join("chain.log");
    let mut doubled = bytes.clone();
    doubled.extend_from_slice(&bytes[16..]);
    std::fs::write(&path, &doubled).unwrap();
    let node = open(dir.path()).unwrap();
    assert_eq!((node.read().chain.height(), node.notices().len()), (3, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_requests_are_answered_or_closed_and_the_node_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let devnet = start(dir.path()).await;
    for addr in [devnet.addr(), devnet.faucet_addr()] {
        for garbage in [
            &b"\x00\x01\x02\x03\r\n\r\n"[..],
            b"GET\r\n\r\n",
            b"GET / HTTP/9.9\r\n\r\n",
            b"POST /transactionpool/transactions HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
            b"GET /%zz%%%2 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        ] {
            let mut stream = TcpStream::connect(addr).await.unwrap();
            stream.write_all(garbage).await.unwrap();
            stream.shutdown().await.unwrap();
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer).await;
        }
        let long = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(600_000));
        raw(addr, long.as_bytes()).await;
    }
    assert_eq!(get(devnet.addr(), "/explorer").await.status, 200);
    devnet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_too_large_or_do_not_end() {
    let dir = tempfile::tempdir().unwrap();
    let devnet = start(dir.path()).await;
    let huge = vec![b' '; 5_000_000];
    let path = "/transactionpool/transactions";
    let answer = request(devnet.addr(), "POST", path, &[AGENT], &huge).await;
    // The server may close before it has read everything; then there is no answer to read.
    assert!([413, 0].contains(&answer.status), "{}", answer.status);
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    assert_eq!(post(devnet.addr(), &deep).await.status, 400);
    let nested = format!(
        "{{\"version\":1,\"data\":{{\"coinoutputs\":[{{\"value\":\"1\",\"condition\":{}{}}}]}}}}",
        "{\"type\":3,\"data\":{\"locktime\":1,\"condition\":".repeat(5_000),
        "{}".to_owned() + "}}".repeat(5_000).as_str()
    );
    assert_eq!(post(devnet.addr(), &nested).await.status, 400);
    // A client that announces more than it sends and goes away.
    let mut stream = TcpStream::connect(devnet.addr()).await.unwrap();
    let text = "POST /transactionpool/transactions HTTP/1.1\r\nHost: localhost\r\n\
                User-Agent: Rivine-Agent\r\nContent-Length: 1000\r\n\r\n{";
    stream.write_all(text.as_bytes()).await.unwrap();
    drop(stream);
    assert_eq!(get(devnet.addr(), "/explorer").await.status, 200);
    devnet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_and_many_clients_do_not_keep_others_waiting_or_the_stop() {
    let dir = tempfile::tempdir().unwrap();
    let devnet = start(dir.path()).await;
    let addr = devnet.addr();
    let mut slow = Vec::new();
    for i in 0..300 {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        // Some send nothing, some half a head, some half a body.
        let parts: [&[u8]; 3] = [
            b"",
            b"GET /explorer HTTP/1.1\r\nUser-Ag",
            b"POST /transactionpool/transactions HTTP/1.1\r\nHost: localhost\r\n\
              User-Agent: Rivine-Agent\r\nContent-Length: 50\r\n\r\n{\"ver",
        ];
        stream.write_all(parts[i % 3]).await.unwrap();
        slow.push(stream);
    }
    let askers: Vec<_> = (0..200)
        .map(|_| tokio::spawn(async move { get(addr, "/explorer").await.status }))
        .collect();
    for asker in askers {
        let answered = tokio::time::timeout(Duration::from_secs(10), asker).await;
        assert_eq!(answered.expect("answered in time").unwrap(), 200);
    }
    tokio::time::timeout(Duration::from_secs(5), devnet.stop())
        .await
        .expect("stops in time");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn decoding_a_body_never_panics(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = kosmos::devnet::explorer_api::decode_transaction(&body);
    }

    #[test]
    fn decoding_a_changed_transaction_never_panics(
        at in 0usize..2_000,
        with in "[\\[\\]{}\",:0-9a-z\\-]{0,6}",
        cut in 0usize..12,
        file in 0usize..3,
    ) {
        const FILES: [&str; 3] = ["04_conditions", "10_threebot_register", "15_erc20"];
        let recording = super::recording::vector(&format!("explorer/{}.json", FILES[file]));
        let body = recording["exchanges"][0]["request"]["body"].to_string();
        let at = at % body.len();
        let end = (at + cut).min(body.len());
        let changed = format!("{}{with}{}", &body[..at], &body[end..]);
        if let Err(message) = kosmos::devnet::explorer_api::decode_transaction(changed.as_bytes()) {
            prop_assert!(message.starts_with("error "), "{message}");
        }
    }

    #[test]
    fn any_path_is_answered(path in "/[a-z0-9/%.?=&:\\-]{0,60}") {
        use kosmos::devnet::Query;
        use kosmos::devnet::explorer_api::find;
        let (path, query) = path.split_once('?').unwrap_or((&path, ""));
        let _ = Query::parse(query);
        let _ = find(path);
    }
}
