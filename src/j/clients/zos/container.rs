//! A container of a node.
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Map, Value as Json, json};

use super::client::{ContainerClient, texts};
use super::core::{Core, not_found};
use super::limits;
use super::response::{ResponseValue, seconds};
use super::rows::{dict, shown};
use super::{files, view};
use crate::j::clients::zerotier::ZeroTierClient;
use crate::object::{
    Args, Class, Default, Error, Kind, Member, Needs, Paint, Param, Result, Ty, Value, class_of,
};
use crate::zos::protocol::{ListedArguments, Secret};
use crate::zos::{Client, Request, plain};

/// Longest time until a container is made.
const CREATE_TIMEOUT: Duration = Duration::from_secs(60);
/// Time between two looks at something that is waited for.
const BETWEEN: Duration = Duration::from_secs(1);

/// What a container is made from, as its user said it.
#[derive(Clone, Debug, std::default::Default)]
pub struct Given {
    /// Where its root file system comes from.
    pub flist: String,
    /// Host name, if it is another than the name.
    pub hostname: Option<String>,
    /// Port of the node to port in the container.
    pub ports: Map<String, Json>,
    /// Path of the node to path in the container.
    pub mounts: Map<String, Json>,
    /// Added to the environment.
    pub env: Map<String, Json>,
    /// Where contents of files are fetched from.
    pub storage: Option<String>,
    /// Shares the node's network.
    pub host_network: bool,
    /// Without the limits of a container.
    pub privileged: bool,
    /// Programs to start in it.
    pub init_processes: Vec<Json>,
    /// Secret identity of a zerotier network.
    pub identity: Option<Secret>,
    /// Number of processors.
    pub cpu: Option<i64>,
    /// MiB of memory.
    pub memory: Option<i64>,
    /// Network cards.
    pub nics: Vec<Json>,
}

/// A container of a node.
pub struct Container {
    core: Arc<Core>,
    name: String,
    given: Mutex<Given>,
    id: Mutex<Option<u16>>,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn text_map(map: Option<indexmap::IndexMap<String, String>>) -> Map<String, Json> {
    let entries = map.unwrap_or_default().into_iter();
    entries.map(|(key, value)| (key, value.into())).collect()
}

impl Container {
    /// A container that was described, not started.
    pub fn new(core: &Arc<Core>, name: &str, given: Given) -> Arc<Self> {
        Arc::new(Container {
            core: core.clone(),
            name: name.into(),
            given: Mutex::new(given),
            id: Mutex::new(None),
        })
    }

    /// A container that runs, from what the node says of it.
    ///
    /// # Errors
    /// An answer that cannot be read.
    pub fn found(core: &Arc<Core>, id: u16, container: &Json) -> Result<Arc<Self>> {
        let unreadable = |error: serde_json::Error| {
            Error::new(
                Kind::Network,
                format!("the node's description of container {id} cannot be read: {error}"),
            )
        };
        let arguments = container.get("arguments").cloned().unwrap_or_default();
        let nics = arguments["nics"].as_array().cloned().unwrap_or_default();
        let listed: ListedArguments = serde_json::from_value(arguments).map_err(unreadable)?;
        let ports = listed.port.unwrap_or_default().into_iter();
        let given = Given {
            flist: listed.root,
            hostname: Some(listed.hostname),
            ports: ports.map(|(key, port)| (key, port.into())).collect(),
            mounts: text_map(listed.mount),
            env: text_map(listed.env),
            storage: Some(listed.storage),
            host_network: listed.host_network,
            privileged: listed.privileged,
            identity: Some(listed.identity),
            nics,
            ..Given::default()
        };
        // One without a name is found by its id.
        let name = match listed.name.is_empty() {
            true => id.to_string(),
            false => listed.name,
        };
        let found = Container::new(core, &name, given);
        *locked(&found.id) = Some(id);
        Ok(found)
    }

    fn given(&self) -> Given {
        locked(&self.given).clone()
    }

    /// What the node knows of it; None when it does not run.
    fn look(&self) -> Result<Option<Json>> {
        let client = self.core.client()?;
        let found = self.core.ask(client.find_container(self.query()))?;
        *locked(&self.id) = found.as_ref().and_then(id_of);
        Ok(found)
    }

    fn query(&self) -> Json {
        match self.name.parse::<u16>() {
            Ok(id) => id.into(),
            Err(_) => self.name.as_str().into(),
        }
    }

