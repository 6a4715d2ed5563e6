//! A node, or a container on it.
use std::sync::Arc;
use std::time::Duration;

use redis::{Cmd, Value};
use serde_json::{Value as Json, json};

use super::calls::{Arguments, Call, Scope};
use super::error::{Error, Result};
use super::protocol::{Dispatched, Job, JobResult, Level, State, keys};
use super::response::Response;
use super::transport::{Options, Transport};
use super::words;

/// A command to be executed, with everything a caller may say about it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// Name of the command.
    pub command: String,
    /// Its arguments: an object.
    pub arguments: Json,
    /// See [`Job::queue`].
    pub queue: Option<String>,
    /// See [`Job::max_time`].
    pub max_time: Option<i64>,
    /// See [`Job::stream`].
    pub stream: bool,
    /// See [`Job::tags`].
    pub tags: Option<Vec<String>>,
    /// Its id; a random one when there is none.
    pub id: Option<String>,
    /// See [`Job::recurring_period`].
    pub recurring_period: Option<i64>,
}

impl Request {
    /// A command with arguments and nothing else.
    pub fn new(command: impl Into<String>, arguments: Json) -> Self {
        Request {
            command: command.into(),
            arguments,
            ..Request::default()
        }
    }

    /// A process: the text is split as a shell does it.
    ///
    /// # Errors
    /// An empty text, or quotes without an end.
    pub fn system(
        command: &str,
        dir: &str,
        stdin: &str,
        env: Option<indexmap::IndexMap<String, String>>,
    ) -> Result<Self> {
        let wrong =
            |expected: &str| Error::argument("system", "command", &Json::from(command), expected);
        let mut words = words::split(command).map_err(wrong)?;
        if words.is_empty() {
            return Err(wrong("a program and its arguments"));
        }
        let name = words.remove(0);
        Ok(Request::new(
            "core.system",
            json!({"name": name, "args": words, "dir": dir, "stdin": stdin, "env": env}),
        ))
    }

    /// A script for `sh`.
    pub fn bash(script: &str, stdin: &str) -> Self {
        Request::new("bash", json!({"script": script, "stdin": stdin}))
    }
}

/// A node, or a container on it. Cheap to copy; many calls can run side by side.
#[derive(Clone)]
pub struct Client {
    transport: Arc<Transport>,
    container: Option<u16>,
}

impl Client {
    /// A node. Nothing is connected before the first call.
    pub fn new(options: Options) -> Self {
        Client {
            transport: Arc::new(Transport::new(options)),
            container: None,
        }
    }

    /// The same node's container.
    pub fn container(&self, id: u16) -> Self {
        Client {
            transport: self.transport.clone(),
            container: Some(id),
        }
    }

    /// The node of a container; a node itself.
    pub fn node(&self) -> Self {
        Client {
            transport: self.transport.clone(),
            container: None,
        }
    }

    /// Id of the container, when it is one.
    pub fn container_id(&self) -> Option<u16> {
        self.container
    }

    /// Its connections.
    pub fn transport(&self) -> &Transport {
        &self.transport
    }

    /// Longest time until a job ends, unless a call says otherwise.
    pub fn timeout(&self) -> Duration {
        self.transport.options().timeout
    }

    /// Pushes a job and waits until it is taken.
    ///
    /// # Errors
    /// No connection, or nobody who takes the job.
    pub async fn raw(&self, request: Request) -> Result<Response> {
        let Some(container) = self.container else {
            let id = request.id.unwrap_or_else(|| self.random_id());
            let job = Job {
                id: id.clone(),
                command: request.command,
                arguments: request.arguments,
                queue: request.queue,
                max_time: request.max_time,
                stream: request.stream,
                tags: request.tags,
                recurring_period: request.recurring_period,
                ..Job::default()
            };
            self.push(&job).await?;
            return Ok(Response::new(self.clone(), id, job.command));
        };
        let command = request.command.clone();
        let dispatched = Dispatched {
            command: request.command,
            arguments: request.arguments,
            queue: request.queue,
            max_time: request.max_time,
            stream: request.stream,
            tags: request.tags,
            id: request.id,
            recurring_period: request.recurring_period,
        };
        let arguments = json!({"container": container, "command": dispatched});
        let node = self.node();
        let id = match Box::pin(node.json(Request::new("corex.dispatch", arguments))).await {
            Ok(Json::String(id)) => id,
            Ok(other) => {
                return Err(Error::Unreadable {
                    what: "an id of a job".into(),
                    reason: format!("it is {other}"),
                });
            }
            Err(error) => return Err(prefixed(error, "failed to dispatch command to container")),
        };
        Ok(Response::new(self.clone(), id, command))
    }

