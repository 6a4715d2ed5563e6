//! A wallet of the chain.
use std::sync::Arc;

use super::ClientCore;
use crate::j::instances::{Base, Common, Config, model_of, model_set};
use crate::object::{Class, Member, ModelProperty, Paint, Result, Value};

/// A wallet.
pub struct Wallet {
    base: Arc<Base>,
    #[allow(dead_code)]
    client: Arc<ClientCore>,
}

impl Config for Wallet {
    type Owner = Arc<ClientCore>;
    const SCHEMA: &'static str = r#"
@url = jumpscale.tfchain.wallet
@secret = seed
name* = "" (S)
seed = "" (S)                # the recovery words; made when empty
key_count = 1 (I)            # keys to recreate
key_scan_count = -1 (I)      # keys looked ahead; -1 means 3, 0 never looks
"#;
    const COLLECTION: &'static str = "wallets";
    const COLLECTION_DOC: &'static str = "The wallets of a client, by name.";

    fn open(base: Arc<Base>, owner: &Arc<ClientCore>) -> Result<Self> {
        Ok(Wallet {
            base,
            client: owner.clone(),
        })
    }
    fn base(&self) -> &Arc<Base> {
        &self.base
    }
}

impl Class for Wallet {
    const NAME: &'static str = "TFChainWallet";
    const DOC: &'static str = "A wallet: keys made from recovery words, and the coins they own.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[Common::<Self>::MEMBERS];

    fn model() -> Vec<ModelProperty> {
        model_of::<Self>()
    }
    fn location(&self) -> String {
        self.base.path()
    }
    fn model_get(&self, name: &str) -> Option<Value> {
        self.base.get(name)
    }
    fn model_set(self: &Arc<Self>, name: &str, value: &Value) -> Option<Result<()>> {
        model_set(self, name, value)
    }
    fn repr(&self, paint: Paint) -> String {
        self.base.block(paint)
    }
    fn to_json(&self) -> serde_json::Value {
        self.base.to_json()
    }
}
