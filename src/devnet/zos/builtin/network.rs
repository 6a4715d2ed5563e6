//! `ip.*`, `bridge.*` and `nft.*`.
//!
//! In a container they speak of its own network. On a node they change the node's network
//! ([`switch`](crate::devnet::zos::switch)), which has nothing to do with the machine's: links of
//! the machine are listed beside it and never changed.
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::devnet::zos::jobs::command::Answer;
use crate::devnet::zos::jobs::{Commands, Failure};
use crate::devnet::zos::switch::links::Ask;
use crate::devnet::zos::switch::netlink::Netlink;
use crate::devnet::zos::switch::network::Network;
use crate::devnet::zos::switch::{DEFAULT_BRIDGE, Opening, Switch};

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Arguments {
    name: String,
    new: String,
    hwaddr: String,
    inf: String,
    ip: String,
    dev: String,
    dst: String,
    gw: String,
    mtu: u32,
    nic: String,
    network: Wanted,
    port: i64,
    interface: String,
    subnet: String,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Wanted {
    mode: Option<String>,
    nat: bool,
    settings: serde_json::Map<String, Json>,
}

/// The networks that commands speak of.
#[derive(Clone, Debug)]
pub enum Networks {
    /// That of this process.
    Here,
    /// The node's own, or why there is none, beside the machine's.
    Node(Result<Arc<Switch>, String>),
}

impl Networks {
    fn switch(&self) -> Result<&Arc<Switch>, Failure> {
        match self {
            Networks::Node(Ok(switch)) => Ok(switch),
            Networks::Node(Err(why)) => {
                Err(Failure::not_here(format!("a network of its own: {why}")))
            }
            Networks::Here => Err(Failure::not_here("a network of its own")),
        }
    }

    /// Asks for something that changes no existing link, or for a list of this process.
    fn here(ask: &Ask) -> Answer {
        let netlink = Netlink::routes().map_err(|e| e.desc().to_lowercase());
        netlink
            .and_then(|mut netlink| netlink.perform(ask))
            .map_err(failed)
    }

    /// Lists something; on a node what is its own comes first, without its loopback link.
    fn list(&self, ask: &Ask, link: impl Fn(&Json) -> &Json) -> Answer {
        let mut all = Vec::new();
        if let Networks::Node(Ok(switch)) = self {
            let own = switch.ask(ask).map_err(failed)?;
            let own = own.as_array().cloned().unwrap_or_default();
            all.extend(own.into_iter().filter(|entry| link(entry) != "lo"));
        }
        let machine = Self::here(ask)?;
        all.extend(machine.as_array().cloned().unwrap_or_default());
        Ok(all.into())
    }

    fn links(&self) -> Answer {
        let link = |entry: &Json| entry["name"] == "lo";
        let all = self.list(&Ask::Links, |entry| &entry["name"])?;
        // The loopback link is the first of every network.
        let all = all.as_array().cloned().unwrap_or_default();
        let (first, others): (Vec<Json>, Vec<Json>) = all.into_iter().partition(link);
        Ok(first.into_iter().chain(others).collect())
    }

    /// Changes a link, by its name.
    fn change(&self, name: &str, ask: &Ask) -> Answer {
        let switch = match self {
            Networks::Here => return Self::here(ask),
            Networks::Node(_) => self.switch()?,
        };
        if switch.link(name).is_some() {
            if name == DEFAULT_BRIDGE && matches!(ask, Ask::Delete(_) | Ask::Rename(..)) {
                return Err(Failure::arguments(format!(
                    "{DEFAULT_BRIDGE} is the bridge of all containers: it stays"
                )));
            }
            return switch.ask(ask).map_err(failed);
        }
        let machine = Self::here(&Ask::Links)?;
        let mut machine = machine.as_array().into_iter().flatten();
        match machine.any(|link| link["name"] == name) {
            true => Err(Failure::not_here(format!(
                "changing `{name}`, which is a link of the machine"
            ))),
            false => Err("Link not found".into()),
        }
    }

    /// Makes something new.
    fn make(&self, ask: &Ask) -> Answer {
        match self {
            Networks::Here => Self::here(ask),
            Networks::Node(_) => self.switch()?.ask(ask).map_err(failed),
        }
    }

    fn is_bridge(&self, name: &str) -> Result<bool, Failure> {
        match self {
            Networks::Node(_) => Ok(self.switch()?.link(name).ok_or("Link not found")?),
            Networks::Here => {
                let links = Self::here(&Ask::Links)?;
                let mut links = links.as_array().into_iter().flatten();
                let link = links.find(|link| link["name"] == name);
                Ok(link.ok_or("Link not found")?["type"] == "bridge")
            }
        }
    }

    fn remove_bridge(&self, name: &str) -> Answer {
        if !self.is_bridge(name)? {
            return Err(Failure::arguments("not a bridge"));
        }
        self.change(name, &Ask::Delete(name.to_owned()))?;
        if let Networks::Node(Ok(switch)) = self {
            switch.set_outwards(name, false);
        }
        Ok(Json::Null)
    }

    fn set_master(&self, link: &str, bridge: Option<&str>) -> Answer {
        let bridge = bridge.map(str::to_owned);
        self.change(link, &Ask::Master(link.to_owned(), bridge))
    }
}

fn failed(text: String) -> Failure {
    match text.as_str() {
        "operation not permitted" => Failure::not_here("the right to change this network"),
        _ => text.into(),
    }
}

/// A command by its name.
type Entry = (&'static str, fn(&Networks, &Arguments) -> Answer);

fn add_each(commands: &mut Commands, networks: &Networks, table: &[Entry]) {
    for (name, run) in table {
        let (run, networks) = (*run, networks.clone());
        commands.add_blocking(name, move |mut call| run(&networks, &call.arguments()?));
    }
}

/// Adds `ip.*`.
pub fn add_ip(commands: &mut Commands, networks: &Networks) {
    let table: &[Entry] = &[
        ("ip.bridge.add", |n, a| {
            n.make(&Ask::AddBridge(a.name.clone(), a.hwaddr.clone()))
        }),
        ("ip.bridge.del", |n, a| n.remove_bridge(&a.name)),
        ("ip.bridge.addif", |n, a| {
            n.is_bridge(&a.name)?;
            n.set_master(&a.inf, Some(&a.name))
        }),
        ("ip.bridge.delif", |n, a| {
            n.is_bridge(&a.name)?;
            n.set_master(&a.inf, None)
        }),
        ("ip.link.up", |n, a| {
            n.change(&a.name, &Ask::Up(a.name.clone(), true))
        }),
        ("ip.link.down", |n, a| {
            n.change(&a.name, &Ask::Up(a.name.clone(), false))
        }),
        ("ip.link.name", |n, a| {
            n.change(&a.name, &Ask::Rename(a.name.clone(), a.new.clone()))
        }),
        ("ip.link.mtu", |n, a| {
            n.change(&a.name, &Ask::Mtu(a.name.clone(), a.mtu))
        }),
        ("ip.link.list", |n, _| n.links()),
        ("ip.addr.add", |n, a| {
            n.change(&a.name, &Ask::AddAddress(a.name.clone(), a.ip.clone()))
        }),
        ("ip.addr.del", |n, a| {
            n.change(&a.name, &Ask::RemoveAddress(a.name.clone(), a.ip.clone()))
        }),
        ("ip.addr.list", |n, a| {
            let links = n.links()?;
            let mut links = links.as_array().into_iter().flatten();
            if !links.any(|link| link["name"] == a.name) {
                return Err("Link not found".into());
            }
            let all = n.list(&Ask::Addresses, |entry| &entry[0])?;
            let all = all.as_array().into_iter().flatten();
            let own = all.filter(|entry| entry[0] == a.name);
            Ok(own.map(|entry| entry[1].clone()).collect())
        }),
        ("ip.route.add", |n, a| {
            let (dev, dst, gw) = (a.dev.clone(), a.dst.clone(), a.gw.clone());
            n.change(&a.dev, &Ask::AddRoute(dev, dst, gw))
        }),
        ("ip.route.del", |n, a| {
            let (dev, dst, gw) = (a.dev.clone(), a.dst.clone(), a.gw.clone());
            n.change(&a.dev, &Ask::RemoveRoute(dev, dst, gw))
        }),
        ("ip.route.list", |n, _| {
            n.list(&Ask::Routes, |entry| &entry["dev"])
        }),
        ("ip.bond.list", |n, _| {
            let links = n.links()?;
            let links = links.as_array().into_iter().flatten();
            let bonds = links.filter(|link| link["type"] == "bond");
            Ok(bonds.map(|link| link["name"].clone()).collect())
        }),
        ("ip.bond.add", |_, _| {
            Err(Failure::not_here("bonds of links"))
        }),
        ("ip.bond.del", |_, _| {
            Err(Failure::not_here("bonds of links"))
        }),
    ];
    add_each(commands, networks, table);
}

fn create(networks: &Networks, a: &Arguments) -> Answer {
    let name = a.name.as_str();
    if name.is_empty() || name.len() > 15 {
        return Err("Bridge name must be between 1 and 15 characters".into());
    }
    if name == "default" {
        return Err("Bridge name can't be 'default'".into());
    }
    let switch = networks.switch()?;
    if switch.link(name).is_some() {
        return Err("file exists".into());
    }
    let cidr = match a.network.mode.as_deref() {
        None | Some("") => None,
        Some("static") => Some(cidr(switch, &a.network.settings)?),
        Some("dnsmasq") => return Err(Failure::not_here("the program dnsmasq")),
        Some(other) => {
            return Err(Failure::arguments(format!(
                "invalid networking mode {other}"
            )));
        }
    };
    let ask = |ask: Ask| switch.ask(&ask).map_err(failed);
    ask(Ask::AddBridge(name.to_owned(), a.hwaddr.clone()))?;
    let up = ask(Ask::Up(name.to_owned(), true)).and_then(|_| match cidr {
        Some(cidr) => ask(Ask::AddAddress(name.to_owned(), cidr)),
        None => Ok(Json::Null),
    });
    // Half a bridge is none.
    up.inspect_err(|_| {
        let _ = ask(Ask::Delete(name.to_owned()));
    })?;
    switch.set_outwards(name, a.network.nat);
    Ok(Json::Null)
}

/// The address of a static network, checked against those that the node has.
fn cidr(switch: &Switch, settings: &serde_json::Map<String, Json>) -> Result<String, Failure> {
    let text = settings
        .get("cidr")
        .and_then(Json::as_str)
        .unwrap_or_default();
    let invalid = || Failure::from(format!("invalid CIDR address: {text}"));
    let wanted: Network = text.parse().map_err(|()| invalid())?;
    if wanted.start() == wanted.address && wanted != Network::alone(wanted.address) {
        return Err("Invalid IP".into());
    }
    for (name, other) in switch.addresses().map_err(failed)? {
        if wanted.meets(&other) {
            return Err(format!("overlapping range with {other} {name} on {name}").into());
        }
    }
    Ok(text.to_string())
}

impl Arguments {
    fn port(&self) -> Result<u16, Failure> {
        let port = u16::try_from(self.port).ok().filter(|port| *port > 0);
        port.ok_or_else(|| Failure::arguments(format!("invalid port `{}`", self.port)))
    }

    fn opening(&self) -> Result<Opening, Failure> {
        let from = match self.subnet.as_str() {
            "" => None,
            text => {
                let network: Result<Network, ()> = text.parse();
                let wrong = |()| Failure::arguments(format!("invalid CIDR address: {text}"));
                Some(network.map_err(wrong)?)
            }
        };
        Ok(Opening {
            port: self.port()?,
            link: Some(self.interface.clone()).filter(|name| !name.is_empty()),
            from,
        })
    }
}

/// A rule as the original's firewall writes it.
fn rule(opening: &Opening) -> String {
    let mut text = String::new();
    if let Some(link) = &opening.link {
        text.push_str(&format!("iifname \"{link}\" "));
    }
    if let Some(from) = opening.from {
        text.push_str(&format!("ip saddr {}/{} ", from.start(), from.prefix));
    }
    text.push_str(&format!("tcp dport {} accept", opening.port));
    text
}

fn bridge<'a>(networks: &Networks, name: &'a str) -> Result<&'a str, Failure> {
    match networks.switch()?.link(name) {
        Some(true) => Ok(name),
        Some(false) => Err(Failure::arguments("not a bridge")),
        None => Err(Failure::not_found("bridge not found")),
    }
}

