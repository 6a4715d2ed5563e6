//! `corex.*`: containers.
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use crate::devnet::zos::container::{self, Containers, Info, RootSource, root};
use crate::devnet::zos::files::{Files, fresh_id};
use crate::devnet::zos::flists::Flists;
use crate::devnet::zos::jobs::command::{Answer, reason};
use crate::devnet::zos::jobs::{Call, Commands, Failure};
use crate::devnet::zos::node::Desk;
use crate::zos::protocol::result::codes;
use crate::zos::protocol::{CreateArguments, Dispatched, Job, JobResult, Nic, State};

impl From<container::Error> for Failure {
    fn from(error: container::Error) -> Self {
        Failure::new(i64::from(error.code), error.message)
    }
}

/// Jobs that containers run, for whose results somebody waits.
type Waiting = Mutex<HashMap<u16, HashMap<String, Job>>>;

/// The containers of a node, with what its jobs know of them.
pub struct Boxes {
    containers: Containers,
    desk: Arc<Desk>,
    waiting: Waiting,
    files: Arc<Files>,
    /// The node's `/` on the machine, as it stands in front of mounted paths.
    root: PathBuf,
}

/// Finds roots under the node's own `/`.
pub struct NodeRoots {
    files: Arc<Files>,
    local: root::LocalRoots,
    flists: Arc<Flists>,
}

impl NodeRoots {
    /// Roots of a node; archives are unpacked into a folder.
    pub fn new(files: Arc<Files>, cache: PathBuf, flists: Arc<Flists>) -> Self {
        NodeRoots {
            files,
            flists,
            local: root::LocalRoots::new(cache),
        }
    }
}

impl NodeRoots {
    /// A chunk store that is a folder is one of the node's files.
    fn storage(&self, wanted: &str) -> Result<String, String> {
        let path = match wanted.split_once("://") {
            Some(("file", path)) => path,
            Some(_) => return Ok(wanted.to_owned()),
            None => wanted,
        };
        if path.is_empty() {
            return Ok(String::new());
        }
        if !path.starts_with('/') {
            return Err(format!(
                "invalid storage ({wanted}): expected zdb://host:port, https://hub, or the \
                 absolute path of a folder"
            ));
        }
        let real = self
            .files
            .on_machine(path)
            .ok()
            .filter(|real| real.is_dir());
        let real = real.ok_or_else(|| format!("storage {path}: no such directory"))?;
        Ok(real.to_string_lossy().into_owned())
    }
}

/// Says whether a name is that of an flist.
fn is_flist(name: &str) -> bool {
    let plain = name.split(['?', '#']).next().unwrap_or_default();
    plain.ends_with(".flist")
}

impl RootSource for NodeRoots {
    fn resolve<'a>(&'a self, wanted: &'a str, storage: &'a str) -> root::Resolved<'a> {
        Box::pin(async move {
            let storage = match self.storage(storage) {
                Ok(storage) => storage,
                Err(reason) => return Some(Err(reason)),
            };
            let path = match wanted.split_once("://") {
                Some(("file", path)) => path,
                Some(("http" | "https", _)) if is_flist(wanted) => {
                    let flist = self.flists.at_url(wanted, &storage).await;
                    return Some(flist.map(|flist| root::Root::Flist(flist)));
                }
                Some(_) => return None,
                None => wanted,
            };
            if !path.starts_with('/') {
                return Some(Err(format!("invalid flist url ({wanted})")));
            }
            match self.files.on_machine(path) {
                Ok(real) if is_flist(path) && real.is_file() => {
                    let flist = self.flists.at_path(&real, path, &storage).await;
                    Some(flist.map(|flist| root::Root::Flist(flist)))
                }
                Ok(real) => self.local.resolve(&real.to_string_lossy(), &storage).await,
                Err(e) => Some(Err(format!("stat {path}: {}", reason(&e)))),
            }
        })
    }
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Arguments {
    container: Json,
    query: Json,
    tags: Vec<String>,
    command: Dispatched,
    nic: Nic,
    index: usize,
    host_port: Json,
    container_port: i64,
}

impl Arguments {
    fn container(&self) -> Result<u16, Failure> {
        let number = match &self.container {
            Json::String(text) => text.parse().ok(),
            other => other.as_i64(),
        };
        match number.and_then(|n| u16::try_from(n).ok()) {
            Some(id @ 1..) => Ok(id),
            _ => Err("invalid container id".into()),
        }
    }

    fn source(&self) -> String {
        match &self.host_port {
            Json::String(text) => text.clone(),
            other => other.to_string(),
        }
    }
}

