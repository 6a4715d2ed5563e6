//! The namespaces of a 0-DB.
use std::sync::Arc;

use super::client::ZdbClient;
use crate::j::world::World;
use crate::object::{
    Args, Class, Default, Error, Member, Needs, Paint, Param, Result, Ty, Value, class_of,
};
use crate::zdb::{self, Client, DEFAULT_NAMESPACE, Mode, Options, Property};

/// A client that makes and deletes namespaces.
pub struct ZdbAdmin {
    world: Arc<World>,
    client: Client,
    mode: Mode,
}

impl ZdbAdmin {
    /// Connects, so that a wrong secret is told at once.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub fn connect(world: &Arc<World>, options: Options, mode: Mode) -> Result<Arc<Self>> {
        let admin = ZdbAdmin {
            world: world.clone(),
            client: Client::new(options),
            mode,
        };
        admin.ask(admin.client.ping())?;
        Ok(Arc::new(admin))
    }

    fn ask<T>(&self, question: impl Future<Output = zdb::Result<T>>) -> Result<T> {
        Ok(self.world.block_on(question)??)
    }

    fn names(&self) -> Result<Vec<String>> {
        self.ask(self.client.namespaces())
    }

    fn get(&self, name: &str, secret: &str) -> Result<Arc<ZdbClient>> {
        let server = Options::new(self.client.options().endpoint.clone());
        ZdbClient::connect(&self.world, server, name, secret, self.mode)
    }

    fn new_one(&self, args: &Args) -> Result<Value> {
        let (name, secret) = (args.text("name"), args.text("secret"));
        let size = args.opt_int("maxsize").unwrap_or_default();
        let size = u64::try_from(size)
            .map_err(|_| args.error("maxsize", format!("is {size}: expected bytes, 0 for any")))?;
        if self.names()?.iter().any(|known| known == name) {
            if args.flag("die") {
                return Err(
                    Error::value(format!("there is a namespace '{name}' already"))
                        .hint("without die=True it is used as it is"),
                );
            }
            return self.get(name, secret).map(Into::into);
        }
        self.ask(self.client.namespace_new(name))?;
        let set = |property| self.ask(self.client.namespace_set(name, property));
        let settled: Result<()> = (|| {
            if self.ask(self.client.info(name))?.mode() != Some(self.mode) {
                set(Property::Mode(self.mode))?;
            }
            if size > 0 {
                set(Property::MaxSize(size))?;
            }
            if !secret.is_empty() {
                set(Property::Password(Some(secret)))?;
                set(Property::Public(false))?;
            }
            Ok(())
        })();
        if settled.is_err() {
            // A namespace without its password would be open to all.
            let _ = self.ask(self.client.namespace_delete(name));
        }
        settled?;
        self.get(name, secret).map(Into::into)
    }

    fn delete(&self, name: &str) -> Result<Value> {
        self.world.host.confirm(
            &format!("the namespace '{name}' will be deleted with everything in it"),
            "delete it?",
        )?;
        self.ask(self.client.namespace_delete(name))
            .map(Value::from)
    }

    fn reset(&self, args: &Args) -> Result<Value> {
        let ignore: Vec<&str> = match args.get("ignore") {
            Value::List(names) => names.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let stays = |name: &&String| *name == DEFAULT_NAMESPACE || ignore.contains(&name.as_str());
        let names = self.names()?;
        let (stay, go): (Vec<&String>, Vec<&String>) = names.iter().partition(stays);
        if go.is_empty() {
            return Ok(Value::None);
        }
        let list = |names: &[&String]| {
            let names = names.iter().map(|name| name.as_str());
            names.collect::<Vec<_>>().join(", ")
        };
        self.world.host.confirm(
            &format!(
                "these namespaces will be deleted: {}; these stay: {}",
                list(&go),
                list(&stay)
            ),
            "delete them?",
        )?;
        for name in go {
            self.ask(self.client.namespace_delete(name))?;
        }
        Ok(Value::None)
    }
}

const NAME: Param = Param::required("name", Ty::Str, "name of the namespace");
const SECRET: Param = Param::optional(
    "secret",
    Ty::Str,
    Default::Str(""),
    "its password; '' for none",
)
.secret();

impl Class for ZdbAdmin {
    const NAME: &'static str = "zdb_admin";
    const DOC: &'static str = "The namespaces of a 0-DB.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::method(
            "namespace_exists",
            &[NAME],
            Ty::Bool,
            "True when there is such a namespace.",
            "admin.namespace_exists('default')",
            |admin: &Arc<ZdbAdmin>, args| {
                let names = admin.names()?;
                Ok(names.iter().any(|name| name == args.text("name")).into())
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "namespaces_list",
            &[],
            Ty::List,
            "Lists the names of all namespaces.",
            "admin.namespaces_list()",
            |admin: &Arc<ZdbAdmin>, _| Ok(admin.names()?.into_iter().map(Value::Str).collect()),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "namespace_new",
            &[
                NAME,
                SECRET,
                Param::optional(
                    "maxsize",
                    Ty::Int,
                    Default::Int(0),
                    "bytes of all its values together; 0 for any number",
                ),
                Param::optional(
                    "die",
                    Ty::Bool,
                    Default::Bool(false),
                    "an error when it is there already",
                ),
            ],
            Ty::Object(class_of::<ZdbClient>),
            "Makes a namespace, and connects to it. One that is there already is only connected to.",
            "admin.namespace_new('mine', secret='1234', maxsize=1000000)",
            |admin: &Arc<ZdbAdmin>, args| admin.new_one(args),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "namespace_get",
            &[NAME, SECRET],
            Ty::Object(class_of::<ZdbClient>),
            "Connects to a namespace.",
            "admin.namespace_new('mine', secret='1234')\nadmin.namespace_get('mine', secret='1234')",
            |admin: &Arc<ZdbAdmin>, args| admin.get(args.text("name"), args.text("secret")).map(Into::into),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "namespace_delete",
            &[NAME],
            Ty::Nothing,
            "Deletes a namespace with everything in it.",
            "n = admin.namespace_new('mine')\nadmin.namespace_delete('mine')",
            |admin: &Arc<ZdbAdmin>, args| admin.delete(args.text("name")),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "reset",
            &[Param::optional(
                "ignore",
                Ty::List,
                Default::None,
                "names of namespaces that stay",
            )],
            Ty::Nothing,
            "Deletes all namespaces but the default one.",
            "admin.reset(ignore=['mine'])",
            |admin: &Arc<ZdbAdmin>, args| admin.reset(args),
        )
        .needs(Needs::NETWORK),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        format!("<zdb_admin {}>", self.client.address())
    }
}
