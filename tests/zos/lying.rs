//! Nodes that lie, and nodes that take their time: every answer that cannot be is told, and nothing
//! hangs, breaks or grows.
use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use kosmos::zos::{Client, Error, Request};
use serde_json::{Value as Json, json};

use super::fake::{Fake, bulk, json_result};
use super::faults::{client, hasty};

/// A node whose answer to one command is this, whatever was asked.
fn lies(command: &'static str, reply: impl Into<String>) -> Fake {
    let reply = reply.into();
    Fake::with_override(
        Box::new(|job, _| Some(json_result(job, &"PONG".into()))),
        Box::new(move |words| (words[0] == command).then(|| reply.clone())),
    )
}

/// A node whose commands have this result.
fn results(data: Json) -> Fake {
    Fake::start(Box::new(move |job, _| Some(json_result(job, &data))))
}

fn is_unreadable(error: &Error) -> bool {
    matches!(error, Error::Unreadable { .. } | Error::Garbage { .. })
}

#[tokio::test]
async fn answers_of_another_kind_are_told() {
    for (command, reply) in [
        ("EXISTS", "+yes\r\n".to_string()),
        ("EXISTS", "*1\r\n:1\r\n".to_string()),
        ("EXISTS", "$-1\r\n".to_string()),
        ("EXISTS", ":many\r\n".to_string()),
        ("BRPOPLPUSH", ":7\r\n".to_string()),
        ("BRPOPLPUSH", "*2\r\n$1\r\na\r\n$1\r\nb\r\n".to_string()),
    ] {
        let node = lies(command, reply.clone());
        let error = client(node.port).ping().await.unwrap_err();
        assert!(is_unreadable(&error), "{command} {reply:?}: {error:?}");
    }
    for reply in [
        ":7\r\n",
        "*3\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n",
        "*1\r\n$1\r\na\r\n",
    ] {
        let node = lies("BLPOP", reply);
        let job = client(node.port).response_for("x");
        let error = job.stream(|_| {}).await.unwrap_err();
        assert!(is_unreadable(&error), "BLPOP {reply:?}: {error:?}");
    }
}

#[tokio::test]
async fn results_that_are_none_are_told() {
    let texts = [
        "",
        "no JSON",
        "[]",
        "7",
        "null",
        "{\"id\": 7}",
        "{\"id\":\"x\",\"code\":\"many\"}",
        "{\"id\":\"x\",\"streams\":7}",
        "\u{1b}[31m{",
        "{\"id\":\"x\"",
    ];
    for text in texts {
        // The flag has an answer of its own.
        let reply = bulk(text);
        let node = Fake::with_override(
            Box::new(|_, _| None),
            Box::new(move |words| {
                let is_result = words[0] == "BRPOPLPUSH" && !words[1].ends_with(":flag");
                is_result.then(|| reply.clone())
            }),
        );
        let error = client(node.port).ping().await.unwrap_err();
        assert!(is_unreadable(&error), "{text:?}: {error:?}");
        assert!(!error.to_string().contains('\u{1b}'), "{error}");
    }
    let deep = "[".repeat(100_000);
    let node = Fake::start(Box::new(move |job, _| {
        let mut result = json_result(job, &Json::Null);
        result.data = deep.clone();
        Some(result)
    }));
    let error = client(node.port).ping().await.unwrap_err();
    assert!(is_unreadable(&error), "{error:?}");
}

#[tokio::test]
async fn the_result_of_another_job_is_not_believed() {
    let node = Fake::start(Box::new(|job, _| {
        let mut result = json_result(job, &"PONG".into());
        result.id = "of-somebody-else".into();
        Some(result)
    }));
    let error = client(node.port).ping().await.unwrap_err();
    assert!(is_unreadable(&error), "{error:?}");
    assert!(error.to_string().contains("of-somebody-else"), "{error}");
}

#[tokio::test]
async fn records_that_are_none_are_told() {
    for text in [
        "",
        "no JSON",
        "{}",
        "[1]",
        "{\"message\":7}",
        "{\"core\":-1,\"message\":{}}",
    ] {
        let reply = format!("*2\r\n{}{}", bulk("stream:x"), bulk(text));
        let node = lies("BLPOP", reply);
        let error = client(node.port)
            .response_for("x")
            .stream(|_| {})
            .await
            .unwrap_err();
        assert!(is_unreadable(&error), "{text:?}: {error:?}");
    }
}