    async fn push(&self, job: &Job) -> Result<()> {
        let text = serde_json::to_string(job).map_err(|error| Error::Unreadable {
            what: "arguments".into(),
            reason: error.to_string(),
        })?;
        let mut cmd = redis::cmd("RPUSH");
        cmd.arg(keys::JOBS).arg(text);
        self.transport
            .command(&cmd, &job.command, Duration::ZERO)
            .await?;
        let limit = self.transport.options().limits.accept;
        match self.peek(&keys::flag(&job.id), limit, &job.command).await? {
            Some(_) => Ok(()),
            None => Err(Error::NotAccepted {
                id: job.id.clone(),
                seconds: limit.as_secs().max(1),
            }),
        }
    }

    /// Waits for a list of one text, without consuming it.
    pub(super) async fn peek(
        &self,
        key: &str,
        wait: Duration,
        what: &str,
    ) -> Result<Option<String>> {
        // Nodes of 2019 take whole seconds only, and 0 means for ever.
        let seconds = whole_seconds(wait);
        let mut cmd = redis::cmd("BRPOPLPUSH");
        cmd.arg(key).arg(key).arg(seconds);
        let reply = self
            .transport
            .command(&cmd, what, Duration::from_secs(seconds))
            .await?;
        text(reply, what)
    }

    pub(super) async fn number(&self, cmd: &Cmd, what: &str) -> Result<i64> {
        match self.transport.command(cmd, what, Duration::ZERO).await? {
            Value::Int(number) => Ok(number),
            other => Err(unexpected(&other, what)),
        }
    }

    /// A job that was pushed earlier, by its id.
    pub fn response_for(&self, id: impl Into<String>) -> Response {
        Response::new(self.clone(), id.into(), String::new())
    }

    /// Runs a command to its end.
    ///
    /// # Errors
    /// [`Error::Failed`] when it did not end well, and everything [`Client::raw`] and
    /// [`Response::get`] can fail with.
    pub async fn sync(&self, request: Request) -> Result<JobResult> {
        let command = request.command.clone();
        let result = self.raw(request).await?.get(None).await?;
        succeeded(&command, result)
    }

    /// Runs a command to its end and answers its JSON value.
    ///
    /// # Errors
    /// As [`Client::sync`], and a result that is no JSON.
    pub async fn json(&self, request: Request) -> Result<Json> {
        let command = request.command.clone();
        value(&command, &self.sync(request).await?)
    }

    /// Asks whether it is there; answers its version.
    ///
    /// # Errors
    /// As [`Client::json`].
    pub async fn ping(&self) -> Result<String> {
        match self.json(Request::new("core.ping", json!({}))).await? {
            Json::String(text) => Ok(text),
            other => Ok(other.to_string()),
        }
    }

    /// Follows the output of a job, from its last lines on.
    ///
    /// # Errors
    /// As [`Client::raw`].
    pub async fn subscribe(&self, job: &str, id: Option<String>) -> Result<Response> {
        self.raw(Request {
            id,
            stream: true,
            ..Request::new("core.subscribe", json!({"id": job}))
        })
        .await
    }

    /// Runs a command of the table with checked arguments.
    ///
    /// # Errors
    /// An argument that is not taken, a command of the node on a container, and everything
    /// [`Client::json`] can fail with.
    pub async fn call(&self, call: &Call, arguments: &Arguments) -> Result<Json> {
        let request = self.request(call, arguments)?;
        if let Some((first, go_on)) = call.guard {
            let first = Request::new(first, request.arguments.clone());
            if self.json(first).await? != Json::Bool(go_on) {
                return Ok(Json::Null);
            }
        }
        self.json(request).await
    }

