//! Clients that break off, and nodes that are killed.
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use kosmos::devnet::zos::ZosNode;
use kosmos::zos::{Error, Request};
use serde_json::json;

use super::followers::client_of;
use super::wire::Client;
use super::{Running, config, skipped};
use crate::devnet::zos_container::faults::on_a_small_disk;

#[test]
fn garbage_is_told_and_ends_its_connection_only() {
    let node = Running::start();
    let mut good = node.client();
    for garbage in [
        "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        "\0\u{1}\u{2}\u{3}",
        "*x\r\n",
        "*1\r\n+PING\r\n",
        "*1\r\n$4\r\nPINGxx\r\n",
        "*999999999\r\n",
        "*1\r\n$-5\r\n",
        "PING\r\n",
    ] {
        let mut client = node.client();
        client.raw(garbage.as_bytes());
        let answer = client.read();
        let text = answer["error"]
            .as_str()
            .unwrap_or_else(|| panic!("{garbage:?}: {answer}"));
        assert!(
            text.starts_with("ERR Protocol error"),
            "{garbage:?}: {text}"
        );
        let mut rest = Vec::new();
        client.stream.read_to_end(&mut rest).unwrap();
        assert!(rest.is_empty(), "{garbage:?}");
        assert_eq!(good.ask(&["PING"]), json!("PONG"));
    }
}

#[test]
fn half_a_command_waits_for_the_other_half() {
    let node = Running::start();
    let mut client = node.client();
    client.raw(b"*2\r\n$4\r\nEC");
    assert_eq!(node.client().ask(&["PING"]), json!("PONG"));
    client.raw(b"HO\r\n$3\r\na\r\n\r");
    client.raw(b"\n*1\r\n$4\r\nPING\r\n");
    assert_eq!(client.read(), json!("a\r\n"));
    assert_eq!(client.read(), json!("PONG"));
    // And half a TLS greeting holds nobody up.
    let mut half = TcpStream::connect(node.addr).unwrap();
    half.write_all(&[0x16, 3, 1]).unwrap();
    assert_eq!(node.client().ask(&["PING"]), json!("PONG"));
}

#[test]
fn a_client_that_leaves_while_it_waits_takes_nothing() {
    let node = Running::start();
    let mut other = node.client();
    for round in 0..20 {
        let key = format!("k{round}");
        let mut leaver = node.client();
        leaver.send(&["BLPOP", &key, "0"]);
        drop(leaver);
        let mut stays = node.client();
        stays.send(&["BLPOP", &key, "0"]);
        // The one that left is known to be gone once a connection after it was served twice.
        assert_eq!(node.client().ask(&["PING"]), json!("PONG"));
        std::thread::sleep(std::time::Duration::from_millis(5));
        other.ask(&["RPUSH", &key, "value"]);
        assert_eq!(stays.read(), json!([key, "value"]), "round {round}");
    }
}

#[test]
fn many_wait_and_nobody_is_held_up() {
    let node = Running::start();
    let mut waiting: Vec<Client> = (0..300)
        .map(|n| {
            let mut client = node.client();
            client.send(&["BLPOP", &format!("w{n}"), "0"]);
            client
        })
        .collect();
    let mut client = node.client();
    let result = client.run("p", "core.ping", json!({}));
    assert_eq!(result["state"], "SUCCESS");
    for n in 0..300 {
        client.ask(&["RPUSH", &format!("w{n}"), "x"]);
    }
    for client in &mut waiting {
        assert_eq!(client.read()[1], "x");
    }
}

/// The program itself, as a node on a folder.
pub fn spawn(root: &Path) -> (Child, SocketAddr) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_kosmos"))
        .args(["zos-node", "--listen", "127.0.0.1:0", "--root"])
        .arg(root)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let addr = line
        .split_whitespace()
        .find_map(|word| word.trim_end_matches(',').parse().ok());
    (
        child,
        addr.unwrap_or_else(|| panic!("no address in {line:?}")),
    )
}

