//! The job machinery inside a container: the node's own [`jobs`](super::jobs), with the commands
//! that containers have, speaking to the node through the container's socket.
use std::collections::BTreeMap;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::builtin;
use super::container::runner::{self, Inside};
use super::files::Files;
use super::jobs::basics::Version;
use super::jobs::running::wire;
use super::jobs::{Commands, Outlet, Runner, Surroundings};
use crate::zos::protocol::{Job, JobResult, Message, Record};

/// File in a container's root that names its services.
const STARTUP: &str = "/.startup.toml";
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

struct Socket(runner::Outlet);

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
        let record = Record {
            core: runner.id,
            command: job.id.clone(),
            message: message.clone(),
        };
        self.say(&Said::Record(record, job.stream));
    }

    fn result(&self, mut result: JobResult) {
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
        Socket(self.1.clone()).say(&Said::Result(Box::new(JobResult {
            id: job.id,
            command: job.command,
            critical: self.0.clone(),
            state: crate::zos::protocol::State::Error,
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
    match machinery(inside, outlet.clone()) {
        Ok(runner) => {
            for job in services(&std::fs::read_to_string(STARTUP).unwrap_or_default()) {
                Socket(outlet.clone()).say(&Said::Started(job.id.clone()));
                runner.start(job);
            }
            Arc::new(Machinery(runner))
        }
        Err(e) => Arc::new(Broken(e.to_string(), outlet, container)),
    }
}

fn machinery(inside: Inside, outlet: runner::Outlet) -> std::io::Result<Arc<Runner>> {
    let files = Arc::new(Files::new(Path::new("/"), &[])?);
    let mut commands = Commands::default();
    builtin::everywhere(&mut commands, &Version::ours(), &files);
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
        Arc::new(Socket(outlet)),
    )
}

#[derive(Deserialize, Default)]
struct Startup {
    #[serde(default)]
    startup: BTreeMap<String, Service>,
}

#[derive(Deserialize)]
struct Service {
    #[serde(default)]
    name: String,
    #[serde(default)]
    args: Option<Json>,
    #[serde(default)]
    after: Vec<String>,
    #[serde(default)]
    recurring_period: Option<i64>,
    #[serde(default)]
    max_restart: Option<i64>,
    #[serde(default)]
    tags: Option<Vec<String>>,
}

/// The services of a startup file in the order in which they start: each after those it names.
/// A file that cannot be read has none.
pub fn services(text: &str) -> Vec<Job> {
    let Startup { mut startup } = toml::from_str(text).unwrap_or_default();
    let mut jobs = Vec::new();
    while !startup.is_empty() {
        let ready = startup
            .iter()
            .find(|(_, service)| !service.after.iter().any(|id| startup.contains_key(id)))
            // Services that wait for each other start in the order of their names.
            .or_else(|| startup.iter().next())
            .map(|(id, _)| id.clone());
        let Some((id, service)) = ready.and_then(|id| startup.remove_entry(&id)) else {
            break;
        };
        jobs.push(Job {
            id,
            command: service.name,
            arguments: service.args.unwrap_or_else(|| json!({})),
            recurring_period: service.recurring_period,
            max_restart: service.max_restart,
            tags: service.tags,
            ..Job::default()
        });
    }
    jobs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_start_after_those_they_name() {
        let text = r#"
            [startup.web]
            name = "core.system"
            after = ["db", "boot"]
            [startup.web.args]
            name = "nginx"
            args = ["-g", "daemon off;"]
            [startup.db]
            name = "bash"
            after = ["init"]
            args = {script = "true"}
        "#;
        let started: Vec<_> = services(text)
            .into_iter()
            .map(|job| (job.id, job.command))
            .collect();
        let expected = [("db", "bash"), ("web", "core.system")];
        assert_eq!(
            started,
            expected.map(|(id, command)| (id.into(), command.into()))
        );
        assert!(services("broken [").is_empty());
    }
}
