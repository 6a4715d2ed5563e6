//! An address with the length of its network's prefix.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// An address in its network: `172.18.0.1/16`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// The address.
    pub address: IpAddr,
    /// How many of its first bits name the network.
    pub prefix: u8,
}

impl Network {
    /// The network of one address.
    pub fn alone(address: IpAddr) -> Self {
        let prefix = if address.is_ipv4() { 32 } else { 128 };
        Self { address, prefix }
    }

    /// The first address: that of the network itself.
    pub fn start(&self) -> IpAddr {
        let prefix = u32::from(self.prefix);
        match self.address {
            IpAddr::V4(address) => {
                let mask = u32::MAX.checked_shl(32 - prefix).unwrap_or(0);
                Ipv4Addr::from(u32::from(address) & mask).into()
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX.checked_shl(128 - prefix).unwrap_or(0);
                Ipv6Addr::from(u128::from(address) & mask).into()
            }
        }
    }

    /// Says whether an address is in it.
    pub fn holds(&self, address: IpAddr) -> bool {
        let prefix = self.prefix;
        address.is_ipv4() == self.address.is_ipv4()
            && Self { address, prefix }.start() == self.start()
    }

    /// Says whether two networks have addresses in common.
    pub fn meets(&self, other: &Self) -> bool {
        match self.prefix <= other.prefix {
            true => self.holds(other.address),
            false => other.holds(self.address),
        }
    }
}

impl FromStr for Network {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (address, prefix) = text.split_once('/').ok_or(())?;
        let address: IpAddr = address.parse().map_err(|_| ())?;
        let longest = Self::alone(address).prefix;
        let prefix = prefix.parse().ok().filter(|prefix| *prefix <= longest);
        let prefix = prefix.ok_or(())?;
        Ok(Self { address, prefix })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_addresses_and_meet() {
        let of = |text: &str| text.parse::<Network>().unwrap();
        let core = of("172.18.0.1/16");
        assert_eq!(core.start().to_string(), "172.18.0.0");
        assert!(core.holds("172.18.255.9".parse().unwrap()));
        assert!(!core.holds("172.19.0.1".parse().unwrap()));
        assert!(!core.holds("::1".parse().unwrap()));
        assert!(core.meets(&of("172.18.5.1/24")) && of("172.18.5.1/24").meets(&core));
        assert!(!core.meets(&of("10.0.0.1/8")));
        assert!(of("0.0.0.0/0").meets(&core));
        assert!(of("fe80::1/64").holds("fe80::2".parse().unwrap()));
        for bad in ["", "1.2.3.4", "1.2.3.4/33", "x/8", "::/129", "1.2.3.4/-1"] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
        assert_eq!(of("10.0.0.1/8").to_string(), "10.0.0.1/8");
    }
}
