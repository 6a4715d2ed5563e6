//! Names and lifetimes of the Redis keys.
use std::time::Duration;

/// List on which clients push jobs (JSON texts).
pub const JOBS: &str = "core:default";
/// How long a result, and the flag of an ended job, can be read.
pub const RESULT_LIFE: Duration = Duration::from_secs(300);
/// How long a stream is kept after its last record.
pub const STREAM_LIFE: Duration = Duration::from_secs(60);
/// Records a stream holds at most; older ones are dropped.
pub const STREAM_LENGTH: usize = 1000;
/// How long a client waits until the node says that it took a job.
pub const ACCEPT_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest single blocking read of a client; it asks again after that.
pub const POLL: Duration = Duration::from_secs(10);
/// What the name of a log queue begins with.
pub const LOGGER: &str = "logger:";
/// Lists of closed periods of the aggregator (5 minutes, 1 hour).
pub const STATISTICS: [&str; 2] = ["statistics:300", "statistics:3600"];

/// List with the result of a job, one JSON text.
pub fn result(id: &str) -> String {
    format!("result:{id}")
}

/// List with one empty text: the node took the job. Without an expiry while the job runs.
pub fn flag(id: &str) -> String {
    format!("result:{id}:flag")
}

/// List with the output of a job that streams.
pub fn stream(id: &str) -> String {
    format!("stream:{id}")
}

/// List with the records of a log subscription.
pub fn logger(queue: &str) -> String {
    format!("{LOGGER}{queue}")
}
