//! The tree: lines of the tutorial, calls from a loop, completion with many instances.
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use criterion::{Criterion, Throughput};
use kosmos::engine::Engine;
use kosmos::j;
use kosmos::j::world::{Host, Settings, World};
use kosmos::object::{Paint, Result, print};
use kosmos::shell::{completion, cursor};
use kosmos::store::{NewLock, Options, Store, Unlock};

/// Nobody is there.
struct Nobody;

impl Host for Nobody {
    fn note(&self, _text: &str) {}
    fn out(&self, _text: &str) {}
    fn confirm(&self, _preview: &str, _question: &str) -> Result<()> {
        Ok(())
    }
    fn progress(&self, _text: Option<&str>) {}
}

fn engine(store: Store) -> Engine {
    shared(Arc::new(store))
}

fn shared(store: Arc<Store>) -> Engine {
    let open = Box::new(move || Ok(store.clone()));
    let interrupt = Arc::new(AtomicBool::new(false));
    let settings = Settings {
        ephemeral: true,
        ..Settings::default()
    };
    let world = World::new(Arc::new(Nobody), settings, interrupt, open);
    Engine::new(j::open(world), Arc::new(|_: &str| {}))
}

/// Runs an input and prints its value as the prompt does.
fn say(engine: &mut Engine, source: &str) -> String {
    let mut shown = String::new();
    engine
        .run(source, &mut |value| {
            shown = print::repr(value, Paint::Plain);
        })
        .unwrap_or_else(|error| panic!("{source}: {error}"));
    shown
}

const WALLET: &str = "w = c.wallets.new('my_wallet', seed='bullet absurd cabin dose void wink \
    toward oven catalog chef venture edge suggest strategy note merry mechanic buffalo bronze \
    creek select walk click snow')";

pub fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("tree");
    group.bench_function("an engine with its tree is made", |b| {
        b.iter_with_large_drop(|| engine(Store::ephemeral(Options::default()).unwrap()));
    });
    let mut e = engine(Store::ephemeral(Options::default()).unwrap());
    say(
        &mut e,
        "c = j.clients.tfchain.new(name='my_client', network_type='DEV')",
    );
    say(&mut e, WALLET);
    for line in [
        "1+1",
        "c = j.clients.tfchain.my_client",
        "w = j.clients.tfchain.my_client.wallets.my_wallet",
        "j.clients.tfchain.my_client",
        "j.clients.tfchain.my_client.wallets.my_wallet.seed",
        "w.address",
    ] {
        group.bench_function(format!("line {line} (100 us)"), |b| {
            b.iter(|| say(&mut e, black_box(line)));
        });
    }
    // The same loop is in scripts/bench-compare for CPython.
    group.throughput(Throughput::Elements(10_000));
    for (name, body) in [
        (
            "10k four-level calls (20 ms)",
            "j.clients.tfchain.exists('x')",
        ),
        ("10k four-level reads", "j.clients.tfchain.my_client"),
        ("10k empty loop", "i"),
    ] {
        let source = format!("for i in 0..10000 {{ {body}; }}");
        group.bench_function(name, |b| b.iter(|| say(&mut e, &source)));
    }
    group.finish();
    completion_with_many(c);
}

/// Completion over a store on disk with 1 000 clients, and a wallet with 1 000 neighbours.
fn completion_with_many(c: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let (dir, key) = (folder.path().join("store"), folder.path().join("key"));
    let (store, _) = Store::create(&dir, NewLock::NewKeyFile(&key), Options::default()).unwrap();
    let store = Arc::new(store);
    let mut e = shared(store.clone());
    let hold = store.hold();
    say(&mut e, "c = j.clients.tfchain.new('c', network_type='DEV')");
    say(&mut e, "c.save()");
    for n in 0..1_000 {
        say(
            &mut e,
            &format!("x = j.clients.tfchain.new('client_{n}', network_type='DEV')"),
        );
        say(&mut e, "x.save()");
        say(&mut e, &format!("w = c.wallets.new('wallet_{n}')"));
        say(&mut e, "w.save()");
    }
    drop(hold);
    drop((e, store));
    let open = || {
        let store = Store::open(&dir, Options::default()).unwrap();
        store.unlock(Unlock::KeyFile(&key)).unwrap()
    };
    let mut e = engine(open());
    say(&mut e, "c = j.clients.tfchain.c");
    let mut group = c.benchmark_group("completion, 1000 clients and 1000 wallets");
    for line in [
        "j.",
        "j.clients.tfchain.",
        "j.clients.tfchain.client_77",
        "j.clients.tfchain.c.wallets.",
        "j.clients.tfchain.c.wallets.wallet_7.",
        "c.wallets.wallet_7.coins_send(",
    ] {
        let offer = || completion::at(&cursor::at(line, line.len()), &e);
        assert!(!offer().candidates.is_empty(), "{line}");
        group.bench_function(format!("{line} (5 ms)"), |b| b.iter(offer));
    }
    group.sample_size(10);
    group.bench_function("the first of a session, j.clients.tfchain.", |b| {
        b.iter_batched(
            || engine(open()),
            |e| {
                let line = "j.clients.tfchain.";
                (completion::at(&cursor::at(line, line.len()), &e), e)
            },
            criterion::BatchSize::PerIteration,
        );
    });
    group.finish();
}
