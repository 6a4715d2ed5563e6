//! What `j.devnet.zos_start` and its sisters do: Zero-OS nodes on this machine.
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use crate::j::world::World;
use crate::object::{Args, Class, Default, Member, Needs, Paint, Param, Result, Ty, Value};
#[cfg(not(target_os = "linux"))]
use crate::object::{Error, Kind};

/// Parameters of `zos_start`.
pub const START: &[Param] = &[
    Param::optional(
        "name",
        Ty::Str,
        Default::Str("main"),
        "name of the node: letters, digits, - and _",
    ),
    Param::optional(
        "host",
        Ty::Str,
        Default::Str("127.0.0.1"),
        "address of this machine, 127.0.0.1 to 127.255.255.254",
    ),
    Param::optional(
        "port",
        Ty::Int,
        Default::None,
        "its port; None takes 6379, or a free one",
    ),
];

/// Parameter of `zos_stop`.
pub const STOP: &[Param] = &[Param::optional(
    "name",
    Ty::Str,
    Default::Str("main"),
    "name of the node",
)];

/// A Zero-OS node on this machine.
pub struct ZosNode {
    world: Arc<World>,
    name: String,
    addr: SocketAddr,
    dir: PathBuf,
}

/// Parameters of `website`.
const WEBSITE: &[Param] = &[
    Param::optional(
        "page",
        Ty::Str,
        Default::Str("<h1>Hello from a container</h1>"),
        "what the website shows, as HTML",
    ),
    Param::optional(
        "name",
        Ty::Str,
        Default::Str("website"),
        "name of the folder in the node's files: letters, digits, - and _",
    ),
];

impl Class for ZosNode {
    const NAME: &'static str = "ZosNode";
    const DOC: &'static str = "A Zero-OS node that runs on this machine, as you.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property(
            "name",
            Ty::Str,
            "Its name.",
            "j.devnet.zos_start().name",
            |n, _| Ok(n.name.clone().into()),
        ),
        Member::property(
            "host",
            Ty::Str,
            "Its address.",
            "j.devnet.zos_start().host",
            |n, _| Ok(n.addr.ip().to_string().into()),
        ),
        Member::property(
            "port",
            Ty::Int,
            "Its port.",
            "j.devnet.zos_start().port",
            |n, _| Ok(Value::Int(n.addr.port().into())),
        ),
        Member::property(
            "dir",
            Ty::Str,
            "Folder it lives in.",
            "j.devnet.zos_start().dir",
            |n, _| Ok(n.dir.display().to_string().into()),
        ),
        Member::method(
            "website",
            WEBSITE,
            Ty::Str,
            "Makes a small website in the node's files, and answers its folder: the root of a\n\
             container whose web server starts with it, as the job `entry`, on port 80.\n\
             Nothing is downloaded. A folder of that name is replaced.",
            "j.devnet.zos_start().website('<h1>Hello</h1>')",
            |n, args| linux::website(n, args),
        )
        .needs(NEEDS),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        format!("zos node {} on {}", self.name, self.addr)
    }
    fn to_json(&self) -> serde_json::Value {
        serde_json::json!({"name": self.name, "host": self.addr.ip().to_string(),
                           "port": self.addr.port(), "dir": self.dir.display().to_string()})
    }
}

/// What the folders of nodes are called, in front of their names; beside that of the devnet.
const PREFIX: &str = "zos-";

fn folder(world: &World, name: &str) -> PathBuf {
    world
        .settings
        .devnet_dir
        .with_file_name(format!("{PREFIX}{name}"))
}

fn name(args: &Args) -> Result<String> {
    checked(args, args.opt_text("name").unwrap_or("main"))
}

fn checked(args: &Args, name: &str) -> Result<String> {
    let good = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    match !name.is_empty() && name.len() <= 40 && name.chars().all(good) {
        true => Ok(name.to_string()),
        false => Err(args.error(
            "name",
            format!("is `{name}`: expected 1 to 40 letters, digits, - and _"),
        )),
    }
}

/// What these members need.
pub const NEEDS: Needs = Needs::NETWORK;

/// On other systems there are no nodes.
#[cfg(not(target_os = "linux"))]
mod linux {
    use super::*;

    fn none() -> Error {
        Error::new(Kind::Usage, "a Zero-OS node needs Linux")
    }

    pub fn start(_: &Arc<World>, _: &Args) -> Result<Value> {
        Err(none())
    }

    pub fn stop(_: &Arc<World>, _: &Args) -> Result<Value> {
        Err(none())
    }