    fn not_running(&self) -> Error {
        let text = format!("container {} does not run", plain::line(&self.name, 80));
        not_found(text).hint("start it: .start()")
    }

    /// Its id, asked for once.
    fn known_id(&self) -> Result<u16> {
        let known = *locked(&self.id);
        match known {
            Some(id) => Ok(id),
            None => {
                self.look()?;
                let found = *locked(&self.id);
                found.ok_or_else(|| self.not_running())
            }
        }
    }

    fn client(&self) -> Result<Client> {
        Ok(self.core.client()?.container(self.known_id()?))
    }

    fn ask(&self, command: &str, arguments: Json) -> Result<Json> {
        let client = self.client()?;
        self.core.ask(client.json(Request::new(command, arguments)))
    }

    /// Starts it; nothing when it runs.
    ///
    /// # Errors
    /// Whatever making it can fail with.
    pub fn start(&self) -> Result<()> {
        if let Some(found) = self.look()? {
            // What runs is what the node says it is.
            if let Some(id) = id_of(&found) {
                let running = Container::found(&self.core, id, &found["container"])?;
                let given = running.given();
                *locked(&self.given) = given;
            }
            return Ok(());
        }
        let given = self.given();
        let processes = processes(&given.init_processes)?;
        let arguments = self.arguments(&given)?;
        let cgroups = limits::groups(&self.core, &self.name, given.cpu, given.memory)?;
        let mut arguments = arguments;
        arguments.insert("cgroups".into(), cgroups);
        let mut tags = vec![self.name.clone()];
        tags.extend(
            given
                .hostname
                .clone()
                .filter(|name| *name != self.name && !name.is_empty()),
        );
        let client = self.core.client()?;
        let made = async {
            let response = client.create_container(&arguments, Some(tags)).await?;
            response.json(Some(CREATE_TIMEOUT)).await
        };
        let host = &self.core.world().host;
        host.progress(Some(&format!("making container {}", self.name)));
        let made = self.core.ask(made);
        host.progress(None);
        let id = made?.as_u64().and_then(|id| u16::try_from(id).ok());
        *locked(&self.id) = id;
        let inside = self.client()?;
        for process in processes {
            self.core.ask(inside.raw(process))?;
        }
        Ok(())
    }

    fn arguments(&self, given: &Given) -> Result<Map<String, Json>> {
        let arguments = json!({
            "root_url": given.flist,
            "mount": given.mounts,
            "host_network": given.host_network,
            "nics": given.nics.iter().map(monitored).collect::<Vec<_>>(),
            "port": given.ports,
            "hostname": given.hostname,
            "privileged": given.privileged,
            "storage": given.storage,
            "name": self.name,
            "identity": given.identity,
            "env": given.env,
        });
        let Json::Object(arguments) = arguments else {
            return Err(Error::new(Kind::Internal, "arguments that are no object"));
        };
        // What does not fit is found before anything is made.
        self.core
            .client()?
            .listed("container", "create", &arguments)
            .map_err(|error| self.core.explain(error))?;
        Ok(arguments)
    }

    /// True when it runs.
    ///
    /// # Errors
    /// No connection.
    pub fn is_there(&self) -> Result<bool> {
        Ok(self.look()?.is_some())
    }

    /// Port of the node that leads to a port in it.
    ///
    /// # Errors
    /// None does.
    pub fn port_of_node(&self, port: i64) -> Result<i64> {
        let given = self.given();
        let found = given
            .ports
            .iter()
            .find(|(_, inside)| inside.as_i64() == Some(port));
        let (source, _) =
            found.ok_or_else(|| not_found(format!("port {port} is not forwarded")))?;
        // `[address:]port[|protocols]`
        let number = source.rsplit(':').next().unwrap_or_default();
        let number = number.split('|').next().unwrap_or_default();
        number
            .parse()
            .map_err(|_| Error::value(format!("the source '{source}' has no port")))
    }

    /// Ends it; nothing when it does not run.
    ///
    /// # Errors
    /// Whatever ending it can fail with.
    pub fn stop(&self) -> Result<()> {
        let Some(found) = self.look()? else {
            return Ok(());
        };
        let client = self.core.client()?;
        for subsystem in ["memory", "cpuset"] {
            let arguments = json!({"subsystem": subsystem, "name": self.name});
            self.core
                .ask(client.json(Request::new("cgroup.remove", arguments)))?;
        }
        let id = id_of(&found).ok_or_else(|| self.not_running())?;
        self.core.ask(client.terminate_container(id))?;
        locked(&self.id).take();
        Ok(())
    }

