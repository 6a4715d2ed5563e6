//! What a gedis server tells of its actors: `api_meta_get` and `jsx_schemas_get` (spec: capacity
//! §5).
//!
//! An actor is described by an object of the schema `jumpscale.gedis.api`, whose lists hold
//! objects of two more schemas. Clients of the original make their calls from it: they take the
//! schemas' texts, and look them up by the addresses that the methods name.
use md5::{Digest, Md5};
use serde::ser::{Serialize, SerializeMap, SerializeTuple, Serializer};

use super::schema::{MAX_OBJECT, MD5, VERSION, WireError};
use crate::capnp::{Builder, Message, Struct, pack, unpack};

/// Text of the schema of an actor's description.
const API: &str = "@url = jumpscale.gedis.api\nnamespace = \"\"\nname = \"\"\n\
                   cmds = (LO) !jumpscale.gedis.cmd\nschemas = (LO) !jumpscale.gedis.schema\n";
/// Text of the schema of a method in it.
const COMMAND: &str = "@url = jumpscale.gedis.cmd\nname = \"\"\ncomment = \"\"\n\
                       schema_in_url = \"\"\nschema_out_url = \"\"\nargs = (ls)\n";
/// Text of the schema of a schema in it.
const SCHEMA: &str = "@url = jumpscale.gedis.schema\nmd5 = \"\"\nurl = \"\"\ncontent = \"\"\n";
/// The most methods or schemas of an actor that are read.
const MOST: usize = 1_000;

/// An actor.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Api {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its methods.
    pub methods: Vec<Method>,
    /// The schemas that they name.
    pub schemas: Vec<SchemaText>,
}

/// A method of an actor.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Method {
    /// Its name.
    pub name: String,
    /// What it does.
    pub comment: String,
    /// Address of the schema of what it takes; empty for none.
    pub takes: String,
    /// Address of the schema of what it answers; empty for none.
    pub answers: String,
    /// Names of its arguments.
    pub args: Vec<String>,
}

/// A schema with its address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SchemaText {
    /// Its address.
    pub url: String,
    /// Its text.
    pub content: String,
}

/// MD5 of a schema's text without spaces and newlines.
pub fn sum(text: &str) -> [u8; MD5] {
    let bare: String = text.chars().filter(|c| !matches!(c, ' ' | '\n')).collect();
    Md5::digest(bare.as_bytes()).into()
}

/// The address that a schema without one gets, when a method is described by it.
pub fn url_of(namespace: &str, actor: &str, method: &str, text: &str) -> String {
    let sum = hex::encode(Md5::digest(text.trim().as_bytes()));
    format!("actors.{namespace}.{actor}.{method}.{sum}")
}

fn object(schema: &str, message: Builder) -> Vec<u8> {
    let mut object = vec![VERSION];
    object.extend(sum(schema));
    object.extend(pack(&message.finish()));
    object
}

/// The message in an object, when it is one of the schema.
fn opened(schema: &str, object: &[u8]) -> Result<Vec<u8>, WireError> {
    let short = WireError::Short(object.len());
    let (version, rest) = object.split_first().ok_or(short.clone())?;
    let (found, packed) = rest.split_first_chunk::<MD5>().ok_or(short)?;
    if *version != VERSION {
        return Err(WireError::Version(*version));
    }
    let expected = sum(schema);
    if *found != expected {
        return Err(WireError::Schema {
            found: hex::encode(found),
            expected: hex::encode(expected),
        });
    }
    Ok(unpack(packed, MAX_OBJECT)?)
}

fn texts(message: &mut Builder, all: &[&str]) {
    let root = message.root(0, u16::try_from(all.len()).unwrap_or(u16::MAX));
    for (index, text) in all.iter().enumerate() {
        message.text(root.pointer(index), text.as_bytes());
    }
}

/// The objects of a list.
fn objects<T>(
    root: &Struct<'_>,
    index: usize,
    read: fn(&[u8]) -> Result<T, WireError>,
) -> Result<Vec<T>, WireError> {
    let list = root.list(index)?.take(MOST);
    list.map(|one| read(one.data_of(0)?)).collect()
}

