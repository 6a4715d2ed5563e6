//! A job that was pushed: its result and its output.
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value as Json;
use tokio::time::Instant;

use super::client::{Client, succeeded, text, unexpected, value, whole_seconds};
use super::error::{Error, Result};
use super::protocol::{JobResult, Record, keys};

/// A job that was pushed.
#[derive(Clone)]
pub struct Response {
    client: Client,
    id: String,
    command: String,
    ahead: Arc<Mutex<Ahead>>,
}

/// Records that were taken from the node before they were asked for.
#[derive(Default)]
struct Ahead {
    records: VecDeque<String>,
    /// Records that came at once, one after the other.
    quick: usize,
}

/// A record that came within this time was there already.
const AT_ONCE: Duration = Duration::from_millis(1);
/// After so many of them, more are asked for together.
const QUICK: usize = 4;
/// How many.
const TOGETHER: usize = 64;

impl Response {
    pub(super) fn new(client: Client, id: String, command: String) -> Self {
        Response {
            client,
            id,
            command,
            ahead: Arc::default(),
        }
    }

    /// Id of the job.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whom it was given to.
    pub fn client(&self) -> &Client {
        &self.client
    }

    fn what(&self) -> String {
        match self.command.as_str() {
            "" => format!("job {}", self.id),
            command => command.to_string(),
        }
    }

    /// True when the node knows the job: it runs, or ended less than 300 s ago.
    ///
    /// # Errors
    /// No connection.
    pub async fn exists(&self) -> Result<bool> {
        let mut cmd = redis::cmd("EXISTS");
        cmd.arg(keys::flag(&self.id));
        Ok(self.client.number(&cmd, "EXISTS").await? != 0)
    }

    /// True while the job runs.
    ///
    /// # Errors
    /// No connection.
    pub async fn running(&self) -> Result<bool> {
        if !self.exists().await? {
            return Ok(false);
        }
        let mut cmd = redis::cmd("TTL");
        cmd.arg(keys::flag(&self.id));
        Ok(self.client.number(&cmd, "TTL").await? == -1)
    }

    /// Waits for the result; None waits as long as the client's own time-out. The result can be
    /// read again for 300 s.
    ///
    /// # Errors
    /// [`Error::JobNotFound`] when the node lost it, [`Error::Timeout`] when it did not end.
    pub async fn get(&self, timeout: Option<Duration>) -> Result<JobResult> {
        let limit = timeout.unwrap_or(self.client.timeout());
        let poll = self.client.transport().options().limits.poll;
        let end = Instant::now() + limit;
        let (key, what) = (keys::result(&self.id), self.what());
        loop {
            if !self.exists().await? {
                return Err(Error::JobNotFound {
                    id: self.id.clone(),
                });
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Error::Timeout {
                    id: self.id.clone(),
                    seconds: limit.as_secs(),
                });
            }
            if let Some(text) = self.client.peek(&key, left.min(poll), &what).await? {
                return serde_json::from_str(&text).map_err(|error| Error::Unreadable {
                    what: format!("a result of {what}"),
                    reason: error.to_string(),
                });
            }
        }
    }

    /// Waits for the JSON value of a job that ended well.
    ///
    /// # Errors
    /// As [`Response::get`], a job that failed, a result that is no JSON.
    pub async fn json(&self, timeout: Option<Duration>) -> Result<Json> {
        let result = succeeded(&self.what(), self.get(timeout).await?)?;
        value(&self.what(), &result)
    }

    /// Waits for the next record of the job's output; None after the last one. `seen` is how many
    /// there were before. A record is consumed by reading it.
    ///
    /// # Errors
    /// No connection, a record that cannot be read, a job that the node lost.
    pub async fn next(&self, seen: usize) -> Result<Option<Record>> {
        if let Some(record) = self.ahead().records.pop_front() {
            return read(&record).map(Some);
        }
        let key = keys::stream(&self.id);
        let transport = self.client.transport();
        if self.ahead().quick >= QUICK {
            self.ahead().quick = 0;
            if let Some(record) = self.take_many(&key).await? {
                return read(&record).map(Some);
            }
        }
        let poll = transport.options().limits.poll;
        let mut wait = redis::cmd("BLPOP");
        wait.arg(&key).arg(whole_seconds(poll));
        loop {
            let asked = Instant::now();
            let record = match transport.command(&wait, "BLPOP", poll).await? {
                redis::Value::Nil => None,
                redis::Value::Array(mut pair) if pair.len() == 2 => {
                    pair.pop().map(|value| text(value, "BLPOP")).transpose()?
                }
                other => return Err(unexpected(&other, "BLPOP")),
            };
            if let Some(record) = record.flatten() {
                let mut ahead = self.ahead();
                ahead.quick = match asked.elapsed() < AT_ONCE {
                    true => ahead.quick + 1,
                    false => 0,
                };
                return read(&record).map(Some);
            }
            if self.running().await? {
                continue;
            }
            // It may have spoken between the two questions.
            let mut last = redis::cmd("LPOP");
            last.arg(&key);
            let rest = transport.command(&last, "LPOP", Duration::ZERO).await?;
            return match text(rest, "LPOP")? {
                Some(record) => read(&record).map(Some),
                None if seen == 0 && !self.exists().await? => Err(Error::JobNotFound {
                    id: self.id.clone(),
                }),
                None => Ok(None),
            };
        }
    }

    fn ahead(&self) -> MutexGuard<'_, Ahead> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what waits at the node, as far as it is many; answers the first of them. A node keeps
    /// the last 1000 records only, and one at a time is too slow for a job that says much.
    async fn take_many(&self, key: &str) -> Result<Option<String>> {
        let mut one = redis::cmd("LPOP");
        one.arg(key);
        let transport = self.client.transport();
        let replies = transport.commands(&vec![one; TOGETHER], "LPOP").await?;
        let mut taken = VecDeque::with_capacity(replies.len());
        for reply in replies {
            match text(reply, "LPOP")? {
                Some(record) => taken.push_back(record),
                None => break,
            }
        }
        let first = taken.pop_front();
        let mut ahead = self.ahead();
        // All of them came, so there may be more.
        if taken.len() + 1 == TOGETHER {
            ahead.quick = QUICK;
        }
        ahead.records = taken;
        Ok(first)
    }

    /// Hands each record of the job's output to `take` until the job ends; answers how many there
    /// were.
    ///
    /// # Errors
    /// As [`Response::next`].
    pub async fn stream(&self, mut take: impl FnMut(&Record)) -> Result<usize> {
        let mut count = 0;
        while let Some(record) = self.next(count).await? {
            take(&record);
            count += 1;
            if record.message.is_last() {
                break;
            }
        }
        Ok(count)
    }
}

fn read(record: &str) -> Result<Record> {
    serde_json::from_str(record).map_err(|error| Error::Unreadable {
        what: "a record of a stream".into(),
        reason: error.to_string(),
    })
}
