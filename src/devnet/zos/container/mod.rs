//! Containers of the devnet's Zero-OS node, on Linux namespaces (spec: 3 and 6).
//!
//! Every container is a small tree of processes: a *helper* (this program, started again with
//! `zos-init`) that makes the namespaces and waits; the container's first process, which builds
//! its root, reaps orphans and does nothing else; and the *worker* under it, which runs commands
//! with the node's own job machinery ([`Runner`]). Node and worker talk over a socket pair
//! ([`frame`]). When the node dies, however it dies, the sockets close and the container ends by
//! itself; its mounts lived in its own namespace and go with it. What stays are folders, and they
//! are removed at the next [`Containers::open`].
//!
//! Their links lead to the node's own network ([`switch`](super::switch)), which touches nothing of
//! the machine's. Ports are forwarded in user space, everywhere in the same way: the node listens,
//! and for each connection the worker makes a socket inside the container's network and passes it
//! out.
//!
//! No runtime library is used: the one that fits (libcontainer) brings sixty crates, wants a
//! control group for every container, and leaves roots, ports, commands and cleaning to us.
mod archive;
pub mod arguments;
mod dial;
pub mod error;
mod forward;
pub mod frame;
pub mod init;
mod layers;
mod leftovers;
pub mod port;
mod process;
pub mod root;
pub mod runner;

pub use arguments::DEFAULT_STORAGE;
pub use error::{Error, Result};
pub use frame::Ready;
pub use leftovers::{clean, remove_tree};
pub use process::{SUBCOMMAND, Usage};
pub use root::{FlistRoot, KeptFolder, MakingFolder, Root, RootSource, Told};
pub use runner::{Inside, MakeRunner, Outlet, Runner};

use std::any::Any;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::{mpsc, watch};

use arguments::{DESTROYED, check_nics, environment, guest_port, has_default_nic, hostname};
use forward::{Forward, Listening};
use frame::{FLISTS, SetUp, ToInit};
use layers::Layers;
use leftovers::Home;
use port::Source;
use process::{Living, Wiring};
use root::LocalRoots;

use super::switch::links::{Ask, Cable};
use super::switch::network::Network;
use super::switch::relay::{self, Relay};
use super::switch::{GATEWAY, Switch, default_address, outside_name};
use crate::zos::protocol::{CreateArguments, ListedArguments, ListedNic, Nic};

/// How many containers a node runs unless told otherwise (spec: 3.2).
pub const DEFAULT_LIMIT: usize = 1000;
/// How long jobs have between SIGTERM and SIGKILL when a container stops. The original waits up to
/// 90 s, which nobody at a prompt does.
pub const DEFAULT_PATIENCE: Duration = Duration::from_secs(10);

/// How containers are run.
#[derive(Clone)]
pub struct Config {
    /// Folder of their state; belongs to the containers alone and to one node at a time.
    pub dir: PathBuf,
    /// The kosmos program, which is the helper and init of every container.
    pub init: PathBuf,
    /// Where forwarded ports are served; 127.0.0.1 is served too where the port is free there.
    pub address: IpAddr,
    /// Where roots come from, asked in this order before [`LocalRoots`].
    pub sources: Vec<Arc<dyn RootSource>>,
    /// Puts processes into control groups.
    pub groups: Option<Arc<dyn Groups>>,
    /// Most containers at a time.
    pub limit: usize,
    /// How long jobs have to end when a container stops.
    pub patience: Duration,
}

impl Config {
    /// Returns the usual configuration: served on 127.0.0.1, at most 1000 containers.
    pub fn new(dir: impl Into<PathBuf>, init: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            init: init.into(),
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            sources: Vec::new(),
            groups: None,
            limit: DEFAULT_LIMIT,
            patience: DEFAULT_PATIENCE,
        }
    }
}

/// The node's control groups, as far as containers need them.
pub trait Groups: Send + Sync {
    /// Says whether a group exists.
    fn exists(&self, subsystem: &str, name: &str) -> bool;

