//! Backends of the network: the recorded chunks through a real 0-DB, a Redis server, a hub; breaks
//! in the middle; what comes back changed.
use std::collections::HashSet;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use kosmos::devnet::zdb::{Mode, Settings};
use kosmos::flist::{
    Backend, BackendError, BuildOptions, ChunkId, ExtractOptions, Flist, MemoryBackend, check,
    extract, from_dir, open_backend,
};

use super::{bytes, json, path};
use crate::zdb::Server;

/// The recorded chunks, by their ids.
fn recorded() -> Vec<(ChunkId, Vec<u8>)> {
    json("small.backend.json")
        .as_object()
        .unwrap()
        .iter()
        .map(|(id, entry)| {
            let id = ChunkId(hex::decode(id).unwrap().try_into().unwrap());
            (id, bytes(entry, "encrypted"))
        })
        .collect()
}

/// Puts the recorded chunks into a backend, and reads the recorded flists through it.
pub fn serves(backend: &dyn Backend) {
    let chunks = recorded();
    let ids: Vec<ChunkId> = chunks.iter().map(|(id, _)| *id).collect();
    let missing: HashSet<ChunkId> = backend.missing(&ids).unwrap().into_iter().collect();
    assert_eq!(missing, ids.iter().copied().collect());
    assert_eq!(backend.get(&ids[0]).unwrap(), None);
    backend.put_all(&chunks).unwrap();
    assert_eq!(backend.missing(&ids).unwrap(), []);
    for (id, bytes) in &chunks {
        assert!(backend.has(id).unwrap() && backend.holds(id, bytes).unwrap());
        // A second time does no harm.
        backend.put(id, bytes).unwrap();
    }
    for name in ["small-format2019", "small-format2023"] {
        let tree = Flist::open(&path(&format!("{name}.flist")))
            .unwrap()
            .tree()
            .unwrap();
        assert!(check(&tree, backend, |_| {}).unwrap().is_good());
        let dir = tempfile::tempdir().unwrap();
        let made = extract(
            &tree,
            backend,
            &dir.path().join("x"),
            &ExtractOptions::default(),
        );
        assert!(made.unwrap().files > 3);
    }
}

#[test]
fn the_recorded_chunks_go_through_a_0_db() {
    let server = Server::start();
    let backend = open_backend(&server.url(), "").unwrap();
    assert_eq!(backend.name(), format!("zdb://127.0.0.1:{}", server.port()));
    serves(backend.as_ref());
    server
        .handle()
        .namespace("chunks", Some("pw"), true, 0)
        .unwrap();
    let url = format!("{}/chunks", server.url());
    serves(open_backend(&url, "pw").unwrap().as_ref());
    let reader = open_backend(&url, "").unwrap();
    let (id, bytes) = &recorded()[0];
    assert!(reader.has(id).unwrap());
    let error = reader
        .put(&ChunkId([0; 16]), bytes)
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with(&url) && error.contains("read-only"),
        "{error}"
    );
    let error = open_backend(&url, "wrong")
        .unwrap()
        .has(id)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("Access denied") && !error.contains("wrong"),
        "{error}"
    );
}

#[test]
fn calls_may_come_from_within_a_runtime() {
    let server = Server::start();
    let url = server.url();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async move {
        let backend = open_backend(&url, "").unwrap();
        assert!(!backend.has(&ChunkId([1; 16])).unwrap());
        drop(backend);
    });
}

/// A Redis server of this machine, if there is one.
struct Redis(
    Child,
    u16,
    #[allow(dead_code, reason = "goes with it")] tempfile::TempDir,
);

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[allow(clippy::disallowed_macros, reason = "says why it was skipped")]
fn redis(password: &str) -> Option<Redis> {
    // The port is free when it is looked for; nobody else of these tests takes it.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = port.local_addr().unwrap().port();
    let dir = tempfile::tempdir().unwrap();
    let started = Command::new("redis-server")
        .args([
            "--port",
            &port.to_string(),
            "--save",
            "",
            "--bind",
            "127.0.0.1",
        ])
        .args(["--requirepass", password])
        .current_dir(dir.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    match started {
        Ok(child) => Some(Redis(child, port, dir)),
        Err(error) => {
            eprintln!("skipped: no redis-server on this machine: {error}");
            None
        }
    }
}

/// Until it listens, a connection is refused, which is tried again.
fn ready(backend: &dyn Backend) {
    for _ in 0..20 {
        if backend.has(&ChunkId([0; 16])).is_ok() {
            return;
        }
    }
}

#[test]
fn the_recorded_chunks_go_through_a_plain_redis() {
    for password in ["", "s3cret"] {
        let Some(server) = redis(password) else {
            return;
        };
        let url = format!("zdb://127.0.0.1:{}/chunks", server.1);
        let backend = open_backend(&url, password).unwrap();
        ready(backend.as_ref());
        serves(backend.as_ref());
    }
}

#[test]
fn nobody_is_there() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = closed.local_addr().unwrap();
    drop(closed);
    for url in [format!("zdb://{addr}"), format!("http://{addr}")] {
        let error = open_backend(&url, "")
            .unwrap()
            .has(&ChunkId([0; 16]))
            .unwrap_err();
        assert!(error.to_string().starts_with(&url), "{error}");
    }
    for bad in ["", "ftp://x", "zdb://"] {
        assert!(open_backend(bad, "").is_err(), "{bad}");
    }
    let error = open_backend("http://example.org", "token").err().unwrap();
    assert!(!error.to_string().contains("token\""), "{error}");
}

