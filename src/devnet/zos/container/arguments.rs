//! What `corex.create` is given, and the checks that need no machine (spec: 3.2).

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::error::{Error, Result};
use super::port::Source;

/// Host name of a container that was given none.
pub const DEFAULT_HOSTNAME: &str = "corex";
/// Chunk store of a container that was given none.
pub const DEFAULT_STORAGE: &str = "zdb://hub.grid.tf:9900";
/// The search path of every container.
pub const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// Longest name that a network link may have.
const LONGEST_LINK: usize = 15;

/// Arguments of `corex.create`, in the order in which the node lists them.
///
/// Null stands for the default everywhere, as the original client sends it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Create {
    /// URL or path of the root file system.
    #[serde(deserialize_with = "or_default")]
    pub root: String,
    /// Host path or flist URL to guest path.
    pub mount: Option<IndexMap<String, String>>,
    /// Share the node's network; nics and ports are ignored then.
    #[serde(deserialize_with = "or_default")]
    pub host_network: bool,
    /// Identity of zerotier (secret); empty for none.
    #[serde(deserialize_with = "or_default")]
    pub identity: Identity,
    /// Network links.
    #[serde(deserialize_with = "or_default")]
    pub nics: Vec<Nic>,
    /// Port source on the node to port in the container.
    pub port: Option<IndexMap<String, i64>>,
    /// More rights, writable `/proc`, the machine's devices where the node runs as root.
    #[serde(deserialize_with = "or_default")]
    pub privileged: bool,
    /// Host name inside.
    #[serde(deserialize_with = "or_default")]
    pub hostname: String,
    /// Chunk store of an flist.
    #[serde(deserialize_with = "or_default")]
    pub storage: String,
    /// Free name; not unique.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// Tags, from the command's envelope.
    #[serde(deserialize_with = "or_default")]
    pub tags: Vec<String>,
    /// Added to `PATH` and `HOME`.
    pub env: Option<IndexMap<String, String>>,
    /// Control groups to join: subsystem and name.
    #[serde(deserialize_with = "or_default")]
    pub cgroups: Vec<(String, String)>,
    /// Path in the container to the text of a file that is written before start.
    #[serde(deserialize_with = "or_default")]
    pub config: IndexMap<String, String>,
}

/// A secret identity: kept out of what is printed for people.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Identity(pub String);

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// A network link of a container.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Nic {
    /// `default`, `bridge`, `vlan`, `vxlan`, `zerotier`, `macvlan` or `passthrough`.
    #[serde(rename = "type", deserialize_with = "or_default")]
    pub kind: String,
    /// Bridge, network or link, by type.
    #[serde(deserialize_with = "or_default")]
    pub id: String,
    /// Hardware address; empty for a made-up one.
    #[serde(deserialize_with = "or_default")]
    pub hwaddr: String,
    /// Name inside; empty for `eth<index>`.
    #[serde(
        deserialize_with = "or_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub name: String,
    /// Addresses.
    #[serde(deserialize_with = "or_default")]
    pub config: NicConfig,
    /// Whether its figures are collected.
    #[serde(deserialize_with = "or_default")]
    pub monitor: bool,
    /// `unknown`, `configured`, `destroyed` or `error`; set by the node.
    #[serde(deserialize_with = "or_default")]
    pub state: String,
}

/// Addresses of a link.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NicConfig {
    /// Ask a DHCP server.
    #[serde(deserialize_with = "or_default")]
    pub dhcp: bool,
    /// Address with mask.
    #[serde(deserialize_with = "or_default")]
    pub cidr: String,
    /// Gateway.
    #[serde(deserialize_with = "or_default")]
    pub gateway: String,
    /// Name servers.
    pub dns: Option<Vec<String>>,
}

/// Reads null as the default value.
fn or_default<'de, D, T>(from: D) -> std::result::Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(from)?.unwrap_or_default())
}

impl Create {
    /// Reads the arguments of a command; errors name what is wrong (code 400).
    pub fn from_json(arguments: serde_json::Value) -> Result<Self> {
        serde_json::from_value(arguments)
            .map_err(|e| Error::new(400, format!("arguments of corex.create: {e}")))
    }

