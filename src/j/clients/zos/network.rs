//! The network of a node: `vm.network`.
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::core::{Core, not_found};
use super::rows::shown;
use super::view::gateway_link;
use crate::object::{Class, Error, Kind, Member, Needs, Param, Result, Ty, Value};
use crate::zos::Request;

/// The network of a node.
pub struct Network(Arc<Core>);

impl Network {
    /// Of this node.
    pub fn value(core: &Arc<Core>) -> Value {
        Value::object(Network(core.clone()))
    }

    fn ask(&self, command: &str, arguments: Json) -> Result<Json> {
        let client = self.0.client()?;
        self.0.ask(client.json(Request::new(command, arguments)))
    }
}

impl Class for Network {
    const NAME: &'static str = "Network";
    const DOC: &'static str = "The network of a node.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::method(
            "get_management_info",
            &[],
            Ty::Dict,
            "Answers link, addresses and gateway of the way out.",
            "vm.network.get_management_info()",
            |this: &Arc<Self>, _| {
                let routes = this.ask("ip.route.list", json!({}))?;
                let link = gateway_link(&routes)
                    .ok_or_else(|| not_found("Could not find route with default gw"))?;
                let route = routes.as_array().into_iter().flatten().find(|route| {
                    route["gw"]
                        .as_str()
                        .is_some_and(|gateway| !gateway.is_empty())
                });
                let gateway = route.map(|route| route["gw"].clone()).unwrap_or_default();
                let addresses = this.ask("ip.addr.list", json!({"name": link}))?;
                Ok(shown(
                    &json!({"link": link, "addresses": addresses, "gateway": gateway}),
                ))
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "get_addresses",
            &[Param::required("link", Ty::Str, "name of the link")],
            Ty::List,
            "Lists the addresses of a link.",
            "vm.network.get_addresses('lo')",
            |this: &Arc<Self>, args| {
                let arguments = json!({"name": args.text("link")});
                this.ask("ip.addr.list", arguments).map(|list| shown(&list))
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "get_free_nics",
            &[],
            Ty::List,
            "Lists the names of the links without an address.",
            "vm.network.get_free_nics()",
            |this: &Arc<Self>, _| {
                let links = this.ask("info.nic", json!({}))?;
                let free = links
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter(|link| link["addrs"].as_array().is_none_or(Vec::is_empty));
                Ok(free.map(|link| Value::from_json(&link["name"])).collect())
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "configure",
            OVS,
            Ty::Nothing,
            "Makes the backplane of a farm over open vSwitch: not in this shell.",
            "",
            |_: &Arc<Self>, args| Err(without_ovs(args.method())),
        ),
        Member::method(
            "unconfigure",
            OVS,
            Ty::Nothing,
            "Takes the backplane of a farm down: not in this shell.",
            "",
            |_: &Arc<Self>, args| Err(without_ovs(args.method())),
        ),
    ]];
}

/// What the backplane is made from; nothing is done with it.
const OVS: &[Param] = &[Param::rest("settings", "cidr, vlan_tag, bonded")];

fn without_ovs(what: &str) -> Error {
    Error::new(
        Kind::Refused,
        format!("{what} is a part of Zero-OS that is not in this shell: it needs open vSwitch"),
    )
    .hint("client.bridge makes networks between containers")
}
