//! The process of a switch: it lives in the network that it serves, does what the node asks, and
//! ends with the node.

use std::fs::{self, File};
use std::io::{self, IoSlice};
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use nix::errno::Errno;
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
use nix::unistd::setsid;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::links::{Ask, Cable};
use super::netlink::Netlink;
use super::{DEFAULT_BRIDGE, GATEWAY, Lacking, PREFIX, packet, redirect};
use crate::devnet::zos::container::frame;
use crate::devnet::zos::container::init::user_namespace;

/// What a switch says first.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum First {
    /// It stands. Its sockets follow: where redirected connections arrive, where names are asked
    /// for, and, unless they are lacking, those of datagrams.
    Ready(Lacking),
    /// It does not, for this reason.
    Failed(String),
}

/// Serves until the node is gone.
pub fn main() -> ExitCode {
    let control = io::stdin().as_fd().try_clone_to_owned();
    let Ok(mut control) = control.map(UnixStream::from) else {
        return ExitCode::FAILURE;
    };
    let (mut netlink, sockets, lacking) = match set_up() {
        Ok(made) => made,
        Err(reason) => {
            // Without the node there is nobody to tell.
            let _ = frame::write(&mut control, &First::Failed(reason));
            return ExitCode::FAILURE;
        }
    };
    let told = frame::write(&mut control, &First::Ready(lacking)).and_then(|()| {
        let descriptors: Vec<_> = sockets.iter().map(AsRawFd::as_raw_fd).collect();
        let rights = [ControlMessage::ScmRights(&descriptors)];
        let parts = [IoSlice::new(&[0])];
        let flags = MsgFlags::MSG_NOSIGNAL;
        Ok(sendmsg::<()>(
            control.as_raw_fd(),
            &parts,
            &rights,
            flags,
            None,
        )?)
    });
    drop(sockets);
    if told.is_err() {
        return ExitCode::FAILURE;
    }
    while let Ok(Some(ask)) = frame::read::<Ask>(&mut control) {
        let answer: Result<Json, String> = match &ask {
            Ask::Attach(cable) => attach(&mut netlink, cable).map(|()| Json::Null),
            ask => netlink.perform(ask),
        };
        if frame::write(&mut control, &answer).is_err() {
            break;
        }
    }
    ExitCode::SUCCESS
}

type Made = (Netlink, Vec<OwnedFd>, Lacking);

/// Makes the network: the default bridge, and the sockets behind which its way out lies.
fn set_up() -> Result<Made, String> {
    // Ctrl-C at the node's terminal is not meant for its network.
    let _ = setsid();
    match unshare(CloneFlags::CLONE_NEWNET) {
        Ok(()) => {}
        Err(Errno::EPERM) => {
            user_namespace(CloneFlags::CLONE_NEWNET)?;
        }
        Err(e) => return Err(format!("cannot make a network of its own: {e}")),
    }
    let failed = |e: Errno| format!("cannot speak to the kernel's network: {e}");
    let mut netlink = Netlink::routes().map_err(failed)?;
    let bridge = DEFAULT_BRIDGE.to_owned();
    for ask in [
        Ask::Up("lo".to_owned(), true),
        Ask::AddBridge(bridge.clone(), String::new()),
        Ask::AddAddress(bridge.clone(), format!("{GATEWAY}/{PREFIX}")),
        Ask::Up(bridge, true),
    ] {
        let done = netlink.perform(&ask);
        done.map_err(|e| format!("cannot make the bridge {DEFAULT_BRIDGE}: {e}"))?;
    }
    // What passes between containers of a bridge is not for the filter; and bridges are apart.
    // A kernel without these settings does it so anyway.
    let _ = fs::write("/proc/sys/net/bridge/bridge-nf-call-iptables", "0");
    let _ = fs::write("/proc/sys/net/ipv4/ip_forward", "0");
    let failed = |e: io::Error| format!("cannot listen in its network: {e}");
    let connections = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).map_err(failed)?;
    let port = connections.local_addr().map_err(failed)?.port();
    let names = UdpSocket::bind((GATEWAY, 53)).map_err(failed)?;
    let mut lacking = Lacking::default();
    if let Err(e) = redirect::install(port) {
        lacking.connections = Some(format!(
            "the kernel does not redirect connections (nf_tables): {e}"
        ));
    }
    let mut sockets = vec![OwnedFd::from(connections), OwnedFd::from(names)];
    match packet::sockets() {
        Ok((seeing, sending)) => sockets.extend([seeing, sending]),
        Err(e) => lacking.datagrams = Some(format!("the kernel gives no packet sockets: {e}")),
    }
    Ok((netlink, sockets, lacking))
}

/// Connects a container: a pair of links, and what its end needs.
fn attach(netlink: &mut Netlink, cable: &Cable) -> Result<(), String> {
    let path = format!("/proc/{}/ns/net", cable.pid);
    let there = File::open(&path).map_err(|e| format!("cannot open {path}: {e}"))?;
    let mut inside = in_network(&there)?;
    netlink.add_pair(cable, there.as_raw_fd())?;
    let mut finish = || {
        let name = || cable.inside.clone();
        if !cable.address.is_empty() {
            inside.perform(&Ask::AddAddress(name(), cable.address.clone()))?;
        }
        inside.perform(&Ask::Up(name(), true))?;
        if !cable.gateway.is_empty() {
            inside.perform(&Ask::AddRoute(name(), String::new(), cable.gateway.clone()))?;
        }
        Ok::<_, String>(())
    };
    // Half a cable is none.
    finish().inspect_err(|_| {
        let _ = netlink.perform(&Ask::Delete(cable.outside.clone()));
    })
}

/// A connection to the kernel for another network: a thread goes there and makes it.
fn in_network(there: &File) -> Result<Netlink, String> {
    std::thread::scope(|scope| {
        let made = scope.spawn(|| {
            setns(there.as_fd(), CloneFlags::CLONE_NEWNET)?;
            Netlink::routes()
        });
        match made.join() {
            Ok(made) => made.map_err(|e| format!("cannot enter the container's network: {e}")),
            Err(_) => Err("cannot enter the container's network".to_owned()),
        }
    })
}
