//! Plays what the recorded clients sent, and compares what they got.
use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::super::image;
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
    ("socat reserve", "which ports are free"),
    ("its links are those of the node", "another machine"),
    ("subscribe to the entry process", "fresh ids"),
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
    (
        "process list in the container",
        "a worker runs beside the first process",
    ),
    (
        "the core process runs as pid 1; mounts",
        "what tells about the machine is hidden; our mounts have stricter flags",
    ),
    (
        "capabilities of a job in an unprivileged container",
        "jobs make no device nodes, and newer rights are dropped too",
    ),
    ("zerotier info without zerotier", "501, and says so"),
    ("zerotier list without zerotier", "an empty list"),
    ("zerotier join without zerotier", "501, and says so"),
    (
        "forward rules",
        "ports are relayed by the node, and said to be",
    ),
    (
        "create: flist is missing",
        "roots of this test are folders of the node",
    ),
    ("nft list", "the rules that were there before are others"),
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

/// Takes out of an answer what differs from run to run.
fn comparable(case: &str, command: &str, mut value: Json) -> Json {
    /// Figures of processes, and addresses that the kernel makes up.
    fn plain(value: &mut Json) {
        match value {
            Json::Object(map) => {
                for (key, value) in map.iter_mut() {
                    match key.as_str() {
                        "cpu" | "rss" | "vms" | "swap" | "pid" | "starttime" | "hwaddr" => {
                            *value = Json::Null;
                        }
                        _ => plain(value),
                    }
                }
            }
            Json::Array(all) => all.iter_mut().for_each(plain),
            Json::String(text) if text.starts_with("fe80::") && text.len() > 10 => {
                *text = "fe80::made up".into();
            }
            _ => {}
        }
    }
    if !["corex.", "job.", "ip.", "info.port", "bridge."]
        .iter()
        .any(|start| command.starts_with(start))
    {
        return value;
    }
    plain(&mut value);
    if let Json::Array(all) = &mut value {
        // Lists of a whole node: those of the test's own links.
        match case {
            // Newer kernels keep it in another table.
            "routes" => all.retain(|route| route["dst"] != "::1/128"),
            "ip route list" => all.retain(|route| route["dev"] == "xbr"),
            "ip link list" => {
                all.retain(|l| l["name"] == "lo" || l["name"] == "core0" || l["name"] == "ybr");
            }
            _ => all.retain(|bridge| *bridge != "kvm0"),
        }
        all.sort_by_key(ToString::to_string);
    }
    value
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
            "data" if got["level"] == 20 => {
                let command = got["command"].as_str().unwrap_or_default();
                comparable(case, command, parsed(wanted))
                    == comparable(case, command, parsed(value))
            }
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
        let fresh = ["filesystem.open", "corex.dispatch"];
        if fresh.iter().any(|name| expected["command"] == *name) && expected["state"] == "SUCCESS" {
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
        if (file, name) == ("container.json", "stream") {
            log_of_the_web_server(case, client);
            continue;
        }
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

/// What the web server wrote; how it breaks into messages depends on timing, and the ports of who
/// asked are what they are.
fn log_of_the_web_server(case: &Json, client: &mut Client) {
    let lines = |text: &str| -> Vec<String> {
        let without_port = |line: &str| {
            let (who, rest) = line.rsplit_once("]:").unwrap();
            format!("{who} {}", rest.split_once(": ").unwrap().1)
        };
        text.lines().map(without_port).collect()
    };
    let text = |record: &Json| record["message"]["message"].as_str().unwrap().to_string();
    let recorded = case["redis"].as_array().unwrap().iter();
    let recorded: String = recorded.map(|e| text(&e["record"])).collect();
    let mut said = String::new();
    loop {
        let got = client.ask(&["BLPOP", "stream:entry-log", "20"]);
        let record: Json = serde_json::from_str(got[1].as_str().expect("a record")).unwrap();
        assert_eq!(record["core"], 1);
        said.push_str(&text(&record));
        let meta = record["message"]["meta"].as_i64().unwrap();
        if meta & 6 != 0 {
            assert_eq!(meta, 131_077, "it was killed");
            break;
        }
        assert_eq!(meta, 131_073);
    }
    assert_eq!(lines(&said), lines(&recorded));
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

/// Files that are played here and in [`super::user_level`].
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

/// A node whose containers have a network; None, with the reason printed, where there is none.
fn node_with_containers(part: &str) -> Option<Running> {
    let node = Running::with(|config| {
        config.program = Some(env!("CARGO_BIN_EXE_kosmos").into());
    });
    let notices = node.handle.as_ref().unwrap().notices();
    let lacks = notices.iter().find(|notice| {
        notice.starts_with("no containers on this machine")
            || notice.starts_with("no network of containers")
    });
    if let Some(why) = lacks {
        skipped(&format!("{part}: {why}"));
        return None;
    }
    Some(node)
}

/// So many free ports, as texts none of which holds one of the others or a text to be replaced.
fn free_ports(replaced: &[&str]) -> Vec<String> {
    let mut ports: Vec<String> = Vec::new();
    let mut held = Vec::new();
    while ports.len() < replaced.len() {
        let listener = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
        let port = listener.local_addr().unwrap().port().to_string();
        held.push(listener);
        if !replaced.iter().any(|old| port.contains(old)) {
            ports.push(port);
        }
    }
    ports
}

#[test]
fn containers() {
    let Some(node) = node_with_containers("recorded containers") else {
        return;
    };
    let fs = node.dir.path().join("node/fs");
    let (site, tools) = (
        fs.join("roots/simple-web.flist"),
        fs.join("roots/tools.flist"),
    );
    let programs = ["sh", "cat", "id", "ls", "stat", "hostname"];
    let written = [("httpd", image::HTTPD), ("wget", image::WGET)];
    for root in [&site, &tools] {
        std::fs::create_dir_all(root).unwrap();
        image::fill(root, &programs, &written);
    }
    std::fs::create_dir_all(site.join("www")).unwrap();
    let page = "<h1>hello from the container</h1>\n";
    std::fs::write(site.join("www/index.html"), page).unwrap();
    let startup = "[startup.entry]\nname = \"core.system\"\n[startup.entry.args]\nname = \"httpd\"\n\
        args = [\"-f\", \"-vv\", \"-p\", \"80\", \"-h\", \"/www\"]\ndir = \"/\"\n[startup.entry.args.env]\n\
        NGINX_VERSION = \"1.13.8\"\nPATH = \"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\"\n";
    std::fs::write(site.join(".startup.toml"), startup).unwrap();
    std::fs::create_dir_all(fs.join("settings/conf")).unwrap();
    std::fs::write(fs.join("settings/zero-os.toml"), "").unwrap();
    let mut names = Names::default();
    let recorded = ["8081", "8082", "5353", "9000"];
    for (old, new) in recorded.into_iter().zip(free_ports(&recorded)) {
        names.0.insert(old.into(), new);
    }
    names
        .0
        .insert("http://127.0.0.1:8000/".into(), "/roots/".into());
    names.0.insert("/etc/zero-os".into(), "/settings".into());
    play("container.json", &mut names, &mut node.client());
}

#[test]
fn networks() {
    let Some(node) = node_with_containers("recorded networks") else {
        return;
    };
    let mut client = node.client();
    play("network.json", &mut Names::default(), &mut client);
    // The rules that the recorded node added, in its words.
    for (id, rule) in [
        ("open-1", json!({"port": 2200})),
        (
            "open-2",
            json!({"port": 2201, "interface": "lo", "subnet": "10.9.9.9/8"}),
        ),
    ] {
        assert_eq!(client.run(id, "nft.open_port", rule)["state"], "SUCCESS");
    }
    let listed = client.run("list", "nft.list", json!({}));
    let listed: Vec<String> = serde_json::from_str(listed["data"].as_str().unwrap()).unwrap();
    let added = [
        "tcp dport 2200 accept",
        "iifname \"lo\" ip saddr 10.0.0.0/8 tcp dport 2201 accept",
    ];
    assert!(listed.ends_with(&added.map(String::from)), "{listed:?}");
}
