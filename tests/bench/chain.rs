//! Many transactions and many blocks: formats, a long chain, a wallet with a long history.
use std::path::Path;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use kosmos::devnet::node::Node;
use kosmos::devnet::{Clock, Config, Devnet};
use kosmos::tfchain::explorer::{Explorer, HttpFetch, HttpLimits};
use kosmos::tfchain::transaction::StandardTransaction;
use kosmos::tfchain::wallet::{Clock as WalletClock, Wallet};
use kosmos::tfchain::{
    Amount, Condition, Input, Network, Output, Seed, SignTarget, Transaction, UnlockHash,
};

use super::memory;

const BLOCKS: u32 = 100_000;
/// One in so many blocks holds a transaction, as on a chain that somebody plays with.
const QUIET: u32 = 10;
const TRANSACTIONS: usize = 5_000;
const ADDRESSES: u64 = 50;

/// Pays one TFT from the coins of the genesis block to each recipient, one after the other.
struct Payer {
    parent: kosmos::tfchain::Hash,
    left: Amount,
}

impl Payer {
    fn new(node: &Node) -> Payer {
        let read = node.read();
        let genesis = &read.chain.block(0).unwrap().transactions[0];
        Payer {
            parent: genesis.ids.coin_outputs[0],
            left: genesis.transaction.coin_outputs()[0].value.clone(),
        }
    }

    fn pay(&mut self, node: &Node, to: Condition) {
        let genesis = node.genesis();
        let own = Condition::UnlockHash(genesis.address);
        self.left = self.left.minus(&Amount::from_tft(2)).unwrap();
        let mut transaction = Transaction::from(StandardTransaction {
            coin_inputs: vec![Input::unsigned(self.parent)],
            coin_outputs: vec![
                Output::new(Amount::ONE_TFT, to),
                Output::new(self.left.clone(), own.clone()),
            ],
            miner_fees: vec![Amount::ONE_TFT],
            ..StandardTransaction::default()
        });
        let hasher = transaction.signature_hasher().unwrap();
        transaction
            .sign(&hasher, SignTarget::CoinInput(0), &own, &genesis.key, None)
            .unwrap();
        self.parent = transaction.coin_output_id(1).unwrap();
        node.submit(transaction).unwrap();
    }
}

fn open(dir: &Path) -> Node {
    let clock = Clock::from_source(|| 1_800_000_000);
    Node::open(&dir.join("chain.log"), &dir.join("log"), clock).unwrap()
}

pub fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("chain");
    formats(&mut group);
    group.sample_size(10);
    long_chain(&mut group);
    long_history(&mut group);
    group.finish();
}

type Group<'a> = criterion::BenchmarkGroup<'a, criterion::measurement::WallTime>;

/// Transactions of all versions that the vectors have, over and over.
fn formats(group: &mut Group<'_>) {
    let file: serde_json::Value =
        serde_json::from_str(include_str!("../vectors/tfchain/transactions.json")).unwrap();
    let mut samples: Vec<(Vec<u8>, String)> = Vec::new();
    collect(&file, &mut samples);
    assert!(samples.len() > 20, "{}", samples.len());
    group.throughput(Throughput::Elements(samples.len() as u64));
    let name = format!(
        "{} mixed transactions, binary to value to binary ({} µs)",
        samples.len(),
        samples.len() * 60
    );
    group.bench_function(name, |b| {
        b.iter(|| {
            for (binary, _) in &samples {
                let value = Transaction::from_binary(binary).unwrap();
                assert_eq!(value.binary().unwrap().len(), binary.len());
            }
        });
    });
    let name = format!(
        "{} mixed transactions, JSON to value to JSON ({} µs)",
        samples.len(),
        samples.len() * 60
    );
    group.bench_function(name, |b| {
        b.iter(|| {
            for (_, json) in &samples {
                let value: Transaction = serde_json::from_str(json).unwrap();
                assert!(!serde_json::to_string(&value).unwrap().is_empty());
            }
        });
    });
}

