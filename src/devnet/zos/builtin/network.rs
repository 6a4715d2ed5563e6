//! `ip.*`, `bridge.*` and `nft.*`: looking with the kernel's own lists, changing with the program
//! `ip`, as far as the rights of the process reach.
use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::process::Command;

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::{info, proc};
use crate::devnet::zos::jobs::command::Answer;
use crate::devnet::zos::jobs::{Commands, Failure};

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
    network: Network,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Network {
    mode: Option<String>,
    nat: bool,
    settings: serde_json::Map<String, Json>,
}

fn exists(name: &str) -> bool {
    !name.is_empty() && !name.contains('/') && Path::new("/sys/class/net").join(name).exists()
}

fn is_bridge(name: &str) -> bool {
    exists(name)
        && Path::new("/sys/class/net")
            .join(name)
            .join("bridge")
            .is_dir()
}

fn link(name: &str) -> Result<&str, Failure> {
    match exists(name) {
        true => Ok(name),
        false => Err("Link not found".into()),
    }
}

/// Runs `ip`; names that begin with a dash never get this far as links, others are words of ours.
fn ip(arguments: &[&str]) -> Answer {
    if let Some(odd) = arguments
        .iter()
        .find(|word| word.is_empty() || word.starts_with('-'))
    {
        return Err(Failure::arguments(format!("`{odd}` is no name or address")));
    }
    let done = Command::new("ip")
        .args(arguments)
        .output()
        .map_err(|_| Failure::not_here("the program ip"))?;
    if done.status.success() {
        return Ok(Json::Null);
    }
    let told = String::from_utf8_lossy(&done.stderr).trim().to_string();
    let told = told.rsplit("answers: ").next().unwrap_or_default();
    Err(match told {
        text if text.contains("Operation not permitted") => {
            Failure::not_here("the right to change the machine's network")
        }
        text if text.contains("Cannot find device") => "Link not found".into(),
        text => text.to_lowercase().into(),
    })
}

fn links() -> Answer {
    let shown = info::links().into_iter().map(|name| {
        let folder = Path::new("/sys/class/net").join(&name);
        let master = fs::read_link(folder.join("master")).ok();
        let master = master.and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()));
        let kind = if is_bridge(&name) {
            "bridge"
        } else if folder.join("tun_flags").exists() {
            "tuntap"
        } else if folder.join("bonding").exists() {
            "bond"
        } else if info::link_number(&name, "iflink") != info::link_number(&name, "ifindex") {
            "veth"
        } else {
            "device"
        };
        let flags = info::link_fact(&name, "flags");
        let flags = i64::from_str_radix(flags.trim_start_matches("0x"), 16).unwrap_or_default();
        json!({"name": name, "type": kind, "hwaddr": info::hardware_address(&name),
               "master": master.unwrap_or_default(), "up": flags & 1 != 0,
               "mtu": info::link_number(&name, "mtu")})
    });
    Ok(shown.collect())
}

fn routes() -> Answer {
    let mut routes = Vec::new();
    for line in proc::read("/proc/net/route").lines().skip(1) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let address = |at: usize| {
            let word = words
                .get(at)
                .and_then(|word| u32::from_str_radix(word, 16).ok());
            Ipv4Addr::from(word.unwrap_or_default().to_ne_bytes())
        };
        let (dst, gw, mask) = (address(1), address(2), u32::from(address(7)).count_ones());
        let dst = if mask == 0 {
            String::new()
        } else {
            format!("{dst}/{mask}")
        };
        let gw = if gw.is_unspecified() {
            String::new()
        } else {
            gw.to_string()
        };
        routes.push(json!({"dev": words.first(), "dst": dst, "gw": gw}));
    }
    for line in proc::read("/proc/net/ipv6_route").lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let address = |at: usize| {
            let word = words
                .get(at)
                .and_then(|word| u128::from_str_radix(word, 16).ok());
            Ipv6Addr::from(word.unwrap_or_default())
        };
        let number = |at: usize| {
            words
                .get(at)
                .and_then(|word| u32::from_str_radix(word, 16).ok())
                .unwrap_or(0)
        };
        let (dst, prefix, gw, flags) = (address(0), number(1), address(4), number(8));
        // Bits of the kernel's RTF_ flags: addresses of our own, and routes that refuse.
        if flags & 0x8000_0200 != 0 || dst.is_multicast() {
            continue;
        }
        let dst = if prefix == 0 {
            String::new()
        } else {
            format!("{dst}/{prefix}")
        };
        let gw = if gw.is_unspecified() {
            String::new()
        } else {
            gw.to_string()
        };
        routes.push(json!({"dev": words.get(9), "dst": dst, "gw": gw}));
    }
    Ok(routes.into())
}

