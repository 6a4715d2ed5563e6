//! What came out of a job.
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::json::{self, is_default, or_default};
use super::message::Level;

/// How a job ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// As it should.
    Success,
    /// The process, or the built-in command, failed.
    Error,
    /// It was killed because its `max_time` was over.
    Timeout,
    /// The node does not know the command.
    UnknownCommand,
    /// A word that no node of 2019 answers.
    Other(String),
    /// There was none.
    #[default]
    Absent,
}

impl State {
    /// The word on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            State::Success => "SUCCESS",
            State::Error => "ERROR",
            State::Timeout => "TIMEOUT",
            State::UnknownCommand => "UNKNOWN_CMD",
            State::Other(word) => word,
            State::Absent => "",
        }
    }
}

impl Serialize for State {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for State {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        Ok(match word.as_str() {
            "SUCCESS" => State::Success,
            "ERROR" => State::Error,
            "TIMEOUT" => State::Timeout,
            "UNKNOWN_CMD" => State::UnknownCommand,
            "" => State::Absent,
            _ => State::Other(word),
        })
    }
}

/// Codes of results. An ended process has 0, or [`codes::EXIT`] and its own code.
pub mod codes {
    /// Added to the exit code of a process that did not end with 0.
    pub const EXIT: i64 = 1000;
    /// Ended by a signal, or killed because its time was over.
    pub const KILLED: i64 = 999;
    /// A built-in command does not like its arguments.
    pub const BAD_ARGUMENTS: i64 = 400;
    /// The program, or whatever was asked for, does not exist.
    pub const NOT_FOUND: i64 = 404;
    /// What was asked for is not acceptable.
    pub const NOT_ACCEPTABLE: i64 = 406;
    /// Something that is needed first is missing.
    pub const PRECONDITION: i64 = 412;
    /// A built-in command failed.
    pub const FAILED: i64 = 500;
    /// The node cannot do this on the machine it runs on.
    pub const NOT_IMPLEMENTED: i64 = 501;
    /// A limit is reached.
    pub const LIMIT: i64 = 503;
}

/// What came out of a job. The order of the fields is the node's.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct JobResult {
    /// Id of the job.
    pub id: String,
    /// Name of its command.
    #[serde(default, deserialize_with = "or_default")]
    pub command: String,
    /// Text of the last result message; for built-in commands the JSON text of the answer, or of
    /// the message of the error.
    #[serde(default, deserialize_with = "or_default")]
    pub data: String,
    /// Kept output, stdout and stderr; absent when nothing ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub streams: Option<Vec<String>>,
    /// Last message of level 9, or why the node itself failed.
    #[serde(
        default,
        deserialize_with = "or_default",
        skip_serializing_if = "is_default"
    )]
    pub critical: String,
    /// Level of `data`.
    #[serde(default)]
    pub level: Level,
    /// How it ended.
    #[serde(default)]
    pub state: State,
    /// See [`codes`]; 500 when a node sends none.
    #[serde(default = "failed")]
    pub code: i64,
    /// Milliseconds since 1970; 0 for an unknown command.
    #[serde(default)]
    pub starttime: i64,
    /// Milliseconds it took.
    #[serde(default)]
    pub time: i64,
    /// Tags of the job.
    #[serde(default)]
    pub tags: Option<Vec<String>>,
    /// 0 on the node, else the id of the container.
    #[serde(default)]
    pub container: u16,
}

fn failed() -> i64 {
    codes::FAILED
}

impl JobResult {
    /// The JSON text that a node pushes.
    ///
    /// # Errors
    /// None for these fields.
    pub fn to_wire(&self) -> serde_json::Result<String> {
        json::text(self)
    }

    /// Kept standard output; empty when nothing ran.
    pub fn stdout(&self) -> &str {
        self.output(0)
    }

    /// Kept standard error; empty when nothing ran.
    pub fn stderr(&self) -> &str {
        self.output(1)
    }

    fn output(&self, at: usize) -> &str {
        self.streams
            .as_ref()
            .and_then(|streams| streams.get(at))
            .map_or("", String::as_str)
    }
}
