//! `j.clients.zerotier`: networks that reach what one has reserved.
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value as Json, json};
use zeroize::Zeroizing;

use super::zos::rows::shown;
use crate::grid::zerotier::{
    CONTROLLER, DAEMON, DAEMON_TOKEN, PUBLIC_NETWORK, Side, ZeroTier, ZeroTierError,
};
use crate::j::file;
use crate::j::instances::{Base, Collection, Common, Config};
use crate::j::world::World;
use crate::object::{
    Args, Class, Default, Error, Kind, Member, Needs, Paint, Param, Result, Stored, Ty, Value,
    class_of,
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

/// A network of an account.
pub struct Network {
    client: Arc<ZeroTierClient>,
    id: String,
    json: Json,
}

/// A text somewhere in JSON; empty when there is none.
fn at<'a>(json: &'a Json, path: &str) -> &'a str {
    json.pointer(path)
        .and_then(Json::as_str)
        .unwrap_or_default()
}

/// Address and name of a member, as the controller has them.
fn address_of(member: &Json) -> &str {
    match at(member, "/nodeId") {
        "" => at(member, "/config/address"),
        id => id,
    }
}

fn private_ip(member: &Json) -> Option<&str> {
    member
        .pointer("/config/ipAssignments/0")
        .and_then(Json::as_str)
}

impl Network {
    fn members(&self) -> Result<Vec<Json>> {
        let controller = self.client.controller()?;
        match self.client.ask(controller.members(&self.id))? {
            Json::Array(list) => Ok(list),
            _ => Err(ZeroTierError::Answer.into()),
        }
    }

    fn member(&self, json: Json) -> Value {
        Value::object(NetworkMember {
            client: self.client.clone(),
            network: self.id.clone(),
            json,
        })
    }

    fn find(&self, args: &Args) -> Result<Json> {
        let wanted = ["address", "name", "public_ip", "private_ip"];
        let wanted: Vec<(&str, &str)> = wanted
            .into_iter()
            .filter_map(|name| Some((name, args.opt_text(name)?)))
            .collect();
        if wanted.is_empty() {
            return Err(Error::type_error(format!(
                "{}() needs address, name, public_ip or private_ip",
                args.method()
            )));
        }
        let fits = |member: &Json| {
            wanted.iter().all(|(name, text)| match *name {
                "address" => address_of(member) == *text,
                "name" => at(member, "/name") == *text,
                "public_ip" => {
                    let seen = at(member, "/physicalAddress");
                    seen.split('/').next() == Some(*text)
                }
                _ => private_ip(member) == Some(*text),
            })
        };
        let found = self.members()?.into_iter().find(fits);
        found.ok_or_else(|| {
            let words: Vec<String> = wanted
                .iter()
                .map(|(name, text)| format!("{name} {text}"))
                .collect();
            Error::new(
                Kind::NotFound,
                format!(
                    "network {} has no member with {}",
                    self.id,
                    words.join(", ")
                ),
            )
        })
    }

    /// Routes as the controller has them now.
    fn routes(&self) -> Result<Vec<Json>> {
        let controller = self.client.controller()?;
        let network = self.client.ask(controller.network(&self.id))?;
        let routes = network.pointer("/config/routes").and_then(Json::as_array);
        Ok(routes.cloned().unwrap_or_default())
    }

    fn set_routes(&self, routes: Vec<Json>) -> Result<Value> {
        let controller = self.client.controller()?;
        let change = json!({"config": {"routes": routes}});
        self.client.ask(controller.change(&self.id, change))?;
        Ok(Value::None)
    }
}

const ADDRESS: Param = Param::required("address", Ty::Str, "the member: 10 hex digits");

