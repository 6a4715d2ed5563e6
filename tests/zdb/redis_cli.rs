//! What a person types into redis-cli.
use std::process::Command;

use super::Server;

#[test]
fn a_person_with_redis_cli() {
    let server = Server::start();
    let port = server.port().to_string();
    let say = |words: &[&str]| {
        let done = Command::new("redis-cli")
            .args(["-p", &port])
            .args(words)
            .output();
        done.map(|done| String::from_utf8(done.stdout).unwrap().trim().to_owned())
    };
    match say(&["PING"]) {
        Ok(answer) => assert_eq!(answer, "PONG"),
        Err(error) => {
            eprintln!("skipped: no redis-cli on this machine: {error}");
            return;
        }
    }
    assert_eq!(say(&["SET", "hello", "world"]).unwrap(), "hello");
    assert_eq!(say(&["SET", "hello", "world"]).unwrap(), "");
    assert_eq!(say(&["GET", "hello"]).unwrap(), "world");
    assert_eq!(say(&["NSNEW", "second"]).unwrap(), "OK");
    assert_eq!(say(&["NSLIST"]).unwrap(), "default\nsecond");
    assert!(
        say(&["NSINFO", "default"])
            .unwrap()
            .contains("entries: 1\n")
    );
    assert_eq!(say(&["NSDEL", "second"]).unwrap(), "OK");
    assert!(say(&["SCANX"]).unwrap().contains("hello"));
    assert_eq!(say(&["EXISTS", "hello"]).unwrap(), "1");
    assert_eq!(say(&["DEL", "hello"]).unwrap(), "OK");
    assert!(say(&["SCANX"]).unwrap().contains("No more data"));
}
