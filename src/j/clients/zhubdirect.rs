//! `j.clients.zhubdirect`: chunks brought to a hub directly.
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroizing;

use crate::flist::ChunkId;
use crate::flist::hub::Direct;
use crate::j::instances::{Base, Collection, Common, Config};
use crate::j::world::World;
use crate::object::dict::Dict;
use crate::object::{Args, Class, Error, Member, Needs, Param, Result, Stored, Ty, Value};

/// The collection at `j.clients.zhubdirect`.
pub fn collection(world: &Arc<World>) -> Arc<Collection<ZhubDirect>> {
    Collection::top(world, "j.clients.zhubdirect")
}

/// The door of a hub for chunks.
pub struct ZhubDirect {
    base: Arc<Base>,
}

impl Config for ZhubDirect {
    type Owner = ();
    const SCHEMA: &'static str = r#"
@url = jumpscale.zhubdirect.client
@secret = jwt_
name* = "" (S)
base_uri = "https://direct.hub.grid.tf" (S)     # where it is
jwt_ = "" (S)                                   # token of the identity service
"#;
    const COLLECTION: &'static str = "zhubdirect";
    const COLLECTION_DOC: &'static str = "Doors of hubs for chunks, by name.";

    fn open(base: Arc<Base>, (): &()) -> Result<Self> {
        Ok(ZhubDirect { base })
    }
    fn base(&self) -> &Arc<Base> {
        &self.base
    }
    fn changing(&self, name: &str, value: &Value) -> Result<()> {
        if let ("base_uri", Value::Str(uri)) = (name, value) {
            Direct::new(uri, None)?;
        }
        Ok(())
    }
}

impl ZhubDirect {
    fn direct(&self) -> Result<Direct> {
        let token = Zeroizing::new(self.base.text("jwt_"));
        Ok(Direct::new(&self.base.text("base_uri"), Some(&token))?)
    }
}

/// A key as it is typed: 32 hex digits, base64 or 16 bytes.
fn id(value: &Value) -> Option<ChunkId> {
    let bytes = match value {
        Value::Bytes(bytes) => bytes.clone(),
        Value::Str(text) => hex::decode(text)
            .or_else(|_| BASE64_STANDARD.decode(text))
            .ok()?,
        _ => return None,
    };
    bytes.try_into().ok().map(ChunkId)
}

/// The keys of a parameter that is a list of them.
pub(super) fn ids(args: &Args, name: &str) -> Result<Vec<ChunkId>> {
    let Value::List(list) = args.get(name) else {
        return Err(args.error(name, "must be a list of keys"));
    };
    let wrong = || {
        args.error(
            name,
            "must be keys of chunks: 32 hex digits each, or base64",
        )
    };
    list.iter()
        .map(|value| id(value).ok_or_else(wrong))
        .collect()
}

/// The chunks of a dict, by their keys.
fn chunks(args: &Args) -> Result<Vec<(ChunkId, Vec<u8>)>> {
    let wrong = |key: &str, what: &str| Error::value(format!("chunk '{key}': {what}"));
    let entries: Vec<(String, Value)> = match args.get("chunks") {
        Value::Map(map) => map.iter().map(|(k, v)| (k.clone(), v.clone())).collect(),
        value => match value.downcast::<Dict>() {
            Some(dict) => dict.entries().into_iter().collect(),
            None => return Err(args.error("chunks", "must be a dict of bytes by key")),
        },
    };
    let mut chunks = Vec::new();
    for (key, value) in entries {
        let id = id(&Value::Str(key.clone()))
            .ok_or_else(|| wrong(&key, "the key must be 32 hex digits, or base64"))?;
        let Value::Bytes(bytes) = value else {
            return Err(wrong(&key, "its data must be bytes"));
        };
        if ChunkId::of(&bytes) != id {
            return Err(wrong(&key, "these bytes have another key"));
        }
        chunks.push((id, bytes));
    }
    Ok(chunks)
}

impl Class for ZhubDirect {
    const NAME: &'static str = "zhubdirect_client";
    const DOC: &'static str = "The door of a hub for chunks.";
    const MEMBERS: &'static [&'static [Member<Self>]] = &[
        &[
            Member::method(
                "exists",
                &[Param::required(
                    "keys",
                    Ty::List,
                    "keys of chunks: 32 hex digits each",
                )],
                Ty::List,
                "Answers which of these chunks it does not have.",
                "direct = j.clients.zhubdirect.new('door', base_uri=j.devnet.hub_url)\n\
                 direct.exists(['00112233445566778899aabbccddeeff'])",
                |this: &Arc<Self>, args| {
                    let direct = this.direct()?;
                    let ids = ids(args, "keys")?;
                    let missing = this.base.world.block_on(direct.exists(&ids))??;
                    Ok(missing
                        .iter()
                        .map(|id| Value::Str(id.to_string()))
                        .collect())
                },
            )
            .needs(Needs::NETWORK),
            Member::method(
                "insert",
                &[Param::required(
                    "chunks",
                    Ty::Any("dict"),
                    "encrypted bytes of chunks by their keys",
                )],
                Ty::Bool,
                "Brings chunks. A chunk whose bytes are not those of its key is refused.",
                "",
                |this: &Arc<Self>, args| {
                    let chunks = chunks(args)?;
                    if !chunks.is_empty() {
                        let direct = this.direct()?;
                        this.base.world.block_on(direct.insert(&chunks))??;
                    }
                    Ok(Value::Bool(true))
                },
            )
            .needs(Needs::NETWORK),
        ],
        Common::<Self>::MEMBERS,
    ];
    const STORED: Option<Stored<Self>> = Common::<Self>::STORED;
}