    /// Puts a process, and what it starts later, into a group.
    ///
    /// # Errors
    /// When the machine refuses.
    fn add(&self, subsystem: &str, name: &str, pid: u32) -> std::io::Result<()>;
}

/// What containers tell the node.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The job machinery of a container has something to say.
    Message {
        /// The container.
        container: u16,
        /// What its runner sent.
        message: Value,
    },
    /// Something of a container does not go well, in words for people.
    Trouble {
        /// The container.
        container: u16,
        /// What it is.
        text: String,
    },
    /// A container is gone, asked or not; always its last event.
    Ended {
        /// The container.
        container: u16,
        /// How: `terminated`, `exit code 1`, `signal 9`.
        reason: String,
    },
}

/// A container as `corex.list` and `corex.get` show it.
#[derive(Clone, Debug, Serialize)]
pub struct Info {
    /// What it was created with; ports and nics as they are now.
    pub arguments: ListedArguments,
    /// Where the original node would mount its root. Ours is mounted in the container only.
    pub root: String,
    /// Process id of its init on the node.
    pub pid: u32,
}

/// What the machine lets containers have, found out by building one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Support {
    /// Containers work; the value tells how.
    Yes(Ready),
    /// They do not, for this reason, and creating one is refused.
    No(String),
}

impl std::fmt::Display for Support {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ready = match self {
            Self::No(reason) => return write!(f, "no containers on this machine: {reason}"),
            Self::Yes(ready) => ready,
        };
        f.write_str("containers: namespaces")?;
        if ready.user_namespace {
            f.write_str(" with a user namespace (one user: root inside is you outside)")?;
        }
        f.write_str(if ready.overlay {
            ", overlay root"
        } else {
            ", root copied"
        })?;
        f.write_str(match ready.missing.contains_key(FLISTS) {
            false => ", flists read as they are used",
            true => ", flists unpacked",
        })?;
        f.write_str(", ports relayed in user space")?;
        for (what, why) in &ready.missing {
            write!(f, "; no {what}: {why}")?;
        }
        Ok(())
    }
}

/// The containers of a node. Cheap to clone; all clones are the same containers.
#[derive(Clone)]
pub struct Containers {
    shared: Arc<Shared>,
}

struct Shared {
    config: Config,
    support: Support,
    network: std::result::Result<Connected, String>,
    roots: LocalRoots,
    events: mpsc::UnboundedSender<Event>,
    state: Mutex<State>,
}

/// The node's network, and its way out.
struct Connected {
    switch: Arc<Switch>,
    _relay: Relay,
}

#[derive(Default)]
struct State {
    /// The last number given out.
    last: u16,
    containers: BTreeMap<u16, Container>,
    /// Numbers of containers that are being made.
    making: Vec<u16>,
}

struct Container {
    arguments: ListedArguments,
    ready: Ready,
    living: Arc<Living>,
    forwards: Vec<Forward>,
    ended: watch::Receiver<Option<String>>,
    /// Folders that it uses stay while it lives.
    _kept: Vec<Arc<dyn Any + Send + Sync>>,
}

impl Containers {
    /// Removes what a killed node left in the folder, finds out what the machine allows, and
    /// returns the containers and what they have to tell.
    ///
    /// A machine without namespaces is no error: see [`Containers::support`].
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub async fn open(config: Config) -> Result<(Self, mpsc::UnboundedReceiver<Event>)> {
        let dir = config.dir.clone();
        let cleaning = tokio::task::spawn_blocking(move || leftovers::clean(&dir)).await;
        cleaning
            .map_err(std::io::Error::other)
            .flatten()
            .map_err(Error::doing(format!(
                "cannot clean {}",
                config.dir.display()
            )))?;
        let network = connect(&config).await;
        let switch = network.as_ref().ok().map(|n| Arc::clone(&n.switch));
        let support = probe(&config, switch).await;
        let (events, receiver) = mpsc::unbounded_channel();
        let roots = LocalRoots::new(config.dir.join("roots"));
        let shared = Arc::new(Shared {
            config,
            support,
            network,
            roots,
            events,
            state: Mutex::default(),
        });
        Ok((Self { shared }, receiver))
    }

