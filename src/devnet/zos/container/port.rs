//! The source of a forwarded port: `[address:]port[|protocol[+protocol]]` (spec: 3.2).

use std::fmt;
use std::net::IpAddr;

use super::error::{Error, Result};

/// Where forwarded traffic comes in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Who may come, or through what; None for all.
    pub from: Option<Origin>,
    /// Port on the node, 1 to 65535.
    pub port: u16,
    /// TCP is forwarded.
    pub tcp: bool,
    /// UDP is forwarded.
    pub udp: bool,
    protocols: String,
}

/// The address part of a [`Source`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An address or network of senders. A loopback address is where the node listens instead.
    Network(IpAddr, u8),
    /// A link by name; a trailing `*` stands for any rest.
    Link(String),
}

impl Source {
    /// Reads a source; the error is the node's.
    pub fn parse(text: &str) -> Result<Self> {
        let invalid = || Error::failed(format!("invalid host port '{text}'"));
        let (place, protocols) = match text.split_once('|') {
            Some((place, protocols)) => (place, protocols),
            None => (text, "tcp"),
        };
        let (mut tcp, mut udp) = (false, false);
        for protocol in protocols.split('+') {
            match protocol {
                "tcp" => tcp = true,
                "udp" => udp = true,
                _ => return Err(invalid()),
            }
        }
        let (from, port) = match place.rsplit_once(':') {
            Some((from, port)) => (Some(from), port),
            None => (None, place),
        };
        // `parse` would take "+80" too.
        if !port.bytes().all(|b| b.is_ascii_digit()) {
            return Err(invalid());
        }
        let port: u16 = port.parse().map_err(|_| invalid())?;
        if port == 0 {
            return Err(invalid());
        }
        let from = match from {
            None => None,
            Some(from) => read_from(from).ok_or_else(invalid)?,
        };
        let protocols = protocols.to_owned();
        Ok(Self {
            from,
            port,
            tcp,
            udp,
            protocols,
        })
    }

    /// Says whether a sender may come in.
    pub fn lets_in(&self, sender: IpAddr) -> bool {
        match &self.from {
            Some(Origin::Network(network, bits)) if !network.is_loopback() => {
                same_network(*network, sender, *bits)
            }
            _ => true,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.from {
            None => {}
            Some(Origin::Network(address, bits)) if *bits == full(*address) => {
                write!(f, "{address}:")?;
            }
            Some(Origin::Network(address, bits)) => write!(f, "{address}/{bits}:")?,
            Some(Origin::Link(name)) => write!(f, "{name}:")?,
        }
        write!(f, "{}", self.port)?;
        if self.protocols != "tcp" {
            write!(f, "|{}", self.protocols)?;
        }
        Ok(())
    }
}

/// Reads the address part; `Some(None)` is "anybody", None is no address.
fn read_from(text: &str) -> Option<Option<Origin>> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits.parse::<u8>().ok()?)),
        None => (text, None),
    };
    if let Ok(address) = address.parse::<IpAddr>() {
        let bits = bits.unwrap_or(full(address));
        if bits > full(address) {
            return None;
        }
        let anybody = address.is_unspecified();
        return Some((!anybody).then_some(Origin::Network(address, bits)));
    }
    let name = text.strip_suffix('*').unwrap_or(text);
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
    let link = bits.is_none() && !text.is_empty() && text.len() <= 15 && name.chars().all(plain);
    link.then(|| Some(Origin::Link(text.to_owned())))
}

/// Bits of a mask that names one address.
fn full(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn same_network(a: IpAddr, b: IpAddr, bits: u8) -> bool {
    let shift = u32::from(full(a).saturating_sub(bits));
    let (a, b) = match (a, b) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (u128::from(a.to_bits()), u128::from(b.to_bits())),
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits(), b.to_bits()),
        _ => return false,
    };
    a.checked_shr(shift).unwrap_or(0) == b.checked_shr(shift).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sources_are_listed_normalized() {
        for (given, listed) in [
            ("8080", "8080"),
            ("8080|tcp", "8080"),
            ("0.0.0.0:8080", "8080"),
            ("10.20.0.1:4330", "10.20.0.1:4330"),
            ("10.20.0.0/16:4330", "10.20.0.0/16:4330"),
            ("zt*:7999|tcp", "zt*:7999"),
            ("eth0:5353|tcp+udp", "eth0:5353|tcp+udp"),
        ] {
            assert_eq!(Source::parse(given).unwrap().to_string(), listed, "{given}");
        }
    }

    #[test]
    fn wrong_sources_are_named() {
        for wrong in [
            "",
            "0",
            "65536",
            "99999",
            "+80",
            "80|sctp",
            "80|",
            "1.2.3.4/33:80",
            ":80",
            "a b:80",
        ] {
            let error = Source::parse(wrong).unwrap_err();
            assert_eq!(error.message, format!("invalid host port '{wrong}'"));
        }
    }

    #[test]
    fn senders_are_matched_by_network() {
        let source = Source::parse("10.20.0.0/16:80").unwrap();
        assert!(source.lets_in("10.20.9.9".parse().unwrap()));
        assert!(!source.lets_in("10.21.0.1".parse().unwrap()));
        assert!(!source.lets_in("::1".parse().unwrap()));
        assert!(
            Source::parse("80")
                .unwrap()
                .lets_in("10.21.0.1".parse().unwrap())
        );
    }

    proptest! {
        #[test]
        fn never_panics(text in ".{0,30}") {
            if let Ok(source) = Source::parse(&text) {
                prop_assert_eq!(Source::parse(&source.to_string()).unwrap(), source);
            }
        }
    }
}
