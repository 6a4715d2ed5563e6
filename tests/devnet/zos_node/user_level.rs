//! What a user of the shell does with a node and its containers: the recorded commands are played
//! to our node, in order, and every answer is compared.
use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::image::{Images, node};
use super::skipped;
use super::wire::Client;

/// Results that tell of the machine and the moment, which are compared in shape, and why.
const SHAPE_ONLY: &[(&str, &str)] = &[
    ("info.cpu", "another machine"),
    ("info.port", "other programs listen"),
    (
        "ip.addr.list",
        "addresses and links are those of this machine",
    ),
    ("ip.route.list", "routes are those of this machine"),
    ("job.list", "memory, times, process ids"),
    ("socat.reserve", "other ports are free"),
    ("core.system", "how long the machine runs"),
    ("core.ping", "another version"),
];

/// Same kinds of values under the keys that were recorded; lists by their first elements.
fn same_shape(recorded: &Json, got: &Json) -> bool {
    match (recorded, got) {
        (Json::Object(recorded), Json::Object(got)) => recorded
            .iter()
            .all(|(key, value)| got.get(key).is_some_and(|got| same_shape(value, got))),
        (Json::Array(recorded), Json::Array(got)) => match (recorded.first(), got.first()) {
            (Some(recorded), Some(got)) => same_shape(recorded, got),
            _ => true,
        },
        (Json::Null, _) | (_, Json::Null) => true,
        _ => std::mem::discriminant(recorded) == std::mem::discriminant(got),
    }
}

/// A container as lists show it, without what differs from run to run.
fn steady(container: &Json) -> Json {
    let mut steady = container["arguments"].clone();
    steady["cgroups"].take();
    for nic in steady["nics"].as_array_mut().unwrap() {
        nic["state"].take();
    }
    // Empty lists and none are the same to clients.
    for key in ["mount", "env", "port"] {
        if steady[key].is_null() {
            steady[key] = json!({});
        }
    }
    json!({"arguments": steady, "root": container["root"]})
}

struct Player {
    client: Client,
    /// Recorded texts and what stands for them here.
    names: BTreeMap<String, String>,
    /// Why groups of resources are not compared.
    without_groups: Option<String>,
}

impl Player {
    fn apply(&self, text: &str) -> String {
        let names = self.names.iter();
        names.fold(text.to_string(), |text, (old, new)| text.replace(old, new))
    }

    fn compare(&mut self, expected: &Json, got: &Json) -> Result<(), String> {
        let command = expected["command"].as_str().unwrap();
        if command.starts_with("cgroup.") && got["state"] != expected["state"] {
            // This machine has none for us; containers go on without.
            self.without_groups = Some(got["data"].to_string());
            let groups = r#"[["cpuset", "limited"], ["memory", "limited"]]"#;
            self.names.insert(groups.into(), "[]".into());
            return Ok(());
        }
        for key in ["command", "state", "code", "level", "tags", "container"] {
            if expected[key] != got[key] {
                return Err(format!("{key}: {} instead of {}", got, expected[key]));
            }
        }
        let parsed = |result: &Json| -> Json {
            let text = result["data"].as_str().unwrap_or_default();
            serde_json::from_str(text).unwrap_or_else(|_| json!(text))
        };
        let (wanted, data) = (parsed(expected), parsed(got));
        let fresh = matches!(command, "corex.dispatch" | "filesystem.open");
        let good = match command {
            _ if fresh => {
                let text = |value: &Json| value.as_str().unwrap().to_string();
                self.names.insert(text(&wanted), text(&data));
                true
            }
            _ if command.starts_with("cgroup.") => true,
            _ if SHAPE_ONLY.iter().any(|(name, _)| *name == command) => same_shape(&wanted, &data),
            "corex.get" if wanted.is_object() && data.is_object() => {
                wanted["id"] == data["id"]
                    && steady(&wanted["container"]) == steady(&data["container"])
            }
            "corex.list" => {
                let (wanted, data) = (wanted.as_object().unwrap(), data.as_object().unwrap());
                wanted.keys().eq(data.keys())
                    && wanted.iter().all(|(id, item)| {
                        steady(&item["container"]) == steady(&data[id]["container"])
                    })
            }
            _ => wanted == data && expected["streams"] == got["streams"],
        };
        match good {
            true => Ok(()),
            false => Err(format!("{command}: {data} instead of {wanted}")),
        }
    }