    /// Tells what the machine allows.
    pub fn support(&self) -> &Support {
        &self.shared.support
    }

    /// Returns the network of the containers.
    ///
    /// # Errors
    /// Why the machine gives none, in words.
    pub fn network(&self) -> std::result::Result<&Arc<Switch>, &str> {
        let network = self.shared.network.as_ref();
        network.map(|n| &n.switch).map_err(String::as_str)
    }

    /// Tells what containers can reach, in words for people.
    pub fn network_words(&self) -> String {
        let none = "containers reach nothing but themselves";
        match self.network().map(|switch| switch.lacking()) {
            Ok(None) => {
                "network of containers: bridge core0 in a namespace of the node; TCP and names go \
                 out through the node, nothing else does"
                    .to_owned()
            }
            Ok(Some(why)) => {
                format!("network of containers: bridge core0, no way out but for names: {why}")
            }
            Err(why) => format!("no network of containers, {none}: {why}"),
        }
    }

    /// Creates and starts a container; returns its number.
    ///
    /// # Errors
    /// Those of the node (spec: 3.2). Nothing stays behind but the number, which is used up.
    pub async fn create(
        &self,
        arguments: CreateArguments,
        tags: Option<Vec<String>>,
    ) -> Result<u16> {
        let arguments = arguments::check(arguments, tags)?;
        if let Support::No(reason) = self.support() {
            return Err(Error::new(
                501,
                format!("containers are not possible here: {reason}"),
            ));
        }
        if let Support::Yes(ready) = self.support()
            && arguments.privileged
            && !ready.user_namespace
        {
            // Root without limits is root of this machine: it could write the kernel's settings.
            return Err(Error::new(
                501,
                "a privileged container of a node that runs as root would have this machine: \
                 run the node as an ordinary user, or create the container without privileges",
            ));
        }
        let id = self.take_number()?;
        // From here on nobody may cancel us half-way: the work runs to its end in a task.
        let me = self.clone();
        let made = tokio::spawn(async move {
            let made = me.make(id, arguments).await;
            me.state().making.retain(|making| *making != id);
            made
        });
        made.await.map_err(Error::failed)??;
        Ok(id)
    }

    /// Ends a container: its jobs get SIGTERM, some patience, SIGKILL. Returns when it is gone.
    ///
    /// # Errors
    /// When there is no such container.
    pub async fn terminate(&self, id: u16) -> Result<()> {
        let (living, ended) = {
            let state = self.state();
            let container = state.containers.get(&id);
            let container =
                container.ok_or_else(|| Error::failed(format!("no container with id '{id}'")))?;
            (Arc::clone(&container.living), container.ended.clone())
        };
        living.stop(self.shared.config.patience, ended).await;
        Ok(())
    }

    /// Waits for the end of a container; returns how it ended, None when it is unknown.
    pub async fn wait(&self, id: u16) -> Option<String> {
        let mut ended = self.state().containers.get(&id)?.ended.clone();
        let reason = ended.wait_for(Option::is_some).await.ok()?;
        reason.clone()
    }

    /// Lists the containers that have all the tags; no tags are all containers.
    pub fn list(&self, tags: &[String]) -> BTreeMap<u16, Info> {
        let state = self.state();
        let has_all = |c: &Container| {
            tags.iter().all(|tag| {
                c.arguments
                    .tags
                    .as_ref()
                    .is_some_and(|all| all.contains(tag))
            })
        };
        let wanted = state.containers.iter().filter(|(_, c)| has_all(c));
        wanted.map(|(id, c)| (*id, info(*id, c))).collect()
    }

    /// Returns a container by its number.
    pub fn get(&self, id: u16) -> Option<Info> {
        self.state().containers.get(&id).map(|c| info(id, c))
    }

