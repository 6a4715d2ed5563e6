//! What each command does. A client has one namespace at a time, and may write to it or not.
use std::sync::Arc;

use zeroize::Zeroizing;

use super::namespace::{Mode, Namespace, Refused};
use super::spaces::{DEFAULT, Spaces};
use crate::devnet::clock::Clock;
use crate::devnet::resp::Reply;

/// Entries that one step of a scan answers at most.
const SCAN: usize = 1_024;

/// What all clients of a server share.
#[derive(Debug)]
pub struct Shared {
    /// The namespaces.
    pub spaces: Spaces,
    /// What makes a client an administrator; None makes everybody one.
    pub password: Option<Zeroizing<String>>,
    /// The time of entries.
    pub clock: Clock,
}

/// What one client is and has.
pub struct Session {
    shared: Arc<Shared>,
    space: Arc<Namespace>,
    may_write: bool,
    is_admin: bool,
}

/// Name, arguments at least and at most (the name not counted).
const COMMANDS: &[(&str, usize, usize)] = &[
    ("PING", 0, 1),
    ("AUTH", 1, 2),
    ("SELECT", 1, 2),
    ("SET", 2, 2),
    ("GET", 1, 1),
    ("MGET", 1, 1_024),
    ("EXISTS", 1, 1),
    ("LENGTH", 1, 1),
    ("DEL", 1, 1),
    ("FLUSH", 0, 0),
    ("DBSIZE", 0, 0),
    ("INFO", 0, 1),
    ("TIME", 0, 0),
    ("NSINFO", 1, 1),
    ("NSLIST", 0, 0),
    ("NSNEW", 1, 1),
    ("NSDEL", 1, 1),
    ("NSSET", 3, 3),
    ("SCANX", 0, 1),
    ("SCAN", 0, 1),
    ("RSCAN", 0, 1),
    ("KEYCUR", 1, 1),
];

const DENIED: &str = "Permission denied";
const NO_SPACE: &str = "Namespace not found";
const ACCESS: &str = "Access denied";

impl From<Refused> for Reply {
    fn from(refused: Refused) -> Self {
        Reply::Error(refused.to_string())
    }
}

fn refuse<T>(text: &str) -> Result<T, Reply> {
    Err(Reply::Error(text.into()))
}

impl Session {
    /// A client that just came; None when the server has no namespace at all.
    pub fn new(shared: Arc<Shared>) -> Option<Self> {
        let space = shared.spaces.get(DEFAULT)?;
        Some(Session {
            may_write: space.is_open(),
            is_admin: shared.password.is_none(),
            space,
            shared,
        })
    }

    /// True before a client said a password that others have to say.
    pub fn is_stranger(&self) -> bool {
        !self.is_admin && !self.may_write
    }

    /// Runs a command.
    pub fn run(&mut self, arguments: &[Vec<u8>]) -> Reply {
        let Some((name, arguments)) = arguments.split_first() else {
            return Reply::Error("Command not supported".into());
        };
        let upper = String::from_utf8_lossy(name).to_ascii_uppercase();
        let Some((_, least, most)) = COMMANDS.iter().find(|(known, ..)| *known == upper) else {
            return Reply::Error("Command not supported".into());
        };
        if !(*least..=*most).contains(&arguments.len()) {
            return Reply::Error("Unexpected arguments".into());
        }
        self.execute(&upper, arguments)
            .unwrap_or_else(|reply| reply)
    }

    fn execute(&mut self, name: &str, arguments: &[Vec<u8>]) -> Result<Reply, Reply> {
        let at = |n: usize| arguments.get(n).map(Vec::as_slice).unwrap_or_default();
        let key = at(0);
        let bulk = |bytes: Option<Vec<u8>>| bytes.map_or(Reply::Nil, |b| Reply::Bulk(b.into()));
        let now = self.shared.clock.now();
        Ok(match name {
            "PING" if arguments.is_empty() => Reply::Simple("PONG"),
            "PING" => Reply::Bulk(key.into()),
            "AUTH" => self.auth(arguments.last().map(Vec::as_slice).unwrap_or_default())?,
            "SELECT" => self.select(key, arguments.get(1).map(Vec::as_slice))?,
            "SET" => {
                let set = self.writable()?.set(key, at(1), now)?;
                self.space.tidy();
                set.map_or(Reply::Nil, Reply::Bulk)
            }
            "GET" => bulk(self.readable()?.get(key)?),
            "MGET" => {
                let space = self.readable()?;
                let values = arguments.iter().map(|key| Ok(bulk(space.get(key)?)));
                Reply::Array(values.collect::<Result<_, Reply>>()?)
            }
            "EXISTS" => Reply::Integer(self.readable()?.length(key)?.is_some().into()),
            "LENGTH" => match self.readable()?.length(key)? {
                Some(length) => Reply::count(length),
                None => Reply::Nil,
            },
            "DEL" => {
                self.writable()?.delete(key, now)?;
                self.space.tidy();
                Reply::OK
            }
            "FLUSH" => {
                self.writable()?.flush()?;
                Reply::OK
            }
            "DBSIZE" => Reply::count(self.readable()?.len()),
            "TIME" => Reply::Array(vec![Reply::text(now.to_string()), Reply::text("0")]),
            "INFO" => Reply::text(format!(
                "# server\nserver_name: 0-db (kosmos devnet)\nprotocol: redis (RESP2)\n\
                 # namespaces\nnamespaces: {}\n",
                self.shared.spaces.names().len()
            )),
            "NSINFO" => Reply::text(self.space_of(key)?.info()),
            "NSLIST" => {
                let names = self.shared.spaces.names();
                Reply::Array(names.into_iter().map(Reply::text).collect())
            }
            "NSNEW" => {
                self.admin()?;
                let name = text(key)?;
                match self.shared.spaces.create(name) {
                    Ok(Some(_)) => Reply::OK,
                    Ok(None) => return refuse("This namespace is not available"),
                    Err(e) => return refuse(&format!("Invalid namespace: {e}")),
                }
            }
            "NSDEL" => {
                self.admin()?;
                let name = text(key)?;
                if name == DEFAULT {
                    return refuse("The default namespace cannot be deleted");
                }
                match self.shared.spaces.delete(name) {
                    Ok(true) => Reply::OK,
                    Ok(false) => return refuse(NO_SPACE),
                    Err(e) => return refuse(&format!("Internal error: {e}")),
                }
            }
            "NSSET" => {
                self.admin()?;
                let space = self.space_of(key)?;
                change(&space, text(at(1))?, at(2))?
            }
            "SCANX" | "SCAN" => self.scan(arguments.first(), false)?,
            "RSCAN" => self.scan(arguments.first(), true)?,
            "KEYCUR" => {
                let cursor = self.readable()?.cursor(key)?;
                Reply::Bulk(cursor.to_le_bytes().as_slice().into())
            }
            _ => return refuse("Command not supported"),
        })
    }