impl Api {
    /// Writes the object.
    pub fn object(&self) -> Vec<u8> {
        let mut message = Builder::new();
        let root = message.root(0, 4);
        message.text(root.pointer(0), self.namespace.as_bytes());
        message.text(root.pointer(1), self.name.as_bytes());
        let places = message.pointers(root.pointer(2), self.methods.len());
        for (place, method) in places.zip(&self.methods) {
            message.data(place, &method.object());
        }
        let places = message.pointers(root.pointer(3), self.schemas.len());
        for (place, schema) in places.zip(&self.schemas) {
            message.data(place, &schema.object());
        }
        object(API, message)
    }

    /// Reads an object.
    ///
    /// # Errors
    /// See [`WireError`].
    pub fn read(object: &[u8]) -> Result<Self, WireError> {
        let message = opened(API, object)?;
        let message = Message::parse(&message)?;
        let root = message.root()?;
        Ok(Self {
            namespace: root.string(0)?,
            name: root.string(1)?,
            methods: objects(&root, 2, Method::read)?,
            schemas: objects(&root, 3, SchemaText::read)?,
        })
    }

    /// The schema of an address.
    pub fn schema(&self, url: &str) -> Option<&SchemaText> {
        self.schemas.iter().find(|schema| schema.url == url)
    }
}

impl Method {
    fn object(&self) -> Vec<u8> {
        let mut message = Builder::new();
        let root = message.root(0, 5);
        let all = [&self.name, &self.comment, &self.takes, &self.answers];
        for (index, text) in all.into_iter().enumerate() {
            message.text(root.pointer(index), text.as_bytes());
        }
        let places = message.pointers(root.pointer(4), self.args.len());
        for (place, name) in places.zip(&self.args) {
            message.text(place, name.as_bytes());
        }
        object(COMMAND, message)
    }

    fn read(object: &[u8]) -> Result<Self, WireError> {
        let message = opened(COMMAND, object)?;
        let message = Message::parse(&message)?;
        let root = message.root()?;
        let args = root.list(4)?.take(MOST);
        Ok(Self {
            name: root.string(0)?,
            comment: root.string(1)?,
            takes: root.string(2)?,
            answers: root.string(3)?,
            args: args.map(|one| one.string(0)).collect::<Result<_, _>>()?,
        })
    }
}

impl SchemaText {
    fn object(&self) -> Vec<u8> {
        let mut message = Builder::new();
        // Its sum is never filled in.
        texts(&mut message, &["", &self.url, &self.content]);
        object(SCHEMA, message)
    }

    fn read(object: &[u8]) -> Result<Self, WireError> {
        let message = opened(SCHEMA, object)?;
        let message = Message::parse(&message)?;
        let root = message.root()?;
        Ok(Self {
            url: root.string(1)?,
            content: root.string(2)?,
        })
    }
}

struct Bytes(Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

/// The answer of `api_meta_get`: a MessagePack map `cmds` with the actors of a namespace.
pub fn api_meta(actors: &[Api]) -> Vec<u8> {
    struct Cmds<'a>(&'a [Api]);
    impl Serialize for Cmds<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(Some(self.0.len()))?;
            for api in self.0 {
                let key = format!("{}__{}", api.namespace, api.name);
                map.serialize_entry(&key, &Bytes(api.object()))?;
            }
            map.end()
        }
    }
    struct Meta<'a>(&'a [Api]);
    impl Serialize for Meta<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(Some(1))?;
            map.serialize_entry("cmds", &Cmds(self.0))?;
            map.end()
        }
    }
    // Writing to memory does not fail.
    rmp_serde::to_vec(&Meta(actors)).unwrap_or_default()
}

/// The answer of `jsx_schemas_get`: the schemas of descriptions by their sums, each with its text
/// and address.
pub fn core_schemas() -> Vec<u8> {
    struct Pair(&'static str, &'static str);
    impl Serialize for Pair {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut pair = serializer.serialize_tuple(2)?;
            pair.serialize_element(self.0)?;
            pair.serialize_element(self.1)?;
            pair.end()
        }
    }
    struct Core;
    impl Serialize for Core {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let all = [
                (API, "jumpscale.gedis.api"),
                (COMMAND, "jumpscale.gedis.cmd"),
                (SCHEMA, "jumpscale.gedis.schema"),
            ];
            let mut map = serializer.serialize_map(Some(all.len()))?;
            for (text, url) in all {
                map.serialize_entry(&hex::encode(sum(text)), &Pair(text, url))?;
            }
            map.end()
        }
    }
    rmp_serde::to_vec(&Core).unwrap_or_default()
}
