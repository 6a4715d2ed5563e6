//! The commands.
use redis::{Cmd, Value, cmd};

use super::connection::{Connection, Options};
use super::error::{Error, Result, line};
use super::info::Info;

/// A client of one server, in one namespace.
pub struct Client {
    connection: Connection,
}

/// What a scan tells of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: Vec<u8>,
    /// Length of its value.
    pub size: u64,
    /// When it was written, seconds since 1970.
    pub time: u64,
}

/// One step of a scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Where the next step goes on.
    pub cursor: Vec<u8>,
    /// What was found.
    pub entries: Vec<Entry>,
}

/// What an administrator sets of a namespace.
#[derive(Clone, Copy, Debug)]
pub enum Property<'a> {
    /// Its password; None takes it away.
    Password(Option<&'a str>),
    /// Everybody may read it.
    Public(bool),
    /// Bytes of all its values together; 0 for any number.
    MaxSize(u64),
    /// Who chooses its keys; it must be empty.
    Mode(super::Mode),
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("options", self.connection.options())
            .finish_non_exhaustive()
    }
}

impl Client {
    /// A client; nothing is connected yet.
    pub fn new(options: Options) -> Self {
        Client {
            connection: Connection::new(options),
        }
    }

    /// Host and port, or path of the socket.
    pub fn address(&self) -> String {
        self.connection.address()
    }

    /// What it was made with.
    pub fn options(&self) -> &Options {
        self.connection.options()
    }

    fn garbage(&self, what: &'static str, found: &Value) -> Error {
        Error::Garbage {
            address: self.address(),
            what,
            found: match found {
                Value::Nil => "nothing".into(),
                Value::Int(n) => format!("the number {n}"),
                Value::Array(list) => format!("a list of {}", list.len()),
                Value::BulkString(bytes) => format!("{} bytes", bytes.len()),
                Value::SimpleString(text) => format!("'{}'", line(text)),
                _ => "something else".into(),
            },
        }
    }

    /// A command of texts that may be sent twice.
    async fn say(&self, what: &'static str, words: &[&[u8]]) -> Result<Value> {
        self.connection.run(what, true, |_| with(what, words)).await
    }

    /// A command on a key, which is a field of a hash on a plain Redis server.
    async fn on_key(
        &self,
        what: &'static str,
        of_redis: &'static str,
        words: &[&[u8]],
    ) -> Result<Value> {
        let space = self.options().namespace.as_ref();
        let hash = space.map_or("", |space| space.name.as_str());
        let make = |is_plain: bool| match is_plain {
            false => with(what, words),
            true => {
                let mut all = vec![hash.as_bytes()];
                all.extend_from_slice(words);
                with(of_redis, &all)
            }
        };
        self.connection.run(what, true, make).await
    }

