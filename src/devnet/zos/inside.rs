//! The job machinery inside a container: the node's own [`jobs`](super::jobs), with the commands
//! that containers have, speaking to the node through the container's socket.
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::builtin;
use super::builtin::network::Networks;
use super::container::runner::{self, Inside};
use super::files::Files;
use super::jobs::basics::Version;
use super::jobs::running::wire;
use super::jobs::{Commands, Outlet, Runner, Surroundings};
use super::startup::{self, Progress};
use crate::zos::protocol::{Job, JobResult, Message, Record, State};

/// Longest result that is sent as it is; of a longer one the output is cut.
const LONGEST: usize = 12 * 1024 * 1024;
/// Bytes of each stream that a cut result keeps.
const KEPT: usize = 1024 * 1024;

/// What a container's machinery says to the node.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// A message of a job, and whether it goes to the job's stream.
    Record(Record, bool),
    /// A job ended.
    Result(Box<JobResult>),
    /// A service was started: the node marks its id as taken.
    Started(String),
}

struct Socket(runner::Outlet, Arc<Progress>);

impl Socket {
    fn say(&self, said: &Said) {
        if let Ok(value) = serde_json::to_value(said) {
            // The node is gone: nobody wants it.
            let _ = self.0.send(value);
        }
    }
}

impl Outlet for Socket {
    fn message(&self, runner: &Runner, job: &Job, message: &Message) {
        self.1.spoke(&job.id, &message.message);
        let record = Record {
            core: runner.id,
            command: job.id.clone(),
            message: message.clone(),
        };
        self.say(&Said::Record(record, job.stream));
    }

    fn result(&self, mut result: JobResult) {
        self.1.ended(&result.id, result.state == State::Success);
        if wire(&result).len() > LONGEST
            && let Some(streams) = &mut result.streams
        {
            for stream in streams {
                let mut from = stream.len().saturating_sub(KEPT);
                while !stream.is_char_boundary(from) {
                    from += 1;
                }
                stream.replace_range(..from, "");
            }
        }
        self.say(&Said::Result(Box::new(result)));
    }
}

struct Machinery(Arc<Runner>);

impl runner::Runner for Machinery {
    fn run(&self, envelope: Json) {
        if let Ok(job) = serde_json::from_value::<Job>(envelope) {
            self.0.start(job);
        }
    }

    fn stop(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(self.0.stop())
    }
}

/// A container without the machinery: says of every job why.
struct Broken(String, runner::Outlet, u16);

impl runner::Runner for Broken {
    fn run(&self, envelope: Json) {
        let job = serde_json::from_value::<Job>(envelope).unwrap_or_default();
        Socket(self.1.clone(), Arc::default()).say(&Said::Result(Box::new(JobResult {
            id: job.id,
            command: job.command,
            critical: self.0.clone(),
            state: State::Error,
            code: 500,
            container: self.2,
            ..JobResult::default()
        })));
    }

    fn stop(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {})
    }
}

/// Makes the machinery of a container and starts its services; called inside it, on its runtime.
pub fn make(inside: Inside, outlet: runner::Outlet) -> Arc<dyn runner::Runner> {
    let container = inside.container;
    let env = inside.env.clone();
    let progress = Arc::new(Progress::default());
    match machinery(inside, outlet.clone(), Arc::clone(&progress)) {
        Ok(runner) => {
            let services = startup::services(&env);
            startup::start(&services, &runner, &progress, move |id| {
                Socket(outlet.clone(), Arc::default()).say(&Said::Started(id.to_owned()));
            });
            Arc::new(Machinery(runner))
        }
        Err(e) => Arc::new(Broken(e.to_string(), outlet, container)),
    }
}

fn machinery(
    inside: Inside,
    outlet: runner::Outlet,
    progress: Arc<Progress>,
) -> std::io::Result<Arc<Runner>> {
    let files = Arc::new(Files::new(Path::new("/"), &[])?);
    let mut commands = Commands::default();
    builtin::everywhere(&mut commands, &Version::ours(), &files);
    builtin::network::add_ip(&mut commands, &Networks::Here);
    let surroundings = Surroundings {
        dir: "/".into(),
        env: inside
            .env
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect(),
        groups: false,
        end_with_us: false,
        patience: inside.patience,
        view: None,
    };
    Runner::new(
        inside.container,
        surroundings,
        commands,
        Arc::new(Socket(outlet, progress)),
    )
}
