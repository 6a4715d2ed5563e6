//! The services that a container starts by itself: `/.startup.toml` (flist spec: 11).
mod condition;

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
    /// It is started only if this holds of the kernel's parameters; empty always holds.
    #[serde(default)]
    pub condition: String,
}

fn usual_delay() -> i64 {
    USUAL_DELAY
}

/// Names with values, which `{name}` and conditions look at.
pub type Values = IndexMap<String, String>;

/// Reads the services of this container; a missing or broken file has none.
pub fn services(env: &Values) -> IndexMap<String, Service> {
    let mut text = String::new();
    let plain = std::fs::metadata(PATH).is_ok_and(|about| about.is_file());
    let read = File::open(PATH).map(|file| file.take(LONGEST).read_to_string(&mut text));
    let kernel = std::fs::read_to_string("/proc/cmdline").unwrap_or_default();
    match read {
        Ok(Ok(_)) if plain => parse(&text, env, &parameters(&kernel)).unwrap_or_default(),
        _ => IndexMap::new(),
    }
}

/// Reads the parameters with which a kernel was started: `name` or `name=value`, apart by spaces;
/// in double quotes a value may hold spaces.
pub fn parameters(text: &str) -> Values {
    let mut quoted = false;
    let words = text.split(|c: char| {
        quoted ^= c == '"';
        c.is_whitespace() && !quoted
    });
    let words = words.map(|word| word.replace('"', ""));
    let pairs = words.filter(|word| !word.is_empty()).map(|word| {
        let (name, value) = word.split_once('=').unwrap_or((&word, ""));
        (name.to_owned(), value.to_owned())
    });
    pairs.collect()
}

/// Reads a text of services. In their arguments `{name}` becomes the value of that name, and an
/// entry `condition|key` stays, as `key`, only if the condition holds: first by the environment,
/// then by the kernel's parameters, which also decide whether a service is there at all.
///
/// # Errors
/// What is wrong with the text, and where. A condition that cannot be read does not hold.
pub fn parse(
    text: &str,
    env: &Values,
    kernel: &Values,
) -> Result<IndexMap<String, Service>, String> {
    let startup: Startup = toml::from_str(text).map_err(|e| e.to_string())?;
    let mut services = startup.startup;
    services.retain(|_, service| {
        service.condition.is_empty() || condition::holds(&service.condition, kernel)
    });
    for service in services.values_mut() {
        for values in [env, kernel] {
            let entries = std::mem::take(&mut service.args).into_iter();
            service.args = filled_in(entries, values).collect();
        }
    }
    Ok(services)
}

/// Decides the entries with conditions, and fills the others in.
fn filled_in<'a>(
    entries: impl Iterator<Item = (String, Value)> + 'a,
    values: &'a Values,
) -> impl Iterator<Item = (String, Value)> + 'a {
    entries.filter_map(|(name, mut value)| {
        let name = match name.rsplit_once('|') {
            Some((condition, key)) if condition::holds(condition.trim(), values) => {
                key.trim().to_owned()
            }
            Some(_) => return None,
            None => name,
        };
        fill_in(&mut value, values);
        Some((name, value))
    })
}

fn fill_in(value: &mut Value, values: &Values) {
    match value {
        Value::String(text) if text.contains('{') => *text = replaced(text, values),
        Value::Array(items) => items.iter_mut().for_each(|item| fill_in(item, values)),
        Value::Object(map) => {
            let entries = std::mem::take(map).into_iter();
            *map = filled_in(entries, values).collect();
        }
        _ => {}
    }
}

