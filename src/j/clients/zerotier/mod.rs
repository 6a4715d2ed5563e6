//! `j.clients.zerotier`: networks that reach what one has reserved.
//!
//! * [`network`]: the networks of an account, and their members.
pub mod network;

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value as Json, json};
use zeroize::Zeroizing;

use network::Network;

use super::zos::rows::shown;
use crate::grid::zerotier::{
    CONTROLLER, DAEMON, DAEMON_TOKEN, PUBLIC_NETWORK, Side, ZeroTier, ZeroTierError,
};
use crate::j::file;
use crate::j::instances::{Base, Collection, Common, Config};
use crate::j::world::World;
use crate::object::{
    Args, Class, Default, Error, Kind, Member, Needs, Param, Result, Stored, Ty, Value, class_of,
};

/// The collection at `j.clients.zerotier`.
pub fn collection(world: &Arc<World>) -> Arc<Collection<ZeroTierClient>> {
    Collection::top(world, "j.clients.zerotier")
}

impl From<ZeroTierError> for Error {
    fn from(error: ZeroTierError) -> Self {
        let kind = match &error {
            ZeroTierError::Web(_) | ZeroTierError::Answer => Kind::Network,
            ZeroTierError::Token(_) | ZeroTierError::Refused { .. } => Kind::Refused,
            ZeroTierError::NotFound(_) => Kind::NotFound,
            ZeroTierError::Network(_) | ZeroTierError::Member(_) => Kind::Value,
        };
        let told = Error::new(kind, error.to_string());
        match error {
            ZeroTierError::Network(_) => {
                told.hint(format!("the public one of the grid is '{PUBLIC_NETWORK}'"))
            }
            _ => told,
        }
    }
}

/// The longest token.
const LONGEST_TOKEN: u64 = 1024;

/// The daemon of this machine.
fn daemon() -> Result<ZeroTier> {
    let token = file::read(
        Path::new(DAEMON_TOKEN),
        LONGEST_TOKEN,
        "the token of ZeroTier",
    );
    let token = token.map_err(|error| {
        Error::new(
            Kind::NotFound,
            format!(
                "no ZeroTier daemon of this machine can be asked: {}",
                error.message
            ),
        )
        .hint("install it and start it: https://www.zerotier.com/download")
        .hint(format!(
            "who may not read {DAEMON_TOKEN}: sudo zerotier-cli join <network>"
        ))
    })?;
    let token = Zeroizing::new(token);
    let token = Zeroizing::new(token.trim().to_owned());
    Ok(ZeroTier::new(Side::Daemon, DAEMON, token)?)
}

fn ask_daemon<T>(
    world: &World,
    question: impl Future<Output = std::result::Result<T, ZeroTierError>>,
) -> Result<T> {
    world.block_on(question)?.map_err(|error| {
        let silent = matches!(error, ZeroTierError::Web(_));
        let told = Error::from(error);
        match silent {
            true => told.hint("is the daemon running? sudo systemctl start zerotier-one"),
            false => told,
        }
    })
}

/// An account of the controller.
pub struct ZeroTierClient {
    base: Arc<Base>,
}

impl Config for ZeroTierClient {
    type Owner = ();
    const SCHEMA: &'static str = r#"
@url = jumpscale.zerotier.client
@secret = token_
name* = "" (S)
instance = "main" (S)
token_ = "" (S)              # token of the account, from my.zerotier.com
networkid = "" (S)           # the network that is meant without an id
nodeids = "" (S)
address = "https://my.zerotier.com/api" (S)  # where the controller is
"#;
    const COLLECTION: &'static str = "zerotier";
    const COLLECTION_DOC: &'static str =
        "ZeroTier: networks that this machine joins, and accounts that own some.";
    const COLLECTION_MEMBERS: &'static [Member<Collection<Self>>] = FACTORY;

    fn open(base: Arc<Base>, (): &()) -> Result<Self> {
        Ok(ZeroTierClient { base })
    }
    fn base(&self) -> &Arc<Base> {
        &self.base
    }
}

impl ZeroTierClient {
    fn controller(&self) -> Result<ZeroTier> {
        let token = Zeroizing::new(self.base.text("token_"));
        if token.trim().is_empty() {
            return Err(Error::value(format!("{} has no token", self.base.path()))
                .hint("make one at https://my.zerotier.com, and set it: .token_ = '…'"));
        }
        let address = match self.base.text("address") {
            empty if empty.is_empty() => CONTROLLER.to_owned(),
            given => given,
        };
        Ok(ZeroTier::new(
            Side::Controller,
            &address,
            Zeroizing::new(token.trim().to_owned()),
        )?)
    }

    fn ask<T>(
        &self,
        question: impl Future<Output = std::result::Result<T, ZeroTierError>>,
    ) -> Result<T> {
        Ok(self.base.world.block_on(question)??)
    }

    /// Lets a member, by its address, into a network and gives it a name there.
    ///
    /// # Errors
    /// No token, and what the controller refuses.
    pub fn admit(&self, network: &str, member: &str, name: &str) -> Result<Json> {
        let controller = self.controller()?;
        let change = json!({"name": name, "config": {"authorized": true}});
        self.ask(controller.member_change(network, member, change))
    }

    fn network(self: &Arc<Self>, json: Json) -> Result<Value> {
        let id = json.get("id").and_then(Json::as_str).unwrap_or_default();
        crate::grid::zerotier::check_network(id)?;
        Ok(Value::object(Network {
            client: self.clone(),
            id: id.to_owned(),
            json,
        }))
    }

    fn id(&self, args: &Args) -> String {
        let given = args.opt_text("id").filter(|id| !id.is_empty());
        given.map_or_else(|| self.base.text("networkid"), String::from)
    }
}

