//! The grid on one laptop: a tfchain node with the real one's HTTP interface and rules, a faucet,
//! a stand-in for the bridge from Ethereum, a hub of flists, and a grid whose broker deploys on this
//! machine what was reserved and paid.
//!
//! [`Devnet::start`] runs it inside this process, [`start_background`] as one of its own; a
//! [`Control`] asks and drives either from anywhere. State lies in one folder and survives being
//! killed at any moment. The node proves no block stake: it makes a block every few seconds, or on
//! demand, with ids, payouts and first transaction as the real node makes them.
//!
//! | what | where |
//! |---|---|
//! | the chain: blocks, rules, pool, log, clock | [`chain`], [`pool`], [`storage`], [`node`] behind one lock, `clock` |
//! | what a client of the chain asks | `server`, [`explorer_api`], `faucet`; `pages` for a browser |
//! | coins from Ethereum | `bridge` |
//! | capacity: directory, notary, broker, mails | [`grid`]; what the broker deploys: [`zos`], [`s3`], [`gateway`], [`zdb`] |
//! | flists | [`hub`], with its tokens in [`identity`] |
//! | running, asking and stopping it | here, `daemon`, `control`, `folder` |
//! | what its servers share | `accept`, `serving`, `stopping`, `http`, `query`, `answers`, `token`, [`resp`] |
mod accept;
mod answers;
mod bridge;
pub mod chain;
mod clock;
mod control;
mod daemon;
mod error;
pub mod explorer_api;
mod faucet;
mod folder;
pub mod gateway;
pub mod grid;
mod http;
pub mod hub;
pub mod identity;
pub mod node;
mod pages;
pub mod pool;
mod query;
pub mod resp;
pub mod s3;
mod server;
mod serving;
mod stopping;
pub mod storage;
mod token;
pub mod zdb;
#[cfg(target_os = "linux")]
pub mod zos;

pub use answers::{Account, GridAddresses, Made, Status};
pub use bridge::{Bridged, Target, Withdrawal};
pub use clock::Clock;
pub use control::Control;
pub use daemon::{reset, start_background, status, stop};
pub use error::{Error, Result};
pub use faucet::{DEFAULT_TFT, Faucet};
pub use folder::{MARKER, NodeFile};
pub use query::Query;
pub use serving::Serving;

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use axum::serve::Listener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use folder::Folder;
use grid::Grid;
use http::LimitedListener;
use hub::{Access, DockerImages, Hub, HubConfig};
use identity::IdentityKey;
use node::Node;
use server::{Server, StatusSource};
use serving::serve;
use stopping::stopped;
use token::new_token;

use crate::flist::{Address, open_address};
use crate::zdb::DEFAULT_NAMESPACE;

/// Port of the real devnet node (spec: transport).
pub const DEFAULT_PORT: u16 = 23110;
/// Time between blocks unless told otherwise.
pub const DEFAULT_BLOCK_TIME: Duration = Duration::from_secs(10);
/// How long open connections may take to end when the devnet stops.
const STOP_PATIENCE: Duration = Duration::from_secs(1);

/// How a devnet is run.
#[derive(Clone, Debug)]
pub struct Config {
    /// Folder of its state; made when it is missing.
    pub dir: PathBuf,
    /// Address that node, faucet and hub listen on.
    pub host: IpAddr,
    /// Port of the node; 0 takes a free one.
    pub port: u16,
    /// Port of the faucet; None takes the node's port + 1, or a free one when `port` is 0.
    pub faucet_port: Option<u16>,
    /// Port of the flist hub; None takes the node's port + 2, or a free one when `port` is 0.
    pub hub_port: Option<u16>,
    /// Port of the 0-DB with the hub's chunks; None takes the node's port + 3, or a free one when
    /// `port` is 0.
    pub zdb_port: Option<u16>,
    /// Port of the capacity directory; None takes the node's port + 4, or a free one when `port` is
    /// 0.
    pub directory_port: Option<u16>,
    /// Port of the notary; None takes the node's port + 5, or a free one.
    pub notary_port: Option<u16>,
    /// Port of the web gateway; None takes the node's port + 6, or a free one.
    pub gateway_port: Option<u16>,
    /// Port of the 0-DB with reserved namespaces; None takes the node's port + 7, or a free one.
    pub namespaces_port: Option<u16>,
    /// The kosmos program, which is the first process of containers on reserved machines.
    pub program: Option<PathBuf>,
    /// Registry that the hub takes docker images from when their name has none (`localhost:5000`);
    /// None is that of docker.
    pub registry: Option<String>,
    /// Public key of an identity service (PEM, curve P-384): the hub wants its tokens from who
    /// changes something. None takes everybody for one account.
    pub identity_key: Option<PathBuf>,
    /// The mail server that the broker's mails go to.
    pub mail_server: grid::MailServer,
    /// Time between blocks; None makes blocks on demand only.
    pub block_time: Option<Duration>,
    /// File of recorded blocks (the form of a chain dump) to take in first.
    pub import: Option<PathBuf>,
    /// The node's clock.
    pub clock: Clock,
    /// Pauses between the broker's four tries to deploy something.
    pub deploy_pauses: [Duration; 3],
    /// Told each step of the broker, by name, before it is taken. Tests end the process there.
    pub on_step: Option<fn(&str)>,
}

