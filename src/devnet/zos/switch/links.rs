//! Links, addresses and routes of one network, through [`Netlink`] (the kernel's
//! `linux/rtnetlink.h`, `linux/if_link.h`).

use std::net::IpAddr;

use nix::errno::Errno;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::netlink::{CREATE, EXCLUSIVE, Message, Netlink, attributes, number, taken, text};
use super::network::Network;

const NEW_LINK: u16 = 16;
const DELETE_LINK: u16 = 17;
const GET_LINK: u16 = 18;
const NEW_ADDRESS: u16 = 20;
const DELETE_ADDRESS: u16 = 21;
const GET_ADDRESS: u16 = 22;
const NEW_ROUTE: u16 = 24;
const DELETE_ROUTE: u16 = 25;
const GET_ROUTE: u16 = 26;

// Attributes of links.
const LINK_ADDRESS: u16 = 1;
const LINK_NAME: u16 = 3;
const LINK_MTU: u16 = 4;
const LINK_MASTER: u16 = 10;
const LINK_INFO: u16 = 18;
const LINK_NAMESPACE: u16 = 28;
const INFO_KIND: u16 = 1;
const INFO_DATA: u16 = 2;
const VETH_PEER: u16 = 1;
const UP: u32 = 1;
/// Kind of hardware of the loopback link, whose address is none.
const LOOPBACK: u16 = 772;

// Attributes of addresses and routes.
const ADDRESS: u16 = 1;
const ADDRESS_LOCAL: u16 = 2;
const ROUTE_TO: u16 = 1;
const ROUTE_LINK: u16 = 4;
const ROUTE_GATEWAY: u16 = 5;
const ROUTE_TABLE: u16 = 15;
const TABLE_MAIN: u8 = 254;
const UNICAST: u8 = 1;
/// Who made a route: somebody by hand.
const BY_HAND: u8 = 4;
const SCOPE_LINK: u8 = 253;
const SCOPE_NOWHERE: u8 = 255;

/// What can be asked of a network. Errors are the kernel's words, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// Lists links: `[{name, type, hwaddr, master, up, mtu}]`.
    Links,
    /// The number by which the kernel knows a link.
    Index(String),
    /// Lists addresses: `[[link, address/prefix]]`.
    Addresses,
    /// Lists routes: `[{dev, dst, gw}]`.
    Routes,
    /// Makes a bridge, which is down; an empty hardware address lets the kernel choose.
    AddBridge(String, String),
    /// Removes a link.
    Delete(String),
    /// Brings a link up, or down.
    Up(String, bool),
    /// Names a link anew.
    Rename(String, String),
    /// Sets the largest packet of a link.
    Mtu(String, u32),
    /// Puts a link into a bridge, or takes it out.
    Master(String, Option<String>),
    /// Gives a link an address with its prefix.
    AddAddress(String, String),
    /// Takes it away.
    RemoveAddress(String, String),
    /// Adds a route: link, destination (empty: everything), gateway (empty: none).
    AddRoute(String, String, String),
    /// Takes it away.
    RemoveRoute(String, String, String),
    /// Connects a container.
    Attach(Cable),
}

/// A pair of links between a bridge and a container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cable {
    /// A process in the container's network.
    pub pid: u32,
    /// The bridge.
    pub bridge: String,
    /// Name at the bridge.
    pub outside: String,
    /// Name in the container.
    pub inside: String,
    /// Hardware address in the container; empty lets the kernel choose.
    pub hwaddr: String,
    /// Address with prefix in the container; empty is none.
    pub address: String,
    /// Gateway of the container; empty is none.
    pub gateway: String,
}

/// A link as the kernel lists it.
struct Link {
    index: u32,
    name: String,
    kind: String,
    hwaddr: String,
    master: u32,
    up: bool,
    mtu: u32,
}

fn words(e: Errno) -> String {
    match e {
        Errno::ENODEV => "Link not found".to_owned(),
        e => e.desc().to_lowercase(),
    }
}

/// What is fixed of a message about a link: family, kind of hardware, index, flags, and which
/// flags are meant.
fn about_link(index: u32, flags: u32, meant: u32) -> [u8; 16] {
    let mut bytes = [0; 16];
    for (at, value) in [(4, index), (8, flags), (12, meant)] {
        if let Some(place) = bytes.get_mut(at..at + 4) {
            place.copy_from_slice(&value.to_ne_bytes());
        }
    }
    bytes
}

