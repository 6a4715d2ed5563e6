//! A Zero-OS node on this machine: what clients of Zero-OS see of a real one, for learning and
//! testing.
//!
//! [`ZosNode::start`] runs it inside this process. It listens on one port, for TLS and plain
//! connections alike, and speaks the Redis protocol; jobs run as real processes of the user who
//! started it. So it listens on the loopback address unless it has a password, and its files are
//! those of one folder: the node's `/` is `fs` in the folder it was started with. Jobs see that
//! `/` too, with the machine's programs (`/usr`, `/etc`, …) in it, where the machine allows a view
//! of their own ([`view`]); else they see the machine's `/`, and start in the node's folder.
//!
//! * [`listener`], [`guard`], [`certificate`], [`redis`]: the port and the data behind it.
//! * [`jobs`]: what runs commands, the same in containers. * [`builtin`]: the commands.
//! * [`inside`]: the machinery in a container. * [`startup`]: the services it starts by itself.
//! * [`flists`]: flists as roots of containers.
//! * [`files`], [`view`], [`place`]: the files, and the folder a node lives in.
//! * [`background`]: a node as a process of its own.
//! * [`website`]: the root of a container with a small website, for trying things out.
//! * [`node`]: takes jobs from the data and puts results back. * [`container`]: its containers.
//! * [`switch`]: the network of its containers.
pub mod background;
pub mod builtin;
pub mod certificate;
pub mod container;
pub mod files;
pub mod flists;
pub mod guard;
pub mod inside;
pub mod jobs;
pub mod listener;
pub mod node;
pub mod place;
pub mod redis;
pub mod startup;
pub mod switch;
pub mod view;
pub mod website;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::error::{Error, Result};
use guard::Guard;
use listener::Door;
use node::Node;
use place::{NodeFile, Place};
use redis::Keyspace;

/// Bytes that clients may store in a node.
const MEMORY: usize = 1024 * 1024 * 1024;

/// How a node is run.
#[derive(Debug)]
pub struct Config {
    /// Folder it lives in; made when it is missing.
    pub dir: PathBuf,
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Who may use it.
    pub guard: Guard,
    /// Folders of the machine that clients and jobs reach at their own paths. `/` gives them the
    /// whole machine.
    pub shared: Vec<PathBuf>,
    /// Environment of its jobs.
    pub env: Vec<(std::ffi::OsString, std::ffi::OsString)>,
    /// The kosmos program, which is the first process of every container.
    pub program: Option<PathBuf>,
}

impl Config {
    /// The usual one: on 127.0.0.1 and the usual port, for everybody on this machine.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Config {
            dir: dir.into(),
            listen: SocketAddr::new(
                IpAddr::V4(Ipv4Addr::LOCALHOST),
                crate::zos::protocol::DEFAULT_PORT,
            ),
            guard: Guard::Open,
            shared: Vec::new(),
            env: [
                (
                    "PATH",
                    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                ),
                ("HOME", "/"),
            ]
            .map(|(name, value)| (name.into(), value.into()))
            .to_vec(),
            program: None,
        }
    }
}

/// Starts nodes.
#[derive(Debug)]
pub struct ZosNode;

impl ZosNode {
    /// Starts a node on the tokio runtime that this is called on. It runs until its handle is
    /// stopped.
    ///
    /// # Errors
    /// When the folder is not ours or in use, the port is taken, or the address can be reached
    /// from elsewhere and nobody needs a password.
    pub async fn start(config: Config) -> Result<Handle> {
        let Config {
            dir,
            listen,
            guard,
            shared,
            env,
            program,
        } = config;
        if guard.is_open() && !listen.ip().is_loopback() {
            return Err(Error::Open { addr: listen });
        }
        let place = Place::open(&dir)?;
        let fail = |source| Error::Listen {
            addr: listen,
            source,
        };
        let listener = TcpListener::bind(listen).await.map_err(fail)?;
        let addr = listener.local_addr().map_err(fail)?;
        let start = |reason: String| Error::Start { reason };
        let tls = certificate::acceptor(SystemTime::now()).map_err(start)?;
        let keyspace = Arc::new(Keyspace::new(MEMORY));
        let node = Node::new(
            &place,
            Arc::clone(&keyspace),
            &shared,
            env,
            program,
            addr.ip(),
        )
        .await?;
        let (stop, stopping) = watch::channel(false);
        let door = Door {
            keyspace,
            guard: Arc::new(guard),
            tls,
        };
        let mut tasks = vec![
            tokio::spawn(listener::listen(listener, door, stopping.clone())),
            tokio::spawn(Arc::clone(&node).take_jobs(stopping.clone())),
            tokio::spawn(Arc::clone(&node).keep_house(stopping.clone())),
        ];
        tasks.extend(node.listen_to_containers());
        place.publish(&NodeFile {
            pid: std::process::id(),
            addr,
        })?;
        Ok(Handle {
            addr,
            place,
            node,
            stop,
            stopping,
            tasks,
        })
    }
}

/// A running node.
#[derive(Debug)]
pub struct Handle {
    addr: SocketAddr,
    place: Place,
    node: Arc<Node>,
    stop: watch::Sender<bool>,
    stopping: watch::Receiver<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Handle {
    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The folder it lives in.
    pub fn dir(&self) -> &std::path::Path {
        self.place.path()
    }

    /// What this machine does not give it, in words for people.
    pub fn notices(&self) -> &[String] {
        self.node.notices()
    }

    /// Waits until somebody wants it to stop.
    pub async fn stop_requested(&self) {
        let mut stopping = self.stopping.clone();
        let _ = stopping.wait_for(|stop| *stop).await;
    }

    /// Ends its jobs and containers, closes the port and frees the folder.
    pub async fn stop(self) {
        self.node.stop().await;
        let _ = self.stop.send(true);
        for task in self.tasks {
            task.abort();
            let _ = task.await;
        }
    }
}

/// Removes the folder of a node that does not run, and ends what it left running when it was
/// killed. A folder that is not there is no error.
///
/// # Errors
/// When the folder is not that of a node, is in use, or cannot be removed.
pub async fn remove(dir: &std::path::Path) -> Result<()> {
    let dir = dir.to_path_buf();
    let removing = tokio::task::spawn_blocking(move || {
        if !dir.exists() {
            return Ok(());
        }
        let fail = |source| Error::file("cannot remove", &dir)(source);
        let place = Place::open(&dir)?;
        container::clean(&place.containers()).map_err(fail)?;
        container::remove_tree(place.path()).map_err(fail)
    });
    removing.await.map_err(|e| Error::Start {
        reason: e.to_string(),
    })?
}
