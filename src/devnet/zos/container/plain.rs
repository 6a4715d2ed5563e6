//! The plainest runner: `core.ping`, `core.system`, `bash`. It stands in until the node's job
//! machinery takes its place, and shows what a runner has to do.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio::task::JoinSet;
use tokio::time::timeout;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::runner::{Inside, Outlet, Runner};

/// Makes the runner (a [`super::MakeRunner`]).
pub fn make(inside: Inside, outlet: Outlet) -> Arc<dyn Runner> {
    Arc::new(Plain {
        inside,
        outlet,
        running: Arc::default(),
        tasks: Mutex::default(),
    })
}

struct Plain {
    inside: Inside,
    outlet: Outlet,
    running: Arc<Mutex<HashMap<String, u32>>>,
    tasks: Mutex<JoinSet<()>>,
}

impl Runner for Plain {
    fn run(&self, envelope: Value) {
        let (inside, outlet) = (self.inside.clone(), self.outlet.clone());
        let running = Arc::clone(&self.running);
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.spawn(async move {
            let result = execute(&inside, &envelope, &running).await;
            // The node is gone: nobody wants the result.
            let _ = outlet.send(result);
        });
    }

    fn stop(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            self.signal(Signal::SIGTERM);
            let mut tasks = {
                let mut held = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
                std::mem::take(&mut *held)
            };
            let ended = async { while tasks.join_next().await.is_some() {} };
            if timeout(self.inside.patience, ended).await.is_err() {
                self.signal(Signal::SIGKILL);
            }
        })
    }
}

impl Plain {
    fn signal(&self, signal: Signal) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        for pid in running.values().filter_map(|pid| i32::try_from(*pid).ok()) {
            // One that ended meanwhile is fine.
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }
}

async fn execute(
    inside: &Inside,
    envelope: &Value,
    running: &Mutex<HashMap<String, u32>>,
) -> Value {
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let id = text(envelope, "id");
    let answer = |state: &str, code: i32, data: String, streams: [String; 2]| {
        json!({
            "id": id, "command": envelope["command"], "data": data, "streams": streams,
            "state": state, "code": code, "container": inside.container,
        })
    };
    let arguments = &envelope["arguments"];
    let none = || [String::new(), String::new()];
    let mut command = match envelope["command"].as_str() {
        Some("core.ping") => return answer("SUCCESS", 0, "\"PONG\"".to_owned(), none()),
        Some("core.system") => {
            let mut command = Command::new(text(arguments, "name"));
            let words = arguments["args"].as_array().into_iter().flatten();
            command.args(words.filter_map(Value::as_str));
            command
        }
        Some("bash") => {
            let mut command = Command::new("sh");
            command.args(["-c", &text(arguments, "script")]);
            command
        }
        _ => return answer("UNKNOWN_CMD", 0, String::new(), none()),
    };
    command
        .env_clear()
        .envs(&inside.env)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(e) => return answer("ERROR", 404, e.to_string(), none()),
    };
    if let Some(pid) = child.id() {
        let mut running = running.lock().unwrap_or_else(PoisonError::into_inner);
        running.insert(id.clone(), pid);
    }
    let (input, out, err) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let given = text(arguments, "stdin");
    let feed = async move {
        if let Some(mut input) = input {
            let _ = input.write_all(given.as_bytes()).await;
        }
    };
    let (status, (), out, err) = tokio::join!(child.wait(), feed, collect(out), collect(err));
    running
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .remove(&id);
    match status.map(|status| status.code()) {
        Ok(Some(0)) => answer("SUCCESS", 0, String::new(), [out, err]),
        Ok(Some(code)) => answer("ERROR", 1000 + code, String::new(), [out, err]),
        Ok(None) => answer("ERROR", 999, String::new(), [out, err]),
        Err(e) => answer("ERROR", 0, e.to_string(), [out, err]),
    }
}

async fn collect(from: Option<impl tokio::io::AsyncRead + Unpin>) -> String {
    let mut bytes = Vec::new();
    if let Some(mut from) = from {
        let _ = from.read_to_end(&mut bytes).await;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
