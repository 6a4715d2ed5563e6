//! Everything that can go wrong between a client and a node, said clearly.
use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, SystemTime};

use kosmos::devnet::zos::guard::Guard;
use kosmos::devnet::zos::{Config, Handle, ZosNode};
use kosmos::zos::protocol::State;
use kosmos::zos::transport::Limits;
use kosmos::zos::{Client, Endpoint, Error, Fingerprint, Options, Request};
use serde_json::json;
use zeroize::Zeroizing;

use super::fake::{Fake, json_result};

fn options(port: u16, tls: bool) -> Options {
    Options {
        endpoint: Endpoint::Tcp {
            host: "127.0.0.1".into(),
            port,
            tls,
        },
        password: Zeroizing::new(String::new()),
        db: 0,
        fingerprint: None,
        timeout: Duration::from_secs(60),
        limits: Limits::default(),
        random: |bytes| getrandom::fill(bytes).unwrap(),
        clock: SystemTime::now,
    }
}

/// Waits for jobs, and for answers, no longer than this.
pub fn hasty(port: u16, timeout: Duration, slack: Duration) -> Client {
    let mut options = options(port, false);
    options.timeout = timeout;
    options.limits.slack = slack;
    Client::new(options)
}

/// As good as nothing.
const SOON: Duration = Duration::from_millis(50);

pub fn client(port: u16) -> Client {
    Client::new(options(port, false))
}

/// A server that says one thing to everybody, and then does what it is told.
fn server(said: &'static [u8], stay: bool) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        for mut stream in listener.incoming().flatten() {
            let mut some = [0; 4096];
            let _ = stream.read(&mut some);
            let _ = stream.write_all(said);
            if stay {
                kept.push(stream);
            }
        }
    });
    port
}

fn pong() -> Fake {
    Fake::start(Box::new(|job, _| Some(json_result(job, &"PONG".into()))))
}

#[tokio::test]
async fn nobody_listens() {
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let error = client(port).ping().await.unwrap_err();
    assert!(matches!(error, Error::Connect { .. }), "{error:?}");
    assert!(
        error
            .to_string()
            .starts_with(&format!("cannot connect to 127.0.0.1:{port}: "))
    );
}

#[tokio::test]
async fn garbage_on_the_port() {
    let port = server(b"HTTP/1.1 400 Bad Request\r\n\r\n", false);
    let error = client(port).ping().await.unwrap_err();
    assert!(matches!(error, Error::Garbage { .. }), "{error:?}");
    let port = server(b"SSH-2.0-OpenSSH\r\n", true);
    let error = Client::new(options(port, true)).ping().await.unwrap_err();
    assert!(matches!(error, Error::Tls { .. }), "{error:?}");
}

