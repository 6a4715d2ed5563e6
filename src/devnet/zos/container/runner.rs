//! What runs commands inside a container: the seam between a container's init and the job
//! machinery, which is the same code on the node and in its containers.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;
use serde_json::Value;
use tokio::sync::mpsc;

/// What a container's job machinery is told about where it runs.
#[derive(Clone, Debug)]
pub struct Inside {
    /// Number of the container (`core` of records, `container` of results).
    pub container: u16,
    /// Environment of every job: nothing else is inherited (the init's own is empty).
    pub env: IndexMap<String, String>,
    /// How long jobs have between SIGTERM and SIGKILL when the container stops.
    pub patience: Duration,
}

/// Takes what the machinery has to say to the node: whatever JSON the two agree on (records,
/// results). It arrives there as [`super::Event::Message`], in order.
pub type Outlet = mpsc::UnboundedSender<Value>;

/// Runs commands inside a container.
///
/// All calls come from one tokio runtime on one thread. Orphans are reaped by the container's
/// first process, so a runner waits for its own children only.
pub trait Runner: Send + Sync {
    /// Takes a command envelope and returns at once; messages and result go to the outlet.
    fn run(&self, envelope: Value);

    /// Ends all jobs: SIGTERM, some patience, SIGKILL.
    fn stop(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// Makes the runner of a container; called inside it, on its runtime.
pub type MakeRunner = fn(Inside, Outlet) -> Arc<dyn Runner>;
