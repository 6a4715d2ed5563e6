//! The way out of containers: what they want to reach, the node reaches in their place.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::Arc;
use std::time::Duration;

use nix::sys::socket::{getsockopt, sockopt};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::Semaphore;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};

use super::links::Ask;
use super::network::Network;
use super::{Sockets, Switch, datagrams};

/// How long a connection may take.
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);
/// How long a name server may take.
const NAME_PATIENCE: Duration = Duration::from_secs(5);
/// Most connections at a time.
const MOST_CONNECTIONS: usize = 4096;
/// Most questions for names at a time.
const MOST_QUESTIONS: usize = 256;
/// Largest datagram of a question or answer.
const DATAGRAM: usize = 4096;
/// Port of name servers.
const NAMES: u16 = 53;
/// Where the machine's name servers stand.
const RESOLVERS: &str = "/etc/resolv.conf";

/// A relay that works until the value is dropped.
#[derive(Debug)]
pub struct Relay(Vec<AbortHandle>);

impl Drop for Relay {
    fn drop(&mut self) {
        self.0.iter().for_each(AbortHandle::abort);
    }
}

/// Serves the sockets of a switch, on the runtime that this is called on. `node` is the address
/// whose opened ports containers reach at their gateway.
///
/// # Errors
/// When the runtime does not take the sockets.
pub fn start(switch: &Arc<Switch>, sockets: Sockets, node: IpAddr) -> io::Result<Relay> {
    let connections = TcpListener::from_std(sockets.connections)?;
    let names = Arc::new(UdpSocket::from_std(sockets.names)?);
    // The relay goes when the node's handle of the switch does.
    let accepting = tokio::spawn(accept(connections, Arc::clone(switch), node));
    let naming = tokio::spawn(questions(names));
    let mut tasks = vec![accepting.abort_handle(), naming.abort_handle()];
    if let Some(sockets) = sockets.datagrams {
        let speaking = tokio::spawn(datagrams::serve(sockets, Arc::clone(switch)));
        tasks.push(speaking.abort_handle());
    }
    Ok(Relay(tasks))
}

async fn accept(listener: TcpListener, switch: Arc<Switch>, node: IpAddr) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    // Ends with this task.
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok((stream, peer)) = listener.accept().await else {
            // Out of descriptors, most likely: they come back as connections end.
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            refuse(stream);
            continue;
        };
        let switch = Arc::clone(&switch);
        connections.spawn(async move {
            carry(stream, peer.ip(), &switch, node).await;
            drop(place);
        });
    }
}

/// Ends a connection as a closed port does.
fn refuse(stream: TcpStream) {
    let _ = stream.set_zero_linger();
}

async fn carry(mut inside: TcpStream, from: IpAddr, switch: &Arc<Switch>, node: IpAddr) {
    let wanted = getsockopt(&inside, sockopt::OriginalDst).map(|to| {
        SocketAddrV4::new(
            Ipv4Addr::from(u32::from_be(to.sin_addr.s_addr)),
            u16::from_be(to.sin_port),
        )
    });
    let Ok(wanted) = wanted else {
        return refuse(inside);
    };
    let asked = Arc::clone(switch);
    let networks = tokio::task::spawn_blocking(move || asked.addresses()).await;
    let networks = networks.unwrap_or_else(|e| Err(e.to_string()));
    let allowed = |bridge: &str| Rights {
        outwards: switch.outwards(bridge),
        open: switch.is_open(wanted.port(), bridge, from),
    };
    let way = way(wanted, from, &networks.unwrap_or_default(), allowed);
    let targets = match way {
        Way::Refused => Vec::new(),
        Way::Names => resolvers(),
        Way::Node => vec![SocketAddr::new(node, wanted.port())],
        Way::Out => vec![SocketAddr::V4(wanted)],
    };
    for target in targets {
        if let Ok(Ok(mut outside)) = timeout(CONNECT_PATIENCE, TcpStream::connect(target)).await {
            let _ = outside.set_nodelay(true);
            let _ = inside.set_nodelay(true);
            let _ = copy_bidirectional(&mut inside, &mut outside).await;
            return;
        }
    }
    refuse(inside);
}

/// Says whether a datagram that came in by a link may go where it wants to; blocks for a moment.
pub fn lets_out(switch: &Switch, link: u32, from: Ipv4Addr, to: SocketAddrV4) -> bool {
    let networks = switch.addresses().unwrap_or_default();
    let allowed = |bridge: &str| Rights {
        // Nobody would answer who speaks in the name of another bridge, but be asked in its name.
        outwards: switch.outwards(bridge)
            && switch.ask(&Ask::Index(bridge.to_owned())) == Ok(link.into()),
        open: false,
    };
    way(to, from.into(), &networks, allowed) == Way::Out
}

/// What somebody on a bridge may do.
struct Rights {
    outwards: bool,
    open: bool,
}