#[test]
fn a_killed_node_starts_again_on_its_folder_and_leaves_no_jobs() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("node");
    let (mut child, addr) = spawn(&root);
    let mut client = Client::connect(addr);
    let kept = client.run("f", "filesystem.mkdir", json!({"path": "/kept"}));
    assert_eq!(kept["state"], "SUCCESS");
    // A job whose child has left the job's group: only the mark in its environment finds it.
    client.push(
        &json!({"id": "b", "command": "bash", "stream": true, "arguments":
        {"script": "setsid sleep 1000 & echo $!; exec sleep 1000"}}),
    );
    let record = client.ask(&["BLPOP", "stream:b", "20"]);
    let record: serde_json::Value = serde_json::from_str(record[1].as_str().unwrap()).unwrap();
    let orphan = record["message"]["message"]
        .as_str()
        .unwrap()
        .trim()
        .to_string();
    child.kill().unwrap();
    child.wait().unwrap();
    let (mut child, addr) = spawn(&root);
    let mut client = Client::connect(addr);
    let there = client.run("e", "filesystem.exists", json!({"path": "/kept"}));
    assert_eq!(there["data"], "true");
    let gone = |pid: &str| {
        std::fs::read_to_string(format!("/proc/{pid}/stat")).map_or(true, |stat| {
            stat.rsplit(')').next().unwrap().trim().starts_with('Z')
        })
    };
    assert!(gone(&orphan), "process {orphan} still runs");
    // Two nodes on one folder: the second is told.
    let second = Command::new(env!("CARGO_BIN_EXE_kosmos"))
        .args(["zos-node", "--listen", "127.0.0.1:0", "--root"])
        .arg(&root)
        .output()
        .unwrap();
    assert!(!second.status.success());
    let told = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(told.contains("already runs"), "{told}");
    child.kill().unwrap();
    child.wait().unwrap();
}

/// A node that is killed while a client follows a job: what came stays, and the rest is an error.
#[test]
fn a_node_that_dies_in_the_middle_of_a_stream_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let (mut child, addr) = spawn(&dir.path().join("node"));
    let client = client_of(addr.port());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mut job = Request::bash("echo begun; exec sleep 1000", "");
        job.stream = true;
        let job = client.raw(job).await.unwrap();
        let first = job.next(0).await.unwrap().unwrap();
        assert_eq!(first.message.message, "begun\n");
        let (next, ()) = tokio::join!(job.next(1), async {
            child.kill().unwrap();
            child.wait().unwrap();
        });
        let error = next.unwrap_err();
        assert!(
            matches!(error, Error::Closed { .. } | Error::Connect { .. }),
            "{error:?}"
        );
        let error = job.get(None).await.unwrap_err();
        assert!(matches!(error, Error::Connect { .. }), "{error:?}");
    });
}

/// Not a test of its own: a node on a disk of 2 MiB.
#[test]
fn run_full_node() {
    let Some(dir) = std::env::args().find_map(|a| a.strip_prefix("disk=").map(PathBuf::from))
    else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let node = ZosNode::start(config(&dir)).await.unwrap();
        let client = client_of(node.addr().port());
        let large = vec![7; 4 << 20];
        let error = client.upload("/large", large.as_slice(), |_| {}).await;
        let error = error.unwrap_err().to_string();
        assert!(error.contains("no space left on device"), "{error}");
        // It goes on: other commands work, and room that is made can be used.
        assert!(client.ping().await.is_ok());
        let path = json!({"path": "/large"});
        let removed = client.json(Request::new("filesystem.remove", path)).await;
        removed.unwrap();
        let some = &large[..1 << 20];
        assert_eq!(
            client.upload("/some", some, |_| {}).await.unwrap(),
            some.len() as u64
        );
        node.stop().await;
        let told = b"the node outlived its full disk\n";
        std::io::stdout().write_all(told).unwrap();
    });
}

#[test]
fn an_upload_to_a_full_disk_is_told() {
    let test = "devnet::zos_node::faults::run_full_node";
    on_a_small_disk(test, "the node outlived its full disk");
}

#[test]
fn files_outside_are_out_of_reach() {
    let node = Running::start();
    let fs = node.dir.path().join("node/fs");
    let outside = node.dir.path().join("outside");
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("secret"), "s").unwrap();
    std::os::unix::fs::symlink(&outside, fs.join("link")).unwrap();
    std::os::unix::fs::symlink("../../..", fs.join("up")).unwrap();
    let mut client = node.client();
    let secret = outside.join("secret").display().to_string();
    let up = format!("/up{secret}");
    for (n, path) in ["/link/secret", "/../../outside/secret", &secret, &up]
        .iter()
        .enumerate()
    {
        let opened = client.run(&format!("o{n}"), "filesystem.open", json!({"file": path}));
        assert_eq!(opened["state"], "ERROR", "{path}: {opened}");
        let removed = client.run(&format!("r{n}"), "filesystem.remove", json!({"path": path}));
        assert!(outside.join("secret").exists(), "{path}: {removed}");
    }
    // What the person shares is reachable, at its own path.
    let shared = outside.clone();
    let node = Running::with(move |config| config.shared.push(shared));
    let opened = node
        .client()
        .run("s", "filesystem.open", json!({"file": secret}));
    assert_eq!(opened["state"], "SUCCESS", "{opened}");
    if let Some(why) = node.without_view() {
        skipped(&why);
    } else {
        let script = format!("cat {secret}; ls -d /home /root 2>/dev/null | wc -l");
        let seen = node.client().run("c", "bash", json!({"script": script}));
        assert_eq!(seen["streams"][0], "s0\n", "{seen}");
    }
}
