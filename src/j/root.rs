//! `j`: the root of the tree.
use std::sync::Arc;

use super::clients::Clients;
use super::data::Data;
use super::devnet::DevnetNode;
use super::world::World;
use crate::object::{Class, Member, Obj, class_of};

/// `j`.
pub struct Root {
    clients: Arc<Clients>,
    data: Arc<Data>,
    devnet: Arc<DevnetNode>,
}

impl Root {
    /// The whole tree.
    pub fn open(world: Arc<World>) -> Obj {
        Arc::new(Root {
            clients: Clients::open(&world),
            data: Data::open(&world),
            devnet: DevnetNode::open(world),
        })
    }
}

impl Class for Root {
    const NAME: &'static str = "j";
    const DOC: &'static str = "The root of everything.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::child(
            "clients",
            class_of::<Clients>,
            "Clients of the grid's services.",
            "j.clients",
            |root, _| Ok(root.clients.clone().into()),
        ),
        Member::child(
            "data",
            class_of::<Data>,
            "Data with types: schemas, objects and values.",
            "j.data",
            |root, _| Ok(root.data.clone().into()),
        ),
        Member::child(
            "devnet",
            class_of::<DevnetNode>,
            "The grid on this machine: a chain of your own, with a faucet.",
            "j.devnet",
            |root, _| Ok(root.devnet.clone().into()),
        ),
    ]];

    fn location(&self) -> String {
        "j".into()
    }
}
