//! What can be asked of a node or a container.
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::json;

use super::core::Core;
use super::job_result::ResultValue;
use super::manager::{Manager, Table, push};
use super::managers::{self, Ip, ask_json};
use super::response::ResponseValue;
use super::rows::shown;
use super::targets::Targets;
use crate::object::dict::Dict;
use crate::object::{
    Args, Class, Default, Member, Needs, Paint, Param, Result, Ty, Value, class_of,
};
use crate::zos::Request;

/// Something that commands can be given to.
pub trait Caller: Class {
    /// Whom they go to.
    fn targets(&self) -> &Targets;
}

/// The protocol client of a node, or of a group.
pub struct NodeClient(Targets);

impl NodeClient {
    /// The client of these.
    pub fn value(targets: Targets) -> Value {
        Value::object(NodeClient(targets))
    }
}

impl Caller for NodeClient {
    fn targets(&self) -> &Targets {
        &self.0
    }
}

/// The protocol client of a container.
pub struct ContainerClient {
    targets: Targets,
    id: u16,
}

impl ContainerClient {
    /// The client of a container by its id.
    pub fn value(core: &Arc<Core>, id: u16) -> Value {
        Value::object(ContainerClient {
            targets: Targets::container(core, id),
            id,
        })
    }
}

impl Caller for ContainerClient {
    fn targets(&self) -> &Targets {
        &self.targets
    }
}

/// The texts of a list that was given.
///
/// # Errors
/// When it is no list of texts.
pub fn texts(args: &Args, name: &str) -> Result<Option<Vec<String>>> {
    let list = match args.get(name) {
        Value::None => return Ok(None),
        Value::List(list) => list
            .iter()
            .map(|item| item.as_str().map(String::from))
            .collect::<Option<Vec<_>>>(),
        _ => None,
    };
    match list {
        Some(list) => Ok(Some(list)),
        None => Err(args.error(name, "must be a list of texts")),
    }
}

/// The entries of a dict that was given.
///
/// # Errors
/// When it is no dict.
pub fn entries(args: &Args, name: &str) -> Result<Option<IndexMap<String, Value>>> {
    match args.get(name) {
        Value::None => Ok(None),
        Value::Map(map) => Ok(Some(map.clone())),
        other => match other.downcast::<Dict>() {
            Some(dict) => Ok(Some(dict.entries())),
            None => Err(args.error(name, "must be a dict")),
        },
    }
}

/// The entries of a dict of texts that was given.
///
/// # Errors
/// When it is no dict of texts.
pub fn text_entries(args: &Args, name: &str) -> Result<Option<IndexMap<String, String>>> {
    let Some(entries) = entries(args, name)? else {
        return Ok(None);
    };
    let texts = entries.into_iter().map(|(key, value)| match value {
        Value::Str(text) => Ok((key, text)),
        _ => Err(args.error(name, format!("must have a text for '{key}'"))),
    });
    texts.collect::<Result<_>>().map(Some)
}

/// What can be said about every job.
const QUEUE: Param = Param::optional(
    "queue",
    Ty::Str,
    Default::None,
    "jobs of one queue run one after the other",
);
const MAX_TIME: Param = Param::optional(
    "max_time",
    Ty::Int,
    Default::None,
    "seconds after which it is killed",
);
const STREAM: Param = Param::optional(
    "stream",
    Ty::Bool,
    Default::Bool(false),
    "its output can be followed with .stream()",
);
const TAGS: Param = Param::optional("tags", Ty::Any("list"), Default::None, "tags of the job");
const ID: Param = Param::optional("id", Ty::Str, Default::None, "its id; a random one without");
const PERIOD: Param = Param::optional(
    "recurring_period",
    Ty::Int,
    Default::None,
    "run again so many seconds after each end",
);
const STDIN: Param = Param::optional("stdin", Ty::Str, Default::Str(""), "what it reads");

fn with_options(mut request: Request, args: &Args) -> Result<Request> {
    request.queue = args.opt_text("queue").map(String::from);
    request.max_time = args.opt_int("max_time");
    request.stream = args.flag("stream");
    request.tags = texts(args, "tags")?;
    request.id = args.opt_text("id").map(String::from);
    request.recurring_period = args.opt_int("recurring_period");
    for name in ["max_time", "recurring_period"] {
        if let Some(seconds) = args.opt_int(name)
            && seconds < 0
        {
            return Err(args.error(name, format!("is {seconds}: expected 0 or more seconds")));
        }
    }
    Ok(request)
}

fn plain_request(args: &Args) -> Request {
    let arguments = match args.get("arguments") {
        Value::None => json!({}),
        other => other.to_json(),
    };
    Request::new(args.text("command"), arguments)
}

const fn manager<T: Caller, M: Table>(
    name: &'static str,
    doc: &'static str,
    example: &'static str,
) -> Member<T> {
    Member::child(
        name,
        class_of::<Manager<M>>,
        doc,
        example,
        |client: &Arc<T>, _| Ok(Manager::<M>::value(client.targets())),
    )
}

