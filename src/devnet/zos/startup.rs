//! The services that a container starts by itself: `/.startup.toml` (flist spec: 11).

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indexmap::IndexMap;
use regex::Regex;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::devnet::zos::jobs::Runner;
use crate::zos::protocol::Job;

const PATH: &str = "/.startup.toml";
/// Most of the file that is read.
const LONGEST: u64 = 1 << 20;
/// Seconds after which a service counts as running unless it says otherwise.
const USUAL_DELAY: i64 = 2;
/// Phases of a node's own start; a container has them behind it.
const PHASES: &[&str] = &["init", "net", "boot"];

#[derive(Debug, Default, Deserialize)]
struct Startup {
    #[serde(default)]
    startup: IndexMap<String, Service>,
}

/// A service.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Service {
    /// Command, for example `core.system`.
    pub name: String,
    /// Its arguments.
    #[serde(default)]
    pub args: IndexMap<String, Value>,
    /// What must run before.
    #[serde(default)]
    pub after: Vec<String>,
    /// Seconds until it counts as running; below 0 it does when it ended well.
    #[serde(default = "usual_delay")]
    pub running_delay: i64,
    /// It counts as running when this is in its output.
    #[serde(default)]
    pub running_match: String,
    /// See [`Job::recurring_period`].
    #[serde(default)]
    pub recurring_period: i64,
    /// See [`Job::max_restart`].
    #[serde(default)]
    pub max_restart: i64,
    /// See [`Job::tags`].
    #[serde(default)]
    pub tags: Vec<String>,
}

fn usual_delay() -> i64 {
    USUAL_DELAY
}

/// Reads the services of this container; a missing or broken file has none.
pub fn services(env: &IndexMap<String, String>) -> IndexMap<String, Service> {
    let mut text = String::new();
    let plain = std::fs::metadata(PATH).is_ok_and(|about| about.is_file());
    let read = File::open(PATH).map(|file| file.take(LONGEST).read_to_string(&mut text));
    match read {
        Ok(Ok(_)) if plain => parse(&text, env).unwrap_or_default(),
        _ => IndexMap::new(),
    }
}

/// Reads a text of services; `{NAME}` in their arguments becomes the variable's value.
///
/// # Errors
/// What is wrong with the text, and where.
pub fn parse(
    text: &str,
    env: &IndexMap<String, String>,
) -> Result<IndexMap<String, Service>, String> {
    let startup: Startup = toml::from_str(text).map_err(|e| e.to_string())?;
    let mut services = startup.startup;
    for service in services.values_mut() {
        service
            .args
            .values_mut()
            .for_each(|value| fill_in(value, env));
    }
    Ok(services)
}

