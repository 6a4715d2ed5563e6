//! A node: a ping against a bare round trip of its Redis, and a hundred nodes at once.
use std::time::{Duration, SystemTime};

use criterion::Criterion;
use kosmos::zos::protocol::keys;
use kosmos::zos::transport::Limits;
use kosmos::zos::{Client, Endpoint, Options};
use tokio::task::JoinSet;
use zeroize::Zeroizing;

use crate::fake::{Fake, json_result};

/// A client without TLS.
pub fn client(port: u16) -> Client {
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

/// A node that takes so long to take a job, as one behind a network does.
fn node(latency: Duration) -> Fake {
    Fake::with_override(
        Box::new(|job, _| Some(json_result(job, &"PONG".into()))),
        Box::new(move |words| {
            if words[0] == "RPUSH" && !latency.is_zero() {
                std::thread::sleep(latency);
            }
            None
        }),
    )
}

pub fn bench(c: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut group = c.benchmark_group("zos");
    let near = node(Duration::ZERO);
    let one = client(near.port);
    group.bench_function("a bare round trip of Redis (200 us)", |b| {
        b.iter(|| {
            let mut cmd = redis::cmd("EXISTS");
            cmd.arg(keys::flag("x"));
            let asked = one.transport().command(&cmd, "EXISTS", Duration::ZERO);
            runtime.block_on(asked).unwrap()
        });
    });
    // Four round trips: push, taken, known, result.
    group.bench_function("a ping (1 ms)", |b| {
        b.iter(|| runtime.block_on(one.ping()).unwrap());
    });
    let latency = Duration::from_millis(10);
    let nodes: Vec<Fake> = (0..100).map(|_| node(latency)).collect();
    let clients: Vec<Client> = nodes.iter().map(|node| client(node.port)).collect();
    group.bench_function("a ping of a node 10 ms away (12 ms)", |b| {
        b.iter(|| runtime.block_on(clients[0].ping()).unwrap());
    });
    group.bench_function("100 nodes 10 ms away, side by side (100 ms)", |b| {
        b.iter(|| {
            runtime.block_on(async {
                let mut all = JoinSet::new();
                for client in &clients {
                    let client = client.clone();
                    all.spawn(async move { client.ping().await.unwrap() });
                }
                assert_eq!(all.join_all().await.len(), 100);
            });
        });
    });
    group.finish();
}