/// Puts values in place of their names. What is put in is not looked at again, and a name that
/// nobody knows stays as it is.
fn replaced(text: &str, values: &Values) -> String {
    let mut done = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        done.push_str(before);
        let known = after.split_once('}');
        match known.and_then(|(name, after)| Some((values.get(name)?, after))) {
            Some((value, after)) => {
                done.push_str(value);
                rest = after;
            }
            None => {
                done.push('{');
                rest = after;
            }
        }
    }
    done.push_str(rest);
    done
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
        let services = parse(text, &env, &Values::new()).unwrap();
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
            assert!(
                parse(broken, &Values::new(), &Values::new()).is_err(),
                "{broken}"
            );
        }
        let none = parse("", &Values::new(), &Values::new()).unwrap();
        assert!(none.is_empty());
    }

    fn values(pairs: &[(&str, &str)]) -> Values {
        let pairs = pairs.iter().map(|(name, value)| (*name, *value));
        pairs.map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
    }

    #[test]
    fn parameters_of_a_kernel_have_values_or_none() {
        let read = parameters("quiet root=/dev/vda  opt=a=b name=\"two words\" \n");
        let wanted = [
            ("quiet", ""),
            ("root", "/dev/vda"),
            ("opt", "a=b"),
            ("name", "two words"),
        ];
        assert_eq!(read, values(&wanted));
    }

    #[test]
    fn conditions_decide_services_and_arguments() {
        let text = r#"
            [startup.always]
            name = "core.system"
            [startup.always.args]
            name = "{TOOL}"
            args = ["--zone", "{zone}", "{unknown}", "{", "{}"]
            "DEBUG|dir" = "/debug"
            "not(DEBUG)|stdin" = "silent"
            "zone|late" = "decided by the environment alone"
            [startup.always.args.env]
            "and(DEBUG, not(QUIET))|LEVEL" = "{LEVEL}"
            [startup.with]
            name = "bash"
            condition = "and(zone, or(farm, not(quiet)))"
            [startup.without]
            name = "bash"
            condition = "not(zone)"
            [startup.broken]
            name = "bash"
            condition = "and(zone"
        "#;
        let env = values(&[("TOOL", "{zone}"), ("DEBUG", ""), ("LEVEL", "9")]);
        let kernel = values(&[("zone", "red")]);
        let services = parse(text, &env, &kernel).unwrap();
        assert_eq!(services.keys().collect::<Vec<_>>(), ["always", "with"]);
        assert_eq!(
            services["always"].job("always").arguments,
            serde_json::json!({
                // The second pass looks at what the first put in.
                "name": "red",
                "args": ["--zone", "red", "{unknown}", "{", "{}"],
                "dir": "/debug",
                "env": {"LEVEL": "9"},
            })
        );
    }

    /// Every text that the converter of images writes, against the image it wrote it for.
    #[test]
    fn converted_images_are_read_as_they_were_written() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/vectors/flist/startup_toml.json"
        );
        let cases: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        for case in cases.as_array().unwrap() {
            let image = &case["image_config"];
            let text = case["startup_toml"].as_str().unwrap();
            let services = parse(text, &Values::new(), &Values::new()).unwrap();
            assert_eq!(services.keys().collect::<Vec<_>>(), ["entry"], "{image}");
            let job = services["entry"].job("entry");
            assert_eq!(
                (job.id.as_str(), job.command.as_str()),
                ("entry", "core.system")
            );
            // An entry point of several words is the command; else it goes in front of it.
            let (entry, command) = (list(&image["Entrypoint"]), list(&image["Cmd"]));
            let words = match entry.len() {
                0 => command,
                1 => [entry, command].concat(),
                _ => entry,
            };
            let (name, args) = words.split_first().unwrap();
            let mut wanted = serde_json::json!({"name": name, "args": args,
                "dir": image["WorkingDir"].as_str().unwrap_or("/")});
            if args.is_empty() && image["Cmd"].is_null() {
                // Written as a comment: there is no such key.
                wanted.as_object_mut().unwrap().remove("args");
            }
            let env = list(&image["Env"]).into_iter().map(|pair| {
                let pair = pair.as_str().unwrap();
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                (name.to_owned(), Value::from(value))
            });
            wanted["env"] = Value::Object(env.collect());
            assert_eq!(job.arguments, wanted, "{image}");
        }
    }
}
