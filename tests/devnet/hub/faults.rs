//! Uploads that break off, are none, or come at the same time; a hub that is killed.
use std::path::Path;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{BOUNDARY, archive, config, files, form, get, header, message, send, start, upload};

const UPLOAD: &str = "/api/flist/me/upload";

fn waiting(dir: &Path) -> usize {
    std::fs::read_dir(dir.join("incoming")).unwrap().count()
}

/// Waits until something is so.
async fn until(what: impl Fn() -> bool) {
    let waiting = async {
        while !what() {
            tokio::task::yield_now().await;
        }
    };
    let limit = std::time::Duration::from_secs(20);
    tokio::time::timeout(limit, waiting).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let hub = start(config(dir.path())).await;
    let body = form("app.tar.gz", &files(&[("etc/x", &[7; 100_000])]));
    let head = format!(
        "POST {UPLOAD} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n\
         Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n",
        hub.addr(),
        body.len()
    );
    for part in [0, 10, 150, body.len() - 20, body.len() - 1] {
        let mut stream = tokio::net::TcpStream::connect(hub.addr()).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&body[..part]).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8_lossy(&answer);
        assert!(!answer.contains(" 200 "), "{part}: {answer}");
    }
    until(|| waiting(dir.path()) == 0).await;
    assert_eq!(get(hub.addr(), "/api/flist").await.body, "[]\n");
    let again = upload(
        hub.addr(),
        UPLOAD,
        "app.tar.gz",
        &files(&[("etc/x", &[7; 10])]),
    )
    .await;
    assert_eq!(again.status, 200);
}

