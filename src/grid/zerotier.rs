//! ZeroTier: the daemon of this machine, and the controller that owns networks.
//!
//! Both speak JSON over HTTP; the daemon wants the token of its folder, the controller one of its
//! owner's account. Answers are passed on as JSON.
use reqwest::Method;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::web::{Limits, Web, WebError, address};
use crate::tfchain::explorer::ServerText;

/// The public network of the grid, `tfgrid_public` (spec: capacity §8.1).
pub const PUBLIC_NETWORK: &str = "9bee8941b5717835";
/// Where the daemon of this machine listens.
pub const DAEMON: &str = "http://127.0.0.1:9993";
/// Where the daemon keeps its token.
pub const DAEMON_TOKEN: &str = "/var/lib/zerotier-one/authtoken.secret";
/// The controller of networks.
pub const CONTROLLER: &str = "https://my.zerotier.com/api";

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ZeroTierError {
    /// Out of reach, or an address that is none.
    #[error("{0}")]
    Web(#[from] WebError),
    /// The token is not taken.
    #[error("the token is not taken (status {0})")]
    Token(u16),
    /// There is no such network or member.
    #[error("there is no {0}")]
    NotFound(String),
    /// Refused, in its own words.
    #[error("ZeroTier answers with status {status}: {says}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Its words.
        says: ServerText,
    },
    /// No JSON.
    #[error("the answer of ZeroTier makes no sense")]
    Answer,
    /// A name of a network that is none.
    #[error("'{0}' is no network: 16 hex digits")]
    Network(String),
    /// A name of a member that is none.
    #[error("'{0}' is no member: 10 hex digits")]
    Member(String),
}

type Result<T> = std::result::Result<T, ZeroTierError>;

/// Whom is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The daemon of this machine.
    Daemon,
    /// The controller of networks.
    Controller,
}

/// A daemon or a controller.
pub struct ZeroTier {
    base: reqwest::Url,
    token: Zeroizing<String>,
    side: Side,
    web: Web,
}

/// Checks the id of a network.
///
/// # Errors
/// [`ZeroTierError::Network`].
pub fn check_network(id: &str) -> Result<()> {
    match id.len() == 16 && id.bytes().all(|b| b.is_ascii_hexdigit()) {
        true => Ok(()),
        false => Err(ZeroTierError::Network(ServerText::new(id).to_string())),
    }
}

fn check_member(id: &str) -> Result<()> {
    match id.len() == 10 && id.bytes().all(|b| b.is_ascii_hexdigit()) {
        true => Ok(()),
        false => Err(ZeroTierError::Member(ServerText::new(id).to_string())),
    }
}

impl ZeroTier {
    /// A side at an address, with its token. Opens nothing.
    ///
    /// # Errors
    /// An address that is none.
    pub fn new(side: Side, base: &str, token: Zeroizing<String>) -> Result<ZeroTier> {
        Ok(ZeroTier {
            base: address(base)?,
            token,
            side,
            web: Web::new(Limits::default())?,
        })
    }

    async fn ask(&self, method: Method, path: &[&str], body: Option<Value>) -> Result<Value> {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        let (name, value) = match self.side {
            Side::Daemon => ("x-zt1-auth", self.token.to_string()),
            Side::Controller => ("authorization", format!("bearer {}", self.token.as_str())),
        };
        let value = Zeroizing::new(value);
        let mut headers = vec![(name, value.as_str())];
        let body = body.map(|body| body.to_string().into_bytes());
        if body.is_some() {
            headers.push(("content-type", "application/json"));
        }
        let reply = self
            .web
            .ask(method, url, &headers, body.unwrap_or_default())
            .await?;
        match reply.status {
            200..300 if reply.body.is_empty() => Ok(Value::Null),
            200..300 => serde_json::from_slice(&reply.body).map_err(|_| ZeroTierError::Answer),
            status @ (401 | 403) => Err(ZeroTierError::Token(status)),
            404 => Err(ZeroTierError::NotFound(path.join(" "))),
            status => Err(ZeroTierError::Refused {
                status,
                says: ServerText::from_body(&reply.body),
            }),
        }
    }

    /// Lists networks: those that the daemon joined, or that the controller owns.
    ///
    /// # Errors
    /// See [`ZeroTierError`].
    pub async fn networks(&self) -> Result<Value> {
        self.ask(Method::GET, &["network"], None).await
    }

    /// Returns a network.
    ///
    /// # Errors
    /// See [`ZeroTierError`].
    pub async fn network(&self, id: &str) -> Result<Value> {
        check_network(id)?;
        self.ask(Method::GET, &["network", id], None).await
    }

    /// Lets the daemon join a network.
    ///
    /// # Errors
    /// See [`ZeroTierError`].
    pub async fn join(&self, id: &str) -> Result<Value> {
        self.change(id, json!({})).await
    }

    /// Makes a network of the controller; `config` as its API has it.
    ///
    /// # Errors
    /// See [`ZeroTierError`].
    pub async fn create(&self, config: Value) -> Result<Value> {
        self.ask(Method::POST, &["network"], Some(config)).await
    }

    /// Changes a network.
    ///
    /// # Errors
    /// See [`ZeroTierError`].
    pub async fn change(&self, id: &str, change: Value) -> Result<Value> {
        check_network(id)?;
        self.ask(Method::POST, &["network", id], Some(change)).await
    }

    /// Leaves a network (daemon), or removes it (controller).
    ///
    /// # Errors
    /// See [`ZeroTierError`].
    pub async fn remove(&self, id: &str) -> Result<Value> {
        check_network(id)?;
        self.ask(Method::DELETE, &["network", id], None).await
    }

    /// Lists the members of a network of the controller.
    ///
    /// # Errors
    /// See [`ZeroTierError`].
    pub async fn members(&self, network: &str) -> Result<Value> {
        check_network(network)?;
        self.ask(Method::GET, &["network", network, "member"], None)
            .await
    }

    /// Changes or adds a member.
    ///
    /// # Errors
    /// See [`ZeroTierError`].
    pub async fn member_change(&self, network: &str, member: &str, change: Value) -> Result<Value> {
        check_network(network)?;
        check_member(member)?;
        let path = ["network", network, "member", member];
        self.ask(Method::POST, &path, Some(change)).await
    }

    /// Removes a member.
    ///
    /// # Errors
    /// See [`ZeroTierError`].
    pub async fn member_remove(&self, network: &str, member: &str) -> Result<Value> {
        check_network(network)?;
        check_member(member)?;
        let path = ["network", network, "member", member];
        self.ask(Method::DELETE, &path, None).await
    }
}