#[tokio::test]
async fn files_of_a_lying_node_are_not_taken() {
    for data in [json!(7), json!({"fd": 1}), Json::Null] {
        let node = results(data.clone());
        let error = client(node.port).open_file("/x", "r").await.unwrap_err();
        assert!(is_unreadable(&error), "{data}: {error:?}");
    }
    for data in [json!("*** no base64 ***"), json!("QUI"), json!(["QUI="])] {
        let node = results(data.clone());
        let error = client(node.port).read_block("fd").await.unwrap_err();
        assert!(is_unreadable(&error), "{data}: {error:?}");
    }
    // A file that breaks off in the middle is an error, not a shorter file.
    let mut count = 0;
    let node = Fake::start(Box::new(move |job, _| {
        let data = match job.command.as_str() {
            "filesystem.read" => {
                count += 1;
                if count > 2 {
                    json!("\u{7}")
                } else {
                    json!("QUJD")
                }
            }
            "filesystem.open" => json!("fd"),
            _ => Json::Null,
        };
        Some(json_result(job, &data))
    }));
    let mut target = Vec::new();
    let error = client(node.port)
        .download("/x", &mut target, |_| {})
        .await
        .unwrap_err();
    assert!(is_unreadable(&error), "{error:?}");
    assert_eq!(target, b"ABCABC");
    // And the descriptor is given back.
    let closed = node
        .memory()
        .jobs
        .iter()
        .any(|job| job.command == "filesystem.close");
    assert!(closed);
}

/// A server that says something slowly, or without end.
fn server(said: Vec<u8>, pause: Duration, again: bool) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let said = said.clone();
            std::thread::spawn(move || {
                let mut some = [0; 4096];
                let _ = stream.read(&mut some);
                loop {
                    let size = if pause.is_zero() { 65_536 } else { 1 };
                    for part in said.chunks(size) {
                        if stream.write_all(part).is_err() {
                            return;
                        }
                        std::thread::sleep(pause);
                    }
                    if !again {
                        // Stays there and says nothing more.
                        let _ = stream.read_to_end(&mut Vec::new());
                        return;
                    }
                }
            });
        }
    });
    port
}

#[tokio::test]
async fn what_is_announced_and_never_comes_ends_in_time() {
    let soon = Duration::from_millis(100);
    for said in [
        "$999999999999\r\n",
        "*999999999\r\n",
        "$100\r\nhalf",
        "*3\r\n:1\r\n",
        ":1",
    ] {
        let port = server(said.as_bytes().to_vec(), Duration::ZERO, false);
        let error = hasty(port, soon, soon).ping().await.unwrap_err();
        let told = matches!(error, Error::NoAnswer { .. } | Error::Garbage { .. });
        assert!(told, "{said:?}: {error:?}");
    }
    // One letter at a time: the whole answer counts, not each letter.
    let drip = server(b"$1000000\r\n".repeat(100), Duration::from_millis(5), true);
    let error = hasty(drip, soon, soon).ping().await.unwrap_err();
    assert!(matches!(error, Error::NoAnswer { .. }), "{error:?}");
}

#[tokio::test]
async fn answers_inside_answers_inside_answers() {
    let port = server(b"*1\r\n".repeat(200_000), Duration::ZERO, false);
    let soon = Duration::from_secs(2);
    // Whatever it is called, it is an error.
    assert!(hasty(port, soon, soon).ping().await.is_err());
}

#[tokio::test]
async fn a_slow_node_is_waited_for() {
    // Each answer takes a while, none takes too long.
    let node = Fake::with_override(
        Box::new(|job, _| Some(json_result(job, &"PONG".into()))),
        Box::new(|_| {
            std::thread::sleep(Duration::from_millis(60));
            None
        }),
    );
    let client: Client = client(node.port);
    assert_eq!(client.ping().await.unwrap(), "PONG");
    let request = Request::new("core.ping", json!({}));
    assert_eq!(client.json(request).await.unwrap(), "PONG");
}

/// A job that speaks while many records are asked for together: the first answers are empty, later
/// ones are not.
#[tokio::test]
async fn records_that_come_between_two_answers_are_not_lost() {
    let record = |text: &str, meta: u32| {
        let message = json!({"message": text, "epoch": 1, "meta": meta});
        json!({"core": 0, "command": "x", "message": message}).to_string()
    };
    let mut left: std::collections::VecDeque<String> =
        (0..300).map(|n| record(&n.to_string(), 65_537)).collect();
    left.push_back(record("", 65_539));
    let mut asked = 0;
    let node = Fake::with_override(
        Box::new(|_, _| None),
        Box::new(move |words| match words[0].as_str() {
            "BLPOP" => left
                .pop_front()
                .map(|record| format!("*2\r\n{}{}", bulk("stream:x"), bulk(&record))),
            "LPOP" => {
                asked += 1;
                let next = if asked % 2 == 0 {
                    left.pop_front()
                } else {
                    None
                };
                Some(next.map_or_else(|| "$-1\r\n".to_string(), |record| bulk(&record)))
            }
            _ => None,
        }),
    );
    let mut seen = Vec::new();
    let job = client(node.port).response_for("x");
    let count = job
        .stream(|record| seen.push(record.message.message.clone()))
        .await
        .unwrap();
    let mut wanted: Vec<String> = (0..300).map(|n| n.to_string()).collect();
    wanted.push(String::new());
    assert_eq!((count, seen), (301, wanted));
}
