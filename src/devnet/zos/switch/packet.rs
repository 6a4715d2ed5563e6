//! Datagrams of containers as packets: the sockets of the switch that see and make them, and their
//! form (RFC 791, RFC 768).
//!
//! A packet socket sees what containers send to elsewhere, which the kernel of the switch itself
//! forwards nowhere. A raw socket makes answers in the name of whoever gave them. Both reach the
//! network of the switch only.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use nix::errno::Errno;

/// Length of the headers of IPv4 (without options) and UDP.
const IP: usize = 20;
const UDP: usize = 8;
/// Bytes of a datagram that fits into a packet of Ethernet; larger ones, which come in fragments,
/// do not pass.
pub const LONGEST: usize = 1500 - IP - UDP;
/// Number of UDP in the header of IPv4.
const PROTOCOL: u8 = 17;
/// Routers that an answer may still pass: it comes from next door.
const HOPS: u8 = 64;

/// A step of a packet filter (the kernel's `linux/filter.h`): code, two jumps, value.
const fn step(code: u16, yes: u8, no: u8, value: u32) -> libc::sock_filter {
    libc::sock_filter {
        code,
        jt: yes,
        jf: no,
        k: value,
    }
}

const LOAD_BYTE: u16 = 0x30;
const LOAD_HALF: u16 = 0x28;
const JUMP_EQUAL: u16 = 0x15;
const JUMP_ANY_BIT: u16 = 0x45;
const RETURN: u16 = 0x06;
/// Where the filter finds for whom a packet is: 0 for this host.
const FOR_WHOM: u32 = (-0x1000_i32 + 4).cast_unsigned();

/// Lets whole UDP datagrams pass that were sent to the switch to be carried on: all else, such as
/// each packet of TCP, would be copied for nothing.
const FILTER: [libc::sock_filter; 8] = [
    step(LOAD_BYTE, 0, 0, FOR_WHOM),
    step(JUMP_EQUAL, 0, 5, 0),
    step(LOAD_BYTE, 0, 0, 9),
    step(JUMP_EQUAL, 0, 3, PROTOCOL as u32),
    step(LOAD_HALF, 0, 0, 6),
    // More fragments follow, or it is not the first one.
    step(JUMP_ANY_BIT, 1, 0, 0x3fff),
    step(RETURN, 0, 0, 0xffff),
    step(RETURN, 0, 0, 0),
];

/// A socket of the kind, closed when another program is run.
fn socket(family: i32, kind: i32, protocol: i32) -> nix::Result<OwnedFd> {
    // SAFETY: the call takes three integers and makes a descriptor or fails.
    let fd = Errno::result(unsafe { libc::socket(family, kind | libc::SOCK_CLOEXEC, protocol) })?;
    // SAFETY: the kernel made this descriptor just now; nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

fn length_of<T>(_: &T) -> libc::socklen_t {
    libc::socklen_t::try_from(size_of::<T>()).unwrap_or_default()
}

/// Makes the two sockets in the network that this process is in: the one that sees datagrams, and
/// the one that sends answers.
///
/// # Errors
/// The kernel's; it may know no packet sockets.
pub fn sockets() -> nix::Result<(OwnedFd, OwnedFd)> {
    // It sees nothing until it is bound, and by then the filter is in place.
    let seeing = socket(libc::AF_PACKET, libc::SOCK_DGRAM, 0)?;
    let mut steps = FILTER;
    let filter = libc::sock_fprog {
        len: u16::try_from(steps.len()).unwrap_or_default(),
        filter: steps.as_mut_ptr(),
    };
    // SAFETY: the kernel copies the filter, whose steps live until the end of this function, during
    // the call, and is told its size.
    let done = unsafe {
        libc::setsockopt(
            seeing.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_ATTACH_FILTER,
            (&raw const filter).cast(),
            length_of(&filter),
        )
    };
    Errno::result(done)?;
    // SAFETY: a structure of integers, of which all zeros is a value.
    let mut address: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
    address.sll_family = u16::try_from(libc::AF_PACKET).unwrap_or_default();
    address.sll_protocol = u16::try_from(libc::ETH_P_IP).unwrap_or_default().to_be();
    // SAFETY: the kernel reads an address of its own kind, and is told its size.
    let done = unsafe {
        libc::bind(
            seeing.as_raw_fd(),
            (&raw const address).cast(),
            length_of(&address),
        )
    };
    Errno::result(done)?;
    let sending = socket(libc::AF_INET, libc::SOCK_RAW, libc::IPPROTO_RAW)?;
    Ok((seeing, sending))
}

/// A datagram on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// Who sends it.
    pub from: SocketAddrV4,
    /// Whom it is for.
    pub to: SocketAddrV4,
    /// What it says.
    pub bytes: Vec<u8>,
}

impl Datagram {
    /// Reads a packet of IPv4; None for what is no whole UDP datagram.
    pub fn parse(packet: &[u8]) -> Option<Self> {
        let first = *packet.first()?;
        let header = usize::from(first & 0x0f) * 4;
        if first >> 4 != 4 || header < IP || packet.get(9) != Some(&PROTOCOL) {
            return None;
        }
        let half = |at: usize| Some(u16::from_be_bytes(packet.get(at..at + 2)?.try_into().ok()?));
        let address = |at: usize| {
            let four: [u8; 4] = packet.get(at..at + 4)?.try_into().ok()?;
            Some(Ipv4Addr::from(four))
        };
        if half(6)? & 0x3fff != 0 {
            return None;
        }
        let length = usize::from(half(header + 4)?);
        Some(Datagram {
            from: SocketAddrV4::new(address(12)?, half(header)?),
            to: SocketAddrV4::new(address(16)?, half(header + 2)?),
            // The packet may be longer: Ethernet fills short ones up.
            bytes: packet.get(header + UDP..header + length)?.to_vec(),
        })
    }

