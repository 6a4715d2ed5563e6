//! Networks of an account of the ZeroTier controller, and their members.
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::ZeroTierClient;
use crate::grid::zerotier::ZeroTierError;
use crate::j::clients::zos::rows::shown;
use crate::object::{
    Args, Class, Default, Error, Kind, Member, Needs, Paint, Param, Result, Ty, Value, class_of,
};

/// A network of an account.
pub struct Network {
    pub(super) client: Arc<ZeroTierClient>,
    pub(super) id: String,
    pub(super) json: Json,
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
