//! `j.clients`: clients of the grid's services.
pub mod currencylayer;
pub mod itsyouonline;
pub mod tfchain;
pub mod zos;

use std::sync::Arc;

use super::instances::Collection;
use super::world::World;
use crate::object::{Class, Member, class_of};
use currencylayer::CurrencyLayer;
use itsyouonline::ItsYouOnline;
use tfchain::TfchainClient;
use zos::ZosInstance;

/// `j.clients`.
pub struct Clients {
    currencylayer: Arc<Collection<CurrencyLayer>>,
    itsyouonline: Arc<Collection<ItsYouOnline>>,
    tfchain: Arc<Collection<TfchainClient>>,
    zos: Arc<Collection<ZosInstance>>,
}

impl Clients {
    /// All clients.
    pub fn open(world: &Arc<World>) -> Arc<Clients> {
        let itsyouonline = itsyouonline::collection(world);
        Arc::new(Clients {
            currencylayer: currencylayer::collection(world),
            itsyouonline: itsyouonline.clone(),
            tfchain: tfchain::collection(world),
            zos: zos::collection(world, &itsyouonline),
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
            "itsyouonline",
            class_of::<Collection<ItsYouOnline>>,
            "Access to the identity service whose tokens nodes take as password.",
            "j.clients.itsyouonline",
            |clients, _| Ok(clients.itsyouonline.clone().into()),
        ),
        Member::child(
            "tfchain",
            class_of::<Collection<TfchainClient>>,
            "Clients of the ThreeFold chain, and the wallets below them.",
            "j.clients.tfchain",
            |clients, _| Ok(clients.tfchain.clone().into()),
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