    /// Returns a container by its name; upper and lower case are the same. Of several with that
    /// name it is the oldest.
    pub fn find(&self, name: &str) -> Option<(u16, Info)> {
        let state = self.state();
        let same = |c: &Container| c.arguments.name.to_lowercase() == name.to_lowercase();
        let mut found = state.containers.iter().filter(|(_, c)| same(c));
        found.next().map(|(id, c)| (*id, info(*id, c)))
    }

    /// Measures all processes of a container.
    pub fn usage(&self, id: u16) -> Option<Usage> {
        let pid = self.state().containers.get(&id)?.ready.pid;
        Some(process::usage(pid))
    }

    /// Tells what a container turned out to be.
    pub fn ready(&self, id: u16) -> Option<Ready> {
        Some(self.state().containers.get(&id)?.ready.clone())
    }

    /// Hands a command envelope to a container; what comes of it arrives as events.
    ///
    /// # Errors
    /// 404 when there is no such container, 500 when it ends just now.
    pub fn run(&self, id: u16, envelope: Value) -> Result<()> {
        let state = self.state();
        let container = state.containers.get(&id);
        let container = container.ok_or_else(|| Error::new(404, "container does not exist"))?;
        container.living.say(&ToInit::Run(envelope))
    }

    /// Forwards a port of the node into a container.
    ///
    /// # Errors
    /// Those of the node: unknown container, wrong port, port in use.
    pub async fn forward_add(&self, id: u16, source: &str, guest: i64) -> Result<()> {
        let host = {
            let state = self.state();
            let container = state.containers.get(&id);
            let container = container.ok_or_else(|| Error::new(404, "container does not exist"))?;
            if !has_default_nic(&container.arguments) {
                return Err(Error::failed("Container doesn't have a default nic"));
            }
            container.arguments.host_network
        };
        let source = Source::parse(source)?;
        let guest = guest_port(guest)?;
        self.port_is_free(&source)?;
        let listening = if host && guest == source.port {
            // The container has that port itself; a relay would only meet itself there.
            Listening::nowhere()
        } else {
            Listening::open(self.shared.config.address, &source).await?
        };
        let mut state = self.state();
        let container = state.containers.get_mut(&id);
        let container = container.ok_or_else(|| Error::new(404, "container does not exist"))?;
        let ports = container.arguments.port.get_or_insert_default();
        ports.insert(source.to_string(), i64::from(guest));
        let forward = listening.start(source, guest, (!host).then(|| container.living.dial()));
        container.forwards.push(forward);
        Ok(())
    }

    /// Ends a forward; an unknown one is fine, an unknown container too.
    ///
    /// # Errors
    /// When source or port cannot be read.
    pub fn forward_remove(&self, id: u16, source: &str, guest: i64) -> Result<()> {
        let source = Source::parse(source)?;
        let guest = guest_port(guest)?;
        let mut state = self.state();
        if let Some(container) = state.containers.get_mut(&id) {
            let listed = source.to_string();
            let same = |f: &Forward| f.source() == &source && f.guest() == guest;
            if container.forwards.iter().any(same) {
                container.forwards.retain(|f| !same(f));
                if let Some(ports) = &mut container.arguments.port {
                    ports.shift_remove(&listed);
                }
            }
        }
        Ok(())
    }

    /// Lists all forwards: container, source, port inside.
    pub fn forwards(&self) -> Vec<(u16, Source, u16)> {
        let state = self.state();
        let of = |(id, c): (&u16, &Container)| {
            let all = c.forwards.iter();
            all.map(|f| (*id, f.source().clone(), f.guest()))
                .collect::<Vec<_>>()
        };
        state.containers.iter().flat_map(of).collect()
    }

