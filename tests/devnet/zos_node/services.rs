//! Two containers from images with the same service, one after the other and side by side.
use serde_json::{Value as Json, json};

use super::image::{Images, node};
use super::wire::Client;

fn create(client: &mut Client, id: &str, root: &str) -> u64 {
    let arguments = json!({"root": root, "nics": [], "name": id});
    let made = client.run(id, "corex.create", arguments);
    assert_eq!(made["state"], "SUCCESS", "{made}");
    made["data"].as_str().unwrap().parse().unwrap()
}

fn terminate(client: &mut Client, container: u64) {
    let id = format!("end-{container}");
    let ended = client.run(&id, "corex.terminate", json!({"container": container}));
    assert_eq!(ended["state"], "SUCCESS", "{ended}");
}

/// Runs a command in a container; answers its result.
fn dispatch(client: &mut Client, container: u64, job: &str, inner: Json) -> Json {
    // The node remembers ids of its own jobs, so each dispatch has its own.
    let pushed = client.ask(&["DBSIZE"]);
    let id = format!("dispatch-{container}-{job}-{pushed}");
    let mut command = inner;
    command["id"] = job.into();
    let arguments = json!({"container": container, "command": command});
    let pushed = client.run(&id, "corex.dispatch", arguments);
    assert_eq!(pushed["data"], json!(format!("\"{job}\"")), "{pushed}");
    client.result(job)
}

fn bash(script: &str) -> Json {
    json!({"command": "bash", "arguments": {"script": script, "stdin": ""}})
}

/// What a subscription to the service says first.
fn first_line(client: &mut Client, container: u64, round: &str) -> String {
    let id = format!("sub-{round}");
    let inner = json!({"command": "core.subscribe", "arguments": {"id": "entry"},
        "id": id, "stream": true});
    let push = json!({"container": container, "command": inner});
    client.run(&format!("push-{round}"), "corex.dispatch", push);
    let record = client.ask(&["BLPOP", &format!("stream:{id}"), "30"]);
    let record: Json = serde_json::from_str(record[1].as_str().unwrap()).unwrap();
    assert_eq!(record["core"], container);
    record["message"]["message"].as_str().unwrap().to_string()
}

#[test]
fn both_services_of_one_name_run_and_are_heard() {
    let images = Images::new();
    let Some(node) = node(images.dir.path()) else {
        return;
    };
    for name in ["one", "two"] {
        images.copy(name);
        let script = format!("\"echo I am {name}; exec sleep 1000\"");
        images.service(name, "bash", &[("script", &script)]);
    }
    let mut client = node.client();
    let root = |name: &str| images.path(name).display().to_string();
    let one = create(&mut client, "one", &root("one"));
    assert_eq!(first_line(&mut client, one, "a"), "I am one\n");
    // Side by side.
    let two = create(&mut client, "two", &root("two"));
    assert_eq!(first_line(&mut client, two, "b"), "I am two\n");
    assert_eq!(client.ask(&["TTL", "result:entry:flag"]), json!(-1));
    // The end of one is not the end of the other.
    terminate(&mut client, one);
    assert_eq!(client.ask(&["TTL", "result:entry:flag"]), json!(-1));
    assert_eq!(first_line(&mut client, two, "c"), "I am two\n");
    terminate(&mut client, two);
    let left = client.ask(&["TTL", "result:entry:flag"]).as_i64().unwrap();
    assert!((290..=300).contains(&left), "{left}");
    // And again, within the 300 s in which ids of the node's own jobs are remembered.
    let three = create(&mut client, "three", &root("one"));
    assert_eq!(first_line(&mut client, three, "d"), "I am one\n");
    assert_eq!(client.ask(&["TTL", "result:entry:flag"]), json!(-1));
    assert_eq!(client.ask(&["LLEN", "result:entry"]), json!(0));
}

#[test]
fn an_id_is_free_in_another_container_and_after_its_end() {
    let images = Images::new();
    let Some(node) = node(images.dir.path()) else {
        return;
    };
    let mut client = node.client();
    let root = images.path("tools").display().to_string();
    let one = create(&mut client, "one", &root);
    let two = create(&mut client, "two", &root);
    for (round, container) in [one, two, one].into_iter().enumerate() {
        let said = dispatch(
            &mut client,
            container,
            "job",
            bash(&format!("echo round {round}")),
        );
        assert_eq!(said["streams"][0], format!("round {round}\n"));
        assert_eq!(said["container"], container);
    }
    // While it runs in a container, the same id there means the job that has it.
    let long = json!({"container": one, "command": {"command": "bash", "id": "long",
        "arguments": {"script": "read line < /tmp/go; echo first", "stdin": ""}}});
    let pipe = dispatch(
        &mut client,
        one,
        "pipe",
        bash("mkfifo /tmp/go || echo no; exit 0"),
    );
    client.run("l1", "corex.dispatch", long.clone());
    let mut again = long;
    again["command"]["arguments"]["script"] = "echo second".into();
    let same = client.run("l2", "corex.dispatch", again);
    assert_eq!(same["data"], "\"long\"");
    if pipe["streams"][0] == "" {
        dispatch(&mut client, one, "release", bash("echo go > /tmp/go"));
    }
    let said = client.result("long");
    let expected = if pipe["streams"][0] == "" {
        "first\n"
    } else {
        ""
    };
    assert_eq!(
        said["streams"][0]
            .as_str()
            .unwrap()
            .lines()
            .last()
            .unwrap_or(""),
        expected.trim()
    );
    // On the node itself an id is remembered after the end.
    let first = client.run("once", "bash", json!({"script": "echo first"}));
    let second = client.run("once", "bash", json!({"script": "echo second"}));
    assert_eq!(first, second);
}
