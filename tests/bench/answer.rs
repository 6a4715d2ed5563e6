//! What explorers answer: a large one, and many slow ones.
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use kosmos::tfchain::Seed;
use kosmos::tfchain::explorer::{AddressInfo, HttpLimits};
use kosmos::tfchain::wallet::{Balance, ChainPoint, Clock, KeyRing, Wallet};

use super::large::large_answer;
use super::stub::{Replay, Reply, Server, explorer, recorded_answer};

/// How long a slow node takes for every answer.
const LATENCY: Duration = Duration::from_millis(50);

pub fn bench(c: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let mut group = c.benchmark_group("explorer");
    large(&mut group, &runtime);
    group.sample_size(10);
    let server = runtime.block_on(slow_chain());
    let seed = Seed::from_entropy(&[5; 32]).unwrap();
    group.bench_function("200 addresses, 50 ms per answer (1 s)", |b| {
        b.iter_batched(
            || {
                let client = explorer(&[&server.address], HttpLimits::default());
                let now = Timestamp::from_second(1_795_372_900).unwrap();
                let clock = Clock::frozen(now, TimeZone::UTC);
                Wallet::new(client, seed.clone(), 200, -1, clock).unwrap()
            },
            |wallet| {
                let balance = runtime.block_on(wallet.balance()).unwrap();
                assert!(balance.chain.is_known());
                (balance, wallet)
            },
            criterion::BatchSize::PerIteration,
        );
    });
    group.finish();
}

type Group<'a> = criterion::BenchmarkGroup<'a, criterion::measurement::WallTime>;

/// 5 MB of transactions of one address.
fn large(group: &mut Group<'_>, runtime: &tokio::runtime::Runtime) {
    let keys = KeyRing::new(Seed::from_entropy(&[5; 32]).unwrap(), 1).unwrap();
    let body = large_answer(&keys);
    // For the comparison with other parsers.
    if let Some(path) = std::env::var_os("KOSMOS_BENCH_ANSWER") {
        std::fs::write(path, &body).unwrap();
    }
    group.throughput(Throughput::Bytes(body.len() as u64));
    let mut replay = Replay::default();
    let path = format!("/explorer/hashes/{}", keys.primary());
    replay.answers.insert(path, (200, body));
    let explorer = Arc::new(replay).explorer();
    let ask = || -> AddressInfo { runtime.block_on(explorer.address(keys.primary())).unwrap() };
    group.bench_function("5 MB answer to a balance (1/4 of json.loads)", |b| {
        b.iter(|| Balance::of_address(&ask(), ChainPoint::default()));
    });
    let info = ask();
    group.bench_function("5 MB answer, the balance alone", |b| {
        b.iter(|| Balance::of_address(&info, ChainPoint::default()));
    });
}

async fn slow_chain() -> Server {
    let file: serde_json::Value =
        serde_json::from_str(include_str!("../vectors/explorer/20_client_confirmed.json")).unwrap();
    let exchanges = file["exchanges"].as_array().unwrap();
    let answers: Vec<(String, (u16, Vec<u8>))> = exchanges
        .iter()
        .map(|exchange| {
            let path = exchange["request"]["path"].as_str().unwrap().to_owned();
            (path, recorded_answer(exchange))
        })
        .collect();
    Server::start(move |seen| {
        let known = answers.iter().find(|(path, _)| *path == seen.path);
        let (status, body) = known.map_or((204, Vec::new()), |(_, answer)| answer.clone());
        Reply::Slow(LATENCY, status, body)
    })
    .await
}
