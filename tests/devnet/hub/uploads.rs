//! What archives, images and chunks become.
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use kosmos::flist::hub::{Direct, Hub, HubError, HubOptions};
use kosmos::flist::{Chunk, ChunkId, Flist, Kind};
use serde_json::json;

use super::{BOUNDARY, archive, config, files, form, get, header, message, send, start, upload};

#[tokio::test]
async fn everything_of_an_archive_is_in_the_flist() {
    let dir = tempfile::tempdir().unwrap();
    let hub = start(config(dir.path())).await;
    let long = format!("long/{}", "n".repeat(180));
    let bytes = archive(|tar| {
        let mut add = |kind, path: &str, link: &str, content: &[u8]| {
            let mut header = header(kind, content.len() as u64);
            header.set_mode(0o4711);
            header.set_uid(33);
            header.set_gid(44);
            header.set_mtime(1_561_000_000);
            match link {
                "" => tar.append_data(&mut header, path, content).unwrap(),
                link => tar.append_link(&mut header, path, link).unwrap(),
            }
        };
        use tar::EntryType as T;
        add(T::Directory, "./etc/", "", b"");
        add(T::Regular, "./etc/two", "", &[5; 600_000]);
        add(T::Link, "etc/same", "./etc/two", b"");
        add(T::Link, "etc/lost", "etc/nowhere", b"");
        add(T::Symlink, "bin", "../usr/bin", b"");
        add(T::Fifo, "run/pipe", "", b"");
        add(T::Regular, &long, "", b"long");
        add(T::Regular, "etc/twice", "", b"first");
        add(T::Regular, "etc/twice", "", b"second");
    });
    let answer = upload(
        hub.addr(),
        "/api/flist/me/upload",
        "../my app.tar.gz",
        &bytes,
    )
    .await;
    assert_eq!(
        answer.body,
        "{\"status\": \"success\", \"payload\": {\"name\": \"my_app.flist\", \"files\": {\
         \"regular\": 4, \"symlink\": 1, \"directory\": 3, \"special\": 1, \"failure\": 1}}}\n"
    );
    let flist = dir.path().join("flists/Administrator/my_app.flist");
    let tree = Flist::open(&flist).unwrap().tree().unwrap();
    let two = tree.get(b"etc/two").unwrap();
    assert_eq!(
        (two.meta.mode, two.meta.uid, two.meta.gid),
        (0o4711, Some(33), Some(44))
    );
    assert_eq!(two.meta.modified, 1_561_000_000);
    let Kind::File { size, blocks } = &two.kind else {
        panic!()
    };
    assert_eq!((*size, blocks.len()), (600_000, 2));
    assert_eq!(tree.get(b"etc/same").unwrap().kind, two.kind);
    assert!(
        matches!(&tree.get(b"bin").unwrap().kind, Kind::Link { target } if target == b"../usr/bin")
    );
    assert!(matches!(
        &tree.get(b"etc/twice").unwrap().kind,
        Kind::File { size: 6, .. }
    ));
}

#[tokio::test]
async fn archives_of_images_are_converted_where_they_come() {
    let dir = tempfile::tempdir().unwrap();
    let hub = start(config(dir.path())).await;
    let path = "/api/flist/me/docker";
    let answer = upload(hub.addr(), path, "whatever.tar", b"an image").await;
    assert!(
        answer.body.contains("\"library-tiny-1.flist\""),
        "{}",
        answer.body
    );
    let answer = upload(hub.addr(), path, "whatever.tar", b"something").await;
    assert_eq!(message(&answer), "this file is not allowed");
    let page = upload(hub.addr(), "/docker-convert", "whatever.tar", b"an image").await;
    assert!(page.body.contains("<h1>Well done</h1>"), "{}", page.body);
    // The command of an image is asked for by a field, as the form's box sends it.
    let page = get(hub.addr(), "/docker-convert").await.body;
    assert!(
        page.contains("type=\"checkbox\" name=\"keep_cmd\" value=\"1\""),
        "{page}"
    );
    for (value, name) in [
        ("1", "kept"),
        ("on", "kept"),
        ("0", "tiny"),
        ("false", "tiny"),
    ] {
        let field = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"keep_cmd\"\r\n\r\n{value}\r\n"
        );
        let body = [field.as_bytes(), &form("whatever.tar", b"an image")].concat();
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let answer = send(hub.addr(), "POST", path, &kind, &body).await;
        assert!(
            answer.body.contains(&format!("\"library-{name}-1.flist\"")),
            "{}",
            answer.body
        );
    }
    // The client does the same.
    let client = Hub::new(&format!("http://{}", hub.addr()), &HubOptions::default()).unwrap();
    let file = dir.path().join("image.tar");
    std::fs::write(&file, b"an image").unwrap();
    let made = client
        .docker_archive(Some("mine:2"), &file, false, None)
        .await
        .unwrap();
    assert_eq!(made.name, "mine-2.flist");
    let made = client
        .docker_archive(None, &file, true, None)
        .await
        .unwrap();
    assert_eq!(made.name, "library-kept-1.flist");
    let made = client.docker("nginxdemos/hello", false).await.unwrap();
    assert_eq!(made.name, "nginxdemos-hello-latest.flist");
    let error = client.docker("missing/img", false).await.unwrap_err();
    assert!(
        matches!(&error, HubError::Refused { status: 500, message, .. }
        if message == "docker image not found"),
        "{error}"
    );
}

