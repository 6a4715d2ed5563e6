//! `j.clients.tfchain`: clients of the chain, and the wallets below them.
pub mod wallet;

use std::sync::Arc;

use crate::j::instances::{Base, Collection, Common, Config, model_of, model_set};
use crate::j::world::World;
use crate::object::{Class, Member, ModelProperty, Paint, Result, Value, class_of};
use wallet::Wallet;

/// The collection at `j.clients.tfchain`.
pub fn collection(world: &Arc<World>) -> Arc<Collection<TfchainClient>> {
    Collection::new(world, "j.clients.tfchain".into(), String::new(), None).with_context(())
}

/// What a client shares with its wallets.
pub struct ClientCore {
    /// Name, place and data of the client.
    pub base: Arc<Base>,
}

/// A client of the chain.
pub struct TfchainClient {
    core: Arc<ClientCore>,
    wallets: Arc<Collection<Wallet>>,
}

impl Config for TfchainClient {
    type Owner = ();
    const SCHEMA: &'static str = r#"
@url = jumpscale.tfchain.client
name* = "" (S)
network_type = "STD,TEST,DEV" (E)       # the network of the chain
explorer_nodes = (LS)                   # addresses used instead of the network's own
"#;
    const COLLECTION: &'static str = "tfchain";
    const COLLECTION_DOC: &'static str = "Clients of the ThreeFold chain, by name.";

    fn open(base: Arc<Base>, (): &()) -> Result<Self> {
        let core = Arc::new(ClientCore { base: base.clone() });
        let wallets = Collection::new(
            &base.world,
            format!("{}.wallets", base.path()),
            base.location.clone(),
            Some(base.clone()),
        )
        .with_context(core.clone());
        Ok(TfchainClient { core, wallets })
    }
    fn base(&self) -> &Arc<Base> {
        &self.core.base
    }
}

impl Class for TfchainClient {
    const NAME: &'static str = "TFChainClient";
    const DOC: &'static str = "A client of the chain on one network.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[
        &[Member::child(
            "wallets",
            class_of::<Collection<Wallet>>,
            "The wallets of this client.",
            "j.clients.tfchain.my_client.wallets",
            |client, _| Ok(client.wallets.clone().into()),
        )],
        Common::<Self>::MEMBERS,
    ];

    fn model() -> Vec<ModelProperty> {
        model_of::<Self>()
    }
    fn location(&self) -> String {
        self.core.base.path()
    }
    fn model_get(&self, name: &str) -> Option<Value> {
        self.core.base.get(name)
    }
    fn model_set(self: &Arc<Self>, name: &str, value: &Value) -> Option<Result<()>> {
        model_set(self, name, value)
    }
    fn repr(&self, paint: Paint) -> String {
        self.core.base.block(paint)
    }
    fn to_json(&self) -> serde_json::Value {
        self.core.base.to_json()
    }
}
