//! 0-DB servers in containers of a node: `vm.zerodbs`.
//!
//! A server `main` is the container `zerodb_main` with one job, `zerodb.main`, behind a port of the
//! node. What it keeps lies in `/zerodb`: a folder of the node, or gone with the container.
use std::sync::Arc;

use serde_json::{Map, Value as Json, json};
use zeroize::Zeroizing;

use super::container::{Container, Given, id_of};
use super::core::{Core, not_found};
use super::storagepools::ask;
use crate::j::clients::zdb::admin::ZdbAdmin;
use crate::object::{
    Args, Class, Default, Error, Member, Needs, Paint, Param, Result, Ty, Value, class_of, similar,
};
use crate::zdb::{Client, Endpoint, Mode, Options, Property};
use crate::zos::plain;

/// What names of the containers begin with.
const PREFIX: &str = "zerodb_";
/// Port of the server in its container.
const PORT: u16 = 9900;
/// Where its files lie in the container.
const FOLDER: &str = "/zerodb";
/// The server in its flist.
const PROGRAM: &str = "/bin/zdb";

/// The 0-DB servers of a node.
pub struct ZeroDbs(Arc<Core>);

impl ZeroDbs {
    /// Of this node.
    pub fn value(core: &Arc<Core>) -> Value {
        Value::object(ZeroDbs(core.clone()))
    }

    /// Those whose containers run.
    fn all(&self) -> Result<Vec<Arc<ZeroDb>>> {
        let listed = ask(&self.0, "corex.list", json!({}))?;
        let mut all = Vec::new();
        for (id, item) in listed.as_object().into_iter().flatten() {
            let container = &item["container"];
            let name = container["arguments"]["name"].as_str().unwrap_or_default();
            if let (Some(name), Ok(id)) = (name.strip_prefix(PREFIX), id.parse()) {
                let container = Container::found(&self.0, id, container)?;
                all.push(ZeroDb::of(&self.0, name, container, ""));
            }
        }
        all.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(all)
    }

    fn get(&self, name: &str, admin: &str) -> Result<Value> {
        let client = self.0.client()?;
        let query = format!("{PREFIX}{name}");
        let found = self.0.ask(client.find_container(query.as_str()))?;
        match found.and_then(|found| Some((id_of(&found)?, found))) {
            Some((id, found)) => {
                let container = Container::found(&self.0, id, &found["container"])?;
                Ok(ZeroDb::of(&self.0, name, container, admin).into())
            }
            None => {
                let all = self.all()?;
                let names = all.iter().map(|db| db.name.as_str());
                let error = not_found(format!("Could not find a 0-DB with name {name}"));
                Err(similar::hinted(error, name, names))
            }
        }
    }

    fn create(&self, args: &Args) -> Result<Value> {
        let name = args.text("name");
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.is_empty() || !name.chars().all(good) {
            return Err(args.error("name", "must be letters, digits, '-', '_' and '.'"));
        }
        let admin = args.text("admin");
        let port = match args.opt_int("node_port") {
            Some(port) => port,
            None => {
                let reserved = ask(&self.0, "socat.reserve", json!({"number": 1}))?;
                reserved[0].as_i64().unwrap_or_default()
            }
        };
        let port = u16::try_from(port).ok().filter(|port| *port > 0);
        let port = port.ok_or_else(|| args.error("node_port", "must be from 1 to 65535"))?;
        let mut mounts = Map::new();
        if let Some(path) = args.opt_text("path").filter(|path| !path.is_empty()) {
            mounts.insert(path.into(), FOLDER.into());
        }
        let given = Given {
            flist: args.text("flist").into(),
            ports: Map::from_iter([(port.to_string(), PORT.into())]),
            mounts,
            init_processes: vec![process(name, args.text("mode"), args.flag("sync"), admin)],
            nics: vec![json!({"type": "default", "id": "None", "hwaddr": "", "name": "nat0"})],
            ..Given::default()
        };
        let container = Container::new(&self.0, &format!("{PREFIX}{name}"), given);
        container.start()?;
        Ok(ZeroDb::of(&self.0, name, container, admin).into())
    }
}

/// The server as a job of its container.
fn process(name: &str, mode: &str, sync: bool, admin: &str) -> Json {
    let port = PORT.to_string();
    let (data, index) = (format!("{FOLDER}/data"), format!("{FOLDER}/index"));
    let mut words = vec!["--port", &port, "--data", &data, "--index", &index];
    words.extend(["--mode", mode]);
    if sync {
        words.push("--sync");
    }
    if !admin.is_empty() {
        words.extend(["--admin", admin]);
    }
    json!({"name": PROGRAM, "args": words, "id": job(name)})
}

/// Id of the job of a server.
fn job(name: &str) -> String {
    format!("zerodb.{name}")
}

const NAME: Param = Param::required("name", Ty::Str, "its name");
const ADMIN: Param = Param::optional(
    "admin",
    Ty::Str,
    Default::Str(""),
    "password of its administrator; '' for none",
)
.secret();