    /// The job of a command of the table, not sent yet.
    ///
    /// # Errors
    /// An argument that is not taken, a command of the node on a container.
    pub fn request(&self, call: &Call, arguments: &Arguments) -> Result<Request> {
        if self.container.is_some() && call.scope == Scope::Node {
            return Err(Error::NodeOnly {
                command: call.command.into(),
            });
        }
        Ok(Request::new(call.command, call.check(arguments)?))
    }

    /// A random id for a job.
    pub fn random_id(&self) -> String {
        let mut bytes = [0u8; 16];
        (self.transport.options().random)(&mut bytes);
        // Version 4, variant of RFC 9562.
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let hex = hex::encode(bytes);
        [
            &hex[..8],
            &hex[8..12],
            &hex[12..16],
            &hex[16..20],
            &hex[20..],
        ]
        .join("-")
    }
}

/// Whole seconds, rounded up, at least one.
pub(super) fn whole_seconds(wait: Duration) -> u64 {
    let up = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    up.max(1)
}

/// A text or nothing.
pub(super) fn text(reply: Value, what: &str) -> Result<Option<String>> {
    match reply {
        Value::Nil => Ok(None),
        Value::BulkString(bytes) => Ok(Some(match String::from_utf8(bytes) {
            Ok(text) => text,
            // Output of a process can be anything.
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        })),
        Value::SimpleString(text) => Ok(Some(text)),
        other => Err(unexpected(&other, what)),
    }
}

pub(super) fn unexpected(reply: &Value, what: &str) -> Error {
    let kind = match reply {
        Value::Nil => "nothing",
        Value::Int(_) => "a number",
        Value::Array(_) => "a list",
        Value::BulkString(_) | Value::SimpleString(_) | Value::Okay => "a text",
        _ => "something else",
    };
    Error::Unreadable {
        what: format!("an answer to {what}"),
        reason: format!("it is {kind}"),
    }
}

/// The result of a command that ended well.
///
/// # Errors
/// [`Error::Failed`] otherwise, with the text of the node without its JSON quotes.
pub fn succeeded(command: &str, result: JobResult) -> Result<JobResult> {
    check(command, &result).map(|()| result)
}

fn check(command: &str, result: &JobResult) -> Result<()> {
    if result.state == State::Success {
        return Ok(());
    }
    let quoted = (result.level == Level::JSON)
        .then(|| serde_json::from_str::<String>(&result.data).ok())
        .flatten();
    let said = quoted.unwrap_or_else(|| result.data.clone());
    let message = [said.as_str(), &result.critical, result.stderr()]
        .into_iter()
        .find(|text| !text.trim().is_empty())
        .unwrap_or_default();
    Err(Error::Failed {
        command: command.into(),
        message: message.into(),
        code: result.code,
        state: result.state.clone(),
    })
}

/// The JSON value of a result.
///
/// # Errors
/// A result that is no JSON.
pub fn value(command: &str, result: &JobResult) -> Result<Json> {
    serde_json::from_str(json_text(command, result)?).map_err(|error| Error::Unreadable {
        what: format!("a result of {command}"),
        reason: error.to_string(),
    })
}

fn json_text<'r>(command: &str, result: &'r JobResult) -> Result<&'r str> {
    if result.level != Level::JSON {
        return Err(Error::NotJson {
            command: command.into(),
            level: result.level.0,
        });
    }
    Ok(&result.data)
}

/// The JSON text of a command that ended well.
pub(super) fn data<'r>(command: &str, result: &'r JobResult) -> Result<&'r str> {
    check(command, result)?;
    json_text(command, result)
}

/// The same error, with words before the node's text.
pub(super) fn prefixed(error: Error, words: &str) -> Error {
    match error {
        Error::Failed {
            command,
            state,
            code,
            message,
        } => Error::Failed {
            message: format!("{words}: {message}"),
            command,
            state,
            code,
        },
        other => other,
    }
}