fn fill_in(value: &mut Value, env: &IndexMap<String, String>) {
    match value {
        Value::String(text) if text.contains('{') => {
            for (name, filling) in env {
                *text = text.replace(&format!("{{{name}}}"), filling);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| fill_in(value, env)),
        Value::Object(map) => map.values_mut().for_each(|value| fill_in(value, env)),
        _ => {}
    }
}

impl Service {
    fn job(&self, id: &str) -> Job {
        let above_zero = |n: i64| Some(n).filter(|n| *n > 0);
        Job {
            id: id.to_owned(),
            command: self.name.clone(),
            arguments: Value::Object(self.args.clone().into_iter().collect()),
            queue: None,
            tags: Some(self.tags.clone()).filter(|tags| !tags.is_empty()),
            recurring_period: above_zero(self.recurring_period),
            max_restart: above_zero(self.max_restart),
            ..Job::default()
        }
    }
}

/// How far the services are.
#[derive(Default)]
pub struct Progress {
    services: Mutex<HashMap<String, State>>,
    changed: Notify,
}

struct State {
    begun: Instant,
    delay: i64,
    wanted: Option<Regex>,
    /// Some once it is known whether it runs (or ended well).
    runs: Option<bool>,
}

impl Progress {
    /// A job wrote something.
    pub fn spoke(&self, id: &str, text: &str) {
        let mut services = self.lock();
        if let Some(state) = services.get_mut(id)
            && state
                .wanted
                .as_ref()
                .is_some_and(|wanted| wanted.is_match(text))
        {
            state.runs = Some(true);
            self.changed.notify_waiters();
        }
    }

    /// A job ended.
    pub fn ended(&self, id: &str, well: bool) {
        let mut services = self.lock();
        if let Some(state) = services.get_mut(id) {
            state.runs.get_or_insert(well);
            self.changed.notify_waiters();
        }
    }

    fn begin(&self, id: &str, service: &Service) {
        // A pattern that is none matches nothing: the delay decides.
        let wanted = Some(&service.running_match).filter(|text| !text.is_empty());
        let state = State {
            begun: Instant::now(),
            delay: service.running_delay,
            wanted: wanted.and_then(|text| Regex::new(text).ok()),
            runs: None,
        };
        self.lock().insert(id.to_owned(), state);
    }

    /// Waits until a service runs; false when it never will.
    async fn running(&self, id: &str) -> bool {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let until = match self.lock().get(id) {
                None => return false,
                Some(State {
                    runs: Some(runs), ..
                }) => return *runs,
                Some(state) => u64::try_from(state.delay)
                    .ok()
                    .map(|seconds| state.begun + Duration::from_secs(seconds)),
            };
            match until {
                Some(until) if until <= Instant::now() => return true,
                Some(until) => tokio::select! {
                    () = sleep_until(until) => {}
                    () = changed => {}
                },
                None => changed.await,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, State>> {
        self.services.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts the services: at once those that wait for nothing, the others when their turn comes. One
/// whose predecessors never run is not started. `begun` is told of each before it starts.
pub fn start(
    services: &IndexMap<String, Service>,
    runner: &Arc<Runner>,
    progress: &Arc<Progress>,
    begun: impl Fn(&str) + Send + 'static,
) {
    let waits = |service: &Service| -> Vec<String> {
        let after = service.after.iter();
        after
            .filter(|name| !PHASES.contains(&name.as_str()))
            .cloned()
            .collect()
    };
    // All are known before any waits for another.
    let (mut first, mut later) = (Vec::new(), Vec::new());
    for (id, service) in services {
        match waits(service) {
            none if none.is_empty() => first.push((id, service)),
            others => later.push((id.clone(), service.clone(), others)),
        }
    }
    for (id, service) in first {
        progress.begin(id, service);
        begun(id);
        runner.start(service.job(id));
    }
    // In waves: who waits for somebody that has not begun would find nobody.
    let (runner, progress) = (Arc::downgrade(runner), Arc::clone(progress));
    tokio::spawn(async move {
        while !later.is_empty() {
            let known = |name: &String| progress.lock().contains_key(name);
            let ready = later
                .iter()
                .position(|(_, _, others)| others.iter().all(known));
            // The rest waits for unknown services, or in a circle.
            let Some(at) = ready else { return };
            let (id, service, others) = later.remove(at);
            let mut all = true;
            for other in &others {
                all &= progress.running(other).await;
            }
            let Some(runner) = runner.upgrade() else {
                return;
            };
            if all {
                progress.begin(&id, &service);
                begun(&id);
                runner.start(service.job(&id));
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_converted_image_is_its_entry() {
        let text = "[startup]\n\n[startup.entry]\nname = \"core.system\"\n\n[startup.entry.args]\n\
            name = \"nginx\"\nargs = [\"-g\", \"daemon off;\"]\ndir = \"/\"\n\n\
            [startup.entry.args.env]\nPATH = \"/bin\"\n\"my.key\" = \"{HOME}x\"\n";
        let env = IndexMap::from([("HOME".to_owned(), "/root/".to_owned())]);
        let services = parse(text, &env).unwrap();
        let job = services["entry"].job("entry");
        assert_eq!(
            (job.id.as_str(), job.command.as_str()),
            ("entry", "core.system")
        );
        assert_eq!(
            job.arguments,
            serde_json::json!({
                "name": "nginx", "args": ["-g", "daemon off;"], "dir": "/",
                "env": {"PATH": "/bin", "my.key": "/root/x"},
            })
        );
        assert_eq!(services["entry"].running_delay, 2);
    }

    #[test]
    fn a_broken_text_is_an_error() {
        for broken in ["[startup", "[startup.x]\nargs = 1", "startup = 7"] {
            assert!(parse(broken, &IndexMap::new()).is_err(), "{broken}");
        }
        assert!(parse("", &IndexMap::new()).unwrap().is_empty());
    }
}
