//! `info.*`: what the machine is. In a container these tell of the container where the kernel
//! shows it one of its own.
use std::collections::BTreeMap;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::proc;
use crate::devnet::zos::jobs::basics::Version;
use crate::devnet::zos::jobs::{Commands, Failure};

/// Adds them, but for `info.dmi`, which only nodes have.
pub fn add(commands: &mut Commands, version: &Version) {
    let Version {
        branch,
        revision,
        dirty,
    } = version.clone();
    commands.add("info.version", move |_| {
        let answer = json!({"branch": branch, "revision": revision, "dirty": dirty});
        async move { Ok(answer) }
    });
    commands.add_blocking("info.cpu", |_| Ok(cpus(&proc::read("/proc/cpuinfo"))));
    commands.add_blocking("info.mem", |_| Ok(memory(&proc::read("/proc/meminfo"))));
    commands.add_blocking("info.disk", |_| Ok(disks()));
    commands.add_blocking("info.nic", |_| Ok(nics()));
    commands.add_blocking("info.os", |_| Ok(system()));
    commands.add_blocking("info.port", |_| Ok(ports()));
}

#[derive(Deserialize)]
struct Types {
    #[serde(default)]
    types: Vec<Json>,
}

/// Adds `info.dmi`.
pub fn add_dmi(commands: &mut Commands) {
    const WORDS: [&str; 9] = [
        "bios",
        "system",
        "baseboard",
        "chassis",
        "processor",
        "memory",
        "cache",
        "connector",
        "slot",
    ];
    commands.add_blocking("info.dmi", |mut call| {
        let Types { types } = call.arguments()?;
        for wanted in types {
            match &wanted {
                Json::Number(n) if n.as_i64().is_some_and(|n| (0..=42).contains(&n)) => {}
                Json::Number(n) => {
                    return Err(Failure::arguments(format!("type out of range: {n}")));
                }
                Json::String(word) if WORDS.contains(&word.as_str()) => {}
                Json::String(word) => return Err(format!("invalid keyword {word}").into()),
                other => return Err(format!("invalid keyword {other}").into()),
            }
        }
        Err(Failure::not_here(
            "the machine's hardware tables (dmidecode)",
        ))
    });
}

fn cpus(text: &str) -> Json {
    let blocks = text
        .split("\n\n")
        .filter(|block| block.contains("processor"));
    blocks
        .map(|block| {
            let facts: BTreeMap<&str, &str> = block
                .lines()
                .filter_map(|line| line.split_once(':'))
                .map(|(name, value)| (name.trim(), value.trim()))
                .collect();
            let word = |name: &str| facts.get(name).copied().unwrap_or_default();
            let number = |name: &str| {
                let first = word(name).split_whitespace().next().unwrap_or_default();
                first.parse::<i64>().unwrap_or_default()
            };
            json!({
                "cpu": number("processor"), "vendorId": word("vendor_id"),
                "family": word("cpu family"), "model": word("model"),
                "stepping": number("stepping"), "physicalId": word("physical id"),
                "coreId": word("core id"), "cores": 1, "modelName": word("model name"),
                "mhz": word("cpu MHz").parse::<f64>().unwrap_or_default(),
                "cacheSize": number("cache size"),
                "flags": word("flags").split_whitespace().collect::<Vec<_>>(),
                "microcode": word("microcode"),
            })
        })
        .collect()
}

fn memory(text: &str) -> Json {
    let sizes = proc::sizes(text);
    let size = |name: &str| sizes.get(name).copied().unwrap_or_default();
    let (total, available) = (size("MemTotal"), size("MemAvailable"));
    let used = total.saturating_sub(available);
    #[allow(clippy::cast_precision_loss, reason = "a percentage")]
    let percent = if total == 0 {
        0.0
    } else {
        used as f64 / total as f64 * 100.0
    };
    json!({
        "total": total, "available": available, "used": used, "usedPercent": percent,
        "free": size("MemFree"), "active": size("Active"), "inactive": size("Inactive"),
        "wired": 0, "buffers": size("Buffers"), "cached": size("Cached") + size("SReclaimable"),
        "writeback": size("Writeback"), "dirty": size("Dirty"),
        "writebacktmp": size("WritebackTmp"), "shared": size("Shmem"), "slab": size("Slab"),
        "pagetables": size("PageTables"), "swapcached": size("SwapCached"),
    })
}