pub fn many_files(dir: &std::path::Path) {
    for n in 0..120 {
        fs::write(dir.join(format!("f{n}")), format!("content {n}")).unwrap();
    }
    fs::write(
        dir.join("large"),
        (0..3_000_000_u32)
            .map(|n| (n >> 7) as u8)
            .collect::<Vec<_>>(),
    )
    .unwrap();
}

#[test]
fn a_folder_goes_to_a_0_db_and_is_not_brought_twice() {
    let server = Server::start();
    let backend = open_backend(&server.url(), "").unwrap();
    let dir = tempfile::tempdir().unwrap();
    many_files(dir.path());
    let options = BuildOptions::default();
    let built = from_dir(dir.path(), Some(backend.as_ref()), &options).unwrap();
    assert_eq!(built.uploaded + built.present, 126);
    assert!(
        check(&built.tree, backend.as_ref(), |_| {})
            .unwrap()
            .is_good()
    );
    let again = from_dir(dir.path(), Some(backend.as_ref()), &options).unwrap();
    assert_eq!((again.uploaded, again.present), (0, 126));
    assert_eq!(again.tree, built.tree);
    let alone = from_dir(dir.path(), None, &options).unwrap();
    assert_eq!(alone.tree, built.tree, "the same blocks without a backend");
}

/// A backend of the network that breaks, or changes what it is given.
struct Odd {
    behind: MemoryBackend,
    /// Calls of `put` until it fails.
    left: AtomicUsize,
    /// Ids that are kept changed, the first time they come.
    spoil: Mutex<HashSet<ChunkId>>,
    spoils_all: bool,
}

impl Odd {
    fn new(left: usize, spoils_all: bool) -> Odd {
        Odd {
            behind: MemoryBackend::default(),
            left: AtomicUsize::new(left),
            spoil: Mutex::default(),
            spoils_all,
        }
    }
}

impl Backend for Odd {
    fn name(&self) -> String {
        "odd".into()
    }
    fn get(&self, id: &ChunkId) -> Result<Option<Vec<u8>>, BackendError> {
        self.behind.get(id)
    }
    fn put(&self, id: &ChunkId, bytes: &[u8]) -> Result<(), BackendError> {
        let left = |left: usize| left.checked_sub(1);
        if self
            .left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, left)
            .is_err()
        {
            return Err(BackendError {
                backend: self.name(),
                reason: "the line is dead".into(),
            });
        }
        let is_first = self.spoil.lock().unwrap().insert(*id);
        match self.spoils_all || is_first {
            true => self.behind.put(id, b"noise"),
            false => self.behind.put(id, bytes),
        }
    }
    fn requests(&self) -> usize {
        3
    }
}

#[test]
fn what_was_lost_on_the_way_is_brought_again_and_what_stays_lost_is_told() {
    let dir = tempfile::tempdir().unwrap();
    many_files(dir.path());
    let odd = Odd::new(usize::MAX, false);
    let built = from_dir(dir.path(), Some(&odd), &BuildOptions::default()).unwrap();
    assert!(check(&built.tree, &odd, |_| {}).unwrap().is_good());
    let odd = Odd::new(usize::MAX, true);
    let error = from_dir(dir.path(), Some(&odd), &BuildOptions::default()).unwrap_err();
    assert!(
        error.to_string().contains("not there as it was sent"),
        "{error}"
    );
}

#[test]
fn a_break_in_the_middle_ends_the_work_with_the_backends_words() {
    let dir = tempfile::tempdir().unwrap();
    many_files(dir.path());
    let odd = Odd::new(20, false);
    let error = from_dir(dir.path(), Some(&odd), &BuildOptions::default()).unwrap_err();
    assert_eq!(error.to_string(), "odd: the line is dead");
}

#[test]
fn a_server_that_stops_in_the_middle_of_an_upload() {
    let mut server = Server::start();
    let backend = open_backend(&server.url(), "").unwrap();
    let dir = tempfile::tempdir().unwrap();
    many_files(dir.path());
    let options = BuildOptions::default();
    // Some chunks are there, then it goes away.
    fs::write(dir.path().join("only"), "one").unwrap();
    backend.put(&ChunkId([9; 16]), b"something").unwrap();
    let addr = server.stop();
    let error = from_dir(dir.path(), Some(backend.as_ref()), &options).unwrap_err();
    assert!(error.to_string().starts_with("zdb://127.0.0.1"), "{error}");
    server.again(
        addr,
        Settings {
            mode: Mode::User,
            ..Settings::default()
        },
    );
    let built = from_dir(dir.path(), Some(backend.as_ref()), &options).unwrap();
    assert!(
        check(&built.tree, backend.as_ref(), |_| {})
            .unwrap()
            .is_good()
    );
}

#[test]
fn somebody_stops_it() {
    let dir = tempfile::tempdir().unwrap();
    many_files(dir.path());
    let stop = std::sync::atomic::AtomicBool::new(true);
    let options = BuildOptions {
        stop: Some(&stop),
        ..BuildOptions::default()
    };
    let backend: Arc<dyn Backend> = Arc::new(MemoryBackend::default());
    let error = from_dir(dir.path(), Some(backend.as_ref()), &options).unwrap_err();
    assert_eq!(error.to_string(), "it was stopped");
}
