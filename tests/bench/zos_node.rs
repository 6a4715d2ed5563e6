//! The devnet's Zero-OS node, driven by the client: the protocol, jobs, output, files.
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use criterion::Criterion;
use kosmos::devnet::zos::{Config, Handle, ZosNode};
use kosmos::zos::{Client, Request};
use serde_json::json;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::zos::client;

/// Says something beside criterion's figures.
#[allow(
    clippy::print_stderr,
    clippy::disallowed_macros,
    reason = "a bench tells its figures"
)]
fn tell(text: &str) {
    eprintln!("{text}");
}

/// A real Redis on a free port, gone at the end.
struct Redis(Child, u16);

impl Redis {
    /// None where it is not installed.
    fn start() -> Option<Redis> {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let child = Command::new("redis-server")
            .args([
                "--port",
                &port.to_string(),
                "--save",
                "",
                "--bind",
                "127.0.0.1",
            ])
            .stdout(Stdio::null())
            .spawn()
            .ok()?;
        let redis = Redis(child, port);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            std::thread::sleep(Duration::from_millis(10));
        }
        Some(redis)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn node(runtime: &Runtime, dir: &std::path::Path) -> Handle {
    let mut config = Config::new(dir.join("node"));
    config.listen.set_port(0);
    runtime.block_on(ZosNode::start(config)).unwrap()
}

/// Bytes of memory that this process has: node and client live in it.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib << 10
}

/// So many zeros, without holding them.
struct Zeros(u64);

impl std::io::Read for Zeros {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = usize::try_from(self.0)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        buffer[..length].fill(0);
        self.0 -= length as u64;
        Ok(length)
    }
}

/// A file of 1 GiB up and down: its speed, and what memory grew meanwhile.
fn large_file(runtime: &Runtime, client: &Client) {
    const SIZE: u64 = 1 << 30;
    let mut most = resident();
    let before = most;
    for (what, down) in [("up", false), ("down", true)] {
        let begun = Instant::now();
        let at = |_| most = most.max(resident());
        let count = runtime.block_on(async {
            match down {
                false => client.upload("/tmp/large", Zeros(SIZE), at).await,
                true => client.download("/tmp/large", std::io::sink(), at).await,
            }
        });
        assert_eq!(count.unwrap(), SIZE);
        let speed = SIZE as f64 / begun.elapsed().as_secs_f64() / 1e6;
        let grown = (most - before) >> 20;
        tell(&format!(
            "zos node: 1 GiB {what}: {speed:.0} MB/s (200), {grown} MiB more memory"
        ));
    }
}

async fn lines(client: &Client, script: &str) -> usize {
    let mut request = Request::bash(script, "");
    request.stream = true;
    let response = client.raw(request).await.unwrap();
    let mut count = 0;
    response
        .stream(|record| count += record.message.message.matches('\n').count())
        .await
        .unwrap();
    count
}

pub fn bench(c: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let node = node(&runtime, dir.path());
    let one = client(node.addr().port());
    let mut group = c.benchmark_group("zos node");
    match Redis::start() {
        None => tell("skipped: redis-server is not installed"),
        Some(redis) => {
            let bare = client(redis.1);
            group.bench_function("a bare round trip of redis-server (200 us)", |b| {
                b.iter(|| {
                    let cmd = redis::cmd("PING");
                    let asked = bare.transport().command(&cmd, "PING", Duration::ZERO);
                    runtime.block_on(asked).unwrap()
                });
            });
        }
    }
    group.bench_function("core.ping (700 us)", |b| {
        b.iter(|| runtime.block_on(one.ping()).unwrap());
    });
    // 5000 a minute.
    group.bench_function("a job with a process (12 ms)", |b| {
        b.iter(|| {
            let request = Request::new("core.system", json!({"name": "true", "args": []}));
            runtime.block_on(one.sync(request)).unwrap()
        });
    });
    group.bench_function("100 jobs side by side (1200 ms)", |b| {
        b.iter(|| {
            runtime.block_on(async {
                let mut all = JoinSet::new();
                for _ in 0..100 {
                    let one = one.clone();
                    let request = Request::new("core.system", json!({"name": "true", "args": []}));
                    all.spawn(async move { one.sync(request).await.unwrap() });
                }
                assert_eq!(all.join_all().await.len(), 100);
            });
        });
    });
    group.bench_function("100000 log lines (1 s)", |b| {
        b.iter(|| assert_eq!(runtime.block_on(lines(&one, "seq 100000")), 100_000));
    });
    group.sample_size(10);
    // One write for each line, so that many are messages of their own: most of the time is the
    // script's.
    let script = "i=0; while [ $i -lt 100000 ]; do echo \"line $i of the log\"; i=$((i+1)); done";
    group.bench_function("100000 log lines written one by one (1 s)", |b| {
        b.iter(|| assert_eq!(runtime.block_on(lines(&one, script)), 100_000));
    });
    group.bench_function("64 MiB up (335 ms)", |b| {
        b.iter(|| {
            runtime
                .block_on(one.upload("/tmp/some", Zeros(64 << 20), |_| {}))
                .unwrap()
        });
    });
    group.bench_function("64 MiB down (335 ms)", |b| {
        b.iter(|| {
            let sink = std::io::sink();
            runtime
                .block_on(one.download("/tmp/some", sink, |_| {}))
                .unwrap()
        });
    });
    group.finish();
    large_file(&runtime, &one);
    runtime.block_on(node.stop());
}
