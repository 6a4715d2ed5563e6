//! `aggregator.*`: measured values of jobs and of the machine, averaged over periods.
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use md5::{Digest, Md5};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use super::{info, proc};
use crate::devnet::zos::jobs::Commands;
use crate::devnet::zos::jobs::running::wire;
use crate::devnet::zos::redis::{Keep, Keyspace};

/// Lengths of the periods, in seconds.
const PERIODS: [u64; 2] = [300, 3600];
/// Closed periods that are kept of each length.
const HISTORY: usize = 5;
/// Closed samples that the lists of statistics hold.
const STATISTICS: Keep = Keep {
    values: 1000,
    bytes: 0,
};
/// Seconds after which a value that nobody measures any more is forgotten.
const FORGET: u64 = 3600;
/// Metrics at most: a job can invent any number of names.
const MOST: usize = 10_000;

#[derive(Clone, Debug, Default, PartialEq)]
struct Sample {
    total: f64,
    max: f64,
    count: u64,
    start: u64,
}

impl Sample {
    fn json(&self) -> Json {
        #[allow(clippy::cast_precision_loss, reason = "a count of measurements")]
        let average = self.total / (self.count.max(1) as f64);
        json!({"avg": number(average), "total": number(self.total), "max": number(self.max),
               "count": self.count, "start": self.start})
    }
}

/// Whole numbers without a fraction, as Go writes them.
fn number(value: f64) -> Json {
    #[allow(
        clippy::cast_possible_truncation,
        reason = "checked to be whole and small"
    )]
    match value.fract() == 0.0 && value.abs() < 9e15 {
        true => Json::from(value as i64),
        false => Json::from(value),
    }
}

#[derive(Clone, Debug)]
struct State {
    average: bool,
    last_value: f64,
    last_time: u64,
    tags: BTreeMap<String, String>,
    current: [Sample; 2],
    history: [VecDeque<Sample>; 2],
}

impl State {
    fn json(&self) -> Json {
        let mut current = Map::new();
        let mut history = Map::new();
        for ((period, sample), closed) in PERIODS.iter().zip(&self.current).zip(&self.history) {
            current.insert(period.to_string(), sample.json());
            if !closed.is_empty() {
                history.insert(
                    period.to_string(),
                    closed.iter().map(Sample::json).collect(),
                );
            }
        }
        let tags: Vec<Json> = self
            .tags
            .iter()
            .map(|(key, value)| json!({"key": key, "value": value}))
            .collect();
        json!({
            "op": if self.average { "A" } else { "D" }, "last_value": number(self.last_value),
            "last_time": self.last_time, "tags": tags, "current": current, "history": history,
        })
    }
}

/// The aggregator of a node.
pub struct Aggregator {
    keyspace: Arc<Keyspace>,
    states: Mutex<BTreeMap<(String, String), State>>,
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

/// A measured value: `key:value|A|tag=v,tag2=v`.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    key: String,
    value: f64,
    average: bool,
    tags: BTreeMap<String, String>,
}

impl Measured {
    /// Reads the text of a message of level 10; None when it is no such text.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().splitn(3, '|');
        let (key, value) = parts.next()?.rsplit_once(':')?;
        let average = match parts.next()? {
            "A" => true,
            "D" => false,
            _ => return None,
        };
        let tags = parts.next().unwrap_or_default();
        let tags = tags.split(',').filter_map(|tag| tag.split_once('='));
        Some(Measured {
            key: key.to_string(),
            value: value
                .trim()
                .parse()
                .ok()
                .filter(|value: &f64| value.is_finite())?,
            average,
            tags: tags
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect(),
        })
    }
}

impl Aggregator {
    /// One without values.
    pub fn new(keyspace: Arc<Keyspace>) -> Self {
        Aggregator {
            keyspace,
            states: Mutex::default(),
        }
    }

