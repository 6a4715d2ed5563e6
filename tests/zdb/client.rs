//! The client against the server.
use std::sync::Arc;

use kosmos::devnet::zdb::Mode;
use kosmos::zdb::{Client, Error, Mode as KeyMode, Property};

use super::{Server, settings};

fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    match result.unwrap_err() {
        Error::Refused { reason, .. } => reason,
        other => panic!("{other}"),
    }
}

#[test]
fn values_come_back_until_they_are_deleted() {
    let server = Server::start();
    let client = server.client();
    server.run(async {
        client.ping().await.unwrap();
        assert!(client.set(b"key", b"value").await.unwrap());
        assert!(
            !client.set(b"key", b"value").await.unwrap(),
            "the same again"
        );
        assert!(client.set(b"key", b"other").await.unwrap());
        assert_eq!(client.get(b"key").await.unwrap().unwrap(), b"other");
        assert!(client.exists(b"key").await.unwrap());
        assert!(client.delete(b"key").await.unwrap());
        assert!(!client.delete(b"key").await.unwrap());
        assert_eq!(client.get(b"key").await.unwrap(), None);
        assert_eq!(refused(client.set(b"", b"x").await), "Invalid key");
        assert_eq!(refused(client.set(&[7; 300], b"x").await), "Invalid key");
        let large = vec![9; 8 * 1024 * 1024];
        assert!(client.set(b"large", &large).await.unwrap());
        assert_eq!(client.get(b"large").await.unwrap().unwrap(), large);
        let larger = vec![9; 8 * 1024 * 1024 + 1];
        assert!(refused(client.set(b"larger", &larger).await).contains("too large"));
        client.flush().await.unwrap();
        assert_eq!(client.info("default").await.unwrap().entries(), Some(0));
    });
}

#[test]
fn in_mode_seq_the_server_numbers() {
    let server = Server::with(settings(Mode::Seq));
    let client = server.client();
    server.run(async {
        for number in 0..300_u32 {
            let key = client.add(&number.to_be_bytes()).await.unwrap();
            assert_eq!(key, number.to_le_bytes());
        }
        let second = 1_u32.to_le_bytes();
        assert!(client.set(&second, b"changed").await.unwrap());
        assert_eq!(client.get(&second).await.unwrap().unwrap(), b"changed");
        assert_eq!(
            refused(client.set(&900_u32.to_le_bytes(), b"x").await),
            "Invalid key"
        );
        let last = 299_u32.to_le_bytes();
        client.delete(&last).await.unwrap();
        assert_eq!(
            client.add(b"x").await.unwrap(),
            300_u32.to_le_bytes(),
            "no number twice"
        );
        assert_eq!(
            client.info("default").await.unwrap().mode(),
            Some(KeyMode::Seq)
        );
    });
}

async fn walk(client: &Client, from: Option<&[u8]>, backwards: bool) -> Vec<Vec<u8>> {
    let mut cursor = match from {
        Some(key) => Some(client.cursor_of(key).await.unwrap()),
        None => None,
    };
    let mut keys = Vec::new();
    while let Some(page) = client.scan(cursor.as_deref(), backwards).await.unwrap() {
        keys.extend(page.entries.into_iter().map(|entry| entry.key));
        cursor = Some(page.cursor);
    }
    keys
}

#[test]
fn scans_see_every_key_once_in_the_order_of_writing() {
    let server = Server::start();
    let client = server.client();
    server.run(async {
        let keys: Vec<Vec<u8>> = (0..3_000)
            .map(|n| format!("key {n}").into_bytes())
            .collect();
        for key in &keys {
            client.set(key, b"12345").await.unwrap();
        }
        assert_eq!(walk(&client, None, false).await, keys);
        let mut back = keys.clone();
        back.reverse();
        assert_eq!(walk(&client, None, true).await, back);
        assert_eq!(walk(&client, Some(&keys[10]), false).await, keys[11..]);
        let first = client.scan(None, false).await.unwrap().unwrap();
        assert_eq!(first.entries[0].size, 5);
        // A key that is written again is the newest; a cursor lives on without its key.
        let cursor = client.cursor_of(&keys[2_998]).await.unwrap();
        client.set(&keys[0], b"again").await.unwrap();
        client.delete(&keys[2_998]).await.unwrap();
        let rest = client.scan(Some(&cursor), false).await.unwrap().unwrap();
        let rest: Vec<Vec<u8>> = rest.entries.into_iter().map(|entry| entry.key).collect();
        assert_eq!(rest, [keys[2_999].clone(), keys[0].clone()]);
        let missing = client.cursor_of(b"nothing").await.unwrap_err();
        assert!(matches!(missing, Error::NoKey { .. }), "{missing}");
        assert!(refused(client.scan(Some(b"abc"), false).await).contains("cursor"));
    });
}