#[tokio::test]
async fn half_an_answer() {
    let port = server(b"$100\r\nonly this", false);
    let error = client(port).ping().await.unwrap_err();
    assert!(
        matches!(error, Error::Closed { .. } | Error::Garbage { .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn never_answers() {
    let port = server(b"", true);
    let error = hasty(port, SOON, SOON).ping().await.unwrap_err();
    assert!(matches!(error, Error::NoAnswer { .. }), "{error:?}");
}

#[tokio::test]
async fn nobody_takes_the_job() {
    let fake = Fake::with_override(
        Box::new(|_, _| None),
        Box::new(|words| (words[0] == "BRPOPLPUSH").then(|| "$-1\r\n".into())),
    );
    let error = client(fake.port).ping().await.unwrap_err();
    assert!(matches!(error, Error::NotAccepted { .. }), "{error:?}");
}

#[tokio::test]
async fn a_result_that_never_comes() {
    let fake = Fake::start(Box::new(|_, _| None));
    let error = hasty(fake.port, SOON, Duration::from_secs(60))
        .ping()
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
}

#[tokio::test]
async fn a_result_that_is_gone() {
    let fake = pong();
    let error = client(fake.port)
        .response_for("gone")
        .get(None)
        .await
        .unwrap_err();
    assert_eq!(error, Error::JobNotFound { id: "gone".into() });
}

#[tokio::test]
async fn a_connection_that_was_closed_while_idle_is_made_again() {
    let mut count = 0;
    let fake = Fake::with_override(
        Box::new(|job, _| Some(json_result(job, &"PONG".into()))),
        Box::new(move |_| {
            count += 1;
            // In the middle of the second call.
            (count == 6).then(|| "close".into())
        }),
    );
    let client = client(fake.port);
    for _ in 0..3 {
        assert_eq!(client.ping().await.unwrap(), "PONG");
    }
    assert_eq!(
        fake.connections.load(std::sync::atomic::Ordering::SeqCst),
        2
    );
    // What was sent twice is the same job: a node drops the second one.
    let ids: std::collections::HashSet<String> = fake
        .memory()
        .jobs
        .iter()
        .map(|job| job.id.clone())
        .collect();
    assert_eq!(ids.len(), 3);
}

#[tokio::test]
async fn the_node_closes_in_the_middle_of_a_stream() {
    let mut count = 0;
    let fake = Fake::with_override(
        Box::new(|job, memory| {
            let record =
                r#"{"core":0,"command":"x","message":{"message":"a\n","epoch":1,"meta":65537}}"#;
            memory
                .streams
                .entry(job.id.clone())
                .or_default()
                .push_back(record.into());
            None
        }),
        Box::new(move |words| {
            count += usize::from(words[0] == "BLPOP");
            (words[0] == "BLPOP" && count > 1).then(|| "close".into())
        }),
    );
    let client = client(fake.port);
    let response = client.raw(Request::bash("x", "")).await.unwrap();
    let mut seen = Vec::new();
    let error = response
        .stream(|record| seen.push(record.message.message.clone()))
        .await
        .unwrap_err();
    assert_eq!(seen, ["a\n"]);
    assert!(matches!(error, Error::Closed { .. }), "{error:?}");
}

#[tokio::test]
async fn blocking_reads_do_not_hold_up_others() {
    let (release, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    // The first stream waits on its own thread until another call is done.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let wait = std::sync::Arc::new(wait);
        for mut stream in listener.incoming().flatten() {
            let wait = wait.clone();
            std::thread::spawn(move || {
                let mut some = [0; 4096];
                while let Ok(read) = stream.read(&mut some) {
                    let text = String::from_utf8_lossy(&some[..read]).to_string();
                    if text.contains("BLPOP") {
                        wait.lock().unwrap().recv().unwrap();
                        let _ = stream.write_all(b"-ERR enough\r\n");
                        return;
                    }
                    let _ = stream.write_all(b":1\r\n");
                }
            });
        }
    });
    let client = client(port);
    let response = client.response_for("long");
    let stream = tokio::spawn(async move { response.stream(|_| {}).await });
    // Answered although the other one waits.
    assert!(client.response_for("other").exists().await.unwrap());
    release.send(()).unwrap();
    assert!(matches!(stream.await.unwrap(), Err(Error::Refused { .. })));
}

#[tokio::test]
async fn a_hundred_megabytes() {
    let fake = pong();
    let text = "x".repeat(100 << 20);
    let request = Request::new("core.ping", json!({"text": text}));
    let answer = client(fake.port).json(request).await.unwrap();
    assert_eq!(answer, "PONG");
    let sent = fake.memory().jobs[0].arguments["text"]
        .as_str()
        .unwrap()
        .len();
    assert_eq!(sent, 100 << 20);
}

#[tokio::test]
async fn control_characters_do_not_reach_the_terminal() {
    let fake = Fake::start(Box::new(|job, _| {
        let mut result = json_result(job, &"\u{1b}[31mred\u{1b}[0m\r\n\u{7}alarm".into());
        result.state = State::Error;
        result.code = 500;
        Some(result)
    }));
    let error = client(fake.port).ping().await.unwrap_err();
    assert_eq!(error.to_string(), "red alarm");
}

#[tokio::test]
async fn a_password_is_sent_and_a_wrong_one_is_told() {
    let fake = pong();
    fake.memory().password = Some("right".into());
    let mut wrong = options(fake.port, false);
    wrong.password = Zeroizing::new("wrong".into());
    let error = Client::new(wrong).ping().await.unwrap_err();
    let Error::Password {
        reason, expired, ..
    } = &error
    else {
        panic!("{error:?}")
    };
    assert_eq!((reason.as_str(), *expired), ("invalid jwt", None));
    assert!(!error.to_string().contains("wrong"));
    let mut right = options(fake.port, false);
    right.password = Zeroizing::new("right".into());
    assert_eq!(Client::new(right).ping().await.unwrap(), "PONG");
    // A token that ended is told as such.
    let mut old = options(fake.port, false);
    old.password = Zeroizing::new("e30.eyJleHAiOjE1MDAwMDAwMDB9.c2ln".into());
    let error = Client::new(old).ping().await.unwrap_err();
    assert!(matches!(
        error,
        Error::Password {
            expired: Some(1_500_000_000),
            ..
        }
    ));
}

async fn node(dir: &std::path::Path, guard: Guard) -> Handle {
    let mut config = Config::new(dir.join("node"));
    config.env = vec![("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into())];
    config.listen.set_port(0);
    config.guard = guard;
    ZosNode::start(config).await.unwrap()
}

#[tokio::test]
async fn certificates_are_remembered() {
    let dir = tempfile::tempdir().unwrap();
    let first = node(dir.path(), Guard::Open).await;
    let client = Client::new(options(first.addr().port(), true));
    assert!(client.ping().await.unwrap().starts_with("PONG Version: "));
    let seen = client.transport().fingerprint().unwrap();
    assert_eq!(Fingerprint::parse(seen.as_str()), Some(seen.clone()));
    first.stop().await;
    // A node makes a new certificate at every start.
    let second = node(dir.path(), Guard::Password(Zeroizing::new("secret".into()))).await;
    let mut remembering = options(second.addr().port(), true);
    remembering.fingerprint = Some(seen.clone());
    remembering.password = Zeroizing::new("secret".into());
    let error = Client::new(remembering).ping().await.unwrap_err();
    let Error::CertificateChanged {
        remembered,
        presented,
        ..
    } = error
    else {
        panic!("{error:?}")
    };
    assert_eq!(remembered, seen);
    let mut told = options(second.addr().port(), true);
    told.fingerprint = Some(presented);
    told.password = Zeroizing::new("secret".into());
    assert!(Client::new(told).ping().await.is_ok());
    let mut wrong = options(second.addr().port(), true);
    wrong.password = Zeroizing::new("guess".into());
    let error = Client::new(wrong).ping().await.unwrap_err();
    assert!(matches!(error, Error::Password { .. }), "{error:?}");
    let error = Client::new(options(second.addr().port(), true))
        .ping()
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Password { .. }), "{error:?}");
    second.stop().await;
}

#[tokio::test]
async fn a_node_of_the_devnet_is_driven() {
    let dir = tempfile::tempdir().unwrap();
    let node = node(dir.path(), Guard::Open).await;
    for tls in [true, false] {
        let client = Client::new(options(node.addr().port(), tls));
        let request = Request::system("echo 'hello world'", "", "", None).unwrap();
        let result = client.sync(request).await.unwrap();
        assert_eq!(result.stdout(), "hello world\n");
        let bytes: Vec<u8> = (0..3_200_000_u32).map(|i| i.to_le_bytes()[0]).collect();
        assert_eq!(
            client
                .upload("/tmp/big", bytes.as_slice(), |_| {})
                .await
                .unwrap(),
            3_200_000
        );
        let mut back = Vec::new();
        client
            .download("/tmp/big", &mut back, |_| {})
            .await
            .unwrap();
        assert!(back == bytes);
        let mut request = Request::bash("for i in 1 2 3; do echo $i; done; exit 3", "");
        request.stream = true;
        let response = client.raw(request).await.unwrap();
        let mut text = String::new();
        response
            .stream(|record| text.push_str(&record.message.message))
            .await
            .unwrap();
        assert_eq!(text, "1\n2\n3\n");
        assert_eq!(response.get(None).await.unwrap().code, 1003);
        assert!(!response.running().await.unwrap());
    }
    node.stop().await;
}