/// What nodes and containers have in common.
struct Calls<T>(std::marker::PhantomData<T>);

const COMMAND: Param = Param::required("command", Ty::Str, "name of the command");
const ARGUMENTS: Param =
    Param::optional("arguments", Ty::Any("dict"), Default::None, "its arguments");

impl<T: Caller> Calls<T> {
    const MANAGERS: &'static [Member<T>] = &[
        manager::<T, managers::Info>("info", "Facts about the machine.", "vm.client.info.mem()"),
        manager::<T, managers::Job>("job", "Commands that run.", "vm.client.job.list()"),
        manager::<T, managers::Process>("process", "Processes.", "vm.client.process.list()"),
        manager::<T, managers::Filesystem>(
            "filesystem",
            "Files.",
            "vm.client.filesystem.list('/')",
        ),
        Member::child(
            "ip",
            class_of::<Ip>,
            "Links, addresses and routes.",
            "vm.client.ip.link.list()",
            |client: &Arc<T>, _| Ok(Ip::value(client.targets())),
        ),
    ];

    const JOBS: &'static [Member<T>] = &[
        Member::method(
            "ping",
            &[],
            Ty::Str,
            "Asks whether it is there; answers its version.",
            "vm.client.ping()",
            |client: &Arc<T>, _| {
                let targets = client.targets();
                targets.ask(
                    "ping",
                    |client| async move { client.ping().await },
                    Value::Str,
                )
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "system",
            &[
                Param::required("command", Ty::Str, "program and arguments, as in a shell"),
                Param::optional("dir", Ty::Str, Default::Str(""), "folder it runs in"),
                STDIN,
                Param::optional(
                    "env",
                    Ty::Any("dict"),
                    Default::None,
                    "added to the environment",
                ),
                QUEUE,
                MAX_TIME,
                STREAM,
                TAGS,
                ID,
                PERIOD,
            ],
            Ty::Object(class_of::<ResponseValue>),
            "Starts a program; .get() of the job waits for its result.",
            "vm.client.system('uname -a').get()",
            |client: &Arc<T>, args| {
                let env = text_entries(args, "env")?;
                let request = Request::system(
                    args.text("command"),
                    args.text("dir"),
                    args.text("stdin"),
                    env,
                )?;
                let request = with_options(request, args)?;
                push(client.targets(), "system", |_| Ok(request.clone()), false)
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "bash",
            &[
                Param::required("script", Ty::Str, "a script for sh"),
                STDIN,
                QUEUE,
                MAX_TIME,
                STREAM,
                TAGS,
                ID,
                PERIOD,
            ],
            Ty::Object(class_of::<ResponseValue>),
            "Starts a script; .get() of the job waits for its result.",
            "r = vm.client.bash('echo one; echo two >&2').get()",
            |client: &Arc<T>, args| {
                let request = Request::bash(args.text("script"), args.text("stdin"));
                let request = with_options(request, args)?;
                push(client.targets(), "bash", |_| Ok(request.clone()), false)
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "subscribe",
            &[
                Param::required("job", Ty::Str, "id of the job"),
                Param::optional("id", Ty::Str, Default::None, "id of the subscription"),
            ],
            Ty::Object(class_of::<ResponseValue>),
            "Follows the output of a job; .stream() prints the last lines and all new ones.",
            "p = vm.client.bash('echo hello', id='my_job')\nvm.client.subscribe('my_job')",
            |client: &Arc<T>, args| {
                let (core, one) = client.targets().one("subscribe")?;
                let id = args.opt_text("id").map(String::from);
                let response = core.ask(one.subscribe(args.text("job"), id))?;
                Ok(ResponseValue::plain(core, response))
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "response_for",
            &[Param::required("id", Ty::Str, "id of the job")],
            Ty::Object(class_of::<ResponseValue>),
            "Answers a job that was started earlier; asks nothing.",
            "vm.client.response_for('my_job')",
            |client: &Arc<T>, args| {
                let (core, one) = client.targets().one("response_for")?;
                Ok(ResponseValue::plain(
                    core,
                    one.response_for(args.text("id")),
                ))
            },
        ),
        Member::method(
            "raw",
            &[
                COMMAND, ARGUMENTS, QUEUE, MAX_TIME, STREAM, TAGS, ID, PERIOD,
            ],
            Ty::Object(class_of::<ResponseValue>),
            "Starts any command; .get() of the job waits for its result.",
            "vm.client.raw('core.ping').get()",
            |client: &Arc<T>, args| {
                let request = with_options(plain_request(args), args)?;
                push(
                    client.targets(),
                    args.text("command"),
                    |_| Ok(request.clone()),
                    false,
                )
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "sync",
            &[COMMAND, ARGUMENTS, TAGS, ID],
            Ty::Object(class_of::<ResultValue>),
            "Runs any command to its end; fails when the command fails.",
            "vm.client.sync('core.ping')",
            |client: &Arc<T>, args| {
                let request = with_options(plain_request(args), args)?;
                client.targets().ask(
                    args.text("command"),
                    |client| {
                        let request = request.clone();
                        async move { client.sync(request).await }
                    },
                    ResultValue::value,
                )
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "json",
            &[COMMAND, ARGUMENTS, TAGS, ID],
            Ty::Any("value"),
            "Runs any command to its end and answers its value.",
            "vm.client.json('info.version')",
            |client: &Arc<T>, args| {
                let request = with_options(plain_request(args), args)?;
                ask_json(client.targets(), request, |json| shown(&json))
            },
        )
        .needs(Needs::NETWORK),
    ];
}

const NODE: &[Member<NodeClient>] = &[
    manager::<_, managers::ContainerCalls>(
        "container",
        "Containers, as the node has them.",
        "vm.client.container.list()",
    ),
    manager::<_, managers::Bridge>("bridge", "Bridges.", "vm.client.bridge.list()"),
    manager::<_, managers::Nft>("nft", "Ports of the firewall.", "vm.client.nft.list()"),
    manager::<_, managers::Socat>("socat", "Forwarded ports.", "vm.client.socat.list()"),
    manager::<_, managers::Cgroup>("cgroup", "Groups of resources.", "vm.client.cgroup.list()"),
    manager::<_, managers::Disk>("disk", "Disks.", "vm.client.disk.mounts()"),
    manager::<_, managers::Btrfs>(
        "btrfs",
        "File systems of kind btrfs.",
        "vm.client.btrfs.list()",
    ),
    manager::<_, managers::Zerotier>(
        "zerotier",
        "Zerotier networks.",
        "vm.client.zerotier.list()",
    ),
    manager::<_, managers::Kvm>("kvm", "Virtual machines.", "vm.client.kvm.list()"),
    manager::<_, managers::LogManager>("log_manager", "Logs.", "vm.client.log_manager"),
    manager::<_, managers::Aggregator>(
        "aggregator",
        "Measured values.",
        "vm.client.aggregator.keys()",
    ),
    manager::<_, managers::Rtinfo>("rtinfo", "Reports of the load.", "vm.client.rtinfo.list()"),
    manager::<_, managers::Web>("web", "Downloads to the node.", "vm.client.web"),
    manager::<_, managers::ConfigManager>(
        "config_manager",
        "The node's configuration.",
        "vm.client.config_manager.get()",
    ),
    manager::<_, managers::Power>("power", "Switching the node off.", "vm.client.power"),
];

impl Class for NodeClient {
    const NAME: &'static str = "ZosClient";
    const DOC: &'static str = "The protocol client of a node.";
    const MEMBERS: &'static [&'static [Member<Self>]] =
        &[Calls::<Self>::MANAGERS, NODE, Calls::<Self>::JOBS];
}

const CONTAINER: &[Member<ContainerClient>] = &[
    Member::property(
        "container",
        Ty::Int,
        "Id of the container.",
        "site.client.container",
        |client, _| Ok(i64::from(client.id).into()),
    ),
    Member::child(
        "zerotier",
        class_of::<ContainerZerotier>,
        "Zerotier networks of the container.",
        "site.client.zerotier",
        |client, _| {
            Ok(Value::object(ContainerZerotier {
                targets: client.targets.clone(),
                id: client.id,
            }))
        },
    ),
];

impl Class for ContainerClient {
    const NAME: &'static str = "ContainerClient";
    const DOC: &'static str = "The protocol client of a container.";
    const MEMBERS: &'static [&'static [Member<Self>]] =
        &[Calls::<Self>::MANAGERS, CONTAINER, Calls::<Self>::JOBS];

    fn repr(&self, _paint: Paint) -> String {
        format!("ContainerClient({})", self.id)
    }
}

/// Zerotier networks of a container; the node is asked.
pub struct ContainerZerotier {
    targets: Targets,
    id: u16,
}

impl ContainerZerotier {
    fn ask(&self, command: &str) -> Result<Value> {
        let (core, client) = self.targets.one(command)?;
        let request = Request::new(command, json!({"container": self.id}));
        core.ask(client.node().json(request))
            .map(|json| shown(&json))
    }
}

impl Class for ContainerZerotier {
    const NAME: &'static str = "ContainerZerotier";
    const DOC: &'static str = "Zerotier networks of a container.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::method(
            "info",
            &[],
            Ty::Dict,
            "Answers the container's address in zerotier.",
            "site.client.zerotier.info()",
            |this: &Arc<Self>, _| this.ask("corex.zerotier.info"),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "list",
            &[],
            Ty::List,
            "Lists the container's zerotier networks.",
            "site.client.zerotier.list()",
            |this: &Arc<Self>, _| this.ask("corex.zerotier.list"),
        )
        .needs(Needs::NETWORK),
    ]];
}