impl Class for Network {
    const NAME: &'static str = "zerotier_network";
    const DOC: &'static str = "A network of an account of the ZeroTier controller.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property(
            "id",
            Ty::Str,
            "Its id.",
            "net = account.network_get('8056c2e21c000001')\n\
             net.id",
            |this, _| Ok(this.id.clone().into()),
        ),
        Member::property(
            "config",
            Ty::Dict,
            "All that the controller tells of it.",
            "net = account.network_get('8056c2e21c000001')\n\
             net.config",
            |this, _| Ok(shown(&this.json)),
        ),
        Member::method(
            "members_list",
            &[],
            Ty::List,
            "Lists its members.",
            "net = account.network_get('8056c2e21c000001')\n\
             net.members_list()",
            |this: &Arc<Network>, _| {
                let members = this.members()?;
                Ok(members.into_iter().map(|one| this.member(one)).collect())
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "member_add",
            &[
                ADDRESS,
                Param::optional("name", Ty::Str, Default::Str(""), "a name for it"),
            ],
            Ty::Object(class_of::<NetworkMember>),
            "Adds a member, authorized.",
            "net = account.network_get('8056c2e21c000001')\n\
             net.member_add('7ad1f2a8c0', name='laptop')",
            |this: &Arc<Network>, args| {
                let (member, name) = (args.text("address"), args.text("name"));
                Ok(this.member(this.client.admit(&this.id, member, name)?))
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "member_get",
            &[
                Param::optional("address", Ty::Str, Default::None, "10 hex digits"),
                Param::optional("name", Ty::Str, Default::None, "its name"),
                Param::optional(
                    "public_ip",
                    Ty::Str,
                    Default::None,
                    "its address on the internet",
                ),
                Param::optional(
                    "private_ip",
                    Ty::Str,
                    Default::None,
                    "its address in the network",
                ),
            ],
            Ty::Object(class_of::<NetworkMember>),
            "Looks a member up.",
            "net = account.network_get('8056c2e21c000001')\n\
             net.member_get(name='laptop')",
            |this: &Arc<Network>, args| Ok(this.member(this.find(args)?)),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "member_delete",
            &[ADDRESS],
            Ty::Nothing,
            "Removes a member.",
            "net = account.network_get('8056c2e21c000001')\n\
             net.member_delete('7ad1f2a8c0')",
            |this: &Arc<Network>, args| {
                let controller = this.client.controller()?;
                this.client
                    .ask(controller.member_remove(&this.id, args.text("address")))?;
                Ok(Value::None)
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "list_routes",
            &[],
            Ty::List,
            "Lists its routes: dicts with target and via.",
            "net = account.network_get('8056c2e21c000001')\n\
             net.list_routes()",
            |this: &Arc<Network>, _| Ok(shown(&Json::Array(this.routes()?))),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "add_route",
            &[
                Param::required("target", Ty::Str, "addresses: 10.1.0.0/16"),
                Param::optional("via", Ty::Str, Default::None, "the member that leads there"),
            ],
            Ty::Nothing,
            "Adds a route.",
            "net = account.network_get('8056c2e21c000001')\n\
             net.add_route('10.1.0.0/16')",
            |this: &Arc<Network>, args| {
                let mut routes = this.routes()?;
                routes.push(json!({"target": args.text("target"), "via": args.opt_text("via")}));
                this.set_routes(routes)
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "remove_route",
            &[Param::required("target", Ty::Str, "addresses: 10.1.0.0/16")],
            Ty::Nothing,
            "Removes a route.",
            "net = account.network_get('8056c2e21c000001')\n\
             net.remove_route('10.147.17.0/24')",
            |this: &Arc<Network>, args| {
                let (mut routes, target) = (this.routes()?, args.text("target"));
                let before = routes.len();
                routes.retain(|route| at(route, "/target") != target);
                if routes.len() == before {
                    let text = format!("network {} has no route to {target}", this.id);
                    return Err(Error::new(Kind::NotFound, text));
                }
                this.set_routes(routes)
            },
        )
        .needs(Needs::NETWORK),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        let name = crate::tfchain::explorer::ServerText::new(at(&self.json, "/config/name"));
        format!("zerotier_network(id={}, name='{name}')", self.id)
    }
    fn to_json(&self) -> Json {
        self.json.clone()
    }
}

/// A member of a network.
pub struct NetworkMember {
    client: Arc<ZeroTierClient>,
    network: String,
    json: Json,
}

impl NetworkMember {
    fn authorize(&self, authorized: bool) -> Result<Value> {
        let controller = self.client.controller()?;
        let change = json!({"config": {"authorized": authorized}});
        let asked = controller.member_change(&self.network, address_of(&self.json), change);
        self.client.ask(asked)?;
        Ok(Value::None)
    }
}

impl Class for NetworkMember {
    const NAME: &'static str = "zerotier_member";
    const DOC: &'static str = "A member of a ZeroTier network.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::property(
            "address",
            Ty::Str,
            "Its address: 10 hex digits.",
            "net = account.network_get('8056c2e21c000001')\n\
             m = net.member_get(name='laptop')\n\
             m.address",
            |this, _| Ok(address_of(&this.json).into()),
        ),
        Member::property(
            "data",
            Ty::Dict,
            "All that the controller tells of it.",
            "net = account.network_get('8056c2e21c000001')\n\
             m = net.member_get(name='laptop')\n\
             m.data",
            |this, _| Ok(shown(&this.json)),
        ),
        Member::method(
            "authorize",
            &[],
            Ty::Nothing,
            "Lets it into the network.",
            "net = account.network_get('8056c2e21c000001')\n\
             m = net.member_get(name='laptop')\n\
             m.authorize()",
            |this: &Arc<NetworkMember>, _| this.authorize(true),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "deauthorize",
            &[],
            Ty::Nothing,
            "Shuts it out of the network.",
            "net = account.network_get('8056c2e21c000001')\n\
             m = net.member_get(name='laptop')\n\
             m.deauthorize()",
            |this: &Arc<NetworkMember>, _| this.authorize(false),
        )
        .needs(Needs::NETWORK),
        Member::method(
            "get_private_ip",
            &[],
            Ty::Str,
            "Its address in the network; None while it has none.",
            "net = account.network_get('8056c2e21c000001')\n\
             m = net.member_get(name='laptop')\n\
             m.get_private_ip()",
            |this: &Arc<NetworkMember>, _| Ok(private_ip(&this.json).into()),
        ),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        let name = crate::tfchain::explorer::ServerText::new(at(&self.json, "/name"));
        format!(
            "zerotier_member(address={}, name='{name}')",
            address_of(&self.json)
        )
    }
    fn to_json(&self) -> Json {
        self.json.clone()
    }
}
