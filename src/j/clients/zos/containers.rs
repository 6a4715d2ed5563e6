//! The containers of a node: `vm.containers`.
use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use super::client::entries;
use super::container::{Container, Given, id_of};
use super::core::{Core, not_found};
use super::storagepools::StoragePools;
use crate::object::{
    Args, Class, Default, Error, Member, Needs, Param, Result, Ty, Value, class_of,
};
use crate::zos::Request;
use crate::zos::protocol::Secret;

/// The containers of a node.
pub struct Containers(Arc<Core>);

impl Containers {
    /// Of this node.
    pub fn value(core: &Arc<Core>) -> Value {
        Value::object(Containers(core.clone()))
    }

    fn list(&self) -> Result<Value> {
        let client = self.0.client()?;
        let listed = self
            .0
            .ask(client.json(Request::new("corex.list", json!({}))))?;
        let mut all: Vec<(u16, &Json)> = listed
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(id, item)| Some((id.parse().ok()?, &item["container"])))
            .collect();
        all.sort_unstable_by_key(|(id, _)| *id);
        let found = all
            .into_iter()
            .map(|(id, container)| Container::found(&self.0, id, container).map(Value::from));
        found.collect::<Result<Vec<_>>>().map(Value::List)
    }

    fn get(&self, name: &str) -> Result<Value> {
        let client = self.0.client()?;
        let found = self.0.ask(client.find_container(name))?;
        let found = found.and_then(|found| Some((id_of(&found)?, found)));
        let (id, found) = found.ok_or_else(|| {
            not_found(format!("Could not find container with name {name}"))
                .hint("those that run are in .list()")
        })?;
        Container::found(&self.0, id, &found["container"]).map(Value::from)
    }

    fn create(&self, args: &Args) -> Result<Value> {
        let name = args.text("name");
        if name.is_empty() {
            return Err(args.error("name", "must not be empty"));
        }
        let container = Container::new(&self.0, name, given(&self.0, args)?);
        container.start()?;
        Ok(container.into())
    }
}

fn map(args: &Args, name: &str) -> Result<Map<String, Json>> {
    let entries = entries(args, name)?.unwrap_or_default();
    Ok(entries.into_iter().map(|(k, v)| (k, v.to_json())).collect())
}

fn list(args: &Args, name: &str) -> Result<Vec<Json>> {
    match args.get(name).to_json() {
        Json::Null => Ok(Vec::new()),
        Json::Array(list) => Ok(list),
        _ => Err(args.error(name, "must be a list")),
    }
}

/// What is mounted: a dict of paths, or a list of file systems of storage pools.
fn mounts(core: &Arc<Core>, args: &Args) -> Result<Map<String, Json>> {
    let Value::List(list) = args.get("mounts") else {
        return map(args, "mounts");
    };
    let mut mounts = Map::new();
    for item in list {
        let item = item.to_json();
        let text = |key: &str| item[key].as_str().filter(|text| !text.is_empty());
        let (Some(pool), Some(name), Some(target)) =
            (text("storagepool"), text("filesystem"), text("target"))
        else {
            return Err(args
                .error(
                    "mounts",
                    "as a list needs a storagepool, a filesystem and a target",
                )
                .hint("[{'storagepool': 'data', 'filesystem': 'web', 'target': '/www'}]"));
        };
        let path = StoragePools::of(core).file_system_path(pool, name)?;
        mounts.insert(path, target.into());
    }
    Ok(mounts)
}

