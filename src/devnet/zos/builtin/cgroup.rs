//! `cgroup.*`: groups of processes with limits, as far as the machine lets us make them.
//!
//! A node's groups lie in a group of its own, so that they meet no others and go with the node.
//! Works with control groups of version 1, as the real node does.
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use crate::devnet::zos::container::Groups;
use crate::devnet::zos::jobs::command::{Answer, reason};
use crate::devnet::zos::jobs::{Commands, Failure};

const SUBSYSTEMS: [&str; 2] = ["cpuset", "memory"];
/// Where the system keeps groups.
const MOUNT: &str = "/sys/fs/cgroup";

/// The groups of a node.
#[derive(Debug)]
pub struct Cgroups {
    /// Name of the group in which the node's groups lie.
    own: String,
}

#[derive(Deserialize)]
struct Arguments {
    #[serde(default)]
    subsystem: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    pid: i64,
    #[serde(default)]
    mem: u64,
    #[serde(default)]
    swap: u64,
    #[serde(default)]
    cpus: String,
    #[serde(default)]
    mems: String,
}

fn failed(e: io::Error) -> Failure {
    match e.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            Failure::not_here("the right to make control groups")
        }
        io::ErrorKind::NotFound => Failure::not_here("control groups of version 1"),
        _ => reason(&e).into(),
    }
}

impl Cgroups {
    /// The groups of the node with this id.
    pub fn new(id: &str) -> Self {
        Cgroups {
            own: format!("kosmos-zos-{id}"),
        }
    }

    fn base(&self, subsystem: &str) -> PathBuf {
        PathBuf::from(MOUNT).join(subsystem).join(&self.own)
    }

    fn path(&self, subsystem: &str, name: &str) -> Result<PathBuf, Failure> {
        if !SUBSYSTEMS.contains(&subsystem) {
            return Err(Failure::arguments(format!(
                "subsystem is `{subsystem}`, expected one of {}",
                SUBSYSTEMS.join(", ")
            )));
        }
        if name.is_empty() || name.contains('/') || name.starts_with('.') {
            return Err(Failure::arguments(format!(
                "name is `{name}`, expected a plain name"
            )));
        }
        Ok(self.base(subsystem).join(name))
    }

    fn existing(&self, subsystem: &str, name: &str) -> Result<PathBuf, Failure> {
        let path = self.path(subsystem, name)?;
        match path.is_dir() {
            true => Ok(path),
            false => Err(Failure::not_found("cgroup does not exist")),
        }
    }

    fn ensure(&self, subsystem: &str, name: &str) -> Answer {
        let path = self.path(subsystem, name)?;
        let above = PathBuf::from(MOUNT).join(subsystem);
        if !above.is_dir() {
            return Err(Failure::not_here("control groups of version 1"));
        }
        for folder in [self.base(subsystem), path] {
            match fs::create_dir(&folder) {
                Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(failed(e)),
                _ => {}
            }
            if subsystem == "cpuset" {
                // A new set is empty, and takes no process before it has what its parent has.
                for file in ["cpuset.cpus", "cpuset.mems"] {
                    if text(folder.join(file)).is_empty() {
                        let parent = folder.parent().unwrap_or(&above).join(file);
                        fs::write(folder.join(file), text(parent)).map_err(failed)?;
                    }
                }
            }
        }
        Ok(Json::Null)
    }

    fn remove(&self, subsystem: &str, name: &str) -> Answer {
        let path = self.path(subsystem, name)?;
        if path.is_dir() {
            // A group with processes cannot go: they move up first.
            self.empty(subsystem, &path);
            fs::remove_dir(&path).map_err(failed)?;
        }
        Ok(Json::Null)
    }

    fn empty(&self, subsystem: &str, path: &std::path::Path) {
        let above = PathBuf::from(MOUNT).join(subsystem).join("cgroup.procs");
        for pid in text(path.join("cgroup.procs")).lines() {
            let _ = fs::write(&above, pid);
        }
    }

    fn list(&self) -> Answer {
        let mut shown = Map::new();
        for subsystem in SUBSYSTEMS {
            let mut names: Vec<String> = fs::read_dir(self.base(subsystem))
                .into_iter()
                .flatten()
                .flatten()
                .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
                .filter_map(|entry| entry.file_name().into_string().ok())
                .collect();
            names.sort();
            if !names.is_empty() {
                shown.insert(subsystem.into(), names.into());
            }
        }
        Ok(shown.into())
    }

