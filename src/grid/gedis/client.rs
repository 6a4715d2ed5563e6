//! Calling a gedis server.
use std::time::{Duration, SystemTime};

use redis::Cmd;
use zeroize::Zeroizing;

use super::call::{Form, Header};
use super::error::GedisError;
use super::meta::Api;
use super::schema::{Schema, Value, WireError};
use crate::tfchain::explorer::ServerText;
use crate::zos::transport::{Limits, Transport};
use crate::zos::{Endpoint, Error as TransportError, Fingerprint, Options};

/// Lists in lists that are taken over from an answer.
const MAX_DEPTH: usize = 16;

/// Where a server is, and how it is spoken to.
#[derive(Clone)]
pub struct Settings {
    /// Name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Password of the connection; empty for none.
    pub password: Zeroizing<String>,
    /// With TLS.
    pub tls: bool,
    /// Certificate of an earlier connection.
    pub fingerprint: Option<Fingerprint>,
    /// Longest time until a connection is there.
    pub connect: Duration,
    /// Longest time until an answer is there.
    pub answer: Duration,
}

/// A server; connects when first needed.
pub struct Client {
    transport: Transport,
    answer: Duration,
}

/// What a method answered that has no schema.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Nothing.
    Nil,
    /// A number or a truth.
    Integer(i64),
    /// A text or bytes.
    Bytes(Vec<u8>),
    /// Several.
    List(Vec<Answer>),
}

impl Settings {
    /// A server without password and TLS: 5 s to connect, 20 s to answer.
    pub fn new(host: &str, port: u16) -> Self {
        Settings {
            host: host.to_owned(),
            port,
            password: Zeroizing::default(),
            tls: false,
            fingerprint: None,
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(20),
        }
    }
}

/// A call as it goes over the wire: command, argument, and a header unless it says nothing.
pub fn command(name: &str, argument: Option<&[u8]>, header: Header) -> Cmd {
    let mut cmd = redis::cmd(name);
    if let Some(argument) = argument {
        cmd.arg(argument);
        if let Some(header) = header.text() {
            cmd.arg(header);
        }
    }
    cmd
}

impl Client {
    /// Connects to nothing yet.
    pub fn new(settings: Settings) -> Self {
        let options = Options {
            endpoint: Endpoint::Tcp {
                host: settings.host,
                port: settings.port,
                tls: settings.tls,
            },
            password: settings.password,
            db: 0,
            fingerprint: settings.fingerprint,
            timeout: settings.answer,
            limits: Limits {
                connect: settings.connect,
                slack: Duration::ZERO,
                ..Limits::default()
            },
            // Only jobs of a node need random ids.
            random: |_| {},
            clock: SystemTime::now,
        };
        Client {
            transport: Transport::new(options),
            answer: settings.answer,
        }
    }

    /// Returns host and port.
    pub fn address(&self) -> &str {
        self.transport.address()
    }

    /// Returns the certificate that is remembered, with TLS.
    pub fn fingerprint(&self) -> Option<Fingerprint> {
        self.transport.fingerprint()
    }

    /// Asks whether the server is there; answers its word, `PONG`.
    ///
    /// # Errors
    /// See [`GedisError`].
    pub async fn ping(&self) -> Result<ServerText, GedisError> {
        match self.run("ping", &redis::cmd("ping")).await? {
            Answer::Bytes(bytes) => Ok(ServerText::new(&String::from_utf8_lossy(&bytes))),
            _ => Err(self.senseless("ping answers a text")),
        }
    }

    /// Returns the names of the actors of a namespace.
    ///
    /// # Errors
    /// See [`GedisError`].
    pub async fn actors(&self, namespace: &str) -> Result<Vec<String>, GedisError> {
        let all = self.cmds(namespace).await?;
        Ok(all.into_iter().map(|(name, _)| name).collect())
    }

    /// Returns what the server tells of its actors in a namespace: their methods with schemas. An
    /// actor whose description cannot be read is left out.
    ///
    /// # Errors
    /// See [`GedisError`].
    pub async fn meta(&self, namespace: &str) -> Result<Vec<Api>, GedisError> {
        let all = self.cmds(namespace).await?;
        Ok(all
            .iter()
            .filter_map(|(_, object)| Api::read(object).ok())
            .collect())
    }

