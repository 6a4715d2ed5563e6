//! A devnet in a process of its own: this test binary, started again with one test to run.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use kosmos::devnet::{Clock, Config, Devnet};

/// Time that every child's clock shows, so that nothing depends on when tests run.
const NOW: u64 = 1_800_000_000;

/// Arguments that make this binary run a devnet in the foreground on a folder.
pub fn arguments(dir: &Path) -> Vec<String> {
    let dir = format!("dir={}", dir.display());
    ["--exact", "devnet::child::run_devnet", "--nocapture", &dir]
        .map(str::to_owned)
        .into()
}

pub fn executable() -> PathBuf {
    std::env::current_exe().unwrap()
}

pub fn spawn(dir: &Path) -> Child {
    spawn_with(dir, &[])
}

/// With `step=name` it kills itself before the broker takes that step.
pub fn spawn_with(dir: &Path, more: &[String]) -> Child {
    Command::new(executable())
        .args(arguments(dir))
        .args(more)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Dies as from `kill -9` at the step that the command line names.
fn end_at(step: &str) {
    let ends_at = std::env::args().find_map(|a| a.strip_prefix("step=").map(str::to_owned));
    if ends_at.as_deref() == Some(step) {
        // SAFETY: kill takes two numbers, and this process is its own to kill.
        unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
        loop {
            std::thread::park();
        }
    }
}

/// Not a test of its own: runs a devnet until it is stopped, when a folder is given.
#[test]
fn run_devnet() {
    let Some(dir) = std::env::args().find_map(|a| a.strip_prefix("dir=").map(PathBuf::from)) else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let config = Config {
            port: 0,
            block_time: Some(Duration::from_millis(30)),
            clock: Clock::from_source(|| NOW),
            program: Some(env!("CARGO_BIN_EXE_kosmos").into()),
            deploy_pauses: [Duration::from_millis(10); 3],
            on_step: Some(end_at),
            ..Config::new(dir)
        };
        let devnet = Devnet::start(config).await.unwrap();
        devnet.stop_requested().await;
        devnet.stop().await;
    });
}
