//! A job that was pushed: its result and its output.
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value as Json;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::client::{Client, succeeded, text, unexpected, value, whole_seconds};
use super::error::{Error, Result};
use super::plain;
use super::protocol::{JobResult, Record, keys};

/// A job that was pushed.
#[derive(Clone)]
pub struct Response {
    client: Client,
    id: String,
    command: String,
    ahead: Arc<Mutex<Ahead>>,
    asking: Arc<tokio::sync::Mutex<Option<Asking>>>,
}

/// Records that were taken from the node before they were asked for.
#[derive(Default)]
struct Ahead {
    records: VecDeque<String>,
    /// Records that came at once, one after the other.
    quick: usize,
    /// The next question is for many.
    many: bool,
}

impl Ahead {
    /// Puts records that were taken to the others, and decides how the next are asked for.
    fn add(&mut self, taken: Vec<String>, many: bool, waited: Duration) {
        let quick = !many && !taken.is_empty() && waited < AT_ONCE;
        self.quick = if quick { self.quick + 1 } else { 0 };
        // All of them came, so there may be more.
        self.many = self.quick >= QUICK || taken.len() == TOGETHER;
        self.records.extend(taken);
    }
}

/// A question to the node that is under way; it ends with the last who could want its answer.
struct Asking(JoinHandle<Result<Vec<String>>>);

impl Drop for Asking {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// How records are taken.
#[derive(Clone, Copy)]
enum Ask {
    /// The next one, which is waited for.
    Wait,
    /// As many as there are: a node does not keep them for ever, and one at a time is too slow for
    /// a job that says much.
    Many,
    /// One that is there already.
    Last,
}

impl Ask {
    async fn records(self, client: &Client, key: &str) -> Result<Vec<String>> {
        let transport = client.transport();
        let mut one = redis::cmd("LPOP");
        one.arg(key);
        let replies = match self {
            Ask::Wait => {
                let poll = transport.options().limits.poll;
                let mut wait = redis::cmd("BLPOP");
                wait.arg(key).arg(whole_seconds(poll));
                match transport.command(&wait, "BLPOP", poll).await? {
                    redis::Value::Nil => Vec::new(),
                    redis::Value::Array(mut pair) if pair.len() == 2 => {
                        pair.pop().into_iter().collect()
                    }
                    other => return Err(unexpected(&other, "BLPOP")),
                }
            }
            Ask::Many => transport.commands(&vec![one; TOGETHER], "LPOP").await?,
            Ask::Last => vec![transport.command(&one, "LPOP", Duration::ZERO).await?],
        };
        // After none there may be one again: the job speaks while these are answered.
        let texts = replies.into_iter().map(|reply| text(reply, "a record"));
        texts.filter_map(Result::transpose).collect()
    }
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
            asking: Arc::default(),
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
                let unreadable = |reason: String| Error::Unreadable {
                    what: format!("a result of {what}"),
                    reason,
                };
                let result: JobResult =
                    serde_json::from_str(&text).map_err(|error| unreadable(error.to_string()))?;
                if result.id != self.id {
                    let other = plain::line(&result.id, 80);
                    return Err(unreadable(format!("it is that of job '{other}'")));
                }
                return Ok(result);
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
        loop {
            if let Some(record) = self.ahead().records.pop_front() {
                return read(&record).map(Some);
            }
            let many = self.ahead().many;
            let ask = if many { Ask::Many } else { Ask::Wait };
            let asked = Instant::now();
            let taken = self.take(ask).await?;
            let none = taken.is_empty();
            self.ahead().add(taken, many, asked.elapsed());
            if !none || many || self.running().await? {
                continue;
            }
            // It may have spoken between the two questions.
            let last = self.take(Ask::Last).await?;
            return match last.first() {
                Some(record) => read(record).map(Some),
                None if seen == 0 && !self.exists().await? => Err(Error::JobNotFound {
                    id: self.id.clone(),
                }),
                None => Ok(None),
            };
        }
    }

    /// Takes records from the node. Who leaves in the middle (Ctrl-C) loses none: what was asked
    /// goes on, and the next one waits for that.
    async fn take(&self, ask: Ask) -> Result<Vec<String>> {
        let mut asking = self.asking.lock().await;
        let going = asking.get_or_insert_with(|| {
            let (client, key) = (self.client.clone(), keys::stream(&self.id));
            Asking(tokio::spawn(
                async move { ask.records(&client, &key).await },
            ))
        });
        let done = (&mut going.0).await;
        *asking = None;
        done.unwrap_or_else(|error| {
            Err(Error::Unreadable {
                what: "a stream".into(),
                reason: error.to_string(),
            })
        })
    }

    fn ahead(&self) -> MutexGuard<'_, Ahead> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
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