#[tokio::test]
async fn chunks_come_and_go_over_http() {
    let dir = tempfile::tempdir().unwrap();
    let hub = start(config(dir.path())).await;
    let addr = hub.addr();
    let direct = Direct::new(&format!("http://{addr}"), None).unwrap();
    let chunks: Vec<Chunk> = [&b"one"[..], b"two", &[9; 500_000]]
        .iter()
        .map(|piece| Chunk::of(piece).unwrap())
        .collect();
    let ids: Vec<ChunkId> = chunks.iter().map(|chunk| chunk.block.id).collect();
    assert_eq!(direct.exists(&ids).await.unwrap(), ids);
    let pairs: Vec<(ChunkId, Vec<u8>)> = chunks[..2]
        .iter()
        .map(|chunk| (chunk.block.id, chunk.bytes.clone()))
        .collect();
    direct.insert(&pairs).await.unwrap();
    direct.insert(&pairs).await.unwrap();
    assert_eq!(direct.exists(&ids).await.unwrap(), [ids[2]]);
    let answer = get(addr, &format!("/chunk/{}", ids[0])).await;
    assert_eq!(answer.status, 200);
    let length = chunks[0].bytes.len().to_string();
    assert_eq!(answer.header("content-length"), Some(length.as_str()));
    assert_eq!(get(addr, &format!("/chunk/{}", ids[2])).await.status, 404);
    assert_eq!(get(addr, "/chunk/..%2f..%2fx").await.status, 404);
    // A chunk under the key of another one would be a lie.
    let lie = [(ids[2], b"something else".to_vec())];
    let error = direct.insert(&lie).await.unwrap_err();
    assert!(error.to_string().contains("malformed chunk"), "{error}");
    assert_eq!(direct.exists(&ids).await.unwrap(), [ids[2]]);
    let strange = json!([BASE64_STANDARD.encode([0; 15]), "!"]).to_string();
    let answer = send(
        addr,
        "POST",
        "/exists",
        "application/json",
        strange.as_bytes(),
    )
    .await;
    assert_eq!(answer.body, "[\"AAAAAAAAAAAAAAAAAAAA\", \"!\"]\n");
}

#[tokio::test]
async fn merges_take_the_first_and_keep_the_order_of_their_checks() {
    let dir = tempfile::tempdir().unwrap();
    let hub = start(config(dir.path())).await;
    let addr = hub.addr();
    for (name, content) in [("a", "first"), ("b", "the second")] {
        let archive = files(&[("etc/same", content.as_bytes()), (name, b"own")]);
        upload(
            addr,
            "/api/flist/me/upload",
            &format!("{name}.tar.gz"),
            &archive,
        )
        .await;
    }
    let merge = async |target: &str, body: &str| {
        let path = format!("/api/flist/me/merge/{target}");
        let answer = send(addr, "POST", &path, "application/json", body.as_bytes()).await;
        (answer.status, message(&answer))
    };
    for (target, body, said) in [
        ("..%2fx", "nothing", "malformed json request"),
        ("..%2fx", "[1]", "malformed json request"),
        ("..%2fx", "[]", "no source found"),
        ("..%2fx", "[\"a\"]", "malformed source filename"),
        (
            "..%2fx",
            "[\"Administrator/a\", \"../../x\"]",
            "../../x.flist does not exists",
        ),
        ("", "[\"Administrator/a\"]", "missing build (target) name"),
        ("..%2fx", "[\"Administrator/a\"]", "build name not allowed"),
    ] {
        assert_eq!(
            merge(target, body).await,
            (500, said.into()),
            "{target} {body}"
        );
    }
    let both = "[\"Administrator/a\", \"Administrator/b.flist\"]";
    assert_eq!(merge("ab", both).await.0, 200);
    let flist = dir.path().join("flists/Administrator/ab.flist");
    let tree = Flist::open(&flist).unwrap().tree().unwrap();
    assert!(matches!(
        &tree.get(b"etc/same").unwrap().kind,
        Kind::File { size: 5, .. }
    ));
    assert!(tree.get(b"a").is_some() && tree.get(b"b").is_some());
}
