//! Texts and rows of flists that say where chunks are kept.
use std::fmt;
use std::path::PathBuf;

use reqwest::Url;
use serde_json::{Value as Json, json};
use zeroize::Zeroizing;

use crate::zdb::{DEFAULT_NAMESPACE, DEFAULT_PORT, Endpoint};

/// Port of Redis.
const REDIS_PORT: u16 = 6379;

/// Where chunks are kept.
#[derive(Clone, PartialEq, Eq)]
pub enum Address {
    /// A folder of this machine.
    Folder(PathBuf),
    /// A 0-DB, or a Redis server.
    Zdb {
        /// Where it is.
        endpoint: Endpoint,
        /// Namespace; on Redis the hash.
        namespace: String,
        /// Password of the namespace; empty for none.
        password: Zeroizing<String>,
        /// Token for `AUTH`; empty for none.
        token: Zeroizing<String>,
    },
    /// The door of a hub for chunks.
    Hub {
        /// `https://…`
        url: String,
        /// Token of the identity service; empty for none.
        token: Zeroizing<String>,
    },
}

/// Why a text is no address of a backend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "this is no place of chunks{}: expected zdb://host:port/namespace, https://hub, or a folder",
    more(reason)
)]
pub struct AddressError {
    /// The text, without secrets.
    pub shown: String,
    reason: String,
}

fn more(reason: &str) -> String {
    match reason {
        "" => String::new(),
        reason => format!(" ({reason})"),
    }
}

/// Shows no secrets.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Folder(path) => write!(f, "{}", path.display()),
            Address::Zdb {
                endpoint,
                namespace,
                ..
            } => {
                write!(f, "zdb://{endpoint}")?;
                match namespace == DEFAULT_NAMESPACE {
                    true => Ok(()),
                    false => write!(f, "/{namespace}"),
                }
            }
            Address::Hub { url, .. } => f.write_str(url),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Address {
    /// Reads a text as a person types it.
    ///
    /// # Errors
    /// [`AddressError`].
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        // What comes after is left out of errors: it may be a password.
        let scheme = text.split_once("://").map(|(scheme, _)| scheme);
        let wrong = |reason: &str| AddressError {
            shown: match scheme {
                Some(scheme) => format!("{scheme}://…"),
                None => text.to_owned(),
            },
            reason: reason.to_owned(),
        };
        let Some(scheme) = scheme else {
            return match text {
                "" => Err(wrong("it is empty")),
                path => Ok(Address::Folder(path.into())),
            };
        };
        let url = Url::parse(text).map_err(|e| wrong(&e.to_string()))?;
        let query = |name: &str| -> Zeroizing<String> {
            let mut pairs = url.query_pairs();
            let found = pairs.find(|(key, _)| key == name);
            Zeroizing::new(
                found
                    .map(|(_, value)| value.into_owned())
                    .unwrap_or_default(),
            )
        };
        match scheme.to_ascii_lowercase().as_str() {
            "file" => url
                .to_file_path()
                .map(Address::Folder)
                .map_err(|()| wrong("a folder of this machine is file:///folder")),
            scheme @ ("zdb" | "redis") => {
                let host = url.host_str().filter(|host| !host.is_empty());
                let host = host.ok_or_else(|| wrong("it names no host"))?;
                let host = host.trim_start_matches('[').trim_end_matches(']');
                let port = if scheme == "zdb" {
                    DEFAULT_PORT
                } else {
                    REDIS_PORT
                };
                let decode = |text: &str| decoded(text).ok_or_else(|| wrong("it is no UTF-8"));
                let namespace = decode(url.path().trim_matches('/'))?;
                let own = decode(url.password().unwrap_or_default())?;
                let password = match own.is_empty() {
                    true => query("password"),
                    false => Zeroizing::new(own),
                };
                Ok(Address::Zdb {
                    endpoint: Endpoint::Tcp {
                        host: host.to_owned(),
                        port: url.port().unwrap_or(port),
                    },
                    namespace: match namespace.is_empty() {
                        true => DEFAULT_NAMESPACE.to_owned(),
                        false => namespace,
                    },
                    password,
                    token: query("token"),
                })
            }
            "http" | "https" => {
                let token = query("token");
                let mut plain = url.clone();
                plain.set_query(None);
                plain.set_fragment(None);
                Ok(Address::Hub {
                    url: plain.as_str().trim_end_matches('/').to_owned(),
                    token,
                })
            }
            _ => Err(wrong("its beginning is not known")),
        }
    }

    /// Reads the row `backend` of an flist.
    ///
    /// # Errors
    /// [`AddressError`].
    pub fn from_metadata(row: &str) -> Result<Self, AddressError> {
        let wrong = |reason: String| AddressError {
            shown: "row backend of the flist".into(),
            reason,
        };
        let row: Json = serde_json::from_str(row).map_err(|e| wrong(e.to_string()))?;
        let text = |name: &str| row.get(name).and_then(Json::as_str).unwrap_or_default();
        let endpoint = match (text("socket"), text("host")) {
            ("", "") => return Err(wrong("it names neither host nor socket".into())),
            ("", host) => Endpoint::Tcp {
                host: host.to_owned(),
                port: match row.get("port") {
                    None => DEFAULT_PORT,
                    Some(port) => port
                        .as_u64()
                        .and_then(|port| u16::try_from(port).ok())
                        .ok_or_else(|| wrong(format!("{port} is no port")))?,
                },
            },
            (path, _) => Endpoint::Unix(path.into()),
        };
        Ok(Address::Zdb {
            endpoint,
            namespace: match text("namespace") {
                "" => DEFAULT_NAMESPACE.to_owned(),
                name => name.to_owned(),
            },
            password: Zeroizing::new(text("password").to_owned()),
            token: Zeroizing::new(text("token").to_owned()),
        })
    }

    /// Makes the row `backend` of an flist, without secrets; None for what other machines cannot
    /// reach.
    pub fn to_metadata(&self) -> Option<String> {
        let Address::Zdb {
            endpoint: Endpoint::Tcp { host, port },
            namespace,
            ..
        } = self
        else {
            return None;
        };
        let mut row = json!({"host": host, "port": port});
        if namespace != DEFAULT_NAMESPACE
            && let Some(row) = row.as_object_mut()
        {
            row.insert("namespace".into(), namespace.as_str().into());
        }
        Some(row.to_string())
    }

    /// The same with a password or token, unless it is empty.
    pub fn with_secret(mut self, secret: &str) -> Self {
        if !secret.is_empty() {
            match &mut self {
                Address::Folder(_) => {}
                Address::Zdb { password, .. } => *password = Zeroizing::new(secret.to_owned()),
                Address::Hub { token, .. } => *token = Zeroizing::new(secret.to_owned()),
            }
        }
        self
    }
}

