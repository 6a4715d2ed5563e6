//! Plays what the recorded clients sent, and compares what they got.
use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::wire::Client;
use super::{Running, skipped};

/// Parts of results that differ from run to run or machine to machine.
const VOLATILE: &[&str] = &["starttime", "time"];

/// Cases whose results are compared in shape only, and why.
const SHAPE_ONLY: &[(&str, &str)] = &[
    ("queue: results", "times of day"),
    ("recurring: result afterwards", "times of day"),
    (
        "only the last 100 messages of a stream are kept in the result",
        "timing of blocks",
    ),
    ("list one job", "memory and pid"),
    ("recurring: listed", "times"),
    ("all jobs", "the recorded node had services"),
    ("process list of one pid", "another machine"),
    ("arguments are null: built in", "our clearer text"),
    ("arguments are null: system", "our clearer text"),
    ("arguments of the wrong type", "our clearer text"),
    ("list", "sizes of folders"),
    ("list after the move", "sizes of folders"),
    ("open for writing", "fresh ids"),
    ("open for reading", "fresh ids"),
    ("append", "fresh ids"),
    (
        "queue: the second started after the first ended",
        "times of day",
    ),
    ("download of more than one block", "cut in the recording"),
    ("config", "our configuration"),
    ("cpu", "another machine"),
    ("mem", "another machine"),
    ("disk", "another machine"),
    ("nic", "another machine"),
    ("os", "another machine"),
    ("port", "another machine"),
    ("core.state", "another machine"),
];

/// Cases of which the node answers something else on purpose, and what.
const OTHERWISE: &[(&str, &str)] = &[
    ("dmi without the tool installed", "501, and says so"),
    (
        "disk list when the disk tools fail",
        "there are no tools to fail",
    ),
    ("btrfs list without the tool", "an empty list"),
    ("kvm list", "an empty list"),
    (
        "aggregator query",
        "the line's end is no part of a tag's value",
    ),
    ("aggregator keys", "metrics of this machine"),
    ("cgroup", "depends on the rights of the process"),
];

fn differs(case: &str) -> bool {
    OTHERWISE.iter().any(|(name, _)| case.starts_with(name))
}

fn is_volatile(case: &str) -> bool {
    SHAPE_ONLY.iter().any(|(name, _)| *name == case)
}

/// What replaces recorded texts, in both directions of a conversation.
#[derive(Default)]
struct Names(BTreeMap<String, String>);

impl Names {
    fn apply(&self, text: &str) -> String {
        self.0
            .iter()
            .fold(text.to_string(), |text, (old, new)| text.replace(old, new))
    }
}

/// Same keys and kinds of values, in lists by their first elements.
fn same_shape(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Object(a), Json::Object(b)) => a
            .iter()
            .all(|(key, value)| b.get(key).is_some_and(|other| same_shape(value, other))),
        (Json::Array(a), Json::Array(b)) => match (a.first(), b.first()) {
            (Some(a), Some(b)) => same_shape(a, b),
            _ => true,
        },
        (Json::Null, _) | (_, Json::Null) => true,
        _ => std::mem::discriminant(a) == std::mem::discriminant(b),
    }
}

fn compare_result(case: &str, expected: &Json, got: &Json) -> Result<(), String> {
    let keys =
        |value: &Json| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    if keys(expected) != keys(got) {
        return Err(format!(
            "keys {:?}, expected {:?}",
            keys(got),
            keys(expected)
        ));
    }
    for (key, wanted) in expected.as_object().unwrap() {
        let value = &got[key];
        if VOLATILE.contains(&key.as_str()) {
            continue;
        }
        let volatile = is_volatile(case) && ["data", "streams", "critical"].contains(&key.as_str());
        let parsed = |text: &Json| {
            text.as_str()
                .and_then(|text| serde_json::from_str::<Json>(text).ok())
                .unwrap_or(json!(""))
        };
        let good = match key.as_str() {
            "data" if got["level"] == 20 && volatile => same_shape(&parsed(wanted), &parsed(value)),
            "data" | "streams" | "critical" if volatile => true,
            // Which code it is of, is each node's own.
            "data"
                if expected["command"] == "core.ping" || expected["command"] == "info.version" =>
            {
                same_shape(&parsed(wanted), &parsed(value))
            }
            "data" if got["level"] == 20 => parsed(wanted) == parsed(value),
            _ => wanted == value,
        };
        if !good {
            return Err(format!("{key} is {value}, expected {wanted}"));
        }
    }
    Ok(())
}

