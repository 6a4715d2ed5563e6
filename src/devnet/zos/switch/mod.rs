//! The network of a node: bridges and containers' links in a network namespace of its own.
//!
//! Nothing of it lies in the machine's network: no bridge, no address, no rule of a firewall, so
//! two nodes never meet, and all of it is gone with its process however the node ends. That needs
//! no right but that to make namespaces, so it is the same for root and for everybody.
//!
//! * [`process`]: the process that lives in the namespace. * [`netlink`], [`links`], [`redirect`]:
//!   how it speaks with the kernel. * [`network`]: addresses with prefixes.
//! * [`relay`]: the way out. TCP of containers arrives at a port of the switch, and the node
//!   connects in their place; names are asked for at the machine's name servers.
//! * [`datagrams`], [`packet`]: other UDP, seen as packets and carried by sockets of the node. Pings
//!   and datagrams in fragments stay inside.
pub mod datagrams;
pub mod links;
pub mod netlink;
pub mod network;
pub mod packet;
pub mod process;
mod redirect;
pub mod relay;

use std::collections::BTreeSet;
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, TcpListener, UdpSocket};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::container::{SUBCOMMAND, frame};
use links::{Ask, Cable};
use network::Network;
use process::First;

/// The bridge of the default nic.
pub const DEFAULT_BRIDGE: &str = "core0";
/// The node on that bridge: gateway and name server of containers.
pub const GATEWAY: Ipv4Addr = Ipv4Addr::new(172, 18, 0, 1);
/// Length of the network's prefix.
pub const PREFIX: u8 = 16;
/// Argument of [`SUBCOMMAND`] that starts a switch.
pub const ARGUMENT: &str = "-switch";
/// How long the process may take for anything.
const PATIENCE: Duration = Duration::from_secs(20);

/// A port of the node that containers may reach at its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The port.
    pub port: u16,
    /// Only from this bridge.
    pub link: Option<String>,
    /// Only from this network.
    pub from: Option<Network>,
}

/// A running switch. Its process ends when the value is dropped.
#[derive(Debug)]
pub struct Switch {
    child: Mutex<Child>,
    pid: u32,
    /// None after a failure: an answer that comes too late must not be taken for the next.
    control: Mutex<Option<UnixStream>>,
    rules: Mutex<Rules>,
    lacking: Lacking,
}

/// Why a switch leads something not out; None for what it does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lacking {
    /// TCP.
    pub connections: Option<String>,
    /// UDP but for names.
    pub datagrams: Option<String>,
}

#[derive(Debug, Default)]
struct Rules {
    /// Bridges beside the default one that have a way out.
    outwards: BTreeSet<String>,
    open: Vec<Opening>,
}

/// The sockets of a switch that the node serves.
#[derive(Debug)]
pub struct Sockets {
    /// Where redirected connections arrive.
    pub connections: TcpListener,
    /// Where names are asked for.
    pub names: UdpSocket,
    /// Where other datagrams are seen and answered.
    pub datagrams: Option<datagrams::Sockets>,
}

