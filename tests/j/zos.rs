//! `j.clients.zos` typed as in the recordings of a real node: the same commands are pushed, and
//! the same answers come back.
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use kosmos::zos::protocol::{Job, JobResult, State};
use serde_json::Value as Json;

use super::Session;
use crate::zos::fake::{Fake, Memory};
use crate::zos::vectors;

/// What the recorder called `collect`.
const COLLECT: &str = "fn collect(job) { let all = []; job.stream(|level, text, flags| \
    all.push([level, text, flags])); all }";

/// Flists of the recorded node.
const FLISTS: &str = "http://127.0.0.1:8000/";

/// A push that was recorded, with the result it got.
#[derive(Clone)]
struct Recorded {
    command: Json,
    result: Option<Json>,
}

/// What is left of the case that is played.
#[derive(Default)]
struct Script {
    left: VecDeque<Recorded>,
    all: Vec<Recorded>,
    /// Results of the whole file by id: some are read by a later case than the one that pushed.
    results: HashMap<String, Json>,
    unexpected: Vec<String>,
}

/// Questions that the original repeats; ours asks once.
fn is_repeated(command: &str) -> bool {
    matches!(command, "core.ping" | "corex.get")
}

fn same(job: &Job, recorded: &Json) -> bool {
    let job = serde_json::to_value(job).unwrap();
    [
        "command",
        "arguments",
        "queue",
        "max_time",
        "stream",
        "tags",
        "recurring_period",
    ]
    .iter()
    .all(|key| job[key] == recorded[key])
}

impl Script {
    fn take(&mut self, job: &Job) -> Option<Recorded> {
        if is_repeated(&job.command) {
            if let Some(at) = self.left.iter().position(|r| same(job, &r.command)) {
                return self.left.remove(at);
            }
            return self
                .all
                .iter()
                .rev()
                .find(|r| same(job, &r.command))
                .cloned();
        }
        while self.left.front().is_some_and(|r| {
            is_repeated(r.command["command"].as_str().unwrap()) && !same(job, &r.command)
        }) {
            self.left.pop_front();
        }
        let next = self.left.front()?;
        same(job, &next.command)
            .then(|| self.left.pop_front())
            .flatten()
    }

    fn begin(&mut self, case: &Json, memory: &mut Memory) {
        self.left.clear();
        let exchanges = case["redis"].as_array().unwrap();
        for exchange in exchanges {
            let Some(text) = exchange["reply"].as_str() else {
                continue;
            };
            if let Some(id) = exchange["result"]["id"].as_str() {
                memory.results.insert(id.into(), text.into());
                memory.known.insert(id.into());
            }
        }
        for exchange in exchanges {
            if let (Some(key), Some(text)) =
                (exchange["send"][1].as_str(), exchange["reply"][1].as_str())
                && let Some(id) = key.strip_prefix("stream:")
            {
                memory
                    .streams
                    .entry(id.into())
                    .or_default()
                    .push_back(text.into());
            }
            let command = &exchange["command"];
            if command["id"].is_string() {
                let recorded = Recorded {
                    command: command.clone(),
                    result: self.results.get(command["id"].as_str().unwrap()).cloned(),
                };
                self.left.push_back(recorded.clone());
                self.all.push(recorded);
            }
        }
    }
}

/// A session whose `vm` is played from recordings.
struct Play {
    session: Session,
    fake: Fake,
    script: Arc<Mutex<Script>>,
}

impl Play {
    fn new() -> Play {
        let script = Arc::new(Mutex::new(Script::default()));
        let shared = script.clone();
        let fake = Fake::start(Box::new(move |job, memory| {
            let mut script = shared.lock().unwrap();
            let Some(recorded) = script.take(job) else {
                script.unexpected.push(serde_json::to_string(job).unwrap());
                return Some(JobResult {
                    id: job.id.clone(),
                    state: State::UnknownCommand,
                    ..JobResult::default()
                });
            };
            let result = recorded.result.or_else(|| {
                let id = recorded.command["id"].as_str()?;
                serde_json::from_str(memory.results.get(id)?).ok()
            })?;
            let mut result: JobResult = serde_json::from_value(result).unwrap();
            result.id = job.id.clone();
            Some(result)
        }));
        let mut session = Session::new(Default::default());
        session.says(&format!(
            "vm = j.clients.zos.new('my_vm', host='127.0.0.1', port={}, ssl=False, timeout=1)\n\
             c = vm.client\nU = '{FLISTS}'",
            fake.port
        ));
        Play {
            session,
            fake,
            script,
        }
    }