fn family(address: IpAddr) -> u8 {
    let family = match address {
        IpAddr::V4(_) => libc::AF_INET,
        IpAddr::V6(_) => libc::AF_INET6,
    };
    u8::try_from(family).unwrap_or_default()
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

fn address_of(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(four.into());
    }
    <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from)
}

fn network(text: &str) -> Result<Network, String> {
    text.parse()
        .map_err(|()| format!("invalid CIDR address: {text}"))
}

fn hardware(text: &str) -> Result<Vec<u8>, String> {
    let parts = text.split(':').map(|part| {
        let two = Some(part).filter(|part| part.len() <= 2);
        two.and_then(|part| u8::from_str_radix(part, 16).ok())
    });
    let bytes: Option<Vec<u8>> = parts.collect();
    bytes.filter(|bytes| bytes.len() == 6).ok_or_else(|| {
        format!("invalid hardware address `{text}`, expected six bytes like 02:00:00:00:10:01")
    })
}

/// The kernel takes up to 15 bytes, without slashes and spaces.
fn good_name(name: &str) -> Result<(), String> {
    let odd = |c: char| c == '/' || c == ':' || c.is_whitespace() || c.is_control();
    match name.is_empty() || name.len() > 15 || name.starts_with(['.', '-']) || name.contains(odd) {
        true => Err(format!("invalid name `{name}` of a link")),
        false => Ok(()),
    }
}

impl Netlink {
    fn links(&mut self) -> Result<Vec<Link>, String> {
        let entries = self.dump(GET_LINK, &about_link(0, 0, 0)).map_err(words)?;
        let link = |entry: &Vec<u8>| {
            let mut link = Link {
                index: u32::from_ne_bytes(taken(entry, 4)),
                name: String::new(),
                kind: "device".to_owned(),
                hwaddr: String::new(),
                master: 0,
                up: u32::from_ne_bytes(taken(entry, 8)) & UP != 0,
                mtu: 0,
            };
            let hardware = u16::from_ne_bytes(taken(entry, 2));
            for (kind, value) in attributes(entry.get(16..).unwrap_or_default()) {
                match kind {
                    LINK_NAME => link.name = text(value),
                    LINK_MTU => link.mtu = number(value),
                    LINK_MASTER => link.master = number(value),
                    LINK_ADDRESS if hardware != LOOPBACK => {
                        let bytes: Vec<String> = value.iter().map(|b| format!("{b:02x}")).collect();
                        link.hwaddr = bytes.join(":");
                    }
                    LINK_INFO => {
                        let kinds = attributes(value).into_iter();
                        let mut kinds = kinds.filter(|(kind, _)| *kind == INFO_KIND);
                        if let Some((_, kind)) = kinds.next() {
                            link.kind = match text(kind).as_str() {
                                "tun" => "tuntap".to_owned(),
                                kind => kind.to_owned(),
                            };
                        }
                    }
                    _ => {}
                }
            }
            link
        };
        Ok(entries.iter().map(link).collect())
    }

    /// Index of a link.
    fn index(&mut self, name: &str) -> Result<u32, String> {
        let mut links = self.links()?.into_iter();
        let found = links.find(|link| link.name == name);
        found
            .map(|link| link.index)
            .ok_or_else(|| words(Errno::ENODEV))
    }

    fn change(
        &mut self,
        name: &str,
        flags: (u32, u32),
        with: impl FnOnce(Message) -> Message,
    ) -> Result<Json, String> {
        let fixed = about_link(self.index(name)?, flags.0, flags.1);
        self.done(with(Message::new(NEW_LINK, 0, &fixed)))
    }

    fn done(&mut self, message: Message) -> Result<Json, String> {
        self.ask(message).map_err(words).map(|()| Json::Null)
    }

