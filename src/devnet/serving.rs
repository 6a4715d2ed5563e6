//! An HTTP server with an address of its own, beside those of the devnet itself.
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::error::{Error, Result};
use super::http::LimitedListener;
use super::stopping::stopped;

/// How long requests may take to end when it stops.
const PATIENCE: Duration = Duration::from_secs(1);

/// Who sent a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) SocketAddr);

impl Connected<IncomingStream<'_, LimitedListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, LimitedListener>) -> Self {
        Self(*stream.remote_addr())
    }
}

/// Serves until it is told to stop. Requests learn who sent them, as a [`Peer`].
pub(super) fn serve(
    listener: LimitedListener,
    app: Router,
    stopping: watch::Receiver<bool>,
) -> JoinHandle<()> {
    let app = app.into_make_service_with_connect_info::<Peer>();
    tokio::spawn(async move {
        let serving = axum::serve(listener, app);
        // Serving ends when it is told to, never with an error of its own.
        let _ = serving.with_graceful_shutdown(stopped(stopping)).await;
    })
}

/// A server that runs in this process, until it is stopped or dropped.
#[derive(Debug)]
pub struct Serving {
    addr: SocketAddr,
    stop: watch::Sender<bool>,
    runner: Option<JoinHandle<()>>,
}

impl Serving {
    /// Serves on the tokio runtime that this is called on. Port 0 takes a free one.
    ///
    /// # Errors
    /// When the port is taken.
    pub(super) async fn start(listen: SocketAddr, app: Router) -> Result<Self> {
        Self::start_with(listen, |_| Ok(app)).await
    }

    /// The same for what must know its own address.
    ///
    /// # Errors
    /// When the port is taken, and those of `app`.
    pub(super) async fn start_with(
        listen: SocketAddr,
        app: impl FnOnce(SocketAddr) -> Result<Router>,
    ) -> Result<Self> {
        let fail = |source| Error::Listen {
            addr: listen,
            source,
        };
        let listener = LimitedListener::bind(listen).await.map_err(fail)?;
        let addr = listener.local_addr().map_err(fail)?;
        let app = app(addr)?;
        let (stop, stopping) = watch::channel(false);
        Ok(Self {
            addr,
            stop,
            runner: Some(serve(listener, app, stopping)),
        })
    }

    /// The address it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Stops it. Open requests may end first; one that does not holds nobody up.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        if let Some(runner) = self.runner.take() {
            let _ = tokio::time::timeout(PATIENCE, runner).await;
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
    }
}