impl Switch {
    /// Starts the process, which is the given program. Blocks until it stands.
    ///
    /// # Errors
    /// Why the machine gives no network, in words.
    pub fn start(program: &Path) -> Result<(Arc<Self>, Sockets), String> {
        let failed = |e: io::Error| format!("cannot start {}: {e}", program.display());
        let (ours, theirs) = UnixStream::pair().map_err(failed)?;
        let mut command = Command::new(program);
        command
            .args([SUBCOMMAND, ARGUMENT])
            .env_clear()
            .current_dir("/")
            .stdin(OwnedFd::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = command.spawn().map_err(failed)?;
        // Until it is dropped, the command holds the other end of the pair.
        drop(command);
        let mut starting = Starting(Some(child));
        let mut ours = ours;
        ours.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
        let lacking = match frame::read::<First>(&mut ours).map_err(failed)? {
            Some(First::Ready(lacking)) => lacking,
            Some(First::Failed(reason)) => return Err(reason),
            None => return Err(format!("{} ended at once", program.display())),
        };
        let sockets = take_sockets(&mut ours).map_err(failed)?;
        let Some(child) = starting.0.take() else {
            return Err(format!("{} ended at once", program.display()));
        };
        let switch = Self {
            pid: child.id(),
            child: Mutex::new(child),
            control: Mutex::new(Some(ours)),
            rules: Mutex::default(),
            lacking,
        };
        Ok((Arc::new(switch), sockets))
    }

    /// Returns the id of its process.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Tells why its containers have no way out, as far as they have none.
    pub fn lacking(&self) -> &Lacking {
        &self.lacking
    }

    /// Asks for something; blocks for a moment.
    ///
    /// # Errors
    /// The kernel's words.
    pub fn ask(&self, ask: &Ask) -> Result<Json, String> {
        let mut held = lock(&self.control);
        let gone = || "the node's network is gone".to_owned();
        let control = held.as_mut().ok_or_else(gone)?;
        let answer =
            frame::write(control, ask).and_then(|()| frame::read::<Result<Json, String>>(control));
        match answer {
            Ok(Some(answer)) => answer,
            Ok(None) | Err(_) => {
                *held = None;
                Err(gone())
            }
        }
    }

    /// Lists addresses: link, and address with prefix.
    ///
    /// # Errors
    /// The kernel's words.
    pub fn addresses(&self) -> Result<Vec<(String, Network)>, String> {
        let listed = self.ask(&Ask::Addresses)?;
        let listed: Vec<(String, String)> =
            serde_json::from_value(listed).map_err(|e| e.to_string())?;
        let read = listed.into_iter();
        let read = read.filter_map(|(link, text)| Some((link, text.parse().ok()?)));
        Ok(read.collect())
    }

    /// Says whether a link of this name is in the network, and whether it is a bridge.
    pub fn link(&self, name: &str) -> Option<bool> {
        let links = self.ask(&Ask::Links).ok()?;
        let mut links = links.as_array()?.iter();
        let link = links.find(|link| link["name"] == name)?;
        Some(link["type"] == "bridge")
    }

    /// Connects a container.
    ///
    /// # Errors
    /// The kernel's words.
    pub fn attach(&self, cable: Cable) -> Result<(), String> {
        self.ask(&Ask::Attach(cable)).map(|_| ())
    }

    /// Gives a bridge a way out, or takes it.
    pub fn set_outwards(&self, bridge: &str, outwards: bool) {
        let mut rules = lock(&self.rules);
        if outwards {
            rules.outwards.insert(bridge.to_owned());
        } else {
            rules.outwards.remove(bridge);
        }
    }

    /// Says whether a bridge has a way out.
    pub fn outwards(&self, bridge: &str) -> bool {
        bridge == DEFAULT_BRIDGE || lock(&self.rules).outwards.contains(bridge)
    }

    /// Lets containers reach a port of the node; false when there is a rule for that port.
    pub fn open(&self, opening: Opening) -> bool {
        let mut rules = lock(&self.rules);
        if rules.open.iter().any(|other| other.port == opening.port) {
            return false;
        }
        rules.open.push(opening);
        true
    }

    /// Takes the rule for a port away.
    pub fn close(&self, port: u16) {
        lock(&self.rules).open.retain(|other| other.port != port);
    }

    /// Lists the ports of the node that containers may reach.
    pub fn openings(&self) -> Vec<Opening> {
        lock(&self.rules).open.clone()
    }

    /// Says whether somebody on a bridge may reach a port of the node.
    pub fn is_open(&self, port: u16, bridge: &str, from: IpAddr) -> bool {
        lock(&self.rules).open.iter().any(|opening| {
            opening.port == port
                && opening.link.as_deref().is_none_or(|link| link == bridge)
                && opening.from.is_none_or(|network| network.holds(from))
        })
    }
}

impl Drop for Switch {
    fn drop(&mut self) {
        let mut child = lock(&self.child);
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// A process that ends unless it is taken.
struct Starting(Option<Child>);

impl Drop for Starting {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing under these locks panics half-way through a change.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes the sockets that follow the first word.
fn take_sockets(from: &mut UnixStream) -> io::Result<Sockets> {
    let mut byte = [0];
    let mut space = nix::cmsg_space!([std::os::fd::RawFd; 4]);
    let mut parts = [IoSliceMut::new(&mut byte)];
    let flags = MsgFlags::MSG_CMSG_CLOEXEC;
    let answer = recvmsg::<()>(from.as_raw_fd(), &mut parts, Some(&mut space), flags)?;
    let mut sockets = Vec::new();
    for message in answer.cmsgs()? {
        if let ControlMessageOwned::ScmRights(descriptors) = message {
            for descriptor in descriptors {
                // SAFETY: the kernel made this descriptor for us just now; nobody else has it.
                sockets.push(unsafe { OwnedFd::from_raw_fd(descriptor) });
            }
        }
    }
    let mut sockets = sockets.into_iter();
    let (Some(connections), Some(names)) = (sockets.next(), sockets.next()) else {
        return Err(io::ErrorKind::UnexpectedEof.into());
    };
    let datagrams = match (sockets.next(), sockets.next()) {
        (Some(seeing), Some(sending)) => Some(datagrams::Sockets { seeing, sending }),
        _ => None,
    };
    let sockets = Sockets {
        connections: connections.into(),
        names: names.into(),
        datagrams,
    };
    sockets.connections.set_nonblocking(true)?;
    sockets.names.set_nonblocking(true)?;
    Ok(sockets)
}

/// Address of a container on the default bridge, with its prefix (spec: 3.2).
pub fn default_address(container: u16) -> String {
    let [high, low] = container.saturating_add(1).to_be_bytes();
    let [a, b, ..] = GATEWAY.octets();
    format!("{a}.{b}.{high}.{low}/{PREFIX}")
}

/// Name of a container's link at its bridge (spec: 3.2).
pub fn outside_name(container: u16, index: usize, monitor: bool) -> String {
    let start = if monitor { "contm" } else { "cont" };
    format!("{start}{container}-{index}")
}
