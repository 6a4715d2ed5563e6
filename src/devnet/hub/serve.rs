//! A hub by itself, without the rest of a devnet.
use std::net::SocketAddr;

use axum::serve::Listener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::{Hub, HubConfig};
use crate::devnet::error::{Error, Result};
use crate::devnet::http::LimitedListener;
use crate::devnet::{router, serve};

/// A hub that runs in this process until it is dropped.
#[derive(Debug)]
pub struct Running {
    addr: SocketAddr,
    task: JoinHandle<()>,
    _stop: watch::Sender<bool>,
}

impl Running {
    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Starts a hub on the tokio runtime that this is called on; port 0 takes a free one.
///
/// # Errors
/// A taken port; a folder that cannot be made.
pub async fn start(listen: SocketAddr, config: HubConfig) -> Result<Running> {
    let fail = |source| Error::Listen {
        addr: listen,
        source,
    };
    let listener = LimitedListener::bind(listen).await.map_err(fail)?;
    let addr = listener.local_addr().map_err(fail)?;
    let dir = config.dir.clone();
    let hub = Hub::open(config, addr).map_err(Error::file("cannot open", dir))?;
    let (stop, stopping) = watch::channel(false);
    let task = serve(listener, router(&hub, addr, Hub::answer), stopping);
    Ok(Running {
        addr,
        task,
        _stop: stop,
    })
}
