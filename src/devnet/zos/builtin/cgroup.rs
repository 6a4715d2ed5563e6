//! `cgroup.*`: groups of processes with limits, as far as the machine lets us make them.
//!
//! A node's groups lie in a group of its own, so that they meet no others and go with the node.
//! Version 1 has a tree for each subsystem, as on the real node. Version 2 has one tree, in which
//! a process is in one group: there the groups of one name are one, whatever their subsystem.
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use crate::devnet::zos::container::Groups;
use crate::devnet::zos::jobs::command::{Answer, reason};
use crate::devnet::zos::jobs::{Commands, Failure};
use crate::zos::protocol::result::codes;

const SUBSYSTEMS: [&str; 2] = ["cpuset", "memory"];
/// Where the system keeps groups.
const MOUNT: &str = "/sys/fs/cgroup";
/// What version 1 shows as the limit of a group without one: the largest number of whole pages.
const UNLIMITED: u64 = 0x7fff_ffff_ffff_f000;

/// The groups of a node.
#[derive(Debug)]
pub struct Cgroups {
    mount: PathBuf,
    /// Name of the group in which the node's groups lie.
    own: String,
    /// Subsystem and name of the groups in a tree of version 2, which does not tell them apart.
    made: Mutex<BTreeSet<(String, String)>>,
}

/// The tree in which groups of a subsystem lie.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Tree {
    One(PathBuf),
    Two(PathBuf),
}

impl Tree {
    fn path(&self) -> &Path {
        match self {
            Tree::One(path) | Tree::Two(path) => path,
        }
    }

    /// The file that lists what is in a group, and takes more.
    fn tasks(&self) -> &'static str {
        match self {
            Tree::One(_) => "tasks",
            Tree::Two(_) => "cgroup.procs",
        }
    }
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
        io::ErrorKind::NotFound => Failure::not_here("control groups with this subsystem"),
        io::ErrorKind::ResourceBusy => Failure::not_here(
            "control groups of its own: the group that the machine gave it holds processes",
        ),
        _ => reason(&e).into(),
    }
}

impl Cgroups {
    /// The groups of the node with this id.
    pub fn new(id: &str) -> Self {
        Self::at(MOUNT.into(), id)
    }

    fn at(mount: PathBuf, id: &str) -> Self {
        Cgroups {
            mount,
            own: format!("kosmos-zos-{id}"),
            made: Mutex::default(),
        }
    }

    fn made(&self) -> MutexGuard<'_, BTreeSet<(String, String)>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where groups of a subsystem lie. A machine may have trees of both versions.
    fn tree(&self, subsystem: &str) -> Result<Tree, Failure> {
        if !SUBSYSTEMS.contains(&subsystem) {
            return Err(Failure::arguments(format!(
                "subsystem is `{subsystem}`, expected one of {}",
                SUBSYSTEMS.join(", ")
            )));
        }
        let one = self.mount.join(subsystem);
        if one.is_dir() {
            return Ok(Tree::One(one));
        }
        let has = |tree: &PathBuf| {
            let controllers = text(tree.join("cgroup.controllers"));
            controllers.split_whitespace().any(|name| name == subsystem)
        };
        let mut trees = [self.mount.clone(), self.mount.join("unified")].into_iter();
        let two = trees.find(has).map(Tree::Two);
        two.ok_or_else(|| Failure::not_here("control groups with this subsystem"))
    }

    fn base(&self, tree: &Tree) -> PathBuf {
        tree.path().join(&self.own)
    }

    fn path(&self, tree: &Tree, name: &str) -> Result<PathBuf, Failure> {
        if name.is_empty() || name.contains('/') || name.starts_with('.') {
            return Err(Failure::arguments(format!(
                "name is `{name}`, expected a plain name"
            )));
        }
        Ok(self.base(tree).join(name))
    }

    fn existing(&self, subsystem: &str, name: &str) -> Result<(Tree, PathBuf), Failure> {
        let tree = self.tree(subsystem)?;
        let path = self.path(&tree, name)?;
        let pair = (subsystem.to_owned(), name.to_owned());
        let there = match tree {
            Tree::One(_) => path.is_dir(),
            Tree::Two(_) => path.is_dir() && self.made().contains(&pair),
        };
        match there {
            true => Ok((tree, path)),
            false => Err(Failure::not_found("cgroup does not exist")),
        }
    }

