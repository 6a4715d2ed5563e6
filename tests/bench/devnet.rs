//! The chain node of the devnet, without its sockets.
use std::path::Path;
use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, Throughput};
use kosmos::devnet::Clock;
use kosmos::devnet::node::Node;
use kosmos::devnet::{Query, explorer_api};
use kosmos::tfchain::Transaction;

use crate::chained::chained;

/// Transactions in one round; an address gets as many.
const COUNT: usize = 1_000;

fn node(dir: &Path) -> Node {
    let clock = Clock::from_source(|| 1_800_000_000);
    Node::open(&dir.join("chain.log"), &dir.join("log"), clock).unwrap()
}

/// Submits all, makes a block of them and waits until it is on disk.
fn store_all(node: &Node, transactions: Vec<Transaction>) {
    for transaction in transactions {
        node.submit(transaction).unwrap();
    }
    let (_, pending) = node.make_block().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(pending.wait()).unwrap();
}

pub fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("devnet");
    group.sample_size(10);
    let first = tempfile::tempdir().unwrap();
    let filled = node(first.path());
    let transactions = chained(&filled, COUNT);
    store_all(&filled, transactions.clone());
    group.throughput(Throughput::Elements(COUNT as u64));
    group.bench_function("1000 transactions validated and stored (500 ms)", |b| {
        b.iter_custom(|rounds| {
            let mut took = Duration::ZERO;
            for _ in 0..rounds {
                let folder = tempfile::tempdir().unwrap();
                let node = node(folder.path());
                let transactions = transactions.clone();
                let start = Instant::now();
                store_all(&node, transactions);
                took += start.elapsed();
            }
            took
        });
    });
    let path = format!("/explorer/hashes/{}", filled.genesis().address);
    let route = explorer_api::find(&path).unwrap();
    let ask = |node: &Node| {
        let reply = explorer_api::answer(&node.read(), &route, &Query::parse(""), "");
        let (status, _, body) = reply.parts();
        assert!(status == 200 && body.len() > 1_000_000, "{}", body.len());
        body
    };
    group.bench_function("1000 transactions of an address, again (50 ms)", |b| {
        b.iter(|| ask(&filled));
    });
    drop(filled);
    group.bench_function("1000 transactions of an address, first (50 ms)", |b| {
        b.iter_batched(
            || node(first.path()),
            |node| (ask(&node), node),
            BatchSize::PerIteration,
        );
    });
    group.bench_function("a chain of 1000 transactions opened", |b| {
        b.iter_with_large_drop(|| node(first.path()));
    });
    group.finish();
}