impl Config {
    /// Returns the usual configuration: 127.0.0.1, port 23110, a block every 10 s.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: DEFAULT_PORT,
            faucet_port: None,
            hub_port: None,
            zdb_port: None,
            directory_port: None,
            notary_port: None,
            gateway_port: None,
            namespaces_port: None,
            program: None,
            registry: None,
            identity_key: None,
            mail_server: grid::MailServer::AsBefore,
            block_time: Some(DEFAULT_BLOCK_TIME),
            import: None,
            clock: Clock::system(),
            deploy_pauses: grid::PAUSES,
            on_step: None,
        }
    }
}

/// Starts devnets.
#[derive(Debug)]
pub struct Devnet;

impl Devnet {
    /// Starts a devnet on the tokio runtime that this is called on. It runs until its handle is
    /// stopped or dropped, or somebody stops it through [`Control`].
    ///
    /// # Errors
    /// When the folder is not ours or in use, a port is taken, or log or import file are wrong.
    pub async fn start(config: Config) -> Result<Handle> {
        let access = access(&config)?;
        let folder = Folder::open(&config.dir)?;
        let listen = async |port: u16| {
            let addr = SocketAddr::new(config.host, port);
            let fail = |source| Error::Listen { addr, source };
            let listener = LimitedListener::bind(addr).await.map_err(fail)?;
            let addr = listener.local_addr().map_err(fail)?;
            Ok::<_, Error>((listener, addr))
        };
        // Ports first: a taken one should be told before a long log is read.
        let (node_listener, addr) = listen(config.port).await?;
        let beside = |own: Option<u16>, distance: u16| match (own, config.port) {
            (Some(port), _) => port,
            (None, 0) => 0,
            (None, port) => port.checked_add(distance).unwrap_or(0),
        };
        let (faucet_listener, faucet_addr) = listen(beside(config.faucet_port, 1)).await?;
        let (hub_listener, hub_addr) = listen(beside(config.hub_port, 2)).await?;
        let storage = Storage::start(&folder, &config, beside(config.zdb_port, 3)).await?;
        let hub = open_hub(&folder, hub_addr, &storage, &config.registry, access).await?;
        let node = open_node(&folder, &config).await?;
        // At genesis a client takes the chain's height and time for unknown: a chain that makes
        // blocks by itself has its first one from the start.
        if config.block_time.is_some() && node.read().chain.height() == 0 {
            node.make_block()?;
        }
        let token = new_token()?;
        let (stop, stopping) = watch::channel(false);
        let faucet = Arc::new(Faucet::new(Arc::clone(&node)));
        let at = |own: Option<u16>, distance| SocketAddr::new(config.host, beside(own, distance));
        let (directory_listener, directory_addr) = listen(beside(config.directory_port, 4)).await?;
        // Their protocols are without encryption and passwords: they never leave this machine.
        let here = |addr: SocketAddr| match addr.ip().is_loopback() {
            true => addr,
            false => SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), addr.port()),
        };
        let (grid, grid_tasks) = Grid::start(
            grid::Settings {
                folder: folder.grid(),
                directory: directory_addr,
                notary: at(config.notary_port, 5),
                gateway: at(config.gateway_port, 6),
                zdb: here(at(config.namespaces_port, 7)),
                node: Arc::clone(&node),
                node_addr: here(addr),
                faucet: Arc::clone(&faucet),
                program: config.program.clone(),
                deploy_pauses: config.deploy_pauses,
                on_step: config.on_step,
                mail_server: config.mail_server.clone(),
            },
            stopping.clone(),
        )
        .await?;
        let block_every_ms = config
            .block_time
            .map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        let dir = folder.path().display().to_string();
        let status = StatusSource {
            addr,
            faucet: faucet_addr,
            hub: hub_addr,
            grid: grid.addresses(),
            block_every_ms,
            dir,
            mail_server: grid.mail_server().map(str::to_owned),
        };
        let server = Arc::new(Server {
            node: Arc::clone(&node),
            status: status.clone(),
            token: token.clone(),
            stop: stop.clone(),
            grid: Arc::clone(&grid),
        });
        let node_router = router(&server, addr, |s, r| async move { s.answer(r).await });
        let faucet_router = router(&faucet, addr, |f, r| async move { f.answer(r).await });
        let hub_router = router(&hub, addr, Hub::answer);
        let directory_router = router(&grid, addr, Grid::answer);
        let mut tasks = vec![
            serve(node_listener, node_router, stopping.clone()),
            serve(faucet_listener, faucet_router, stopping.clone()),
            serve(hub_listener, hub_router, stopping.clone()),
            serve(directory_listener, directory_router, stopping.clone()),
        ];
        tasks.extend(grid_tasks);
        tasks.extend(
            config
                .block_time
                .map(|time| tick(Arc::clone(&node), time, stopping.clone())),
        );
        let pid = std::process::id();
        folder.publish(&NodeFile {
            pid,
            addr,
            faucet: faucet_addr,
            hub: hub_addr,
            grid: grid.addresses(),
            token,
        })?;
        node.note(&format!(
            "started on {addr}, faucet on {faucet_addr}, hub on {hub_addr}, capacity directory on \
             {directory_addr}, process {pid}"
        ));
        let aborts = tasks.iter().map(JoinHandle::abort_handle).collect();
        let running = run(tasks, stopping.clone(), Arc::clone(&node), folder, storage);
        let runner = tokio::spawn(running);
        Ok(Handle {
            node,
            faucet,
            grid,
            status,
            stop,
            stopping,
            runner: Some(runner),
            aborts,
        })
    }
}