const JOINED: Param = Param::required("id", Ty::Str, "the network: 16 hex digits");

const FACTORY: &[Member<Collection<ZeroTierClient>>] = &[
    Member::method(
        "network_join",
        &[JOINED],
        Ty::Dict,
        "Lets the ZeroTier daemon of this machine join a network.\n\
         What is reserved on the grid is in the public one, 9bee8941b5717835.",
        "j.clients.zerotier.network_join('9bee8941b5717835')",
        |this: &Arc<Collection<ZeroTierClient>>, args| {
            let daemon = daemon()?;
            let joined = ask_daemon(this.world(), daemon.join(args.text("id")))?;
            Ok(shown(&joined))
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "network_leave",
        &[JOINED],
        Ty::Nothing,
        "Lets the ZeroTier daemon of this machine leave a network.",
        "j.clients.zerotier.network_leave('9bee8941b5717835')",
        |this: &Arc<Collection<ZeroTierClient>>, args| {
            let daemon = daemon()?;
            ask_daemon(this.world(), daemon.remove(args.text("id")))?;
            Ok(Value::None)
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "networks_joined",
        &[],
        Ty::List,
        "Lists the networks that the ZeroTier daemon of this machine has joined.",
        "j.clients.zerotier.networks_joined()",
        |this: &Arc<Collection<ZeroTierClient>>, _| {
            let daemon = daemon()?;
            let joined = ask_daemon(this.world(), daemon.networks())?;
            Ok(shown(&joined))
        },
    )
    .needs(Needs::NETWORK),
];

const NETWORK_ID: Param = Param::optional(
    "id",
    Ty::Str,
    Default::None,
    "the network; `networkid` without",
);

const MEMBERS: &[Member<ZeroTierClient>] = &[
    Member::method(
        "networks_list",
        &[],
        Ty::List,
        "Lists the networks of the account.",
        "account.networks_list()",
        |this: &Arc<ZeroTierClient>, _| {
            let controller = this.controller()?;
            let Json::Array(list) = this.ask(controller.networks())? else {
                return Err(ZeroTierError::Answer.into());
            };
            list.into_iter().map(|one| this.network(one)).collect()
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "network_get",
        &[NETWORK_ID],
        Ty::Object(class_of::<Network>),
        "A network of the account.",
        "account.network_get('8056c2e21c000001')",
        |this: &Arc<ZeroTierClient>, args| {
            let (controller, id) = (this.controller()?, this.id(args));
            this.network(this.ask(controller.network(&id))?)
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "network_create",
        &[
            Param::required("public", Ty::Bool, "everybody may join without being asked"),
            Param::required("subnet", Ty::Str, "its addresses: 10.147.17.0/24"),
            Param::required("name", Ty::Str, "its name"),
            Param::optional(
                "auto_assign",
                Ty::Bool,
                Default::Bool(true),
                "members get addresses",
            ),
            Param::optional(
                "routes",
                Ty::Any("list"),
                Default::None,
                "dicts with target and via",
            ),
        ],
        Ty::Object(class_of::<Network>),
        "Makes a network.",
        "account.network_create(False, '10.147.17.0/24', 'home')",
        |this: &Arc<ZeroTierClient>, args| {
            let controller = this.controller()?;
            this.network(this.ask(controller.create(network_config(args)?))?)
        },
    )
    .needs(Needs::NETWORK),
    Member::method(
        "network_delete",
        &[NETWORK_ID],
        Ty::Nothing,
        "Removes a network, after a question.",
        "account.network_delete('8056c2e21c000001')",
        |this: &Arc<ZeroTierClient>, args| {
            let (controller, id) = (this.controller()?, this.id(args));
            let host = &this.base.world.host;
            host.confirm(
                &format!("network {id}"),
                "remove it? Its members lose each other",
            )?;
            this.ask(controller.remove(&id))?;
            Ok(Value::None)
        },
    )
    .needs(Needs::NETWORK),
];

/// What the controller is told of a new network.
fn network_config(args: &Args) -> Result<Json> {
    let subnet = args.text("subnet");
    let wrong = || {
        args.error(
            "subnet",
            "must be addresses of version 4, like 10.147.17.0/24",
        )
    };
    let (start, bits) = subnet.split_once('/').ok_or_else(wrong)?;
    let start: std::net::Ipv4Addr = start.parse().map_err(|_| wrong())?;
    let bits: u32 = bits
        .parse()
        .ok()
        .filter(|bits| (8..=30).contains(bits))
        .ok_or_else(wrong)?;
    let mask = u32::MAX << (32 - bits);
    let first = u32::from(start) & mask;
    let address = |at: u32| std::net::Ipv4Addr::from(at).to_string();
    let mut routes = vec![json!({"target": format!("{}/{bits}", address(first)), "via": null})];
    match args.get("routes") {
        Value::None => {}
        Value::List(more) => routes.extend(more.iter().map(Value::to_json)),
        _ => return Err(args.error("routes", "must be a list of dicts")),
    }
    Ok(json!({
        "config": {
            "name": args.text("name"),
            "private": !args.flag("public"),
            "routes": routes,
            "v4AssignMode": {"zt": args.flag("auto_assign")},
            "ipAssignmentPools": [{
                "ipRangeStart": address(first + 1),
                "ipRangeEnd": address((first | !mask) - 1),
            }],
        }
    }))
}

impl Class for ZeroTierClient {
    const NAME: &'static str = "zerotier_client";
    const DOC: &'static str = "An account of the ZeroTier controller, and its networks.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[MEMBERS, Common::<Self>::MEMBERS];
    const STORED: Option<Stored<Self>> = Common::<Self>::STORED;
}