    /// Checks what can be checked without the machine, normalizes ports and fills defaults in.
    pub fn check(mut self) -> Result<Self> {
        if self.root.is_empty() {
            return Err(Error::failed("root plist is required"));
        }
        for (host, guest) in self.mount.iter().flatten() {
            if !host.contains("://") && !host.starts_with('/') {
                return Err(Error::failed(format!(
                    "host path '{host}' must be absolute"
                )));
            }
            if !guest.starts_with('/') {
                return Err(Error::failed(format!(
                    "guest path '{guest}' must be absolute"
                )));
            }
        }
        for path in self.config.keys() {
            if !path.starts_with('/') {
                return Err(Error::failed(format!(
                    "config path '{path}' must be absolute"
                )));
            }
        }
        if let Some(ports) = &self.port {
            let mut normal = IndexMap::new();
            let mut seen = BTreeMap::new();
            for (source, guest) in ports {
                let parsed = Source::parse(source)?;
                guest_port(*guest)?;
                if seen.insert(parsed.port, ()).is_some() {
                    let port = parsed.port;
                    return Err(Error::failed(format!("port {port} already in use")));
                }
                normal.insert(parsed.to_string(), *guest);
            }
            self.port = Some(normal);
        }
        check_nics(&self.nics)?;
        for (key, value) in self.env.iter().flatten() {
            if key.is_empty() || key.contains(['=', '\0']) || value.contains('\0') {
                return Err(Error::failed(format!(
                    "invalid environment variable '{key}'"
                )));
            }
        }
        if self.hostname.is_empty() {
            self.hostname = DEFAULT_HOSTNAME.to_owned();
        }
        // The kernel takes no more; a newline would add lines to /etc/hosts.
        if self.hostname.len() > 64 || self.hostname.chars().any(|c| c.is_control() || c == ' ') {
            return Err(Error::failed(format!(
                "invalid hostname '{}'",
                self.hostname.escape_debug()
            )));
        }
        if self.storage.is_empty() {
            self.storage = DEFAULT_STORAGE.to_owned();
        }
        Ok(self)
    }

    /// Says whether ports can be forwarded: there is a default link, or the node's network.
    pub fn has_default_nic(&self) -> bool {
        let living = |nic: &&Nic| nic.state != "destroyed";
        self.nics
            .iter()
            .filter(living)
            .any(|nic| nic.kind == "default")
    }

    /// Returns the environment of the container's jobs.
    pub fn environment(&self) -> IndexMap<String, String> {
        let mut all = IndexMap::from([
            ("PATH".to_owned(), PATH.to_owned()),
            ("HOME".to_owned(), "/".to_owned()),
        ]);
        all.extend(self.env.clone().unwrap_or_default());
        all
    }
}

/// Reads a port in the container.
pub fn guest_port(port: i64) -> Result<u16> {
    u16::try_from(port).map_err(|_| Error::failed(format!("invalid guest port '{port}'")))
}

/// Checks the links of a container against each other.
pub fn check_nics(nics: &[Nic]) -> Result<()> {
    let mut names: Vec<&str> = Vec::new();
    let mut bridges: Vec<&str> = Vec::new();
    let mut defaults = 0;
    for nic in nics.iter().filter(|nic| nic.state != "destroyed") {
        match nic.kind.as_str() {
            "default" => defaults += 1,
            "bridge" => {
                let id = nic.id.as_str();
                if id == "core0" {
                    return Err(Error::failed(
                        "cannot use bridge core0 with nic type 'bridge', please use type default instead",
                    ));
                }
                if bridges.contains(&id) {
                    return Err(Error::failed(format!(
                        "connecting to bridge '{id}' more than one time is not allowed"
                    )));
                }
                bridges.push(id);
            }
            "vlan" | "vxlan" | "zerotier" | "macvlan" | "passthrough" => {}
            other => {
                return Err(Error::failed(format!("unsupported network type '{other}'")));
            }
        }
        if defaults > 1 {
            return Err(Error::failed("only one default network is allowed"));
        }
        let name = nic.name.as_str();
        if name.is_empty() {
            continue;
        }
        if names.contains(&name) {
            return Err(Error::failed(format!(
                "name '{name}' is passed twice in the container"
            )));
        }
        if name.len() > LONGEST_LINK {
            return Err(Error::failed(format!("invalid name '{name}' too long")));
        }
        if name == "default" {
            return Err(Error::failed("invalid name `default`"));
        }
        if name.starts_with("eth") || name.starts_with("zt") {
            return Err(Error::failed(format!(
                "name '{name}' cannot be used as it is started with eth or zt"
            )));
        }
        names.push(name);
    }
    Ok(())
}