fn compare(case: &str, exchange: &Json, names: &mut Names, got: &Json) -> Result<(), String> {
    let sent = &exchange["send"];
    if let Some(expected) = exchange.get("result") {
        let mut expected: Json = serde_json::from_str(&names.apply(&expected.to_string())).unwrap();
        let text = got.as_str().ok_or_else(|| format!("no result: {got}"))?;
        let got: Json = serde_json::from_str(text).map_err(|e| e.to_string())?;
        // A fresh id that later cases use.
        if expected["command"] == "filesystem.open" && expected["state"] == "SUCCESS" {
            let id = |value: &Json| {
                value["data"]
                    .as_str()
                    .unwrap()
                    .trim_matches('"')
                    .to_string()
            };
            names.0.insert(id(&expected), id(&got));
            expected["data"] = got["data"].clone();
        }
        return compare_result(case, &expected, &got);
    }
    if let Some(expected) = exchange.get("record") {
        let Some(text) = got[1].as_str() else {
            return Err(format!("no record, expected {expected}"));
        };
        let got: Json = serde_json::from_str(text).unwrap();
        let part = |record: &Json| {
            [
                record["core"].clone(),
                record["command"].clone(),
                record["message"]["message"].clone(),
                record["message"]["meta"].clone(),
            ]
        };
        // Another node's version.
        let version = case == "stream of a built in";
        return match part(expected) == part(&got) || version {
            true => Ok(()),
            false => Err(format!("record {got}, expected {expected}")),
        };
    }
    let good = match sent[0].as_str() {
        // Other commands may still wait in the queue, or be gone already.
        Some("RPUSH") => got.is_i64(),
        Some("TTL") => match exchange["reply"].as_i64() {
            Some(life @ 1..) => got.as_i64().is_some_and(|got| (got - life).abs() <= 3),
            _ => *got == exchange["reply"],
        },
        _ => *got == exchange["reply"],
    };
    match good {
        true => Ok(()),
        false => Err(format!("reply {got}, expected {}", exchange["reply"])),
    }
}