    /// The packet; None for one that is longer than [`LONGEST`].
    pub fn packet(&self) -> Option<Vec<u8>> {
        let length = UDP + self.bytes.len();
        if self.bytes.len() > LONGEST {
            return None;
        }
        let length = u16::try_from(length).ok()?;
        let whole = u16::try_from(IP).ok()? + length;
        // The kernel fills in the number of the packet and the sum of this header.
        let mut packet = vec![0x45, 0, 0, 0, 0, 0, 0, 0, HOPS, PROTOCOL, 0, 0];
        packet.get_mut(2..4)?.copy_from_slice(&whole.to_be_bytes());
        packet.extend(self.from.ip().octets());
        packet.extend(self.to.ip().octets());
        packet.extend(self.from.port().to_be_bytes());
        packet.extend(self.to.port().to_be_bytes());
        packet.extend(length.to_be_bytes());
        packet.extend([0, 0]);
        packet.extend(&self.bytes);
        let sum = self.sum(packet.get(IP..)?, length);
        packet
            .get_mut(IP + 6..IP + UDP)?
            .copy_from_slice(&sum.to_be_bytes());
        Some(packet)
    }

    /// The sum over the datagram and the addresses; 0 means none, so it is written as its twin.
    fn sum(&self, datagram: &[u8], length: u16) -> u16 {
        let pairs = |bytes: &[u8]| -> u32 {
            let pair = |two: &[u8]| {
                let [high, low] = [0, 1].map(|at| two.get(at).copied().unwrap_or_default());
                u32::from(u16::from_be_bytes([high, low]))
            };
            bytes.chunks(2).map(pair).sum()
        };
        let mut sum = pairs(&self.from.ip().octets())
            + pairs(&self.to.ip().octets())
            + u32::from(PROTOCOL)
            + u32::from(length)
            + pairs(datagram);
        while sum > 0xffff {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        match !u16::try_from(sum).unwrap_or_default() {
            0 => u16::MAX,
            sum => sum,
        }
    }
}

/// Takes the next packet of the socket that sees them, and the index of the link it came in by.
///
/// # Errors
/// The system's; `WouldBlock` when there is none.
pub fn receive(seeing: &OwnedFd, block: &mut [u8]) -> io::Result<(usize, u32)> {
    // SAFETY: a structure of integers, of which all zeros is a value.
    let mut from: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
    let mut length = length_of(&from);
    // SAFETY: the kernel writes into the block and the address, and is told their sizes.
    let got = unsafe {
        libc::recvfrom(
            seeing.as_raw_fd(),
            block.as_mut_ptr().cast(),
            block.len(),
            libc::MSG_DONTWAIT,
            (&raw mut from).cast(),
            &raw mut length,
        )
    };
    let got = usize::try_from(got).map_err(|_| io::Error::last_os_error())?;
    Ok((got, u32::try_from(from.sll_ifindex).unwrap_or_default()))
}

/// Sends an answer into the network of the switch. One that cannot go now is lost, as datagrams
/// may be.
pub fn send(sending: &OwnedFd, datagram: &Datagram) {
    let Some(packet) = datagram.packet() else {
        return;
    };
    let to = nix::sys::socket::SockaddrIn::from(SocketAddrV4::new(*datagram.to.ip(), 0));
    let flags = nix::sys::socket::MsgFlags::MSG_DONTWAIT;
    let _ = nix::sys::socket::sendto(sending.as_raw_fd(), &packet, &to, flags);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_packet_is_as_the_standard_says() {
        let datagram = Datagram {
            from: "192.0.2.7:53".parse().unwrap(),
            to: "172.18.0.2:4000".parse().unwrap(),
            bytes: b"abc".to_vec(),
        };
        let packet = datagram.packet().unwrap();
        let header = [0x45, 0, 0, 31, 0, 0, 0, 0, 64, 17, 0, 0];
        assert_eq!(packet[..12], header);
        assert_eq!(packet[20..26], [0, 53, 0x0f, 0xa0, 0, 11]);
        // With its own sum, everything adds up to nothing.
        assert_eq!(datagram.sum(&packet[20..], 11), u16::MAX);
        // Filled up by Ethernet.
        let longer = [packet.as_slice(), &[0; 15]].concat();
        assert_eq!(Datagram::parse(&longer), Some(datagram.clone()));
        let mut fragment = packet.clone();
        fragment[6] = 0x20;
        assert_eq!(Datagram::parse(&fragment), None);
        let long = Datagram {
            bytes: vec![0; LONGEST + 1],
            ..datagram
        };
        assert_eq!(long.packet(), None);
    }

    proptest! {
        #[test]
        fn anything_is_read_or_not(packet in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = Datagram::parse(&packet);
        }

        #[test]
        fn what_is_written_is_read(bytes in prop::collection::vec(any::<u8>(), 0..=LONGEST),
                                   from in any::<(u32, u16)>(), to in any::<(u32, u16)>()) {
            let at = |(ip, port): (u32, u16)| SocketAddrV4::new(ip.into(), port);
            let datagram = Datagram { from: at(from), to: at(to), bytes };
            prop_assert_eq!(Datagram::parse(&datagram.packet().unwrap()), Some(datagram));
        }
    }
}
