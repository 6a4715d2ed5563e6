//! `j.clients.zdb`: clients of 0-DB, which keeps values by keys in namespaces.
//!
//! * [`admin`]: namespaces of a server; [`client`]: keys and values of one namespace;
//!   [`entries`]: its keys and values one after the other. * [`key`]: keys as values of the shell.
pub mod admin;
pub mod client;
pub mod entries;
mod key;

use std::sync::Arc;

use zeroize::Zeroizing;

use crate::j::world::World;
use crate::object::{
    Args, Class, Default, Error, Kind, Member, Needs, Param, Result, Ty, class_of,
};
use crate::zdb::{self, Endpoint, Mode, Options};
use admin::ZdbAdmin;
use client::ZdbClient;

impl From<zdb::Error> for Error {
    fn from(error: zdb::Error) -> Self {
        let text = error.to_string();
        match error {
            zdb::Error::Connect { .. } => Error::new(Kind::Network, text)
                .hint("check addr and port, and that a 0-DB runs there"),
            zdb::Error::NoKey { .. } => Error::new(Kind::NotFound, text),
            zdb::Error::Refused { what, reason, .. } => {
                let error = Error::new(Kind::Refused, text);
                match (what, reason.as_str()) {
                    ("SET", "Invalid key") => error.hint(
                        "the server may choose the keys of this namespace (mode seq), or the \
                         client (mode user): see nsinfo['mode']",
                    ),
                    ("SELECT", "Namespace not found") => error.hint(
                        "make it: j.clients.zdb.client_admin_get(...).namespace_new(name, secret)",
                    ),
                    ("SELECT" | "AUTH", _) => error.hint("give the right secret="),
                    _ => error,
                }
            }
            _ => Error::new(Kind::Network, text),
        }
    }
}

const ADDR: Param = Param::optional(
    "addr",
    Ty::Str,
    Default::Str("localhost"),
    "name or address of the server",
);
const PORT: Param = Param::optional("port", Ty::Int, Default::Int(9900), "its port");
const MODE: Param = Param::optional(
    "mode",
    Ty::Choice(&["seq", "user"]),
    Default::Str("seq"),
    "who chooses keys: seq is the server (numbers), user is the client (texts)",
);

const fn secret(default: &'static str) -> Param {
    Param::optional(
        "secret",
        Ty::Str,
        Default::Str(default),
        "its password; '' for none",
    )
    .secret()
}

/// The mode in the arguments.
fn mode(args: &Args) -> Mode {
    match args.text("mode") {
        "user" => Mode::User,
        _ => Mode::Seq,
    }
}

/// The server in the arguments, without any secret.
fn server(args: &Args) -> Result<Options> {
    let port = args.opt_port("port", 1)?;
    let port = port.ok_or_else(|| args.error("port", "must be 1 to 65535"))?;
    let host = args.text("addr").to_owned();
    if host.is_empty() {
        return Err(args.error("addr", "is empty"));
    }
    Ok(Options::new(Endpoint::Tcp { host, port }))
}

/// `j.clients.zdb`.
pub struct ZdbFactory {
    world: Arc<World>,
}

impl ZdbFactory {
    /// The node of the tree.
    pub fn open(world: &Arc<World>) -> Arc<ZdbFactory> {
        Arc::new(ZdbFactory {
            world: world.clone(),
        })
    }

    fn admin(&self, args: &Args) -> Result<Arc<ZdbAdmin>> {
        let mut options = server(args)?;
        options.secret = Zeroizing::new(args.text("secret").to_owned());
        ZdbAdmin::connect(&self.world, options, mode(args))
    }

    fn client(&self, args: &Args) -> Result<Arc<ZdbClient>> {
        let name = args.text("nsname");
        if name.is_empty() {
            return Err(args.error("nsname", "is empty"));
        }
        ZdbClient::connect(
            &self.world,
            server(args)?,
            name,
            args.text("secret"),
            mode(args),
        )
    }
}

impl Class for ZdbFactory {
    const NAME: &'static str = "zdb";
    const DOC: &'static str = "Clients of 0-DB, which keeps values by keys in namespaces.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::method(
            "client_admin_get",
            &[ADDR, PORT, secret("123456"), MODE],
            Ty::Object(class_of::<ZdbAdmin>),
            "Connects as administrator: makes, lists and deletes namespaces.",
            "j.clients.zdb.client_admin_get(port=9900)",
            |factory: &Arc<ZdbFactory>, args| factory.admin(args).map(Into::into),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "client_get",
            &[
                Param::optional(
                    "nsname",
                    Ty::Str,
                    Default::Str("test"),
                    "name of the namespace",
                ),
                ADDR,
                PORT,
                secret("1234"),
                MODE,
            ],
            Ty::Object(class_of::<ZdbClient>),
            "Connects to a namespace: sets, gets and lists values.",
            "j.clients.zdb.client_get('test', port=9900)",
            |factory: &Arc<ZdbFactory>, args| factory.client(args).map(Into::into),
        )
        .needs(Needs::NETWORK),
    ]];

    fn location(&self) -> String {
        "j.clients.zdb".into()
    }
}