/// Device, mount point, kind and options of what is mounted.
pub fn mounts() -> Vec<[String; 4]> {
    proc::read("/proc/self/mounts")
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ').map(proc::unescape);
            Some([words.next()?, words.next()?, words.next()?, words.next()?])
        })
        .collect()
}

fn disks() -> Json {
    // Kinds of file systems that lie on no device are marked in this list of the kernel.
    let known = proc::read("/proc/filesystems");
    let on_device = |kind: &str| {
        known
            .lines()
            .any(|line| line.trim() == kind && !line.contains("nodev"))
    };
    mounts()
        .into_iter()
        .filter(|[device, _, kind, _]| device.starts_with('/') && on_device(kind))
        .map(|[device, point, kind, options]| {
            json!({"device": device, "mountpoint": point, "fstype": kind, "opts": options})
        })
        .collect()
}

/// Names of the network links.
pub fn links() -> Vec<String> {
    let mut named: Vec<(i64, String)> = fs::read_dir("/sys/class/net")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .map(|name| (link_number(&name, "ifindex"), name))
        .collect();
    named.sort();
    named.into_iter().map(|(_, name)| name).collect()
}

/// A fact of a network link, without line break.
pub fn link_fact(name: &str, fact: &str) -> String {
    proc::read(&format!("/sys/class/net/{name}/{fact}"))
        .trim()
        .to_string()
}

/// A number of a network link, 0 when there is none.
pub fn link_number(name: &str, fact: &str) -> i64 {
    link_fact(name, fact).parse().unwrap_or_default()
}

/// Hardware address of a link, empty when it is all zeros.
pub fn hardware_address(name: &str) -> String {
    match link_fact(name, "address") {
        zeros if zeros.chars().all(|c| c == '0' || c == ':') => String::new(),
        address => address,
    }
}

/// Addresses of links with their prefix lengths, by name.
pub fn addresses() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let Ok(all) = nix::ifaddrs::getifaddrs() else {
        return found;
    };
    for one in all {
        let ip = one.address.and_then(|address| {
            let v4 = address.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
            v4.or_else(|| address.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip())))
        });
        let prefix = one.netmask.and_then(|mask| {
            let v4 = mask
                .as_sockaddr_in()
                .map(|v4| u32::from(v4.ip()).count_ones());
            v4.or_else(|| {
                mask.as_sockaddr_in6()
                    .map(|v6| u128::from(v6.ip()).count_ones())
            })
        });
        if let (Some(ip), Some(prefix)) = (ip, prefix) {
            found.push((one.interface_name, format!("{ip}/{prefix}")));
        }
    }
    found
}

fn nics() -> Json {
    let addresses = addresses();
    links()
        .into_iter()
        .map(|name| {
            let bits = i64::from_str_radix(link_fact(&name, "flags").trim_start_matches("0x"), 16)
                .unwrap_or_default();
            // Bits of the kernel's IFF_ flags.
            let flags: Vec<&str> = [
                (0x1, "up"),
                (0x2, "broadcast"),
                (0x8, "loopback"),
                (0x10, "pointtopoint"),
                (0x1000, "multicast"),
            ]
            .into_iter()
            .filter(|(bit, _)| bits & bit != 0)
            .map(|(_, word)| word)
            .collect();
            let own = addresses.iter().filter(|(link, _)| *link == name);
            json!({
                "mtu": link_number(&name, "mtu"), "name": name,
                "hardwareaddr": hardware_address(&name), "flags": flags,
                "addrs": own.map(|(_, address)| json!({"addr": address})).collect::<Vec<_>>(),
                "speed": link_number(&name, "speed"), "carrier": link_number(&name, "carrier") == 1,
                "operstate": link_fact(&name, "operstate") == "up",
            })
        })
        .collect()
}

