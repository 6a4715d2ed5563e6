//! Netlink as far as a switch needs it: messages with attributes, requests that are acknowledged,
//! and dumps (RFC 3549; the kernel's `linux/netlink.h`).

use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, recv, send, setsockopt, socket,
    sockopt,
};
use nix::sys::time::TimeVal;

/// Longest wait for the kernel, which answers at once.
const PATIENCE: Duration = Duration::from_secs(10);
/// Largest datagram of a dump.
const BLOCK: usize = 256 * 1024;
/// Length of a message's header: length, kind, flags, sequence, port.
const HEADER: usize = 16;
/// Length of an attribute's header: length, kind.
const ATTRIBUTE: usize = 4;
const NESTED: u16 = 0x8000;

/// Makes a new thing; with [`EXCLUSIVE`] only if there is none yet.
pub const CREATE: u16 = 0x400;
/// See [`CREATE`].
pub const EXCLUSIVE: u16 = 0x200;
/// At the end of a list.
pub const APPEND: u16 = 0x800;
const REQUEST: u16 = 1;
const ACKNOWLEDGE: u16 = 4;
const DUMP: u16 = 0x300;

const ERROR: u16 = 2;
const DONE: u16 = 3;

/// A message under construction. Numbers are in the machine's byte order unless said otherwise.
#[derive(Clone, Debug)]
pub struct Message(Vec<u8>);

impl Message {
    /// A request of a kind, with the fixed part that this kind has.
    pub fn new(kind: u16, flags: u16, fixed: &[u8]) -> Self {
        let mut bytes = vec![0; 4];
        bytes.extend(kind.to_ne_bytes());
        bytes.extend((flags | REQUEST).to_ne_bytes());
        bytes.resize(HEADER, 0);
        bytes.extend(fixed);
        let mut message = Self(bytes);
        message.align();
        message
    }

    /// Adds an attribute.
    #[must_use]
    pub fn with(mut self, kind: u16, value: &[u8]) -> Self {
        self.put(kind, value);
        self
    }

    /// Adds a number.
    #[must_use]
    pub fn number(self, kind: u16, value: u32) -> Self {
        self.with(kind, &value.to_ne_bytes())
    }

    /// Adds a number in network byte order.
    #[must_use]
    pub fn big(self, kind: u16, value: u32) -> Self {
        self.with(kind, &value.to_be_bytes())
    }

    /// Adds a text with the zero at its end.
    #[must_use]
    pub fn text(self, kind: u16, value: &str) -> Self {
        let mut bytes = value.as_bytes().to_vec();
        bytes.push(0);
        self.with(kind, &bytes)
    }

    /// Adds an attribute that holds attributes, perhaps behind a fixed part.
    #[must_use]
    pub fn nest(mut self, kind: u16, fixed: &[u8], inside: impl FnOnce(Self) -> Self) -> Self {
        let mut part = Self(fixed.to_vec());
        part.align();
        let part = inside(part);
        self.put(kind | NESTED, &part.0);
        self
    }

    fn put(&mut self, kind: u16, value: &[u8]) {
        let length = u16::try_from(ATTRIBUTE + value.len()).unwrap_or(u16::MAX);
        self.0.extend(length.to_ne_bytes());
        self.0.extend(kind.to_ne_bytes());
        self.0.extend(value);
        self.align();
    }

    fn align(&mut self) {
        self.0.resize(self.0.len().next_multiple_of(4), 0);
    }

    /// Fills length, flags and sequence in.
    fn finish(mut self, flags: u16, sequence: u32) -> Vec<u8> {
        let length = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        let has = u16::from_ne_bytes(taken(&self.0, 6));
        for (at, bytes) in [
            (0, length.to_ne_bytes().as_slice()),
            (6, &(has | flags).to_ne_bytes()),
            (8, &sequence.to_ne_bytes()),
        ] {
            if let Some(place) = self.0.get_mut(at..at + bytes.len()) {
                place.copy_from_slice(bytes);
            }
        }
        self.0
    }
}

/// So many bytes from a place on; zeros where there are none.
pub fn taken<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut out = [0; N];
    if let Some(part) = bytes.get(at..at + N) {
        out.copy_from_slice(part);
    }
    out
}