    /// Plays all cases of a file but those that are named in [`NOT_TYPED`].
    fn file(&mut self, name: &str, typed: fn(&str, &str) -> String) {
        let mut played = 0;
        let mut wrong = Vec::new();
        let mut used = Vec::new();
        for case in vectors(name)["cases"].as_array().unwrap() {
            for exchange in case["redis"].as_array().unwrap() {
                if let Some(id) = exchange["result"]["id"].as_str() {
                    let mut script = self.script.lock().unwrap();
                    script
                        .results
                        .entry(id.into())
                        .or_insert(exchange["result"].clone());
                }
            }
        }
        for case in vectors(name)["cases"].as_array().unwrap() {
            let (title, call) = (
                case["name"].as_str().unwrap(),
                case["call"].as_str().unwrap(),
            );
            self.script
                .lock()
                .unwrap()
                .begin(case, &mut self.fake.memory());
            let named = NOT_TYPED
                .iter()
                .find(|(file, word, _)| *file == name && (call.contains(word) || title == *word));
            if let Some(named) = named {
                used.push(named.1);
                continue;
            }
            let input = typed(title, call);
            played += 1;
            if let Err(what) = self.case(case, &input) {
                wrong.push(format!("{title}: {input}: {what}"));
            }
        }
        assert!(
            wrong.is_empty(),
            "{} of {played}\n{}",
            wrong.len(),
            wrong.join("\n")
        );
        for (file, word, why) in NOT_TYPED.iter().filter(|(file, ..)| *file == name) {
            assert!(used.contains(word), "{file}: no case has '{word}' ({why})");
        }
        assert!(played > 10, "{played}");
    }

    fn case(&mut self, case: &Json, input: &str) -> Result<(), String> {
        let answer = self.session.value(input);
        let mut script = self.script.lock().unwrap();
        let unexpected = std::mem::take(&mut script.unexpected);
        if !unexpected.is_empty() {
            return Err(format!("pushed {}", unexpected.join(", ")));
        }
        let left: Vec<&str> = script
            .left
            .iter()
            .filter_map(|r| r.command["command"].as_str())
            .filter(|command| !is_repeated(command))
            .collect();
        if !left.is_empty() {
            return Err(format!("did not push {left:?}; {answer:?}"));
        }
        match (answer, case.get("raised")) {
            (Ok(value), None) => fits(&case["returned"], &value.to_json(), input),
            (Err(error), Some(raised)) => {
                let said = raised["message"].as_str().unwrap();
                let said = serde_json::from_str::<String>(said).unwrap_or_else(|_| said.into());
                let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
                // Checks of arguments, time-outs and failures without a text are worded by us.
                let ours = raised["type"] != "ResultError" && raised["type"] != "LookupError";
                if ours || said.is_empty() || error.message == said {
                    Ok(())
                } else {
                    Err(format!("said '{}' instead of '{said}'", error.message))
                }
            }
            (Ok(value), Some(raised)) => Err(format!("{:?} instead of {raised}", value.to_json())),
            (Err(error), None) => Err(error.to_string()),
        }
    }
}

/// Compares what was answered, as far as it does not differ from run to run.
fn fits(returned: &Json, answer: &Json, input: &str) -> Result<(), String> {
    if input.contains(" = ")
        || returned.get("$response").is_some()
        || returned.get("$object").is_some()
    {
        return Ok(());
    }
    // Several results at once were compared one by one; ours says how much was uploaded.
    if input.contains(".upload(") || input.contains("q1.get()") {
        return Ok(());
    }
    let expected = match returned.get("$return") {
        Some(result) => {
            let mut answer = answer.clone();
            answer["id"] = result["payload"]["id"].clone();
            return match answer == result["payload"] {
                true => Ok(()),
                false => Err(format!("{answer} instead of {}", result["payload"])),
            };
        }
        None => match returned.get("$bytes_hex") {
            Some(hex) => hex.clone(),
            None => returned.clone(),
        },
    };
    if expected.to_string().contains("$sha256") || *answer == expected {
        return Ok(());
    }
    Err(format!("{answer} instead of {expected}"))
}