    /// Takes a value; those of containers get a prefix.
    pub fn take(&self, core: u16, measured: Measured) {
        let at = now();
        let Measured {
            key,
            value,
            average,
            tags,
        } = measured;
        let key = if core == 0 {
            key
        } else {
            format!("core-{core}.{key}")
        };
        let id = tags.get("id").cloned().unwrap_or_default();
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        if states.len() >= MOST {
            states.retain(|_, state| at.saturating_sub(state.last_time) < FORGET);
        }
        let place = (key.clone(), id);
        if states.len() >= MOST && !states.contains_key(&place) {
            return;
        }
        let fresh = !states.contains_key(&place);
        let state = states.entry(place).or_insert_with(|| State {
            average,
            last_value: 0.0,
            last_time: at,
            tags: BTreeMap::new(),
            current: PERIODS.map(|period| Sample {
                start: at - at % period,
                ..Sample::default()
            }),
            history: Default::default(),
        });
        // A difference per second needs a value before it.
        let sample = match (state.average, fresh) {
            (true, _) => Some(value),
            (false, true) => None,
            (false, false) => {
                #[allow(clippy::cast_precision_loss, reason = "seconds between two values")]
                let seconds = at.saturating_sub(state.last_time).max(1) as f64;
                Some((value - state.last_value) / seconds)
            }
        };
        state.last_value = value;
        state.last_time = at;
        state.tags = tags;
        for ((period, current), history) in PERIODS
            .iter()
            .zip(&mut state.current)
            .zip(&mut state.history)
        {
            let Some(sample) = sample else { continue };
            let start = at - at % period;
            if current.start != start {
                let closed = std::mem::take(current);
                if closed.count > 0 {
                    let mut record = closed.json();
                    if let Json::Object(map) = &mut record {
                        map.insert("key".into(), key.clone().into());
                    }
                    let list = format!("statistics:{period}");
                    self.keyspace
                        .append(&list, &wire(&record), Some(STATISTICS), None);
                    history.push_back(closed);
                }
                while history.len() > HISTORY {
                    history.pop_front();
                }
                current.start = start;
            }
            current.max = match current.count {
                0 => sample,
                _ => current.max.max(sample),
            };
            current.total += sample;
            current.count += 1;
        }
        let text: String = state
            .tags
            .iter()
            .map(|(key, value)| format!("{key}={value},"))
            .collect();
        let digest = hex::encode(Md5::digest(text.as_bytes()));
        let text = wire(&state.json());
        drop(states);
        let name = format!("state:{key}:{digest}");
        let life = std::time::Duration::from_secs(FORGET);
        let _ = self
            .keyspace
            .set(name.as_bytes(), text.as_bytes(), Some(life));
    }

    fn query(&self, key: &str, tags: &BTreeMap<String, String>) -> Json {
        let at = now();
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        states.retain(|_, state| at.saturating_sub(state.last_time) < FORGET);
        states
            .iter()
            .filter(|((name, _), _)| key.is_empty() || name == key)
            .filter(|(_, state)| {
                tags.iter()
                    .all(|(tag, value)| state.tags.get(tag) == Some(value))
            })
            .map(|((name, id), state)| {
                let name = if id.is_empty() {
                    name.clone()
                } else {
                    format!("{name}/{id}")
                };
                (name, state.json())
            })
            .collect::<Map<String, Json>>()
            .into()
    }