    fn nics(&self) -> Result<Vec<Json>> {
        let Some(found) = self.look()? else {
            return Ok(self.given().nics);
        };
        let nics = &found["container"]["arguments"]["nics"];
        Ok(nics.as_array().cloned().unwrap_or_default())
    }

    /// True while a job runs in it.
    ///
    /// # Errors
    /// It does not run, or no connection.
    pub fn is_job_running(&self, id: &str) -> Result<bool> {
        let client = self.client()?;
        let request = Request::new("job.list", json!({"id": id}));
        let world = self.core.world();
        match world.block_on(client.json(request))? {
            Ok(_) => Ok(true),
            // This is how a node says that there is none.
            Err(error)
                if error.code() == Some(500) && error.to_string().contains("doesn't exist") =>
            {
                Ok(false)
            }
            Err(error) => Err(self.core.explain(error)),
        }
    }

    fn listens(&self, port: i64, networks: &[String]) -> Result<bool> {
        let ports = self.ask("info.port", json!({}))?;
        let fits = |item: &Json| {
            let network = item["network"].as_str().unwrap_or_default();
            item["port"].as_i64() == Some(port) && networks.iter().any(|name| name == network)
        };
        Ok(ports.as_array().is_some_and(|list| list.iter().any(fits)))
    }

    /// Looks until it is so, or the time is over; always looks once.
    fn wait_until(&self, limit: Duration, look: impl Fn() -> Result<bool>) -> Result<bool> {
        let end = Instant::now() + limit;
        loop {
            if look()? {
                return Ok(true);
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(false);
            }
            let world = self.core.world();
            world.block_on(async { tokio::time::sleep(left.min(BETWEEN)).await })?;
        }
    }