    /// Adds a link to a container that runs.
    ///
    /// # Errors
    /// Those of the node, with their codes; 501 for links that this node does not have.
    pub async fn nic_add(&self, id: u16, nic: Nic) -> Result<()> {
        let gone = || Error::new(404, "container does not exist");
        let nic = ListedNic::from(nic);
        // The entry is there first, so that nobody else takes its number or its name.
        let (index, pid) = {
            let mut state = self.state();
            let container = state.containers.get_mut(&id).ok_or_else(gone)?;
            if container.arguments.host_network {
                return Err(Error::new(400, "cannot add a nic in host network mode"));
            }
            let nics = &mut container.arguments.nics;
            nics.push(nic.clone());
            if let Err(e) = check_nics(nics) {
                nics.pop();
                return Err(Error::new(400, e.message));
            }
            (nics.len() - 1, container.ready.pid)
        };
        let connected = self.connect_nic(id, index, nic, pid).await;
        let mut state = self.state();
        let nics = state.containers.get_mut(&id).map(|c| &mut c.arguments.nics);
        let nics = nics.ok_or_else(gone)?;
        match &connected {
            Ok(()) => {
                if let Some(nic) = nics.get_mut(index) {
                    "configured".clone_into(&mut nic.state);
                }
            }
            Err(_) if index + 1 == nics.len() => {
                nics.pop();
            }
            // Others came behind it: their numbers stay.
            Err(_) => {
                if let Some(nic) = nics.get_mut(index) {
                    DESTROYED.clone_into(&mut nic.state);
                }
            }
        }
        connected
    }

    async fn connect_nic(&self, id: u16, index: usize, nic: ListedNic, pid: u32) -> Result<()> {
        let me = self.clone();
        let connecting = tokio::task::spawn_blocking(move || {
            me.possible(&nic)?;
            let (Some(cable), Ok(switch)) = (me.cable(id, index, &nic), me.network()) else {
                return Ok(());
            };
            let name = cable.inside.clone();
            let done = switch.attach(Cable { pid, ..cable });
            done.map_err(Error::doing(format!("cannot connect link '{name}'")))
        });
        connecting.await.map_err(Error::failed)?
    }

    /// Takes a link away; its entry stays, destroyed.
    ///
    /// # Errors
    /// Those of the node, with their codes.
    pub async fn nic_remove(&self, id: u16, index: usize) -> Result<()> {
        let outside = {
            let mut state = self.state();
            let container = state.containers.get_mut(&id);
            let container = container.ok_or_else(|| Error::new(404, "container does not exist"))?;
            let nic = container.arguments.nics.get_mut(index);
            let nic = nic.ok_or_else(|| Error::new(400, "nic index out of range"))?;
            if nic.state != "configured" {
                return Err(Error::new(412, format!("nic is in '{}' state", nic.state)));
            }
            DESTROYED.clone_into(&mut nic.state);
            let outside = outside_name(id, index, nic.monitor);
            if nic.kind == "default" {
                container.forwards.clear();
            }
            outside
        };
        if let Ok(switch) = self.network() {
            let switch = Arc::clone(switch);
            // One without a link, or that went with its container, is gone already.
            let removing = tokio::task::spawn_blocking(move || switch.ask(&Ask::Delete(outside)));
            let _ = removing.await;
        }
        Ok(())
    }

