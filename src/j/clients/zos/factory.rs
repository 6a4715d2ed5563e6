//! Nodes found by their id in the directory, and nodes of an organization.
use std::sync::Arc;

use super::instance::ZosInstance;
use crate::j::instances::{Collection, Config};
use crate::object::{Args, Default, Error, Member, Needs, Param, Result, Ty, Value, class_of};
use crate::zos::{directory, identity};

/// A name that can be used in a path of the tree.
fn named(id: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    format!("node_{}", id.chars().map(plain).collect::<String>())
}

/// The instance of a name with these properties: the one that is there, changed, or a new one.
fn with_properties(
    all: &Arc<Collection<ZosInstance>>,
    name: &str,
    properties: &[(String, Value)],
) -> Result<Arc<ZosInstance>> {
    match all.find_one(name)? {
        Some(node) => {
            for (key, value) in properties {
                node.changing(key, value)?;
                if node
                    .base()
                    .get(key)
                    .as_ref()
                    .is_none_or(|now| !now.equals(value))
                {
                    node.base().set(key, value)?;
                }
            }
            node.changed();
            Ok(node)
        }
        None => all.create(name, properties),
    }
}

fn by_id(all: &Arc<Collection<ZosInstance>>, args: &Args) -> Result<Value> {
    let id = args.text("node_id").trim();
    if id.is_empty() || id.len() > 64 {
        return Err(args.error("node_id", "must be the id of a node, like ac1f6b84a330"));
    }
    let asked = directory::host_of(args.text("directory"), id);
    let host = all.world().block_on(asked)??;
    let properties = [("host".to_string(), Value::Str(host))];
    with_properties(all, &named(id), &properties).map(Value::from)
}

fn from_itsyouonline(all: &Arc<Collection<ZosInstance>>, args: &Args) -> Result<Value> {
    let Some(organization) = args
        .opt_text("iyo_organization")
        .filter(|name| !name.is_empty())
    else {
        return Err(Error::value("need to specify name of organization.")
            .hint("iyo_organization='…': the one the node was started for"));
    };
    let access = args.text("iyo_instance");
    let identities = all.context().ok_or_else(|| {
        Error::new(
            crate::object::Kind::Internal,
            "there is no identity service",
        )
    })?;
    let access = identities.find_one(access)?.ok_or_else(|| {
        super::core::not_found(format!("j.clients.itsyouonline has no '{access}'")).hint(format!(
            "j.clients.itsyouonline.new('{access}', application_id='…', secret='…')"
        ))
    })?;
    let name = args.text("name");
    // A token that was asked for earlier is good for as long as it lasts.
    let kept = match (all.find_one(name)?, args.flag("reset")) {
        (Some(node), false) => Some(node).filter(|node| node.core().has_token_of(organization)),
        _ => None,
    };
    let mut properties = vec![
        ("host".to_string(), Value::from(args.text("host"))),
        (
            "port".to_string(),
            Value::Int(args.opt_int("port").unwrap_or_default()),
        ),
        ("ssl".to_string(), Value::Bool(true)),
        ("identity_url".to_string(), Value::Str(access.address())),
    ];
    if kept.is_none() {
        let token = access.token(organization, identity::VALIDITY)?;
        properties.push(("password".to_string(), Value::Str(token.to_string())));
    }
    let node = with_properties(all, name, &properties)?;
    let client = node.core().client()?;
    node.core().ask(client.ping())?;
    if args.flag("save") {
        node.base().save(false)?;
    }
    Ok(node.into())
}

/// `j.clients.zos.get_by_id(…)`.
pub const GET_BY_ID: Member<Collection<ZosInstance>> = Member::method(
    "get_by_id",
    &[
        Param::required("node_id", Ty::Str, "id of the node in the directory"),
        Param::optional(
            "directory",
            Ty::Str,
            Default::Str(directory::ADDRESS),
            "address of the capacity directory",
        ),
    ],
    Ty::Object(class_of::<ZosInstance>),
    "Looks a node up in the capacity directory; answers an instance with its host.",
    "j.clients.zos.get_by_id('ac1f6b84a330', directory=directory)",
    |this: &Arc<Collection<ZosInstance>>, args| by_id(this, args),
)
.needs(Needs::NETWORK.and(Needs::UNLOCKED));

/// `j.clients.zos.get_from_itsyouonline(…)`.
pub const GET_FROM_ITSYOUONLINE: Member<Collection<ZosInstance>> = Member::method(
    "get_from_itsyouonline",
    &[
        Param::optional(
            "name",
            Ty::Str,
            Default::Str("default"),
            "name of the instance",
        ),
        Param::optional(
            "iyo_instance",
            Ty::Str,
            Default::Str("default"),
            "name of the access in j.clients.itsyouonline",
        ),
        Param::optional(
            "iyo_organization",
            Ty::Str,
            Default::None,
            "the organization the node was started for",
        ),
        Param::optional(
            "host",
            Ty::Str,
            Default::Str("localhost"),
            "name or address of the node",
        ),
        Param::optional("port", Ty::Int, Default::Int(6379), "port of its Redis"),
        Param::optional(
            "reset",
            Ty::Bool,
            Default::Bool(false),
            "ask for a new token in any case",
        ),
        Param::optional("save", Ty::Bool, Default::Bool(true), "save the instance"),
    ],
    Ty::Object(class_of::<ZosInstance>),
    "Gets a token for a node of an organization, connects with it, and saves the instance.",
    "iyo = j.clients.itsyouonline.new('mine', application_id='an_id', secret='a_secret')",
    |this: &Arc<Collection<ZosInstance>>, args| from_itsyouonline(this, args),
)
.needs(Needs::NETWORK.and(Needs::UNLOCKED).and(Needs::SAVES));
