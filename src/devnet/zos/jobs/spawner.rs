//! The thread that starts processes.
//!
//! The kernel can end a process together with the *thread* that started it. Threads of a runtime
//! come and go, so one that lives as long as the runner starts all processes of a node.
use std::io;
use std::process::{Child, Command};
use std::sync::mpsc;

use tokio::sync::oneshot;

type Order = (Command, oneshot::Sender<io::Result<Child>>);

/// Starts processes on a thread of its own, which ends when this is dropped.
#[derive(Debug)]
pub struct Spawner {
    orders: mpsc::Sender<Order>,
}

impl Spawner {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system has no room for it.
    pub fn new() -> io::Result<Self> {
        let (orders, inbox) = mpsc::channel::<Order>();
        std::thread::Builder::new()
            .name("zos-spawn".into())
            .spawn(move || {
                for (mut command, answer) in inbox {
                    let started = command.spawn();
                    if let Err(Ok(mut unwanted)) = answer.send(started) {
                        // Who ordered it is gone.
                        let _ = unwanted.kill();
                        let _ = unwanted.wait();
                    }
                }
            })?;
        Ok(Spawner { orders })
    }

    /// Starts a process.
    ///
    /// # Errors
    /// The system's.
    pub async fn spawn(&self, command: Command) -> io::Result<Child> {
        let (answer, started) = oneshot::channel();
        let gone = || io::Error::other("the node is stopping");
        self.orders.send((command, answer)).map_err(|_| gone())?;
        started.await.map_err(|_| gone())?
    }
}