    /// Measures the machine; called every 30 seconds.
    pub fn measure(&self) {
        for (key, value, average, id) in machine() {
            let mut tags = BTreeMap::new();
            if !id.is_empty() {
                tags.insert("id".to_string(), id);
            }
            tags.insert("type".to_string(), "phys".to_string());
            self.take(
                0,
                Measured {
                    key: key.into(),
                    value,
                    average,
                    tags,
                },
            );
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "measurements")]
fn machine() -> Vec<(&'static str, f64, bool, String)> {
    const MIB: f64 = 1024.0 * 1024.0;
    let mut values: Vec<(&'static str, f64, bool, String)> = Vec::new();
    let memory = proc::sizes(&proc::read("/proc/meminfo"));
    let mib = |name: &str| memory.get(name).copied().unwrap_or_default() as f64 / MIB;
    let node = || String::new();
    values.push((
        "machine.memory.ram.available",
        mib("MemAvailable"),
        true,
        node(),
    ));
    values.push(("machine.memory.swap.left", mib("SwapFree"), true, node()));
    values.push((
        "machine.memory.swap.used",
        mib("SwapTotal") - mib("SwapFree"),
        true,
        node(),
    ));
    for line in proc::read("/proc/stat").lines() {
        let mut words = line.split_whitespace();
        let name = words.next().unwrap_or_default();
        let numbers: Vec<f64> = words.filter_map(|word| word.parse().ok()).collect();
        let first = numbers.first().copied().unwrap_or_default();
        match name {
            "ctxt" => values.push(("machine.CPU.contextswitch", first, false, node())),
            "intr" => values.push(("machine.CPU.interrupts", first, false, node())),
            "cpu" => {}
            name => {
                if let Some(cpu) = name.strip_prefix("cpu") {
                    let total: f64 = numbers.iter().take(8).sum();
                    let idle: f64 = numbers.iter().skip(3).take(2).sum();
                    let percent = if total > 0.0 {
                        (total - idle) / total * 100.0
                    } else {
                        0.0
                    };
                    values.push(("machine.CPU.percent", percent, true, cpu.to_string()));
                    // Hundredths of seconds at work become percent per second.
                    values.push((
                        "machine.CPU.utilisation",
                        total - idle,
                        false,
                        cpu.to_string(),
                    ));
                }
            }
        }
    }
    let load = proc::read("/proc/loadavg");
    let threads = load
        .split(['/', ' '])
        .nth(4)
        .and_then(|word| word.parse().ok());
    values.push((
        "machine.process.threads",
        threads.unwrap_or_default(),
        true,
        node(),
    ));
    for line in proc::read("/proc/diskstats").lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = |at: usize| {
            words
                .get(at)
                .and_then(|word| word.parse::<f64>().ok())
                .unwrap_or_default()
        };
        let Some(name) = words
            .get(2)
            .filter(|name| !name.starts_with("loop") && !name.starts_with("ram"))
        else {
            continue;
        };
        let id = || (*name).to_string();
        values.push(("disk.iops.read", number(3), false, id()));
        values.push(("disk.iops.write", number(7), false, id()));
        // Sectors of 512 bytes, as KiB.
        values.push(("disk.throughput.read", number(5) / 2.0, false, id()));
        values.push(("disk.throughput.write", number(9) / 2.0, false, id()));
    }
    for [device, point, ..] in info::mounts() {
        // A disk can be mounted more than once: its size is that of the first place.
        let known = |name: &str| {
            values
                .iter()
                .any(|(key, _, _, id)| *key == "disk.size.total" && id == name)
        };
        if let Some(name) = device.strip_prefix("/dev/").filter(|name| !known(name))
            && let Ok(facts) = nix::sys::statvfs::statvfs(point.as_str())
        {
            let unit = facts.fragment_size() as f64;
            let bytes = |blocks: u64| blocks as f64 * unit;
            values.push((
                "disk.size.total",
                bytes(facts.blocks()),
                true,
                name.to_string(),
            ));
            values.push((
                "disk.size.free",
                bytes(facts.blocks_available()),
                true,
                name.to_string(),
            ));
        }
    }
    for name in info::links().into_iter().filter(|name| name != "lo") {
        let fact = |fact: &str| info::link_number(&name, &format!("statistics/{fact}")) as f64;
        let id = || name.clone();
        values.push((
            "network.throughput.outgoing",
            fact("tx_bytes") / MIB,
            false,
            id(),
        ));
        values.push((
            "network.throughput.incoming",
            fact("rx_bytes") / MIB,
            false,
            id(),
        ));
        values.push(("network.packets.tx", fact("tx_packets"), false, id()));
        values.push(("network.packets.rx", fact("rx_packets"), false, id()));
    }
    values
}

#[derive(Deserialize)]
struct Arguments {
    #[serde(default)]
    key: String,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

/// Adds them.
pub fn add(commands: &mut Commands, aggregator: &Arc<Aggregator>) {
    let aggregator = Arc::clone(aggregator);
    commands.add("aggregator.query", move |mut call| {
        let aggregator = Arc::clone(&aggregator);
        async move {
            let Arguments { key, tags } = call.arguments()?;
            Ok(aggregator.query(&key, &tags))
        }
    });
}
