//! A devnet that is killed with SIGKILL while its hub takes something in or converts it: nothing is
//! half there afterwards, and it can be done again.
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;

use kosmos::flist::Flist;
use kosmos::flist::image::{MakeOptions, make};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{BOUNDARY, files, form, get, upload};
use crate::devnet::child;
use crate::devnet::faults::control_of;

const UPLOAD: &str = "/api/flist/me/upload";
const CONVERT: &str = "/api/flist/me/docker";
/// Bytes of the file that is taken in: several chunks.
const LARGE: usize = 8 << 20;

/// A devnet in a process of its own.
struct Running {
    process: Child,
    hub: SocketAddr,
}

impl Running {
    async fn start(dir: &Path) -> Running {
        let process = child::spawn(dir);
        let hub = control_of(dir).await.hub_addr();
        Running { process, hub }
    }

    fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let words = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    words.flatten().take(length).collect()
}

/// Bytes of all files of a folder, and how many there are.
fn size(folder: &Path) -> (u64, usize) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.filter_map(|entry| Some(entry.metadata().ok()?.len()));
    sizes.fold((0, 0), |(bytes, count), size| (bytes + size, count + 1))
}

/// Sends the beginning of a form, and whatever follows as long as somebody listens.
async fn send_part(hub: SocketAddr, path: &str, body: &[u8], part: usize) -> TcpStream {
    let mut stream = TcpStream::connect(hub).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {hub}\r\nContent-Length: {}\r\n\
         Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&body[..part]).await.unwrap();
    stream
}

async fn until(what: impl Fn() -> bool) {
    let waiting = async {
        while !what() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), waiting)
        .await
        .expect("it does not come that far");
}

/// What is published is whole, and nothing lies about; answers the names.
async fn sound(dir: &Path, hub: SocketAddr) -> Vec<String> {
    assert_eq!(size(&dir.join("hub/incoming")).1, 0);
    let names: Value = serde_json::from_str(&get(hub, "/api/flist").await.body).unwrap();
    let names: Vec<String> = serde_json::from_value(names).unwrap();
    for name in &names {
        let file = dir.join("hub/flists").join(name);
        Flist::open(&file).unwrap().tree().unwrap();
        let bytes = std::fs::read(file).unwrap();
        // The hub takes an flist only when it has all its chunks.
        let again = "/api/flist/me/upload-flist";
        let answer = upload(hub, again, "again.flist", &bytes).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.body);
        let delete = "/api/flist/me/again.flist";
        crate::devnet::client::request(hub, "DELETE", delete, &[], b"").await;
    }
    names
}

/// Kills the devnet when `reached` says so, while a form is sent; then everything is as before, and
/// the form sent again is taken.
async fn killed(
    dir: &Path,
    (path, name, content): (&str, &str, &[u8]),
    part: Option<usize>,
    reached: impl Fn() -> bool,
) {
    let mut running = Running::start(dir).await;
    let before = sound(dir, running.hub).await;
    let body = form(name, content);
    let mut stream = send_part(running.hub, path, &body, part.unwrap_or(body.len())).await;
    until(reached).await;
    running.kill();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    let running = Running::start(dir).await;
    let after = sound(dir, running.hub).await;
    let done = answer.contains(" 200 ");
    assert!(
        done || after == before || after.len() == before.len() + 1,
        "{before:?} {after:?}"
    );
    assert!(!done || after.len() == before.len() + 1, "{after:?}");
    let again = upload(running.hub, path, name, content).await;
    assert_eq!(again.status, 200, "{}", again.body);
    let names = sound(dir, running.hub).await;
    assert_eq!(names.len(), before.len() + 1, "{names:?}");
}

fn chunks(dir: &Path) -> PathBuf {
    let space = format!("ns-{}", hex::encode("default"));
    dir.join("hub/chunks").join(space)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_is_killed_while_it_takes_an_archive() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("devnet");
    let large = noise(LARGE);
    let archive = files(&[("bin/large", &large), ("etc/name", b"app")]);
    let incoming = dir.join("hub/incoming");
    // Half of it has come.
    let half = archive.len() / 2;
    killed(&dir, (UPLOAD, "half.tar.gz", &archive), Some(half), || {
        size(&incoming).0 > half as u64 / 2
    })
    .await;
    // All of it has come, and some of it is in chunks.
    let mut other = noise(LARGE / 2);
    other.reverse();
    let archive = files(&[("bin/other", &other)]);
    let so_far = size(&chunks(&dir)).0;
    killed(&dir, (UPLOAD, "other.tar.gz", &archive), None, || {
        size(&chunks(&dir)).0 > so_far + 600_000
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_is_killed_while_it_converts_an_image() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("root");
    std::fs::create_dir_all(root.join("bin")).unwrap();
    std::fs::write(root.join("bin/large"), noise(LARGE)).unwrap();
    std::fs::write(root.join("bin/hello"), "#!/bin/sh\n").unwrap();
    let file = dir.path().join("image.tar");
    let options = MakeOptions {
        name: "me/app:1".into(),
        entrypoint: vec!["/bin/hello".into()],
        ..MakeOptions::default()
    };
    make(&root, &file, &options).unwrap();
    let image = std::fs::read(file).unwrap();
    let dir = dir.path().join("devnet");
    let form = (CONVERT, "image.tar", image.as_slice());
    // Before anything of it is in chunks, and when the first of them are.
    let incoming = dir.join("hub/incoming");
    killed(&dir, form, None, || size(&incoming).0 >= LARGE as u64).await;
    let hub = Running::start(&dir).await;
    let delete = "/api/flist/me/me-app-1.flist";
    crate::devnet::client::request(hub.hub, "DELETE", delete, &[], b"").await;
    drop(hub);
    // Its chunks are there now: others are needed.
    let mut content = noise(LARGE);
    content.reverse();
    std::fs::write(root.join("bin/large"), content).unwrap();
    let file = root.with_file_name("second.tar");
    make(&root, &file, &options).unwrap();
    let image = std::fs::read(file).unwrap();
    let so_far = size(&chunks(&dir)).0;
    killed(&dir, (CONVERT, "image.tar", &image), None, || {
        size(&chunks(&dir)).0 > so_far + 600_000
    })
    .await;
}