fn found<'a>(networks: &Networks, name: &'a str) -> Result<&'a str, Failure> {
    match networks.switch()?.link(name) {
        Some(_) => Ok(name),
        None => Err(Failure::not_found("Link not found")),
    }
}

/// Adds what nodes have beside it. The rules of `nft.*` say which ports of the node its containers
/// reach, at its address on their bridge; from elsewhere a node has but its own port.
pub fn add_node(commands: &mut Commands, networks: &Networks) {
    let table: &[Entry] = &[
        ("bridge.create", create),
        ("bridge.delete", |n, a| n.remove_bridge(&a.name)),
        ("bridge.list", |n, _| {
            let links = n.switch()?.ask(&Ask::Links).map_err(failed)?;
            let links = links.as_array().into_iter().flatten();
            let bridges = links.filter(|link| link["type"] == "bridge");
            Ok(bridges.map(|link| link["name"].clone()).collect())
        }),
        ("bridge.nic-add", |n, a| {
            let nic = found(n, &a.nic)?;
            n.set_master(nic, Some(bridge(n, &a.name)?))
        }),
        ("bridge.nic-remove", |n, a| {
            n.set_master(found(n, &a.nic)?, None)
        }),
        ("bridge.nic-list", |n, a| {
            let bridge = bridge(n, &a.name)?;
            let links = n.switch()?.ask(&Ask::Links).map_err(failed)?;
            let links = links.as_array().into_iter().flatten();
            let mut names: Vec<&Json> = links
                .filter(|link| link["master"] == bridge)
                .map(|link| &link["name"])
                .collect();
            names.sort_by_key(|name| name.as_str());
            Ok(json!(names))
        }),
        ("bridge.host-add", |_, _| {
            Err(Failure::not_here("the program dnsmasq"))
        }),
        ("bridge.add_host", |_, _| {
            Err(Failure::not_here("the program dnsmasq"))
        }),
        ("nft.open_port", |n, a| {
            match n.switch()?.open(a.opening()?) {
                true => Ok(Json::Null),
                false => Err(format!("rule already exists for port: {}", a.port).into()),
            }
        }),
        ("nft.drop_port", |n, a| {
            n.switch()?.close(a.port()?);
            Ok(Json::Null)
        }),
        ("nft.rule_exists", |n, a| {
            let port = a.port()?;
            let rules = n.switch()?.openings();
            Ok(rules.iter().any(|rule| rule.port == port).into())
        }),
        ("nft.list", |n, _| {
            let names = ["udp", "tcp"].map(|kind| format!("{kind} dport 53 accept"));
            let open = n.switch()?.openings();
            Ok(names.into_iter().chain(open.iter().map(rule)).collect())
        }),
    ];
    add_each(commands, networks, table);
}