    /// Asks whether the server is there.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn ping(&self) -> Result<()> {
        self.say("PING", &[]).await.map(drop)
    }

    /// The value of a key.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        match self.on_key("GET", "HGET", &[key]).await? {
            Value::Nil => Ok(None),
            Value::BulkString(value) => Ok(Some(value)),
            other => Err(self.garbage("GET", &other)),
        }
    }

    /// Sets the value of a key; false when it had this very value already.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn set(&self, key: &[u8], value: &[u8]) -> Result<bool> {
        match self.on_key("SET", "HSET", &[key, value]).await? {
            Value::Nil => Ok(false),
            Value::BulkString(_) | Value::Okay | Value::Int(_) | Value::SimpleString(_) => Ok(true),
            other => Err(self.garbage("SET", &other)),
        }
    }

    /// Adds a value under the next number of the server, and answers its key (mode `seq`). It is
    /// not tried again after a break, as it may be there already.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn add(&self, value: &[u8]) -> Result<Vec<u8>> {
        let make = |_: bool| with("SET", &[b"", value]);
        match self.connection.run("SET", false, make).await? {
            Value::BulkString(key) => Ok(key),
            other => Err(self.garbage("SET", &other)),
        }
    }

    /// True when there is such a key.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn exists(&self, key: &[u8]) -> Result<bool> {
        match self.on_key("EXISTS", "HEXISTS", &[key]).await? {
            Value::Int(found) => Ok(found != 0),
            other => Err(self.garbage("EXISTS", &other)),
        }
    }

    /// Deletes a key; false when there was none.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn delete(&self, key: &[u8]) -> Result<bool> {
        match self.on_key("DEL", "HDEL", &[key]).await {
            Ok(Value::Int(deleted)) => Ok(deleted != 0),
            Ok(Value::Okay | Value::SimpleString(_)) => Ok(true),
            Ok(other) => Err(self.garbage("DEL", &other)),
            Err(Error::Refused { reason, .. }) if reason.contains("not found") => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Deletes everything in the namespace.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn flush(&self) -> Result<()> {
        self.say("FLUSH", &[]).await.map(drop)
    }

    /// The cursor that stands on a key: a scan from it lists what was written after.
    ///
    /// # Errors
    /// [`Error::NoKey`], and see [`Error`].
    pub async fn cursor_of(&self, key: &[u8]) -> Result<Vec<u8>> {
        match self.say("KEYCUR", &[key]).await {
            Ok(Value::BulkString(cursor)) => Ok(cursor),
            Ok(other) => Err(self.garbage("KEYCUR", &other)),
            Err(Error::Refused { reason, .. })
                if reason.contains("not found") || reason.contains("Invalid key") =>
            {
                Err(Error::NoKey {
                    address: self.address(),
                    key: hex::encode(key),
                })
            }
            Err(error) => Err(error),
        }
    }

    /// One step through the keys in the order of writing (or against it), from a cursor or the
    /// beginning; None at the end.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn scan(&self, cursor: Option<&[u8]>, backwards: bool) -> Result<Option<Page>> {
        let what = if backwards { "RSCAN" } else { "SCANX" };
        let words: Vec<&[u8]> = cursor.into_iter().collect();
        let answer = match self.say(what, &words).await {
            Err(Error::Refused { reason, .. }) if reason.starts_with("No more data") => {
                return Ok(None);
            }
            answer => answer?,
        };
        page(&answer)
            .map(Some)
            .ok_or_else(|| self.garbage(what, &answer))
    }

    /// What the server says of a namespace.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn info(&self, name: &str) -> Result<Info> {
        match self.say("NSINFO", &[name.as_bytes()]).await? {
            Value::BulkString(text) => Ok(Info::parse(&String::from_utf8_lossy(&text))),
            other => Err(self.garbage("NSINFO", &other)),
        }
    }

    /// The names of all namespaces.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn namespaces(&self) -> Result<Vec<String>> {
        let answer = self.say("NSLIST", &[]).await?;
        let names = match &answer {
            Value::Array(names) => names.iter().map(text).collect::<Option<Vec<_>>>(),
            _ => None,
        };
        names.ok_or_else(|| self.garbage("NSLIST", &answer))
    }

    /// Makes a namespace. It is not tried again after a break.
    ///
    /// # Errors
    /// [`Error::Refused`] when there is one of that name; see [`Error`].
    pub async fn namespace_new(&self, name: &str) -> Result<()> {
        let make = |_: bool| with("NSNEW", &[name.as_bytes()]);
        self.connection.run("NSNEW", false, make).await.map(drop)
    }

    /// Deletes a namespace with everything in it.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn namespace_delete(&self, name: &str) -> Result<()> {
        self.say("NSDEL", &[name.as_bytes()]).await.map(drop)
    }

    /// Changes a namespace.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn namespace_set(&self, name: &str, property: Property<'_>) -> Result<()> {
        let number;
        let (what, value) = match property {
            Property::Password(password) => ("password", password.unwrap_or("*")),
            Property::Public(public) => ("public", if public { "1" } else { "0" }),
            Property::MaxSize(bytes) => {
                number = bytes.to_string();
                ("maxsize", number.as_str())
            }
            Property::Mode(super::Mode::User) => ("mode", "user"),
            Property::Mode(super::Mode::Seq) => ("mode", "seq"),
        };
        let words = [name.as_bytes(), what.as_bytes(), value.as_bytes()];
        self.say("NSSET", &words).await.map(drop)
    }
}

fn with(what: &'static str, words: &[&[u8]]) -> Cmd {
    let mut command = cmd(what);
    for word in words {
        command.arg(*word);
    }
    command
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::BulkString(bytes) => Some(line(&String::from_utf8_lossy(bytes))),
        Value::SimpleString(text) => Some(line(text)),
        _ => None,
    }
}

fn page(answer: &Value) -> Option<Page> {
    let Value::Array(parts) = answer else {
        return None;
    };
    let [Value::BulkString(cursor), Value::Array(rows)] = parts.as_slice() else {
        return None;
    };
    let entry = |row: &Value| {
        let Value::Array(row) = row else { return None };
        let [
            Value::BulkString(key),
            Value::Int(size),
            Value::Int(time),
            ..,
        ] = row.as_slice()
        else {
            return None;
        };
        Some(Entry {
            key: key.clone(),
            size: u64::try_from(*size).ok()?,
            time: u64::try_from(*time).ok()?,
        })
    };
    Some(Page {
        cursor: cursor.clone(),
        entries: rows.iter().map(entry).collect::<Option<_>>()?,
    })
}
