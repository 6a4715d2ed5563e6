//! `j.clients.gedis`: actors on servers, called over the Redis protocol (spec: capacity §5.3).
mod actors;

use std::sync::{Arc, Mutex, PoisonError};

use zeroize::Zeroizing;

use crate::grid::gedis::{Client, Settings};
use crate::j::instances::{Base, Collection, Common, Config};
use crate::j::world::World;
use crate::object::bind::port;
use crate::object::{
    Class, Error, Kind, Member, Needs, Param, Result, Stored, Ty, Value, class_of,
};

pub use actors::{Actor, Actors};

/// The collection at `j.clients.gedis`.
pub fn collection(world: &Arc<World>) -> Arc<Collection<GedisServer>> {
    Collection::top(world, "j.clients.gedis")
}

/// A gedis server.
pub struct GedisServer {
    base: Arc<Base>,
    client: Mutex<Option<Arc<Client>>>,
}

impl Config for GedisServer {
    type Owner = ();
    const SCHEMA: &'static str = r#"
@url = jumpscale.gedis.client
@secret = password_
name* = "main" (S)
host = "127.0.0.1" (S)       # name or address
port = 8888 (I)
namespace = "default" (S)    # namespace of its actors
password_ = "" (S)           # password of the connection; empty for none
ssl = false (B)              # with TLS
sslkey = "" (S)              # kept for servers that ask for it; not used
"#;
    const COLLECTION: &'static str = "gedis";
    const COLLECTION_DOC: &'static str = "Gedis servers, by name: actors that can be called.\n\
        The one named `tfnotary` is where capacity is registered, when there is one.";

    fn open(base: Arc<Base>, (): &()) -> Result<Self> {
        Ok(GedisServer {
            base,
            client: Mutex::new(None),
        })
    }
    fn base(&self) -> &Arc<Base> {
        &self.base
    }
    fn changing(&self, name: &str, value: &Value) -> Result<()> {
        match (name, value) {
            ("port", Value::Int(number)) => match port(*number, 1) {
                Ok(_) => Ok(()),
                Err(what) => Err(Error::value(format!("port {what}"))),
            },
            ("host", Value::Str(host)) if host.trim().is_empty() => {
                Err(Error::value("host is a name or an address, not empty"))
            }
            _ => Ok(()),
        }
    }
    fn changed(&self) {
        *self.client.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl GedisServer {
    /// Where it is, and how it is spoken to.
    pub fn settings(&self) -> Settings {
        let port = u16::try_from(self.base.int("port")).unwrap_or(0);
        Settings {
            password: Zeroizing::new(self.base.text("password_")),
            tls: matches!(self.base.get("ssl"), Some(Value::Bool(true))),
            ..Settings::new(self.base.text("host").trim(), port)
        }
    }

    /// The namespace of its actors.
    pub fn namespace(&self) -> String {
        self.base.text("namespace")
    }

    /// The connection, kept until its data change.
    pub fn client(&self) -> Arc<Client> {
        let mut kept = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get_or_insert_with(|| Arc::new(Client::new(self.settings())))
            .clone()
    }

    /// What the tree needs from outside.
    pub fn world(&self) -> &World {
        &self.base.world
    }
}

const MEMBERS: &[Member<GedisServer>] = &[
    Member::method(
        "ping",
        &[],
        Ty::Str,
        "Asks whether the server is there; answers its word, PONG.",
        "j.clients.gedis.tfnotary.ping()",
        |this: &Arc<GedisServer>, _| {
            let client = this.client();
            Ok(this.world().block_on(client.ping())??.to_string().into())
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "auth",
        &[Param::required(
            "bot_id",
            Ty::Any("id"),
            "the 3bot that would sign in",
        )],
        Ty::Nothing,
        "Would sign in as a 3bot; servers of this protocol do not get to their handler of it.\n\
         A server with a password takes it by `password_`.",
        "",
        |this: &Arc<GedisServer>, _| {
            Err(Error::new(
                Kind::Refused,
                "gedis servers of this protocol cannot be signed in to as a 3bot",
            )
            .hint(format!(
                "a password of the connection: {}.password_ = '…'",
                this.base.path()
            )))
        },
    ),
    Member::child(
        "actors",
        class_of::<Actors>,
        "The actors of its namespace; their methods are called by name.",
        "j.clients.gedis.tfnotary.actors",
        |this: &Arc<GedisServer>, _| Ok(Value::object(Actors::of(this))),
    ),
    Member::property(
        "schemas",
        Ty::Dict,
        "The schemas that are known here: what methods take and answer, with their sums.",
        "j.clients.gedis.tfnotary.schemas",
        |_, _| Ok(actors::schemas()),
    ),
];

impl Class for GedisServer {
    const NAME: &'static str = "gedis_client";
    const DOC: &'static str = "A gedis server, and its actors.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[MEMBERS, Common::<Self>::MEMBERS];
    const STORED: Option<Stored<Self>> = Common::<Self>::STORED;
}