    /// IPv4 or IPv6 addresses of a link; of the one with the default route without a name.
    fn addresses(&self, link: Option<&str>, v4: bool) -> Result<Vec<String>> {
        let link = match link {
            Some(link) => link.to_string(),
            None => {
                let routes = self.ask("ip.route.list", json!({}))?;
                view::gateway_link(&routes)
                    .ok_or_else(|| not_found("Could not find route with default gw"))?
            }
        };
        let listed = self.ask("ip.addr.list", json!({"name": link}))?;
        let of_kind = |text: &&str| {
            let host = text.split('/').next().unwrap_or_default();
            host.parse::<IpAddr>()
                .is_ok_and(|address| address.is_ipv4() == v4)
        };
        let texts = listed.as_array().cloned().unwrap_or_default();
        let texts = texts.iter().filter_map(Json::as_str).filter(of_kind);
        Ok(texts.map(String::from).collect())
    }
}

/// Id in an answer of `corex.get`.
pub fn id_of(found: &Json) -> Option<u16> {
    found["id"].as_u64().and_then(|id| u16::try_from(id).ok())
}

/// A card with a gateway is watched.
fn monitored(nic: &Json) -> Json {
    let mut nic = nic.clone();
    let gateway = nic["config"]["gateway"].as_str().unwrap_or_default();
    if !gateway.is_empty() {
        nic["monitor"] = true.into();
    }
    nic
}

/// The programs to start: `{name, args, pwd, stdin, id, environment: ["K=V"]}`.
fn processes(given: &[Json]) -> Result<Vec<Request>> {
    let wrong = |at: usize, what: &str| {
        Error::value(format!("init_processes[{at}] {what}"))
            .hint("{'name': 'sleep', 'args': ['30'], 'environment': ['A=1'], 'id': 'nap'}")
    };
    let request = |(at, process): (usize, &Json)| {
        let Some(name) = process["name"].as_str().filter(|name| !name.is_empty()) else {
            return Err(wrong(at, "has no name of a program"));
        };
        let mut env = Map::new();
        for pair in process["environment"].as_array().into_iter().flatten() {
            let pair = pair.as_str().and_then(|text| text.split_once('='));
            let (key, value) = pair.ok_or_else(|| wrong(at, "has an environment without '='"))?;
            env.insert(key.into(), value.into());
        }
        let arguments = json!({
            "name": name,
            "args": process["args"].as_array().cloned().unwrap_or_default(),
            "dir": process["pwd"].as_str().unwrap_or_default(),
            "stdin": process["stdin"].as_str().unwrap_or_default(),
            "env": env,
        });
        let mut request = Request::new("core.system", arguments);
        request.id = process["id"].as_str().map(String::from);
        Ok(request)
    };
    given.iter().enumerate().map(request).collect()
}

const PORT: Param = Param::required("port", Ty::Int, "port in the container");
const TIMEOUT_PARAM: Param = Param::optional(
    "timeout",
    Ty::Any("seconds"),
    Default::Int(60),
    "longest time to wait; 0 looks once",
);

fn networks(args: &Args) -> Result<Vec<String>> {
    Ok(texts(args, "network")?.unwrap_or_else(|| vec!["tcp".into(), "tcp6".into()]))
}

const GIVEN: &[Member<Container>] = &[
    Member::property(
        "name",
        Ty::Str,
        "Its name.",
        "site.name",
        |this: &Arc<Container>, _| Ok(this.name.clone().into()),
    ),
    Member::property(
        "flist",
        Ty::Str,
        "Where its root file system comes from.",
        "site.flist",
        |this: &Arc<Container>, _| Ok(this.given().flist.into()),
    ),
    Member::property(
        "hostname",
        Ty::Str,
        "Its host name, if it was given one.",
        "site.hostname",
        |this: &Arc<Container>, _| Ok(this.given().hostname.into()),
    ),
    Member::property(
        "ports",
        Ty::Dict,
        "Port of the node: port in it.",
        "site.ports",
        |this: &Arc<Container>, _| Ok(Value::object(dict(&this.given().ports))),
    ),
    Member::property(
        "mounts",
        Ty::Dict,
        "Path of the node: path in it.",
        "site.mounts",
        |this: &Arc<Container>, _| Ok(Value::object(dict(&this.given().mounts))),
    ),
    Member::property(
        "env",
        Ty::Dict,
        "What was added to its environment.",
        "site.env",
        |this: &Arc<Container>, _| Ok(Value::object(dict(&this.given().env))),
    ),
    Member::property(
        "storage",
        Ty::Str,
        "Where contents of its files are fetched from.",
        "site.storage",
        |this: &Arc<Container>, _| Ok(this.given().storage.into()),
    ),
    Member::property(
        "host_network",
        Ty::Bool,
        "True when it shares the node's network.",
        "site.host_network",
        |this: &Arc<Container>, _| Ok(this.given().host_network.into()),
    ),
    Member::property(
        "privileged",
        Ty::Bool,
        "True when it is without the limits of a container.",
        "site.privileged",
        |this: &Arc<Container>, _| Ok(this.given().privileged.into()),
    ),
    Member::property(
        "init_processes",
        Ty::List,
        "Programs that are started in it.",
        "site.init_processes",
        |this: &Arc<Container>, _| Ok(shown(&Json::Array(this.given().init_processes))),
    ),
    Member::property(
        "identity",
        Ty::Str,
        "Secret identity of its zerotier network.",
        "site.identity",
        |this: &Arc<Container>, _| Ok(this.given().identity.map(|i| i.reveal().to_string()).into()),
    ),
    Member::property(
        "public_identity",
        Ty::Str,
        "Public part of its zerotier identity; None without one.",
        "site.public_identity",
        |this: &Arc<Container>, _| Ok(this.public_identity()?.into()),
    )
    .needs(Needs::NETWORK),
    Member::property(
        "cpu",
        Ty::Int,
        "Number of its processors, if it was limited here.",
        "site.cpu",
        |this: &Arc<Container>, _| Ok(this.given().cpu.into()),
    ),
    Member::property(
        "memory",
        Ty::Int,
        "MiB of its memory, if it was limited here.",
        "site.memory",
        |this: &Arc<Container>, _| Ok(this.given().memory.into()),
    ),
];

const LIFE: &[Member<Container>] = &[
    Member::property(
        "id",
        Ty::Int,
        "Its id on the node; None when it does not run.",
        "site.id",
        |this: &Arc<Container>, _| Ok(this.look()?.as_ref().and_then(id_of).map(i64::from).into()),
    )
    .needs(Needs::NETWORK),
    Member::property(
        "info",
        Ty::Dict,
        "What the node knows of it; None when it does not run.",
        "site.info",
        |this: &Arc<Container>, _| {
            let Some(mut found) = this.look()? else {
                return Ok(Value::None);
            };
            let id = found["id"].take();
            found["container"]["id"] = id;
            if let Some(map) = found.as_object_mut() {
                map.shift_remove("id");
            }
            Ok(shown(&found))
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "is_running",
        &[],
        Ty::Bool,
        "True when it runs.",
        "site.is_running()",
        |this: &Arc<Container>, _| this.is_there().map(Value::from),
    )
    .needs(Needs::NETWORK),
    Member::property(
        "client",
        Ty::Object(class_of::<ContainerClient>),
        "Its protocol client.",
        "site.client.job.list()",
        |this: &Arc<Container>, _| Ok(ContainerClient::value(&this.core, this.known_id()?)),
    )
    .needs(Needs::NETWORK),
    Member::method(
        "start",
        &[],
        Ty::Nothing,
        "Starts it; nothing when it runs.",
        "site.start()",
        |this: &Arc<Container>, _| this.start().map(Value::from),
    )
    .needs(Needs::NETWORK),
    Member::method(
        "stop",
        &[],
        Ty::Nothing,
        "Ends it, and removes its limits; nothing when it does not run.\n\
         What was written in it is lost.",
        "site.stop()",
        |this: &Arc<Container>, _| this.stop().map(Value::from),
    )
    .needs(Needs::NETWORK),
    Member::method(
        "is_job_running",
        &[Param::required("id", Ty::Str, "id of the job")],
        Ty::Bool,
        "True while a job runs in it.",
        "site.is_job_running('entry')",
        |this: &Arc<Container>, args| this.is_job_running(args.text("id")).map(Value::from),
    )
    .needs(Needs::NETWORK),
    Member::method(
        "stop_job",
        &[
            Param::required("id", Ty::Str, "id of the job"),
            Param::optional("signal", Ty::Int, Default::Int(15), "number of the signal"),
            Param::optional(
                "timeout",
                Ty::Any("seconds"),
                Default::Int(30),
                "longest time to wait",
            ),
        ],
        Ty::Nothing,
        "Ends a job in it and waits for its end; nothing when it does not run.",
        "site.stop_job('entry')",
        |this: &Arc<Container>, args| {
            let id = args.text("id");
            if !this.is_job_running(id)? {
                return Ok(Value::None);
            }
            let signal = args.opt_int("signal").unwrap_or(15);
            this.ask("job.kill", json!({"id": id, "signal": signal}))?;
            let limit = seconds(args, "timeout")?.unwrap_or_default();
            match this.wait_until(limit, || Ok(!this.is_job_running(id)?))? {
                true => Ok(Value::None),
                false => Err(
                    Error::new(Kind::Refused, format!("Failed to stop job {id}"))
                        .hint("use signal=9"),
                ),
            }
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "waitOnJob",
        &[Param::required("job", Ty::Any("job or id"), "the job")],
        Ty::Any("result"),
        "Waits for the end of a job in it and answers its result.",
        "site.waitOnJob(site.client.system('true'))",
        |this: &Arc<Container>, args| {
            if let Some(job) = args.get("job").downcast::<ResponseValue>() {
                return job.get(None);
            }
            let Some(id) = args.get("job").as_str() else {
                return Err(args.error("job", "must be a job or its id"));
            };
            let client = this.client()?;
            let result = this.core.ask(client.response_for(id).get(None))?;
            Ok(super::job_result::ResultValue::value(result))
        },
    )
    .needs(Needs::NETWORK),
];

const NETWORK: &[Member<Container>] = &[
    Member::property(
        "nics",
        Ty::List,
        "Its network cards; those it was given when it does not run.",
        "site.nics",
        |this: &Arc<Container>, _| Ok(shown(&Json::Array(this.nics()?))),
    )
    .needs(Needs::NETWORK),
    Member::method(
        "add_nic",
        &[Param::required("nic", Ty::Any("dict"), "type, id, name, hwaddr, config")],
        Ty::Nothing,
        "Adds a network card while it runs.",
        "vm.client.bridge.create('net9')\nsite.add_nic({'type': 'bridge', 'id': 'net9', 'name': 'priv0'})",
        |this: &Arc<Container>, args| {
            let given = json!({"container": this.known_id()?, "nic": args.get("nic").to_json()});
            this.node_call("nic_add", given)
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "remove_nic",
        &[Param::required("name", Ty::Str, "name of the card")],
        Ty::Nothing,
        "Takes a network card out while it runs.",
        "site.remove_nic('nat0')",
        |this: &Arc<Container>, args| {
            let nics = this.nics()?;
            let name = args.text("name");
            let fits = |nic: &Json| {
                nic["name"].as_str() == Some(name) && nic["state"].as_str() != Some("destroyed")
            };
            let index = nics.iter().position(fits);
            let index = index.ok_or_else(|| {
                let known = nics.iter().filter_map(|nic| nic["name"].as_str());
                let error = not_found(format!("there is no network card '{name}'"));
                crate::object::similar::hinted(error, name, known)
            })?;
            this.node_call("nic_remove", json!({"container": this.known_id()?, "index": index}))
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "authorize_networks",
        &[
            Param::required(
                "nics",
                Ty::Any("list of dicts"),
                "network cards; those of zerotier are meant. Its own: site.nics",
            ),
            ACCOUNT,
        ],
        Ty::List,
        "Lets it into the zerotier networks of its cards; answers the ids of the networks.",
        "account = j.clients.zerotier.new('networks', token_='secret')\n\
         site.authorize_networks(site.nics, account)",
        |this: &Arc<Container>, args| {
            let Json::Array(nics) = args.get("nics").to_json() else {
                return Err(args.error("nics", "must be a list"));
            };
            let account = args.get("account").downcast::<ZeroTierClient>();
            let account = account.ok_or_else(|| args.error("account", "must be an account"))?;
            this.authorize(&nics, &account).map(Value::List)
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "is_port_listening",
        &[
            PORT,
            TIMEOUT_PARAM,
            Param::optional("network", Ty::Any("list"), Default::None, "tcp, tcp6, udp, udp6"),
        ],
        Ty::Bool,
        "Waits until something listens on a port in it; False when the time is over.",
        "site.is_port_listening(80, timeout=0)",
        |this: &Arc<Container>, args| {
            let networks = networks(args)?;
            let port = args.opt_int("port").unwrap_or_default();
            let limit = seconds(args, "timeout")?.unwrap_or_default();
            this.wait_until(limit, || this.listens(port, &networks)).map(Value::from)
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "get_forwarded_port",
        &[PORT],
        Ty::Int,
        "Answers the port of the node that leads to a port in it.",
        "site.get_forwarded_port(80)",
        |this: &Arc<Container>, args| {
            let port = args.opt_int("port").unwrap_or_default();
            this.port_of_node(port).map(Value::from)
        },
    ),
    Member::method(
        "default_ip",
        &[Param::optional("interface", Ty::Str, Default::None, "name of the link")],
        Ty::Str,
        "Answers its IPv4 address: of the link with the default route without a name.",
        "site.default_ip()",
        |this: &Arc<Container>, args| {
            let found = this.addresses(args.opt_text("interface"), true)?;
            let first = found.into_iter().next();
            first
                .map(Value::Str)
                .ok_or_else(|| not_found("Could not find an IPv4 address"))
        },
    )
    .needs(Needs::NETWORK),
    Member::property(
        "mgmt_addr",
        Ty::Str,
        "Its address in zerotier; None without one.",
        "site.mgmt_addr",
        |this: &Arc<Container>, _| {
            let client = this.core.client()?;
            let given = json!({"container": this.known_id()?});
            let networks = this.core.ask(client.json(Request::new("corex.zerotier.list", given)))?;
            let all = networks.as_array().into_iter().flatten();
            let mut all = all.flat_map(|item| item["assignedAddresses"].as_array().into_iter().flatten());
            let is_v4 = |text: &&str| {
                let host = text.split('/').next().unwrap_or_default();
                host.parse::<std::net::Ipv4Addr>().is_ok()
            };
            let found = all.find_map(|item| item.as_str().filter(is_v4));
            Ok(found.and_then(|text| text.split('/').next()).into())
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "ipv6",
        &[Param::optional("interface", Ty::Str, Default::None, "name of the link")],
        Ty::List,
        "Lists its IPv6 addresses: of the link with the default route without a name.",
        "site.ipv6()",
        |this: &Arc<Container>, args| {
            let found = this.addresses(args.opt_text("interface"), false)?;
            Ok(found.into_iter().map(Value::Str).collect())
        },
    )
    .needs(Needs::NETWORK),
];

const CONTENT: &[Member<Container>] = &[
    super::shell::member(|this: &Arc<Container>, args| {
        super::shell::run(&this.core, &this.client()?, args)
    }),
    Member::method(
        "upload_content",
        &[
            Param::required("remote", Ty::Str, "path in it"),
            Param::required("content", Ty::Bytes, "text or bytes"),
        ],
        Ty::Nothing,
        "Writes a file in it.",
        "site.upload_content('/tmp/a.txt', 'text')",
        |this: &Arc<Container>, args| view::upload_content(&this.core, &this.client()?, args),
    )
    .needs(Needs::NETWORK),
    Member::method(
        "download_content",
        &[Param::required("remote", Ty::Str, "path in it")],
        Ty::Str,
        "Reads a text file in it.",
        "site.upload_content('/tmp/a.txt', 'text')\nsite.download_content('/tmp/a.txt')",
        |this: &Arc<Container>, args| {
            files::download_text(&this.core, &this.client()?, args.text("remote"))
        },
    )
    .needs(Needs::NETWORK),
];

/// Whose networks containers are let into.
const ACCOUNT: Param = Param::required(
    "account",
    Ty::Any("zerotier account"),
    "account of the controller that owns the networks: j.clients.zerotier.get('account')",
);

impl Container {
    /// Public part of the zerotier identity that it was given.
    fn public_identity(&self) -> Result<Option<String>> {
        let Some(identity) = self.given().identity.filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let client = self.core.client()?;
        let given = json!({"name": "zerotier-idtool", "args": ["getpublic", identity],
            "dir": "", "stdin": "", "env": null});
        let asked = client.sync(Request::new("core.system", given));
        Ok(Some(self.core.ask(asked)?.stdout().trim().to_owned()))
    }

    /// Its address in zerotier: 10 hex digits.
    fn zerotier_address(&self) -> Result<String> {
        let address = match self.public_identity()? {
            Some(identity) => identity.split(':').next().unwrap_or_default().to_owned(),
            None => {
                let client = self.core.client()?;
                let given = json!({"container": self.known_id()?});
                let asked = client.json(Request::new("corex.zerotier.info", given));
                let told = self.core.ask(asked)?;
                told["address"].as_str().unwrap_or_default().to_owned()
            }
        };
        match address.len() == 10 && address.chars().all(|c| c.is_ascii_hexdigit()) {
            true => Ok(address),
            false => {
                let said = plain::line(&address, 40);
                Err(Error::new(
                    Kind::Network,
                    format!("'{said}' is no address in zerotier, expected 10 hex digits"),
                ))
            }
        }
    }

    /// Lets it into the zerotier networks of cards; answers their ids.
    fn authorize(&self, nics: &[Json], account: &ZeroTierClient) -> Result<Vec<Value>> {
        let of_zerotier = nics.iter().filter(|nic| nic["type"] == "zerotier");
        let networks: Vec<&str> = of_zerotier.filter_map(|nic| nic["id"].as_str()).collect();
        if networks.is_empty() {
            return Ok(Vec::new());
        }
        let address = self.zerotier_address()?;
        for network in &networks {
            account.admit(network, &address, &self.name)?;
        }
        Ok(networks.into_iter().map(Value::from).collect())
    }

    fn node_call(&self, method: &str, given: Json) -> Result<Value> {
        let client = self.core.client()?;
        let given = given.as_object().cloned().unwrap_or_default();
        let request = client
            .listed("container", method, &given)
            .map_err(|error| self.core.explain(error))?;
        self.core.ask(client.json(request))?;
        Ok(Value::None)
    }
}

impl Class for Container {
    const NAME: &'static str = "Container";
    const DOC: &'static str = "A container of a node.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[LIFE, GIVEN, NETWORK, CONTENT];

    fn repr(&self, _paint: Paint) -> String {
        format!("Container <{}>", plain::line(&self.name, 80))
    }
    fn equals(&self, other: &Value) -> bool {
        other
            .downcast::<Container>()
            .is_some_and(|other| self.name == other.name && Arc::ptr_eq(&self.core, &other.core))
    }
}
