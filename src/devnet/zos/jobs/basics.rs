//! The commands of the job machinery itself: `core.ping`, `core.system`, `bash`,
//! `core.subscribe`, `core.state` and `job.*`.
use nix::sys::signal::Signal;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::command::{Command, Commands, Failure};
use super::program::Program;
use crate::devnet::zos::builtin::proc;

/// What a node says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Branch of its code.
    pub branch: String,
    /// Revision of its code, 40 hex digits.
    pub revision: String,
    /// Built from changed code.
    pub dirty: bool,
}

impl Version {
    /// The version of this node: it has no revision of the real node's code.
    pub fn ours() -> Self {
        Version {
            branch: format!("kosmos-{}", env!("CARGO_PKG_VERSION")),
            revision: "0".repeat(40),
            dirty: false,
        }
    }

    /// What `core.ping` answers.
    pub fn pong(&self) -> String {
        let dirty = if self.dirty { " (dirty-repo)" } else { "" };
        format!(
            "PONG Version: {} @Revision: {}{dirty}",
            self.branch, self.revision
        )
    }
}

#[derive(Deserialize)]
struct Id {
    #[serde(default)]
    id: String,
    #[serde(default)]
    signal: i32,
}

/// A signal by its number; 0 means the usual one.
///
/// # Errors
/// A number that is no signal.
pub fn signal(number: i32) -> Result<Signal, Failure> {
    match number {
        0 => Ok(Signal::SIGTERM),
        n => Signal::try_from(n)
            .map_err(|_| Failure::arguments(format!("signal {n} does not exist"))),
    }
}

/// Adds them.
pub fn add(commands: &mut Commands, version: &Version) {
    commands.put(
        "core.system",
        Command::Process(Program::from_arguments, false),
    );
    commands.put("bash", Command::Process(Program::from_script, true));
    commands.put("core.subscribe", Command::Subscribe);
    let pong = version.pong();
    commands.add("core.ping", move |_| {
        let pong = pong.clone();
        async move { Ok(Json::from(pong)) }
    });
    commands.add_blocking("core.state", |_| {
        let (cpu, rss, vms, swap) = proc::usage(std::process::id().cast_signed());
        Ok(json!({"cpu": cpu, "rss": rss, "vms": vms, "swap": swap}))
    });
    commands.add("job.list", |mut call| async move {
        let Id { id, .. } = call.arguments()?;
        let jobs =
            match id.as_str() {
                "" => call.runner.list(proc::usage),
                id => vec![call.runner.listed(id, proc::usage).ok_or_else(|| {
                    Failure::from(format!("Process with id '{id}' doesn't exist"))
                })?],
            };
        serde_json::to_value(jobs).map_err(|e| e.to_string().into())
    });
    commands.add("job.kill", |mut call| async move {
        let Id { id, signal: number } = call.arguments()?;
        Ok(call.runner.kill(&id, signal(number)?).into())
    });
    commands.add("job.unschedule", |mut call| async move {
        let Id { id, .. } = call.arguments()?;
        Ok(call.runner.unschedule(&id).into())
    });
    commands.add("job.killall", |call| async move {
        call.runner.kill_all(Signal::SIGTERM);
        Ok(true.into())
    });
}
