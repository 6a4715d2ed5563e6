//! Capacity: a reservation made ready to be registered, and a directory of ten thousand nodes.
use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput};
use kosmos::devnet::{Clock, Config, Devnet};
use kosmos::grid::directory::{Directory, Filter, ListOrder};
use kosmos::grid::reservation::{Reservation, Wanted};
use kosmos::grid::sealed::{Sealed, notary_hash};
use kosmos::tfchain::KeyPair;
use kosmos::tfchain::explorer::{Fetch, HttpFetch, HttpLimits};
use serde_json::{Value, json};

/// Nodes of the directory.
const NODES: usize = 10_000;

fn reservation() -> Reservation {
    Reservation {
        email: "user@mail.com".into(),
        created: 1_561_000_000,
        duration: None,
        wanted: Wanted::Vm {
            size: 1,
            location: "ac1f6b84a330".into(),
            organization: None,
        },
    }
}

fn directory() -> Value {
    let place = |farm: usize| {
        json!({"city": "City", "continent": "Europe", "country": format!("Land {}", farm % 20),
               "latitude": 48.2, "longitude": 16.4})
    };
    let farmers = (0..200).map(|farm| {
        json!({"iyo_organization": format!("farm.{farm}"), "name": "A farm",
               "location": place(farm), "wallet_addresses": []})
    });
    let nodes = (0..NODES).map(|n| {
        json!({"farmer_id": format!("farm.{}", n % 200), "node_id": format!("{n:012x}"),
               "location": place(n % 200), "os_version": "master 6b693a496de940b26ee1a2356b67f7d6",
               "robot_address": "http://10.102.1.2:6600", "uptime": 92_682,
               "reserved_resources": {"cru": 1, "mru": 2, "hru": 0, "sru": 10},
               "total_resources": {"cru": n % 64, "mru": n % 256, "hru": 4000, "sru": 512},
               "updated": format!("Fri, 15 Jan 2027 {:02}:00:00 GMT", n % 24)})
    });
    json!({"farmers": farmers.collect::<Value>(), "nodes": nodes.collect::<Value>()})
}

pub fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("grid");
    let user = KeyPair::from_secret_seed(&[1; 32]);
    let broker = KeyPair::from_secret_seed(&[2; 32]);
    let reservation = reservation();
    group.bench_function(
        "reservation packed, sealed, signed, hashed (500 µs)",
        |b| {
            b.iter(|| {
                let packed = black_box(&reservation).pack();
                let sealed = Sealed::new(&packed, &user, broker.public_key(), [7; 24]).unwrap();
                notary_hash(5, &sealed.content)
            });
        },
    );
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let start = || {
        let config = Config {
            port: 0,
            block_time: None,
            clock: Clock::from_source(|| 1_800_000_000),
            ..Config::new(folder.path())
        };
        runtime.block_on(Devnet::start(config)).unwrap()
    };
    runtime.block_on(start().stop());
    let file = folder.path().join("grid/directory.json");
    std::fs::write(file, directory().to_string()).unwrap();
    let devnet = start();
    let filter = Filter {
        cru: Some(32),
        country: Some("Land 3".into()),
        ..Filter::default()
    };
    group.throughput(Throughput::Elements(NODES as u64));
    let own = devnet.grid().directory();
    group.bench_function("10000 nodes filtered by the devnet (5 ms)", |b| {
        b.iter(|| own.nodes(black_box(&filter)));
    });
    let address = format!("http://{}", devnet.grid().addresses().directory);
    let limits = HttpLimits::default();
    let fetch = HttpFetch::new(&[&address], Box::new(|| 0), limits).unwrap();
    let fetch: Arc<dyn Fetch> = Arc::new(fetch);
    let get = |path: &str| {
        let answer = runtime.block_on(fetch.get(path)).unwrap();
        assert_eq!(answer.status, 200);
        answer.body.len()
    };
    group.bench_function("10000 nodes over HTTP (100 ms)", |b| {
        b.iter(|| get("/api/nodes"));
    });
    group.bench_function("10000 nodes filtered over HTTP (10 ms)", |b| {
        b.iter(|| get("/api/nodes?cru=32&country=Land+3"));
    });
    group.bench_function("page of 10000 nodes, sorted (50 ms)", |b| {
        b.iter(|| get("/?page=7&sort=cru"));
    });
    let library = Directory::new(fetch.clone(), Arc::new(|| 0));
    let list = |filter: &Filter| runtime.block_on(library.nodes(filter)).unwrap().items;
    let mut all = list(&Filter::default());
    assert_eq!(all.len(), NODES);
    // The answer is remembered; reading it is what is measured.
    group.bench_function("10000 nodes read by the library (100 ms)", |b| {
        b.iter(|| list(&Filter::default()));
    });
    group.bench_function("10000 nodes sorted by what is free (10 ms)", |b| {
        b.iter(|| ListOrder::Mru.sort(black_box(&mut all)));
    });
    runtime.block_on(devnet.stop());
    group.finish();
}
