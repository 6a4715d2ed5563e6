//! The worker of a container: takes jobs from the node and runs them.

use std::io;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::net::unix::OwnedWriteHalf;
use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::super::dial;
use super::super::frame::{self, FromInit, Ready, Said, SetUp, ToInit};
use super::machinery;
use super::startup::{self, Progress};

/// How long last messages may take to reach the node.
const FLUSH_PATIENCE: Duration = Duration::from_secs(2);

/// Works until the node says stop, or is gone.
pub fn run(control: StdUnixStream, dial: StdUnixStream, set_up: &SetUp, ready: Ready) -> ExitCode {
    std::thread::spawn(move || dial::serve(dial));
    let done = Builder::new_current_thread()
        .enable_all()
        .build()
        .and_then(|runtime| runtime.block_on(work(control, set_up, ready)));
    if done.is_ok() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

async fn work(control: StdUnixStream, set_up: &SetUp, ready: Ready) -> io::Result<()> {
    control.set_nonblocking(true)?;
    let (mut from, mut to) = UnixStream::from_std(control)?.into_split();
    let (said, outgoing) = mpsc::unbounded_channel();
    let progress = Arc::new(Progress::default());
    let runner = machinery::make(set_up, said, Arc::clone(&progress))?;
    let services = startup::services(&set_up.env);
    to.write_all(&frame::encode(&FromInit::Ready(ready))?)
        .await?;
    // Before the first command: a client finds the services in the list of jobs.
    startup::start(&services, &runner, &progress);
    let writing = tokio::spawn(write(to, outgoing));
    while let Some(message) = frame::read_async::<ToInit>(&mut from).await? {
        match message {
            ToInit::Run(job) => {
                runner.start(*job);
            }
            ToInit::Stop => {
                let patience = Duration::from_millis(set_up.patience_ms);
                runner.stop_within(patience).await;
                break;
            }
            // A container is built once.
            ToInit::SetUp(_) => {}
        }
    }
    drop(runner);
    let _ = timeout(FLUSH_PATIENCE, writing).await;
    Ok(())
}

async fn write(mut to: OwnedWriteHalf, mut outgoing: mpsc::UnboundedReceiver<Said>) {
    while let Some(message) = outgoing.recv().await {
        // A message that cannot be sent is lost; the next may get through.
        if let Ok(bytes) = frame::encode(&FromInit::Job(message))
            && to.write_all(&bytes).await.is_err()
        {
            return;
        }
    }
}
