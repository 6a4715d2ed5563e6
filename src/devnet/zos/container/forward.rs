//! Ports of the node that lead into a container, relayed in user space.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use nix::ifaddrs::getifaddrs;
use tokio::net::{TcpListener, TcpSocket, TcpStream, UdpSocket};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};

use super::dial::{Dial, Kind};
use super::error::{Error, Result};
use super::port::{Origin, Source};

/// How long a connection into the container may take.
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);
/// How long a sender of datagrams is remembered.
const UDP_PATIENCE: Duration = Duration::from_secs(60);
/// Most senders of datagrams at a time.
const MOST_SENDERS: usize = 1024;
/// Most connections of a forward at a time.
const MOST_CONNECTIONS: usize = 4096;
/// Largest datagram.
const DATAGRAM: usize = 65_536;

/// Sockets that listen but serve nobody yet.
pub struct Listening {
    tcp: Vec<TcpListener>,
    udp: Vec<UdpSocket>,
}

/// A forward that works until the value is dropped, with all its connections.
pub struct Forward {
    source: Source,
    guest: u16,
    tasks: Vec<AbortHandle>,
}

/// The error of a port that is taken, by a forward or another program.
pub fn in_use(port: u16) -> Error {
    Error::failed(format!("port {port} already in use"))
}

impl Listening {
    /// Listens where a source says: on the node's address and on 127.0.0.1, on a link's addresses
    /// if it names one, everywhere if it names senders elsewhere.
    pub async fn open(node: IpAddr, source: &Source) -> Result<Self> {
        let local = IpAddr::V4(Ipv4Addr::LOCALHOST);
        // Those that must work, and those that are welcome: another node may have them.
        let (must, may) = match &source.from {
            None => (node, vec![local]),
            Some(Origin::Network(address, _)) if address.is_loopback() => (*address, Vec::new()),
            Some(Origin::Network(..)) => (IpAddr::V4(Ipv4Addr::UNSPECIFIED), Vec::new()),
            Some(Origin::Link(name)) => {
                let mut may = addresses(name);
                may.push(local);
                (node, may)
            }
        };
        let mut listening = Self {
            tcp: Vec::new(),
            udp: Vec::new(),
        };
        listening
            .add(must, source)
            .await
            .map_err(|e| match e.kind() {
                io::ErrorKind::AddrInUse => in_use(source.port),
                _ => Error::failed(format!("cannot listen on {must} port {}: {e}", source.port)),
            })?;
        for address in may.into_iter().filter(|a| *a != must) {
            let _ = listening.add(address, source).await;
        }
        Ok(listening)
    }

    async fn add(&mut self, address: IpAddr, source: &Source) -> io::Result<()> {
        let address = SocketAddr::new(address, source.port);
        if source.tcp {
            self.tcp.push(TcpListener::bind(address).await?);
        }
        if source.udp {
            self.udp.push(UdpSocket::bind(address).await?);
        }
        Ok(())
    }

    /// Serves: connections go to the port of the container, or of the node itself without a dial.
    pub fn start(self, source: Source, guest: u16, dial: Option<Arc<Dial>>) -> Forward {
        let way = Arc::new(Way {
            source: source.clone(),
            guest,
            dial,
        });
        let tcp = self.tcp.into_iter();
        let tcp =
            tcp.map(|listener| tokio::spawn(accept(listener, Arc::clone(&way))).abort_handle());
        let udp = self.udp.into_iter();
        let udp =
            udp.map(|socket| tokio::spawn(datagrams(socket, Arc::clone(&way))).abort_handle());
        let tasks = tcp.chain(udp).collect();
        Forward {
            source,
            guest,
            tasks,
        }
    }
}

impl Forward {
    /// Returns where it comes in.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Returns the port in the container.
    pub fn guest(&self) -> u16 {
        self.guest
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

/// Where connections of a forward go.
struct Way {
    source: Source,
    guest: u16,
    dial: Option<Arc<Dial>>,
}

impl Way {
    async fn socket(&self, dial: &Arc<Dial>, kind: Kind) -> io::Result<OwnedFd> {
        let dial = Arc::clone(dial);
        tokio::task::spawn_blocking(move || dial.socket(kind)).await?
    }

    /// Connects to the port; a service may listen on either loopback address.
    async fn connect(&self) -> io::Result<TcpStream> {
        let four = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), self.guest);
        let six = SocketAddr::new(Ipv6Addr::LOCALHOST.into(), self.guest);
        let Some(dial) = &self.dial else {
            return TcpStream::connect(&[four, six][..]).await;
        };
        let socket = self.socket(dial, Kind::Tcp4).await?;
        match TcpSocket::from_std_stream(socket.into())
            .connect(four)
            .await
        {
            Err(e) if e.kind() == io::ErrorKind::ConnectionRefused => {
                let socket = self.socket(dial, Kind::Tcp6).await?;
                TcpSocket::from_std_stream(socket.into()).connect(six).await
            }
            other => other,
        }
    }

