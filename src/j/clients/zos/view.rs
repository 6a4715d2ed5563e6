//! The node as its user sees it: addresses, uptime, kernel, files, ports.
use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use super::core::{Core, not_found};
use super::files;
use super::instance::ZosInstance;
use super::rows::{dict, shown};
use crate::object::{Args, Default, Error, Kind, Member, Needs, Param, Result, Ty, Value};
use crate::zos::protocol::{JobResult, State};
use crate::zos::{Client, Request, plain};

/// Zerotier addresses of the support network begin so.
const SUPPORT: &str = "172.29.";

/// The link that leads to the rest of the world, from `ip.route.list`.
pub fn gateway_link(routes: &Json) -> Option<String> {
    let routes = routes.as_array()?;
    let route = routes.iter().find(|route| {
        route["gw"]
            .as_str()
            .is_some_and(|gateway| !gateway.is_empty())
    })?;
    route["dev"].as_str().map(String::from)
}

/// Writes a text or bytes to a file there.
///
/// # Errors
/// As [`files::upload`].
pub fn upload_content(core: &Core, client: &Client, args: &Args) -> Result<Value> {
    let Value::Bytes(bytes) = args.get("content") else {
        return Err(args.error("content", "must be text or bytes"));
    };
    files::upload(core, client, args.text("remote"), bytes)?;
    Ok(Value::None)
}

impl ZosInstance {
    /// A built-in command of the node.
    ///
    /// # Errors
    /// As [`Client::json`].
    pub fn ask(&self, command: &str, arguments: Json) -> Result<Json> {
        let core = self.core();
        let client = core.client()?;
        core.ask(client.json(Request::new(command, arguments)))
    }

    /// Output of a program of the node.
    fn output(&self, command: &str) -> Result<String> {
        let core = self.core();
        let client = core.client()?;
        let request = Request::system(command, "", "", None);
        let result: JobResult = core.ask(async { client.raw(request?).await?.get(None).await })?;
        if result.state != State::Success {
            let said = plain::line(result.stderr(), 200);
            return Err(Error::new(
                Kind::Refused,
                format!("{command} failed: {said}"),
            ));
        }
        Ok(result.stdout().to_string())
    }

    fn links(&self) -> Result<Vec<Json>> {
        let links = self.ask("info.nic", json!({}))?;
        Ok(links.as_array().cloned().unwrap_or_default())
    }

    fn gateway_link(&self) -> Result<String> {
        let routes = self.ask("ip.route.list", json!({}))?;
        gateway_link(&routes).ok_or_else(|| not_found("Could not find route with default gw"))
    }

    /// First IPv4 address of a link that fits, without its prefix.
    fn address(&self, fits: impl Fn(&str, &str) -> bool) -> Result<Option<String>> {
        let links = self.links()?;
        for link in &links {
            let name = link["name"].as_str().unwrap_or_default();
            for address in link["addrs"].as_array().into_iter().flatten() {
                let text = address["addr"].as_str().unwrap_or_default();
                let host = text.split('/').next().unwrap_or_default();
                if host.parse::<std::net::Ipv4Addr>().is_ok() && fits(name, host) {
                    return Ok(Some(host.to_string()));
                }
            }
        }
        Ok(None)
    }

    fn public_address(&self) -> Result<String> {
        let zerotier =
            self.address(|name, host| name.starts_with("zt") && !host.starts_with(SUPPORT))?;
        if let Some(address) = zerotier {
            return Ok(address);
        }
        let link = self.gateway_link()?;
        self.address(|name, _| name == link)?
            .ok_or_else(|| not_found(format!("link {link} has no IPv4 address")))
    }
}

fn words(text: &str) -> Map<String, Json> {
    let words = text
        .split_whitespace()
        .map(|word| match word.split_once('=') {
            Some((key, value)) => (key.to_string(), Json::from(value)),
            None => (word.to_string(), Json::from("")),
        });
    words.collect()
}