/// Where a connection leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Nowhere.
    Refused,
    /// To a name server of the machine.
    Names,
    /// To the node.
    Node,
    /// To where it wants to go.
    Out,
}

fn way(
    wanted: SocketAddrV4,
    from: IpAddr,
    networks: &[(String, Network)],
    allowed: impl Fn(&str) -> Rights,
) -> Way {
    let to = IpAddr::V4(*wanted.ip());
    let Some((bridge, _)) = networks.iter().find(|(_, network)| network.holds(from)) else {
        return Way::Refused;
    };
    let rights = allowed(bridge);
    if networks.iter().any(|(_, network)| network.address == to) {
        return match wanted.port() {
            NAMES => Way::Names,
            _ if rights.open => Way::Node,
            _ => Way::Refused,
        };
    }
    let ip = wanted.ip();
    // Link-local addresses are those of the machine's own neighbours, such as the service that
    // hands machines of a cloud their secrets.
    let strange = ip.is_loopback()
        || ip.is_unspecified()
        || ip.is_multicast()
        || ip.is_broadcast()
        || ip.is_link_local()
        || networks.iter().any(|(_, network)| network.holds(to));
    match rights.outwards && !strange {
        true => Way::Out,
        false => Way::Refused,
    }
}

/// The machine's name servers, as they are now.
fn resolvers() -> Vec<SocketAddr> {
    let text = std::fs::read_to_string(RESOLVERS).unwrap_or_default();
    servers(&text)
}

fn servers(text: &str) -> Vec<SocketAddr> {
    let words = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        words.next().filter(|word| *word == "nameserver")?;
        words.next()?.parse::<IpAddr>().ok()
    });
    words.map(|ip| SocketAddr::new(ip, NAMES)).collect()
}

/// Passes questions for names on.
async fn questions(inside: Arc<UdpSocket>) {
    let places = Arc::new(Semaphore::new(MOST_QUESTIONS));
    let mut running = JoinSet::new();
    let mut block = vec![0; DATAGRAM];
    loop {
        while running.try_join_next().is_some() {}
        let Ok((length, asker)) = inside.recv_from(&mut block).await else {
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        // A question too many is lost, as datagrams may be.
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            continue;
        };
        let question = block.get(..length).unwrap_or_default().to_vec();
        let inside = Arc::clone(&inside);
        running.spawn(async move {
            for server in resolvers() {
                let asking = ask(server, &question);
                if let Ok(Ok(answer)) = timeout(NAME_PATIENCE, asking).await {
                    let _ = inside.send_to(&answer, asker).await;
                    break;
                }
            }
            drop(place);
        });
    }
}

async fn ask(server: SocketAddr, question: &[u8]) -> io::Result<Vec<u8>> {
    let any: SocketAddr = match server {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (std::net::Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(server).await?;
    socket.send(question).await?;
    let mut answer = vec![0; DATAGRAM];
    let length = socket.recv(&mut answer).await?;
    answer.truncate(length);
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_go_where_they_may() {
        let networks = [
            ("core0".to_owned(), "172.18.0.1/16".parse().unwrap()),
            ("apart".to_owned(), "10.20.0.1/24".parse().unwrap()),
        ];
        let goes = |to: &str, from: &str| {
            let allowed = |bridge: &str| Rights {
                outwards: bridge == "core0",
                open: to.ends_with(":2200"),
            };
            way(
                to.parse().unwrap(),
                from.parse().unwrap(),
                &networks,
                allowed,
            )
        };
        let (one, other) = ("172.18.0.2", "10.20.0.7");
        assert_eq!(goes("192.0.2.7:80", one), Way::Out);
        assert_eq!(goes("192.0.2.7:80", other), Way::Refused);
        assert_eq!(goes("192.0.2.7:80", "10.9.9.9"), Way::Refused);
        assert_eq!(goes("172.18.0.1:53", one), Way::Names);
        assert_eq!(goes("172.18.0.1:2200", one), Way::Node);
        assert_eq!(goes("10.20.0.1:2200", other), Way::Node);
        for closed in [
            "172.18.0.1:6379",
            "127.0.0.1:80",
            "0.0.0.0:80",
            "255.255.255.255:80",
            "224.0.0.1:80",
            "169.254.169.254:80",
            "10.20.0.9:80",
        ] {
            assert_eq!(goes(closed, one), Way::Refused, "{closed}");
        }
    }

    #[test]
    fn name_servers_are_read() {
        let text = "# nameserver 9.9.9.9\nnameserver 10.0.0.2\nsearch x\nnameserver fe80::1%eth0\nnameserver ::1\n";
        let read: Vec<String> = servers(text).iter().map(ToString::to_string).collect();
        assert_eq!(read, ["10.0.0.2:53", "[::1]:53"]);
    }
}