fn route(way: &str, a: &Arguments) -> Answer {
    let dev = link(&a.dev)?;
    let dst = if a.dst.is_empty() { "default" } else { &a.dst };
    let mut words = vec!["route", way, dst];
    if !a.gw.is_empty() {
        words.extend(["via", &a.gw]);
    }
    words.extend(["dev", dev]);
    ip(&words)
}

fn make_bridge(name: &str, hwaddr: &str) -> Answer {
    let mut words = vec!["link", "add", "name", name];
    if !hwaddr.is_empty() {
        words.extend(["address", hwaddr]);
    }
    words.extend(["type", "bridge"]);
    ip(&words)
}

fn remove_bridge(name: &str) -> Answer {
    link(name)?;
    if !is_bridge(name) {
        return Err(Failure::arguments("not a bridge"));
    }
    ip(&["link", "delete", name, "type", "bridge"])
}

/// A command by its name.
type Entry = (&'static str, fn(&Arguments) -> Answer);

fn add_each(commands: &mut Commands, table: &[Entry]) {
    for (name, run) in table {
        let run = *run;
        commands.add_blocking(name, move |mut call| run(&call.arguments()?));
    }
}

/// Adds `ip.*`.
pub fn add_ip(commands: &mut Commands) {
    add_each(
        commands,
        &[
            ("ip.bridge.add", |a| make_bridge(&a.name, &a.hwaddr)),
            ("ip.bridge.del", |a| remove_bridge(&a.name)),
            ("ip.bridge.addif", |a| {
                ip(&["link", "set", link(&a.inf)?, "master", link(&a.name)?])
            }),
            ("ip.bridge.delif", |a| {
                link(&a.name)?;
                ip(&["link", "set", link(&a.inf)?, "nomaster"])
            }),
            ("ip.link.up", |a| ip(&["link", "set", link(&a.name)?, "up"])),
            ("ip.link.down", |a| {
                ip(&["link", "set", link(&a.name)?, "down"])
            }),
            ("ip.link.name", |a| {
                ip(&["link", "set", link(&a.name)?, "name", &a.new])
            }),
            ("ip.link.mtu", |a| {
                ip(&["link", "set", link(&a.name)?, "mtu", &a.mtu.to_string()])
            }),
            ("ip.link.list", |_| links()),
            ("ip.addr.add", |a| {
                ip(&["addr", "add", &a.ip, "dev", link(&a.name)?])
            }),
            ("ip.addr.del", |a| {
                ip(&["addr", "del", &a.ip, "dev", link(&a.name)?])
            }),
            ("ip.addr.list", |a| {
                let name = link(&a.name)?;
                let own = info::addresses().into_iter().filter(|(of, _)| of == name);
                Ok(own.map(|(_, address)| Json::from(address)).collect())
            }),
            ("ip.route.add", |a| route("add", a)),
            ("ip.route.del", |a| route("del", a)),
            ("ip.route.list", |_| routes()),
            ("ip.bond.list", |_| {
                let bonds = info::links().into_iter();
                let is_bond = |name: &String| {
                    Path::new("/sys/class/net")
                        .join(name)
                        .join("bonding")
                        .exists()
                };
                Ok(bonds.filter(is_bond).map(Json::from).collect())
            }),
            ("ip.bond.add", |_| Err(Failure::not_here("bonds of links"))),
            ("ip.bond.del", |_| Err(Failure::not_here("bonds of links"))),
        ],
    );
}

fn create(a: &Arguments) -> Answer {
    let name = a.name.as_str();
    if name.is_empty() || name.len() > 15 {
        return Err("Bridge name must be between 1 and 15 characters".into());
    }
    if name == "default" {
        return Err("Bridge name can't be 'default'".into());
    }
    if exists(name) {
        return Err("file exists".into());
    }
    let cidr = match a.network.mode.as_deref() {
        None | Some("") => None,
        Some("static") => Some(cidr(&a.network.settings)?),
        Some("dnsmasq") => return Err(Failure::not_here("the program dnsmasq")),
        Some(other) => {
            return Err(Failure::arguments(format!(
                "invalid networking mode {other}"
            )));
        }
    };
    if a.network.nat {
        return Err(Failure::not_here("address translation (nft)"));
    }
    make_bridge(name, &a.hwaddr)?;
    let up = ip(&["link", "set", name, "up"]).and_then(|_| match &cidr {
        Some(cidr) => ip(&["addr", "add", cidr, "dev", name]),
        None => Ok(Json::Null),
    });
    // Half a bridge is none.
    up.inspect_err(|_| {
        let _ = remove_bridge(name);
    })
}

/// The address of a static network, checked against those of the machine.
fn cidr(settings: &serde_json::Map<String, Json>) -> Result<String, Failure> {
    let text = settings
        .get("cidr")
        .and_then(Json::as_str)
        .unwrap_or_default();
    let (address, prefix) =
        network(text).ok_or_else(|| Failure::from(format!("invalid CIDR address: {text}")))?;
    let start =
        |address: u32, prefix: u32| address & u32::MAX.checked_shl(32 - prefix).unwrap_or(0);
    if start(address, prefix) == address && prefix < 32 {
        return Err("Invalid IP".into());
    }
    for (name, other) in info::addresses() {
        if let Some((taken, length)) = network(&other) {
            let shorter = prefix.min(length);
            if start(address, shorter) == start(taken, shorter) {
                return Err(format!("overlapping range with {other} {name} on {name}").into());
            }
        }
    }
    Ok(text.to_string())
}

fn network(text: &str) -> Option<(u32, u32)> {
    let (address, prefix) = text.split_once('/')?;
    let address: Ipv4Addr = address.parse().ok()?;
    let prefix = prefix.parse().ok().filter(|prefix| *prefix <= 32)?;
    Some((u32::from(address), prefix))
}

/// Adds what nodes have beside it.
pub fn add_node(commands: &mut Commands) {
    fn found(name: &str) -> Result<&str, Failure> {
        match exists(name) {
            true => Ok(name),
            false => Err(Failure::not_found("Link not found")),
        }
    }
    fn bridge(name: &str) -> Result<&str, Failure> {
        match (exists(name), is_bridge(name)) {
            (_, true) => Ok(name),
            (true, _) => Err(Failure::arguments("not a bridge")),
            _ => Err(Failure::not_found("bridge not found")),
        }
    }
    add_each(
        commands,
        &[
            ("bridge.create", create),
            ("bridge.delete", |a| remove_bridge(&a.name)),
            ("bridge.list", |_| {
                let bridges = info::links().into_iter().filter(|name| is_bridge(name));
                Ok(bridges.map(Json::from).collect())
            }),
            ("bridge.nic-add", |a| {
                ip(&["link", "set", found(&a.nic)?, "master", bridge(&a.name)?])
            }),
            ("bridge.nic-remove", |a| {
                ip(&["link", "set", found(&a.nic)?, "nomaster"])
            }),
            ("bridge.nic-list", |a| {
                let folder = Path::new("/sys/class/net")
                    .join(bridge(&a.name)?)
                    .join("brif");
                let entries = fs::read_dir(folder).into_iter().flatten().flatten();
                let mut names: Vec<String> = entries
                    .filter_map(|entry| entry.file_name().into_string().ok())
                    .collect();
                names.sort();
                Ok(names.into())
            }),
            ("bridge.host-add", |_| {
                Err(Failure::not_here("the program dnsmasq"))
            }),
            ("bridge.add_host", |_| {
                Err(Failure::not_here("the program dnsmasq"))
            }),
        ],
    );
    // A node of ours puts no rules into the machine's firewall.
    for name in [
        "nft.open_port",
        "nft.drop_port",
        "nft.rule_exists",
        "nft.list",
    ] {
        commands.add(name, |_| async {
            Err(Failure::not_here("a firewall of its own (nft)"))
        });
    }
}
