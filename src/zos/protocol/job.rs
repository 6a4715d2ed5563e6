//! A command to be executed, and how a job list shows it.
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::json::{is_default, or_default};

/// A command to be executed, as a client pushes it. The order of the fields is the client's.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Its id; a node drops a job without one silently.
    #[serde(default, deserialize_with = "or_default")]
    pub id: String,
    /// Name of the command.
    #[serde(default, deserialize_with = "or_default")]
    pub command: String,
    /// By command; an object. `null` is refused by the command.
    #[serde(default)]
    pub arguments: Json,
    /// Jobs of one queue run one after the other; others side by side.
    #[serde(default)]
    pub queue: Option<String>,
    /// Seconds after which it is killed.
    #[serde(default)]
    pub max_time: Option<i64>,
    /// All its output also goes to its stream.
    #[serde(default, deserialize_with = "or_default")]
    pub stream: bool,
    /// Copied to the result and the job list.
    #[serde(default)]
    pub tags: Option<Vec<String>>,
    /// Seconds after its end at which it runs again, until it is unscheduled.
    #[serde(default)]
    pub recurring_period: Option<i64>,
    /// Runs at most while it fails. Never sent by a client of ours; a node honours it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_restart: Option<i64>,
    /// Shown in job lists, without effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stats_interval: Option<i64>,
    /// Shown in job lists, without effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_levels: Option<Vec<i64>>,
}

/// A job for a container, inside the arguments of `corex.dispatch`: the same fields in the order
/// of that command; the node makes the id when there is none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Dispatched {
    /// Name of the command.
    #[serde(default, deserialize_with = "or_default")]
    pub command: String,
    /// By command.
    #[serde(default)]
    pub arguments: Json,
    /// See [`Job::queue`].
    #[serde(default)]
    pub queue: Option<String>,
    /// See [`Job::max_time`].
    #[serde(default)]
    pub max_time: Option<i64>,
    /// See [`Job::stream`].
    #[serde(default, deserialize_with = "or_default")]
    pub stream: bool,
    /// See [`Job::tags`].
    #[serde(default)]
    pub tags: Option<Vec<String>>,
    /// Its id, if the client chose one.
    #[serde(default)]
    pub id: Option<String>,
    /// See [`Job::recurring_period`].
    #[serde(default)]
    pub recurring_period: Option<i64>,
}

/// A job as `job.list` shows it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ListedJob {
    /// Percent of a processor.
    pub cpu: f64,
    /// Resident memory in bytes.
    pub rss: u64,
    /// Virtual memory in bytes.
    pub vms: u64,
    /// Swapped memory in bytes.
    pub swap: u64,
    /// Milliseconds since 1970.
    pub starttime: i64,
    /// What it executes.
    pub cmd: ListedCommand,
    /// Its process; 0 for built-in commands, for scripts and between two runs, -1 when the process
    /// could not be started.
    pub pid: i64,
}

/// A job's command as `job.list` shows it: what has no value is left out or empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ListedCommand {
    /// Id of the job.
    pub id: String,
    /// Name of the command.
    pub command: String,
    /// Its arguments.
    #[serde(default)]
    pub arguments: Json,
    /// Its queue, `""` for none.
    #[serde(default, deserialize_with = "or_default")]
    pub queue: String,
    /// See [`Job::stats_interval`].
    #[serde(default, skip_serializing_if = "is_default")]
    pub stats_interval: i64,
    /// See [`Job::max_time`].
    #[serde(default, skip_serializing_if = "is_default")]
    pub max_time: i64,
    /// See [`Job::max_restart`].
    #[serde(default, skip_serializing_if = "is_default")]
    pub max_restart: i64,
    /// See [`Job::recurring_period`].
    #[serde(default, skip_serializing_if = "is_default")]
    pub recurring_period: i64,
    /// See [`Job::stream`].
    #[serde(default)]
    pub stream: bool,
    /// See [`Job::log_levels`].
    #[serde(default, skip_serializing_if = "is_default")]
    pub log_levels: Vec<i64>,
    /// See [`Job::tags`].
    #[serde(default)]
    pub tags: Option<Vec<String>>,
}

impl From<&Job> for ListedCommand {
    fn from(job: &Job) -> Self {
        ListedCommand {
            id: job.id.clone(),
            command: job.command.clone(),
            arguments: job.arguments.clone(),
            queue: job.queue.clone().unwrap_or_default(),
            stats_interval: job.stats_interval.unwrap_or_default(),
            max_time: job.max_time.unwrap_or_default(),
            max_restart: job.max_restart.unwrap_or_default(),
            recurring_period: job.recurring_period.unwrap_or_default(),
            stream: job.stream,
            log_levels: job.log_levels.clone().unwrap_or_default(),
            tags: job.tags.clone(),
        }
    }
}
