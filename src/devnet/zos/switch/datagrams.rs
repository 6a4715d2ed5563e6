//! UDP of containers: each pair of addresses that speaks has a socket of the node's for as long as
//! it does.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::packet::{self, Datagram, LONGEST};
use super::{Switch, relay};

/// How long a pair may be silent: one that only asked once, and one that goes on.
const SILENCE_FIRST: Duration = Duration::from_secs(30);
const SILENCE: Duration = Duration::from_secs(120);
/// How long a pair that may not speak is not judged again.
const REFUSED: Duration = Duration::from_secs(1);
/// Most pairs at a time, and most of one container.
const MOST: usize = 1024;
const MOST_OF_ONE: usize = 256;
/// Datagrams of a pair that wait for its socket.
const WAITING: usize = 64;

/// The sockets of the switch for datagrams.
#[derive(Debug)]
pub struct Sockets {
    /// Sees what containers send.
    pub seeing: OwnedFd,
    /// Sends them what comes back.
    pub sending: OwnedFd,
}

/// Who speaks to whom, and by which link it came: a container cannot speak for one of another
/// bridge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Pair {
    link: u32,
    from: SocketAddrV4,
    to: SocketAddrV4,
}

/// Serves until the node's handle of the switch goes.
///
/// # Errors
/// When the runtime does not take the socket; a closed one ends it.
pub async fn serve(sockets: Sockets, switch: Arc<Switch>) -> io::Result<()> {
    let sending = Arc::new(sockets.sending);
    // SAFETY: the descriptor is owned by the value and stays open and the same until it is dropped.
    let seeing = unsafe { AsyncFd::register_with_interest(sockets.seeing, Interest::READABLE) }?;
    let mut known: HashMap<Pair, mpsc::Sender<Vec<u8>>> = HashMap::new();
    let mut speaking = JoinSet::new();
    let mut block = vec![0; 64 * 1024];
    loop {
        let (length, link) = tokio::select! {
            got = seeing.async_io(Interest::READABLE, |fd| packet::receive(fd, &mut block)) => {
                match got {
                    Ok(got) => got,
                    // A link that went down is told here as well.
                    Err(_) => {
                        sleep(Duration::from_millis(50)).await;
                        continue;
                    }
                }
            }
            Some(_) = speaking.join_next() => {
                known.retain(|_, pair| !pair.is_closed());
                continue;
            }
        };
        let packet = block.get(..length).unwrap_or_default();
        let Some(Datagram { from, to, bytes }) = Datagram::parse(packet) else {
            continue;
        };
        let pair = Pair { link, from, to };
        let speaks = known.get(&pair);
        if let Some(speaks) = speaks.filter(|speaks| !speaks.is_closed()) {
            // One too many is lost, as datagrams may be.
            let _ = speaks.try_send(bytes);
            continue;
        }
        let of_one = |ip: &Ipv4Addr| known.keys().filter(|pair| pair.from.ip() == ip).count();
        if known.len() >= MOST || of_one(from.ip()) >= MOST_OF_ONE {
            continue;
        }
        let (send, said) = mpsc::channel(WAITING);
        let _ = send.try_send(bytes);
        known.insert(pair, send);
        speaking.spawn(speak(pair, said, Arc::clone(&switch), Arc::clone(&sending)));
    }
}

/// Carries what a pair says, until both are silent.
async fn speak(
    pair: Pair,
    said: mpsc::Receiver<Vec<u8>>,
    switch: Arc<Switch>,
    sending: Arc<OwnedFd>,
) {
    let judging = move || relay::lets_out(&switch, pair.link, *pair.from.ip(), pair.to);
    match tokio::task::spawn_blocking(judging).await {
        // Without a socket there is nothing to carry: what is said is lost.
        Ok(true) => carry(pair, said, &sending).await.unwrap_or_default(),
        _ => sleep(REFUSED).await,
    }
}

async fn carry(pair: Pair, mut said: mpsc::Receiver<Vec<u8>>, sending: &OwnedFd) -> io::Result<()> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await?;
    socket.connect(pair.to).await?;
    // One byte more than can be carried shows what is too long.
    let mut block = vec![0; LONGEST + 1];
    let mut sent = 0_usize;
    loop {
        let silence = if sent > 1 { SILENCE } else { SILENCE_FIRST };
        tokio::select! {
            bytes = said.recv() => {
                let Some(bytes) = bytes else { return Ok(()) };
                sent += 1;
                // Refused by the other side, or too long for its way: lost.
                let _ = socket.send(&bytes).await;
            }
            got = socket.recv(&mut block) => {
                // An error is that of an earlier datagram, told once.
                if let Ok(length @ ..=LONGEST) = got {
                    let bytes = block.get(..length).unwrap_or_default().to_vec();
                    let answer = Datagram { from: pair.to, to: pair.from, bytes };
                    packet::send(sending, &answer);
                }
            }
            () = sleep(silence) => return Ok(()),
        }
    }
}
