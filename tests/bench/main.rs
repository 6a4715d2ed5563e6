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
mod chain;
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

criterion_group! {
    name = benches;
    config = quick();
    targets = dialect::bench, tree::bench, crypto::bench, answer::bench, store::bench, devnet::bench,
              chain::bench, schema::bench, bcdb::bench, zos::bench, zos_node::bench, flist::bench,
              containers::bench, grid::bench
}
criterion_main!(benches);