async fn open_node(folder: &Folder, config: &Config) -> Result<Arc<Node>> {
    let (chain_log, event_log) = (folder.chain_log(), folder.event_log());
    let (clock, import) = (config.clock.clone(), config.import.clone());
    let opening = tokio::task::spawn_blocking(move || {
        let node = Node::open(&chain_log, &event_log, clock)?;
        if let Some(path) = import {
            let added = node.import(&path)?;
            node.note(&format!("{added} blocks imported from {}", path.display()));
        }
        Ok(Arc::new(node))
    });
    let node: Arc<Node> = opening.await.map_err(|e| Error::Start {
        reason: e.to_string(),
    })??;
    node.durable().wait().await?;
    Ok(node)
}

/// The 0-DB with the hub's chunks: everybody may read it, only the hub writes.
struct Storage {
    server: zdb::Handle,
    password: Zeroizing<String>,
}

impl Storage {
    async fn start(folder: &Folder, config: &Config, port: u16) -> Result<Self> {
        // Its protocol is without encryption, so it never leaves this machine.
        let host = match config.host.is_loopback() {
            true => config.host,
            false => IpAddr::V4(Ipv4Addr::LOCALHOST),
        };
        let password = Zeroizing::new(new_token()?);
        let settings = zdb::Settings {
            password: Some(password.clone()),
            clock: config.clock.clone(),
            ..zdb::Settings::default()
        };
        let listen = SocketAddr::new(host, port);
        let server = zdb::start(listen, &folder.hub().join("chunks"), settings).await?;
        server.namespace(DEFAULT_NAMESPACE, Some(password.as_str()), true, 0)?;
        Ok(Self { server, password })
    }
}

/// Who may change what on the hub of a devnet.
fn access(config: &Config) -> Result<Access> {
    let Some(path) = &config.identity_key else {
        return Ok(Access::Open);
    };
    let pem = fs::read_to_string(path).map_err(Error::file("cannot read", path))?;
    let key = IdentityKey::from_pem(&pem).map_err(|reason| Error::Start {
        reason: format!("{}: {reason}", path.display()),
    })?;
    Ok(Access::Tokens {
        key,
        clock: config.clock.clone(),
    })
}

/// Opens the hub of a devnet that listens on an address.
async fn open_hub(
    folder: &Folder,
    addr: SocketAddr,
    storage: &Storage,
    registry: &Option<String>,
    access: Access,
) -> Result<Arc<Hub>> {
    let (dir, url) = (folder.hub(), storage.server.url());
    let (password, registry) = (storage.password.clone(), registry.clone());
    let opening = tokio::task::spawn_blocking(move || {
        let fail = |reason: String| Error::Start { reason };
        let place = Address::parse(&url).map_err(|e| fail(e.to_string()))?;
        let backend = place.to_metadata().map(|row| ("backend".to_owned(), row));
        let chunks = open_address(&place.with_secret(&password));
        let config = HubConfig {
            dir: dir.clone(),
            site: None,
            storage: Some(url),
            metadata: backend.into_iter().collect(),
            access,
            chunks: chunks.map_err(|e| fail(e.to_string()))?,
            images: Arc::new(DockerImages::new(dir.join("images"), registry)),
        };
        Hub::open(config, addr).map_err(Error::file("cannot open", dir))
    });
    opening.await.map_err(|e| Error::Start {
        reason: e.to_string(),
    })?
}

