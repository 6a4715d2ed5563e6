//! What a container is made from.
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::json::{is_default, or_default};
use super::secret::Secret;

/// Kinds of network cards.
pub const NIC_TYPES: [&str; 7] = [
    "default",
    "bridge",
    "vlan",
    "vxlan",
    "zerotier",
    "macvlan",
    "passthrough",
];

/// Addresses of a network card of the types bridge, vlan and vxlan.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NicConfig {
    /// Asks a server for its address.
    #[serde(default, deserialize_with = "or_default")]
    pub dhcp: bool,
    /// Its address with the length of the network's prefix.
    #[serde(default, deserialize_with = "or_default")]
    pub cidr: String,
    /// Address of the gateway.
    #[serde(default, deserialize_with = "or_default")]
    pub gateway: String,
    /// Addresses of name servers.
    #[serde(default)]
    pub dns: Option<Vec<String>>,
}

/// A network card as a client asks for it; what was not given is not sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Nic {
    /// One of [`NIC_TYPES`].
    #[serde(rename = "type", default, deserialize_with = "or_default")]
    pub kind: String,
    /// Bridge, network, tag or link, by type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Hardware address; the node chooses one when it is empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hwaddr: Option<String>,
    /// Name inside the container; `eth<index>` when it is empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<NicConfig>,
    /// The node watches the link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monitor: Option<bool>,
}

/// A network card as a node lists it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ListedNic {
    /// One of [`NIC_TYPES`].
    #[serde(rename = "type", default, deserialize_with = "or_default")]
    pub kind: String,
    /// See [`Nic::id`].
    #[serde(default, deserialize_with = "or_default")]
    pub id: String,
    /// See [`Nic::hwaddr`].
    #[serde(default, deserialize_with = "or_default")]
    pub hwaddr: String,
    /// See [`Nic::name`].
    #[serde(
        default,
        deserialize_with = "or_default",
        skip_serializing_if = "is_default"
    )]
    pub name: String,
    /// See [`Nic::config`].
    #[serde(default, deserialize_with = "or_default")]
    pub config: NicConfig,
    /// See [`Nic::monitor`].
    #[serde(default, deserialize_with = "or_default")]
    pub monitor: bool,
    /// `unknown`, `configured`, `destroyed` or `error`.
    #[serde(default, deserialize_with = "or_default")]
    pub state: String,
}

impl From<Nic> for ListedNic {
    fn from(nic: Nic) -> Self {
        ListedNic {
            kind: nic.kind,
            id: nic.id.unwrap_or_default(),
            hwaddr: nic.hwaddr.unwrap_or_default(),
            name: nic.name.unwrap_or_default(),
            config: nic.config.unwrap_or_default(),
            monitor: nic.monitor.unwrap_or_default(),
            state: "unknown".into(),
        }
    }
}

/// Arguments of `corex.create`, in the client's order. Tags travel with the job.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CreateArguments {
    /// Where the root file system comes from: an flist, or a backup.
    #[serde(default, deserialize_with = "or_default")]
    pub root: String,
    /// What is mounted (a path of the node, or an flist) to where in the container.
    #[serde(default)]
    pub mount: Option<IndexMap<String, String>>,
    /// Shares the node's network; cards and ports are ignored then.
    #[serde(default, deserialize_with = "or_default")]
    pub host_network: bool,
    /// Network cards.
    #[serde(default, deserialize_with = "or_default")]
    pub nics: Vec<Nic>,
    /// Ports: source on the node to port in the container.
    #[serde(default)]
    pub port: Option<IndexMap<String, i64>>,
    /// Host name; `corex` when it is none.
    #[serde(default)]
    pub hostname: Option<String>,
    /// Without the limits of a container.
    #[serde(default, deserialize_with = "or_default")]
    pub privileged: bool,
    /// Where the contents of the files are fetched from.
    #[serde(default)]
    pub storage: Option<String>,
    /// Name; not checked to be the only one.
    #[serde(default)]
    pub name: Option<String>,
    /// Secret identity of a zerotier network.
    #[serde(default)]
    pub identity: Option<Secret>,
    /// Added to the environment.
    #[serde(default)]
    pub env: Option<IndexMap<String, String>>,
    /// Groups of resources: subsystem and name.
    #[serde(default)]
    pub cgroups: Option<Vec<(String, String)>>,
    /// Files written before the start: path in the container to text.
    #[serde(default, deserialize_with = "or_default")]
    pub config: IndexMap<String, String>,
}

/// Arguments of a container as a node lists them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ListedArguments {
    /// See [`CreateArguments::root`].
    #[serde(default, deserialize_with = "or_default")]
    pub root: String,
    /// See [`CreateArguments::mount`].
    #[serde(default)]
    pub mount: Option<IndexMap<String, String>>,
    /// See [`CreateArguments::host_network`].
    #[serde(default, deserialize_with = "or_default")]
    pub host_network: bool,
    /// See [`CreateArguments::identity`].
    #[serde(default, deserialize_with = "or_default")]
    pub identity: Secret,
    /// See [`CreateArguments::nics`].
    #[serde(default, deserialize_with = "or_default")]
    pub nics: Vec<ListedNic>,
    /// See [`CreateArguments::port`].
    #[serde(default)]
    pub port: Option<IndexMap<String, i64>>,
    /// See [`CreateArguments::privileged`].
    #[serde(default, deserialize_with = "or_default")]
    pub privileged: bool,
    /// See [`CreateArguments::hostname`].
    #[serde(default, deserialize_with = "or_default")]
    pub hostname: String,
    /// See [`CreateArguments::storage`].
    #[serde(default, deserialize_with = "or_default")]
    pub storage: String,
    /// See [`CreateArguments::name`].
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Tags of the job that made it.
    #[serde(default)]
    pub tags: Option<Vec<String>>,
    /// See [`CreateArguments::env`].
    #[serde(default)]
    pub env: Option<IndexMap<String, String>>,
    /// See [`CreateArguments::cgroups`].
    #[serde(default)]
    pub cgroups: Option<Vec<(String, String)>>,
    /// See [`CreateArguments::config`].
    #[serde(default)]
    pub config: Option<IndexMap<String, String>>,
}
