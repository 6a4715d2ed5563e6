//! The worker of a container: takes commands from the node and runs them.

use std::io;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::process::ExitCode;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::net::unix::OwnedWriteHalf;
use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::super::dial;
use super::super::frame::{self, FromInit, Ready, SetUp, ToInit};
use super::super::runner::{Inside, MakeRunner};

/// How long last messages may take to reach the node.
const FLUSH_PATIENCE: Duration = Duration::from_secs(2);

/// Works until the node says stop, or is gone.
pub fn run(
    control: StdUnixStream,
    dial: StdUnixStream,
    set_up: &SetUp,
    ready: Ready,
    make: MakeRunner,
) -> ExitCode {
    std::thread::spawn(move || dial::serve(dial));
    let done = Builder::new_current_thread()
        .enable_all()
        .build()
        .and_then(|runtime| runtime.block_on(work(control, set_up, ready, make)));
    if done.is_ok() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

async fn work(
    control: StdUnixStream,
    set_up: &SetUp,
    ready: Ready,
    make: MakeRunner,
) -> io::Result<()> {
    control.set_nonblocking(true)?;
    let (mut from, mut to) = UnixStream::from_std(control)?.into_split();
    to.write_all(&frame::encode(&FromInit::Ready(ready))?)
        .await?;
    let (outlet, outgoing) = mpsc::unbounded_channel();
    let inside = Inside {
        container: set_up.id,
        env: set_up.env.clone(),
        patience: Duration::from_millis(set_up.patience_ms),
    };
    let runner = make(inside, outlet);
    let writing = tokio::spawn(write(to, outgoing));
    while let Some(message) = frame::read_async::<ToInit>(&mut from).await? {
        match message {
            ToInit::Run(envelope) => runner.run(envelope),
            ToInit::Stop => {
                runner.stop().await;
                break;
            }
            // A container is built once.
            ToInit::SetUp(_) | ToInit::Connected => {}
        }
    }
    drop(runner);
    let _ = timeout(FLUSH_PATIENCE, writing).await;
    Ok(())
}

async fn write(mut to: OwnedWriteHalf, mut outgoing: mpsc::UnboundedReceiver<serde_json::Value>) {
    while let Some(message) = outgoing.recv().await {
        // A message that cannot be sent is lost; the next may get through.
        if let Ok(bytes) = frame::encode(&FromInit::Job(message))
            && to.write_all(&bytes).await.is_err()
        {
            return;
        }
    }
}
