//! Databases: writing in batches, reading all, finding one of many.
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::Criterion;
use kosmos::j::data::bcdb::keeper::VaultKeeper;
use kosmos::schema::db::{Database, Model};
use kosmos::schema::{Context, FixedClock, Map, Value};
use kosmos::store::{KdfCost, NewLock, Options, Store};

const TEXT: &str = "@url = bench.person\nname* = \"\"\n&email = \"\"\nage = 0 (I)\n\
                    money = \"10 EUR\" (N)\nnote = \"\"\n";
/// Objects saved by one call.
const BATCH: i64 = 10_000;

fn model(store: &Store, name: &str) -> Arc<Model> {
    let vault = store.vault_create("bench", name).unwrap();
    let context = Arc::new(Context::new(FixedClock(0), |_: &mut [u8]| {}));
    let database = Database::open(name, Box::new(VaultKeeper(vault)), &context).unwrap();
    database.model_from_text(TEXT).unwrap()
}

fn data(n: i64) -> Map {
    [
        ("name", Value::from(format!("name {}", n % 1000))),
        ("email", format!("person{n}@example.org").into()),
        ("age", (n % 90).into()),
        (
            "note",
            "some words about this person, as there are in a list of people".into(),
        ),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

fn add(model: &Arc<Model>, from: i64, count: i64) {
    let objects = (from..from + count).map(|n| model.new_object(&data(n)).unwrap());
    model.save_all(&mut objects.collect::<Vec<_>>()).unwrap();
}

fn read_all(model: &Arc<Model>) -> u64 {
    model
        .iterate()
        .map(|object| object.unwrap().id().unwrap().min(1))
        .sum()
}

/// Memory of this process in MB.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kb = line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok());
    kb.unwrap_or(0) / 1024
}

#[allow(clippy::disallowed_macros, reason = "a bench tells figures")]
pub fn bench(c: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    let options = Options {
        kdf: KdfCost::LOWEST,
        ..Options::default()
    };
    let lock = NewLock::NewKeyFile(&key);
    let (store, _) = Store::create(&folder.path().join("store"), lock, options).unwrap();
    let mut group = c.benchmark_group("bcdb");
    group.sample_size(10);

    let growing = model(&store, "growing");
    let mut next = 0;
    group.bench_function(
        "save 10 000 objects with 2 indexes in batches (500 ms)",
        |b| {
            b.iter(|| {
                add(&growing, next, BATCH);
                next += BATCH;
            });
        },
    );
    println!("{} objects after that", growing.count_all().unwrap());
    let hundred = model(&store, "hundred");
    let start = Instant::now();
    add(&hundred, 0, 100_000);
    println!("100 000 objects in one call: {:?} (5 s)", start.elapsed());
    group.bench_function("read 100 000 objects one after the other (500 ms)", |b| {
        b.iter(|| assert_eq!(read_all(&hundred), 100_000));
    });
    let found = Map::from_iter([("email".to_owned(), Value::from("person77777@example.org"))]);
    group.bench_function("100 000 objects: find by an exact index (100 us)", |b| {
        b.iter(|| assert_eq!(hundred.find(&found).unwrap().len(), 1));
    });
    group.measurement_time(Duration::from_secs(1));
    let mut single = 100_000;
    group.bench_function("100 000 objects: save one (2 x floor + 0.5 ms)", |b| {
        b.iter(|| {
            single += 1;
            let mut object = hundred.new_object(&data(single)).unwrap();
            hundred.save(&mut object).unwrap()
        });
    });
    drop((growing, hundred));

    // A million takes its time to write: only when it is asked for.
    if std::env::args().any(|argument| argument == "million") {
        let million = model(&store, "million");
        let start = Instant::now();
        for from in (0..1_000_000).step_by(100_000) {
            add(&million, from, 100_000);
            println!("{} objects after {:?}", from + 100_000, start.elapsed());
        }
        let (before, mut most) = (memory(), 0);
        let start = Instant::now();
        for (nr, object) in million.iterate().enumerate() {
            object.unwrap();
            if nr % 50_000 == 0 {
                most = most.max(memory());
            }
        }
        let took = start.elapsed();
        println!(
            "million: read all in {took:?}, memory {before} MB before, at most {most} MB meanwhile"
        );
        group.bench_function("million: find by an exact index (100 us)", |b| {
            let mut n: i64 = 0;
            b.iter(|| {
                n = (n * 31 + 12_345) % 1_000_000;
                let email = format!("person{n}@example.org").into();
                let found = Map::from_iter([("email".to_owned(), email)]);
                assert_eq!(million.find(&found).unwrap().len(), 1);
            });
        });
    }
    group.finish();
}