    pub fn website(_: &ZosNode, _: &Args) -> Result<Value> {
        Err(none())
    }

    pub fn list(_: &Arc<World>) -> Result<Value> {
        Ok(Vec::<Value>::new().into_iter().collect())
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::net::IpAddr;
    use std::sync::PoisonError;

    use super::*;
    use crate::devnet::zos::{self, background, place};
    use crate::zos::protocol::DEFAULT_PORT;

    /// Where a node of this name runs, in this process or another.
    fn running(world: &World, name: &str) -> Option<SocketAddr> {
        let own = world
            .zos_nodes
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(handle) = own.get(name) {
            return Some(handle.addr());
        }
        drop(own);
        place::running(&folder(world, name)).map(|node| node.addr)
    }

    /// `j.devnet.zos_start`.
    pub fn start(world: &Arc<World>, args: &Args) -> Result<Value> {
        let name = name(args)?;
        let dir = folder(world, &name);
        let shown = |addr: SocketAddr| {
            let node = ZosNode {
                world: Arc::clone(world),
                name: name.clone(),
                addr,
                dir: dir.clone(),
            };
            Value::object(node)
        };
        if let Some(addr) = running(world, &name) {
            return Ok(shown(addr));
        }
        let host = args.opt_text("host").unwrap_or("127.0.0.1");
        let host: IpAddr = host
            .parse()
            .ok()
            .filter(IpAddr::is_loopback)
            .ok_or_else(|| args.error("host", format!("is `{host}`: expected 127.x.y.z")))?;
        let port = match args.opt_port("port", 0)? {
            Some(port) => port,
            None if world.settings.devnet_port == 0 => 0,
            None => match std::net::TcpListener::bind((host, DEFAULT_PORT)) {
                Ok(_) => DEFAULT_PORT,
                Err(_) => 0,
            },
        };
        let listen = SocketAddr::new(host, port);
        let addr = match &world.settings.devnet_program {
            Some(program) => {
                world
                    .block_on(background::start(program, &dir, listen))??
                    .addr
            }
            None => {
                let mut config = zos::Config::new(&dir);
                config.listen = listen;
                config.program = world.settings.container_program.clone();
                let handle = world.block_on(zos::ZosNode::start(config))??;
                let addr = handle.addr();
                let mut own = world
                    .zos_nodes
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                own.insert(name.clone(), handle);
                addr
            }
        };
        world.host.note(&format!("zos node {name} on {addr}"));
        Ok(shown(addr))
    }

    /// `j.devnet.zos_stop`.
    pub fn stop(world: &Arc<World>, args: &Args) -> Result<Value> {
        let name = name(args)?;
        let own = {
            let mut own = world
                .zos_nodes
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            own.remove(&name)
        };
        if let Some(handle) = own {
            world.block_on(handle.stop())?;
            return Ok(Value::Bool(true));
        }
        let dir = folder(world, &name);
        Ok(Value::Bool(world.block_on(background::stop(&dir))??))
    }

    /// `website` of a node.
    pub fn website(node: &ZosNode, args: &Args) -> Result<Value> {
        use crate::object::{Error, Kind};
        let settings = &node.world.settings;
        let program = settings.container_program.as_ref().ok_or_else(|| {
            Error::new(
                Kind::Usage,
                "this program does not know where its own file is",
            )
        })?;
        let name = checked(args, args.opt_text("name").unwrap_or("website"))?;
        let page = args.opt_text("page").unwrap_or_default();
        let folder = place::files(&node.dir).join(&name);
        zos::website::make(program, &folder, page)
            .map_err(|e| Error::new(Kind::Io, format!("cannot make {}: {e}", folder.display())))?;
        Ok(format!("/{name}").into())
    }

    /// `j.devnet.zos_list`.
    pub fn list(world: &Arc<World>) -> Result<Value> {
        let beside = world.settings.devnet_dir.parent();
        let mut names: Vec<String> = beside
            .and_then(|folder| std::fs::read_dir(folder).ok())
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                Some(
                    entry
                        .file_name()
                        .to_str()?
                        .strip_prefix(PREFIX)?
                        .to_string(),
                )
            })
            .collect();
        names.sort();
        let nodes = names.into_iter().filter_map(|name| {
            let addr = running(world, &name)?;
            let dir = folder(world, &name);
            let world = Arc::clone(world);
            Some(Value::object(ZosNode {
                world,
                name,
                addr,
                dir,
            }))
        });
        Ok(nodes.collect())
    }
}

pub use linux::{list, start, stop};