fn given(core: &Arc<Core>, args: &Args) -> Result<Given> {
    let mut nics = list(args, "nics")?;
    // Every container gets a way out, unless it has one.
    let has_default = |nic: &Json| {
        nic["type"]
            .as_str()
            .is_some_and(|kind| kind.contains("default"))
    };
    if !nics.iter().any(has_default) {
        nics.push(json!({"type": "default", "id": "None", "hwaddr": "", "name": "nat0"}));
    }
    Ok(Given {
        flist: args.text("flist").into(),
        hostname: args.opt_text("hostname").map(String::from),
        ports: map(args, "ports")?,
        mounts: mounts(core, args)?,
        env: map(args, "env")?,
        storage: args.opt_text("storage").map(String::from),
        host_network: args.flag("host_network"),
        privileged: args.flag("privileged"),
        init_processes: list(args, "init_processes")?,
        identity: args.opt_text("identity").map(Secret::from),
        cpu: args.opt_int("cpu"),
        memory: args.opt_int("memory"),
        nics,
    })
}

const CREATE: &[Param] = &[
    Param::required("name", Ty::Str, "its name"),
    Param::required("flist", Ty::Str, "address of the flist it starts from"),
    Param::optional("hostname", Ty::Str, Default::None, "host name"),
    Param::optional(
        "mounts",
        Ty::Any("dict or list of dicts"),
        Default::None,
        "path of the node: path in it; or a list of {storagepool, filesystem, target}",
    ),
    Param::optional(
        "nics",
        Ty::Any("list of dicts"),
        Default::None,
        "network cards",
    ),
    Param::optional(
        "host_network",
        Ty::Bool,
        Default::Bool(false),
        "share the node's network",
    ),
    Param::optional(
        "ports",
        Ty::Any("dict"),
        Default::None,
        "port of the node: port in it",
    ),
    Param::optional(
        "storage",
        Ty::Str,
        Default::None,
        "where contents of files are fetched from",
    ),
    Param::optional(
        "init_processes",
        Ty::Any("list of dicts"),
        Default::None,
        "programs to start: name, args, pwd, stdin, id, environment ['K=V']",
    ),
    Param::optional(
        "privileged",
        Ty::Bool,
        Default::Bool(false),
        "without the limits of a container",
    ),
    Param::optional(
        "env",
        Ty::Any("dict"),
        Default::None,
        "added to the environment",
    ),
    Param::optional(
        "identity",
        Ty::Str,
        Default::None,
        "secret identity of a zerotier network",
    )
    .secret(),
    Param::optional("cpu", Ty::Int, Default::None, "number of processors"),
    Param::optional("memory", Ty::Int, Default::None, "MiB of memory"),
];

impl Class for Containers {
    const NAME: &'static str = "Containers";
    const DOC: &'static str = "The containers of a node.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::method(
            "create",
            CREATE,
            Ty::Object(class_of::<Container>),
            "Makes a container and starts it; answers the one of that name when it runs already.",
            "vm.containers.create(name='my_site', flist=flist, ports={'8081': 80})",
            |this: &Arc<Self>, args| this.create(args),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "get",
            &[Param::required("name", Ty::Str, "its name")],
            Ty::Object(class_of::<Container>),
            "Answers a container that runs.",
            "site = vm.containers.get(name='my_site')",
            |this: &Arc<Self>, args| this.get(args.text("name")),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "list",
            &[],
            Ty::List,
            "Lists the containers that run.",
            "vm.containers.list()",
            |this: &Arc<Self>, _| this.list(),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "exists",
            &[Param::required("name", Ty::Str, "its name")],
            Ty::Bool,
            "True when a container of that name runs.",
            "vm.containers.exists('my_site')",
            |this: &Arc<Self>, args| {
                let client = this.0.client()?;
                let found = this.0.ask(client.find_container(args.text("name")))?;
                Ok(found.is_some().into())
            },
        )
        .needs(Needs::NETWORK),
    ]];
}

/// A name that a node of ours does not have; says what to use instead.
///
/// # Errors
/// Always, for the names of parts that are not there.
pub fn absent(name: &str) -> Result<()> {
    let instead = match name {
        "gateways" | "primitives" => "make containers of their flists: .containers.create(…)",
        _ => return Ok(()),
    };
    Err(Error::new(
        crate::object::Kind::Attribute,
        format!("{name} is a part of Zero-OS that is not in this shell"),
    )
    .hint(instead))
}
