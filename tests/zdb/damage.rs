//! What is on disk after a kill, and after worse.
use std::fs;
use std::path::PathBuf;

use kosmos::devnet::zdb::Mode;

use super::{Server, settings};

fn data_file(server: &Server) -> PathBuf {
    let name = format!("ns-{}", hex::encode("default"));
    server.folder().join(name).join("data-000000")
}

/// A server with three values, stopped.
fn three() -> (Server, std::net::SocketAddr) {
    let mut server = Server::start();
    let client = server.client();
    server.run(async {
        for key in [b"a", b"b", b"c"] {
            client.set(key, &[key[0]; 100]).await.unwrap();
        }
        client.set(b"b", b"newer").await.unwrap();
        client.delete(b"a").await.unwrap();
    });
    drop(client);
    let addr = server.stop();
    (server, addr)
}

#[test]
fn wherever_the_file_is_cut_what_is_before_it_is_there() {
    let (mut server, addr) = three();
    let file = data_file(&server);
    let whole = fs::read(&file).unwrap();
    let mut seen = Vec::new();
    for length in (0..=whole.len()).rev().step_by(23) {
        fs::write(&file, &whole[..length]).unwrap();
        server.again(addr, settings(Mode::User));
        let client = server.client();
        let (a, b, c) = server.run(async {
            let got = [
                client.get(b"a").await,
                client.get(b"b").await,
                client.get(b"c").await,
            ];
            client.set(b"after", b"works").await.unwrap();
            let [a, b, c] = got.map(Result::unwrap);
            (a, b, c)
        });
        let old = |key: u8| Some(vec![key; 100]);
        let newer = Some(b"newer".to_vec());
        let state = match (a, b, c) {
            (None, b, c) if b == newer && c == old(b'c') => 5,
            (a, b, c) if a == old(b'a') && b == newer && c == old(b'c') => 4,
            (a, b, c) if a == old(b'a') && b == old(b'b') && c == old(b'c') => 3,
            (a, b, None) if a == old(b'a') && b == old(b'b') => 2,
            (a, None, None) if a == old(b'a') => 1,
            (None, None, None) => 0,
            other => panic!("cut at {length}: {other:?}"),
        };
        seen.push(state);
        drop(client);
        server.stop();
    }
    assert!(seen.windows(2).all(|pair| pair[0] >= pair[1]), "{seen:?}");
    assert_eq!((seen[0], *seen.last().unwrap()), (5, 0));
}

#[test]
fn a_changed_value_is_told_and_a_changed_header_is_kept_aside() {
    let (mut server, addr) = three();
    let file = data_file(&server);
    let whole = fs::read(&file).unwrap();
    // The value of `c` is the third of three of 100 bytes.
    let at = whole
        .windows(100)
        .position(|bytes| bytes == [b'c'; 100])
        .unwrap();
    let mut changed = whole.clone();
    changed[at + 50] ^= 1;
    fs::write(&file, &changed).unwrap();
    server.again(addr, settings(Mode::User));
    let client = server.client();
    server.run(async {
        let error = client.get(b"c").await.unwrap_err().to_string();
        assert!(error.contains("damaged"), "{error}");
        assert_eq!(client.get(b"b").await.unwrap().unwrap(), b"newer");
        // Whoever has it may write it again.
        assert!(client.set(b"c", &[b'c'; 100]).await.unwrap());
        assert_eq!(client.get(b"c").await.unwrap().unwrap(), [b'c'; 100]);
    });
    drop(client);
    server.stop();
    let mut changed = whole.clone();
    changed[at - 20] ^= 1;
    fs::write(&file, &changed).unwrap();
    server.again(addr, settings(Mode::User));
    let client = server.client();
    server.run(async {
        assert_eq!(client.get(b"a").await.unwrap().unwrap(), [b'a'; 100]);
        assert_eq!(client.get(b"c").await.unwrap(), None);
    });
    let aside: Vec<_> = fs::read_dir(file.parent().unwrap())
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
        .filter(|name| name.contains("damaged"))
        .collect();
    assert_eq!(aside.len(), 1, "{aside:?}");
}

#[test]
fn a_second_server_sees_everything_that_was_answered() {
    // The first one is never stopped: its files are copied while it runs, as a kill leaves them.
    let server = Server::with(settings(Mode::Seq));
    let client = server.client();
    server.run(async {
        for n in 0..200_u32 {
            client.add(&n.to_le_bytes()).await.unwrap();
        }
    });
    server
        .handle()
        .namespace("other", Some("pw"), false, 7)
        .unwrap();
    let copy = tempfile::tempdir().unwrap();
    crate::folders::copy(server.folder(), copy.path());
    let mut second = Server::with(settings(Mode::Seq));
    let addr = second.stop();
    fs::remove_dir_all(second.folder()).unwrap();
    crate::folders::copy(copy.path(), second.folder());
    second.again(addr, settings(Mode::Seq));
    let client = second.client();
    second.run(async {
        assert_eq!(client.info("default").await.unwrap().entries(), Some(200));
        assert_eq!(client.add(b"next").await.unwrap(), 200_u32.to_le_bytes());
        let other = second.client_of("other", "pw");
        assert!(
            other.set(b"", b"12345678").await.is_err(),
            "the limit is kept too"
        );
        assert_eq!(second.handle().namespaces(), ["default", "other"]);
    });
}
