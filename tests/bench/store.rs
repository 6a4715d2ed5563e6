//! The store with a key file: opening, listing, saving.
use std::cell::Cell;
use std::io::Write;

use criterion::{BatchSize, Criterion};
use kosmos::store::{Expect, NewLock, Options, Record, Store, Unlock};

const LOCATION: &str = "j.clients.tfchain";

fn record(name: &str) -> Record {
    Record {
        id: None,
        revision: 0,
        location: LOCATION.to_owned(),
        parent: None,
        name: name.to_owned(),
        schema_url: "bench.record".to_owned(),
        schema_text: "@url = bench.record\nname* = (S)\nseed = (S)\n".to_owned(),
        data: vec![0xa5; 340].into(),
    }
}

pub fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("store");
    let floor = tempfile::tempdir().unwrap();
    let mut file = std::fs::File::create(floor.path().join("log")).unwrap();
    group.bench_function("floor: append and sync", |b| {
        b.iter(|| {
            file.write_all(&[0; 600]).unwrap();
            file.sync_data().unwrap();
        });
    });
    for (count, budget) in [(50, "10 ms"), (1_000, "15 ms"), (10_000, "40 ms")] {
        let folder = tempfile::tempdir().unwrap();
        let (dir, key) = (folder.path().join("store"), folder.path().join("key"));
        let (store, _) =
            Store::create(&dir, NewLock::NewKeyFile(&key), Options::default()).unwrap();
        {
            let _hold = store.hold();
            for n in 0..count {
                store.put(&record(&format!("n{n}")), Expect::New).unwrap();
            }
        }
        let next = Cell::new(0_u64);
        group.bench_function(format!("{count} records: save (2 x floor + 0.2 ms)"), |b| {
            b.iter(|| {
                next.set(next.get() + 1);
                let name = format!("m{}", next.get() % 20);
                store.put(&record(&name), Expect::Force).unwrap()
            });
        });
        group.bench_function(format!("{count} records: list again"), |b| {
            b.iter(|| store.list(LOCATION, None).unwrap());
        });
        drop(store);
        let open = || {
            let locked = Store::open(&dir, Options::default()).unwrap();
            locked.unlock(Unlock::KeyFile(&key)).unwrap()
        };
        group.bench_function(format!("{count} records: open"), |b| {
            b.iter_with_large_drop(open);
        });
        group.bench_function(format!("{count} records: open and list ({budget})"), |b| {
            b.iter_batched(
                || (),
                |()| {
                    let store = open();
                    let list = store.list(LOCATION, None).unwrap();
                    assert!(list.len() >= count);
                    (list, store)
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}