fn system() -> Json {
    let release = proc::read("/etc/os-release");
    let fact = |wanted: &str| {
        release
            .lines()
            .filter_map(|line| line.split_once('='))
            .find(|(name, _)| *name == wanted)
            .map(|(_, value)| value.trim_matches('"').to_string())
            .unwrap_or_default()
    };
    let platform = fact("ID");
    let family = match fact("ID_LIKE").split_whitespace().next() {
        Some(like) => like.to_string(),
        None => platform.clone(),
    };
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "seconds of a machine's life"
    )]
    let uptime = proc::uptime() as u64;
    json!({
        "hostname": proc::read("/proc/sys/kernel/hostname").trim(),
        "uptime": uptime, "bootTime": proc::boot_time(), "procs": proc::all().len(),
        "os": "linux", "platform": platform, "platformFamily": family,
        "platformVersion": fact("VERSION_ID"),
        "kernelVersion": proc::read("/proc/sys/kernel/osrelease").trim(),
        "virtualizationSystem": "", "virtualizationRole": "", "hostid": "",
    })
}

/// A listening socket: network, address, port, number of the socket.
pub struct Listening {
    /// `tcp`, `tcp6`, `udp` or `udp6`.
    pub network: &'static str,
    /// Where it listens.
    pub ip: IpAddr,
    /// Its port.
    pub port: u16,
    inode: u64,
}

/// All sockets that listen.
pub fn listening() -> Vec<Listening> {
    let mut found = Vec::new();
    // State 0A is LISTEN; 07 is that of a UDP socket without a peer.
    for (network, state) in [("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07")] {
        for line in proc::read(&format!("/proc/net/{network}")).lines().skip(1) {
            let words: Vec<&str> = line.split_whitespace().collect();
            if words.get(3) != Some(&state) {
                continue;
            }
            let parsed = words.get(1).and_then(|local| {
                let (ip, port) = local.split_once(':')?;
                Some((address(ip)?, u16::from_str_radix(port, 16).ok()?))
            });
            if let Some((ip, port)) = parsed {
                let inode = words
                    .get(9)
                    .and_then(|word| word.parse().ok())
                    .unwrap_or_default();
                found.push(Listening {
                    network,
                    ip,
                    port,
                    inode,
                });
            }
        }
    }
    found
}

/// An address as `/proc/net` writes it: words of 32 bits in the order of the machine.
fn address(text: &str) -> Option<IpAddr> {
    let words: Option<Vec<u8>> = text
        .as_bytes()
        .chunks(8)
        .map(|word| u32::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok())
        .map(|word| word.map(u32::to_ne_bytes))
        .collect::<Option<Vec<_>>>()
        .map(|words| words.concat());
    let bytes = words?;
    if let Ok(v4) = <[u8; 4]>::try_from(bytes.as_slice()) {
        return Some(IpAddr::V4(Ipv4Addr::from(v4)));
    }
    <[u8; 16]>::try_from(bytes.as_slice())
        .ok()
        .map(|v6| IpAddr::V6(Ipv6Addr::from(v6)))
}

fn ports() -> Json {
    let owners = proc::socket_owners();
    let owner = |inode: &u64| owners.get(inode).copied().unwrap_or_default();
    let mut shown: Vec<Json> = listening()
        .iter()
        .map(|socket| {
            json!({"network": socket.network, "port": socket.port, "ip": socket.ip.to_string(),
                   "pid": owner(&socket.inode)})
        })
        .collect();
    for line in proc::read("/proc/net/unix").lines().skip(1) {
        let words: Vec<&str> = line.split_whitespace().collect();
        // Flag 0x10000: accepts connections.
        if let (Some(&"00010000"), Some(inode), Some(path)) = (
            words.get(3),
            words.get(6).and_then(|word| word.parse::<u64>().ok()),
            words.get(7),
        ) {
            shown.push(json!({"network": "unix", "unix": path, "pid": owner(&inode)}));
        }
    }
    shown.into()
}
