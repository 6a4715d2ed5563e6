//! Lines of output with their level, and records of streams.
use serde::{Deserialize, Serialize};

use super::json;

/// What a message is for.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Level(pub u16);

impl Level {
    /// There is no message.
    pub const NONE: Level = Level(0);
    /// Standard output.
    pub const STDOUT: Level = Level(1);
    /// Standard error.
    pub const STDERR: Level = Level(2);
    /// For the user.
    pub const PUBLIC: Level = Level(3);
    /// For the operator.
    pub const OPERATOR: Level = Level(4);
    /// Log.
    pub const LOG: Level = Level(5);
    /// Log in a structure.
    pub const STRUCTURED_LOG: Level = Level(6);
    /// Warning.
    pub const WARNING: Level = Level(7);
    /// Error of operation.
    pub const OPS_ERROR: Level = Level(8);
    /// Critical error.
    pub const CRITICAL: Level = Level(9);
    /// Measured value: `key:value|A`.
    pub const STATISTICS: Level = Level(10);
    /// For who searches errors.
    pub const DEBUG: Level = Level(11);
    /// Result in JSON.
    pub const JSON: Level = Level(20);
    /// Result in YAML.
    pub const YAML: Level = Level(21);
    /// Result in TOML.
    pub const TOML: Level = Level(22);
    /// Result in HRD.
    pub const HRD: Level = Level(23);
    /// Result of a job.
    pub const JOB: Level = Level(30);

    /// True when the last message of it becomes the result's data.
    pub fn is_result(self) -> bool {
        matches!(self.0, 20..=23 | 30)
    }
}

/// Flags in the lower half of [`Message::meta`].
pub mod flags {
    /// The job has the stream flag.
    pub const STREAM: u32 = 0x1;
    /// Last message, the job ended well.
    pub const SUCCESS: u32 = 0x2;
    /// Last message, the job failed.
    pub const ERROR: u32 = 0x4;
    /// Last message, either way.
    pub const END: u32 = SUCCESS | ERROR;
}

/// A message of a job.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Its text; can hold several lines.
    #[serde(default, deserialize_with = "json::or_default")]
    pub message: String,
    /// Nanoseconds since 1970.
    #[serde(default)]
    pub epoch: i64,
    /// Level in the upper 16 bits, flags in the lower.
    #[serde(default)]
    pub meta: u32,
}

impl Message {
    /// A message of a level with flags, at a time in nanoseconds since 1970.
    pub fn new(text: impl Into<String>, level: Level, flags: u32, epoch: i64) -> Self {
        Message {
            message: text.into(),
            epoch,
            meta: u32::from(level.0) << 16 | (flags & 0xffff),
        }
    }

    /// Its level.
    pub fn level(&self) -> Level {
        Level(u16::try_from(self.meta >> 16).unwrap_or(u16::MAX))
    }

    /// Its flags, as far as a client looks at them.
    pub fn flags(&self) -> u32 {
        self.meta & 0xff
    }

    /// True for the last message of a job.
    pub fn is_last(&self) -> bool {
        self.meta & flags::END != 0
    }
}

/// A record of a stream or a log queue.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// 0 on the node, else the id of the container.
    #[serde(default)]
    pub core: u16,
    /// Id of the job.
    #[serde(default, deserialize_with = "json::or_default")]
    pub command: String,
    /// What it said.
    pub message: Message,
}

/// A [`Record`] whose parts are another's.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RecordRef<'a> {
    /// See [`Record::core`].
    pub core: u16,
    /// See [`Record::command`].
    pub command: &'a str,
    /// See [`Record::message`].
    pub message: &'a Message,
}

impl RecordRef<'_> {
    /// A record of its own.
    pub fn to_record(self) -> Record {
        Record {
            core: self.core,
            command: self.command.to_owned(),
            message: self.message.clone(),
        }
    }
}

impl<'a> From<&'a Record> for RecordRef<'a> {
    fn from(record: &'a Record) -> Self {
        RecordRef {
            core: record.core,
            command: &record.command,
            message: &record.message,
        }
    }
}

impl Record {
    /// The JSON text that a node pushes.
    ///
    /// # Errors
    /// None for these fields.
    pub fn to_wire(&self) -> serde_json::Result<String> {
        json::text(self)
    }
}