impl Boxes {
    /// Brings containers and the node's data together.
    pub fn new(containers: Containers, desk: Arc<Desk>, files: Arc<Files>, root: PathBuf) -> Self {
        Boxes {
            containers,
            desk,
            waiting: Mutex::default(),
            files,
            root,
        }
    }

    /// The containers.
    pub fn containers(&self) -> &Containers {
        &self.containers
    }

    /// Where the forwarded ports of the node lead, as text.
    pub fn forwarded(&self) -> Vec<(u16, String)> {
        let forwards = self.containers.forwards().into_iter();
        forwards
            .map(|(id, source, guest)| {
                (
                    source.port,
                    format!("{source} relayed to container {id}:{guest}"),
                )
            })
            .collect()
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, HashMap<u16, HashMap<String, Job>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A job of a container ended.
    pub fn ended(&self, result: &JobResult) {
        if let Some(jobs) = self.waiting().get_mut(&result.container) {
            jobs.remove(&result.id);
        }
        self.desk.result(result);
    }

    /// A container started a service of its own.
    pub fn started(&self, container: u16, id: String) {
        // An id that a job of the node, or of another container, has already stays theirs.
        if self.desk.accept(&id) {
            let job = Job {
                id: id.clone(),
                ..Job::default()
            };
            self.waiting().entry(container).or_default().insert(id, job);
        }
    }

    /// A container is gone: who waits for its jobs is told.
    pub fn gone(&self, container: u16, how: &str) {
        let jobs = self.waiting().remove(&container).unwrap_or_default();
        for job in jobs.into_values() {
            self.desk.result(&JobResult {
                id: job.id,
                command: job.command,
                critical: format!("container {container} ended: {how}"),
                state: State::Error,
                code: codes::KILLED,
                tags: job.tags,
                container,
                ..JobResult::default()
            });
        }
    }

    fn dispatch(&self, a: &Arguments) -> Answer {
        let container = a.container()?;
        if self.containers.get(container).is_none() {
            return Err("container does not exist".into());
        }
        let wanted = a.command.clone();
        let id = match wanted.id.filter(|id| !id.is_empty()) {
            Some(id) => id,
            None => fresh_id().map_err(|e| e.to_string())?,
        };
        // As for jobs of the node: an id that is known means the job that has it.
        if !self.desk.accept(&id) {
            return Ok(id.into());
        }
        let job = Job {
            id: id.clone(),
            command: wanted.command,
            arguments: wanted.arguments,
            queue: wanted.queue,
            max_time: wanted.max_time,
            stream: wanted.stream,
            tags: wanted.tags,
            recurring_period: wanted.recurring_period,
            ..Job::default()
        };
        let envelope = serde_json::to_value(&job).map_err(|e| e.to_string())?;
        self.waiting()
            .entry(container)
            .or_default()
            .insert(id.clone(), job);
        if self.containers.run(container, envelope).is_err() {
            if let Some(jobs) = self.waiting().get_mut(&container) {
                jobs.remove(&id);
            }
            self.desk.forget(&id);
            return Err(
                "failed to dispatch command to container, check system logs for errors".into(),
            );
        }
        Ok(id.into())
    }

    async fn create(&self, call: &mut Call) -> Result<u16, Failure> {
        let mut arguments: CreateArguments = call.arguments()?;
        if let Some(mounts) = &mut arguments.mount {
            let mut real = indexmap::IndexMap::new();
            for (host, guest) in mounts.drain(..) {
                let there = match host.starts_with('/') {
                    true => self
                        .files
                        .on_machine(&host)
                        .map_err(|_| Failure::from(format!("host path '{host}' does not exist"))),
                    false => Ok(PathBuf::from(&host)),
                };
                // What the guest path is worth is said first, as on the real node.
                let there = match guest.starts_with('/') {
                    true => there?.to_string_lossy().into_owned(),
                    false => host,
                };
                real.insert(there, guest);
            }
            *mounts = real;
        }
        Ok(self
            .containers
            .create(arguments, call.running.job.tags.clone())
            .await?)
    }

    /// A container as lists show it: with the paths of the node.
    fn shown(&self, info: &Info) -> Result<Json, Failure> {
        let mut shown = serde_json::to_value(info).map_err(|e| e.to_string())?;
        if let Some(Json::Object(mounts)) = shown.pointer_mut("/arguments/mount") {
            let root = self.root.to_string_lossy();
            let renamed: Map<String, Json> = std::mem::take(mounts)
                .into_iter()
                .map(|(host, guest)| match host.strip_prefix(root.as_ref()) {
                    Some("") => ("/".to_string(), guest),
                    Some(inside) if inside.starts_with('/') => (inside.to_string(), guest),
                    _ => (host, guest),
                })
                .collect();
            *mounts = renamed;
        }
        Ok(shown)
    }

    fn list(&self, tags: &[String]) -> Answer {
        let mut all = BTreeMap::new();
        for (id, info) in self.containers.list(tags) {
            let usage = self.containers.usage(id);
            let (cpu, rss, vms, swap) = usage.map_or((0, 0, 0, 0), |usage| {
                (usage.cpu, usage.rss, usage.vms, usage.swap)
            });
            let container = self.shown(&info)?;
            all.insert(
                id,
                json!({"cpu": cpu, "rss": rss, "vms": vms, "swap": swap, "container": container}),
            );
        }
        let named = all.into_iter().map(|(id, shown)| (id.to_string(), shown));
        Ok(Json::Object(named.collect()))
    }

    fn get(&self, query: &Json) -> Answer {
        let found = match query {
            Json::String(name) => self.containers.find(name),
            Json::Number(number) => {
                let id = number.as_i64().and_then(|id| u16::try_from(id).ok());
                let id = id.ok_or_else(|| Failure::arguments("query out of range"))?;
                self.containers.get(id).map(|info| (id, info))
            }
            _ => return Err(Failure::arguments("invalid query")),
        };
        match found {
            Some((id, info)) => Ok(json!({"container": self.shown(&info)?, "id": id})),
            None => Ok(Json::Null),
        }
    }
}

/// Adds them.
pub fn add(commands: &mut Commands, boxes: &Arc<Boxes>) {
    macro_rules! command {
        ($name:literal, $boxes:ident, $call:ident, $answer:expr) => {{
            let boxes = Arc::clone(boxes);
            commands.add($name, move |mut $call: Call| {
                let $boxes = Arc::clone(&boxes);
                async move { $answer }
            });
        }};
    }
    command!(
        "corex.create",
        boxes,
        call,
        boxes.create(&mut call).await.map(Json::from)
    );
    command!("corex.create-sync", boxes, call, {
        let id = boxes.create(&mut call).await?;
        let how = boxes.containers.wait(id).await.unwrap_or_default();
        let good = how == "terminated" || how == "exit code 0";
        Ok(json!({"id": id, "state": if good { "SUCCESS" } else { "ERROR" }, "data": how}))
    });
    command!("corex.list", boxes, _call, boxes.list(&[]));
    command!("corex.find", boxes, call, {
        let a: Arguments = call.arguments()?;
        boxes.list(&a.tags)
    });
    command!("corex.get", boxes, call, {
        let a: Arguments = call.arguments()?;
        boxes.get(&a.query)
    });
    command!("corex.dispatch", boxes, call, {
        let a: Arguments = call.arguments()?;
        boxes.dispatch(&a)
    });
    command!("corex.terminate", boxes, call, {
        let a: Arguments = call.arguments()?;
        boxes.containers.terminate(a.container()?).await?;
        Ok(Json::Null)
    });
    command!("corex.nic-add", boxes, call, {
        let a: Arguments = call.arguments()?;
        boxes.containers.nic_add(a.container()?, a.nic)?;
        Ok(Json::Null)
    });
    command!("corex.nic-remove", boxes, call, {
        let a: Arguments = call.arguments()?;
        boxes.containers.nic_remove(a.container()?, a.index)?;
        Ok(Json::Null)
    });
    command!("corex.portforward-add", boxes, call, {
        let a: Arguments = call.arguments()?;
        boxes
            .containers
            .forward_add(a.container()?, &a.source(), a.container_port)
            .await?;
        Ok(Json::Null)
    });
    command!("corex.portforward-remove", boxes, call, {
        let a: Arguments = call.arguments()?;
        boxes
            .containers
            .forward_remove(a.container()?, &a.source(), a.container_port)?;
        Ok(Json::Null)
    });
    for name in ["corex.flist-layer", "corex.flist.create"] {
        commands.add(name, |_| async {
            Err(Failure::not_here("changing a running root"))
        });
    }
}

/// Adds them for a node that has no containers.
pub fn add_none(commands: &mut Commands) {
    for name in [
        "corex.create",
        "corex.create-sync",
        "corex.list",
        "corex.find",
        "corex.get",
        "corex.dispatch",
        "corex.terminate",
        "corex.nic-add",
        "corex.nic-remove",
        "corex.portforward-add",
        "corex.portforward-remove",
        "corex.flist-layer",
        "corex.flist.create",
    ] {
        commands.add(name, |_| async {
            Err(Failure::not_here(
                "containers: it runs inside another program",
            ))
        });
    }
}