    /// Returns a datagram socket that is connected to the port.
    async fn connect_datagrams(&self) -> io::Result<UdpSocket> {
        let socket = match &self.dial {
            None => UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?,
            Some(dial) => {
                let socket = self.socket(dial, Kind::Udp4).await?;
                UdpSocket::from_std(std::net::UdpSocket::from(socket))?
            }
        };
        socket.connect((Ipv4Addr::LOCALHOST, self.guest)).await?;
        Ok(socket)
    }

    fn lets_in(&self, sender: SocketAddr) -> bool {
        sender.ip().is_loopback() || self.source.lets_in(sender.ip())
    }
}

async fn accept(listener: TcpListener, way: Arc<Way>) {
    let mut connections = JoinSet::new();
    loop {
        let (mut outside, sender) = match listener.accept().await {
            Ok(accepted) => accepted,
            // Out of descriptors, most likely: others may close some.
            Err(_) => {
                sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        while connections.try_join_next().is_some() {}
        if !way.lets_in(sender) || connections.len() >= MOST_CONNECTIONS {
            continue;
        }
        let way = Arc::clone(&way);
        connections.spawn(async move {
            if let Ok(Ok(mut inside)) = timeout(CONNECT_PATIENCE, way.connect()).await {
                let _ = tokio::io::copy_bidirectional(&mut outside, &mut inside).await;
            }
        });
    }
}

async fn datagrams(outside: UdpSocket, way: Arc<Way>) {
    let outside = Arc::new(outside);
    let mut senders: HashMap<SocketAddr, (Arc<UdpSocket>, AbortHandle)> = HashMap::new();
    let mut answers = JoinSet::new();
    let mut block = vec![0; DATAGRAM];
    loop {
        let Ok((n, sender)) = outside.recv_from(&mut block).await else {
            continue;
        };
        while answers.try_join_next().is_some() {}
        senders.retain(|_, (_, task)| !task.is_finished());
        if !way.lets_in(sender) {
            continue;
        }
        if !senders.contains_key(&sender) {
            if senders.len() >= MOST_SENDERS {
                continue;
            }
            let Ok(inside) = way.connect_datagrams().await.map(Arc::new) else {
                continue;
            };
            let task = answers.spawn(answer(Arc::clone(&inside), Arc::clone(&outside), sender));
            senders.insert(sender, (inside, task));
        }
        if let Some((inside, _)) = senders.get(&sender) {
            // Datagrams may get lost; so may this one.
            let _ = inside.send(block.get(..n).unwrap_or_default()).await;
        }
    }
}

/// Carries answers back to a sender until there were none for a while.
async fn answer(inside: Arc<UdpSocket>, outside: Arc<UdpSocket>, sender: SocketAddr) {
    let mut block = vec![0; DATAGRAM];
    while let Ok(Ok(n)) = timeout(UDP_PATIENCE, inside.recv(&mut block)).await {
        let _ = outside
            .send_to(block.get(..n).unwrap_or_default(), sender)
            .await;
    }
}

/// Addresses of the links that a name, perhaps with `*` at its end, stands for.
fn addresses(name: &str) -> Vec<IpAddr> {
    let fits = |link: &str| match name.strip_suffix('*') {
        Some(start) => link.starts_with(start),
        None => link == name,
    };
    let all = getifaddrs()
        .into_iter()
        .flatten()
        .filter(|link| fits(&link.interface_name));
    let address = |link: nix::ifaddrs::InterfaceAddress| {
        let address = link.address?;
        let four = address.as_sockaddr_in().map(|a| IpAddr::V4(a.ip()));
        four.or_else(|| address.as_sockaddr_in6().map(|a| IpAddr::V6(a.ip())))
    };
    all.filter_map(address).collect()
}
