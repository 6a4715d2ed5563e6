//! Links, names and deletions.
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{config, files, get, message, start, upload};
use crate::devnet::client::request;

async fn put(addr: SocketAddr, name: &str) {
    let archive = files(&[("etc/name", name.as_bytes())]);
    let answer = upload(
        addr,
        "/api/flist/me/upload",
        &format!("{name}.tar.gz"),
        &archive,
    )
    .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[tokio::test]
async fn links_lead_to_flists_and_never_in_a_circle() {
    let dir = tempfile::tempdir().unwrap();
    let hub = start(config(dir.path())).await;
    let addr = hub.addr();
    put(addr, "one").await;
    put(addr, "two").await;
    let me = async |path: &str| get(addr, &format!("/api/flist/me/{path}")).await;
    for path in ["one/link/a", "a/link/b", "b/link/c"] {
        assert_eq!(me(path).await.status, 200, "{path}");
    }
    // The whole chain is followed.
    let sum = get(addr, "/Administrator/one.flist.md5").await.body;
    assert_eq!(get(addr, "/Administrator/c.flist.md5").await.body, sum);
    for path in ["a/link/a", "c/link/a", "b/link/a", "c/rename/a"] {
        let answer = me(path).await;
        assert_eq!(
            (answer.status, message(&answer)),
            (401, "link would lead to itself".into()),
            "{path}"
        );
    }
    // A link never takes the place of an flist.
    for path in ["a/rename/one", "a/link/two"] {
        let answer = me(path).await;
        let wanted = (401, "link destination is already a file".to_owned());
        assert_eq!((answer.status, message(&answer)), wanted, "{path}");
    }
    // What leads nowhere any more is not there; it can be led elsewhere.
    let gone = request(addr, "DELETE", "/api/flist/me/one", &[], b"").await;
    assert_eq!(gone.status, 200);
    assert_eq!(get(addr, "/Administrator/c.flist").await.status, 404);
    assert_eq!(me("two/link/a").await.status, 200);
    let sum = get(addr, "/Administrator/two.flist.md5").await.body;
    assert_eq!(get(addr, "/Administrator/c.flist.md5").await.body, sum);
}

#[tokio::test]
async fn circles_on_disk_are_not_followed() {
    let dir = tempfile::tempdir().unwrap();
    let hub = start(config(dir.path())).await;
    put(hub.addr(), "one").await;
    let folder = dir.path().join("flists/Administrator");
    for (link, target) in [
        ("x.flist", "y.flist"),
        ("y.flist", "x.flist"),
        ("self.flist", "self.flist"),
        ("out.flist", "../../../etc/passwd"),
        ("root.flist", "/etc/passwd"),
    ] {
        std::os::unix::fs::symlink(target, folder.join(link)).unwrap();
    }
    for name in ["x", "y", "self", "out", "root"] {
        let path = format!("/Administrator/{name}.flist");
        assert_eq!(get(hub.addr(), &path).await.status, 404, "{name}");
        let path = format!("/api/flist/Administrator/{name}");
        assert_eq!(get(hub.addr(), &path).await.status, 404, "{name}");
    }
    // The rest is listed as ever.
    assert!(
        get(hub.addr(), "/api/flist")
            .await
            .body
            .contains("one.flist")
    );
}

#[tokio::test]
async fn what_is_deleted_is_read_to_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let hub = start(config(dir.path())).await;
    let addr = hub.addr();
    // Larger than what connections hold back.
    let large: Vec<u8> = (0..24_000_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    let folder = dir.path().join("flists/Administrator");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("large.flist"), &large).unwrap();
    let mut stream = tokio::net::TcpStream::connect(addr).await.unwrap();
    let ask = format!(
        "GET /Administrator/large.flist HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(ask.as_bytes()).await.unwrap();
    let mut first = [0; 1000];
    stream.read_exact(&mut first).await.unwrap();
    let gone = request(addr, "DELETE", "/api/flist/me/large.flist", &[], b"").await;
    assert_eq!(gone.status, 200);
    assert_eq!(get(addr, "/Administrator/large.flist").await.status, 404);
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    assert!(rest.ends_with(&large[large.len() - 1000..]));
    let head = first
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap()
        + 4;
    assert_eq!(first.len() - head + rest.len(), large.len());
}

#[tokio::test]
async fn names_that_are_paths_change_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let hub = start(config(dir.path())).await;
    let addr = hub.addr();
    put(addr, "one").await;
    std::fs::write(dir.path().join("secret.flist"), b"secret").unwrap();
    let tricks = [
        "..%2f..%2fsecret",
        "%2e%2e%2f%2e%2e%2fsecret.flist",
        "..%5c..%5csecret",
        "%2fetc%2fpasswd",
        "%00",
        "..",
        "-rf",
        ".hidden",
        "a%0ab",
    ];
    for trick in tricks {
        for path in [
            format!("/{trick}/one.flist"),
            format!("/Administrator/{trick}"),
            format!("/Administrator/{trick}.md5"),
            format!("/api/flist/{trick}/one"),
            format!("/api/flist/Administrator/{trick}"),
            format!("/api/flist/me/{trick}/link/l"),
            format!("/api/flist/me/{trick}/rename/l"),
            format!("/api/flist/me/promote/{trick}/one/l"),
            format!("/api/flist/me/promote/Administrator/{trick}/l"),
        ] {
            let answer = get(addr, &path).await;
            assert_eq!(answer.status, 404, "{path}: {}", answer.body);
            assert!(!answer.body.contains("secret"), "{path}");
        }
        for path in [
            format!("/api/flist/me/one/link/{trick}"),
            format!("/api/flist/me/one/rename/{trick}"),
            format!("/api/flist/me/promote/Administrator/one/{trick}"),
        ] {
            let answer = get(addr, &path).await;
            assert_eq!(message(&answer), "build name not allowed", "{path}");
        }
        let gone = request(addr, "DELETE", &format!("/api/flist/me/{trick}"), &[], b"").await;
        assert_eq!(gone.status, 404, "{trick}");
    }
    let left: Vec<_> = std::fs::read_dir(dir.path().join("flists/Administrator"))
        .unwrap()
        .collect();
    assert_eq!(left.len(), 1);
    assert!(dir.path().join("secret.flist").exists());
}