    fn addresses(&mut self) -> Result<Json, String> {
        let links = self.links()?;
        let entries = self.dump(GET_ADDRESS, &[0; 8]).map_err(words)?;
        let mut all = Vec::new();
        for entry in &entries {
            let index = u32::from_ne_bytes(taken(entry, 4));
            let values = attributes(entry.get(8..).unwrap_or_default());
            // The address at this end, where the two ends have different ones.
            let value = [ADDRESS_LOCAL, ADDRESS].iter().find_map(|wanted| {
                let mut values = values.iter();
                values.find(|(kind, _)| kind == wanted)
            });
            let address = value.and_then(|(_, value)| address_of(value));
            let link = links.iter().find(|link| link.index == index);
            if let (Some(link), Some(address), [prefix]) = (link, address, taken(entry, 1)) {
                all.push(json!([link.name, format!("{address}/{prefix}")]));
            }
        }
        Ok(all.into())
    }

    fn routes_listed(&mut self) -> Result<Json, String> {
        let links = self.links()?;
        let entries = self.dump(GET_ROUTE, &[0; 12]).map_err(words)?;
        let mut all = Vec::new();
        for entry in &entries {
            let [family, prefix, _, _, table, _, _, kind] = taken(entry, 0);
            let values = attributes(entry.get(12..).unwrap_or_default());
            let value = |wanted: u16| values.iter().find(|(kind, _)| *kind == wanted);
            let table = value(ROUTE_TABLE).map_or(u32::from(table), |(_, v)| number(v));
            let known = [libc::AF_INET, libc::AF_INET6].contains(&i32::from(family));
            if !known || kind != UNICAST || table != u32::from(TABLE_MAIN) {
                continue;
            }
            let address = |wanted| value(wanted).and_then(|(_, v)| address_of(v));
            let index = value(ROUTE_LINK).map_or(0, |(_, v)| number(v));
            let dev = links.iter().find(|link| link.index == index);
            let dst = address(ROUTE_TO).map(|to| format!("{to}/{prefix}"));
            let gateway = address(ROUTE_GATEWAY).map(|gateway| gateway.to_string());
            all.push(json!({"dev": dev.map_or("", |link| &link.name),
                            "dst": dst.unwrap_or_default(), "gw": gateway.unwrap_or_default()}));
        }
        Ok(all.into())
    }

    fn address(&mut self, add: bool, name: &str, cidr: &str) -> Result<Json, String> {
        let network = network(cidr)?;
        let index = self.index(name)?;
        let [a, b, c, d] = index.to_ne_bytes();
        let fixed = [family(network.address), network.prefix, 0, 0, a, b, c, d];
        let bytes = octets(network.address);
        let (kind, flags) = match add {
            true => (NEW_ADDRESS, CREATE | EXCLUSIVE),
            false => (DELETE_ADDRESS, 0),
        };
        let message = Message::new(kind, flags, &fixed);
        self.done(message.with(ADDRESS_LOCAL, &bytes).with(ADDRESS, &bytes))
    }

    fn route(&mut self, add: bool, dev: &str, dst: &str, gw: &str) -> Result<Json, String> {
        let index = self.index(dev)?;
        let to = match dst {
            "" | "default" => None,
            // A lone address is a network of one.
            alone if !alone.contains('/') => {
                let address: IpAddr = alone
                    .parse()
                    .map_err(|_| format!("invalid CIDR address: {alone}"))?;
                Some(Network::alone(address))
            }
            text => Some(network(text)?),
        };
        let gateway: Option<IpAddr> = match gw {
            "" => None,
            text => Some(
                text.parse()
                    .map_err(|_| format!("invalid gateway `{text}`"))?,
            ),
        };
        let of = gateway.or(to.map(|to| to.address));
        let of = of.ok_or("a route needs a destination or a gateway")?;
        let scope = match (add, gateway) {
            (false, _) => SCOPE_NOWHERE,
            (true, None) => SCOPE_LINK,
            (true, Some(_)) => 0,
        };
        let prefix = to.map_or(0, |to| to.prefix);
        let (kind, flags, by, unicast) = match add {
            true => (NEW_ROUTE, CREATE | EXCLUSIVE, BY_HAND, UNICAST),
            false => (DELETE_ROUTE, 0, 0, 0),
        };
        let fixed = [
            family(of),
            prefix,
            0,
            0,
            TABLE_MAIN,
            by,
            scope,
            unicast,
            0,
            0,
            0,
            0,
        ];
        let mut message = Message::new(kind, flags, &fixed).number(ROUTE_LINK, index);
        if let Some(to) = to {
            message = message.with(ROUTE_TO, &octets(to.start()));
        }
        if let Some(gateway) = gateway {
            message = message.with(ROUTE_GATEWAY, &octets(gateway));
        }
        self.done(message)
    }

