//! Calls: the name of a command, its argument and its header.
use super::schema::{Schema, Value, WireError};

/// How an argument or an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// An argument as Cap'n Proto or else JSON; an answer as Cap'n Proto.
    #[default]
    Auto,
    /// Cap'n Proto.
    Capnp,
    /// JSON.
    Json,
    /// MessagePack; an argument in it is read as [`Form::Auto`].
    Msgpack,
}

/// How a call and its answer are written; the third part of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Header {
    /// The form of the argument.
    pub content_type: Form,
    /// The form of the answer.
    pub response_type: Form,
}

/// The name of a command, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandName {
    /// The namespace; None when not said: `system` is tried, then `default`.
    pub namespace: Option<String>,
    /// The actor.
    pub actor: String,
    /// Its method.
    pub method: String,
}

/// A request with its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// What is called.
    pub name: CommandName,
    /// The argument as it came; empty for none.
    pub argument: Vec<u8>,
    /// In which form it is, and the answer shall be.
    pub header: Header,
}

impl Header {
    /// JSON there and back.
    pub const JSON: Header = Header {
        content_type: Form::Json,
        response_type: Form::Json,
    };

    /// Returns the JSON of the header; None for one that says nothing, which is left out.
    pub fn text(&self) -> Option<String> {
        if *self == Header::default() {
            return None;
        }
        let word = |form| match form {
            Form::Auto => "auto",
            Form::Capnp => "capnp",
            Form::Json => "json",
            Form::Msgpack => "msgpack",
        };
        let header = serde_json::json!({
            "content_type": word(self.content_type),
            "response_type": word(self.response_type),
        });
        Some(header.to_string())
    }

    /// Reads a header.
    ///
    /// # Errors
    /// When it is no JSON object.
    pub fn read(text: &[u8]) -> Result<Header, WireError> {
        let header: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(text)
            .map_err(|_| WireError::Form("the header is no JSON object".into()))?;
        let word = |key| header.get(key).and_then(serde_json::Value::as_str);
        Ok(Header {
            content_type: match word("content_type") {
                Some("capnp") => Form::Capnp,
                Some("json") => Form::Json,
                _ => Form::Auto,
            },
            response_type: match word("response_type") {
                None | Some("auto" | "capnp") => Form::Capnp,
                Some("msgpack") => Form::Msgpack,
                Some(_) => Form::Json,
            },
        })
    }
}

impl CommandName {
    /// Reads `namespace.actor.method`, `actor.method` or `method` (of the actor `system`).
    ///
    /// # Errors
    /// More than three parts, or an empty one.
    pub fn read(name: &[u8]) -> Result<CommandName, WireError> {
        let wrong = || WireError::Form("a command is namespace.actor.method".into());
        let name = std::str::from_utf8(name).map_err(|_| wrong())?;
        let lower = name.to_lowercase();
        let parts: Vec<&str> = lower.split('.').collect();
        if parts.iter().any(|part| part.is_empty()) {
            return Err(wrong());
        }
        let (namespace, actor, method) = match *parts.as_slice() {
            [method] => (Some("system"), "system", method),
            [actor, method] => (None, actor, method),
            [namespace, actor, method] => (Some(namespace), actor, method),
            _ => return Err(wrong()),
        };
        Ok(CommandName {
            namespace: namespace.map(str::to_owned),
            actor: actor.to_owned(),
            method: method.to_owned(),
        })
    }
}

impl Call {
    /// Reads the parts of a request: command, argument, header; the last two may be left out.
    ///
    /// # Errors
    /// See [`WireError`].
    pub fn read(parts: &[Vec<u8>]) -> Result<Call, WireError> {
        let (name, rest) = parts
            .split_first()
            .ok_or_else(|| WireError::Form("an empty request".into()))?;
        let header = match rest.get(1) {
            Some(text) if !text.is_empty() => Header::read(text)?,
            _ => Header::default(),
        };
        Ok(Call {
            name: CommandName::read(name)?,
            argument: rest.first().cloned().unwrap_or_default(),
            header,
        })
    }

    /// Reads the argument as an object of a schema.
    ///
    /// # Errors
    /// See [`WireError`].
    pub fn values(&self, schema: &Schema) -> Result<Vec<Value>, WireError> {
        match self.header.content_type {
            Form::Capnp => schema.read_argument(&self.argument),
            Form::Json => schema.read_json(&self.argument),
            Form::Auto | Form::Msgpack => schema
                .read_argument(&self.argument)
                .or_else(|capnp| schema.read_json(&self.argument).map_err(|_| capnp)),
        }
    }

    /// Writes an object as the answer, in the form that was asked for; to be sent as a bulk
    /// string. `id` is the number under which it is kept.
    pub fn answer(&self, schema: &Schema, values: &[Value], id: Option<u64>) -> Vec<u8> {
        match self.header.response_type {
            Form::Auto | Form::Capnp => schema.object(values),
            Form::Msgpack => schema.msgpack(values, id),
            Form::Json => schema.json(values, id).into_bytes(),
        }
    }
}
