//! `j.clients`: clients of the grid's services.
pub mod currencylayer;
pub mod tfchain;
pub mod zdb;
pub mod zos;

use std::sync::Arc;

use super::instances::Collection;
use super::world::World;
use crate::object::{Class, Member, class_of};
use currencylayer::CurrencyLayer;
use tfchain::TfchainClient;
use zdb::ZdbFactory;
use zos::ZosInstance;

/// `j.clients`.
pub struct Clients {
    currencylayer: Arc<Collection<CurrencyLayer>>,
    tfchain: Arc<Collection<TfchainClient>>,
    zdb: Arc<ZdbFactory>,
    zos: Arc<Collection<ZosInstance>>,
}

impl Clients {
    /// All clients.
    pub fn open(world: &Arc<World>) -> Arc<Clients> {
        Arc::new(Clients {
            currencylayer: currencylayer::collection(world),
            tfchain: tfchain::collection(world),
            zdb: ZdbFactory::open(world),
            zos: zos::collection(world),
        })
    }
}

impl Class for Clients {
    const NAME: &'static str = "clients";
    const DOC: &'static str = "Clients of the grid's services.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[&[
        Member::child(
            "currencylayer",
            class_of::<Collection<CurrencyLayer>>,
            "Rates of currencies: the built-in table, or live ones.",
            "j.clients.currencylayer",
            |clients, _| Ok(clients.currencylayer.clone().into()),
        ),
        Member::child(
            "tfchain",
            class_of::<Collection<TfchainClient>>,
            "Clients of the ThreeFold chain, and the wallets below them.",
            "j.clients.tfchain",
            |clients, _| Ok(clients.tfchain.clone().into()),
        ),
        Member::child(
            "zdb",
            class_of::<ZdbFactory>,
            "Clients of 0-DB: values by keys in namespaces.",
            "j.clients.zdb",
            |clients, _| Ok(clients.zdb.clone().into()),
        ),
        Member::child(
            "zos",
            class_of::<Collection<ZosInstance>>,
            "Zero-OS nodes, and their containers.",
            "j.clients.zos",
            |clients, _| Ok(clients.zos.clone().into()),
        ),
    ]];

    fn location(&self) -> String {
        "j.clients".into()
    }
}