/// Facts about the node.
pub const FACTS: &[Member<ZosInstance>] = &[
    Member::property(
        "addr",
        Ty::Str,
        "The host it is reached at.",
        "vm.addr",
        |this: &Arc<ZosInstance>, _| Ok(this.core().base.text("host").into()),
    ),
    Member::property(
        "public_addr",
        Ty::Str,
        "Its address: in zerotier, else of the link that leads out.",
        "vm.public_addr",
        |this: &Arc<ZosInstance>, _| this.public_address().map(Value::Str),
    )
    .needs(Needs::NETWORK),
    Member::property(
        "management_address",
        Ty::Str,
        "The same as public_addr.",
        "vm.management_address",
        |this: &Arc<ZosInstance>, _| this.public_address().map(Value::Str),
    )
    .needs(Needs::NETWORK),
    Member::property(
        "storage_addr",
        Ty::Str,
        "Its address on the link 'backplane', else public_addr.",
        "vm.storage_addr",
        |this: &Arc<ZosInstance>, _| {
            let found = this.address(|name, _| name == "backplane")?;
            match found {
                Some(address) => Ok(address.into()),
                None => this.public_address().map(Value::Str),
            }
        },
    )
    .needs(Needs::NETWORK),
    Member::property(
        "support_address",
        Ty::Str,
        "Its address in the support network; None without one.",
        "vm.support_address",
        |this: &Arc<ZosInstance>, _| {
            let found =
                this.address(|name, host| name.starts_with("zt") && host.starts_with(SUPPORT))?;
            Ok(found.into())
        },
    )
    .needs(Needs::NETWORK),
    Member::property(
        "node_id",
        Ty::Str,
        "Its id: the hardware address of the link that leads out, without colons.",
        "vm.node_id",
        |this: &Arc<ZosInstance>, _| {
            let link = this.gateway_link()?;
            let links = this.links()?;
            let fits = |item: &&Json| item["name"].as_str() == Some(link.as_str());
            let address = links
                .iter()
                .find(fits)
                .and_then(|item| item["hardwareaddr"].as_str());
            let address =
                address.ok_or_else(|| not_found(format!("link {link} has no hardware address")))?;
            Ok(address.replace(':', "").into())
        },
    )
    .needs(Needs::NETWORK),
    Member::property(
        "kernel_args",
        Ty::Dict,
        "What its kernel was started with.",
        "vm.kernel_args",
        |this: &Arc<ZosInstance>, _| {
            Ok(Value::object(dict(&words(
                &this.output("cat /proc/cmdline")?,
            ))))
        },
    )
    .needs(Needs::NETWORK),
];

