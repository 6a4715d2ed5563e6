//! `j`: the root of the tree.
use std::sync::Arc;

use super::builders::Builders;
use super::clients::Clients;
use super::data::Data;
use super::devnet::DevnetNode;
use super::world::World;
use crate::object::{Class, Member, Obj, Scripts, class_of};

/// `j`.
pub struct Root {
    builders: Arc<Builders>,
    clients: Arc<Clients>,
    data: Arc<Data>,
    devnet: Arc<DevnetNode>,
}

impl Root {
    /// The whole tree.
    pub fn open(world: Arc<World>) -> Obj {
        let clients = Clients::open(&world);
        Arc::new(Root {
            builders: Builders::open(&world, clients.clone()),
            clients,
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
            "builders",
            class_of::<Builders>,
            "Recipes that make flists of programs: build, install, sandbox.",
            "j.builders",
            |root, _| Ok(root.builders.clone().into()),
        ),
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
    fn connect(&self, scripts: &Scripts) {
        self.builders.connect(scripts);
    }
}