/// Cuts bytes into attributes: kind and value.
pub fn attributes(mut bytes: &[u8]) -> Vec<(u16, &[u8])> {
    let mut all = Vec::new();
    while bytes.len() >= ATTRIBUTE {
        let length = usize::from(u16::from_ne_bytes(taken(bytes, 0)));
        let kind = u16::from_ne_bytes(taken(bytes, 2)) & !NESTED;
        let Some(value) = bytes.get(ATTRIBUTE..length) else {
            break;
        };
        all.push((kind, value));
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    all
}

/// A number of an attribute; 0 when it is shorter.
pub fn number(value: &[u8]) -> u32 {
    u32::from_ne_bytes(taken(value, 0))
}

/// A text of an attribute, without the zero at its end.
pub fn text(value: &[u8]) -> String {
    let end = value.iter().position(|b| *b == 0).unwrap_or(value.len());
    String::from_utf8_lossy(value.get(..end).unwrap_or_default()).into_owned()
}

/// A connection to the kernel; it speaks for the network in which it was made.
#[derive(Debug)]
pub struct Netlink {
    socket: OwnedFd,
    sequence: u32,
}

impl Netlink {
    /// For links, addresses and routes.
    pub fn routes() -> nix::Result<Self> {
        Self::open(SockProtocol::NetlinkRoute)
    }

    /// For the packet filter.
    pub fn filter() -> nix::Result<Self> {
        Self::open(SockProtocol::NetlinkNetFilter)
    }

    fn open(protocol: SockProtocol) -> nix::Result<Self> {
        let flags = SockFlag::SOCK_CLOEXEC;
        let socket = socket(AddressFamily::Netlink, SockType::Raw, flags, protocol)?;
        let patience = TimeVal::new(i64::try_from(PATIENCE.as_secs()).unwrap_or(10), 0);
        setsockopt(&socket, sockopt::ReceiveTimeout, &patience)?;
        Ok(Self {
            socket,
            sequence: 0,
        })
    }

    /// Sends a request and waits until it is done.
    pub fn ask(&mut self, message: Message) -> nix::Result<()> {
        self.sequence += 1;
        let sequence = self.sequence;
        self.send(&message.finish(ACKNOWLEDGE, sequence))?;
        self.answered(sequence..=sequence)
    }

    /// Sends requests of which all work or none does, between the messages that begin and end it.
    pub fn ask_together(
        &mut self,
        begin: Message,
        all: Vec<Message>,
        end: Message,
    ) -> nix::Result<()> {
        let mut bytes = begin.finish(0, self.sequence);
        let first = self.sequence + 1;
        for message in all {
            self.sequence += 1;
            bytes.extend(message.finish(ACKNOWLEDGE, self.sequence));
        }
        bytes.extend(end.finish(0, self.sequence + 1));
        self.send(&bytes)?;
        self.answered(first..=self.sequence)?;
        self.sequence += 1;
        Ok(())
    }

    /// Asks for a list; each entry is its fixed part and its attributes.
    pub fn dump(&mut self, kind: u16, fixed: &[u8]) -> nix::Result<Vec<Vec<u8>>> {
        self.sequence += 1;
        let sequence = self.sequence;
        self.send(&Message::new(kind, DUMP, fixed).finish(0, sequence))?;
        let mut entries = Vec::new();
        loop {
            for (kind, of, body) in self.receive()? {
                match kind {
                    _ if of != sequence => {}
                    DONE => return Ok(entries),
                    ERROR => failure(&body)?,
                    _ => entries.push(body),
                }
            }
        }
    }

    fn send(&self, bytes: &[u8]) -> nix::Result<()> {
        let fd = self.socket.as_raw_fd();
        send(fd, bytes, MsgFlags::empty()).map(|_| ())
    }

    /// Waits for the acknowledgement of the last of some requests, or the first error.
    fn answered(&self, mut wanted: std::ops::RangeInclusive<u32>) -> nix::Result<()> {
        loop {
            for (kind, of, body) in self.receive()? {
                if kind != ERROR || of < *wanted.start() {
                    continue;
                }
                failure(&body)?;
                if of == *wanted.end() {
                    return Ok(());
                }
                wanted = of + 1..=*wanted.end();
            }
        }
    }

    /// Messages as they came: kind, sequence, content.
    fn receive(&self) -> nix::Result<Vec<(u16, u32, Vec<u8>)>> {
        let mut block = vec![0; BLOCK];
        let length = recv(self.socket.as_raw_fd(), &mut block, MsgFlags::empty())?;
        let mut rest = block.get(..length).unwrap_or_default();
        let mut all = Vec::new();
        while rest.len() >= HEADER {
            let length = usize::try_from(number(rest)).unwrap_or(usize::MAX);
            let Some(body) = rest.get(HEADER..length) else {
                break;
            };
            all.push((
                u16::from_ne_bytes(taken(rest, 4)),
                u32::from_ne_bytes(taken(rest, 8)),
                body.to_vec(),
            ));
            rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        }
        Ok(all)
    }
}

/// The error in a message about one, which may also be none: an acknowledgement.
fn failure(body: &[u8]) -> nix::Result<()> {
    match i32::from_ne_bytes(taken(body, 0)) {
        0 => Ok(()),
        negative => Err(Errno::from_raw(negative.wrapping_neg())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn attributes_are_read_as_they_were_written() {
        let message = Message::new(16, CREATE, &[7; 16])
            .text(3, "core0")
            .nest(18, &[], |m| m.text(1, "bridge").number(2, 5))
            .finish(ACKNOWLEDGE, 9);
        assert_eq!(usize::try_from(number(&message)).unwrap(), message.len());
        assert_eq!(u16::from_ne_bytes(taken(&message, 6)), 0x405);
        let all = attributes(&message[HEADER + 16..]);
        assert_eq!((all[0].0, text(all[0].1)), (3, "core0".to_owned()));
        let inner = attributes(all[1].1);
        assert_eq!((all[1].0, text(inner[0].1)), (18, "bridge".to_owned()));
        assert_eq!(number(inner[1].1), 5);
    }

    proptest! {
        #[test]
        fn any_bytes_are_cut(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            attributes(&bytes);
        }
    }
}
