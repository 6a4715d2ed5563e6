//! A hub by itself, without the rest of a devnet.
use std::net::SocketAddr;

use super::{Hub, HubConfig};
use crate::devnet::error::{Error, Result};
use crate::devnet::{Serving, router};

/// Starts a hub on the tokio runtime that this is called on; port 0 takes a free one.
///
/// # Errors
/// A taken port; a folder that cannot be made.
pub async fn start(listen: SocketAddr, config: HubConfig) -> Result<Serving> {
    Serving::start_with(listen, |addr| {
        let dir = config.dir.clone();
        let hub = Hub::open(config, addr).map_err(Error::file("cannot open", dir))?;
        Ok(router(&hub, addr, Hub::answer))
    })
    .await
}
