//! Groups of processes, where the machine lets the node make them.
use serde_json::{Value as Json, json};

use super::{Running, skipped};

#[test]
fn a_container_joins_a_group_of_its_node() {
    let node = Running::with(|config| {
        config.program = Some(env!("CARGO_BIN_EXE_kosmos").into());
    });
    std::fs::create_dir_all(node.dir.path().join("node/fs/root")).unwrap();
    let mut client = node.client();
    let group = json!({"subsystem": "memory", "name": "site"});
    let made = client.run("ensure", "cgroup.ensure", group.clone());
    if made["code"] == 501 {
        return skipped(&format!("groups of processes: {}", made["data"]));
    }
    assert_eq!(made["state"], "SUCCESS", "{made}");
    let limit = json!({"name": "site", "mem": 64 << 20, "swap": 0});
    let set = client.run("limit", "cgroup.memory.spec", limit);
    let set: Json = serde_json::from_str(set["data"].as_str().unwrap()).unwrap();
    assert_eq!(set["mem"], 64 << 20);
    let arguments = json!({"root": "/root", "nics": [], "cgroups": [["memory", "site"]]});
    let created = client.run("create", "corex.create", arguments);
    if created["code"] == 501 {
        return skipped(&created["data"].to_string());
    }
    assert_eq!(created["state"], "SUCCESS", "{created}");
    let id: u16 = created["data"].as_str().unwrap().parse().unwrap();
    let got = client.run("get", "corex.get", json!({"query": id}));
    let got: Json = serde_json::from_str(got["data"].as_str().unwrap()).unwrap();
    let pid = &got["container"]["pid"];
    let in_groups = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap();
    let own = in_groups.lines().find(|line| line.ends_with("/site"));
    let own = own.unwrap_or_else(|| panic!("in none of the node's: {in_groups}"));
    assert!(own.contains("kosmos-zos-"), "{own}");
    let tasks = client.run("tasks", "cgroup.tasks", group.clone());
    let tasks: Json = serde_json::from_str(tasks["data"].as_str().unwrap()).unwrap();
    assert!(tasks.as_array().unwrap().contains(pid), "{tasks}");
    // An unknown group is named; a removed one is gone, and removing it again is fine.
    let wrong = json!({"root": "/root", "nics": [], "cgroups": [["memory", "none"]]});
    let wrong = client.run("wrong", "corex.create", wrong);
    assert_eq!(wrong["data"], "\"invalid cgroup [memory none]\"");
    client.run("end", "corex.terminate", json!({"container": id}));
    for id in ["remove", "again"] {
        let removed = client.run(id, "cgroup.remove", group.clone());
        assert_eq!(removed["state"], "SUCCESS", "{removed}");
    }
    let gone = client.run("gone", "cgroup.tasks", group);
    assert_eq!(gone["code"], 404);
    client.run(
        "stays",
        "cgroup.ensure",
        json!({"subsystem": "cpuset", "name": "left"}),
    );
    let base = own.split_once("kosmos-zos-").unwrap().1;
    let base = format!("kosmos-zos-{}", base.split('/').next().unwrap());
    drop(client);
    drop(node);
    // All of it goes with the node.
    for tree in ["memory", "cpuset", "unified", "."] {
        let left = std::path::Path::new("/sys/fs/cgroup")
            .join(tree)
            .join(&base);
        assert!(!left.exists(), "{}", left.display());
    }
}