/// Plays a file; tells all that went otherwise.
fn play(file: &str, names: &mut Names, client: &mut Client) {
    let recorded = crate::zos::vectors(file);
    let mut wrong = Vec::new();
    let mut played = 0;
    for case in recorded["cases"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        if differs(name) {
            continue;
        }
        unrecorded(name, client);
        for exchange in case["redis"].as_array().unwrap() {
            if exchange["send"][2].is_object() {
                client.push(&rebuilt(&exchange["command"], names));
                continue;
            }
            let sent: Vec<String> = exchange["send"]
                .as_array()
                .unwrap()
                .iter()
                .map(|word| names.apply(word.as_str().unwrap()))
                .collect();
            let sent: Vec<&str> = sent.iter().map(String::as_str).collect();
            let got = client.ask(&sent);
            played += 1;
            if let Err(why) = compare(name, exchange, names, &got) {
                wrong.push(format!("{name}: {why}"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {played}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(played > 10, "only {played} exchanges were played");
}

/// What the recorded clients did between two cases.
fn unrecorded(case: &str, client: &mut Client) {
    match case {
        "a late subscriber gets the last 10 messages" => late(client),
        "kill with signal 9" => {
            let script = json!({"script": "trap '' TERM; sleep 60", "stdin": ""});
            client.push(&json!({"id": "sleeper9", "command": "bash", "arguments": script}));
        }
        "each has its own copy" => {
            let script = json!({"script": "sleep 0.3; echo both", "stdin": ""});
            client.push(&json!({"id": "both", "command": "bash", "arguments": script}));
            for id in ["w-a", "w-b"] {
                client.push(
                    &json!({"id": id, "command": "core.subscribe", "stream": true,
                                    "arguments": {"id": "both"}}),
                );
            }
        }
        _ => {}
    }
}

/// A command whose block was cut in the recording: the bytes 0 to 255 again and again.
fn rebuilt(command: &Json, names: &Names) -> Json {
    use base64::Engine;
    let wanted = usize::try_from(command["arguments"]["block"]["$len"].as_u64().unwrap()).unwrap();
    // 76 characters and a line break for every 57 bytes.
    let size = if wanted > 700_000 {
        524_288
    } else {
        1_024_000 - 524_288
    };
    let bytes: Vec<u8> = (0..=255).cycle().take(size).collect();
    let lines: Vec<String> = bytes
        .chunks(57)
        .map(|line| base64::prelude::BASE64_STANDARD.encode(line) + "\n")
        .collect();
    let block = lines.concat();
    assert_eq!(block.len(), wanted);
    let mut command = command.clone();
    command["arguments"]["block"] = Json::Null;
    let mut command: Json = serde_json::from_str(&names.apply(&command.to_string())).unwrap();
    command["arguments"]["block"] = block.into();
    command
}

/// Waits until the job `many` said everything.
fn late(client: &mut Client) {
    client.push(
        &json!({"id": "early", "command": "core.subscribe", "arguments": {"id": "many"},
                        "stream": true}),
    );
    loop {
        let record = client.ask(&["BLPOP", "stream:early", "20"]);
        if record[1].as_str().unwrap().contains("m 15") {
            return;
        }
    }
}

fn node(part: &str) -> Option<Running> {
    let node = Running::start();
    if let Some(why) = node.without_view() {
        skipped(&format!("{part}: {why}"));
        return None;
    }
    let data = node.dir.path().join("node/fs/data");
    std::fs::create_dir_all(data).unwrap();
    Some(node)
}

#[test]
fn commands_and_jobs() {
    let Some(node) = node("recorded jobs") else {
        return;
    };
    play("exec.json", &mut Names::default(), &mut node.client());
}

#[test]
fn streams_and_subscriptions() {
    let Some(node) = node("recorded streams") else {
        return;
    };
    play("stream.json", &mut Names::default(), &mut node.client());
}

#[test]
fn files() {
    let Some(node) = node("recorded files") else {
        return;
    };
    // SAFETY: geteuid only reads.
    if unsafe { libc::geteuid() } != 0 {
        skipped("recorded files: giving files to root needs root");
        return;
    }
    play("filesystem.json", &mut Names::default(), &mut node.client());
}

#[test]
fn facts_of_the_machine() {
    let Some(node) = node("recorded facts") else {
        return;
    };
    play("info.json", &mut Names::default(), &mut node.client());
}

#[test]
fn the_rest() {
    use std::io::{Read, Write};
    let Some(node) = node("recorded rest") else {
        return;
    };
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = server.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in server.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
    });
    let mut names = Names::default();
    names.0.insert("127.0.0.1:8000".into(), addr.to_string());
    play("misc.json", &mut names, &mut node.client());
    let mut client = node.client();
    let agg = client.run("agg", "aggregator.query", json!({"key": null, "tags": {}}));
    let metrics: Json = serde_json::from_str(agg["data"].as_str().unwrap()).unwrap();
    let visitors = &metrics["shop.visitors/7"];
    assert_eq!(
        visitors["tags"],
        json!([{"key": "id", "value": "7"}, {"key": "town", "value": "ghent"}])
    );
    assert_eq!(visitors["current"]["300"]["avg"], 12);
    for metric in [
        "machine.CPU.percent/0",
        "machine.memory.ram.available",
        "machine.process.threads",
    ] {
        assert!(metrics[metric].is_object(), "{metric}");
    }
    let loaded = std::fs::read_to_string(node.dir.path().join("node/fs/data/t.flist"));
    assert_eq!(loaded.unwrap(), "ok");
}

/// The bytes on the wire, over TLS, as recorded.
#[test]
fn bytes_inside_tls() {
    let node = Running::start();
    node.client().run("w-1", "core.ping", json!({}));
    let recorded = crate::zos::vectors("transport.json");
    let cases: Vec<(String, String, String)> = recorded["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|case| {
            let text = |key: &str| case[key].as_str().unwrap().to_string();
            (text("name"), text("sent"), text("received"))
        })
        .filter(|(name, ..)| !name.contains("organization configured:"))
        .collect();
    let mut tls = super::limits::Tls::connect(node.addr);
    for (name, sent, received) in cases {
        // Another version, other times.
        let loose = received.contains("\"epoch\"") || received.contains("starttime");
        let got = tls.ask(sent.as_bytes());
        if name == "push a streaming command" {
            // As clients do: wait until the node took it.
            let flag = "result:w-2:flag";
            assert_eq!(
                node.client().ask(&["BRPOPLPUSH", flag, flag, "20"]),
                json!("")
            );
        }
        if name.starts_with("time to live of the flag of a finished") || sent.contains("LTTL") {
            let left: i64 = got.trim_start_matches(':').trim_end().parse().unwrap();
            assert!((295..=300).contains(&left), "{name}: {left}");
        } else if loose {
            assert!(got.starts_with(&received[..1]), "{name}: {got}");
        } else {
            assert_eq!(got, received, "{name}");
        }
    }
}

/// Files that are played here, in [`super::user_level`], and (containers, networks) beside the
/// containers they are about.
const PLAYED: &[&str] = &[
    "exec.json",
    "stream.json",
    "filesystem.json",
    "info.json",
    "misc.json",
    "transport.json",
    "user_level.json",
    "container.json",
    "network.json",
];

#[test]
fn every_exemption_names_a_case_and_every_file_is_known() {
    let mut names = Vec::new();
    for file in PLAYED {
        let recorded = crate::zos::vectors(file);
        let cases = recorded["cases"].as_array().unwrap().clone();
        names.extend(
            cases
                .iter()
                .map(|case| case["name"].as_str().unwrap().to_string()),
        );
    }
    for (name, why) in SHAPE_ONLY {
        assert!(
            names.iter().any(|case| case == name),
            "{name} ({why}) is no case"
        );
    }
    for (name, why) in OTHERWISE {
        assert!(
            names.iter().any(|case| case.starts_with(name)),
            "{name} ({why}) is no case"
        );
    }
    let folder = format!("{}/tests/vectors/zos", env!("CARGO_MANIFEST_DIR"));
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            file == "README.md" || PLAYED.contains(&file.as_str()),
            "{file} is not played"
        );
    }
}