    fn ensure(&self, subsystem: &str, name: &str) -> Answer {
        let tree = self.tree(subsystem)?;
        let path = self.path(&tree, name)?;
        for folder in [self.base(&tree), path] {
            let above = folder.parent().unwrap_or(tree.path());
            if let Tree::Two(_) = tree {
                // What lies in a group may be limited in what the group hands on.
                let given = above.join("cgroup.subtree_control");
                if !text(given.clone())
                    .split_whitespace()
                    .any(|s| s == subsystem)
                {
                    fs::write(given, format!("+{subsystem}")).map_err(failed)?;
                }
            }
            match fs::create_dir(&folder) {
                Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(failed(e)),
                _ => {}
            }
            if subsystem == "cpuset" && matches!(tree, Tree::One(_)) {
                // A new set is empty, and takes no process before it has what its parent has.
                for file in ["cpuset.cpus", "cpuset.mems"] {
                    if text(folder.join(file)).is_empty() {
                        fs::write(folder.join(file), text(above.join(file))).map_err(failed)?;
                    }
                }
            }
        }
        if let Tree::Two(_) = tree {
            self.made().insert((subsystem.to_owned(), name.to_owned()));
        }
        Ok(Json::Null)
    }

    fn remove(&self, subsystem: &str, name: &str) -> Answer {
        let Ok((tree, path)) = self.existing(subsystem, name) else {
            // Where there can be none there is none to remove either.
            let wrong = self.tree(subsystem).and_then(|tree| self.path(&tree, name));
            return match wrong {
                Err(e) if e.code == codes::BAD_ARGUMENTS => Err(e),
                _ => Ok(Json::Null),
            };
        };
        self.made().remove(&(subsystem.to_owned(), name.to_owned()));
        let others = self.made().iter().any(|(_, other)| other == name);
        if matches!(tree, Tree::One(_)) || !others {
            // A group with processes cannot go: they move up first.
            empty(&tree, &path);
            fs::remove_dir(&path).map_err(failed)?;
        }
        Ok(Json::Null)
    }

    fn list(&self) -> Answer {
        let mut shown = Map::new();
        for subsystem in SUBSYSTEMS {
            let names: Vec<String> = match self.tree(subsystem) {
                Ok(tree @ Tree::One(_)) => folders(&self.base(&tree)),
                Ok(Tree::Two(_)) => {
                    let made = self.made();
                    let of = made.iter().filter(|(of, _)| of == subsystem);
                    of.map(|(_, name)| name.clone()).collect()
                }
                Err(_) => Vec::new(),
            };
            if !names.is_empty() {
                shown.insert(subsystem.into(), names.into());
            }
        }
        Ok(shown.into())
    }

    fn memory(&self, a: &Arguments) -> Answer {
        match self.existing("memory", &a.name)? {
            (Tree::One(_), path) => memory_one(&path, a),
            (Tree::Two(_), path) => memory_two(&path, a),
        }
    }

    fn cpuset(&self, a: &Arguments) -> Answer {
        let (_, path) = self.existing("cpuset", &a.name)?;
        for (file, wanted) in [("cpuset.cpus", &a.cpus), ("cpuset.mems", &a.mems)] {
            if !wanted.is_empty() {
                fs::write(path.join(file), wanted).map_err(failed)?;
            }
        }
        // In version 2 a set that was never limited is empty, and has what its parent has.
        let shown = |file: &str| match text(path.join(file)) {
            none if none.is_empty() => text(path.join(format!("{file}.effective"))),
            some => some,
        };
        Ok(json!({"cpus": shown("cpuset.cpus"), "mems": shown("cpuset.mems")}))
    }

    fn reset(&self, a: &Arguments) -> Answer {
        let (tree, path) = self.existing(&a.subsystem, &a.name)?;
        let (files, none): (&[&str], &str) = match (&tree, a.subsystem.as_str()) {
            (Tree::One(_), "memory") => (
                &["memory.memsw.limit_in_bytes", "memory.limit_in_bytes"],
                "-1",
            ),
            (Tree::Two(_), "memory") => (&["memory.swap.max", "memory.max"], "max"),
            (Tree::One(_), _) => {
                for file in ["cpuset.cpus", "cpuset.mems"] {
                    let all = text(self.base(&tree).join(file));
                    fs::write(path.join(file), all).map_err(failed)?;
                }
                return Ok(Json::Null);
            }
            (Tree::Two(_), _) => (&["cpuset.cpus", "cpuset.mems"], "\n"),
        };
        for file in files {
            if path.join(file).exists() {
                fs::write(path.join(file), none).map_err(failed)?;
            }
        }
        Ok(Json::Null)
    }