/// Everything in the vectors that is a transaction of a known version.
fn collect(value: &serde_json::Value, found: &mut Vec<(Vec<u8>, String)>) {
    match value {
        serde_json::Value::Object(map) => {
            if map.contains_key("version") && map.contains_key("data") {
                let json = value.to_string();
                let parsed = serde_json::from_str::<Transaction>(&json);
                if let Some(binary) = parsed.ok().and_then(|t| t.binary().ok()) {
                    let again = Transaction::from_binary(&binary);
                    if again.is_ok() {
                        found.push((binary, json));
                    }
                }
            }
            map.values().for_each(|inner| collect(inner, found));
        }
        serde_json::Value::Array(list) => list.iter().for_each(|inner| collect(inner, found)),
        _ => {}
    }
}

fn long_chain(group: &mut Group<'_>) {
    let dir = tempfile::tempdir().unwrap();
    {
        let node = open(dir.path());
        let own = Condition::UnlockHash(node.genesis().address);
        let mut payer = Payer::new(&node);
        for block in 0..BLOCKS {
            if block % QUIET == 0 {
                payer.pay(&node, own.clone());
            }
            node.make_block().unwrap();
        }
    }
    group.throughput(Throughput::Elements(u64::from(BLOCKS)));
    group.bench_function("a chain of 100000 blocks opened (10 s)", |b| {
        b.iter_with_large_drop(|| open(dir.path()));
    });
}

/// Balance and statement of a wallet of 5 000 transactions, over HTTP; printed beside: memory.
#[allow(clippy::disallowed_macros, reason = "a bench prints its figures")]
fn long_history(group: &mut Group<'_>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::new(dir.path().join("devnet"));
    config.port = 0;
    config.block_time = None;
    let devnet = runtime.block_on(Devnet::start(config)).unwrap();
    let seed = Seed::from_entropy(&[7; 32]).unwrap();
    let wallet = || {
        let node = format!("http://{}", devnet.addr());
        let fetch = HttpFetch::new(&[node], Box::new(|| 0), HttpLimits::default()).unwrap();
        let explorer = Explorer::new(Network::Devnet, Arc::new(fetch));
        let clock = WalletClock::frozen(Timestamp::UNIX_EPOCH, TimeZone::UTC);
        Wallet::new(explorer, seed.clone(), ADDRESSES, -1, clock).unwrap()
    };
    let addresses: Vec<UnlockHash> = wallet().known_addresses();
    let mut payer = Payer::new(devnet.node());
    for at in 0..TRANSACTIONS {
        let to = addresses[at % addresses.len()];
        payer.pay(devnet.node(), Condition::UnlockHash(to));
        if at % 100 == 99 {
            devnet.node().make_block().unwrap();
        }
    }
    devnet.node().make_block().unwrap();
    let (held, grown) = memory::grown(|| {
        let wallet = wallet();
        let balance = runtime.block_on(wallet.balance()).unwrap();
        let statement = runtime.block_on(wallet.statement()).unwrap();
        (wallet, balance, statement)
    });
    drop(held);
    println!(
        "chain: a wallet of {TRANSACTIONS} transactions on {ADDRESSES} addresses: {grown} MB more \
         memory at most, the devnet's answers included (200)"
    );
    group.throughput(Throughput::Elements(TRANSACTIONS as u64));
    group.bench_function(
        "balance and statement of 5000 transactions on 50 addresses (2 s)",
        |b| {
            b.iter_batched(
                wallet,
                |wallet| {
                    let balance = runtime.block_on(wallet.balance()).unwrap();
                    let statement = runtime.block_on(wallet.statement()).unwrap();
                    assert_eq!(statement.len(), TRANSACTIONS);
                    (balance, statement)
                },
                BatchSize::PerIteration,
            );
        },
    );
    runtime.block_on(devnet.stop());
}