/// Makes a router that hands every request to `service`, whatever its path.
///
/// On the loopback address a request must name a host that DNS cannot have forged; who listens
/// elsewhere wants to be called by names that we do not know.
fn router<S, A>(service: &Arc<S>, addr: SocketAddr, answer: fn(Arc<S>, Request) -> A) -> Router
where
    S: Send + Sync + 'static,
    A: Future<Output = Response> + Send + 'static,
{
    let service = Arc::clone(service);
    let any_host = !addr.ip().is_loopback();
    Router::new().fallback(move |request: Request| {
        let safe = any_host || http::host_is_safe(request.headers());
        let answer = safe.then(|| answer(Arc::clone(&service), request));
        async move {
            match answer {
                Some(answer) => answer.await,
                None => http::answer(
                    StatusCode::FORBIDDEN,
                    http::TEXT,
                    "unexpected Host header\n",
                ),
            }
        }
    })
}

/// Makes a block every `time` until the devnet stops.
fn tick(node: Arc<Node>, time: Duration, stopping: watch::Receiver<bool>) -> JoinHandle<()> {
    tokio::spawn(async move {
        // A period of zero would keep the processor busy and panics in tokio.
        let time = time.max(Duration::from_millis(1));
        let mut interval = tokio::time::interval_at(tokio::time::Instant::now() + time, time);
        interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let stopped = stopped(stopping);
        tokio::pin!(stopped);
        loop {
            tokio::select! {
                () = &mut stopped => return,
                _ = interval.tick() => {}
            }
            let maker = Arc::clone(&node);
            match tokio::task::spawn_blocking(move || maker.make_block()).await {
                Ok(Ok(_)) => {}
                Ok(Err(e)) => node.note(&format!("no block was made: {e}")),
                Err(_) => return,
            }
        }
    })
}

/// Waits for the stop, ends the tasks, and gives the folder free.
async fn run(
    tasks: Vec<JoinHandle<()>>,
    stopping: watch::Receiver<bool>,
    node: Arc<Node>,
    folder: Folder,
    storage: Storage,
) {
    stopped(stopping).await;
    let deadline = tokio::time::Instant::now() + STOP_PATIENCE;
    for mut task in tasks {
        if tokio::time::timeout_at(deadline, &mut task).await.is_err() {
            task.abort();
        }
    }
    storage.server.stop().await;
    let _ = node.durable().wait().await;
    node.note("stopped");
    drop(folder);
}

/// A devnet that runs in this process.
#[derive(Debug)]
pub struct Handle {
    node: Arc<Node>,
    faucet: Arc<Faucet>,
    grid: Arc<Grid>,
    status: StatusSource,
    stop: watch::Sender<bool>,
    stopping: watch::Receiver<bool>,
    runner: Option<JoinHandle<()>>,
    aborts: Vec<tokio::task::AbortHandle>,
}

impl Handle {
    /// Returns the address of the node's HTTP interface.
    pub fn addr(&self) -> SocketAddr {
        self.status.addr
    }

    /// Returns the address of the faucet.
    pub fn faucet_addr(&self) -> SocketAddr {
        self.status.faucet
    }

    /// Returns the address of the flist hub.
    pub fn hub_addr(&self) -> SocketAddr {
        self.status.hub
    }

    /// Returns the grid itself: directory, notary, mails.
    pub fn grid(&self) -> &Arc<Grid> {
        &self.grid
    }

    /// Returns the folder of the state.
    pub fn dir(&self) -> &Path {
        Path::new(&self.status.dir)
    }

    /// Returns the node itself, to look at its state without HTTP.
    pub fn node(&self) -> &Arc<Node> {
        &self.node
    }

    /// Returns the faucet itself.
    pub fn faucet(&self) -> &Arc<Faucet> {
        &self.faucet
    }

    /// Tells how the devnet is.
    pub fn status(&self) -> Status {
        self.status.status(&self.node)
    }

    /// Makes a block at once and waits until it is on disk.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn block_make(&self) -> Result<Made> {
        let (made, pending) = self.node.make_block()?;
        pending.wait().await?;
        Ok(made)
    }

    /// Sets the offset of the node's clock in seconds; it counts from the next block on.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn clock_offset_set(&self, seconds: i64) -> Result<()> {
        self.node.set_clock_offset(seconds)?.wait().await
    }

    /// Lists the devnet's funded identities.
    pub fn accounts(&self) -> Vec<Account> {
        self.node.accounts()
    }

    /// Waits until somebody asks the devnet to stop.
    pub async fn stop_requested(&self) {
        stopped(self.stopping.clone()).await;
    }

    /// Stops the devnet; when it returns, everything is on disk and the folder is free.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        if let Some(runner) = self.runner.take() {
            let _ = runner.await;
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        if self.runner.is_some() {
            self.stop.send_replace(true);
            self.aborts.iter().for_each(tokio::task::AbortHandle::abort);
        }
    }
}