    /// Removes all groups of the node.
    pub fn clear(&self) {
        self.made().clear();
        for subsystem in SUBSYSTEMS {
            let Ok(tree) = self.tree(subsystem) else {
                continue;
            };
            let base = self.base(&tree);
            for name in folders(&base) {
                empty(&tree, &base.join(&name));
                let _ = fs::remove_dir(base.join(name));
            }
            let _ = fs::remove_dir(base);
        }
    }
}

/// Moves the processes of a group to the root of its tree.
fn empty(tree: &Tree, path: &Path) {
    let above = tree.path().join("cgroup.procs");
    for pid in text(path.join("cgroup.procs")).lines() {
        let _ = fs::write(&above, pid);
    }
}

fn folders(path: &Path) -> Vec<String> {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let mut names: Vec<String> = folders
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}

fn memory_one(path: &Path, a: &Arguments) -> Answer {
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

fn memory_two(path: &Path, a: &Arguments) -> Answer {
    let (limit, swap) = (path.join("memory.max"), path.join("memory.swap.max"));
    if a.mem > 0 {
        fs::write(&limit, a.mem.to_string()).map_err(failed)?;
        // A machine without swap has no such file.
        if swap.exists() {
            fs::write(&swap, a.swap.to_string()).map_err(failed)?;
        }
    }
    let number = |path: PathBuf| text(path).parse::<u64>();
    Ok(json!({"mem": number(limit).unwrap_or(UNLIMITED), "swap": number(swap).unwrap_or(0)}))
}

impl Groups for Cgroups {
    fn exists(&self, subsystem: &str, name: &str) -> bool {
        self.existing(subsystem, name).is_ok()
    }

    fn add(&self, subsystem: &str, name: &str, pid: u32) -> io::Result<()> {
        let (tree, path) = self
            .existing(subsystem, name)
            .map_err(|e| io::Error::other(e.text))?;
        if let Tree::Two(_) = tree {
            let mut others = folders(&self.base(&tree)).into_iter();
            let pid = pid.to_string();
            let holds = |other: &String| {
                let list = text(self.base(&tree).join(other).join("cgroup.procs"));
                other != name && list.lines().any(|line| line == pid)
            };
            if let Some(other) = others.find(holds) {
                return Err(io::Error::other(format!(
                    "it is in `{other}`, and this machine's groups (version 2) hold a process in \
                     one: use the same name for memory and cpuset"
                )));
            }
        }
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
        let (tree, path) = groups.existing(&a.subsystem, &a.name)?;
        let tasks = text(path.join(tree.tasks()));
        Ok(tasks
            .lines()
            .filter_map(|line| line.parse::<i64>().ok())
            .collect())
    });
    add("cgroup.task-add", |groups, a| {
        let (tree, path) = groups.existing(&a.subsystem, &a.name)?;
        fs::write(path.join(tree.tasks()), a.pid.to_string()).map_err(failed)?;
        Ok(Json::Null)
    });
    add("cgroup.task-remove", |groups, a| {
        let (tree, _) = groups.existing(&a.subsystem, &a.name)?;
        let above = tree.path().join(tree.tasks());
        fs::write(above, a.pid.to_string()).map_err(failed)?;
        Ok(Json::Null)
    });
    add("cgroup.memory.spec", Cgroups::memory);
    add("cgroup.cpuset.spec", Cgroups::cpuset);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(text: &str) -> Arguments {
        serde_json::from_str(text).unwrap()
    }

    /// A folder with the files that a tree of version 2 has at its root; the kernel makes those of
    /// groups, which here the writing makes.
    fn tree_of_version_two() -> (tempfile::TempDir, Cgroups) {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("cgroup.controllers"), "cpuset cpu memory\n").unwrap();
        fs::write(dir.path().join("cgroup.subtree_control"), "\n").unwrap();
        let groups = Cgroups::at(dir.path().into(), "x");
        (dir, groups)
    }

    #[test]
    fn version_two_has_one_group_of_a_name() {
        let (dir, groups) = tree_of_version_two();
        let own = dir.path().join("kosmos-zos-x");
        groups.ensure("memory", "small").unwrap();
        let given = text(own.join("cgroup.subtree_control"));
        assert_eq!(given, "+memory");
        assert_eq!(groups.list().unwrap(), json!({"memory": ["small"]}));
        assert!(groups.exists("memory", "small") && !groups.exists("cpuset", "small"));
        groups.ensure("cpuset", "small").unwrap();
        assert_eq!(
            groups.list().unwrap(),
            json!({"cpuset": ["small"], "memory": ["small"]})
        );
        let unlimited = json!({"mem": UNLIMITED, "swap": 0});
        let asked = groups.memory(&arguments(r#"{"name": "small"}"#)).unwrap();
        assert_eq!(asked, unlimited);
        fs::write(own.join("small/memory.swap.max"), "max\n").unwrap();
        let limited = arguments(r#"{"name": "small", "mem": 4096, "swap": 512}"#);
        let asked = groups.memory(&limited).unwrap();
        assert_eq!(asked, json!({"mem": 4096, "swap": 512}));
        groups
            .reset(&arguments(r#"{"subsystem": "memory", "name": "small"}"#))
            .unwrap();
        assert_eq!(text(own.join("small/memory.max")), "max");
        fs::write(own.join("small/cpuset.cpus.effective"), "0-1\n").unwrap();
        let asked = groups.cpuset(&arguments(r#"{"name": "small", "mems": "0"}"#));
        assert_eq!(asked.unwrap(), json!({"cpus": "0-1", "mems": "0"}));
        // One process, one group.
        groups.add("memory", "small", 7).unwrap();
        groups.add("cpuset", "small", 7).unwrap();
        groups.ensure("cpuset", "other").unwrap();
        let error = groups.add("cpuset", "other", 7).unwrap_err();
        assert!(error.to_string().contains("use the same name"), "{error}");
        // Gone for one subsystem, there for the other.
        groups.remove("cpuset", "small").unwrap();
        assert!(groups.exists("memory", "small"));
        assert_eq!(groups.existing("cpuset", "small").unwrap_err().code, 404);
    }

    /// The machine's own tree of version 2, if a node may make groups with limits in it.
    fn real_tree() -> Result<PathBuf, String> {
        let trees = [PathBuf::from(MOUNT), Path::new(MOUNT).join("unified")];
        let mut trees = trees
            .into_iter()
            .filter(|tree| tree.join("cgroup.controllers").is_file());
        let tree = trees.next().ok_or("it has none")?;
        let has = text(tree.join("cgroup.controllers"));
        if !has.split_whitespace().any(|name| name == "memory") {
            return Err(format!("its controllers are `{has}`, memory is not there"));
        }
        let tried = tree.join(format!("kosmos-zos-try-{}", std::process::id()));
        fs::create_dir(&tried).map_err(|e| format!("no group can be made: {e}"))?;
        fs::remove_dir(&tried).map_err(|e| e.to_string())?;
        Ok(tree)
    }

    #[test]
    #[allow(
        clippy::print_stderr,
        clippy::disallowed_macros,
        reason = "a test that cannot run here says why"
    )]
    fn limits_of_a_real_tree_of_version_two_hold() {
        use std::io::Write;
        use std::process::{Command, Stdio};
        let tree = match real_tree() {
            Ok(tree) => tree,
            Err(why) => {
                eprintln!("skipped: limits in the machine's tree of version 2: {why}");
                return;
            }
        };
        let groups = Cgroups::at(tree, &format!("test-{}", std::process::id()));
        groups.ensure("memory", "small").unwrap();
        let limit = arguments(r#"{"name": "small", "mem": 16777216, "swap": 0}"#);
        assert_eq!(groups.memory(&limit).unwrap()["mem"], 16 << 20);
        // It waits until it is in the group, then takes more than it may.
        let mut child = Command::new("sh")
            .args([
                "-c",
                "read x; head -c 200000000 /dev/zero | tail -n 1 >/dev/null",
            ])
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        groups.add("memory", "small", child.id()).unwrap();
        child.stdin.take().unwrap().write_all(b"go\n").unwrap();
        assert!(!child.wait().unwrap().success(), "it took what it wanted");
        groups.clear();
        assert!(!groups.exists("memory", "small"));
    }

    #[test]
    fn a_machine_without_groups_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let groups = Cgroups::at(dir.path().into(), "x");
        assert_eq!(groups.ensure("memory", "a").unwrap_err().code, 501);
        assert_eq!(groups.ensure("devices", "a").unwrap_err().code, 400);
        assert_eq!(groups.list().unwrap(), json!({}));
        groups.clear();
    }
}
