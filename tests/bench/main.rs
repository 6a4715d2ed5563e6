//! What a user would feel, measured: `cargo bench`, or `cargo bench -- store` for one part.
//!
//! Every name ends with its budget. `scripts/bench-compare` prints the best of all samples beside
//! the budgets, and compares with what other programs need.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a bench that cannot go on stops"
)]
mod answer;
mod bcdb;
mod broker;
mod chain;
#[path = "../devnet/chained.rs"]
mod chained;
mod containers;
mod crypto;
mod devnet;
mod dialect;
#[path = "../zos/fake.rs"]
#[allow(dead_code, reason = "the tests need more of it")]
mod fake;
mod flist;
mod grid;
#[path = "../tfchain/wallet/large.rs"]
mod large;
mod memory;
mod schema;
mod store;
#[path = "../tfchain/explorer/stub.rs"]
#[allow(dead_code, reason = "the tests need more of it")]
mod stub;
mod tree;
mod zos;
mod zos_node;

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};

/// Short windows: the best sample counts, and nobody likes to wait.
fn quick() -> Criterion {
    Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2))
}

/// A part of the benches, and what measures it.
type Room = (&'static str, fn(&mut Criterion));

const ROOMS: [Room; 15] = [
    ("dialect", dialect::bench),
    ("tree", tree::bench),
    ("keys", crypto::bench),
    ("explorer", answer::bench),
    ("store", store::bench),
    ("devnet", devnet::bench),
    ("chain", chain::bench),
    ("schema", schema::bench),
    ("bcdb", bcdb::bench),
    ("zos", zos::bench),
    ("zos node", zos_node::bench),
    ("flist", flist::bench),
    ("containers", containers::bench),
    ("broker", broker::bench),
    ("grid", grid::bench),
];

/// Runs the rooms that were named on the command line, or all: some of them prepare for long.
fn rooms(c: &mut Criterion) {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let named = |name: &str| {
        asked
            .iter()
            .any(|word| word.split('/').next() == Some(name))
    };
    let some = ROOMS.iter().any(|(name, _)| named(name));
    for (name, bench) in ROOMS {
        if !some || named(name) {
            bench(c);
        }
    }
}

criterion_group! {
    name = benches;
    config = quick();
    targets = rooms
}
criterion_main!(benches);