    fn admin(&self) -> Result<(), Reply> {
        match self.is_admin {
            true => Ok(()),
            false => refuse(DENIED),
        }
    }

    fn readable(&self) -> Result<&Namespace, Reply> {
        // A password may have come after the namespace was selected.
        match self.may_write || self.space.is_public() {
            true => Ok(&self.space),
            false => refuse(ACCESS),
        }
    }

    fn writable(&self) -> Result<&Namespace, Reply> {
        match self.may_write {
            true => Ok(&self.space),
            false => refuse("Namespace is in read-only mode"),
        }
    }

    fn space_of(&self, name: &[u8]) -> Result<Arc<Namespace>, Reply> {
        let space = self.shared.spaces.get(text(name)?);
        space.ok_or_else(|| Reply::Error(NO_SPACE.into()))
    }

    fn auth(&mut self, password: &[u8]) -> Result<Reply, Reply> {
        let is_right = match &self.shared.password {
            // Everybody is one already; clients say a password all the same.
            None => true,
            Some(own) => same(own.as_bytes(), password),
        };
        match is_right {
            true => {
                self.is_admin = true;
                Ok(Reply::OK)
            }
            false => refuse(ACCESS),
        }
    }

    fn select(&mut self, name: &[u8], password: Option<&[u8]>) -> Result<Reply, Reply> {
        let space = self.space_of(name)?;
        let may_write = match password {
            Some(password) if space.admits(password) => true,
            Some(_) => return refuse(ACCESS),
            None if space.is_open() => true,
            None if space.is_public() => false,
            None => return refuse(ACCESS),
        };
        (self.space, self.may_write) = (space, may_write);
        Ok(Reply::OK)
    }

    fn scan(&self, cursor: Option<&Vec<u8>>, backwards: bool) -> Result<Reply, Reply> {
        let cursor = match cursor {
            None => None,
            Some(cursor) => {
                let bytes: Option<[u8; 8]> = cursor.as_slice().try_into().ok();
                let bytes = bytes.ok_or(Refused::Cursor)?;
                Some(u64::from_le_bytes(bytes))
            }
        };
        let (next, found) = self.readable()?.scan(cursor, backwards, SCAN)?;
        let row = |entry: super::namespace::Scanned| {
            Reply::Array(vec![
                Reply::Bulk(entry.key),
                Reply::count(entry.size),
                Reply::Integer(i64::try_from(entry.time).unwrap_or(i64::MAX)),
            ])
        };
        Ok(Reply::Array(vec![
            Reply::Bulk(next.to_le_bytes().as_slice().into()),
            Reply::Array(found.into_iter().map(row).collect()),
        ]))
    }
}

/// `NSSET`.
fn change(space: &Namespace, what: &str, value: &[u8]) -> Result<Reply, Reply> {
    match (what.to_ascii_lowercase().as_str(), value) {
        ("password", b"*") => space.set_password(None)?,
        ("password", password) => space.set_password(Some(password))?,
        ("public", b"0") => space.set_public(false)?,
        ("public", b"1") => space.set_public(true)?,
        ("public", _) => return refuse("Invalid value: public is 0 or 1"),
        ("maxsize", bytes) => match text(bytes)?.parse() {
            Ok(bytes) => space.set_max_size(bytes)?,
            Err(_) => return refuse("Invalid value: maxsize is a number of bytes"),
        },
        ("mode", b"user") => space.set_mode(Mode::User)?,
        ("mode", b"seq") => space.set_mode(Mode::Seq)?,
        ("mode", _) => return refuse("Invalid value: mode is user or seq"),
        _ => return refuse("Invalid property"),
    }
    Ok(Reply::OK)
}

fn text(bytes: &[u8]) -> Result<&str, Reply> {
    std::str::from_utf8(bytes).map_err(|_| Reply::Error("Invalid arguments: not a text".into()))
}

/// Compares without telling by the time it takes where two texts differ.
fn same(a: &[u8], b: &[u8]) -> bool {
    use sha2::{Digest, Sha256};
    Sha256::digest(a) == Sha256::digest(b)
}