/// Percent signs with two hex digits as the bytes that they mean.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = (*first == b'%')
            .then(|| after.get(..2))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match escaped {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_and_shown_without_secrets() {
        for (text, shown) in [
            ("zdb://hub.grid.tf:9900", "zdb://hub.grid.tf:9900"),
            ("zdb://hub.grid.tf", "zdb://hub.grid.tf:9900"),
            ("zdb://:s3cret@a:1/ns", "zdb://a:1/ns"),
            ("zdb://a:1/ns?password=s3cret&token=s3cret", "zdb://a:1/ns"),
            ("zdb://[::1]:9900/a%20b", "zdb://[::1]:9900/a b"),
            ("redis://a/h", "zdb://a:6379/h"),
            (
                "http://127.0.0.1:8080/?token=s3cret",
                "http://127.0.0.1:8080",
            ),
            ("file:///tmp/chunks", "/tmp/chunks"),
            ("chunks", "chunks"),
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!(address.to_string(), shown, "{text}");
            assert!(!format!("{address:?}").contains("s3cret"));
        }
        for bad in ["", "ftp://x", "zdb://", "zdb://a:99999", "file://host/x"] {
            let error = Address::parse(bad).unwrap_err().to_string();
            assert!(error.contains("expected zdb://"), "{bad}: {error}");
        }
        let error = Address::parse("zdb://:s3cret@a:x").unwrap_err();
        assert!(
            !format!("{error} {error:?}").contains("s3cret"),
            "{error:?}"
        );
    }

    #[test]
    fn rows_of_flists_are_read_and_made() {
        let row = r#"{"host": "hub.grid.tf", "port": 9900}"#;
        let address = Address::from_metadata(row).unwrap();
        assert_eq!(address.to_string(), "zdb://hub.grid.tf:9900");
        let row = address.to_metadata().unwrap();
        assert_eq!(Address::from_metadata(&row).unwrap(), address);
        let secret = Address::parse("zdb://:s3cret@a:1/ns").unwrap();
        assert_eq!(
            secret.to_metadata().unwrap(),
            r#"{"host":"a","port":1,"namespace":"ns"}"#
        );
        let socket = Address::from_metadata(r#"{"socket": "/run/zdb.sock"}"#).unwrap();
        assert_eq!(socket.to_string(), "zdb:///run/zdb.sock");
        for bad in ["", "{}", r#"{"host":"a","port":70000}"#, "[]"] {
            assert!(Address::from_metadata(bad).is_err(), "{bad}");
        }
    }
}
