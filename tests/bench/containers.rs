//! Containers of the devnet's node: many, started one after another; one of a large flist, and what
//! was read of that until its program ran.
#![cfg(target_os = "linux")]
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use criterion::Criterion;
use kosmos::devnet::zos::container::{Config, Containers, Support};
use kosmos::devnet::zos::{Config as NodeConfig, ZosNode};
use kosmos::flist::{BuildOptions, FolderBackend, Format, Metadata, from_dir, write_file};
use kosmos::zos::Request;
use kosmos::zos::protocol::{CreateArguments, Nic};
use serde_json::json;

use crate::zos::client;

/// How many are started.
const MANY: u16 = 50;

/// Bytes of an flist's files.
const LARGE: u64 = 200 << 20;
/// Files that they are in.
const FILES: u64 = 400;

/// Says something beside criterion's figures.
#[allow(clippy::disallowed_macros, reason = "a bench tells its figures")]
fn tell(text: &str) {
    println!("{text}");
}

/// Copies a program with the libraries that it needs to where they are looked for.
fn copy_program(program: &str, root: &Path) {
    let listed = Command::new("ldd").arg(program).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let paths = listed
        .split_whitespace()
        .filter(|word| word.starts_with('/'));
    for path in paths.chain([program]) {
        let to = root.join(path.trim_start_matches('/'));
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(path, to).unwrap();
    }
}

/// An flist of 200 MB with a program in it, and its chunks.
fn large(dir: &Path) -> (PathBuf, PathBuf) {
    let (root, chunks) = (dir.join("image"), dir.join("chunks"));
    fs::create_dir_all(root.join("data")).unwrap();
    copy_program("/bin/true", &root);
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for file in 0..FILES {
        let mut bytes = Vec::new();
        while (bytes.len() as u64) < LARGE / FILES {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            bytes.extend_from_slice(&state.to_le_bytes());
        }
        fs::write(root.join(format!("data/{file}")), bytes).unwrap();
    }
    let backend = FolderBackend::open(&chunks).unwrap();
    let built = from_dir(&root, Some(&backend), &BuildOptions::default()).unwrap();
    let flist = dir.join("large.flist");
    write_file(&built.tree, &Metadata::new(), Format::Y2019, &flist).unwrap();
    (flist, chunks)
}

/// Bytes of all files below a folder.
fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata().unwrap() {
        about if about.is_dir() => size(&entry.path()),
        about => about.len(),
    });
    sizes.sum()
}

/// A container of a large flist, from the order until a program of it has run.
fn lazily(c: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let mut config = NodeConfig::new(dir.path().join("node"));
    config.listen.set_port(0);
    config.program = Some(env!("CARGO_BIN_EXE_kosmos").into());
    let node = runtime.block_on(ZosNode::start(config)).unwrap();
    let is_lazy = node
        .notices()
        .iter()
        .any(|text| text.contains("as they are used"));
    if !is_lazy {
        tell(&format!(
            "skipped: flists are not mounted here: {:?}",
            node.notices()
        ));
        return;
    }
    let (flist, chunks) = large(dir.path());
    let files = dir.path().join("node/fs");
    fs::copy(flist, files.join("large.flist")).unwrap();
    fs::rename(chunks, files.join("chunks")).unwrap();
    let (client, cache) = (client(node.addr().port()), dir.path().join("node/flists"));
    let run = || {
        runtime.block_on(async {
            // As on a node that has never seen it.
            let _ = fs::remove_dir_all(&cache);
            let begun = Instant::now();
            let order = json!({"root": "/large.flist", "storage": "/chunks", "nics": []});
            let made = client
                .json(Request::new("corex.create", order))
                .await
                .unwrap();
            let id = u16::try_from(made.as_u64().unwrap()).unwrap();
            let inside = client.container(id);
            let program = Request::new("core.system", json!({"name": "/bin/true", "args": []}));
            inside.sync(program).await.unwrap();
            let (took, read) = (begun.elapsed(), size(&cache));
            client.terminate_container(id).await.unwrap();
            (took, read)
        })
    };
    let (_, read) = run();
    tell(&format!(
        "a container of an flist of {} MB: {} KB were read until its program had run, {:.1} % (10 %)",
        LARGE / 1_000_000,
        read / 1_000,
        100.0 * read as f64 / LARGE as f64
    ));
    let mut group = c.benchmark_group("containers");
    group.sample_size(10);
    group.bench_function("one of a 200 MB flist, until its program ran (1 s)", |b| {
        b.iter_custom(|rounds| (0..rounds).map(|_| run().0).sum());
    });
    group.finish();
    runtime.block_on(node.stop());
}

pub fn bench(c: &mut Criterion) {
    lazily(c);
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
