//! A node that knows a little of everything, for examples.
use std::collections::{HashMap, HashSet};

use kosmos::zos::protocol::{Job, JobResult, Level, Message, Record, State};
use serde_json::{Value as Json, json};

use super::fake::{Fake, Memory, json_result};

#[derive(Default)]
struct Machine {
    containers: Vec<(u64, String, Json)>,
    files: HashMap<String, String>,
    open: HashMap<String, String>,
    killed: HashSet<String>,
    pools: Vec<String>,
}

/// A node with one disk, one link and what is made on it.
pub fn start() -> Fake {
    let mut machine = Machine::default();
    Fake::start(Box::new(move |job, memory| {
        Some(machine.run(job, memory, 0))
    }))
}

impl Machine {
    fn run(&mut self, job: &Job, memory: &mut Memory, container: u16) -> JobResult {
        let arguments = &job.arguments;
        if job.command == "corex.dispatch" {
            let mut inner: Job = serde_json::from_value(json!({
                "id": format!("inner-{}", job.id),
                "command": arguments["command"]["command"],
                "arguments": arguments["command"]["arguments"],
                "stream": arguments["command"]["stream"],
            }))
            .unwrap();
            if let Some(id) = arguments["command"]["id"].as_str() {
                inner.id = id.into();
            }
            let result = self.run(&inner, memory, 1);
            memory
                .results
                .insert(inner.id.clone(), result.to_wire().unwrap());
            return json_result(job, &inner.id.into());
        }
        if job.stream || job.command == "core.subscribe" {
            let end = Message::new("", Level::STDOUT, 3, 0);
            let mut lines = vec![Message::new("hello\n", Level::STDOUT, 1, 0), end];
            let stream = memory.streams.entry(job.id.clone()).or_default();
            stream.extend(lines.drain(..).map(|message| {
                let record = Record {
                    core: container,
                    command: job.id.clone(),
                    message,
                };
                record.to_wire().unwrap()
            }));
        }
        let value = match job.command.as_str() {
            "core.system" | "bash" | "web.download" => {
                let out = match arguments["args"][0].as_str() {
                    Some("/proc/uptime") => "100.5 200.1\n",
                    Some("/proc/cmdline") => "quiet organization=me\n",
                    _ => "hello\n",
                };
                return JobResult {
                    streams: Some(vec![out.into(), String::new()]),
                    level: Level::NONE,
                    data: String::new(),
                    ..json_result(job, &Json::Null)
                };
            }
            "job.list" => {
                let id = arguments["id"].as_str().unwrap_or("entry");
                if self.killed.contains(id) {
                    return JobResult {
                        state: State::Error,
                        code: 500,
                        ..json_result(job, &format!("Process with id '{id}' doesn't exist").into())
                    };
                }
                json!([{"cpu": 0, "rss": 3555328, "vms": 14069760, "swap": 0,
                    "starttime": 1559737984120_i64,
                    "cmd": {"id": id, "command": "core.system", "arguments": {"args": ["-g",
                        "daemon off;"], "dir": "/", "env": {}, "name": "nginx"},
                        "queue": "", "stream": false, "tags": null}, "pid": 9}])
            }
            "job.kill" => {
                self.killed.insert(arguments["id"].as_str().unwrap().into());
                true.into()
            }
            _ => self.value(&job.command, arguments),
        };
        json_result(job, &value)
    }