    /// Ends all containers, all at the same time. Returns when they are gone.
    pub async fn stop(&self) {
        let ids: Vec<u16> = self.state().containers.keys().copied().collect();
        let ends = ids.into_iter().map(|id| {
            let me = self.clone();
            tokio::spawn(async move {
                // One that ended by itself meanwhile is fine.
                let _ = me.terminate(id).await;
            })
        });
        for end in ends.collect::<Vec<_>>() {
            let _ = end.await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing under this lock panics half-way through a change.
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the next free number, 1 to 65534.
    fn take_number(&self) -> Result<u16> {
        let limit = self.shared.config.limit;
        let mut state = self.state();
        if state.containers.len().saturating_add(state.making.len()) >= limit {
            return Err(Error::new(
                503,
                format!("reached the hard limit of {limit} containers"),
            ));
        }
        let mut id = state.last;
        loop {
            id = if id >= u16::MAX - 1 { 1 } else { id + 1 };
            if !state.containers.contains_key(&id) && !state.making.contains(&id) {
                break;
            }
        }
        state.last = id;
        state.making.push(id);
        Ok(id)
    }

    fn port_is_free(&self, source: &Source) -> Result<()> {
        let taken = self
            .forwards()
            .iter()
            .any(|(_, s, _)| s.port == source.port);
        if taken {
            return Err(forward::in_use(source.port));
        }
        Ok(())
    }

    async fn make(&self, id: u16, mut arguments: ListedArguments) -> Result<()> {
        let config = &self.shared.config;
        let mounts = mounts(arguments.mount.as_ref())?;
        let flist_mounts = flist_mounts(arguments.mount.as_ref());
        let mut cables = Vec::new();
        for (index, nic) in arguments.nics.iter_mut().enumerate() {
            if arguments.host_network {
                break;
            }
            self.possible(nic)?;
            "configured".clone_into(&mut nic.state);
            cables.extend(self.cable(id, index, nic));
        }
        let mut groups = arguments.cgroups.clone().unwrap_or_default();
        for (subsystem, name) in &groups {
            let there = config
                .groups
                .as_ref()
                .is_some_and(|g| g.exists(subsystem, name));
            let devices = subsystem == "devices" && name == "corex";
            if !there && !devices {
                return Err(Error::failed(format!(
                    "invalid cgroup [{subsystem} {name}]"
                )));
            }
        }
        let storage = &arguments.storage;
        let mut roots = vec![self.find_root(&arguments.root, storage).await?];
        for (url, _) in &flist_mounts {
            roots.push(self.find_root(url, storage).await?);
        }
        // Before the container is built: a taken port is told early and costs nothing.
        let mut listening = Vec::new();
        if has_default_nic(&arguments) && !arguments.host_network {
            for (source, guest) in arguments.port.iter().flatten() {
                let source = Source::parse(source)?;
                self.port_is_free(&source)?;
                let listen = Listening::open(config.address, &source).await?;
                listening.push((listen, source, guest_port(*guest)?));
            }
        }
        let told = self.teller(id);
        let mut layers = Layers::new(self.has_one_user());
        for root in roots {
            layers.add(root, self.reads_lazily(), &told).await?;
        }
        let home = Home::make(&config.dir, id).map_err(Error::doing("cannot make its folder"))?;
        let mut folders = layers.folders(home.path())?.into_iter();
        let lower = folders.next().unwrap_or_default();
        let guests = flist_mounts.into_iter().map(|(_, guest)| guest);
        let set_up = SetUp {
            id,
            lower,
            flists: layers.points(home.path()),
            read_only: folders.zip(guests).collect(),
            folder: home.path().to_owned(),
            hostname: hostname(&arguments).to_owned(),
            privileged: arguments.privileged,
            host_network: arguments.host_network,
            mounts,
            config: arguments.config.clone().unwrap_or_default(),
            env: environment(&arguments),
            cables: false,
            resolv: self.resolv(&arguments),
            patience_ms: u64::try_from(config.patience.as_millis()).unwrap_or(u64::MAX),
            probe: false,
        };
        let switch = self.network().ok().map(Arc::clone);
        let wiring = Wiring { switch, cables };
        let served = layers.serving(&told);
        let started = process::start(config, home, set_up, &groups, wiring, served).await?;
        let devices = ("devices".to_owned(), "corex".to_owned());
        if !arguments.privileged && !groups.contains(&devices) {
            groups.push(devices);
            arguments.cgroups = Some(groups);
        }
        let (end, ended) = watch::channel(None);
        let living = Arc::clone(&started.living);
        let dial = living.dial();
        let forwards = listening.into_iter();
        let forwards = forwards
            .map(|(listen, source, guest)| listen.start(source, guest, Some(Arc::clone(&dial))))
            .collect();
        let container = Container {
            arguments,
            ready: started.ready.clone(),
            living,
            forwards,
            ended,
            _kept: layers.kept,
        };
        self.state().containers.insert(id, container);
        // It may have ended already; then this task takes it out again.
        let me = self.clone();
        tokio::spawn(async move {
            let events = me.shared.events.clone();
            let reason = started.run(id, events.clone()).await;
            me.state().containers.remove(&id);
            end.send_replace(Some(reason.clone()));
            // Nobody listens any more when the node is going down.
            let _ = events.send(Event::Ended {
                container: id,
                reason,
            });
        });
        Ok(())
    }

    /// Says what stands against a link on this node.
    fn possible(&self, nic: &ListedNic) -> Result<()> {
        let ListedNic {
            kind, id, config, ..
        } = nic;
        let unable = |what: &str| {
            let text = format!("nic type '{kind}' is not possible on this node: {what}");
            Err(Error::new(501, text))
        };
        let not_found = || Error::new(404, format!("bridge '{id}' not found: Link not found"));
        match (kind.as_str(), self.network()) {
            ("default", _) => Ok(()),
            ("bridge", Err(why)) => unable(&format!("it has no network of its own: {why}")),
            ("bridge", Ok(switch)) => {
                if !switch.link(id).ok_or_else(not_found)? {
                    return Err(Error::failed(format!(
                        "cannot use link {id} with nic type 'bridge', please use a bridge instead"
                    )));
                }
                if config.dhcp {
                    return unable("nobody there gives addresses out; set config.cidr");
                }
                if !config.cidr.is_empty() && config.cidr.parse::<Network>().is_err() {
                    let cidr = &config.cidr;
                    return Err(Error::failed(format!("invalid CIDR address: {cidr}")));
                }
                if !config.gateway.is_empty() && config.gateway.parse::<IpAddr>().is_err() {
                    let gateway = &config.gateway;
                    return Err(Error::failed(format!("invalid gateway '{gateway}'")));
                }
                Ok(())
            }
            ("vlan", _) => Err(Error::new(412, "ovs is needed for VLAN network type")),
            ("vxlan", _) => unable("its network does not leave this machine; use type bridge"),
            ("zerotier", _) => unable("zerotier is not installed"),
            _ => unable("links of the machine stay with the machine; use type bridge"),
        }
    }

    /// How a link is connected; None where there is nothing to connect it to.
    fn cable(&self, id: u16, index: usize, nic: &ListedNic) -> Option<Cable> {
        self.network().ok()?;
        let name = match nic.name.as_str() {
            "" => format!("eth{index}"),
            name => name.to_owned(),
        };
        let (bridge, address, gateway) = match nic.kind.as_str() {
            "default" => (
                super::switch::DEFAULT_BRIDGE.to_owned(),
                default_address(id),
                GATEWAY.to_string(),
            ),
            _ => (
                nic.id.clone(),
                nic.config.cidr.clone(),
                nic.config.gateway.clone(),
            ),
        };
        Some(Cable {
            pid: 0,
            bridge,
            outside: outside_name(id, index, nic.monitor),
            inside: name,
            hwaddr: nic.hwaddr.clone(),
            address,
            gateway,
        })
    }

    /// Name servers of a container: the node's own when it shares the node's network, else those of
    /// its links.
    fn resolv(&self, arguments: &ListedArguments) -> String {
        if arguments.host_network {
            return std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
        }
        if self.network().is_err() {
            return String::new();
        }
        let servers = arguments
            .nics
            .iter()
            .flat_map(|nic| match nic.kind.as_str() {
                "default" => vec![GATEWAY.to_string()],
                _ => nic.config.dns.clone().unwrap_or_default(),
            });
        // A line break in one would say something else than a name server.
        let servers = servers.filter(|server| server.parse::<IpAddr>().is_ok());
        servers.map(|s| format!("nameserver {s}\n")).collect()
    }

    /// Tells the node what is wrong in a container.
    fn teller(&self, container: u16) -> Told {
        let events = self.shared.events.clone();
        Arc::new(move |text: &str| {
            let text = text.to_owned();
            // Nobody listens any more when the node is going down.
            let _ = events.send(Event::Trouble { container, text });
        })
    }

    /// Says whether flists are mounted, rather than unpacked.
    fn reads_lazily(&self) -> bool {
        matches!(self.support(), Support::Yes(ready) if !ready.missing.contains_key(FLISTS))
    }

    fn has_one_user(&self) -> bool {
        matches!(self.support(), Support::Yes(ready) if ready.user_namespace)
    }

    async fn find_root(&self, root: &str, storage: &str) -> Result<Root> {
        let own: &dyn RootSource = &self.shared.roots;
        let others = self.shared.config.sources.iter().map(AsRef::as_ref);
        for source in others.chain([own]) {
            if let Some(found) = source.resolve(root, storage).await {
                return found.map_err(|why| Error::failed(format!("mount-root-flist({why})")));
            }
        }
        Err(Error::failed(format!(
            "mount-root-flist(invalid flist url ({root}))"
        )))
    }
}

fn info(id: u16, container: &Container) -> Info {
    Info {
        arguments: container.arguments.clone(),
        root: format!("/mnt/containers/{id}"),
        pid: container.ready.pid,
    }
}

/// Makes the network of the containers, with its way out.
async fn connect(config: &Config) -> std::result::Result<Connected, String> {
    let program = config.init.clone();
    let started = tokio::task::spawn_blocking(move || Switch::start(&program)).await;
    let (switch, sockets) = started.map_err(|e| e.to_string())??;
    leftovers::claim_switch(&config.dir, switch.pid())
        .map_err(|e| format!("cannot write its state: {e}"))?;
    let relay = relay::start(&switch, sockets, config.address)
        .map_err(|e| format!("cannot serve its way out: {e}"))?;
    Ok(Connected {
        switch,
        _relay: relay,
    })
}

/// Builds a container of an empty root, to see what the machine allows.
async fn probe(config: &Config, switch: Option<Arc<Switch>>) -> Support {
    let built = async {
        let home = Home::make(&config.dir, 0).map_err(Error::doing("cannot make its folder"))?;
        let lower = home.path().join("lower");
        std::fs::create_dir(&lower).map_err(Error::doing("cannot make its root"))?;
        let set_up = SetUp {
            lower,
            folder: home.path().to_owned(),
            hostname: "probe".to_owned(),
            probe: true,
            ..SetUp::default()
        };
        let wiring = Wiring {
            switch,
            ..Wiring::default()
        };
        let started = process::start(config, home, set_up, &[], wiring, Vec::new()).await?;
        let ready = started.ready.clone();
        started.run(0, mpsc::unbounded_channel().0).await;
        Ok::<_, Error>(ready)
    };
    match built.await {
        Ok(ready) => Support::Yes(ready),
        Err(e) => Support::No(e.message),
    }
}

/// Checks the host side of mounts; links are resolved now, so that they cannot lead elsewhere later.
fn mounts(wanted: Option<&IndexMap<String, String>>) -> Result<Vec<(PathBuf, PathBuf)>> {
    let resolve = |(host, guest): (&String, &String)| {
        let found = std::fs::canonicalize(host)
            .map_err(|_| Error::failed(format!("host path '{host}' does not exist")))?;
        Ok((found, PathBuf::from(guest)))
    };
    let wanted = wanted.into_iter().flatten();
    let wanted = wanted.filter(|(host, _)| !host.contains("://"));
    wanted.map(resolve).collect()
}

/// The mounts that are flists: address and guest path.
fn flist_mounts(wanted: Option<&IndexMap<String, String>>) -> Vec<(String, PathBuf)> {
    let wanted = wanted.into_iter().flatten();
    let flists = wanted.filter(|(host, _)| host.contains("://"));
    flists
        .map(|(url, guest)| (url.clone(), PathBuf::from(guest)))
        .collect()
}
