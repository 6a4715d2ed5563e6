//! A runtime for backends of the network, whose calls are blocking.
use std::sync::mpsc;

use tokio::runtime::{Builder, Runtime};

use super::BackendError;

/// Runs async work for callers that wait.
#[derive(Debug)]
pub(super) struct Driver(Option<Runtime>);

impl Driver {
    /// Starts one thread.
    pub(super) fn start(backend: &str) -> Result<Self, BackendError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("chunks")
            .enable_all()
            .build();
        let failed = |e: std::io::Error| BackendError {
            backend: backend.to_owned(),
            reason: format!("cannot start a thread: {e}"),
        };
        Ok(Self(Some(runtime.map_err(failed)?)))
    }

    /// Waits for a future. It may be called from within another runtime: the future runs in ours,
    /// and only the calling thread is held.
    pub(super) fn wait<T: Send + 'static>(
        &self,
        backend: &str,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, BackendError> {
        let (send, receive) = mpsc::sync_channel(1);
        if let Some(runtime) = &self.0 {
            runtime.spawn(async move {
                // Who does not wait any more needs no answer.
                let _ = send.send(future.await);
            });
        }
        receive.recv().map_err(|_| BackendError {
            backend: backend.to_owned(),
            reason: "the request was broken off".into(),
        })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // A runtime may not be waited for within another one.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