    fn value(&mut self, command: &str, arguments: &Json) -> Json {
        let text = |key: &str| arguments[key].as_str().unwrap_or_default().to_string();
        match command {
            "core.ping" => {
                "PONG Version: master @Revision: b1a1a737352fce69fd71de5f8cf1ae175f4bdcab".into()
            }
            "corex.create" | "corex.restore" => {
                let id = self.containers.len() as u64 + 1;
                let mut listed = arguments.clone();
                if let Some(nics) = listed["nics"].as_array_mut() {
                    nics.iter_mut()
                        .for_each(|nic| nic["state"] = "configured".into());
                }
                let about = json!({"arguments": listed, "root": "/mnt/containers/1", "pid": 9});
                self.containers.push((id, text("name"), about));
                id.into()
            }
            "corex.get" => {
                let wanted = &arguments["query"];
                let found = self
                    .containers
                    .iter()
                    .find(|(id, name, _)| *wanted == *id || *wanted == *name);
                found.map_or(
                    Json::Null,
                    |(id, _, about)| json!({"container": about, "id": id}),
                )
            }
            "corex.list" | "corex.find" => {
                let all = self
                    .containers
                    .iter()
                    .map(|(id, _, about)| (id.to_string(), json!({"cpu": 0, "container": about})));
                Json::Object(all.collect())
            }
            "corex.terminate" => {
                self.containers
                    .retain(|(id, _, _)| arguments["container"] != *id);
                Json::Null
            }
            "corex.zerotier.info" => json!({"address": "7ad1f2a8c0"}),
            "corex.flist.create" => "/mnt/containers/1/mine.flist".into(),
            "filesystem.open" => {
                let fd = format!("fd-{}", self.open.len());
                if text("mode") == "w" {
                    self.files.insert(text("file"), String::new());
                }
                self.open.insert(fd.clone(), text("file"));
                fd.into()
            }
            "filesystem.write" => {
                let file = self.open[&text("fd")].clone();
                self.files.entry(file).or_default().push_str(&text("block"));
                Json::Null
            }
            "filesystem.read" => {
                let file = self.open.get(&text("fd")).cloned().unwrap_or_default();
                self.files.remove(&file).unwrap_or_default().into()
            }
            "filesystem.exists" | "job.unschedule" | "job.killall" | "disk.isstandby" => {
                true.into()
            }
            "filesystem.list" => json!([{"name": "a", "size": 1, "mode": 420, "is_dir": false}]),
            "info.cpu" => json!([{"cpu": 0}, {"cpu": 1}]),
            "info.mem" => json!({"total": 8_000_000_000_u64, "available": 4_000_000_000_u64}),
            "info.nic" => json!([
                {"name": "lo", "hardwareaddr": "", "addrs": [{"addr": "127.0.0.1/8"}]},
                {"name": "eth0", "hardwareaddr": "02:00:00:00:00:01",
                    "addrs": [{"addr": "fe80::1/64"}, {"addr": "10.0.0.5/24"}]}
            ]),
            "info.port" => json!([{"network": "tcp", "port": 80, "ip": "0.0.0.0", "pid": 9}]),
            "ip.route.list" => json!([{"dev": "eth0", "dst": "", "gw": "10.0.0.1"}]),
            "ip.addr.list" => json!(["10.0.0.5/24", "fe80::1/64"]),
            "process.list" => json!([{"pid": 1, "ppid": 0, "cmdline": "init", "name": "init"}]),
            "socat.reserve" => json!([1024, 1025]),
            "nft.rule_exists" => false.into(),
            "disk.list" => json!([{"name": "sda", "size": 1_000_000, "rota": "1", "type": "disk",
                "model": "BIG", "mountpoint": null, "children": [{"name": "sda1"}]}]),
            "disk.mounts" => json!({"/dev/sda1": [{"mountpoint": "/", "filesystem": "ext4"}]}),
            "aggregator.query" => json!({"machine.CPU.percent/0": {"op": "A", "last_value": 1.0}}),
            "kvm.create" => "6f2a".into(),
            "kvm.list" => json!([{"id": 1, "uuid": "6f2a", "name": "box", "state": "running"}]),
            "btrfs.list" => {
                let pool = |label: &str, device: &str| {
                    json!({"label": label, "uuid": "1f", "total_devices": 1, "used": 10,
                        "devices": [{"dev_id": 1, "size": 1000, "used": 10, "path": device}]})
                };
                let made = self.pools.iter().map(|label| pool(label, "/dev/sdb1"));
                let others = [
                    pool("sp_data", "/dev/sda1"),
                    pool("of somebody", "/dev/sdc"),
                ];
                others.into_iter().chain(made).collect()
            }
            "btrfs.create" => {
                self.pools.push(text("label"));
                Json::Null
            }
            "btrfs.subvol_list" => json!([
                {"ID": 257, "Gen": 7, "TopLevel": 5, "Path": "filesystems/web", "Quota": ""},
                {"ID": 258, "Gen": 8, "TopLevel": 5, "Path": "snapshots/web/old", "Quota": ""}
            ]),
            "cgroup.list" => json!({}),
            "logger.subscribe" => format!("logger:{}", text("queue")).into(),
            command if command.ends_with("list") => json!([]),
            command if command.contains("info") => json!({}),
            _ => Json::Null,
        }
    }
}