impl Class for ZeroDbs {
    const NAME: &'static str = "ZeroDbs";
    const DOC: &'static str = "The 0-DB servers of a node, each in a container.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::method(
            "list",
            &[],
            Ty::List,
            "Lists those whose containers run.",
            "vm.zerodbs.list()",
            |this: &Arc<Self>, _| Ok(this.all()?.into_iter().map(Value::from).collect()),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "get",
            &[NAME, ADMIN],
            Ty::Object(class_of::<ZeroDb>),
            "Answers one that runs.",
            "vm.zerodbs.create('main', flist)\nvm.zerodbs.get('main')",
            |this: &Arc<Self>, args| this.get(args.text("name"), args.text("admin")),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "create",
            &[
                NAME,
                Param::required("flist", Ty::Str, "address of an flist with /bin/zdb"),
                Param::optional(
                    "node_port",
                    Ty::Int,
                    Default::None,
                    "port of the node that leads to it; a free one without",
                ),
                Param::optional(
                    "path",
                    Ty::Str,
                    Default::None,
                    "folder of the node that keeps its files; without, they go with the container",
                ),
                Param::optional(
                    "mode",
                    Ty::Choice(&["user", "seq", "direct"]),
                    Default::Str("user"),
                    "who chooses keys: the client, or the server",
                ),
                Param::optional(
                    "sync",
                    Ty::Bool,
                    Default::Bool(false),
                    "each value is on the disk before it is answered",
                ),
                ADMIN,
            ],
            Ty::Object(class_of::<ZeroDb>),
            "Makes a 0-DB in a container of its own; answers the one of that name when it runs.",
            "vm.zerodbs.create('main', flist, node_port=9900)",
            |this: &Arc<Self>, args| this.create(args),
        )
        .needs(Needs::NETWORK),
    ]];
}

/// A 0-DB server in a container.
pub struct ZeroDb {
    core: Arc<Core>,
    name: String,
    container: Arc<Container>,
    admin: Zeroizing<String>,
}

impl ZeroDb {
    fn of(core: &Arc<Core>, name: &str, container: Arc<Container>, admin: &str) -> Arc<Self> {
        Arc::new(ZeroDb {
            core: core.clone(),
            name: name.into(),
            container,
            admin: Zeroizing::new(admin.to_owned()),
        })
    }

    fn node_port(&self) -> Result<u16> {
        self.container.port_of_node(PORT.into()).and_then(|port| {
            let port = u16::try_from(port).ok();
            port.ok_or_else(|| Error::value("its port is none"))
        })
    }

    fn options(&self) -> Result<Options> {
        let mut options = Options::new(Endpoint::Tcp {
            host: self.core.base.text("host"),
            port: self.node_port()?,
        });
        options.secret = self.admin.clone();
        Ok(options)
    }

    fn add(&self, args: &Args) -> Result<Value> {
        let (name, password) = (args.text("name"), args.text("password"));
        let size = args.opt_int("size").unwrap_or_default();
        let size = u64::try_from(size)
            .map_err(|_| args.error("size", format!("is {size}: expected bytes, 0 for any")))?;
        let client = Client::new(self.options()?);
        let made = async {
            client.namespace_new(name).await?;
            let settled = async {
                if size > 0 {
                    let limit = Property::MaxSize(size);
                    client.namespace_set(name, limit).await?;
                }
                if !password.is_empty() {
                    let secret = Property::Password(Some(password));
                    client.namespace_set(name, secret).await?;
                }
                let public = Property::Public(args.flag("public"));
                client.namespace_set(name, public).await
            };
            let settled = settled.await;
            if settled.is_err() {
                // A namespace without its password would be open to all.
                let _ = client.namespace_delete(name).await;
            }
            settled
        };
        self.core.world().block_on(made)??;
        Ok(Value::None)
    }
}

impl Class for ZeroDb {
    const NAME: &'static str = "ZeroDb";
    const DOC: &'static str = "A 0-DB server in a container of a node.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property(
            "name",
            Ty::Str,
            "Its name.",
            "vm.zerodbs.create('main', flist).name",
            |this: &Arc<Self>, _| Ok(this.name.as_str().into()),
        ),
        Member::property(
            "node_port",
            Ty::Int,
            "Port of the node that leads to it.",
            "vm.zerodbs.create('main', flist, node_port=9900).node_port",
            |this: &Arc<Self>, _| Ok(i64::from(this.node_port()?).into()),
        ),
        Member::property(
            "container",
            Ty::Object(class_of::<Container>),
            "Its container.",
            "vm.zerodbs.create('main', flist).container.is_running()",
            |this: &Arc<Self>, _| Ok(this.container.clone().into()),
        ),
        Member::method(
            "is_running",
            &[],
            Ty::Bool,
            "True when its container and the server in it run.",
            "vm.zerodbs.create('main', flist).is_running()",
            |this: &Arc<Self>, _| {
                let runs = this.container.is_there()?;
                Ok((runs && this.container.is_job_running(&job(&this.name))?).into())
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "stop",
            &[],
            Ty::Nothing,
            "Ends it with its container; what lies in a folder of the node stays.",
            "vm.zerodbs.create('main', flist).stop()",
            |this: &Arc<Self>, _| this.container.stop().map(Value::from),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "add",
            &[
                Param::required("name", Ty::Str, "name of the namespace"),
                Param::optional("size", Ty::Int, Default::Int(0), "bytes at most; 0 for any"),
                Param::optional(
                    "password",
                    Ty::Str,
                    Default::Str(""),
                    "who writes needs it; '' for none",
                )
                .secret(),
                Param::optional(
                    "public",
                    Ty::Bool,
                    Default::Bool(true),
                    "who has no password may read",
                ),
            ],
            Ty::Nothing,
            "Makes a namespace.",
            "",
            |this: &Arc<Self>, args| this.add(args),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "namespaces",
            &[],
            Ty::Object(class_of::<ZdbAdmin>),
            "Answers its namespaces, which are listed, made and deleted there.",
            "",
            |this: &Arc<Self>, _| {
                let admin = ZdbAdmin::connect(this.core.world(), this.options()?, Mode::User)?;
                Ok(admin.into())
            },
        )
        .needs(Needs::NETWORK),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        format!("ZeroDb <{}>", plain::line(&self.name, 80))
    }
}
