//! One namespace of a 0-DB.
use std::sync::Arc;

use zeroize::Zeroizing;

use super::entries::Entries;
use super::key;
use crate::j::world::World;
use crate::object::dict::Dict;
use crate::object::{
    Args, Class, Default, Error, Kind, Member, Needs, Paint, Param, Result, Ty, Value, class_of,
};
use crate::zdb::{self, Client, Info, Mode, Options, Selected};

/// A client of one namespace.
pub struct ZdbClient {
    world: Arc<World>,
    client: Client,
    name: String,
    mode: Mode,
}

/// The lines of `NSINFO` as a dict: numbers are numbers.
pub fn dict(info: &Info) -> Value {
    let entries = info.iter().map(|(name, value)| {
        let number = value.parse().map(Value::Int);
        let value = number.or_else(|_| value.parse().map(Value::Float));
        let value = value.unwrap_or_else(|_: std::num::ParseFloatError| {
            Value::Str(info.get(name).unwrap_or_default().to_owned())
        });
        (name.to_owned(), value)
    });
    Value::object(Dict::new(entries.collect()))
}

impl ZdbClient {
    /// Connects, so that a wrong secret is told at once.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub fn connect(
        world: &Arc<World>,
        mut options: Options,
        name: &str,
        secret: &str,
        mode: Mode,
    ) -> Result<Arc<Self>> {
        options.namespace = Some(Selected {
            name: name.to_owned(),
            password: Zeroizing::new(secret.to_owned()),
        });
        let client = ZdbClient {
            world: world.clone(),
            client: Client::new(options),
            name: name.to_owned(),
            mode,
        };
        client.ask(client.client.ping())?;
        Ok(Arc::new(client))
    }

    /// Runs a question to the server to its end.
    pub(super) fn ask<T>(&self, question: impl Future<Output = zdb::Result<T>>) -> Result<T> {
        Ok(self.world.block_on(question)??)
    }

    /// The client of the library.
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Who chooses the keys.
    pub(super) fn mode(&self) -> Mode {
        self.mode
    }

    fn key(&self, args: &Args, name: &str) -> Result<Vec<u8>> {
        key::bytes(self.mode, args.get(name))
    }

    fn set(&self, args: &Args) -> Result<Value> {
        let Value::Bytes(data) = args.get("data") else {
            return Err(args.error("data", "must be bytes or a text"));
        };
        match (args.get("key"), self.mode) {
            (Value::None, Mode::Seq) => {
                let key = self.ask(self.client.add(data))?;
                Ok(key::value(self.mode, key))
            }
            (Value::None, Mode::User) => Err(args.error("key", "is needed in mode user")),
            (given, _) => {
                let key = key::bytes(self.mode, given)?;
                self.ask(self.client.set(&key, data))?;
                Ok(given.clone())
            }
        }
    }

    fn get(&self, args: &Args) -> Result<Value> {
        let key = self.key(args, "key")?;
        Ok(self
            .ask(self.client.get(&key))?
            .map_or(Value::None, Value::Bytes))
    }

    fn delete(&self, args: &Args) -> Result<Value> {
        let key = self.key(args, "key")?;
        match self.ask(self.client.delete(&key))? {
            true => Ok(Value::None),
            false => Err(Error::new(
                Kind::NotFound,
                format!(
                    "there is no key {} in '{}'",
                    crate::object::print::inline(args.get("key")),
                    self.name
                ),
            )),
        }
    }

    fn info(&self) -> Result<Info> {
        self.ask(self.client.info(&self.name))
    }

    fn entries(self: &Arc<Self>, args: &Args) -> Result<Entries> {
        let start = match args.get("key_start") {
            Value::None => None,
            given => Some(key::bytes(self.mode, given)?),
        };
        Ok(Entries::new(self.clone(), start, args.flag("reverse")))
    }

    fn flush(&self) -> Result<Value> {
        let count = self.info()?.entries().unwrap_or_default();
        self.world.host.confirm(
            &format!("all {count} entries of '{}' will be deleted", self.name),
            "delete them?",
        )?;
        self.ask(self.client.flush()).map(Value::from)
    }
}

