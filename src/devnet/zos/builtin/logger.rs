//! `logger.*`: queues with the records of all jobs.
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value as Json;

use crate::devnet::zos::files::fresh_id;
use crate::devnet::zos::jobs::running::wire;
use crate::devnet::zos::jobs::{Commands, Failure};
use crate::devnet::zos::redis::{Keep, Keyspace};
use crate::zos::protocol::{Record, RecordRef, keys};

/// Records that a log queue holds, and that a new one gets from before: the real node's stock
/// configuration.
pub const LENGTH: usize = 50_000;
/// The same for small records: as many as fit into this.
const QUEUE: Keep = Keep {
    values: LENGTH,
    bytes: 64 * 1024 * 1024,
};
/// Records that are kept for queues that are made later, and bytes of their texts.
const BACKLOG: usize = 1000;
const BACKLOG_BYTES: usize = 4 * 1024 * 1024;
/// Bytes of a record that is not among them.
const LONG: usize = 128 * 1024;

#[derive(Default)]
struct Inner {
    /// Levels per queue; none means all.
    queues: IndexMap<String, Vec<u16>>,
    backlog: VecDeque<Record>,
    bytes: usize,
}

/// The log of a node.
pub struct Logger {
    keyspace: Arc<Keyspace>,
    inner: Mutex<Inner>,
}

fn wanted(levels: &[u16], record: RecordRef<'_>) -> bool {
    // The closing message of a job is always wanted.
    levels.is_empty() || record.message.is_last() || levels.contains(&record.message.level().0)
}

/// Bytes that a record takes.
fn size(record: RecordRef<'_>) -> usize {
    size_of::<Record>() + record.command.len() + record.message.message.len()
}

impl Logger {
    /// A log without queues.
    pub fn new(keyspace: Arc<Keyspace>) -> Self {
        Logger {
            keyspace,
            inner: Mutex::default(),
        }
    }

    /// Takes a record. Its text is made only when somebody wants it, and a long one is not kept for
    /// later: blocks of files would drive everything else out.
    pub fn record(&self, record: RecordRef<'_>, text: Option<String>) {
        let mut text = text;
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        for (queue, levels) in &inner.queues {
            if wanted(levels, record) {
                let text = text.get_or_insert_with(|| wire(&record));
                self.keyspace.append(queue, text, Some(QUEUE), None);
            }
        }
        if size(record) > LONG {
            return;
        }
        inner.bytes += size(record);
        inner.backlog.push_back(record.to_record());
        while inner.backlog.len() > BACKLOG || inner.bytes > BACKLOG_BYTES {
            let Some(oldest) = inner.backlog.pop_front() else {
                break;
            };
            inner.bytes = inner.bytes.saturating_sub(size((&oldest).into()));
        }
    }

    fn subscribe(&self, queue: String, levels: Vec<u16>) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        for record in &inner.backlog {
            if wanted(&levels, record.into()) {
                self.keyspace
                    .append(&queue, &wire(record), Some(QUEUE), None);
            }
        }
        inner.queues.insert(queue, levels);
    }

    fn unsubscribe(&self, queue: &str) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.queues.shift_remove(queue);
        self.keyspace.remove(queue.as_bytes());
    }
}

#[derive(Deserialize)]
struct Arguments {
    #[serde(default)]
    queue: String,
    #[serde(default)]
    levels: Vec<u16>,
    #[serde(default)]
    level: String,
}

/// Adds them.
pub fn add(commands: &mut Commands, logger: &Arc<Logger>) {
    commands.add("logger.set_level", |mut call| async move {
        const LEVELS: [&str; 6] = ["CRITICAL", "ERROR", "WARNING", "NOTICE", "INFO", "DEBUG"];
        let Arguments { level, .. } = call.arguments()?;
        match LEVELS.contains(&level.to_uppercase().as_str()) {
            true => Ok(Json::Null),
            false => Err(Failure::from(format!(
                "level is `{level}`, expected one of {}",
                LEVELS.join(", ")
            ))),
        }
    });
    commands.add("logger.reopen", |_| async { Ok(Json::Null) });
    let log = Arc::clone(logger);
    commands.add("logger.subscribe", move |mut call| {
        let log = Arc::clone(&log);
        async move {
            let Arguments { queue, levels, .. } = call.arguments()?;
            let queue = match queue.as_str() {
                "" => fresh_id().map_err(|e| e.to_string())?,
                _ => queue,
            };
            let queue = keys::logger(&queue);
            log.subscribe(queue.clone(), levels);
            Ok(queue.into())
        }
    });
    let log = Arc::clone(logger);
    commands.add("logger.unsubscribe", move |mut call| {
        let log = Arc::clone(&log);
        async move {
            let Arguments { queue, .. } = call.arguments()?;
            if queue.is_empty() {
                return Err("queue is required".into());
            }
            // Only what is a log queue: other keys are not ours to remove.
            if queue.starts_with(keys::LOGGER) {
                log.unsubscribe(&queue);
            }
            Ok(Json::Null)
        }
    });
}