#[test]
fn namespaces_have_passwords_limits_and_readers() {
    let mut own = settings(Mode::User);
    own.password = Some("admin-secret".to_owned().into());
    let server = Server::with(own);
    let mut options = server.options();
    options.secret = "admin-secret".to_owned().into();
    let admin = Client::new(options);
    let stranger = server.client();
    server.run(async {
        assert_eq!(
            refused(stranger.namespace_new("mine").await),
            "Permission denied"
        );
        admin.namespace_new("mine").await.unwrap();
        assert!(refused(admin.namespace_new("mine").await).contains("not available"));
        for bad in ["", "a b", "a\nb", &"x".repeat(200)] {
            assert!(admin.namespace_new(bad).await.is_err(), "{bad}");
        }
        admin
            .namespace_set("mine", Property::Password(Some("s3cret")))
            .await
            .unwrap();
        admin
            .namespace_set("mine", Property::Public(true))
            .await
            .unwrap();
        admin
            .namespace_set("mine", Property::MaxSize(10))
            .await
            .unwrap();
        assert_eq!(admin.namespaces().await.unwrap(), ["default", "mine"]);
        let writer = server.client_of("mine", "s3cret");
        writer.set(b"a", b"12345").await.unwrap();
        assert!(refused(writer.set(b"b", b"123456").await).contains("No space left"));
        writer.set(b"a", b"1234567890").await.unwrap();
        let reader = server.client_of("mine", "");
        assert_eq!(reader.get(b"a").await.unwrap().unwrap(), b"1234567890");
        assert!(refused(reader.set(b"a", b"x").await).contains("read-only"));
        let wrong = server.client_of("mine", "wrong").get(b"a").await;
        assert_eq!(refused(wrong), "Access denied");
        admin
            .namespace_set("mine", Property::Public(false))
            .await
            .unwrap();
        assert_eq!(
            refused(server.client_of("mine", "").get(b"a").await),
            "Access denied"
        );
        assert_eq!(
            refused(reader.get(b"a").await),
            "Access denied",
            "who is in already"
        );
        let info = admin.info("mine").await.unwrap();
        let lines: Vec<(&str, &str)> = info.iter().take(7).collect();
        assert_eq!(
            lines,
            [
                ("name", "mine"),
                ("entries", "1"),
                ("public", "no"),
                ("password", "yes"),
                ("data_size_bytes", "10"),
                ("data_size_mb", "0.00"),
                ("data_limits_bytes", "10"),
            ]
        );
        admin.namespace_delete("mine").await.unwrap();
        assert_eq!(refused(writer.get(b"a").await), "Namespace not found");
        assert!(admin.namespace_delete("default").await.is_err());
    });
    // The password is kept as a hash.
    let mut found = Vec::new();
    for file in walk_files(server.folder()) {
        found.extend(std::fs::read(file).unwrap());
    }
    assert!(!String::from_utf8_lossy(&found).contains("s3cret"));
}

fn walk_files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files.extend(walk_files(&path)),
            false => files.push(path),
        }
    }
    files
}

#[test]
fn a_client_goes_on_after_the_server_came_back() {
    let mut server = Server::start();
    let client = server.client();
    server.run(client.set(b"key", b"value")).unwrap();
    let addr = server.stop();
    let gone = server.runtime.block_on(client.get(b"key")).unwrap_err();
    assert!(gone.is_of_the_connection(), "{gone}");
    assert!(gone.to_string().starts_with(&addr.to_string()), "{gone}");
    server.again(addr, settings(Mode::User));
    assert_eq!(server.run(client.get(b"key")).unwrap().unwrap(), b"value");
}

#[test]
fn many_clients_write_at_once() {
    let server = Server::start();
    server.run(async {
        let shared = Arc::new(server.client());
        let mut tasks = tokio::task::JoinSet::new();
        for task in 0..50_u32 {
            let own = Arc::new(server.client());
            let client = if task % 2 == 0 { shared.clone() } else { own };
            tasks.spawn(async move {
                for n in 0..40_u32 {
                    let key = [task.to_le_bytes(), n.to_le_bytes()].concat();
                    client.set(&key, &vec![n as u8; 1_000]).await.unwrap();
                    assert_eq!(
                        client.get(&key).await.unwrap().unwrap(),
                        vec![n as u8; 1_000]
                    );
                }
            });
        }
        while let Some(done) = tasks.join_next().await {
            done.unwrap();
        }
        assert_eq!(shared.info("default").await.unwrap().entries(), Some(2_000));
    });
}

#[test]
fn an_address_that_others_reach_needs_a_password() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let everywhere = std::net::SocketAddr::from(([0, 0, 0, 0], 0));
    let start = |own| kosmos::devnet::zdb::start(everywhere, dir.path(), own);
    let error = runtime.block_on(start(settings(Mode::User))).unwrap_err();
    assert!(error.to_string().contains("password"), "{error}");
    let mut own = settings(Mode::User);
    own.password = Some("x".to_owned().into());
    let handle = runtime.block_on(start(own)).unwrap();
    // One folder, one server.
    let here = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let second = kosmos::devnet::zdb::start(here, dir.path(), settings(Mode::User));
    assert!(
        runtime
            .block_on(second)
            .unwrap_err()
            .to_string()
            .contains("already runs")
    );
    runtime.block_on(handle.stop());
}