/// Cases that are not typed here, by a word of their call or by their name, and why.
const NOT_TYPED: &[(&str, &str, &str)] = &[
    (
        "exec.json",
        "c.redis",
        "reads keys past the client; the node's side plays it",
    ),
    ("exec.json", "starttime >=", "compares times of two runs"),
    (
        "exec.json",
        "len(x.",
        "counts lines of a result that was cut in the recording",
    ),
    (
        "exec.json",
        ".running]",
        "asks while the recorded job runs; tests/zos asks a real node",
    ),
    (
        "exec.json",
        "arguments are null: built in",
        "None means no arguments here",
    ),
    (
        "exec.json",
        "arguments are null: system",
        "None means no arguments here",
    ),
    (
        "exec.json",
        "result after signal 9",
        "its job was made outside of the recording",
    ),
    (
        "stream.json",
        "c.redis",
        "reads keys past the client; the node's side plays it",
    ),
    (
        "stream.json",
        "printed(",
        "a function of the recorder; printing is tested in zos_use",
    ),
    (
        "filesystem.json",
        "io.BytesIO",
        "Python's readers; tests/zos moves bytes both ways",
    ),
    (
        "filesystem.json",
        "big",
        "its bytes were cut in the recording",
    ),
    (
        "filesystem.json",
        "buf",
        "Python's readers; tests/zos moves bytes both ways",
    ),
    ("container.json", " for ", "a comprehension of Python"),
    ("container.json", "sorted(", "a function of Python"),
    ("network.json", " for ", "a comprehension of Python"),
    ("network.json", "sorted(", "a function of Python"),
    (
        "misc.json",
        "logged(",
        "a function of the recorder; the node's side plays it",
    ),
    ("misc.json", "sorted(", "a function of Python"),
    (
        "user_level.json",
        "str(vm),",
        "the recorded port; equality of texts is tested in zos_use",
    ),
];

#[test]
fn facts_are_asked_as_recorded() {
    Play::new().file("info.json", |_, call| {
        // Python's `*types` is a list here.
        let call = call.replace("dmi('bios')", "dmi(['bios'])");
        let call = call.replace("dmi('wings')", "dmi(['wings'])");
        call.replace("dmi(77)", "dmi([77])")
    });
}

#[test]
fn commands_run_as_recorded() {
    Play::new().file("exec.json", |_, call| call.to_string());
}

#[test]
fn output_is_followed_as_recorded() {
    let mut play = Play::new();
    play.session.says(COLLECT);
    play.file("stream.json", |_, call| call.to_string());
}

#[test]
fn files_are_read_and_written_as_recorded() {
    Play::new().file("filesystem.json", |_, call| call.to_string());
}

#[test]
fn containers_are_made_as_recorded() {
    let mut play = Play::new();
    play.session.says(COLLECT);
    play.file("container.json", |title, call| {
        let call = call.replace("find('web', 'demo')", "find(['web', 'demo'])");
        let call = call.replace("find('web', 'other')", "find(['web', 'other'])");
        let call = call.replace("io.BytesIO(b'uploaded\\n')", "'uploaded\\n'");
        // Tuples are lists here.
        let call = call.replace("[('memory', 'none')]", "[['memory', 'none']]");
        match title {
            "its id" if call.starts_with("i = ") => {
                "i = cr.get(); k = c.container.client(i)".into()
            }
            "its id" if call.starts_with("i2") => {
                "i2 = cr.get(); k2 = c.container.client(i2)".into()
            }
            _ => call,
        }
    });
}

#[test]
fn networks_are_changed_as_recorded() {
    Play::new().file("network.json", |_, call| call.to_string());
}

#[test]
fn everything_else_is_asked_as_recorded() {
    let mut play = Play::new();
    play.session.says("pid = 798");
    play.file("misc.json", |_, call| {
        call.replace("subscribe('mylogs', 1, 2)", "subscribe('mylogs', [1, 2])")
    });
}

#[test]
fn a_user_of_a_node_types_what_was_recorded() {
    Play::new().file("user_level.json", |_, call| {
        // Tuples are lists here.
        let call = call.replace("network=('tcp', 'tcp6')", "network=['tcp', 'tcp6']");
        call.replace(
            "[str(x) for x in vm.containers.list()]",
            "[str(vm.containers.list()[0])]",
        )
    });
}