    fn memory(&self, a: &Arguments) -> Answer {
        let path = self.existing("memory", &a.name)?;
        let (limit, both) = (
            path.join("memory.limit_in_bytes"),
            path.join("memory.memsw.limit_in_bytes"),
        );
        if a.mem > 0 {
            // The limit of both may not be below that of memory, whichever way it moves.
            let sum = a.mem.saturating_add(a.swap).to_string();
            let first = fs::write(&limit, a.mem.to_string());
            if both.exists() {
                fs::write(&both, &sum).map_err(failed)?;
            }
            if first.is_err() {
                fs::write(&limit, a.mem.to_string()).map_err(failed)?;
            }
        }
        let number = |path: &PathBuf| text(path.clone()).parse::<u64>().unwrap_or_default();
        let mem = number(&limit);
        Ok(json!({"mem": mem, "swap": number(&both).saturating_sub(mem)}))
    }

    fn cpuset(&self, a: &Arguments) -> Answer {
        let path = self.existing("cpuset", &a.name)?;
        for (file, wanted) in [("cpuset.cpus", &a.cpus), ("cpuset.mems", &a.mems)] {
            if !wanted.is_empty() {
                fs::write(path.join(file), wanted).map_err(failed)?;
            }
        }
        Ok(json!({"cpus": text(path.join("cpuset.cpus")), "mems": text(path.join("cpuset.mems"))}))
    }

    fn reset(&self, a: &Arguments) -> Answer {
        let path = self.existing(&a.subsystem, &a.name)?;
        if a.subsystem == "memory" {
            for file in ["memory.memsw.limit_in_bytes", "memory.limit_in_bytes"] {
                if path.join(file).exists() {
                    fs::write(path.join(file), "-1").map_err(failed)?;
                }
            }
        } else {
            for file in ["cpuset.cpus", "cpuset.mems"] {
                let all = text(self.base("cpuset").join(file));
                fs::write(path.join(file), all).map_err(failed)?;
            }
        }
        Ok(Json::Null)
    }

    /// Removes all groups of the node.
    pub fn clear(&self) {
        for subsystem in SUBSYSTEMS {
            let base = self.base(subsystem);
            for entry in fs::read_dir(&base).into_iter().flatten().flatten() {
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    self.empty(subsystem, &entry.path());
                    let _ = fs::remove_dir(entry.path());
                }
            }
            let _ = fs::remove_dir(base);
        }
    }
}

impl Groups for Cgroups {
    fn exists(&self, subsystem: &str, name: &str) -> bool {
        self.existing(subsystem, name).is_ok()
    }

    fn add(&self, subsystem: &str, name: &str, pid: u32) -> io::Result<()> {
        let path = self
            .path(subsystem, name)
            .map_err(|e| io::Error::other(e.text))?;
        fs::write(path.join("cgroup.procs"), pid.to_string())
    }
}

fn text(path: PathBuf) -> String {
    fs::read_to_string(path)
        .unwrap_or_default()
        .trim()
        .to_string()
}

/// Adds them.
pub fn add(commands: &mut Commands, groups: &Arc<Cgroups>) {
    let mut add = |name, run: fn(&Cgroups, &Arguments) -> Answer| {
        let groups = Arc::clone(groups);
        commands.add_blocking(name, move |mut call| run(&groups, &call.arguments()?));
    };
    add("cgroup.list", |groups, _| groups.list());
    add("cgroup.ensure", |groups, a| {
        groups.ensure(&a.subsystem, &a.name)
    });
    add("cgroup.remove", |groups, a| {
        groups.remove(&a.subsystem, &a.name)
    });
    add("cgroup.reset", |groups, a| groups.reset(a));
    add("cgroup.tasks", |groups, a| {
        let path = groups.existing(&a.subsystem, &a.name)?;
        let tasks = text(path.join("tasks"));
        Ok(tasks
            .lines()
            .filter_map(|line| line.parse::<i64>().ok())
            .collect())
    });
    add("cgroup.task-add", |groups, a| {
        let path = groups.existing(&a.subsystem, &a.name)?;
        fs::write(path.join("tasks"), a.pid.to_string()).map_err(failed)?;
        Ok(Json::Null)
    });
    add("cgroup.task-remove", |groups, a| {
        groups.existing(&a.subsystem, &a.name)?;
        let above = PathBuf::from(MOUNT).join(&a.subsystem).join("tasks");
        fs::write(above, a.pid.to_string()).map_err(failed)?;
        Ok(Json::Null)
    });
    add("cgroup.memory.spec", Cgroups::memory);
    add("cgroup.cpuset.spec", Cgroups::cpuset);
}
