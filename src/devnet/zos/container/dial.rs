//! Sockets of a container's network in the node's hands.
//!
//! A socket belongs to the network in which it was made. So the worker makes it, inside, and
//! passes it out over a socket pair; the node connects and uses it. That needs no rights at all.

use std::io::{self, IoSlice, IoSliceMut, Read};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use nix::sys::socket::{
    AddressFamily, CmsgIterator, ControlMessage, ControlMessageOwned, MsgFlags, SockFlag, SockType,
    recvmsg, sendmsg, socket,
};

/// How long the worker may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// What kind of socket is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// TCP over IPv4.
    Tcp4 = b'4',
    /// TCP over IPv6.
    Tcp6 = b'6',
    /// UDP over IPv4.
    Udp4 = b'u',
}

/// The node's end.
#[derive(Debug)]
pub struct Dial {
    /// None after a failure: an answer that comes too late must not be taken for the next.
    stream: Mutex<Option<UnixStream>>,
}

impl Dial {
    /// Takes the node's end of the pair.
    pub fn new(stream: UnixStream) -> Self {
        let stream = Mutex::new(Some(stream));
        Self { stream }
    }

    /// Returns a new socket of the container's network. Blocks for a moment.
    pub fn socket(&self, kind: Kind) -> io::Result<OwnedFd> {
        let mut held = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        let stream = held.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        match ask(stream, kind) {
            Ok(Some(socket)) => Ok(socket),
            Ok(None) => Err(io::Error::other("the container cannot make such a socket")),
            Err(e) => {
                *held = None;
                Err(e)
            }
        }
    }
}

fn ask(stream: &mut UnixStream, kind: Kind) -> io::Result<Option<OwnedFd>> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let request = [kind as u8];
    // No signal when the container is gone.
    sendmsg::<()>(
        stream.as_raw_fd(),
        &[IoSlice::new(&request)],
        &[],
        MsgFlags::MSG_NOSIGNAL,
        None,
    )?;
    let mut byte = [0];
    let mut space = nix::cmsg_space!([std::os::fd::RawFd; 1]);
    let mut parts = [IoSliceMut::new(&mut byte)];
    let flags = MsgFlags::MSG_CMSG_CLOEXEC;
    let answer = recvmsg::<()>(stream.as_raw_fd(), &mut parts, Some(&mut space), flags)?;
    if answer.bytes == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    descriptor(answer.cmsgs()?)
}

/// Takes the next descriptor that the other side passes out by itself; None when it ended.
pub fn take(stream: &UnixStream) -> io::Result<Option<OwnedFd>> {
    let mut byte = [0];
    let mut space = nix::cmsg_space!([std::os::fd::RawFd; 1]);
    let mut parts = [IoSliceMut::new(&mut byte)];
    let flags = MsgFlags::MSG_CMSG_CLOEXEC;
    let message = recvmsg::<()>(stream.as_raw_fd(), &mut parts, Some(&mut space), flags)?;
    descriptor(message.cmsgs()?)
}

fn descriptor(messages: CmsgIterator<'_>) -> io::Result<Option<OwnedFd>> {
    let mut taken = Vec::new();
    for message in messages {
        if let ControlMessageOwned::ScmRights(descriptors) = message {
            for descriptor in descriptors {
                // SAFETY: the kernel made this descriptor for us just now; nobody else has it.
                taken.push(unsafe { OwnedFd::from_raw_fd(descriptor) });
            }
        }
    }
    Ok(taken.pop())
}

/// The worker's end: answers until the node is gone. Runs on a thread of its own.
pub fn serve(mut stream: UnixStream) {
    let mut request = [0];
    while stream.read_exact(&mut request).is_ok() {
        let made = match request[0] {
            b'4' => new(AddressFamily::Inet, SockType::Stream),
            b'6' => new(AddressFamily::Inet6, SockType::Stream),
            b'u' => new(AddressFamily::Inet, SockType::Datagram),
            _ => return,
        };
        let descriptors: Vec<_> = made.iter().map(AsRawFd::as_raw_fd).collect();
        let rights = [ControlMessage::ScmRights(&descriptors)];
        let rights = if made.is_some() { &rights[..] } else { &[] };
        let parts = [IoSlice::new(&request)];
        if sendmsg::<()>(
            stream.as_raw_fd(),
            &parts,
            rights,
            MsgFlags::MSG_NOSIGNAL,
            None,
        )
        .is_err()
        {
            return;
        }
    }
}

fn new(family: AddressFamily, kind: SockType) -> Option<OwnedFd> {
    socket(
        family,
        kind,
        SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK,
        None,
    )
    .ok()
}
