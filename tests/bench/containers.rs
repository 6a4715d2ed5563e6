//! Containers of the devnet's node, started one after another.
#![cfg(target_os = "linux")]
use std::time::{Duration, Instant};

use criterion::Criterion;
use kosmos::devnet::zos::container::{Config, Containers, Support};
use kosmos::zos::protocol::{CreateArguments, Nic};

/// How many are started.
const MANY: u16 = 50;

pub fn bench(c: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("root");
    std::fs::create_dir_all(root.join("etc")).unwrap();
    let config = Config::new(dir.path().join("node"), env!("CARGO_BIN_EXE_kosmos"));
    let (containers, _events) = runtime.block_on(Containers::open(config)).unwrap();
    if let Support::No(_) = containers.support() {
        // Nothing to measure here; the tests say why.
        return;
    }
    let arguments = CreateArguments {
        root: root.to_str().unwrap().to_owned(),
        nics: vec![Nic {
            kind: "default".to_owned(),
            ..Nic::default()
        }],
        ..CreateArguments::default()
    };
    let mut group = c.benchmark_group("containers");
    group.sample_size(10);
    group.bench_function("50 containers started one after another (10 s)", |b| {
        b.iter_custom(|rounds| {
            let mut took = Duration::ZERO;
            for _ in 0..rounds {
                runtime.block_on(async {
                    let begun = Instant::now();
                    for _ in 0..MANY {
                        containers.create(arguments.clone(), None).await.unwrap();
                    }
                    took += begun.elapsed();
                    containers.stop().await;
                });
            }
            took
        });
    });
    group.finish();
}
