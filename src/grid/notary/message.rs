//! What a notary is told and what it answers.
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::grid::gedis::meta::url_of;
use crate::grid::gedis::{Api, Field, FieldKind, Method, Schema, SchemaText, Value};
use crate::grid::sealed::Sealed;
use crate::tfchain::Signature;

/// The command that registers a reservation.
pub const REGISTER: &str = "default.notary_actor.register";
/// The command that reads one back.
pub const GET: &str = "default.notary_actor.get";

/// The notary's text for a signature that is not the 3bot's.
pub const FORGED: &str = "Signature was forged or corrupt";
/// The notary's text for a hash that it has, quotes included.
pub const EXISTS: &str = "'reservation already exists in the notary. This should never happens, make sure you set include a unique field in your content'";
/// The notary's text for a hash that it has not, quotes included.
pub const NOT_FOUND: &str = "'reservation not found'";

const fn text(name: &'static str) -> Field {
    Field {
        name,
        kind: FieldKind::Text,
    }
}

const fn data(name: &'static str) -> Field {
    Field {
        name,
        kind: FieldKind::Data,
    }
}

/// What [`REGISTER`] takes.
static REGISTER_IN: Schema = Schema {
    md5: 0xb9ee_99ec_28b7_d604_9d95_3659_202e_5c36_u128.to_be_bytes(),
    fields: &[
        text("threebot_id"),
        data("content"),
        data("content_signature"),
    ],
};

/// What [`REGISTER`] answers and [`GET`] takes.
pub static HASH: Schema = Schema {
    md5: 0x0de9_b873_ad96_a1d2_df77_6831_4dd3_318c_u128.to_be_bytes(),
    fields: &[text("hash")],
};

/// What [`GET`] answers.
pub static STORED: Schema = Schema {
    md5: 0xa034_8f96_2ff5_d0eb_4b98_295f_7ca2_df06_u128.to_be_bytes(),
    fields: &[
        text("hash"),
        text("threebot_id"),
        data("content"),
        data("content_signature"),
    ],
};

/// Returns the schema of what [`REGISTER`] takes.
pub fn register_schema() -> &'static Schema {
    &REGISTER_IN
}

/// A reservation that is handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Register {
    /// Name or number of the 3bot, as its owner wrote it.
    pub threebot_id: String,
    /// The content with its signature.
    pub sealed: Sealed,
}

/// A reservation as a notary gives it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its hash, 64 lower-case hex digits.
    pub hash: String,
    /// Who registered it.
    pub register: Register,
}

/// The JSON of the REST front, both ways; what is not there is left out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RestAnswer {
    /// The hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// Name or number of the 3bot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threebot_id: Option<String>,
    /// The content in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Its signature in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_signature: Option<String>,
}

impl Register {
    /// Returns the values for the schema.
    pub fn values(&self) -> Vec<Value> {
        vec![
            Value::Text(self.threebot_id.clone()),
            Value::Data(self.sealed.content.clone()),
            Value::Data(self.sealed.signature.as_bytes().to_vec()),
        ]
    }

    /// Reads the values of the schema.
    pub fn from_values(values: Vec<Value>) -> Option<Register> {
        let [id, content, signature] = <[Value; 3]>::try_from(values).ok()?;
        Some(Register {
            threebot_id: id.into_text(),
            sealed: Sealed {
                content: content.into_data(),
                signature: Signature::from_bytes(signature.into_data()),
            },
        })
    }

    /// Returns the JSON form.
    pub fn rest(&self) -> RestAnswer {
        RestAnswer {
            hash: None,
            threebot_id: Some(self.threebot_id.clone()),
            content: Some(STANDARD.encode(&self.sealed.content)),
            content_signature: Some(STANDARD.encode(self.sealed.signature.as_bytes())),
        }
    }

    /// Reads the JSON form; None when something is missing or no base64.
    pub fn from_rest(rest: &RestAnswer) -> Option<Register> {
        let bytes = |text: &Option<String>| STANDARD.decode(text.as_ref()?).ok();
        Some(Register {
            threebot_id: rest.threebot_id.clone()?,
            sealed: Sealed {
                content: bytes(&rest.content)?,
                signature: Signature::from_bytes(bytes(&rest.content_signature)?),
            },
        })
    }
}

impl Stored {
    /// Returns the values for the schema.
    pub fn values(&self) -> Vec<Value> {
        let mut values = vec![Value::Text(self.hash.clone())];
        values.extend(self.register.values());
        values
    }

    /// Reads the values of the schema.
    pub fn from_values(mut values: Vec<Value>) -> Option<Stored> {
        if values.is_empty() {
            return None;
        }
        let hash = values.remove(0).into_text();
        let register = Register::from_values(values)?;
        Some(Stored { hash, register })
    }

    /// Returns the JSON form.
    pub fn rest(&self) -> RestAnswer {
        RestAnswer {
            hash: Some(self.hash.clone()),
            ..self.register.rest()
        }
    }
}

/// Text of the schema of what [`REGISTER`] takes.
const REGISTER_TEXT: &str =
    "threebot_id = \"\" (S)\ncontent = (bytes)\ncontent_signature = (bytes)";
/// Text of the schema of what [`REGISTER`] answers and [`GET`] takes.
const HASH_TEXT: &str = "hash = \"\" (S)";
/// Address of the schema of what [`GET`] answers.
const STORED_URL: &str = "threefold.grid.notary.reservation";
/// Text of that schema.
const STORED_TEXT: &str = "@url = threefold.grid.notary.reservation\nhash* = \"\" (S)\n\
                           threebot_id = \"\" (S)\ncontent = (bytes)\ncontent_signature = (bytes)\n";

/// What a notary tells of itself: its actor with methods and schemas.
pub fn description() -> Api {
    let (namespace, actor) = ("default", "notary_actor");
    // A schema has one address: the one under which it was met first.
    let hash = url_of(namespace, actor, "get", HASH_TEXT);
    let register = url_of(namespace, actor, "register", REGISTER_TEXT);
    let schema = |url: &str, content: &str| SchemaText {
        url: url.to_owned(),
        content: content.to_owned(),
    };
    Api {
        namespace: namespace.to_owned(),
        name: actor.to_owned(),
        methods: vec![
            Method {
                name: "get".to_owned(),
                comment: "Gives a reservation out by its hash.".to_owned(),
                takes: hash.clone(),
                answers: STORED_URL.to_owned(),
                args: vec!["hash".to_owned()],
            },
            Method {
                name: "register".to_owned(),
                comment: "Keeps a signed reservation of a 3bot; answers its hash.".to_owned(),
                takes: register.clone(),
                answers: hash.clone(),
                args: ["threebot_id", "content", "content_signature"]
                    .map(String::from)
                    .to_vec(),
            },
        ],
        schemas: vec![
            schema(&hash, HASH_TEXT),
            schema(STORED_URL, STORED_TEXT),
            schema(&register, REGISTER_TEXT),
        ],
    }
}
