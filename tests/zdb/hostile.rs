//! Bytes that no client sends.
use std::io::{Read, Write};
use std::net::TcpStream;

use kosmos::devnet::zdb::Mode;
use proptest::prelude::*;

use super::{Server, settings};

/// Sends bytes, ends sending, and answers everything that comes.
fn answered(server: &Server, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.handle().addr()).unwrap();
    // The server may close before it took everything.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn command(words: &[&[u8]]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend(format!("${}\r\n", word.len()).into_bytes());
        bytes.extend_from_slice(word);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

#[test]
fn what_cannot_be_understood_is_refused() {
    let server = Server::start();
    for (bytes, expected) in [
        (b"GET / HTTP/1.1\r\n\r\n".to_vec(), "Protocol error"),
        (b"*99999999\r\n".to_vec(), "invalid multibulk length"),
        (b"*1\r\n$99999999999\r\n".to_vec(), "invalid bulk length"),
        (b"*1\r\n$-5\r\n".to_vec(), "invalid bulk length"),
        (b"*1\r\n$3\r\nPINGPONG\r\n".to_vec(), "does not end"),
        (command(&[b"FLUSHALL"]), "Command not supported"),
        (command(&[b"GET"]), "Unexpected arguments"),
        (command(&[b"SELECT", b"\xff\xfe"]), "not a text"),
        (command(&[b"SELECT", b"../../etc"]), "Namespace not found"),
        (command(&[b"NSNEW", b"a\0b"]), "Invalid namespace"),
        (
            command(&[b"NSSET", b"default", b"maxsize", b"-1"]),
            "Invalid value",
        ),
        (
            command(&[b"NSSET", b"default", b"mode", b"x"]),
            "Invalid value",
        ),
        (
            command(&[b"NSSET", b"default", b"nothing", b"1"]),
            "Invalid property",
        ),
        (command(&[b"SCANX", b""]), "Invalid cursor"),
    ] {
        let answer = answered(&server, &bytes);
        assert!(answer.contains(expected), "{expected}: {answer:?}");
    }
    let several = [
        command(&[b"PING"]),
        command(&[b"SET", b"k", b"v"]),
        command(&[b"QUIT"]),
    ];
    assert_eq!(
        answered(&server, &several.concat()),
        "+PONG\r\n$1\r\nk\r\n+OK\r\n"
    );
    let client = server.client();
    assert_eq!(server.run(client.get(b"k")).unwrap().unwrap(), b"v");
}

#[test]
fn before_the_password_little_is_taken() {
    let mut own = settings(Mode::User);
    own.password = Some("pw".to_owned().into());
    let server = Server::with(own);
    server
        .handle()
        .namespace("default", Some("ns"), true, 0)
        .unwrap();
    let large = vec![b'x'; 100_000];
    let answer = answered(&server, &command(&[b"SET", b"k", &large]));
    assert!(answer.contains("invalid bulk length"), "{answer}");
    let known = [
        command(&[b"SELECT", b"default", b"ns"]),
        command(&[b"SET", b"k", &large]),
    ];
    assert!(answered(&server, &known.concat()).ends_with("$1\r\nk\r\n"));
}

#[test]
fn names_cannot_leave_the_folder() {
    let server = Server::start();
    let client = server.client();
    let outside = server.folder().parent().unwrap().join("escaped");
    server.run(async {
        for name in ["../escaped", "/tmp/escaped", "..", ".", "a/b"] {
            client.namespace_new(name).await.unwrap();
            client.namespace_delete(name).await.unwrap();
        }
    });
    assert!(!outside.exists());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn nothing_ends_the_server(words in proptest::collection::vec(
        proptest::collection::vec(any::<u8>(), 0..40), 1..5), name in 0_usize..12) {
        static SERVER: std::sync::OnceLock<Server> = std::sync::OnceLock::new();
        let server = SERVER.get_or_init(Server::start);
        let names: [&[u8]; 12] = [
            b"SET", b"GET", b"SCANX", b"RSCAN", b"KEYCUR", b"NSSET", b"NSNEW", b"NSDEL", b"SELECT",
            b"AUTH", b"MGET", b"LENGTH",
        ];
        let mut all: Vec<&[u8]> = vec![names[name]];
        all.extend(words.iter().map(Vec::as_slice));
        let bytes = [command(&all), command(&[b"PING"])].concat();
        let answer = answered(server, &bytes);
        prop_assert!(answer.ends_with("+PONG\r\n"), "{:?}", answer);
        // And cut off or not commands at all.
        answered(server, &bytes[..bytes.len() / 2]);
        answered(server, &words.concat());
    }
}
