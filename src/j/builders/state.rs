//! What a builder has done, in the store: every step is done once.
use std::collections::BTreeMap;
use std::fmt::Write as _;

use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::flist::image::Startup;
use crate::j::world::World;
use crate::object::{Error, Kind, Result};
use crate::store::{Expect, Record};

/// Where the records lie.
const LOCATION: &str = "j.builders";
/// What kind they are.
const SCHEMA_URL: &str = "jumpscale.builder.state.1";

/// The process that a package starts with, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// The program.
    pub name: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// The directory that it is started in.
    pub dir: String,
    /// Its environment.
    pub env: BTreeMap<String, String>,
}

impl Command {
    /// As the start-up file has it.
    pub fn startup(&self) -> Startup {
        Startup {
            name: self.name.clone(),
            args: Some(self.args.clone()),
            dir: self.dir.clone(),
            env: self.env.clone().into_iter().collect(),
        }
    }
}

/// A process that was started, and still is the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// Its number.
    pub pid: i32,
    /// When it was started, in ticks since the machine was; numbers are used again.
    pub since: u64,
}

/// The record of a builder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Steps that were done: `name:method_<md5 of the arguments>`, and `1`.
    #[serde(default)]
    pub done: BTreeMap<String, String>,
    /// What the package starts.
    #[serde(default)]
    pub command: Option<Command>,
    /// What was started.
    #[serde(default)]
    pub process: Option<Process>,
}

/// The key of a step: another one for other arguments.
pub fn key(name: &str, method: &str, arguments: &[(&str, String)]) -> String {
    let mut printed = String::new();
    for (argument, value) in arguments {
        let _ = write!(printed, "{argument}={value:?},");
    }
    format!("{name}:{method}_{}", hex::encode(Md5::digest(printed)))
}

/// What was done by a builder.
///
/// # Errors
/// When the store cannot be opened or read.
pub fn load(world: &World, name: &str) -> Result<State> {
    let record = world.store()?.get(LOCATION, None, name)?;
    let Some(record) = record else {
        return Ok(State::default());
    };
    // What cannot be read is as good as nothing done: the steps can be done again.
    Ok(serde_json::from_slice(&record.data).unwrap_or_default())
}

/// Keeps what was done.
///
/// # Errors
/// When the store cannot be opened or written.
pub fn save(world: &World, name: &str, state: &State) -> Result<()> {
    let data = serde_json::to_vec(state)
        .map_err(|e| Error::new(Kind::Internal, format!("cannot store what was done: {e}")))?;
    let record = Record {
        id: None,
        revision: 0,
        location: LOCATION.into(),
        parent: None,
        name: name.into(),
        schema_url: SCHEMA_URL.into(),
        schema_text: String::new(),
        data: Zeroizing::new(data),
    };
    world.store()?.put(&record, Expect::Force)?;
    Ok(())
}