    /// Asks the container until it answers so; the recorded client came later.
    fn wait_for(&mut self, container: u64, command: &str, good: impl Fn(&Json) -> bool) {
        for round in 0..400 {
            let id = format!("wait-{command}-{round}-{container}");
            let inner = json!({"command": command, "arguments": {}, "id": format!("in-{id}")});
            let dispatch = json!({"container": container, "command": inner});
            self.client.run(&id, "corex.dispatch", dispatch);
            let answer = self.client.result(&format!("in-{id}"));
            let text = answer["data"].as_str().unwrap();
            if good(&serde_json::from_str(text).unwrap()) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("{command} of container {container} never answered as it should");
    }

    fn play(&mut self, case: &Json) -> Result<usize, String> {
        let name = case["name"].as_str().unwrap();
        if name == "job list" {
            let listens = |ports: &Json| {
                let mut ports = ports.as_array().unwrap().iter();
                ports.any(|port| port["port"] == 80)
            };
            self.wait_for(8, "info.port", listens);
        }
        let exchanges = case["redis"].as_array().unwrap();
        for exchange in exchanges {
            let words = exchange["send"].as_array().unwrap();
            let words: Vec<String> = words
                .iter()
                .map(|word| self.apply(word.as_str().unwrap()))
                .collect();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let got = self.client.ask(&words);
            if let Some(expected) = exchange.get("result") {
                let expected: Json =
                    serde_json::from_str(&self.apply(&expected.to_string())).unwrap();
                let text = got.as_str().ok_or_else(|| format!("no result: {got}"))?;
                let got: Json = serde_json::from_str(text).unwrap();
                self.compare(&expected, &got)?;
                if name == "stop_job" && expected["command"] == "job.kill" {
                    let gone = |jobs: &Json| {
                        !jobs
                            .as_array()
                            .unwrap()
                            .iter()
                            .any(|job| job["cmd"]["id"] == "entry")
                    };
                    self.wait_for(8, "job.list", gone);
                }
            } else if words[0] == "RPUSH" {
                if !got.is_i64() {
                    return Err(format!("{words:?}: {got}"));
                }
            } else if got != exchange["reply"] {
                return Err(format!("{words:?}: {got} instead of {}", exchange["reply"]));
            }
        }
        Ok(exchanges.len())
    }
}

#[test]
fn a_user_of_the_shell() {
    let images = Images::new();
    let Some(node) = node(images.dir.path()) else {
        return;
    };
    if let Some(why) = node.without_view() {
        skipped(&format!("recorded user: {why}"));
        return;
    }
    std::fs::create_dir_all(node.dir.path().join("node/fs/data")).unwrap();
    let mut client = node.client();
    // The recorded node had made containers before: numbers go on from there.
    for at in 1..8 {
        let arguments = json!({"root": "/nothing/here", "nics": []});
        let failed = client.run(&format!("early-{at}"), "corex.create", arguments);
        assert_eq!(failed["state"], "ERROR", "{failed}");
    }
    let port = {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        free.local_addr().unwrap().port()
    };
    let mut names = BTreeMap::from([("8081".to_string(), port.to_string())]);
    for image in ["simple-web", "tools"] {
        let url = format!("http://127.0.0.1:8000/{image}.flist");
        names.insert(url, images.path(image).display().to_string());
    }
    let mut player = Player {
        client,
        names,
        without_groups: None,
    };
    let recorded = crate::zos::vectors("user_level.json");
    let (mut played, mut wrong) = (0, Vec::new());
    let cases = recorded["cases"].as_array().unwrap();
    for case in cases {
        match player.play(case) {
            Ok(count) => played += count,
            Err(why) => wrong.push(format!("{}: {why}", case["name"].as_str().unwrap())),
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
    assert!(played > 200, "{played}");
    if let Some(why) = player.without_groups {
        skipped(&format!("recorded user: groups of resources: {why}"));
    }
}