const KEY: Param = Param::required("key", Ty::Any("int|str|bytes"), "the key");
const WALK: &[Param] = &[
    Param::optional(
        "key_start",
        Ty::Any("int|str|bytes"),
        Default::None,
        "begin at this key",
    ),
    Param::optional(
        "reverse",
        Ty::Bool,
        Default::Bool(false),
        "the newest first",
    ),
];

impl Class for ZdbClient {
    const NAME: &'static str = "zdb_client";
    const DOC: &'static str = "A namespace of a 0-DB: values by keys.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::method(
            "set",
            &[
                Param::required("data", Ty::Bytes, "the value: bytes, or a text"),
                Param::optional(
                    "key",
                    Ty::Any("int|str|bytes"),
                    Default::None,
                    "the key; in mode seq the server takes the next number without it",
                ),
            ],
            Ty::Any("int|str|bytes"),
            "Keeps a value, and answers its key.",
            "key = cl.set('some data')\ncl.set('other data', key=key)",
            |client: &Arc<ZdbClient>, args| client.set(args),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "get",
            &[KEY],
            Ty::Bytes,
            "Answers the value of a key; None when there is no such key.",
            "cl.get(cl.set('some data'))",
            |client: &Arc<ZdbClient>, args| client.get(args),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "exists",
            &[KEY],
            Ty::Bool,
            "True when there is such a key.",
            "cl.exists(0)",
            |client: &Arc<ZdbClient>, args| {
                let key = client.key(args, "key")?;
                client.ask(client.client.exists(&key)).map(Value::Bool)
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "delete",
            &[KEY],
            Ty::Nothing,
            "Deletes a key.",
            "cl.delete(cl.set('some data'))",
            |client: &Arc<ZdbClient>, args| client.delete(args),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "list",
            WALK,
            Ty::List,
            "Lists the keys in the order of writing.",
            "key = cl.set('some data')\ncl.list(key_start=key)",
            |client: &Arc<ZdbClient>, args| client.entries(args)?.keys(),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "iterate",
            WALK,
            Ty::Object(class_of::<Entries>),
            "Answers keys and values, which are read one after the other.",
            "key = cl.set('some data')\nfor key, data in cl.iterate(): print(key)",
            |client: &Arc<ZdbClient>, args| Ok(Value::object(client.entries(args)?)),
        )
        .needs(Needs::NETWORK),
        Member::property(
            "nsname",
            Ty::Str,
            "Name of the namespace.",
            "cl.nsname",
            |client: &Arc<ZdbClient>, _| Ok(client.name.clone().into()),
        ),
        Member::property(
            "nsinfo",
            Ty::Dict,
            "What the server says of the namespace.",
            "cl.nsinfo['entries']",
            |client: &Arc<ZdbClient>, _| Ok(dict(&client.info()?)),
        )
        .needs(Needs::NETWORK),
        Member::property(
            "count",
            Ty::Int,
            "Number of keys.",
            "cl.count",
            |client: &Arc<ZdbClient>, _| {
                let count = client.info()?.entries().unwrap_or_default();
                Ok(Value::Int(i64::try_from(count).unwrap_or(i64::MAX)))
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "flush",
            &[],
            Ty::Nothing,
            "Deletes everything in the namespace.",
            "cl.flush()",
            |client: &Arc<ZdbClient>, _| client.flush(),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "ping",
            &[],
            Ty::Bool,
            "True when the server answers.",
            "cl.ping()",
            |client: &Arc<ZdbClient>, _| {
                client.ask(client.client.ping()).map(|()| Value::Bool(true))
            },
        )
        .needs(Needs::NETWORK),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        format!("<zdb_client {}/{}>", self.client.address(), self.name)
    }
}