    /// Actors by name, with the objects that describe them.
    async fn cmds(&self, namespace: &str) -> Result<Vec<(String, Vec<u8>)>, GedisError> {
        let mut cmd = redis::cmd("api_meta_get");
        cmd.arg(namespace);
        let answer = self.run("api_meta_get", &cmd).await?;
        let Answer::Bytes(bytes) = answer else {
            return Err(self.senseless("api_meta_get answers bytes"));
        };
        let all = super::schema::map_entries(&bytes, "cmds").map_err(|e| self.wrong(e))?;
        let start = format!("{namespace}__");
        Ok(all
            .into_iter()
            .filter_map(|(name, object)| {
                let bare = name.strip_prefix(&start)?;
                Some((
                    ServerText::new(bare).to_string(),
                    object.unwrap_or_default(),
                ))
            })
            .collect())
    }

    /// Calls a method with an object of one schema, which answers an object of another, both in
    /// Cap'n Proto.
    ///
    /// # Errors
    /// See [`GedisError`].
    pub async fn call(
        &self,
        name: &str,
        input: &Schema,
        values: &[Value],
        output: &Schema,
    ) -> Result<Vec<Value>, GedisError> {
        let cmd = command(name, Some(&input.argument(values)), Header::default());
        match self.run(name, &cmd).await? {
            Answer::Bytes(bytes) => output.read_object(&bytes).map_err(|e| self.wrong(e)),
            _ => Err(self.senseless("the answer is no object")),
        }
    }

    /// As [`Client::call`], with other forms of argument and answer.
    ///
    /// # Errors
    /// See [`GedisError`].
    pub async fn call_as(
        &self,
        header: Header,
        name: &str,
        input: &Schema,
        values: &[Value],
        output: &Schema,
    ) -> Result<Vec<Value>, GedisError> {
        let argument = match header.content_type {
            Form::Json => input.json(values, None).into_bytes(),
            Form::Auto | Form::Capnp | Form::Msgpack => input.argument(values),
        };
        let cmd = command(name, Some(&argument), header);
        let Answer::Bytes(bytes) = self.run(name, &cmd).await? else {
            return Err(self.senseless("the answer is no object"));
        };
        match header.response_type {
            Form::Auto | Form::Capnp => output.read_object(&bytes),
            Form::Msgpack => output.read_msgpack(&bytes),
            Form::Json => output.read_json(&bytes),
        }
        .map_err(|e| self.wrong(e))
    }

    /// Calls a method with a JSON argument; the answer is JSON text where the method has a schema
    /// for it.
    ///
    /// # Errors
    /// See [`GedisError`].
    pub async fn call_json(
        &self,
        name: &str,
        argument: Option<&str>,
    ) -> Result<Answer, GedisError> {
        let cmd = command(name, argument.map(str::as_bytes), Header::JSON);
        self.run(name, &cmd).await
    }

    async fn run(&self, what: &str, cmd: &Cmd) -> Result<Answer, GedisError> {
        let value = self.transport.command(cmd, what, self.answer).await;
        match value {
            Ok(value) => answer(value, 0).ok_or_else(|| self.senseless("lists in lists")),
            Err(TransportError::Refused { reason, .. }) => Err(GedisError::Refused {
                address: self.address().to_owned(),
                says: ServerText::new(reason.strip_prefix("ERR ").unwrap_or(&reason)),
            }),
            Err(error) => Err(GedisError::Connection(error)),
        }
    }

    fn wrong(&self, reason: WireError) -> GedisError {
        GedisError::Answer {
            address: self.address().to_owned(),
            reason,
        }
    }

    fn senseless(&self, reason: &str) -> GedisError {
        self.wrong(WireError::Form(reason.to_owned()))
    }
}

fn answer(value: redis::Value, depth: usize) -> Option<Answer> {
    if depth > MAX_DEPTH {
        return None;
    }
    Some(match value {
        redis::Value::Nil => Answer::Nil,
        redis::Value::Int(number) => Answer::Integer(number),
        redis::Value::BulkString(bytes) => Answer::Bytes(bytes),
        redis::Value::SimpleString(text) => Answer::Bytes(text.into_bytes()),
        redis::Value::Okay => Answer::Bytes(b"OK".to_vec()),
        redis::Value::Array(list) => Answer::List(
            list.into_iter()
                .map(|value| answer(value, depth + 1))
                .collect::<Option<_>>()?,
        ),
        _ => return None,
    })
}
