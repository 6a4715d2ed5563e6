//! What the kernel tells under `/proc`.
use std::collections::BTreeMap;
use std::fs;
use std::sync::LazyLock;

use serde_json::{Value as Json, json};

/// A file under `/proc` as text; empty when it cannot be read.
pub fn read(path: &str) -> String {
    fs::read(path)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default()
}

/// `name: value kB` lines, in bytes.
pub fn sizes(text: &str) -> BTreeMap<String, u64> {
    let mut sizes = BTreeMap::new();
    for line in text.lines() {
        if let Some((name, value)) = line.split_once(':') {
            let mut words = value.split_whitespace();
            let number: Option<u64> = words.next().and_then(|word| word.parse().ok());
            let factor = if words.next() == Some("kB") { 1024 } else { 1 };
            if let Some(number) = number {
                sizes.insert(name.trim().to_string(), number.saturating_mul(factor));
            }
        }
    }
    sizes
}

/// Clock ticks per second in the files of `/proc`.
static TICKS: LazyLock<f64> = LazyLock::new(|| {
    // SAFETY: sysconf takes an integer and touches no memory of ours.
    let ticks = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
    i32::try_from(ticks).map_or(100.0, f64::from).max(1.0)
});

/// Seconds since 1970 at which the machine started.
pub fn boot_time() -> u64 {
    read("/proc/stat")
        .lines()
        .find_map(|line| line.strip_prefix("btime ")?.trim().parse().ok())
        .unwrap_or_default()
}

/// Seconds since the machine started.
pub fn uptime() -> f64 {
    let text = read("/proc/uptime");
    text.split_whitespace()
        .next()
        .and_then(|word| word.parse().ok())
        .unwrap_or_default()
}

/// A process in numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stat {
    /// Name of its program.
    pub name: String,
    /// Its parent.
    pub parent: i32,
    /// Seconds of processor time of its own code, and of the kernel for it.
    pub user: f64,
    /// See `user`.
    pub system: f64,
    /// Seconds after the start of the machine at which it started.
    pub started: f64,
}

/// Reads a process; None when there is no such process.
pub fn stat(pid: i32) -> Option<Stat> {
    let text = read(&format!("/proc/{pid}/stat"));
    // The name stands in parentheses and can hold anything, also parentheses.
    let (head, rest) = text.rsplit_once(')')?;
    let (_, name) = head.split_once('(')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks = |at: usize| {
        fields
            .get(at)
            .and_then(|field| field.parse::<f64>().ok())
            .unwrap_or_default()
            / *TICKS
    };
    Some(Stat {
        name: name.to_string(),
        parent: fields.get(1)?.parse().ok()?,
        user: ticks(11),
        system: ticks(12),
        started: ticks(19),
    })
}

/// Percent of a processor since its start, resident, virtual and swapped bytes of a process.
pub fn usage(pid: i32) -> (f64, u64, u64, u64) {
    let sizes = sizes(&read(&format!("/proc/{pid}/status")));
    let size = |name: &str| sizes.get(name).copied().unwrap_or_default();
    let cpu = stat(pid).map_or(0.0, |stat| {
        let age = uptime() - stat.started;
        if age > 0.0 {
            (stat.user + stat.system) / age * 100.0
        } else {
            0.0
        }
    });
    (cpu, size("VmRSS"), size("VmSize"), size("VmSwap"))
}

/// Ids of all processes that can be seen.
pub fn all() -> Vec<i32> {
    let mut ids: Vec<i32> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    ids.sort_unstable();
    ids
}

/// Limits of a process in the order of their numbers.
pub fn limits(pid: i32) -> Vec<Json> {
    /// Names in `/proc/<pid>/limits` by the number of the resource.
    const NAMES: [&str; 16] = [
        "Max cpu time",
        "Max file size",
        "Max data size",
        "Max stack size",
        "Max core file size",
        "Max resident set",
        "Max processes",
        "Max open files",
        "Max locked memory",
        "Max address space",
        "Max file locks",
        "Max pending signals",
        "Max msgqueue size",
        "Max nice priority",
        "Max realtime priority",
        "Max realtime timeout",
    ];
    let text = read(&format!("/proc/{pid}/limits"));
    // What is larger than a signed 32-bit number is shown as that, as the real node does.
    let value = |word: Option<&str>| {
        let number = word.and_then(|word| word.parse::<i64>().ok());
        number
            .unwrap_or(i64::from(i32::MAX))
            .min(i64::from(i32::MAX))
    };
    NAMES
        .iter()
        .enumerate()
        .filter_map(|(number, name)| {
            let line = text.lines().find_map(|line| line.strip_prefix(name))?;
            let mut words = line.split_whitespace();
            let (soft, hard) = (value(words.next()), value(words.next()));
            Some(json!({"resource": number, "soft": soft, "hard": hard}))
        })
        .collect()
}

/// Ids of processes by the number of the socket they hold open, as far as we may see.
pub fn socket_owners() -> BTreeMap<u64, i32> {
    let mut owners = BTreeMap::new();
    for pid in all() {
        let Ok(descriptors) = fs::read_dir(format!("/proc/{pid}/fd")) else {
            continue;
        };
        for descriptor in descriptors.flatten() {
            if let Ok(target) = fs::read_link(descriptor.path())
                && let Some(inode) = target.to_str().and_then(|text| {
                    text.strip_prefix("socket:[")?
                        .strip_suffix(']')?
                        .parse()
                        .ok()
                })
            {
                owners.entry(inode).or_insert(pid);
            }
        }
    }
    owners
}

/// What `/proc/self/mounts` writes for blanks.
pub fn unescape(text: &str) -> String {
    text.replace("\\040", " ")
        .replace("\\011", "\t")
        .replace("\\134", "\\")
}
