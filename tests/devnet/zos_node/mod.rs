//! The devnet's Zero-OS node: against what was recorded from a real one, and against abuse.
mod faults;
mod flists;
mod followers;
mod forwards;
mod groups;
mod image;
mod keys;
mod limits;
mod replay;
mod services;
mod tokens;
mod user_level;
mod wire;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use kosmos::devnet::zos::guard::Guard;
use kosmos::devnet::zos::{Config, Handle, ZosNode};
use tempfile::TempDir;

/// A node on a free port and a runtime of its own, gone at the end.
pub struct Running {
    pub addr: SocketAddr,
    pub dir: TempDir,
    pub handle: Option<Handle>,
    pub runtime: tokio::runtime::Runtime,
}

impl Running {
    pub fn start() -> Running {
        Running::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut Config)) -> Running {
        let dir = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let mut config = config(dir.path());
        change(&mut config);
        let handle = runtime.block_on(ZosNode::start(config)).unwrap();
        Running {
            addr: handle.addr(),
            dir,
            handle: Some(handle),
            runtime,
        }
    }

    /// Why jobs do not see the node's own files, if they do not.
    pub fn without_view(&self) -> Option<String> {
        let notices = self.handle.as_ref().unwrap().notices();
        notices
            .iter()
            .find(|text| text.contains("jobs see"))
            .cloned()
    }

    pub fn client(&self) -> wire::Client {
        wire::Client::connect(self.addr)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(handle) = self.handle.take() {
            self.runtime.block_on(handle.stop());
        }
    }
}

pub fn config(dir: &std::path::Path) -> Config {
    let mut config = Config::new(dir.join("node"));
    config.listen = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
    config.env = std::env::vars_os().collect();
    config.guard = Guard::Open;
    config
}

pub use crate::skipped::skipped;
