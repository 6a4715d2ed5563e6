//! Who follows a job sees each of its messages once and in order, whenever they come.
use std::time::{Duration, SystemTime};

use kosmos::zos::transport::Limits;
use kosmos::zos::{Client, Endpoint, Options, Request};
use zeroize::Zeroizing;

use super::Running;

fn client(node: &Running) -> Client {
    client_of(node.addr.port())
}

/// A client of the node at a port of this machine.
pub fn client_of(port: u16) -> Client {
    Client::new(Options {
        endpoint: Endpoint::Tcp {
            host: "127.0.0.1".into(),
            port,
            tls: false,
        },
        password: Zeroizing::new(String::new()),
        db: 0,
        fingerprint: None,
        timeout: Duration::from_secs(60),
        limits: Limits::default(),
        random: |bytes| getrandom::fill(bytes).unwrap(),
        clock: SystemTime::now,
    })
}

/// Numbers in a text, one a line.
fn numbers(text: &str) -> Vec<u64> {
    text.lines().map(|line| line.parse().unwrap()).collect()
}

#[test]
fn every_follower_sees_each_line_once() {
    let node = Running::start();
    let client = client(&node);
    // Slow enough that followers come in the middle, fast enough that lines are said meanwhile.
    let script = "i=0; while [ $i -lt 900 ]; do echo $i; i=$((i+1)); \
                  [ $((i % 30)) = 0 ] && sleep 0.01; done";
    node.runtime.block_on(async {
        let mut job = Request::bash(script, "");
        job.id = Some("count".into());
        let job = client.raw(job).await.unwrap();
        let mut followers = tokio::task::JoinSet::new();
        for at in 0..24 {
            let client = client.clone();
            followers.spawn(async move {
                tokio::time::sleep(Duration::from_millis(at * 12)).await;
                let follower = client.subscribe("count", None).await.unwrap();
                let mut text = String::new();
                follower
                    .stream(|record| text.push_str(&record.message.message))
                    .await
                    .unwrap();
                (at, text, follower.get(None).await.unwrap())
            });
        }
        assert_eq!(job.get(None).await.unwrap().code, 0);
        let mut seen = 0;
        while let Some(done) = followers.join_next().await {
            let (at, text, result) = done.unwrap();
            if result.data.contains("does not exist") {
                // It came after the end.
                continue;
            }
            let lines = numbers(&text);
            let first = lines[0];
            let wanted: Vec<u64> = (first..900).collect();
            assert!(
                lines == wanted,
                "follower {at}: {} lines from {first} on",
                lines.len()
            );
            seen += 1;
        }
        assert!(seen > 3, "{seen} followers came in time");
    });
}

/// A node keeps small records by their bytes: who reads after the end of a job that said line by
/// line, on two streams in turns, still finds all.
#[test]
fn a_reader_that_comes_late_misses_no_line() {
    let node = Running::start();
    let client = client(&node);
    // A line with a level is a record of its own, however many lines are read at once.
    let script = "seq 0 9999 | sed '1~2s/^/1::/; 2~2s/^/2::/'";
    node.runtime.block_on(async {
        let mut job = Request::bash(script, "");
        job.stream = true;
        let job = client.raw(job).await.unwrap();
        assert_eq!(job.get(None).await.unwrap().code, 0);
        let mut text = String::new();
        let records = job.stream(|record| text.push_str(&record.message.message));
        let records = records.await.unwrap();
        // The last one ends the stream.
        assert_eq!(records, 10_001);
        let lines = numbers(&text);
        let wanted: Vec<u64> = (0..10_000).collect();
        assert!(lines == wanted, "{} lines", lines.len());
    });
}

/// A program that writes 100 000 lines one by one, read meanwhile.
#[test]
fn a_reader_of_a_fast_job_misses_no_line() {
    let node = Running::start();
    let client = client(&node);
    let script = "i=0; while [ $i -lt 100000 ]; do echo $i; i=$((i+1)); done";
    node.runtime.block_on(async {
        let mut job = Request::bash(script, "");
        job.stream = true;
        let job = client.raw(job).await.unwrap();
        let mut text = String::new();
        job.stream(|record| text.push_str(&record.message.message))
            .await
            .unwrap();
        let lines = numbers(&text);
        let wanted: Vec<u64> = (0..100_000).collect();
        assert!(lines == wanted, "{} lines", lines.len());
    });
}

/// Ctrl-C in the middle of a stream, and going on afterwards: what was shown is not shown again.
#[test]
fn a_stream_that_was_left_goes_on_where_it_was() {
    let node = Running::start();
    let client = client(&node);
    node.runtime.block_on(async {
        let mut job = Request::bash(
            "for i in 0 1 2 3 4 5 6 7 8 9; do echo $i; sleep 0.05; done",
            "",
        );
        job.stream = true;
        let job = client.raw(job).await.unwrap();
        let mut lines = Vec::new();
        let mut count = 0;
        loop {
            // Leaves at any moment: between two records, and while it waits for one.
            let next = tokio::time::timeout(Duration::from_millis(20), job.next(count)).await;
            match next {
                Err(_) => continue,
                Ok(record) => {
                    let Some(record) = record.unwrap() else { break };
                    count += 1;
                    lines.extend(numbers(&record.message.message));
                    if record.message.is_last() {
                        break;
                    }
                }
            }
        }
        let once: std::collections::BTreeSet<u64> = lines.iter().copied().collect();
        assert_eq!(once.len(), lines.len(), "{lines:?}");
        assert_eq!(lines, (0..10).collect::<Vec<u64>>());
    });
}