#[tokio::test]
async fn what_a_killed_hub_left_is_removed_and_what_it_had_is_there() {
    let dir = tempfile::tempdir().unwrap();
    {
        let hub = start(config(dir.path())).await;
        let answer = upload(hub.addr(), UPLOAD, "app.tar.gz", &files(&[("etc/x", b"x")])).await;
        assert_eq!(answer.status, 200);
    }
    // As it lies there after a kill in the middle of an upload.
    std::fs::write(dir.path().join("incoming/7.part"), b"half").unwrap();
    let hub = start(config(dir.path())).await;
    assert_eq!(waiting(dir.path()), 0);
    assert_eq!(
        get(hub.addr(), "/api/flist").await.body,
        "[\"Administrator/app.flist\"]\n"
    );
    let contents = get(hub.addr(), "/api/flist/Administrator/app").await;
    assert_eq!(contents.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_of_one_name_at_once_give_one_whole_flist() {
    let dir = tempfile::tempdir().unwrap();
    let hub = start(config(dir.path())).await;
    let addr = hub.addr();
    let mut all = tokio::task::JoinSet::new();
    for number in 0..8_u8 {
        let content = vec![number; 600_000];
        let archive = files(&[("data/same", &content), ("data/number", &[number])]);
        all.spawn(async move { upload(addr, UPLOAD, "app.tar.gz", &archive).await.status });
    }
    while let Some(status) = all.join_next().await {
        assert_eq!(status.unwrap(), 200);
    }
    let contents = get(addr, "/api/flist/Administrator/app").await;
    let contents: Value = serde_json::from_str(&contents.body).unwrap();
    assert_eq!(contents["regular"], 2);
    assert_eq!(waiting(dir.path()), 0);
    // Every chunk of it is there: it is taken as an flist again.
    let kept = std::fs::read(dir.path().join("flists/Administrator/app.flist")).unwrap();
    let answer = upload(addr, "/api/flist/me/upload-flist", "again.flist", &kept).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[tokio::test]
async fn forms_that_are_none_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let hub = start(config(dir.path())).await;
    let addr = hub.addr();
    let multipart = format!("multipart/form-data; boundary={BOUNDARY}");
    let good = form("a.tar.gz", &files(&[("x", b"x")]));
    let other = String::from_utf8_lossy(&form("a.tar.gz", b"x")).replace("\"file\"", "\"files\"");
    let unnamed = form("", b"");
    for (kind, body, status, said) in [
        ("multipart/form-data", &good[..], 400, "malformed form"),
        (
            "multipart/form-data; boundary=other",
            &good[..],
            400,
            "malformed form",
        ),
        (multipart.as_str(), b"", 400, "malformed form"),
        (multipart.as_str(), b"no form at all", 400, "malformed form"),
        (
            multipart.as_str(),
            &good[..good.len() - 30],
            400,
            "malformed form",
        ),
        ("application/json", b"{}", 500, "no file found"),
        (
            "application/x-www-form-urlencoded",
            b"file=a.tar.gz",
            500,
            "no file found",
        ),
        (multipart.as_str(), other.as_bytes(), 500, "no file found"),
        (multipart.as_str(), &unnamed, 500, "no file selected"),
    ] {
        let answer = send(addr, "POST", UPLOAD, kind, body).await;
        let said_it = message(&answer).contains(said);
        assert!(
            answer.status == status && said_it,
            "{kind}: {} {}",
            answer.status,
            answer.body
        );
    }
    assert_eq!(waiting(dir.path()), 0);
    assert_eq!(get(addr, "/api/flist").await.body, "[]\n");
}

#[tokio::test]
async fn archives_that_mean_harm_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let hub = start(config(dir.path())).await;
    let raw = |name: &[u8], kind, link: &str| {
        archive(|tar| {
            let mut header = header(kind, 0);
            header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name);
            if !link.is_empty() {
                header.set_link_name(link).unwrap();
            }
            header.set_cksum();
            tar.append(&header, std::io::empty()).unwrap();
        })
    };
    let regular = tar::EntryType::Regular;
    let whole = files(&[("etc/x", &[1; 50_000])]);
    let lying = archive(|tar| {
        let mut header = header(regular, 0);
        header.set_path("x").unwrap();
        header.set_size(1 << 40);
        header.set_cksum();
        tar.append(&header, std::io::empty()).unwrap();
    });
    for (name, bytes, why) in [
        ("up", raw(b"../../etc/passwd", regular, ""), "leads out"),
        ("inner", raw(b"a/../../b", regular, ""), "leads out"),
        (
            "link",
            raw(b"a", tar::EntryType::Link, "../../etc/passwd"),
            "leads out",
        ),
        ("empty", archive(|_| ()), "empty"),
        ("nothing", Vec::new(), "gzip"),
        ("plain", b"not an archive".to_vec(), "gzip"),
        ("cut", whole[..whole.len() / 2].to_vec(), "damaged"),
        ("lying", lying, "damaged"),
    ] {
        let answer = upload(hub.addr(), UPLOAD, &format!("{name}.tar.gz"), &bytes).await;
        assert_eq!(
            (answer.status, message(&answer)),
            (500, "this file is not allowed".into()),
            "{name}"
        );
        let json: Value = serde_json::from_str(&answer.body).unwrap();
        assert!(
            json["reason"].as_str().unwrap().contains(why),
            "{name}: {json}"
        );
    }
    assert_eq!(get(hub.addr(), "/api/flist").await.body, "[]\n");
    assert_eq!(waiting(dir.path()), 0);
}

#[tokio::test]
async fn flists_without_their_chunks_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let hub = start(config(dir.path())).await;
    let path = "/api/flist/me/upload-flist";
    let flist = std::fs::read(crate::flist::path("small-format2023.flist")).unwrap();
    let answer = upload(hub.addr(), path, "small.flist", &flist).await;
    assert_eq!(
        message(&answer),
        "unauthorized upload, contents is not fully present on backend"
    );
    let answer = upload(hub.addr(), path, "junk.flist", b"junk").await;
    assert_eq!(message(&answer), "this file is not allowed");
    assert_eq!(get(hub.addr(), "/api/flist").await.body, "[]\n");
}