/// What can be done with the node.
pub const ACTIONS: &[Member<ZosInstance>] = &[
    Member::method(
        "uptime",
        &[],
        Ty::Float,
        "Answers how many seconds it runs.",
        "vm.uptime()",
        |this: &Arc<ZosInstance>, _| {
            let text = this.output("cat /proc/uptime")?;
            let seconds = text
                .split_whitespace()
                .next()
                .and_then(|word| word.parse().ok());
            seconds.map(Value::Float).ok_or_else(|| {
                let said = plain::line(&text, 80);
                Error::new(Kind::Network, format!("'{said}' is no uptime"))
            })
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "freeports",
        &[Param::optional("n", Ty::Int, Default::Int(1), "how many")],
        Ty::List,
        "Answers free ports, which nobody else is told within two minutes.",
        "vm.freeports(2)",
        |this: &Arc<ZosInstance>, args| {
            let number = args.opt_int("n").unwrap_or(1);
            this.ask("socat.reserve", json!({"number": number}))
                .map(|ports| shown(&ports))
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "get_gateway_route",
        &[],
        Ty::Dict,
        "Answers the route that leads out.",
        "vm.get_gateway_route()",
        |this: &Arc<ZosInstance>, _| {
            let routes = this.ask("ip.route.list", json!({}))?;
            let route = routes.as_array().into_iter().flatten().find(|route| {
                route["gw"]
                    .as_str()
                    .is_some_and(|gateway| !gateway.is_empty())
            });
            match route {
                Some(route) => Ok(shown(route)),
                None => Err(not_found("Could not find route with default gw")),
            }
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "get_nic_by_ip",
        &[Param::required(
            "address",
            Ty::Str,
            "an address of the node",
        )],
        Ty::Dict,
        "Answers the link that has an address.",
        "vm.get_nic_by_ip('127.0.0.1')",
        |this: &Arc<ZosInstance>, args| {
            let wanted = args.text("address");
            let links = this.links()?;
            let has = |link: &&Json| {
                link["addrs"].as_array().into_iter().flatten().any(|item| {
                    let text = item["addr"].as_str().unwrap_or_default();
                    text == wanted || text.split('/').next() == Some(wanted)
                })
            };
            match links.iter().find(has) {
                Some(link) => Ok(shown(link)),
                None => Err(not_found(format!("no link has the address {wanted}"))),
            }
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "list_mounts",
        &[],
        Ty::List,
        "Lists what is mounted: device, mountpoint, filesystem, options.",
        "vm.list_mounts()",
        |this: &Arc<ZosInstance>, _| {
            let mounts = this.ask("disk.mounts", json!({}))?;
            let mut rows = Vec::new();
            for (device, list) in mounts.as_object().into_iter().flatten() {
                for mount in list.as_array().into_iter().flatten() {
                    let mut row = Map::new();
                    row.insert("device".into(), device.as_str().into());
                    row.extend(mount.as_object().cloned().unwrap_or_default());
                    rows.push(Json::Object(row));
                }
            }
            Ok(shown(&Json::Array(rows)))
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "upload_content",
        &[
            Param::required("remote", Ty::Str, "path on the node"),
            Param::required("content", Ty::Bytes, "text or bytes"),
        ],
        Ty::Nothing,
        "Writes a file on the node.",
        "vm.upload_content('/tmp/notes.txt', 'text')",
        |this: &Arc<ZosInstance>, args| {
            let core = this.core();
            upload_content(core, &core.client()?, args)
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "download_content",
        &[Param::required("remote", Ty::Str, "path on the node")],
        Ty::Str,
        "Reads a text file of the node.",
        "vm.upload_content('/tmp/notes.txt', 'text')\nvm.download_content('/tmp/notes.txt')",
        |this: &Arc<ZosInstance>, args| {
            let core = this.core();
            files::download_text(core, &core.client()?, args.text("remote"))
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "reboot",
        &[],
        Ty::Nothing,
        "Starts the node again, after a question: everything on it ends.",
        "vm.reboot()",
        |this: &Arc<ZosInstance>, _| {
            let core = this.core();
            let path = core.base.path();
            core.world().host.confirm(
                &format!("{path}: the node starts again, its containers and jobs end"),
                "start it again?",
            )?;
            let client = core.client()?;
            let mut request = Request::new("core.reboot", json!({}));
            request.stream = true;
            core.ask(client.raw(request))?;
            core.world().host.note(&format!(
                "the node will have a new certificate: {path}.trust_certificate()"
            ));
            Ok(Value::None)
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "get_mount_path",
        &[Param::required("path", Ty::Str, "a path on the node")],
        Ty::Str,
        "Answers where the file system of a path is mounted.",
        "vm.get_mount_path('/tmp')",
        |this: &Arc<ZosInstance>, args| {
            let path = args.text("path");
            let mounts = this.ask("disk.mounts", json!({}))?;
            let all = mounts.as_object().into_iter().flatten();
            let all = all.flat_map(|(_, list)| list.as_array().into_iter().flatten());
            let holds = |point: &&str| {
                std::path::Path::new(path).starts_with(point) && path.starts_with('/')
            };
            let points = all.filter_map(|mount| mount["mountpoint"].as_str()).filter(holds);
            match points.max_by_key(|point| point.len()) {
                Some(point) => Ok(point.into()),
                None => Err(not_found(format!("no mount point for {path}"))),
            }
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "find_disks",
        &[Param::optional(
            "type",
            Ty::Choice(super::disks::TYPES),
            Default::None,
            "kind of disk; all without",
        )],
        Ty::List,
        "Lists the disks that nothing is mounted from.",
        "vm.find_disks('HDD')",
        |this: &Arc<ZosInstance>, args| {
            let free = super::disks::free(this.core(), args.opt_text("type"))?;
            Ok(free.into_iter().map(Value::from).collect())
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "wipedisks",
        &[],
        Ty::Nothing,
        "Makes new tables of partitions on all disks that nothing is mounted from, after a question.",
        "vm.wipedisks()",
        |this: &Arc<ZosInstance>, _| {
            let core = this.core();
            let free = super::disks::free(core, None)?;
            if free.is_empty() {
                return Ok(Value::None);
            }
            let names: Vec<String> = free.iter().map(|disk| disk.path()).collect();
            let what = format!("{} of {}", names.join(", "), core.base.path());
            core.world()
                .host
                .confirm(&format!("{what}: everything on them is lost"), "wipe them?")?;
            for name in names {
                this.ask("disk.mktable", json!({"disk": name, "table_type": "gpt"}))?;
            }
            Ok(Value::None)
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "is_configured",
        &[PERSISTENT],
        Ty::Bool,
        "True when its persistent storage is there and mounted.",
        "vm.is_configured()",
        |this: &Arc<ZosInstance>, args| {
            let pools = super::storagepools::StoragePools::of(this.core());
            pools.is_mounted(args.text("name")).map(Value::from)
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "ensure_persistance",
        &[PERSISTENT],
        Ty::Object(crate::object::class_of::<super::storagepools::StoragePool>),
        "Makes a storage pool on a free disk and mounts it, unless it is there; asks before it does.",
        "vm.ensure_persistance('data')",
        |this: &Arc<ZosInstance>, args| {
            let core = this.core();
            let name = args.text("name");
            let pools = super::storagepools::StoragePools::of(core);
            let free = || super::disks::free(core, None).map(|all| all.into_iter().next());
            let pool = pools.ensured(name, || Ok(free()?.map(|disk| disk.path())))?;
            pool.mount()?;
            Ok(pool.into())
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "generate_zerotier_identity",
        &[],
        Ty::Str,
        "Makes a secret identity of a zerotier network.",
        "vm.generate_zerotier_identity()",
        |this: &Arc<ZosInstance>, _| {
            let made = this.output("zerotier-idtool generate")?;
            Ok(made.trim().into())
        },
    )
    .needs(Needs::NETWORK),
    super::shell::member(|this: &Arc<ZosInstance>, args| {
        let core = this.core();
        super::shell::run(core, &core.client()?, args)
    }),
];

/// Which pool is meant.
const PERSISTENT: Param = Param::optional(
    "name",
    Ty::Str,
    Default::Str("zos-cache"),
    "name of the storage pool",
);