    fn add_bridge(&mut self, name: &str, hwaddr: &str) -> Result<Json, String> {
        good_name(name)?;
        let fixed = about_link(0, 0, 0);
        let mut message = Message::new(NEW_LINK, CREATE | EXCLUSIVE, &fixed).text(LINK_NAME, name);
        if !hwaddr.is_empty() {
            message = message.with(LINK_ADDRESS, &hardware(hwaddr)?);
        }
        self.done(message.nest(LINK_INFO, &[], |m| m.text(INFO_KIND, "bridge")))
    }

    /// Makes a pair of links, one in a bridge here, one in another network.
    pub fn add_pair(&mut self, cable: &Cable, network: i32) -> Result<(), String> {
        good_name(&cable.inside)?;
        let master = self.index(&cable.bridge)?;
        let hwaddr = match cable.hwaddr.as_str() {
            "" => None,
            text => Some(hardware(text)?),
        };
        let other = |m: Message| {
            let m = m
                .text(LINK_NAME, &cable.inside)
                .with(LINK_NAMESPACE, &network.to_ne_bytes());
            match &hwaddr {
                Some(bytes) => m.with(LINK_ADDRESS, bytes),
                None => m,
            }
        };
        let none = about_link(0, 0, 0);
        let message = Message::new(NEW_LINK, CREATE | EXCLUSIVE, &about_link(0, UP, UP))
            .text(LINK_NAME, &cable.outside)
            .number(LINK_MASTER, master)
            .nest(LINK_INFO, &[], |m| {
                m.text(INFO_KIND, "veth")
                    .nest(INFO_DATA, &[], |m| m.nest(VETH_PEER, &none, other))
            });
        self.done(message).map(|_| ())
    }

    /// Does what is asked, except [`Ask::Attach`], which needs two networks.
    ///
    /// # Errors
    /// The kernel's words.
    pub fn perform(&mut self, ask: &Ask) -> Result<Json, String> {
        match ask {
            Ask::Links => {
                let links = self.links()?;
                let name = |index: u32| {
                    let master = links.iter().find(|l| l.index == index && index != 0);
                    master.map_or("", |l| l.name.as_str())
                };
                let shown = links.iter().map(|link| {
                    json!({"name": link.name, "type": link.kind, "hwaddr": link.hwaddr,
                           "master": name(link.master), "up": link.up, "mtu": link.mtu})
                });
                Ok(shown.collect())
            }
            Ask::Index(name) => self.index(name).map(Json::from),
            Ask::Addresses => self.addresses(),
            Ask::Routes => self.routes_listed(),
            Ask::AddBridge(name, hwaddr) => self.add_bridge(name, hwaddr),
            Ask::Delete(name) => {
                let fixed = about_link(self.index(name)?, 0, 0);
                self.done(Message::new(DELETE_LINK, 0, &fixed))
            }
            Ask::Up(name, up) => self.change(name, (if *up { UP } else { 0 }, UP), |m| m),
            Ask::Rename(name, new) => {
                good_name(new)?;
                self.change(name, (0, 0), |m| m.text(LINK_NAME, new))
            }
            Ask::Mtu(name, mtu) => self.change(name, (0, 0), |m| m.number(LINK_MTU, *mtu)),
            Ask::Master(name, master) => {
                let master = match master {
                    Some(master) => self.index(master)?,
                    None => 0,
                };
                self.change(name, (0, 0), |m| m.number(LINK_MASTER, master))
            }
            Ask::AddAddress(name, cidr) => self.address(true, name, cidr),
            Ask::RemoveAddress(name, cidr) => self.address(false, name, cidr),
            Ask::AddRoute(dev, dst, gw) => self.route(true, dev, dst, gw),
            Ask::RemoveRoute(dev, dst, gw) => self.route(false, dev, dst, gw),
            Ask::Attach(_) => Err("a container is connected by its node alone".to_owned()),
        }
    }
}
