//! Tests of the rooms `zdb` and `devnet::zdb`: the client against the server, the server against
//! whatever comes, and its files after a kill.
mod client;
mod damage;
mod hostile;
mod redis_cli;
mod rewrite;

use std::net::SocketAddr;
use std::path::Path;

use kosmos::devnet::zdb::{self, Handle, Mode, Settings};
use kosmos::zdb::{Client, Endpoint, Limits, Options, Selected};
use tokio::runtime::Runtime;

/// A server in this process, with a runtime of its own.
pub struct Server {
    runtime: Runtime,
    handle: Option<Handle>,
    dir: tempfile::TempDir,
}

pub fn settings(mode: Mode) -> Settings {
    Settings {
        mode,
        ..Settings::default()
    }
}

impl Server {
    pub fn start() -> Server {
        Server::with(settings(Mode::User))
    }

    pub fn with(settings: Settings) -> Server {
        let runtime = Runtime::new().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let handle = open(&runtime, 0, dir.path(), settings);
        Server {
            runtime,
            handle: Some(handle),
            dir,
        }
    }

    pub fn handle(&self) -> &Handle {
        self.handle.as_ref().unwrap()
    }

    pub fn folder(&self) -> &Path {
        self.dir.path()
    }

    pub fn port(&self) -> u16 {
        self.handle().addr().port()
    }

    pub fn url(&self) -> String {
        self.handle().url()
    }

    /// Stops it; the port stays known.
    pub fn stop(&mut self) -> SocketAddr {
        let handle = self.handle.take().unwrap();
        let addr = handle.addr();
        self.runtime.block_on(handle.stop());
        addr
    }

    /// Starts it again on the same port and folder.
    pub fn again(&mut self, addr: SocketAddr, settings: Settings) {
        self.handle = Some(open(&self.runtime, addr.port(), self.dir.path(), settings));
    }

    pub fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    pub fn options(&self) -> Options {
        let mut options = Options::new(Endpoint::Tcp {
            host: "127.0.0.1".into(),
            port: self.port(),
        });
        options.limits = Limits {
            pause: std::time::Duration::from_millis(10),
            ..Limits::default()
        };
        options
    }

    /// A client in the namespace that the server gives.
    pub fn client(&self) -> Client {
        Client::new(self.options())
    }

    pub fn client_of(&self, name: &str, password: &str) -> Client {
        let mut options = self.options();
        options.namespace = Some(Selected {
            name: name.into(),
            password: password.to_owned().into(),
        });
        Client::new(options)
    }
}

fn open(runtime: &Runtime, port: u16, folder: &Path, settings: Settings) -> Handle {
    let addr = SocketAddr::from(([127, 0, 0, 1], port));
    runtime
        .block_on(zdb::start(addr, folder, settings))
        .unwrap()
}
