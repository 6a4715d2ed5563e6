//! Many nodes at once.
use std::sync::Arc;

use super::client::NodeClient;
use super::group_answer::GroupAnswer;
use super::instance::ZosInstance;
use super::targets::{Nodes, Targets};
use crate::j::instances::Collection;
use crate::object::{
    Args, Class, Default, Member, Needs, Paint, Param, Result, Ty, Value, class_of,
};

/// Nodes that are asked at the same time, unless a group is told otherwise.
pub const LIMIT: i64 = 32;

/// Many nodes; what is called on it is called on all, side by side.
pub struct NodeGroup(Nodes);

impl NodeGroup {
    /// A group of instances.
    ///
    /// # Errors
    /// A limit of nothing.
    pub fn value(
        collection: &Collection<ZosInstance>,
        instances: &[Arc<ZosInstance>],
        args: &Args,
    ) -> Result<Value> {
        Ok(Value::object(NodeGroup(Nodes {
            cores: instances.iter().map(|i| i.core().clone()).collect(),
            limit: limit(args)?,
            world: collection.world().clone(),
        })))
    }
}

fn limit(args: &Args) -> Result<usize> {
    let given = args.opt_int("limit").unwrap_or(LIMIT);
    match usize::try_from(given) {
        Ok(limit) if limit > 0 => Ok(limit),
        _ => Err(args.error("limit", format!("is {given}: expected 1 or more"))),
    }
}

/// How many are asked at the same time.
pub const LIMIT_PARAM: Param = Param::optional(
    "limit",
    Ty::Int,
    Default::Int(LIMIT),
    "nodes asked at the same time",
);

impl Class for NodeGroup {
    const NAME: &'static str = "NodeGroup";
    const DOC: &'static str = "Many nodes: what is called on it is called on all, side by side, and \
                               answers per node what happened.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::child(
            "client",
            class_of::<NodeClient>,
            "The protocol client of all nodes.",
            "j.clients.zos.all().client.info.mem()",
            |this: &Arc<Self>, _| Ok(NodeClient::value(Targets::Many(this.0.clone()))),
        ),
        Member::method(
            "ping",
            &[],
            Ty::Object(class_of::<GroupAnswer>),
            "Asks all nodes whether they are there.",
            "j.clients.zos.all().ping()",
            |this: &Arc<Self>, _| {
                let nodes = Targets::Many(this.0.clone());
                nodes.ask(
                    "ping",
                    |client| async move { client.ping().await },
                    Value::Str,
                )
            },
        )
        .needs(Needs::NETWORK),
        Member::method(
            "limited",
            &[LIMIT_PARAM],
            Ty::Object(class_of::<NodeGroup>),
            "The same group with another number of nodes asked at the same time.",
            "j.clients.zos.all().limited(4)",
            |this: &Arc<Self>, args| {
                Ok(Value::object(NodeGroup(Nodes {
                    limit: limit(args)?,
                    ..this.0.clone()
                })))
            },
        ),
        Member::property(
            "names",
            Ty::List,
            "The names of its nodes.",
            "j.clients.zos.all().names",
            |this: &Arc<Self>, _| {
                let names = this.0.cores.iter().map(|core| core.base.name.clone());
                Ok(names.map(Value::Str).collect())
            },
        ),
    ]];

    fn repr(&self, _paint: Paint) -> String {
        let names: Vec<&str> = self.0.cores.iter().map(|c| c.base.name.as_str()).collect();
        format!("NodeGroup({})", names.join(", "))
    }
    fn items(&self) -> Option<Vec<Value>> {
        let nodes = self.0.cores.iter().map(ZosInstance::of);
        Some(nodes.map(Value::object).collect())
    }
}
